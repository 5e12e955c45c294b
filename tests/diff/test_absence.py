"""What a field says: every field of every kind in all its states, against the same states live.

A cell is `=` (no difference), `~` (a change) or `.` (the manifest says nothing, so that there is no difference either).
Rows are what is declared, columns what is live: absent, null, empty, the default (another value where the API documents
none), a value.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.kinds.base.field import Field, FieldType, NoDefault
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.model.change import Action
from tests.support.planning import GROUP, ROOM, World, declared, one_change, only
from tests.support.random_specs import pool

STATES = ("absent", "null", "empty", "default", "value")

DEFAULTED = """
absent  = = ~ = ~
null    = = ~ = ~
empty   ~ ~ = ~ ~
default = = ~ = ~
value   ~ ~ ~ ~ =
"""

NOT_MANAGED_WHEN_ABSENT = DEFAULTED.replace("absent  = = ~ = ~", "absent  . . . . .")

PLAIN = """
absent  . . . . .
null    = = = ~ ~
empty   = = = ~ ~
default ~ ~ ~ = ~
value   ~ ~ ~ ~ =
"""


def cells(table: str) -> Iterator[tuple[str, str, str]]:
    for line in table.strip().splitlines():
        row, *marks = line.split()
        yield from ((row, column, mark) for column, mark in zip(STATES, marks, strict=True))


def table_of(field: Field) -> str:
    if field.default is NoDefault.NONE:
        return PLAIN
    return DEFAULTED if field.defaulted else NOT_MANAGED_WHEN_ABSENT


def values_of(field: Field) -> dict[str, Any]:
    """Return a value for each state the field can be in; numbers and flags have no empty one."""
    if field.type is FieldType.LIST:
        assert field.item is not None
        one, other = _items(field.item)
        return {"null": None, "empty": [], "default": [other], "value": [one]}
    default = field.default
    candidates = (*pool(field), "first", "second", 3)
    different = [value for value in candidates if _fits(field, value) and value not in ("", default)]
    found = {"null": None, "default": different[-1] if default is NoDefault.NONE else default, "value": different[0]}
    return {**found, "empty": ""} if field.type is FieldType.TEXT else found


def _items(item: Field) -> tuple[Any, Any]:
    if item.type is not FieldType.OBJECT:
        return "first", "second"
    leaf = next(name for name, child in item.children.items() if child.writable and child.type is FieldType.TEXT)
    return {leaf: "first", "rule_name": "first"}, {leaf: "second", "rule_name": "second"}


def _fits(field: Field, value: Any) -> bool:
    kinds = {FieldType.TEXT: str, FieldType.INTEGER: int, FieldType.NUMBER: (int, float), FieldType.BOOLEAN: bool}
    return isinstance(value, kinds[field.type]) and isinstance(value, bool) == (field.type is FieldType.BOOLEAN)


def holder(kind: Kind, path: str, value: Any, *, there: bool) -> dict[str, Any]:
    """Return a spec in which everything above the field is declared, and the field itself if it is there."""
    root: dict[str, Any] = {}
    at: Any = root
    node = kind.root
    *above, last = path.split(".")
    for step in above:
        name = step.removesuffix("[]")
        node = node.children[name]
        if step.endswith("[]"):
            assert node.item is not None
            at[name] = [keyed(node)]
            at, node = at[name][0], node.item
        else:
            at = at.setdefault(name, {})
    if there:
        at[last] = value
    return root


def keyed(node: Field) -> dict[str, Any]:
    """Return a list item that holds nothing but its keys."""
    assert node.item is not None
    item: dict[str, Any] = {}
    for key in (key for key in (node.list.keys if node.list else ()) if key != "group_name"):
        at, field = item, node.item
        *above, last = key.split(".")
        for name in above:
            at, field = at.setdefault(name, {}), field.children[name]
        at[last] = 1 if field.children[last].type is FieldType.INTEGER else "IMAGE" if last == "layer_type" else "k"
    return item


def fields() -> Iterator[Any]:
    for kind in all_kinds().values():
        for path, field in kind.fields.items():
            keys = {key for other in kind.fields.values() if other.list for key in _key_paths(other)}
            told = field.writable and not field.sensitive and field.name and field.type is not FieldType.OBJECT
            if told and path not in keys and path != kind.name_field:
                yield pytest.param(kind, path, field, id=f"{kind.name}.{path}")


def _key_paths(field: Field) -> list[str]:
    return [f"{field.path}[].{key}" for key in field.list.keys] if field.list else []


@pytest.mark.parametrize(("kind", "path", "field"), list(fields()))
def test_every_field_follows_the_table(kind: Kind, path: str, field: Field) -> None:
    values = values_of(field)
    for row, column, mark in cells(table_of(field)):
        if {row, column} - values.keys() - {"absent"}:
            continue
        want = holder(kind, path, values.get(row), there=row != "absent")
        have = holder(kind, path, values.get(column), there=column != "absent")
        change = one_change(kind, want, have)
        expected = Action.UPDATE if mark == "~" else Action.NONE
        assert change.action is expected, (row, column, values, change.fields)


def test_an_object_that_is_declared_empty_manages_its_defaults_and_nothing_else() -> None:
    assert one_change(ROOM, {"interaction_config": {}}, {}).action is Action.NONE
    assert one_change(ROOM, {"interaction_config": {}}, {"interaction_config": {"play_type": "INSERT"}}).fields == ()
    moved = one_change(ROOM, {"interaction_config": {}}, {"interaction_config": {"play_type": "APPEND"}})
    assert [(field.path, field.after, field.reason) for field in moved.fields] == [
        ("interaction_config.play_type", "INSERT", "default")
    ]
    undocumented = {"relation_live_platform_info": {"platform_id": "1"}}
    assert one_change(ROOM, {"relation_live_platform_info": {}}, undocumented).action is Action.NONE


def test_a_default_under_an_object_that_is_not_declared_is_not_managed() -> None:
    assert one_change(ROOM, {}, {"interaction_config": {"play_type": "APPEND"}}).action is Action.NONE


def test_a_cleared_object_must_be_gone() -> None:
    assert one_change(ROOM, {"play_policy": None}, {"play_policy": {}}).action is Action.NONE
    cleared = one_change(ROOM, {"play_policy": None}, {"play_policy": {"repeat_count": 3}})
    assert [(field.path, field.op.value) for field in cleared.fields] == [("play_policy", "remove")]


def test_the_type_of_a_room_has_its_default_when_it_is_new_and_is_left_alone_when_it_exists() -> None:
    assert only(World([declared(ROOM, "new")]).plan()).after["room_type"] == "NORMAL"
    assert one_change(ROOM, {}, {"room_type": "TEMPLATE"}).action is Action.NONE


def test_a_field_that_the_list_hides_is_unknown_and_makes_no_difference() -> None:
    change = one_change(GROUP, {"interaction_rules": [{"rule_name": "a"}]}, {}, hidden=frozenset({"interaction_rules"}))
    assert change.action is Action.NONE
    assert [(one.path, one.rule.value) for one in change.suppressed] == [("interaction_rules", "hidden from the list")]


def test_in_a_new_object_there_is_nothing_to_clear() -> None:
    spec = {"room_description": None, "video_config": {"width": 1080, "height": 1920, "bitrate": None}}
    change = only(World([declared(ROOM, "room", spec)]).plan())
    assert "room_description" not in change.after
    assert "bitrate" not in change.after["video_config"]
