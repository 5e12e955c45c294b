"""What the command line says to flags, variables and folders that do not exist, and to none at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import QUICKSTART, ROOT, project, reconciler, room

CONSOLE = str(Path(sys.executable).parent / "reconciler")
"""The script that an installation makes."""


def test_no_arguments_print_the_help_and_exit_0():
    run = reconciler()
    assert run.code == 0
    assert "Commands:" in run.out
    assert run.err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--wrong-flag"], "--wrong-flag"),
        (["plan", "--detailed-exitcod"], "Did you mean --detailed-exitcode?"),
        (["plan", "--targt", "x"], "Did you mean --target?"),
        (["plann"], "Did you mean 'plan'"),
        (["plan", "--target"], "requires an argument"),
        (["plan", "--parallelism", "0"], "--parallelism"),
        (["plan", "--parallelism", "-1"], "--parallelism"),
        (["plan", "--parallelism", "1000000000"], "--parallelism"),
        (["plan", "--depth", "deep"], "--depth"),
        (["plan", "--sk", "abcdefgh"], "no such option: --sk"),
        (["plan", "--today", "yesterday", "-e", "demo"], "--today"),
        (["plan", "--report", "markdown", "-e", "demo"], "FORMAT=FILE"),
        (["plan", "--format", "jsn", "-e", "demo"], "did you mean 'json'?"),
        (["plan", "-l", "team", "-e", "demo"], "LABEL=VALUE"),
        (["plan"], "demo, production"),
        (["plan", "-e", "dem"], "did you mean 'demo'?"),
        (["plan", "-e", "demo", "--untrusted"], "--live"),
        (["history", "resolve", "x", "-e", "demo"], "--not-created"),
    ],
)
def test_usage_errors_exit_1_and_say_what_to_do(arguments, said):
    run = reconciler("-C", QUICKSTART, *arguments)
    assert run.code == 1
    assert run.out == ""
    assert said in run.err
    assert "Traceback" not in run.err


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path):
    run = reconciler("-C", tmp_path / "nowhere", "plan")
    assert run.code == 1
    assert "no such folder" in run.err


def test_several_folders_are_followed_one_after_the_other_like_gits(tmp_path):
    project(tmp_path / "a" / "b", {"rooms/one.yaml": room("One")})
    run = reconciler("-C", tmp_path, "-C", "a", "validate", "-C", "b")
    assert run.code == 0, run.err


def test_a_missing_project_file_says_where_and_what_next(tmp_path):
    run = reconciler("-C", tmp_path, "plan")
    assert run.code == 1
    assert "E_PROJECT_MISSING" in run.err
    assert "reconciler init" in run.err


def test_an_unknown_variable_of_ours_is_an_error_with_a_suggestion():
    run = reconciler("-C", QUICKSTART, "validate", variables={"RECONCILER_WRITR": "http"})
    assert run.code == 1
    assert "RECONCILER_WRITR" in run.err
    assert "RECONCILER_WRITER" in run.err


def test_flags_of_a_run_are_understood_before_and_after_the_command(tmp_path):
    project(tmp_path, {"rooms/one.yaml": room("One")})
    before = reconciler("-C", tmp_path, "--color", "validate")
    after = reconciler("validate", "--color", "-C", tmp_path)
    assert before == after
    assert "\x1b[" in before.out


def test_no_color_counts_when_it_is_present_and_not_empty(tmp_path):
    project(tmp_path, {"rooms/one.yaml": room("One")})
    assert "\x1b[" not in reconciler("-C", tmp_path, "validate", variables={"NO_COLOR": "1"}).out
    assert "\x1b[" in reconciler("-C", tmp_path, "--color", "validate", variables={"NO_COLOR": "1"}).out


def test_an_internal_error_is_one_message_and_a_traceback_only_with_debug(tmp_path):
    plain = reconciler("-C", tmp_path, "show", "plan\0.json")
    assert plain.code == 1
    assert "Traceback" not in plain.err
    debug = reconciler("-C", tmp_path, "--debug", "show", "plan\0.json")
    assert "Traceback" in debug.err


@pytest.mark.parametrize("arguments", [["-m", "reconciler"], ["-P", "-m", "reconciler"], [CONSOLE]])
def test_a_module_beside_the_manifests_is_not_imported(tmp_path, arguments):
    """F010: a repository that ships its own yaml.py."""
    hijack = {f"{name}.py": "raise SystemExit('hijacked')" for name in ("yaml", "jinja2", "typer", "pydantic")}
    project(tmp_path, {"rooms/one.yaml": room("{{ 'One' }}"), **hijack})
    command = [sys.executable, *arguments, "validate"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_misspelt_class_is_refused_before_anything_is_read(tmp_path):
    for command in ("plan", "audit"):
        run = reconciler("-C", project(tmp_path, {}), command, "--fail-on", "drfit")
        assert (run.code, run.out) == (1, "")
        assert "'drfit' names no class of change" in run.err


def test_a_project_file_that_is_a_link_out_of_its_folder_or_a_pipe_is_not_read(tmp_path):
    (tmp_path / "elsewhere.yaml").write_text("SECRET: line\n", encoding="utf-8")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/reconciler.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    run = reconciler("-C", tmp_path / "linked", "validate")
    assert run.code == 1
    assert "E_PATH_SYMLINK" in run.err
    assert "SECRET" not in run.out + run.err
    (tmp_path / "piped").mkdir()
    os.mkfifo(tmp_path / "piped/reconciler.yaml")
    run = reconciler("-C", tmp_path / "piped", "validate")
    assert run.code == 1
    assert "no regular file" in run.err


def test_a_name_the_locale_cannot_write_is_an_error_with_what_to_do(tmp_path):
    seed = '{"smart_live_rooms": [{"room_id": "r1", "room_name": "晚场", "room_type": "NORMAL"}]}'
    folder = project(tmp_path, {}, seed=seed)
    variables = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "reconciler", "-C", str(folder), "export", "-e", "demo", "-o", "out"]
    run = subprocess.run(command, capture_output=True, env=variables, cwd=ROOT, timeout=60, check=False)
    assert run.returncode == 1
    assert b"E_WRITE" in run.stderr
    assert [path for path in (folder / "out").rglob("*") if path.is_file()] == []


EARLY = {
    "-e demo plan": "write `reconciler -C . plan -e demo`",
    "--environment demo plan --base main": "write `reconciler -C . plan --environment demo --base main`",
    "--environment=demo plan": "write `reconciler -C . plan --environment=demo`",
    "-q -e demo plan": "write `reconciler -C . -q plan -e demo`",
    "--target One apply": "write `reconciler -C . apply --target One`",
    "-f rooms/one.yaml validate": "write `reconciler -C . validate -f rooms/one.yaml`",
    "-e demo lock list": "",
    "lock -e demo list": "write `reconciler lock list -e demo`",
    "history -e demo prune --keep 3": "options of `history prune` stand after its name",
}


@pytest.mark.parametrize(("line", "told"), EARLY.items(), ids=EARLY)
def test_an_option_before_its_command_is_told_with_the_right_line(tmp_path, line, told):
    run = reconciler("-C", project(tmp_path, {"rooms/one.yaml": room("One")}), *line.split())
    assert run.code == 1
    assert told.replace("-C .", f"-C {tmp_path}") in run.err


STRAY = {
    "plan demo": "an environment is named with -e: `reconciler plan -e ENV`",
    "plan prod": "an environment is named with -e: `reconciler plan -e ENV`",
    "apply demo": "as in `reconciler -C . apply -e demo`",
    "validate demo": "as in `reconciler -C . validate -e demo`",
    "explain demo": "as in `reconciler -C . explain -e demo`",
    "lock list demo": "an environment is named with -e: `reconciler lock list -e ENV`",
    "get demo": "as in `reconciler -C . get -e demo`",
}


@pytest.mark.parametrize(("line", "told"), STRAY.items(), ids=STRAY)
def test_an_environment_as_an_argument_is_told(tmp_path, line, told):
    folder = project(tmp_path, {"rooms/one.yaml": room("One")})
    run = reconciler("-C", folder, *line.split())
    assert run.code == 1
    assert told.replace("-C .", f"-C {folder}") in run.err


def test_a_word_that_is_no_environment_gets_no_such_hint(tmp_path):
    run = reconciler("-C", project(tmp_path, {"rooms/one.yaml": room("One")}), "explain", "nothing")
    assert "-e" not in run.err


HINTS = {
    "compare demo": "write `reconciler compare staging production`",
    "describe nothing": "`reconciler get rule-groups` or `reconciler get rooms` lists the objects",
}


@pytest.mark.parametrize(("line", "told"), HINTS.items(), ids=HINTS)
def test_a_hint_names_a_command_that_can_be_run(tmp_path, line, told):
    run = reconciler("-C", project(tmp_path, {"rooms/one.yaml": room("One")}), *line.split())
    assert run.code == 1
    assert told in run.err
