"""A seed is checked in full, and every problem names its place."""

import json
import subprocess
import sys

import pytest

from reconciler.errors import ManifestError
from reconciler.simulator import Simulator, load_seed, loaded_seed
from tests.support.service import ROOMS, Service, service


def problems(text, name="seed.yaml"):
    with pytest.raises(ManifestError) as refused:
        load_seed(text.encode(), name)
    return [(str(each.position), f"{each.message} {each.hint}".strip()) for each in refused.value.diagnostics]


def test_an_empty_seed_is_an_empty_service():
    for content in (b"", b"{}", b"# nothing\n"):
        api = Service(Simulator(load_seed(content)))
        assert (api.rooms(), api.groups()) == ([], [])


def test_a_seed_file_is_yaml_or_json(tmp_path):
    (tmp_path / "a.yaml").write_text("smart_live_rooms: [{room_name: 欢迎}]\n", encoding="utf-8")
    (tmp_path / "a.json").write_text(json.dumps({"smart_live_rooms": [{"room_name": "欢迎"}]}), encoding="utf-8")
    for name in ("a.yaml", "a.json"):
        assert Service(Simulator(load_seed(tmp_path / name))).rooms()[0]["room_name"] == "欢迎"


def test_simulators_of_one_seed_begin_alike_and_change_alone():
    content = b"smart_live_rooms: [{room_name: B}, {room_name: A, room_id: known}, {room_name: B}]"
    new = {"room_name": "D", "room_type": "NORMAL"}
    alone = Service(Simulator(load_seed(content)))
    changed, later, last = (Service(Simulator(loaded_seed(content, "seed.yaml"))) for _ in range(3))
    begun = alone.call("GET", ROOMS)
    assert changed.call("GET", ROOMS) == begun
    assert changed.call("DELETE", f"{ROOMS}/known").status < 300
    assert [row["room_name"] for row in changed.rooms()] == ["B", "B"]
    assert later.call("GET", ROOMS) == begun
    last.call("GET", ROOMS)
    assert last.call("POST", ROOMS, new) == alone.call("POST", ROOMS, new)
    assert last.call("GET", ROOMS) == alone.call("GET", ROOMS)


def test_plain_scalars_of_text_fields_stay_as_typed():
    seed = load_seed(b"smart_live_rooms: [{room_name: 010, priv_data: 1, room_description: true}]")
    row = Service(Simulator(seed)).rooms()[0]
    assert (row["room_name"], row["priv_data"], row["room_description"]) == ("010", "1", "true")


def test_fractions_in_settings_are_numbers():
    seed = load_seed(b"faults: [{delay: 0.04}]\nlimits: {reads: 2.5}\n")
    assert Service(Simulator(seed)).call("GET", "/smart-live-rooms").delay == 0.04


def test_every_unknown_key_is_an_error_with_its_place_and_a_suggestion():
    text = "smart_live_room: []\nbehaviours:\n  putt: merge\n  names: uniq\ncredentials: {aks: b}\n"
    assert problems(text) == [
        ("seed.yaml:1:1", "a seed does not know 'smart_live_room' did you mean smart_live_rooms?"),
        ("seed.yaml:3:3", "behaviours does not know 'putt' did you mean put?"),
        ("seed.yaml:4:10", "behaviours.names does not know 'uniq' did you mean unique?"),
        ("seed.yaml:5:15", "credentials does not know 'aks' did you mean ak?"),
    ]


def test_problems_in_a_json_seed_have_places_too():
    assert problems('{\n "behaviours": {\n  "putt": "merge"}}', "seed.json")[0][0] == "seed.json:3:3"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("smart_live_rooms: {a: 1}", "seed.yaml:1:1"),
        ("smart_live_rooms:\n- text\n", "seed.yaml:2:3"),
        ("[]", "seed.yaml:1:1"),
        ("clock: soon", "seed.yaml:1:1"),
        ("a: [", "seed.yaml:2:1"),
        ("{}\n---\n{}", "seed.yaml:3:1"),
        ("projects: {p: {rooms: []}}", "seed.yaml:1:16"),
    ],
)
def test_what_is_no_seed_is_refused_at_its_place(text, place):
    assert problems(text)[0][0] == place


def test_a_seed_that_is_not_there_says_so(tmp_path):
    with pytest.raises(ManifestError, match="cannot be read"):
        load_seed(tmp_path / "missing.yaml")


def test_objects_belong_to_the_own_project_or_to_those_named():
    seed = {
        "project_id": "a" * 32,
        "smart_live_rooms": [{"room_name": "own"}],
        "projects": {"b" * 32: {"smart_live_rooms": [{"room_name": "other"}]}},
    }
    simulator = Simulator(seed)
    found = {letter: Service(simulator, project=letter * 32).rooms() for letter in "ab"}
    assert [[row["room_name"] for row in rows] for rows in found.values()] == [["own"], ["other"]]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_project_that_a_seed_with_project_ids_does_not_name_is_refused_with_the_reason(method):
    for seed in ({"project_id": "a" * 32}, {"projects": {"a" * 32: {}, "b" * 32: {}}}):
        answer = Service(Simulator(seed), project="c" * 32).call(method, ROOMS, {"room_name": "A"})
        assert (answer.status, answer.json()["error_code"]) == (403, "APIGW.0302")
        assert f"no project {'c' * 32}: its seed names {'a' * 32}" in answer.json()["error_msg"]


def test_every_project_begins_with_the_objects_of_a_seed_without_project_id_and_goes_on_alone():
    seed = {
        "smart_live_rooms": [{"room_name": "own", "create_time": "2020-01-01T00:00:00Z"}],
        "projects": {"b" * 32: {"smart_live_rooms": [{"room_name": "other"}]}},
    }
    simulator = Simulator(seed)
    one, two, named = (Service(simulator, project=letter * 32) for letter in "acb")
    one.call("POST", ROOMS, {"room_name": "new"})
    one.call("DELETE", f"{ROOMS}/{one.rooms(room_name='own')[0]['room_id']}")
    found = [[row["room_name"] for row in each.rooms()] for each in (one, two, named)]
    assert found == [["new"], ["own"], ["other"]]
    assert {row["project_id"] for row in two.rooms()} == {"c" * 32}
    assert two.room(two.rooms()[0]["room_id"])["room_name"] == "own"


def test_a_list_that_lags_behind_writes_shows_what_a_project_began_with():
    lagging = [{"match": {"operation": "list"}, "list_lag": 2}, {"match": {"operation": "list"}, "stale": 60}]
    for fault in lagging:
        api = service({"smart_live_rooms": [{"room_name": "own"}], "faults": [fault]})
        assert [row["room_name"] for row in api.rooms()] == ["own"]


def test_an_edit_without_a_project_is_of_the_project_that_was_asked_for_first():
    simulator = Simulator({"smart_live_rooms": [{"room_name": "own"}]})
    api = Service(simulator, project="c" * 32)
    api.rooms()
    simulator.console("SmartLiveRoom").insert({"room_name": "new"})
    assert {row["room_name"] for row in api.rooms()} == {"own", "new"}


def test_ids_and_times_a_seed_gives_are_kept_and_others_do_not_depend_on_neighbours():
    given = {"room_name": "A", "room_id": "my-id", "create_time": "2020-01-01T00:00:00Z"}
    row = service({"smart_live_rooms": [given]}).rooms()[0]
    assert (row["room_id"], row["create_time"]) == ("my-id", "2020-01-01T00:00:00Z")
    alone = service({"smart_live_rooms": [{"room_name": "B"}]}).rooms()[0]["room_id"]
    both = {
        row["room_name"]: row["room_id"] for row in service({"smart_live_rooms": [given, {"room_name": "B"}]}).rooms()
    }
    assert both["B"] == alone


def test_objects_of_one_name_have_ids_of_their_own():
    rows = service({"smart_live_rooms": [{"room_name": "A"}, {"room_name": "A"}]}).rooms()
    assert len({row["room_id"] for row in rows}) == 2


def test_the_clock_starts_when_the_seed_says():
    api = service({"clock": "2030-05-05T12:00:00Z"})
    api.call("POST", "/smart-live-rooms", {"room_name": "A"})
    assert api.rooms()[0]["create_time"] == "2030-05-05T12:00:00Z"


def test_values_of_any_type_and_unknown_fields_are_served_as_seeded():
    odd = {"room_name": "A", "room_type": "FUTURE", "priv_data": 5, "new": {"x": [None]}, "video_config": "text"}
    shown = service({"smart_live_rooms": [odd]})
    found = shown.room(shown.rooms()[0]["room_id"])
    assert {name: found[name] for name in odd} == odd


def test_a_seed_is_never_changed_by_the_service_made_of_it():
    seed = {
        "smart_live_rooms": [
            {"room_name": "A", "video_config": {"width": 1}, "interaction_rules": [{"rule_name": "r"}]}
        ]
    }
    before = json.dumps(seed)
    api = service(seed)
    room = api.room(api.rooms()[0]["room_id"])
    api.call("PUT", f"/smart-live-rooms/{room['room_id']}", {**room, "priv_data": "x"})
    assert json.dumps(seed) == before


_CHILD = """
import resource, sys, time
from reconciler.errors import ManifestError
from reconciler.simulator import load_seed
start = time.process_time()
try:
    load_seed(sys.argv[1])
    codes = ["none"]
except ManifestError as error:
    codes = [each.code for each in error.diagnostics]
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(time.process_time() - start, int(peak) // 1024, len(codes), codes[0])
"""


@pytest.mark.parametrize(
    ("name", "text", "code", "most"),
    [
        ("seed.yaml", "a:\n" + "".join(f" k{each}: \n" for each in range(740_000)), "E_YAML_SIZE", 200),
        ("seed.yaml", "".join(f"k{each}: \n" for each in range(740_000)), "E_YAML_SIZE", 200),
        ("seed.yaml", "".join(f"k{each}: \n" for each in range(99_000)), "E_SEED", 250),
        ("seed.json", "{" + ",".join(f'"k{each}":1' for each in range(740_000)) + "}", "E_SEED", 350),
    ],
    ids=["keys inside", "keys", "unknown keys", "JSON"],
)
def test_a_seed_of_very_many_keys_is_refused_early(tmp_path, name: str, text: str, code: str, most: int):
    (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(tmp_path / name)], capture_output=True, text=True, check=True, timeout=120
    )
    seconds, peak, number, first = done.stdout.split()
    assert first == code
    assert int(number) <= 100
    assert int(peak) < most
    assert float(seconds) < 10
