"""`get`: live objects by the documented filters, in every form, with its evidence and its problems."""

import csv
import io
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from reconciler.cli.process import Interrupted
from reconciler.kinds.registry import all_kinds
from reconciler.model.process_clock import ProcessClock
from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import QUICKSTART, Run, project, reconciler, room

NOW = ProcessClock(now=lambda: datetime(2026, 1, 10, tzinfo=UTC).timestamp())

ROOMS = [
    {"room_id": "r-1", "room_name": "Morning", "room_description": "=SUM(A1)", "update_time": "2026-01-03T00:00:00Z"},
    {
        "room_id": "r-2",
        "room_name": "Evening show",
        "room_state": "BLOCKED",
        "error_info": {"error_code": "MSS.20010077", "error_msg": "content was rejected"},
        "last_job_status": "FAILED",
        "last_job_start_time": "2026-01-09T19:00:00Z",
        "last_job_end_time": "2026-01-09T21:00:00Z",
        "update_time": "2026-01-01T00:00:00Z",
        "confirm_state": "REJECT",
        "model_infos": [{"model_asset_id": "m-1", "asset_name": "Ann"}],
    },
    {
        "room_id": "r-3",
        "room_name": "Layout",
        "room_type": "TEMPLATE",
        "last_job_status": "PROCESSING",
        "last_job_start_time": "2026-01-09T23:59:00Z",
        "update_time": "2026-01-02T00:00:00Z",
        "confirm_state": "CONFIRMED",
        "model_infos": [{"model_asset_id": "m-2", "asset_name": "Bo"}],
    },
]
GROUPS = [
    {"group_id": "g-1", "group_name": "Welcome", "create_time": "2026-01-01T00:00:00Z"},
    {"group_id": "g-2", "group_name": "Questions", "create_time": "2026-01-05T00:00:00Z"},
]


def shop(folder: Path, **more: object) -> Path:
    seed = {"smart_live_rooms": ROOMS, "interaction_rule_groups": GROUPS, **more}
    return project(folder, {"rooms/morning.yaml": room("Morning")}, seed=json.dumps(seed))


def get(folder: Path, *words: object, code: int = 0, **more: object) -> Run:
    run = reconciler("-C", folder, "get", *words, clock=NOW, **more)
    assert run.code == code, run.err
    return run


def ids(folder: Path, *words: object) -> list[str]:
    return [one["id"] for one in json.loads(get(folder, *words, "-o", "json").out)["objects"]]


def test_the_table_shows_type_state_last_job_and_the_place_of_the_manifest(tmp_path):
    lines = get(shop(tmp_path), "rooms").out.splitlines()
    assert lines[0].split("  ")[0] == "Name"
    rows = {line.split("  ")[0]: line for line in lines[1:]}
    assert list(rows) == ["Evening show", "Layout", "Morning"]
    assert "BLOCKED (MSS.20010077: content was rejected)" in rows["Evening show"]
    assert "FAILED, 3 h ago" in rows["Evening show"]
    assert "PROCESSING, 1 min ago" in rows["Layout"]
    assert "TEMPLATE" in rows["Layout"]
    assert "rooms/morning.yaml:3" in rows["Morning"]
    assert "2026-01-03T00:00:00Z" in rows["Morning"]


def test_wide_adds_columns_and_cuts_nothing(tmp_path):
    long = "x" * 200
    seed = [{"room_id": "r-1", "room_name": long}]
    folder = shop(tmp_path, smart_live_rooms=seed)
    assert long not in get(folder, "rooms").out
    wide = get(folder, "rooms", "-o", "wide").out
    assert long in wide
    assert {"Id", "Managed", "Owner", "Note"} <= set(wide.splitlines()[0].split())


@pytest.mark.parametrize("word", ["rooms", "room", "Rooms", "smart-live-rooms", "SmartLiveRoom", "smartliveroom"])
def test_a_kind_has_several_words(tmp_path, word):
    assert ids(shop(tmp_path), word) == ["r-2", "r-3", "r-1"]


@pytest.mark.parametrize("words", [("pods",), ()])
def test_an_unknown_kind_lists_the_words(tmp_path, words):
    run = get(shop(tmp_path), *words, code=1)
    assert "E_KIND_UNKNOWN" in run.err
    assert "rule-groups, rooms" in run.err


@pytest.mark.parametrize("words", [("rooms", "--room-type", "x", "-o", "json"), ("rooms", "-ojson", "--limit", "0")])
def test_a_mistake_is_in_the_document_of_a_program(tmp_path, words):
    (problem,) = json.loads(get(shop(tmp_path), *words, code=1).out)["diagnostics"]
    assert problem["code"] in {"E_FILTER", "E_USAGE"}


FILTERED = [
    (("rooms", "--room-name", "MORN"), ["r-1"]),
    (("rooms", "--model-name", "ann"), ["r-2"]),
    (("rooms", "--live-state", "PROCESSING,FAILED"), ["r-2", "r-3"]),
    (("rooms", "--live-state", "NULL"), ["r-1"]),
    (("rooms", "--start-time", "2026-01-09T22:00:00Z"), ["r-3"]),
    (("rooms", "--end-time", "2026-01-09T21:00:00Z"), ["r-2"]),
    (("rooms", "--room-type", "TEMPLATE"), ["r-3"]),
    (("rooms", "--template-own-type", "SHARED_TO_OTHERS"), []),
    (("rooms", "--confirm-state", "reject"), ["r-2"]),
    (("rooms", "--filter", "room_type=TEMPLATE"), ["r-3"]),
    (("rooms", "--room-type", "NORMAL", "--live-state", "FAILED"), ["r-2"]),
    (("rooms", "Layout", "r-1"), ["r-3", "r-1"]),
    (("rooms", "--managed"), ["r-1"]),
    (("rooms", "--unmanaged"), ["r-2", "r-3"]),
    (("rule-groups", "--group-name", "wel"), ["g-1"]),
    (("rule-groups", "--create-since", "2026-01-02T00:00:00Z"), ["g-2"]),
    (("rule-groups", "--create-until", "2026-01-02T00:00:00Z"), ["g-1"]),
    (("rooms", "--sort-by", "updated"), ["r-2", "r-3", "r-1"]),
    (("rooms", "--sort-by", "-updated"), ["r-1", "r-3", "r-2"]),
    (("rooms", "--sort-by", "last_job_start_time", "--limit", "1"), ["r-2"]),
]


@pytest.mark.parametrize(("words", "found"), FILTERED)
def test_what_is_listed_is_what_was_asked_for(tmp_path, words, found):
    assert ids(shop(tmp_path), *words) == found


REFUSED = [
    (("rooms", "--live-state", "RUNNING"), "E_FILTER"),
    (("rooms", "--room-type", "template?"), "E_FILTER"),
    (("rooms", "--start-time", "yesterday"), "2021-01-10T08:43:17Z"),
    (("rooms", "--room-name", ""), "is empty"),
    (("rooms", "--room-name", "x" * 129), "128"),
    (("rooms", "--group-name", "x"), "rooms have no filter 'group_name'"),
    (("rooms", "--filter", "room_type"), "PARAMETER=VALUE"),
    (("rooms", "--filter", "room-type=TEMP", "--room-type", "TEMP"), "given twice"),
    (("rooms", "--managed", "--unmanaged"), "exclude each other"),
    (("rooms", "--columns", "nmae"), "did you mean `name`?"),
    (("rooms", "--sort-by", "colour"), "E_COLUMN"),
    (("rooms", "--limit", "0"), "E_USAGE"),
    (("rooms", "--watch", "soon"), "--watch 'soon' is not a duration"),
    (("rooms", "--watch", "10s", "-o", "csv"), "--watch does not go with -o csv"),
    (("rooms", "-e", "demo", "-A"), "exclude each other"),
    (("rooms", "--owner", "somebody"), "owners are unknown"),
]


@pytest.mark.parametrize(("words", "reason"), REFUSED)
def test_a_mistake_is_told_before_anything_is_read(tmp_path, words, reason):
    run = get(shop(tmp_path), *words, code=1)
    assert run.out == ""
    assert reason in run.err


def test_a_name_that_nothing_has_is_an_error(tmp_path):
    run = get(shop(tmp_path), "rooms", "Layout", "Lay-out", code=1)
    assert "Layout" in run.out
    assert "E_NOT_FOUND: no room has the name or id 'Lay-out' (did you mean `Layout`?)" in run.err


def test_columns_are_words_or_paths_of_fields(tmp_path):
    run = get(
        shop(tmp_path), "rooms", "r-2", "--columns", "id,error_info.error_msg,model_infos[0].asset_name,play_policy"
    )
    assert run.out.splitlines()[1].split("  ") == ["r-2", "content was rejected", "Ann", "?"] or "?" in run.out
    heads, values = run.out.splitlines()
    assert heads.split()[0] == "Id"
    assert "content was rejected" in values
    assert "Ann" in values


def test_csv_has_every_column_and_no_formula(tmp_path):
    rows = list(csv.DictReader(io.StringIO(get(shop(tmp_path), "rooms", "-o", "csv").out)))
    assert [row["id"] for row in rows] == ["r-2", "r-3", "r-1"]
    assert rows[2]["description"] == "'=SUM(A1)"
    assert rows[0]["name"] == "Evening show"
    assert rows[2]["declared"] == "rooms/morning.yaml:3"


def test_names_are_addresses_with_an_id_where_several_share_one(tmp_path):
    seed = [{"room_id": "a", "room_name": "Same"}, {"room_id": "b", "room_name": "Same"}]
    run = get(shop(tmp_path, smart_live_rooms=[*ROOMS, *seed]), "rooms", "-o", "name")
    assert 'SmartLiveRoom["Layout"]\n' in run.out
    assert 'SmartLiveRoom["Same"]@a\nSmartLiveRoom["Same"]@b\n' in run.out


def test_json_and_yaml_are_the_same_document(tmp_path):
    folder = shop(tmp_path)
    document = json.loads(get(folder, "rooms", "--room-type", "TEMPLATE", "-o", "json").out)
    assert yaml.safe_load(get(folder, "rooms", "--room-type", "TEMPLATE", "-o", "yaml").out) == document
    assert set(document) == {"format_version", "type", "complete", "count", "objects", "environments", "diagnostics"}
    assert (document["format_version"], document["type"], document["complete"], document["count"]) == (
        "1.0",
        "SmartLiveRoom",
        True,
        1,
    )
    (one,) = document["objects"]
    assert (one["address"], one["managed"], one["declared"], one["owner"]) == (
        'SmartLiveRoom["Layout"]',
        False,
        None,
        "",
    )
    assert one["values"]["last_job_status"] == "PROCESSING"
    assert "scene_scripts" in one["unread"]
    (place,) = document["environments"]
    assert place["filters"] == [{"parameter": "room_type", "value": "TEMPLATE", "checked": True, "ignored": False}]


HOSTILE = "\x1b[31m\u202eName\n::error::x"


@pytest.mark.parametrize("form", ["table", "wide", "csv", "name", "yaml", "json"])
def test_what_the_service_sends_cannot_move_a_terminal(tmp_path, form):
    seed = {"smart_live_rooms": [{"room_id": "r-1", "room_name": HOSTILE, "room_description": HOSTILE}]}
    with running(Simulator(seed)) as url:
        folder = served(tmp_path, url)
        run = get(folder, "rooms", "-o", form)
        told = reconciler("-C", folder, "describe", "rooms", "r-1")
    for text in (run.out, told.out):
        assert "Name" in text
        assert not {"\x1b", "\u202e"} & set(text)
        assert not any(line.startswith("::") for line in text.splitlines())


def test_count_prints_the_number_alone(tmp_path):
    assert get(shop(tmp_path), "rooms", "--count").out == "3\n"


def test_nothing_found_is_no_error(tmp_path):
    run = get(shop(tmp_path), "rooms", "--room-name", "none such")
    assert (run.out, run.err) == ("", "No rooms found in demo.\n")


# every filter whose field the rows show: with another value than all rows have
IGNORED = [
    ("rooms", "room_name", "Morning", ["r-1"]),
    ("rooms", "live_state", "FAILED", ["r-2"]),
    ("rooms", "start_time", "2026-01-09T22:00:00Z", ["r-3"]),
    ("rooms", "end_time", "2026-01-09T21:00:00Z", ["r-2"]),
    ("rooms", "room_type", "TEMPLATE", ["r-3"]),
    ("rule-groups", "group_name", "Welcome", ["g-1"]),
    ("rule-groups", "create_since", "2026-01-02T00:00:00Z", ["g-2"]),
    ("rule-groups", "create_until", "2026-01-02T00:00:00Z", ["g-1"]),
]


@pytest.mark.parametrize(("word", "parameter", "value", "found"), IGNORED)
def test_a_filter_that_the_service_ignores_is_told_and_applied_here(tmp_path, word, parameter, value, found):
    folder = shop(tmp_path, faults=[{"ignore_filters": [parameter], "match": {"operation": "list"}}])
    run = get(folder, word, f"--{parameter.replace('_', '-')}", value, "-o", "json")
    document = json.loads(run.out)
    assert [one["id"] for one in document["objects"]] == found
    assert document["environments"][0]["filters"][0]["ignored"] is True
    assert "W_FILTER_IGNORED" in [each["code"] for each in document["diagnostics"]]
    assert f"the service ignores the filter {parameter}={value}" in run.err


@pytest.mark.parametrize(
    ("parameter", "value", "found"), [("model_name", "Ann", ["r-2"]), ("confirm_state", "reject", ["r-2"])]
)
def test_rows_that_do_not_show_an_ignored_filters_field_leave_the_list_unproven(tmp_path, parameter, value, found):
    folder = shop(tmp_path, faults=[{"ignore_filters": [parameter]}])
    run = get(folder, "rooms", "--filter", f"{parameter}={value}", "-o", "json", code=3)
    document = json.loads(run.out)
    assert [one["id"] for one in document["objects"]] == found
    assert document["complete"] is False
    assert "1 row left out" in run.err


def test_foreign_rows_among_owned_templates_are_noticed(tmp_path):
    theirs = {"room_id": "t-1", "room_name": "Theirs", "room_type": "TEMPLATE", "project_id": "f" * 32}
    faults = [{"ignore_filters": ["template_own_type"]}]
    folder = shop(tmp_path, smart_live_rooms=[*ROOMS, theirs], faults=faults)
    run = get(folder, "rooms", "--template-own-type", "OWNED", "-o", "json", code=3)
    assert "the service ignores the filter template_own_type=OWNED" in run.err
    assert "t-1" not in run.out


def test_a_filter_whose_field_no_row_shows_is_told_as_unchecked(tmp_path):
    run = get(shop(tmp_path), "rooms", "--template-own-type", "owned")
    assert "Not every row shows what template_own_type filters by" in run.err


def test_every_filter_of_every_kind_has_an_option_under_its_name():
    text = reconciler("get", "--help").out
    filters = [rule for kind in all_kinds().values() for rule in kind.endpoints.filters]
    assert len(filters) == 12
    assert [rule.option for rule in filters if f"  {rule.option} " not in text] == []


def test_a_list_that_is_not_proven_is_told_with_exit_code_3(tmp_path):
    folder = shop(tmp_path, faults=[{"short": 1, "match": {"operation": "list"}}])
    run = get(folder, "rooms", "-o", "json", code=3)
    assert json.loads(run.out)["complete"] is False
    assert "E_READ_INCOMPLETE: the rooms could not be read whole" in run.err
    assert get(folder, "rooms", code=3).out.startswith("Name")


STATUSES = [
    (400, {"error_code": "MSS.00000003", "error_msg": "Invalid parameter"}, 3),
    (401, {"error_code": "MSS.00000001", "error_msg": "Unauthorized"}, 1),
    (500, {"error_code": "MSS.00000004", "error_msg": "Internal Error"}, 3),
]


@pytest.mark.parametrize("form", ["table", "json"])
@pytest.mark.parametrize(("status", "body", "code"), STATUSES)
def test_an_error_of_the_service_shows_code_message_and_request_id(tmp_path, status, body, code, form):
    folder = shop(tmp_path, faults=[{"status": status, "body": body, "headers": {"X-Request-Id": "abc123"}}])
    clock = ProcessClock(sleep=lambda seconds: None, now=NOW.now)
    run = reconciler("-C", folder, "get", "rooms", "-o", form, clock=clock)
    assert run.code == code, run.err
    for part in (body["error_code"], body["error_msg"], "X-Request-Id: abc123"):
        assert part in run.err
    if form == "json":
        document = json.loads(run.out)
        assert document["complete"] is False
        assert body["error_code"] in json.dumps(document["diagnostics"])


def two_environments(folder: Path, **more: str) -> Path:
    (folder / "other.yaml").write_text(json.dumps({"smart_live_rooms": [{"room_id": "o-1", "room_name": "Other"}]}))
    shop(folder)
    with (folder / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write('  other: {endpoint: "simulator:other.yaml"}\n')
        file.writelines(f'  {name}: {{endpoint: "simulator:{seed}"}}\n' for name, seed in more.items())
    return folder


def test_all_environments_are_listed_with_a_column_of_their_own(tmp_path):
    folder = two_environments(tmp_path)
    assert get(folder, "rooms", code=1).err.count("which environment?") == 1
    run = get(folder, "rooms", "--all-environments")
    assert run.out.splitlines()[0].startswith("Environment")
    assert [line.split()[0] for line in run.out.splitlines()[1:]] == ["demo", "demo", "demo", "other"]
    assert ids(folder, "rooms", "Other", "-A") == ["o-1"]


def test_an_environment_that_fails_does_not_stop_the_others(tmp_path):
    folder = two_environments(tmp_path, broken="missing.yaml")
    run = get(folder, "rooms", "-A", "-o", "json", code=1)
    document = json.loads(run.out)
    assert [one["environment"] for one in document["objects"]] == ["demo", "demo", "demo", "other"]
    assert [place["complete"] for place in document["environments"]] == [True, True, False]
    assert "missing.yaml" in run.err


def test_invalid_manifests_leave_the_list_and_are_told(tmp_path):
    folder = shop(tmp_path)
    (folder / "rooms/broken.yaml").write_text("kind: [", encoding="utf-8")
    run = get(folder, "rooms", "-o", "json")
    assert "W_DECLARED_UNKNOWN" in run.err
    assert {one["managed"] for one in json.loads(run.out)["objects"]} <= {None, True}
    assert get(folder, "rooms", "--managed", code=1).out == ""


def test_the_owner_in_the_ledger_is_shown_and_chosen_by(tmp_path):
    folder = Path(shutil.copytree(QUICKSTART, tmp_path / "kept"))
    with running(Simulator(yaml.safe_load((folder / "live.yaml").read_text()))) as url:
        text = (folder / "reconciler.yaml").read_text(encoding="utf-8")
        settings = f'endpoint: "{url}"\n    project_id: {"0" * 32}\n    auth: none'
        (folder / "reconciler.yaml").write_text(text.replace('endpoint: "simulator:live.yaml"', settings))
        assert reconciler("-C", folder, "apply", "-e", "demo", "--auto-approve").code == 0
        document = json.loads(get(folder, "rooms", "-e", "demo", "--owner", "demo", "-o", "json").out)
        assert len(document["objects"]) == 2
        assert {one["owner"].rpartition("/")[2] for one in document["objects"]} == {"demo"}
        assert get(folder, "rooms", "-e", "demo", "--unmanaged", "--count").out == "1\n"
        unknown = get(folder, "rooms", "-e", "demo", "--owner", "nobody", code=1)
        assert "E_OWNER_UNKNOWN" in unknown.err
        told = reconciler("-C", folder, "describe", "Tea house evening show", "-e", "demo").out
        assert "create" in told.partition("Last changes")[2]
        assert "Owner:" in told


def watched(folder: Path, *words: object, edits: list[object]) -> Run:
    """Run `get --watch`; before each further list one edit is made, and then the watch is interrupted."""
    left = list(edits)

    def sleep(seconds: float) -> None:
        assert seconds == 10
        if not left:
            raise Interrupted(2)
        edit = left.pop(0)
        if callable(edit):
            edit()

    clock = ProcessClock(now=NOW.now, sleep=sleep)
    run = reconciler("-C", folder, "get", "rooms", "--watch", "10s", *words, clock=clock)
    assert run.code == 130
    return run


def served(folder: Path, url: str) -> Path:
    live = f"  live: {{endpoint: {url}, project_id: '{'0' * 32}', auth: none}}\n"
    text = f"name: test\nmanifests: [rooms]\nenvironments:\n{live}"
    (folder / "reconciler.yaml").write_text(text, encoding="utf-8")
    (folder / "rooms").mkdir(exist_ok=True)
    return folder


def test_watch_writes_the_list_and_then_each_change(tmp_path):
    simulator = Simulator({"smart_live_rooms": ROOMS[:2]})
    console = simulator.console("SmartLiveRoom")
    with running(simulator) as url:
        run = watched(
            served(tmp_path, url),
            edits=[
                lambda: console.change(console.objects.entries["r-1"], {"room_description": "new"}),
                None,
                lambda: console.insert({"room_id": "r-9", "room_name": "Fresh"}),
                lambda: console.remove(console.objects.entries["r-2"]),
            ],
        )
    lines = run.out.splitlines()
    assert [line.split()[0] for line in lines if line.split()[0] in {"added", "changed", "removed"}] == [
        "changed",
        "added",
        "removed",
    ]
    assert sum("Morning" in line for line in lines) == 2


def test_watch_writes_one_json_document_a_line_for_each_change(tmp_path):
    simulator = Simulator({"smart_live_rooms": ROOMS[:1]})
    console = simulator.console("SmartLiveRoom")
    with running(simulator) as url:
        edits = [None, lambda: console.insert({"room_id": "r-9", "room_name": "Fresh"})]
        run = watched(served(tmp_path, url), "-o", "json", edits=edits)
    assert [json.loads(line)["count"] for line in run.out.splitlines()] == [1, 2]
