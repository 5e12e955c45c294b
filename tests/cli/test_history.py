"""`history`: who applied which plan from which commit, the fields of each change, and what it says of nothing."""

import json
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
    one = run(place, "history", "--run", "r1").out
    assert "No change of the run r1 is recorded of real. `reconciler history -e real` lists the runs." in one


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
