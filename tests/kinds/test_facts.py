"""Every path of the facts (tests/data/fields.yaml) is known to its kind, with what the facts say of it."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from reconciler.kinds.base.field import WRITABLE, Field, FieldRole, ListType, NoDefault
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import kind_named

FACTS = yaml.safe_load((Path(__file__).parents[1] / "data" / "fields.yaml").read_text(encoding="utf-8"))
KINDS = {"smart_live_room": "SmartLiveRoom", "interaction_rule_group": "InteractionRuleGroup"}
ROWS = [
    (KINDS[resource], path, fact)
    for resource, table in FACTS["resources"].items()
    for path, fact in table["paths"].items()
]
IDENTITIES = {kind.name_field for kind in map(kind_named, KINDS.values())}

OURS_REQUIRED = "interaction_rules[].rule_name"
"""Optional in the API; rules pair by it, so a manifest must say it (the fact's own note)."""


def each_field() -> Iterator[tuple[Field, dict[str, Any]]]:
    for kind, path, fact in ROWS:
        yield kind_named(kind).fields[path], fact


def test_the_tables_hold_exactly_the_paths_of_the_facts():
    for resource, kind in KINDS.items():
        assert set(kind_named(kind).fields) == set(FACTS["resources"][resource]["paths"])
    assert len(ROWS) == 311


def said(fact: dict[str, Any]) -> dict[str, Any]:
    """What the facts say of a field, in the table's words."""
    return {
        "type": fact["type"],
        "role": fact["role"],
        "source": fact["field"],
        "enum": fact.get("enum", []),
        "default": fact.get("default", NoDefault.NONE),
        "minimum": fact.get("min"),
        "maximum": fact.get("max"),
        "pattern": fact.get("pattern", ""),
        "format": fact.get("format", ""),
        "unit": fact.get("unit", ""),
        "sensitive": fact.get("sensitive", False),
        "volatile_url": fact.get("volatile_url", False),
        "server_may_override": fact.get("server_may_override", False),
        "required_when": fact.get("required_when", ""),
        "applies_when": fact.get("applies_when", ""),
        "required_in": fact.get("required_in", []),
        "required": fact.get("required", False),
        "update_undocumented": fact.get("change_after_create") == "undocumented",
        "min_length": fact.get("min_length"),
        "max_length": fact.get("max_length"),
        "min_items": fact.get("min_items"),
        "max_items": fact.get("max_items", fact.get("max_items_in_request")),
        "recommended_min": fact.get("business_min"),
        "recommended_max": fact.get("business_max"),
        "recommended_max_items": fact.get("business_max_items"),
        "recommended_values": [int(value) for value in fact.get("business_values", {})],
        "list_may_hide": fact.get("list_reliability") == "may_be_absent",
    }


def known(field: Field) -> dict[str, Any]:
    """What the table says, with our three additions to the facts taken out again."""
    ours = {name: getattr(field, name) for name in said({"type": "", "role": "", "field": ""})}
    ours = {name: list(value) if isinstance(value, tuple) else value for name, value in ours.items()}
    if field.path == OURS_REQUIRED:
        ours["required"] = False
    if field.format == "base64":  # said by the fact's note alone
        ours["format"] = ""
    return ours


def test_a_field_is_what_the_facts_say():
    for field, fact in each_field():
        theirs = said(fact)
        if field.enum:  # lengths of enums are wrong in the API (the fact's note on reply_mode): not carried
            theirs |= {"min_length": None, "max_length": None}
        assert known(field) == theirs, field.path
        assert type(field.default) is type(theirs["default"]), field.path


def test_a_field_is_present_where_the_facts_say():
    names = ("in_list", "in_show", "in_create", "in_update")
    for field, fact in each_field():
        ours = {name: getattr(field, name) for name in names}
        assert ours == {name: fact["presence"].get(name, False) for name in names}, field.path


def test_the_calls_for_one_item_accept_what_the_facts_say():
    for kind, path, fact in ROWS:
        theirs = tuple(fact["presence"].get(name, False) for name in ("in_rule_create", "in_rule_update"))
        assert accepted_alone(kind_named(kind), path) == theirs, path


def accepted_alone(kind: Kind, path: str) -> tuple[bool, bool]:
    items = kind.item_collection
    if items is None or not path.startswith(f"{items.field}[]."):
        return False, False
    name = path.removeprefix(f"{items.field}[].").partition(".")[0].removesuffix("[]")
    return name in items.create_fields, name in items.update_fields


def test_a_list_pairs_its_items_as_the_facts_say():
    for field, fact in each_field():
        if "list" not in fact:
            assert field.list is None, field.path
            continue
        theirs = fact["list"]
        assert field.list is not None, field.path
        assert (field.list.type, field.list.keys) == expected_rule(field, theirs), field.path
        assert set(field.list.server_keys) == {theirs[key] for key in SERVER_KEYS if key in theirs}, field.path


SERVER_KEYS = ("server_key", "other_server_key")


def expected_rule(field: Field, theirs: dict[str, Any]) -> tuple[ListType, tuple[str, ...]]:
    keys = theirs["natural_key"]
    assert field.item is not None
    if theirs["set"]:
        assert keys == ["<value>"] or set(keys) == set(field.item.children), "a set's key is the whole item"
        return ListType.SET, ()
    if keys[0].startswith("<") or field.item.children[keys[0]].volatile_url:  # no key, or one signed at every read
        return ListType.ATOMIC, ()
    ordered = theirs["order"] == "meaningful"
    # design §4: rules of a room match on the group's name, which its id resolves to
    names = tuple(key.replace("group_id", "group_name") for key in keys)
    return ListType.ORDERED_MAP if ordered else ListType.MAP, names


def test_a_list_item_has_the_facts_limits():
    for field, fact in each_field():
        if fact["type"] != "list":
            continue
        item, theirs = field.item, fact["items"]
        assert item is not None, field.path
        assert (item.type, list(item.enum)) == (theirs["type"], fact.get("items_enum", [])), field.path
        if item.type == "string" and not item.enum:
            assert (item.min_length, item.max_length) == (theirs["min_length"], theirs["max_length"]), field.path


def test_a_manifest_may_hold_exactly_what_is_writable_and_no_name():
    for kind, path, fact in ROWS:
        writable = FieldRole(fact["role"]) in WRITABLE and path not in IDENTITIES
        assert (path in _declared(kind)) == writable, path


@cache
def _declared(kind: str) -> set[str]:
    """The paths of the pydantic model alone, read from its JSON Schema: a second way to the same answer."""
    schema = kind_named(kind).model.model_json_schema()
    found: set[str] = set()

    def walk(node: dict[str, Any], at: str) -> None:
        for choice in (*node.get("anyOf", []), node):
            target = schema["$defs"][choice["$ref"].rsplit("/", 1)[1]] if "$ref" in choice else choice
            if target.get("title") == "Secret":
                continue
            for name, child in target.get("properties", {}).items():
                found.add(f"{at}.{name}".lstrip("."))
                walk(child, f"{at}.{name}".lstrip("."))
            if "items" in target:
                walk(target["items"], at + "[]")

    walk(schema, "")
    return found


def test_operations_are_where_the_facts_say():
    for resource, name in KINDS.items():
        kind, said = kind_named(name), FACTS["operations"][resource]
        ends = kind.endpoints
        assert ends.collection == said["collection"]
        assert ends.object.replace("{id}", f"{{{said['id_field']}}}") == said["item"]
        assert (kind.id_field, kind.name_field) == (said["id_field"], said["name_field"])
        assert (ends.items, ends.count) == (said["list_items_key"], said["list_count_key"])
        assert ends.summary == said.get("summary", "")
        items = kind.item_collection.path if kind.item_collection else ""
        assert items.replace("{id}", "{group_id}") == said.get("rules", "")
        filters = set(said["list"]["query"]) - {"offset", "limit"}
        assert {each.parameter for each in ends.filters} == filters
        for each in ends.filters:
            fact = said["list"]["query"][each.parameter]
            assert each.max_length == fact.get("max_length", 0)
            assert each.values == tuple(fact.get("values", ()))
            assert (each.match == "any of") == (fact.get("multi") == "comma")
            assert each.is_time == (fact.get("format") == "RFC 3339")
            assert each.doc
            assert not each.field or each.field in kind.fields


def test_rooms_come_after_the_groups_their_rules_name():
    room: Kind = kind_named("SmartLiveRoom")
    assert room.depends_on == ("InteractionRuleGroup",)
    assert set(room.references) <= set(room.fields)
