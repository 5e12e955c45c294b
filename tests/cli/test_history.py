"""`history`: who applied which plan from which commit, the fields of each change, and what it says of nothing."""

import json
import re
import subprocess

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import project, reconciler, room

PROJECT = "0" * 32


@pytest.fixture
def place(tmp_path):
    with running(Simulator({})) as url:
        more = f'  real: {{endpoint: "{url}", project_id: "{PROJECT}", ledger: "sqlite:///.reconciler/ledger.db"}}\n'
        yield project(tmp_path, {"rooms/one.yaml": room("One")}, more=more)


def run(folder, *arguments, **variables):
    return reconciler("-C", folder, *arguments, "-e", "real", variables=variables)


def table(folder, title):
    document = json.loads(run(folder, "history", "--format", "json").out)
    found = next(one for one in document["tables"] if one["title"] == title)
    return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]


def committed(folder):
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.test"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


def test_a_run_has_its_actor_its_commit_and_the_digest_of_its_plan(place):
    commit = committed(place)
    kept = run(place, "plan", "--out", "plan.json")
    digest = kept.err.rpartition("its digest is ")[2].strip().rstrip(".")
    assert run(place, "apply", "--auto-approve", GITHUB_ACTOR="octocat", GITHUB_SHA="f" * 40).code == 0
    told = run(place, "history").out
    assert "octocat" in told
    assert commit in told  # what is checked out, not what the job claims
    assert digest.startswith("sha256:")
    assert digest in told


def test_without_ci_it_is_the_user_at_the_host_and_without_git_the_jobs_commit(place):
    assert run(place, "apply", "--auto-approve", CI_COMMIT_SHA="a" * 40).code == 0
    assert "@" in table(place, "Runs")[0]["Who"]
    assert table(place, "Commits and plans")[0]["Commit"] == "a" * 40


def test_each_change_has_its_fields(place):
    run(place, "apply", "--auto-approve", GITLAB_USER_LOGIN="tanuki")
    (place / "rooms/one.yaml").write_text(room("One", "room_description: other"), encoding="utf-8")
    run(place, "apply", "--auto-approve", GITLAB_USER_LOGIN="tanuki")
    newest, first = table(place, "Changes")
    assert (newest["Action"], newest["Fields"]) == ("update", "room_description")
    assert (first["Action"], first["Fields"]) == ("create", "room_name, room_description")
    assert [one["Who"] for one in table(place, "Runs")] == ["tanuki", "tanuki"]
    assert {newest["Run"], first["Run"]} == {one["Run"] for one in table(place, "Runs")}


def test_an_empty_history_says_so_and_names_the_command_with_its_environment(place):
    told = run(place, "history").out
    assert "No run and no change of real is recorded." in told
    assert "`reconciler apply -e real`" in told
    one = run(place, "history", "--run", "r1")
    assert one.code == 1
    assert "E_RUN_UNKNOWN: no run r1 of real is recorded" in one.err
    assert "none is recorded yet" in one.err


def test_one_run_is_shown_alone_and_an_unknown_one_lists_the_nearest(place):
    for description in ("one", "two", "three"):
        (place / "rooms/one.yaml").write_text(room("One", f"room_description: {description}"), encoding="utf-8")
        assert run(place, "apply", "--auto-approve").code == 0
    assert run(place, "audit", "-q").code == 0
    newest, middle, oldest = (one["Run"] for one in table(place, "Runs"))
    told = run(place, "history", "--run", middle, "--limit", "1").out
    assert middle in told
    assert newest not in told
    assert oldest not in told
    (audited,) = (one["Run"] for one in table(place, "Audits"))
    assert audited not in told
    seen = run(place, "history", "--run", audited).out
    assert audited in seen
    assert middle not in seen
    unknown = run(place, "history", "--run", f"{middle[:-2]}zz")
    assert (unknown.code, unknown.out) == (1, "")
    assert f"the nearest are {middle}" in unknown.err
    assert "`reconciler history -e real` lists all" in unknown.err


def test_every_time_is_by_one_clock_in_utc(tmp_path):
    folder = project(tmp_path, {"rooms/one.yaml": room("One")})
    config = folder / "reconciler.yaml"
    kept = "demo: {simulator: {seed: live.yaml, state: .reconciler/simulator.json}}"
    config.write_text(config.read_text("utf-8").replace('demo: {endpoint: "simulator:live.yaml"}', kept), "utf-8")
    assert reconciler("-C", folder, "apply", "--auto-approve").code == 0
    told = reconciler("-C", folder, "history").out
    times = re.findall(r"\d{4}-\d\d-\d\dT[\d:]{8}Z", told)
    assert len(times) == 3
    assert len({time[:13] for time in times}) <= 2  # the simulated service's clock stands in another year
    assert "Times are UTC" in told
    described = reconciler("-C", folder, "describe", "One").out
    assert times[-1] in described


@pytest.mark.parametrize("edit", ["changed", "deleted", "new manifest", "staged"])
def test_the_commit_of_a_dirty_work_tree_is_marked(place, edit):
    commit = committed(place)
    if edit == "changed":
        (place / "rooms/one.yaml").write_text(room("One", "room_description: other"), encoding="utf-8")
    elif edit == "deleted":
        (place / "live.yaml").unlink()
    elif edit == "new manifest":
        (place / "rooms/two.yaml").write_text(room("Two"), encoding="utf-8")
    else:
        (place / "note.txt").write_text("x", encoding="utf-8")
        subprocess.run(["git", "-C", str(place), "add", "note.txt"], check=True, capture_output=True)
    assert run(place, "apply", "--auto-approve").code == 0
    assert table(place, "Commits and plans")[0]["Commit"] == f"{commit}-dirty"


def test_files_that_nothing_reads_do_not_make_it_dirty(place):
    commit = committed(place)
    (place / "notes.txt").write_text("not tracked", encoding="utf-8")
    assert run(place, "apply", "--auto-approve").code == 0  # the ledger itself is not tracked either
    assert table(place, "Commits and plans")[0]["Commit"] == commit


def test_what_an_actor_is_called_cannot_move_a_terminal(place):
    run(place, "apply", "--auto-approve", GITHUB_ACTOR="\x1b[2Jevil\n::error::x")
    told = run(place, "history").out
    assert "\x1b" not in told
    assert "\\x1b[2Jevil\\n" in told


def test_messages_about_open_operations_name_the_environment(place):
    found = run(place, "history", "resolve", "nothing", "--not-created")
    assert found.code == 1
    assert "`reconciler history -e real` lists the open ones" in found.err
    assert "`reconciler lock list -e real` shows the ids" in run(place, "lock", "release", "nothing").err
    assert "`reconciler plan -e real`" in run(place, "history", "resolve", "nothing").err


def test_an_empty_list_of_locks_says_so(place):
    told = run(place, "lock", "list")
    assert told.code == 0
    assert "No lock is held in the ledger of real." in told.out
    assert "Holder" not in told.out
