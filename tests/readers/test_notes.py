"""Tolerance: what nobody knows is kept and mentioned once."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.kinds.base.field import FieldType
from reconciler.model.diagnostic import Severity
from reconciler.model.read_result import ReadRequest
from reconciler.readers.shared_parts import SharedParts
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


NAMES = st.sampled_from(
    [
        "room_name",
        "room_type",
        "video_config",
        "width",
        "scene_scripts",
        "script_name",
        "layer_config",
        "position",
        "odd",
    ]
)
LEAVES = st.none() | st.booleans() | st.sampled_from([1, 1.0, 1.5, "", "NORMAL", "a", "b"])
VALUES: Any = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=6)
SHAPED = st.fixed_dictionaries(
    {"room_name": LEAVES, "room_type": LEAVES, "video_config": st.fixed_dictionaries({"width": LEAVES}) | LEAVES},
    optional={"scene_scripts": st.lists(OBJECTS | LEAVES, max_size=3)},
)
TYPES = {
    FieldType.TEXT: str,
    FieldType.INTEGER: int,
    FieldType.NUMBER: (int, float),
    FieldType.BOOLEAN: bool,
    FieldType.OBJECT: dict,
    FieldType.LIST: list,
}


def as_walked(field, value, notes):
    """Note what is unknown in one value: looked at alone, from its first part to its last."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = field.type in {FieldType.INTEGER, FieldType.NUMBER} and number and value == int(value)
    fits = isinstance(value, TYPES[field.type]) and (number or not isinstance(value, bool) or field.type == "boolean")
    if not (fits or whole):
        notes["W_READ_TYPE", field.path] = f"sends {type(value).__name__} where {field.type} is documented"
    elif isinstance(value, dict):
        for name, part in value.items():
            child = field.children.get(name)
            if child is None:
                notes["N_UNKNOWN_FIELD", f"{field.path}.{name}".lstrip(".")] = "a field this version does not know"
            elif part is not None:
                as_walked(child, part, notes)
    elif isinstance(value, list) and field.item is not None:
        for part in value:
            as_walked(field.item, part, notes)
    elif isinstance(value, str) and field.enum and value not in (*field.enum, ""):
        known = notes.get(("N_UNKNOWN_VALUE", field.path), "know: ").removeprefix("know: ").split(", ")
        notes["N_UNKNOWN_VALUE", field.path] = "know: " + ", ".join(sorted({*known, repr(value)} - {""}))


@given(st.lists(OBJECTS, max_size=6) | st.lists(SHAPED, max_size=6))
@example([{"room_name": 1}, {"room_name": 1.5}, {"room_name": True}])
@example([{"video_config": part} for part in ({"width": "a"}, {"width": 1.5}, {"width": "a"})])
@example([{"scene_scripts": [part]} for part in ({"script_name": 1}, None, {"script_name": 1.5})])
@example([{"scene_scripts": [{"layer_config": part}]} for part in ([1], [None], [1])])
@example([{"room_name": "a", "room_type": "b"}, {"room_type": "b", "room_name": "a"}])
@example([{"room_name": "a", "room_type": text} for text in "abab"] * 60)
def test_what_is_told_of_many_rows_is_what_a_walk_through_each_of_them_finds(rows):
    notes: dict[tuple[str, str], str] = {}
    for row in rows:
        as_walked(ROOM.root, row, notes)
    shared = json.loads(json.dumps(rows))
    SharedParts().share(shared)
    for given_rows in (rows, shared):
        found = {(item.code, item.path): item.message for item in find_unknown_fields(ROOM, given_rows)}
        assert found.keys() == notes.keys()
        assert [text for key, text in found.items() if notes[key] not in text] == []
