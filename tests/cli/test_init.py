"""`init` from the shell: a repository that plans at once, and never over what is there."""

import json
import os
import pty
import select
import shlex
import subprocess
import sys

import pytest
import yaml

from tests.support.command_line import QUICKSTART, project, reconciler


def test_a_new_repository_is_valid_and_plans_at_once(tmp_path):
    made = reconciler("init", tmp_path / "rooms")
    assert (made.code, made.err) == (0, "")
    assert reconciler("-C", tmp_path / "rooms", "validate").code == 0
    planned = reconciler("-C", tmp_path / "rooms", "plan", "--detailed-exitcode")
    assert planned.code == 2, planned.err
    assert "Plan: 2 to add, 1 to change, 1 to adopt. Deletes and drift are unknown: no ledger was read." in planned.out


def test_the_folder_is_read_after_chdir_and_nothing_is_written_over(tmp_path):
    assert reconciler("-C", tmp_path, "init", "rooms").code == 0
    mine = tmp_path / "rooms/reconciler.yaml"
    mine.write_text("manifests: [elsewhere]\n", encoding="utf-8")
    again = reconciler("-C", tmp_path, "init", "rooms")
    assert (again.code, again.out) == (1, "")
    assert "E_EXISTS" in again.err
    assert mine.read_text(encoding="utf-8") == "manifests: [elsewhere]\n"


def test_a_repository_made_from_what_is_live_shows_no_changes(tmp_path):
    made = reconciler("-C", QUICKSTART, "init", "--from-env", "demo", tmp_path / "rooms")
    assert made.code == 0, made.err
    planned = reconciler("-C", tmp_path / "rooms", "plan", "--detailed-exitcode")
    assert planned.code == 0, planned.out + planned.err
    assert "No changes." in planned.out


def test_a_new_repository_keeps_what_is_applied_and_shows_a_colleagues_edit_as_drift(tmp_path):
    """The first five minutes, as `init` prints them."""
    made = reconciler("-C", tmp_path, "init", "rooms")
    assert "cd rooms" in made.out

    def run(*arguments):
        return reconciler("-C", tmp_path / "rooms", *arguments)

    assert run("validate").out == "Success! The manifests are valid.\n"
    assert run("apply", "--auto-approve").code == 0
    planned = run("plan", "--detailed-exitcode")
    assert planned.code == 0
    assert "No changes." in planned.out
    edit = next(line for line in made.out.splitlines() if "simulate edit" in line)
    assert run(*shlex.split(edit)[1:]).code == 0
    drifted = run("plan", "--detailed-exitcode")
    assert drifted.code == 2
    assert '"A tin is 88 yuan." -> "A tin is 96 yuan."  [drift]' in drifted.out
    values = tmp_path / "rooms/values/common.yaml"
    before = values.read_text(encoding="utf-8")
    accepted = next(line for line in drifted.out.splitlines() if "# accept what is live: " in line)
    assert run(*shlex.split(accepted.partition("live: ")[2])[1:], "--force").code == 0
    assert values.read_text(encoding="utf-8") == before.replace("96 yuan", "88 yuan")
    assert run("plan", "--detailed-exitcode").code == 0
    values.write_text(before, encoding="utf-8")
    again = reconciler("-C", tmp_path, "init", "rooms")
    assert again.code == 0, again.err


def test_the_commands_that_init_proposes_run_as_they_are_printed(tmp_path):
    """Also in a shell that takes `#` on a line that is typed for a word, as zsh does."""
    made = reconciler("-C", tmp_path, "init", "rooms")
    lines = [line.strip() for line in made.out.splitlines() if line.startswith("  ")]
    assert [shlex.split(line)[:3] for line in lines] == [
        ["cd", "rooms"],
        ["reconciler", "plan"],
        ["reconciler", "apply"],
        ["reconciler", "simulate", "edit"],
        ["reconciler", "plan"],
    ]
    for line in lines[1:]:
        words = shlex.split(line)[1:]
        approved = ["--auto-approve"] if words == ["apply"] else []
        run = reconciler("-C", tmp_path / "rooms", *words, *approved)
        assert run.code == 0, run.err
    assert "[drift]" in run.out


def test_what_is_taken_out_of_a_new_repository_is_deleted(tmp_path):
    assert reconciler("init", tmp_path).code == 0
    shows = tmp_path / "values/common.yaml"
    two = shows.read_text(encoding="utf-8")
    shows.write_text(two + "  - Night\n", encoding="utf-8")
    more = tmp_path / "interaction-rule-groups/more.yaml"
    more.write_text((more.parent / "welcome.yaml").read_text(encoding="utf-8").replace("Welcome", "More"))
    assert reconciler("-C", tmp_path, "apply", "--auto-approve").code == 0
    shows.write_text(two, encoding="utf-8")
    more.unlink()
    assert "Plan: 0 to add, 0 to change, 2 to destroy." in reconciler("-C", tmp_path, "plan").out
    applied = reconciler("-C", tmp_path, "apply", "--auto-approve")
    assert applied.code == 0, applied.err
    assert "2 destroyed" in applied.out
    listed = reconciler("-C", tmp_path, "get", "rooms", "-o", "name").out
    assert "Morning show" in listed
    assert "Night show" not in listed


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.y*ml")}


def test_both_sorts_of_repository_have_the_same_folders_and_are_written_in_blocks(tmp_path):
    assert reconciler("init", tmp_path / "new").code == 0
    assert reconciler("-C", tmp_path / "new", "init", "--from-env", "demo", tmp_path / "live").code == 0
    for name, folders in (("new", ["interaction-rule-groups", "smart-live-rooms"]), ("live", ["smart-live-rooms"])):
        written = yaml.safe_load((tmp_path / name / "reconciler.yaml").read_text())
        assert written["manifests"] == folders  # a folder of a kind that has no live object does not exist
        assert all((tmp_path / name / folder).is_dir() for folder in folders)
        assert written["environments"] == {
            "demo": {"simulator": {"seed": "live.yaml", "state": ".reconciler/simulator.json"}, "prune": "owned"}
        }
        for file, text in files(tmp_path / name).items():
            code = [line.partition(" #")[0] for line in text.splitlines() if not line.startswith("#")]
            flow = [
                line for line in code if line.rstrip().endswith(("]", "}")) and not line.rstrip().endswith(("}}", "[]"))
            ]
            assert "{%" in text or flow == [], file


@pytest.mark.parametrize("source", [(), ("--from-env", "demo")])
def test_an_editor_finds_the_schema_of_every_file_that_is_plain_yaml(tmp_path, source):
    """A file with `{%` is no YAML to an editor, so that a modeline there would only make it complain."""
    assert reconciler("-C", QUICKSTART, "init", *source, tmp_path).code == 0
    found = files(tmp_path)
    checked = {name for name, text in found.items() if text.startswith("# yaml-language-server: $schema=")}
    assert checked == {
        name
        for name, text in found.items()
        if "{%" not in text and name != "live.yaml" and not name.startswith("values/")
    }
    for name in checked:
        schema = found[name].splitlines()[0].partition("$schema=")[2]
        assert (tmp_path / name).parent.joinpath(schema).is_file()


def test_a_repository_made_from_kept_objects_has_these_and_not_the_seeds(tmp_path):
    assert reconciler("init", tmp_path / "new").code == 0
    assert reconciler("-C", tmp_path / "new", "apply", "--auto-approve").code == 0
    edit = ("simulate", "edit", "Morning show", "room_description=Kept.")
    assert reconciler("-C", tmp_path / "new", *edit).code == 0
    made = reconciler("-C", tmp_path / "new", "init", "--from-env", "demo", tmp_path / "live")
    assert made.code == 0, made.err
    planned = reconciler("-C", tmp_path / "live", "plan", "--detailed-exitcode")
    assert planned.code == 0, planned.out
    assert "Evening show" in (tmp_path / "live/live.yaml").read_text()
    assert any("Kept." in text for name, text in files(tmp_path / "live").items() if name != "live.yaml")


@pytest.mark.parametrize(
    ("folder", "arguments", "name"),
    [
        ("shop", (), "shop"),
        ("my shop!", (), "my-shop"),
        ("直播", (), "my-rooms"),
        ("shop", ("--name", "tea"), "tea"),
        ("shop", ("--name", "true"), "true"),
        ("shop", ("--name", "010"), "010"),
    ],
)
def test_a_project_has_the_name_it_is_given_or_its_folders(tmp_path, folder, arguments, name):
    for _ in range(2):
        assert reconciler("init", tmp_path / folder, *arguments).code == 0
    assert yaml.load((tmp_path / folder / "reconciler.yaml").read_text(), yaml.BaseLoader)["name"] == name
    assert reconciler("-C", tmp_path / folder, "validate").code == 0
    if arguments:
        assert reconciler("init", tmp_path / folder).code == 0, "the name that is there stays"


@pytest.mark.parametrize("name", ["my shop", "-x", "a" * 65, "店"])
def test_a_name_that_cannot_be_is_refused_before_anything_is_written(tmp_path, name):
    run = reconciler("init", tmp_path / "shop", f"--name={name}")
    assert run.code == 1
    assert "letters, digits" in run.err
    assert not (tmp_path / "shop").exists()


@pytest.mark.parametrize(("answer", "name"), [(b"tea\n", "tea"), (b"\n", "shop")])
def test_a_terminal_is_asked_for_the_name(tmp_path, answer, name):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "reconciler", "init", str(tmp_path / "shop")]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        os.close(theirs)
        assert run.stderr is not None
        said = b""
        while b"Name of the project [shop]: " not in said:
            assert select.select([run.stderr], [], [], 60)[0], said
            said += os.read(run.stderr.fileno(), 4096)
        os.write(ours, answer)
        out, err = run.communicate(timeout=60)
    os.close(ours)
    assert run.returncode == 0, out + err
    assert f"name: {name}\n" in (tmp_path / "shop/reconciler.yaml").read_text()


def test_an_export_is_one_readable_file_a_resource_and_is_never_written_over(tmp_path):
    run = reconciler("-C", QUICKSTART, "export", "-e", "demo", "-o", tmp_path)
    assert run.code == 0, run.err
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.yaml"))
    assert [name.rpartition("-")[0] for name in names] == [
        "interaction-rule-groups/tea-house-questions",
        "interaction-rule-groups/tea-house-welcome",
        "smart-live-rooms/autumn-campaign-2025",
        "smart-live-rooms/tea-house-morning-show",
    ]
    assert reconciler("-C", QUICKSTART, "export", "-e", "demo", "-o", tmp_path).code == 0
    (tmp_path / names[0]).write_text("mine\n")
    refused = reconciler("-C", QUICKSTART, "export", "-e", "demo", "-o", tmp_path)
    assert refused.code == 1
    assert "E_EXISTS" in refused.err
    assert (tmp_path / names[0]).read_text() == "mine\n"
    assert reconciler("-C", QUICKSTART, "export", "-e", "demo", "-o", tmp_path, "--force").code == 0


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("欢迎 光临!", "smart-live-rooms/欢迎-光临-"),
        ("../../etc/passwd", "smart-live-rooms/etc-passwd-"),
        ("🎉", "smart-live-rooms/unnamed-"),
        ("x" * 256, f"smart-live-rooms/{'x' * 40}-"),
    ],
)
def test_an_exported_files_name_is_safe_and_readable(tmp_path, name, file):
    seed = json.dumps({"smart_live_rooms": [{"room_name": name, "room_type": "NORMAL"}]}, ensure_ascii=False)
    project(tmp_path / "p", {}, seed=seed)
    run = reconciler("-C", tmp_path / "p", "export", "-o", tmp_path / "out")
    assert run.code == 0, run.err
    (written,) = [str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert written.startswith(file)
    assert len(written) < 80


def test_a_project_made_from_rooms_alone_names_their_folder_alone_and_plans_at_once(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "reconciler.yaml").write_text(
        "name: shop\nid: 3f0c2a9e-5b1d-4c67-8e21-7d9a0b4f6c15\nmanifests: [smart-live-rooms]\n"
        "environments:\n  demo: {simulator: {seed: live.yaml, state: .reconciler/simulator.json}}\n"
    )
    (source / "live.yaml").write_text("smart_live_rooms: [{room_name: Morning show}, {room_name: Tea room}]\n")
    made = reconciler("-C", source, "init", "--from-env", "demo", tmp_path / "live")
    assert made.code == 0, made.err
    written = yaml.safe_load((tmp_path / "live/reconciler.yaml").read_text())
    assert written["manifests"] == ["smart-live-rooms"]
    planned = reconciler("-C", tmp_path / "live", "plan", "--detailed-exitcode")
    assert planned.code == 0, planned.out + planned.err
    assert "No changes." in planned.out
