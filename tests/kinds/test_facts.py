"""Every path of the facts (tests/data/fields.yaml) is known to its kind, with what the facts say of it."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.kinds import kind_named
from reconciler.kinds.kind import Kind
from reconciler.kinds.table import WRITABLE, Field, ListType, NoDefault, Role

FACTS = yaml.safe_load((Path(__file__).parents[1] / "data" / "fields.yaml").read_text(encoding="utf-8"))
KINDS = {"smart_live_room": "SmartLiveRoom", "interaction_rule_group": "InteractionRuleGroup"}
ROWS = [
    (KINDS[resource], path, fact)
    for resource, table in FACTS["resources"].items()
    for path, fact in table["paths"].items()
]
CASES = [pytest.param(kind_named(kind).fields[path], fact, id=f"{kind}-{path}") for kind, path, fact in ROWS]
IDENTITIES = {kind.name_field for kind in map(kind_named, KINDS.values())}

OURS_REQUIRED = "interaction_rules[].rule_name"
"""Optional in the API; rules pair by it, so a manifest must say it (the fact's own note)."""


def test_the_tables_hold_exactly_the_paths_of_the_facts():
    for resource, kind in KINDS.items():
        assert set(kind_named(kind).fields) == set(FACTS["resources"][resource]["paths"])
    assert len(ROWS) == 311


@pytest.mark.parametrize(("field", "fact"), CASES)
def test_a_field_is_what_the_facts_say(field: Field, fact: dict[str, Any]):
    assert field.type == fact["type"]
    assert field.role == fact["role"]
    assert list(field.enum) == fact.get("enum", [])
    assert field.default == fact.get("default", NoDefault.NONE)
    assert type(field.default) is type(fact.get("default", NoDefault.NONE))
    assert (field.minimum, field.maximum) == (fact.get("min"), fact.get("max"))
    assert field.pattern == fact.get("pattern", "")
    assert (field.format, field.unit) == (
        fact.get("format", field.format if field.format == "base64" else ""),
        fact.get("unit", ""),
    )
    assert field.sensitive == fact.get("sensitive", False)
    assert field.volatile_url == fact.get("volatile_url", False)
    assert field.server_may_override == fact.get("server_may_override", False)
    assert field.required_when == fact.get("required_when", "")
    assert field.applies_when == fact.get("applies_when", "")
    assert list(field.required_in) == fact.get("required_in", [])
    assert field.required == (fact.get("required", False) or field.path == OURS_REQUIRED)
    assert field.doubtful_change == (fact.get("change_after_create") == "undocumented")
    assert field.source == fact["field"]


@pytest.mark.parametrize(("field", "fact"), CASES)
def test_a_field_has_the_facts_lengths_and_counts(field: Field, fact: dict[str, Any]):
    if field.enum:
        assert (field.min_length, field.max_length) == (None, None), (
            "lengths of enums are wrong in the API (reply_mode)"
        )
    else:
        assert (field.min_length, field.max_length) == (fact.get("min_length"), fact.get("max_length"))
    assert (field.min_items, field.max_items) == (
        fact.get("min_items"),
        fact.get("max_items", fact.get("max_items_in_request")),
    )
    assert (field.business_min, field.business_max) == (fact.get("business_min"), fact.get("business_max"))
    assert field.business_max_items == fact.get("business_max_items")
    assert [str(value) for value in field.business_values] == list(fact.get("business_values", {}))


@pytest.mark.parametrize(("field", "fact"), CASES)
def test_a_field_is_present_where_the_facts_say(field: Field, fact: dict[str, Any]):
    for name in ("in_list", "in_show", "in_create", "in_update", "in_rule_create", "in_rule_update"):
        assert getattr(field, name) == fact["presence"].get(name, False), name
    assert field.list_may_hide == (fact.get("list_reliability") == "may_be_absent" or _holds_hidden(field))


def _holds_hidden(field: Field) -> bool:
    return field.type == "list" and field.item is not None and field.list_may_hide


@pytest.mark.parametrize(("field", "fact"), [case for case in CASES if "list" in case.values[1]])
def test_a_list_pairs_its_items_as_the_facts_say(field: Field, fact: dict[str, Any]):
    rule, said = field.list, fact["list"]
    assert rule is not None
    assert field.item is not None
    keys = said["natural_key"]
    server = {said[key] for key in ("server_key", "other_server_key") if key in said}
    assert set(rule.server_keys) == server
    if said["set"]:
        assert rule.type is ListType.SET
        assert keys == ["<value>"] or set(keys) == set(field.item.children), "a set's key is the whole item"
    elif keys[0].startswith("<") or field.item.children[keys[0]].volatile_url:
        assert rule.type is ListType.ATOMIC, "no key, or one that is signed anew at every read"
    else:
        ordered = ListType.ORDERED_MAP if said["order"] == "meaningful" else ListType.MAP
        assert rule.type is ordered
        # design §4: rules of a room match on the group's name, which its id resolves to
        assert list(rule.keys) == [key.replace("group_id", "group_name") for key in keys]


@pytest.mark.parametrize(("field", "fact"), [case for case in CASES if case.values[1]["type"] == "list"])
def test_a_list_item_has_the_facts_limits(field: Field, fact: dict[str, Any]):
    assert field.item is not None
    assert list(field.item.enum) == fact.get("items_enum", [])
    assert field.item.type == fact["items"]["type"]
    if field.item.type == "string" and not field.item.enum:
        assert (field.item.min_length, field.item.max_length) == (
            fact["items"]["min_length"],
            fact["items"]["max_length"],
        )


@pytest.mark.parametrize(("kind", "path", "fact"), ROWS, ids=[f"{kind}-{path}" for kind, path, _ in ROWS])
def test_a_manifest_may_hold_exactly_what_is_writable_and_no_name(kind: str, path: str, fact: dict[str, Any]):
    declared = path in _declared(kind)
    assert declared == (Role(fact["role"]) in WRITABLE and path not in IDENTITIES)


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
        assert ends.item.replace("{id}", f"{{{said['id_field']}}}") == said["item"]
        assert (kind.id_field, kind.name_field) == (said["id_field"], said["name_field"])
        assert (ends.items, ends.count) == (said["list_items_key"], said["list_count_key"])
        assert ends.summary == said.get("summary", "")
        assert ends.children.replace("{id}", "{group_id}") == said.get("rules", "")
        filters = set(said["list"]["query"]) - {"offset", "limit"}
        assert {each.parameter for each in ends.filters} == filters
        for each in ends.filters:
            assert each.max_length == said["list"]["query"][each.parameter].get("max_length", 0)
            assert not each.field or each.field in kind.fields


def test_rooms_come_after_the_groups_their_rules_name():
    room: Kind = kind_named("SmartLiveRoom")
    assert room.after == ("InteractionRuleGroup",)
    assert set(room.references) <= set(room.fields)
