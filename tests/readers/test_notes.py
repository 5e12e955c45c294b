"""Tolerance: what nobody knows is kept and mentioned once."""

from reconciler.model.diagnostic import Severity
from reconciler.model.read_result import ReadRequest
from reconciler.readers.unknown_fields import MOST, find_unknown_fields
from reconciler.simulator import Simulator, transport
from tests.support.reading import ROOM, reader, rooms


def test_an_unknown_field_and_an_unknown_value_are_kept_and_mentioned_once_however_many_objects_have_them():
    seed = {"smart_live_rooms": rooms(250, mystery={"a": 1}, room_state="DREAMING", view_mode="ROUND")}
    reading = reader("http://localhost", transport=transport(Simulator(seed))).read(ROOM, ReadRequest())
    assert reading.complete
    assert [(item.code, item.path, item.severity) for item in reading.diagnostics] == [
        ("N_UNKNOWN_FIELD", "mystery", Severity.NOTE),
        ("N_UNKNOWN_VALUE", "room_state", Severity.NOTE),
        ("N_UNKNOWN_VALUE", "view_mode", Severity.NOTE),
    ]
    assert all(one.spec["mystery"] == {"a": 1} for one in reading.resources)


def told(row):
    return [(item.code, item.path) for item in find_unknown_fields(ROOM, [row])]


def test_fields_and_values_inside_lists_and_objects_have_their_path():
    scene = {"script_name": "a", "odd": 1, "layer_config": [{"layer_type": "HOLOGRAM"}]}
    assert told({"scene_scripts": [scene, scene]}) == [
        ("N_UNKNOWN_FIELD", "scene_scripts[].odd"),
        ("N_UNKNOWN_VALUE", "scene_scripts[].layer_config[].layer_type"),
    ]


def test_numbers_with_a_point_that_are_whole_and_nulls_and_empty_texts_are_nothing_special():
    assert told({"video_config": {"width": 1080.0, "height": None}, "room_type": "", "play_policy": None}) == []


def test_another_type_than_documented_is_a_warning():
    assert told({"video_config": {"width": "1080"}, "room_name": 5, "scene_scripts": {}}) == [
        ("W_READ_TYPE", "room_name"),
        ("W_READ_TYPE", "scene_scripts"),
        ("W_READ_TYPE", "video_config.width"),
    ]


def test_a_flood_of_unknown_fields_is_counted_and_not_listed():
    found = find_unknown_fields(ROOM, [{f"field {number:03}": 1 for number in range(500)}])
    assert len(found) == MOST + 1
    assert str(500 - MOST) in found[-1].message


def test_a_later_read_tells_the_same_as_the_first():
    rows = [{"room_name": "a", "odd": 1}, {"room_name": 5}, {"room_name": "b", "room_state": "DREAMING"}]
    first = find_unknown_fields(ROOM, rows)
    assert [item.path for item in first] == ["odd", "room_state", "room_name"]
    assert find_unknown_fields(ROOM, rows) == first
    assert find_unknown_fields(ROOM, rows[2:]) == (first[1],)
    assert find_unknown_fields(ROOM, [*rows[:1], *rows]) == first
