"""`accept`: the diff, the files it writes, what stops it, and its exit codes."""

import json
import os
import pty
import resource
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.files import replace_files
from reconciler.errors import ReconcilerError
from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import QUICKSTART, project, reconciler, room

ONE = 'SmartLiveRoom["One"]'
TEXT = "# the room\n" + room("One", 'room_description: "hello" # said\n  priv_data: mine')
SEED = "{smart_live_rooms: [{room_name: One, room_description: world, priv_data: mine}]}"


def git(folder, *words, **more):
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.invalid", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, **more)


@pytest.fixture
def repository(tmp_path):
    """A committed project whose live room has another description."""
    project(tmp_path, {"rooms/one.yaml": TEXT}, seed=SEED)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def accept(folder, *arguments, **more):
    return reconciler("-C", folder, "accept", "-e", "demo", *arguments, **more)


def test_a_dry_run_prints_a_diff_that_git_applies_and_writes_nothing(repository):
    run = accept(repository, "--dry-run")
    assert run.code == 0, run.err
    assert (repository / "rooms/one.yaml").read_text() == TEXT
    assert run.out.startswith("diff --git a/rooms/one.yaml b/rooms/one.yaml\n--- a/rooms/one.yaml\n")
    assert [line for line in run.out.splitlines() if line.startswith(("-", "+"))][2:] == [
        '-  room_description: "hello" # said',
        '+  room_description: "world" # said',
    ]
    git(repository, "apply", input=run.out.encode())
    assert (repository / "rooms/one.yaml").read_text() == TEXT.replace('"hello"', '"world"')


def test_all_is_only_all(repository):
    assert accept(repository, "--all", "--dry-run").out == accept(repository, "--only", "all", "--dry-run").out != ""
    run = accept(repository, "--all", "--only", "conflict")
    assert run.code == 1
    assert "leave one of them out" in run.err


def test_it_writes_and_the_next_run_finds_nothing(repository):
    run = accept(repository)
    assert run.code == 0, run.err
    assert "+  room_description" in run.out
    assert (repository / "rooms/one.yaml").read_text() == TEXT.replace('"hello"', '"world"')
    again = accept(repository)
    assert (again.code, again.out) == (0, "")
    assert "Nothing to accept" in again.err
    assert reconciler("-C", repository, "plan", "-e", "demo", "--detailed-exitcode").code == 0


def test_a_diff_in_a_folder_of_the_repository_applies_from_its_top(tmp_path):
    project(tmp_path / "live rooms", {"rooms/one.yaml": TEXT}, seed=SEED)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    run = accept(tmp_path / "live rooms", "--dry-run")
    git(tmp_path, "apply", input=run.out.encode())
    assert "world" in (tmp_path / "live rooms/rooms/one.yaml").read_text()


@pytest.mark.parametrize("text", [TEXT.rstrip("\n"), TEXT.replace("\n", "\r\n"), "\ufeff" + TEXT])
def test_git_applies_the_diff_of_every_form_of_file(repository, text):
    (repository / "rooms/one.yaml").write_bytes(text.encode())
    git(repository, "commit", "-q", "-a", "-m", "form")
    git(repository, "apply", input=accept(repository, "--dry-run").out.encode())
    assert (repository / "rooms/one.yaml").read_bytes() == text.replace('"hello"', '"world"').encode()


@pytest.mark.parametrize("state", ["changed", "staged", "new"])
def test_a_file_that_is_not_committed_as_it_is_stays_without_force(repository, state):
    file = repository / "rooms/one.yaml"
    if state == "new":
        git(repository, "mv", "rooms/one.yaml", "rooms/two.yaml")
        git(repository, "commit", "-q", "-m", "moved")
        (repository / "rooms/two.yaml").rename(file)
    else:
        file.write_text(TEXT + "# mine\n")
    if state == "staged":
        git(repository, "add", ".")
    before = file.read_text()
    run = accept(repository)
    assert run.code == 2
    assert "rooms/one.yaml" in run.err
    assert "--force" in run.err
    assert file.read_text() == before
    assert accept(repository, "--force").code == 0
    assert file.read_text() == before.replace('"hello"', '"world"')


def test_what_accept_wrote_may_be_accepted_into_again(repository):
    assert accept(repository).code == 0
    (repository / "live.yaml").write_text(SEED.replace("mine", "theirs"))
    again = accept(repository)
    assert again.code == 0, again.err
    file = repository / "rooms/one.yaml"
    assert file.read_text() == TEXT.replace('"hello"', '"world"').replace("mine", "theirs")
    assert git(repository, "status", "--porcelain").stdout == b" M live.yaml\n M rooms/one.yaml\n"
    file.write_text(file.read_text() + "# a colleague\n")
    (repository / "live.yaml").write_text(SEED)
    assert accept(repository).code == 2
    assert accept(repository, "--force").code == 0
    (repository / "live.yaml").write_text(SEED.replace("mine", "theirs"))
    assert accept(repository).code == 2


def test_collateral_is_one_line_a_resource(repository):
    shared = "# {{% set text = 'hello' %}}\n" + "---\n".join(
        f"apiVersion: metastudio/v1\nkind: SmartLiveRoom\nmetadata: {{name: {name}}}\nspec:\n"
        '  room_description: "{{ values.text }}"\n  priv_data: "{{ values.text }}"\n'
        for name in ("One", "Two")
    )
    (repository / "rooms/one.yaml").write_text(shared.split("\n", 1)[1])
    (repository / "v.yaml").write_text("text: hello\n")
    text = (repository / "reconciler.yaml").read_text().replace("manifests:", "values: [v.yaml]\nmanifests:")
    (repository / "reconciler.yaml").write_text(text)
    rows = "{room_name: One, room_description: world, priv_data: hello}, {room_name: Two, room_description: hello}"
    (repository / "live.yaml").write_text(f"{{smart_live_rooms: [{rows}]}}")
    run = accept(repository, ONE, "room_description", "--force")
    assert run.code == 2
    lines = [line for line in run.err.splitlines() if "E_ACCEPT_COLLATERAL" in line]
    assert len(lines) == len(set(lines)) == 2
    assert sum("Two" in line for line in lines) == 1


def test_a_price_that_a_colleague_changed_is_one_line_of_a_values_file(tmp_path):
    folder = shutil.copytree(QUICKSTART, tmp_path / "shop")
    run = accept(folder, "--dry-run")
    assert run.code == 0, run.err
    assert [line for line in run.out.splitlines() if line[:1] in "+-"] == [
        "--- a/values/demo.yaml",
        "+++ b/values/demo.yaml",
        "-    - Pu'er is 96 yuan a tin.",
        "+    - Pu'er is 88 yuan a tin.",
    ]
    assert accept(folder, "--force").code == 0
    again = accept(folder, "--force")
    assert (again.code, again.out) == (0, "")


def test_outside_git_force_is_needed(tmp_path):
    project(tmp_path, {"rooms/one.yaml": TEXT}, seed=SEED)
    assert accept(tmp_path, "--dry-run").code == 0
    run = accept(tmp_path)
    assert run.code == 2
    assert "--force" in run.err
    assert (tmp_path / "rooms/one.yaml").read_text() == TEXT
    assert accept(tmp_path, "--force").code == 0


def test_json_lists_edits_and_refusals_with_code_place_and_both_values(repository):
    shutil.copy(repository / "rooms/one.yaml", repository / "keep")
    text = TEXT.replace("priv_data: mine", "priv_data: \"{{ 'mi' ~ 'ne' }}\"")
    (repository / "rooms/one.yaml").write_text(text)
    (repository / "live.yaml").write_text(SEED.replace("mine", "theirs"))
    run = accept(repository, "--force", "--format", "json")
    assert run.code == 2
    shape = json.loads(run.out)
    assert shape["written"] is True
    (edit,) = shape["edits"]
    assert (edit["place"], edit["declared"], edit["live"]) == ("rooms/one.yaml:6", "hello", "world")
    (refusal,) = shape["refusals"]
    assert refusal["code"] == "E_ACCEPT_EXPRESSION"
    assert (refusal["place"], refusal["declared"], refusal["live"]) == ("rooms/one.yaml:7", "mine", "theirs")
    assert "rooms/one.yaml:7" in run.err
    assert "theirs" in run.err


def test_a_value_from_set_names_it(repository):
    (repository / "rooms/one.yaml").write_text(TEXT.replace('"hello"', '"{{ values.title }}"'))
    (repository / "v.yaml").write_text("title: hello\n")
    text = (repository / "reconciler.yaml").read_text().replace("manifests:", "values: [v.yaml]\nmanifests:")
    (repository / "reconciler.yaml").write_text(text)
    run = accept(repository, "--force", "--set", "title=other")
    assert run.code == 2
    assert "--set title" in run.err
    assert accept(repository, "--force").code == 0
    assert (repository / "v.yaml").read_text() == "title: world\n"


def test_a_secret_that_changed_is_named_without_its_value(tmp_path):
    spec = "live_event_callback_config: {auth_type: MSS_A, key: {secret: CALLBACK_KEY}}"
    seed = "{smart_live_rooms: [{room_name: One, live_event_callback_config: {auth_type: MSS_A}}]}"
    project(tmp_path, {"rooms/one.yaml": room("One", spec)}, seed=seed)
    run = accept(tmp_path, "--force", variables={"RECONCILER_SECRET_CALLBACK_KEY": "CANARYcanary0123456789"})
    assert run.code == 2
    assert "never accepted" in run.err
    assert "live_event_callback_config.key" in run.err
    assert "CANARY" not in run.out + run.err


def test_a_temporary_room_is_never_accepted(tmp_path):
    seed = "{smart_live_rooms: [{room_name: One}, {room_name: Passing, room_type: TEMP}]}"
    project(tmp_path, {"rooms/one.yaml": room("One")}, seed=seed)
    run = accept(tmp_path, 'SmartLiveRoom["Passing"]', "--force")
    assert run.code == 2
    assert "TEMP" in run.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["Nothing"], 1, "no manifest declares"),
        (["--at", "rooms/one.yaml:6"], 1, "accept ADDRESS FIELD"),
        ([ONE, "room_description", "--at", "nowhere"], 1, "FILE:LINE"),
        (["--interactive"], 1, "not a terminal"),
        (["--target", ONE], 0, "Accepted 1 difference"),
        ([ONE, "priv_data"], 0, "Nothing to accept"),
        (["--only", "conflict"], 0, "Nothing to accept"),
        (["--only", "all"], 0, "Accepted 1 difference"),
    ],
)
def test_arguments(repository, arguments, code, said):
    run = accept(repository, *arguments)
    assert run.code == code, run.err
    assert said in run.err


def entries(folder):
    return sorted((folder / ".reconciler/cache").glob("*.json"))


def test_it_reads_what_an_earlier_plan_checked_and_says_the_same(tmp_path):
    project(
        tmp_path,
        {
            "rooms/one.yaml": "# the room\n"
            + room("One", "room_description: {{ values.said }}\n  priv_data: {{ 1 }}a"),
            "rooms/two.yaml": room("Two", "room_description: 'hello'"),
            "values.yaml": "said: hello\n",
        },
        more="values: [values.yaml]\n",
        seed="{smart_live_rooms: [{room_name: One, room_description: world, priv_data: 1b}, "
        "{room_name: Two, room_description: world}]}",
    )
    plain = accept(tmp_path, "--dry-run", "--no-cache")
    assert plain.code == 2
    assert "+said: world" in plain.out
    assert "E_ACCEPT_EXPRESSION" in plain.err
    assert not entries(tmp_path)
    assert reconciler("-C", tmp_path, "plan", "-e", "demo").code == 0
    made = entries(tmp_path)
    assert made
    assert accept(tmp_path, "--dry-run") == plain
    for entry in entries(tmp_path):
        entry.write_text("{}")
    told = accept(tmp_path, "--dry-run")
    assert (told.code, told.out) == (plain.code, plain.out)
    assert told.err.count("W_CACHE_DROPPED") == len(made) - 1, "all but that of reconciler.yaml, which only plan reads"
    assert len(entries(tmp_path)) == 1, "a dry run leaves the folder as it is"
    assert accept(tmp_path, "--dry-run") == plain


def test_what_changed_since_an_earlier_plan_is_edited_as_it_is_now(repository):
    """The lines of a manifest, and the values and macros that it reads, are those of now."""
    (repository / "parts").mkdir()
    (repository / "parts/a.jinja").write_text("{% macro said(text) %}{{ text }}{% endmacro %}\n")
    (repository / "values.yaml").write_text("said: hello\n")
    text = (repository / "reconciler.yaml").read_text()
    (repository / "reconciler.yaml").write_text(text + "values: [values.yaml]\n")
    body = '{% from "parts/a.jinja" import said %}\n' + TEXT.replace('"hello"', "{{ values.said }}")
    body = body.replace("priv_data: mine", "priv_data: '{{ said(\"yours\") }}'")
    (repository / "rooms/one.yaml").write_text(body)
    assert reconciler("-C", repository, "plan", "-e", "demo").code == 0
    first = accept(repository, "--dry-run", "--force")
    assert "+said: world" in first.out
    (repository / "values.yaml").write_text("# moved\nother: 1\nsaid:   hello\n")
    (repository / "parts/a.jinja").write_text("{% macro said(text) %}mine{% endmacro %}\n")
    (repository / "rooms/one.yaml").write_text("# more\n" + body)
    now = accept(repository, "--dry-run", "--force", "--no-cache")
    assert "+said:   world" in now.out
    assert "priv_data" not in now.err
    assert accept(repository, "--dry-run", "--force") == now
    assert accept(repository, "--force").code == now.code == 0
    assert (repository / "values.yaml").read_text() == "# moved\nother: 1\nsaid:   world\n"


def test_an_invalid_manifest_is_an_error(repository):
    (repository / "rooms/one.yaml").write_text(TEXT.replace("room_description", "room_descripton"))
    run = accept(repository, "--force")
    assert run.code == 1
    assert "E_FIELD_UNKNOWN" in run.out


def test_collateral_names_the_environment_and_asks_for_also(repository):
    text = (repository / "reconciler.yaml").read_text()
    (repository / "reconciler.yaml").write_text(text + '  other: {endpoint: "simulator:live.yaml"}\n')
    run = accept(repository)
    assert run.code == 2
    assert "environment other" in run.err
    assert f"--also '{ONE}'" in run.err
    assert (repository / "rooms/one.yaml").read_text() == TEXT
    assert accept(repository, "--also", ONE).code == 0
    assert "world" in (repository / "rooms/one.yaml").read_text()


def test_one_object_of_two_environments_takes_each_live_value_where_it_has_a_place_of_its_own(tmp_path):
    """Values that both read are refused with the place and both values; one after the other, each gets its own."""
    places = {name: f'{{endpoint: "simulator:{name}.live.yaml", values: [values/{name}.yaml]}}' for name in ("a", "b")}
    own = "\"{{ values.own }}\"\n  priv_data: '{{ values.shared }}'"
    files = {
        "rooms/one.yaml": room("One", f"room_description: {own}"),
        "values/common.yaml": "shared: same\n",
        **{f"values/{name}.yaml": f"own: {name}1\n" for name in places},
        **{
            f"{name}.live.yaml": "smart_live_rooms: "
            f"[{{room_name: One, room_description: {name}2, priv_data: {name}3}}]"
            for name in places
        },
    }
    more = "values: [values/common.yaml]\n"
    project(tmp_path, files, more="".join(f"  {name}: {place}\n" for name, place in places.items()) + more)
    words = ("-C", tmp_path, "accept", "--force")
    for name, other in (("a", "b"), ("b", "a")):
        run = reconciler(*words, "-e", name)
        assert run.code == 2
        assert (
            f"rooms/one.yaml:6:14: E_ACCEPT_COLLATERAL: environment {other}: the edits change {ONE} priv_data"
            in run.err
        )
        assert f'"same" becomes "{name}3"' in run.err
        found = json.loads(reconciler(*words, "-e", name, "--format", "json").out)["refusals"]
        assert [(each["place"], each["declared"], each["edited"]) for each in found] == [
            ("rooms/one.yaml:6", "same", f"{name}3")
        ]
    for name in places:
        assert reconciler(*words, ONE, "room_description", "-e", name).code == 0
        assert (tmp_path / f"values/{name}.yaml").read_text() == f"own: {name}2\n"
    assert (tmp_path / "values/common.yaml").read_text() == "shared: same\n"


def test_without_a_ledger_everything_is_accepted_and_with_one_only_drift(tmp_path):
    simulator = Simulator({})
    with running(simulator) as url:
        place = f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}", ledger: "sqlite:///.reconciler/ledger.db"}}\n'
        project(tmp_path, {"rooms/one.yaml": TEXT}, more=place)
        assert reconciler("-C", tmp_path, "apply", "-e", "real", "--auto-approve").code == 0
        (tmp_path / "rooms/one.yaml").write_text(TEXT.replace("mine", "ours"))
        simulator_edit(simulator, "room_description", "world")
        run = reconciler("-C", tmp_path, "accept", "-e", "real", "--force", "--also", ONE)
    assert run.code == 0, run.err
    assert (tmp_path / "rooms/one.yaml").read_text() == TEXT.replace("mine", "ours").replace("hello", "world")


def test_a_plan_names_the_command_only_where_accept_would_write(tmp_path):
    simulator = Simulator({})
    text = TEXT.replace("priv_data: mine", "priv_data: \"{{ 'mi' ~ 'ne' }}\"")
    with running(simulator) as url:
        place = f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}", ledger: "sqlite:///.reconciler/ledger.db"}}\n'
        project(tmp_path, {"rooms/one.yaml": text}, more=place)
        assert reconciler("-C", tmp_path, "apply", "-e", "real", "--auto-approve").code == 0
        simulator_edit(simulator, "room_description", "world")
        simulator_edit(simulator, "priv_data", "theirs")
        for form in ("text", "markdown", "html"):
            run = reconciler("-C", tmp_path, "plan", "-e", "real", "--format", form)
            assert "room_description -e real" in run.out
            assert "priv_data -e real" not in run.out
        run = reconciler("-C", tmp_path, "plan", "-e", "real")
        assert "to accept what is live, edit it: the value comes from" in run.out
        assert "edit it by hand, then plan again" in run.out
        assert "--at FILE:LINE" not in run.out


def simulator_edit(simulator, name, value):
    console = simulator.console("SmartLiveRoom", "0" * 32)
    (entry,) = console.objects.entries.values()
    console.change(entry, {name: value})


@pytest.mark.parametrize(("answer", "text"), [(b"y\n", "world"), (b"n\n", "hello"), (b"\n", "hello")])
def test_it_asks_for_each_difference(repository, answer, text):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "reconciler", "-C", str(repository), "accept", "-e", "demo", "--interactive"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILER_", "CI"))}
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=plain) as run:
        os.close(theirs)
        said = b""
        while b"[y/N]" not in said:
            assert select.select([run.stderr], [], [], 60)[0], said
            said += os.read(run.stderr.fileno(), 4096)
        os.write(ours, answer)
        run.communicate(timeout=60)
        assert run.returncode == 0
    os.close(ours)
    assert b'"hello" -> "world"' in said
    assert f'"{text}" # said' in (repository / "rooms/one.yaml").read_text()


def two_files(folder: Path) -> dict[str, tuple[bytes, bytes]]:
    (folder / "a").mkdir()
    names = ("a/one.yaml", "two.yaml", "three.yaml")
    for name in names:
        (folder / name).write_bytes(b"old " * 2000)
    return dict.fromkeys(names, (b"old " * 2000, b"new " * 2000))


@pytest.mark.parametrize("at", range(4))
def test_a_kill_between_two_writes_leaves_the_old_or_the_new_file(tmp_path, at):
    files = two_files(tmp_path)
    left = [at]

    def step(_name):
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    child = os.fork()
    if not child:
        replace_files(tmp_path, files, step)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    found = [(tmp_path / name).read_bytes() for name in files]
    assert all(data in both for data, both in zip(found, files.values(), strict=True))
    assert sum(data == both[1] for data, both in zip(found, files.values(), strict=True)) == at


@pytest.mark.parametrize("what", ["read-only", "changed", "gone"])
def test_one_file_that_cannot_be_written_changes_none(tmp_path, what):
    files = two_files(tmp_path)
    last = tmp_path / "three.yaml"
    if what == "read-only":
        last.chmod(0o444)
    elif what == "changed":
        last.write_bytes(b"another")
    else:
        last.unlink()
    with pytest.raises(ReconcilerError):
        replace_files(tmp_path, files)
    assert (tmp_path / "a/one.yaml").read_bytes() == b"old " * 2000
    assert not list(tmp_path.rglob(".reconciler-*"))


def test_a_full_disk_changes_nothing(tmp_path):
    files = two_files(tmp_path)
    child = os.fork()
    if not child:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        try:
            replace_files(tmp_path, files)
        except ReconcilerError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert {(tmp_path / name).read_bytes() for name in files} == {b"old " * 2000}
    assert not list(tmp_path.rglob(".reconciler-*"))


def test_a_write_that_fails_midway_is_undone(tmp_path):
    files = two_files(tmp_path)

    def step(name):
        if name == "before three.yaml":
            (tmp_path / "three.yaml").unlink()
            (tmp_path / "three.yaml").mkdir()

    with pytest.raises(ReconcilerError):
        replace_files(tmp_path, files, step)
    assert (tmp_path / "a/one.yaml").read_bytes() == b"old " * 2000
    assert (tmp_path / "two.yaml").read_bytes() == b"old " * 2000


def test_files_keep_their_mode(repository):
    (repository / "rooms/one.yaml").chmod(0o640)
    assert accept(repository).code == 0
    assert (repository / "rooms/one.yaml").stat().st_mode & 0o777 == 0o640
