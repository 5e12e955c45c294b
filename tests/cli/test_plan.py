"""`plan` from the shell: exit codes, bytes, and the same answer from a real port as from memory."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import jsonschema_rs
import pytest

from reconciler.simulator import Simulator, load_seed
from reconciler.simulator.server import running
from tests.support.command_line import QUICKSTART, ROOT, project, reconciler, room, without_place

SEED = """
smart_live_rooms:
  - {room_id: 6f1c0a52-7d0e-4a65-9a3e-0b5c1f2d7a01, room_name: Morning, room_type: NORMAL, room_description: hello}
"""


def plan(*arguments, **more):
    return reconciler("-C", QUICKSTART, "plan", "-e", "demo", *arguments, **more)


def test_the_demo_shows_a_create_a_deep_update_an_unmanaged_object_and_a_suppressed_difference_and_nothing_else():
    shown = json.loads(plan("--format", "json").out)
    actions = {one["address"]: one["change"]["actions"] for one in shown["resource_changes"]}
    assert actions == {
        'InteractionRuleGroup["Tea house questions"]': ["update"],
        'InteractionRuleGroup["Tea house welcome"]': ["no-op"],
        'SmartLiveRoom["Tea house morning show"]': ["no-op"],
        'SmartLiveRoom["Tea house evening show"]': ["create"],
    }
    text = plan().out
    assert "Plan: 1 to add, 1 to change, 3 to adopt. Deletes and drift are unknown: no ledger was read." in text
    assert "interaction_rules[price of Pu'er].trigger.reply_texts" in text
    assert "Autumn campaign 2025" in text
    assert "1 ignore_changes" in text


def test_changes_exit_2_only_when_asked_for():
    assert plan().code == 0
    assert plan("--detailed-exitcode").code == 2


def test_a_live_side_that_matches_exits_0_and_says_so(tmp_path):
    project(tmp_path, {"rooms/one.yaml": room("Morning")}, seed=SEED)
    run = reconciler("-C", tmp_path, "plan", "--detailed-exitcode")
    assert run.code == 0
    assert "No changes." in run.out


def test_a_broken_manifest_exits_1_with_the_place_of_every_problem(tmp_path):
    broken = room(
        "One", "room_typ: NORMAL\n  room_description: [1]\n  video_config: {width: -1, height: 1, bitrate: 9}"
    )
    project(tmp_path, {"rooms/one.yaml": broken, "rooms/two.yaml": "a: [\n"})
    for arguments in (["plan", "--detailed-exitcode"], ["validate"]):
        run = reconciler("-C", tmp_path, *arguments)
        assert run.code == 1
        places = [line.split(": ")[:2] for line in run.out.splitlines() if line.startswith("rooms/")]
        assert [place for place in places if place[1].startswith("E_")] == [
            ["rooms/one.yaml:5:3", "E_FIELD_UNKNOWN"],
            ["rooms/one.yaml:6:21", "E_YAML_TYPE"],
            ["rooms/one.yaml:7:25", "E_FIELD_RANGE"],
            ["rooms/one.yaml:7:49", "E_FIELD_RANGE"],
            ["rooms/two.yaml:2:1", "E_YAML_SYNTAX"],
        ]


def test_one_bad_file_of_several_stops_the_whole_plan(tmp_path):
    """C005: objects of a file that does not render are never seen as removed."""
    bad = {f"rooms/{number}.yaml": room(f"R{number}") for number in range(9)} | {"rooms/9.yaml": "{{ nothing.here }}\n"}
    project(tmp_path, bad)
    run = reconciler("-C", tmp_path, "plan", "--format", "json")
    assert run.code == 1
    assert json.loads(run.out).get("resource_changes", []) == []


def test_a_manifests_folder_that_is_not_there_is_an_error(tmp_path):
    """C006."""
    project(tmp_path, {}, more="").joinpath("rooms").rmdir()
    run = reconciler("-C", tmp_path, "plan")
    assert run.code == 1
    assert "E_PATH_MISSING" in run.out


def test_the_json_plan_follows_its_schema():
    schema = json.loads((ROOT / "schemas/plan.schema.json").read_text())
    jsonschema_rs.validate(schema, json.loads(plan("--format", "json").out))


def test_the_json_plan_is_the_same_bytes_in_20_processes_with_different_hash_seeds():
    command = [sys.executable, "-m", "reconciler", "-C", str(QUICKSTART), "plan", "-e", "demo", "--format", "json"]

    def run(seed):
        variables = {**os.environ, "PYTHONHASHSEED": str(seed)}
        return subprocess.run(command, env=variables, capture_output=True, check=True, timeout=60).stdout

    with ThreadPoolExecutor(2) as pool:
        outputs = set(pool.map(run, range(20)))
    assert len(outputs) == 1
    assert outputs == {plan("--format", "json").out.encode()}


@pytest.mark.parametrize("format_name", ["json", "markdown", "sarif"])
def test_a_real_port_and_the_embedded_simulator_give_the_same_bytes(tmp_path, format_name):
    seed = load_seed(QUICKSTART / "live.yaml", "live.yaml")
    with running(Simulator(seed)) as url:
        text = (QUICKSTART / "reconciler.yaml").read_text()
        served = text.replace('"simulator:live.yaml"', f'"{url}"\n    project_id: "{"0" * 32}"')
        (tmp_path / ".git").mkdir()
        target = shutil.copytree(QUICKSTART, tmp_path / "examples/quickstart")
        (target / "reconciler.yaml").write_text(served)
        real = reconciler("-C", target, "plan", "-e", "demo", "--format", format_name)
    assert real.code == 0, real.err
    here, there = (without_place(out) for out in (plan("--format", format_name).out, real.out))
    assert here == there


def test_reports_are_written_whole_beside_the_one_on_stdout(tmp_path):
    run = reconciler(
        "-C", QUICKSTART, "plan", "-e", "demo", "--report", f"json={tmp_path / 'plan.json'}",
        "--report", f"markdown={tmp_path / 'plan.md'}",
    )  # fmt: skip
    assert run.code == 0, run.err
    assert (tmp_path / "plan.json").read_text() == plan("--format", "json").out
    assert (tmp_path / "plan.md").read_text() == plan("--format", "markdown").out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.json", "plan.md"]


def test_a_report_that_cannot_be_written_is_an_error_in_words(tmp_path):
    run = plan("--report", f"json={tmp_path / 'nowhere' / 'plan.json'}")
    assert run.code == 1
    assert "cannot be written" in run.err


def test_a_shown_plan_reads_as_the_plan_did(tmp_path):
    (tmp_path / "plan.json").write_text(plan("--format", "json").out)
    shown = reconciler("-C", tmp_path, "show", "plan.json")
    assert shown.code == 0, shown.err
    assert shown.out.startswith("Environment: demo\n\n")  # where it is, the plan's JSON does not say
    here, there = (without_place(out).strip() for out in (shown.out, plan().out.rpartition("\n\n")[0]))
    assert here == there  # all but what reading cost
    again = reconciler("-C", tmp_path, "show", "plan.json", "--format", "json")
    assert again.out == plan("--format", "json").out


def test_text_survives_a_locale_that_has_no_letters_for_it(tmp_path):
    """C010: LC_ALL=C PYTHONIOENCODING=ascii."""
    project(tmp_path, {"rooms/one.yaml": room("欢迎光临🎉")})
    variables = {
        **os.environ,
        "LC_ALL": "C",
        "PYTHONIOENCODING": "ascii",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }
    for format_name in ("text", "json"):
        command = [sys.executable, "-m", "reconciler", "-C", str(tmp_path), "plan", "--format", format_name]
        done = subprocess.run(command, env=variables, capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr
        if format_name == "text":
            assert b"\\u6b22" in done.stdout
        else:
            assert json.loads(done.stdout)["resource_changes"][0]["name"] == "欢迎光临🎉"


def test_a_reader_that_stops_reading_is_no_traceback(tmp_path):
    rooms = "---\n".join(room(f"Room {number}") for number in range(400))
    project(tmp_path, {"rooms/one.yaml": rooms})
    command = [sys.executable, "-m", "reconciler", "-C", str(tmp_path), "plan"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert error == b""


def test_a_base_outside_any_repository_is_told_as_that(tmp_path):
    root = project(tmp_path, {"rooms/a.yaml": room("a")})
    run = reconciler("-C", root, "plan", "--base", "HEAD")
    assert run.code == 1
    assert "E_GIT" in run.err
    assert "not a git repository" in run.err


def entries(folder):
    return sorted((folder / ".reconciler/cache").glob("*.json"))


@pytest.mark.parametrize("words", [("plan", "-e", "demo", "--format", "json"), ("validate", "--format", "json")])
def test_the_second_run_has_the_same_bytes_from_the_cache_and_a_damaged_entry_is_told(tmp_path, words):
    folder = shutil.copytree(QUICKSTART, tmp_path / "shop", ignore=shutil.ignore_patterns(".reconciler"))
    plain = reconciler("-C", folder, *words, "--no-cache")
    assert not (folder / ".reconciler").exists()
    untrusted = [*words[:1], "--untrusted", *(("-e", "demo", "--live", "none.json") if words[0] == "plan" else ())]
    reconciler("-C", folder, *untrusted)
    assert not entries(folder)
    assert reconciler("-C", folder, *words) == plain
    assert entries(folder)
    assert reconciler("-C", folder, *words) == plain
    for entry in entries(folder):
        entry.write_text("{}")
    told = reconciler("-C", folder, *words)
    assert (told.code, told.out) == (plain.code, plain.out)
    assert told.err.count("W_CACHE_DROPPED") == len(entries(folder))
    assert reconciler("-C", folder, *words) == plain


@pytest.mark.parametrize("words", [("apply", "-e", "demo", "--auto-approve"), ("audit", "-e", "demo")])
def test_apply_and_audit_use_the_documents_that_an_earlier_run_checked(tmp_path, words):
    folder = shutil.copytree(QUICKSTART, tmp_path / "shop", ignore=shutil.ignore_patterns(".reconciler"))
    plain = reconciler("-C", folder, *words, "--no-cache")
    assert not entries(folder)
    assert reconciler("-C", folder, *words).code == plain.code
    assert entries(folder)
    for entry in entries(folder):
        entry.write_text("{}")
    told = reconciler("-C", folder, *words)
    assert told.code == plain.code
    assert told.err.count("W_CACHE_DROPPED") == len(entries(folder))
    assert "W_CACHE_DROPPED" not in reconciler("-C", folder, *words).err


def test_a_plan_follows_an_edit_that_the_cache_has_not_seen(tmp_path):
    folder = shutil.copytree(QUICKSTART, tmp_path / "shop", ignore=shutil.ignore_patterns(".reconciler"))
    for old, new in (("128 yuan", "130 yuan"), ("130 yuan", "128 yuan")):
        reconciler("-C", folder, "plan", "-e", "demo")
        file = folder / "values/demo.yaml"
        file.write_text(file.read_text().replace(old, new))
        cached, plain = (reconciler("-C", folder, "plan", "-e", "demo", *more) for more in ((), ("--no-cache",)))
        assert cached == plain
        assert ("130 yuan" in cached.out) is (new == "130 yuan")
