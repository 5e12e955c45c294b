"""Whatever a manifest holds, an editor's verdict is ours, apart from what JSON Schema cannot see."""

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.kinds.base.field import Field, FieldType
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.manifest.json_schema import kind_schema
from reconciler.manifest.validation.validator import validate
from reconciler.model.diagnostic import Severity
from reconciler.model.options import ResourceScope
from reconciler.model.source_map import NO_SOURCE

KINDS = list(all_kinds().values())
VALIDATORS = {kind.name: jsonschema_rs.validator_for(kind_schema(kind)) for kind in KINDS}

BEYOND = {"E_RULE_DUPLICATE", "E_RULE_TAG"}
"""Errors that compare places with each other, or know more than the facts: ours alone (see the corpus)."""


def our_errors(kind: Kind, spec: dict[str, Any]) -> set[str]:
    document = {"apiVersion": "metastudio/v1", "kind": kind.name, "metadata": {"name": "x"}, "spec": spec}
    found = validate(document, NO_SOURCE, {kind.name: kind}, ResourceScope()).problems
    return {problem.code for problem in found if problem.severity is Severity.ERROR}


def their_verdict(kind: Kind, spec: dict[str, Any]) -> bool:
    document = {"apiVersion": "metastudio/v1", "kind": kind.name, "metadata": {"name": "x"}, "spec": spec}
    return VALIDATORS[kind.name].is_valid(document)


SECRET = st.just({"secret": "A_NAME"}) | st.sampled_from([{"secret": "lower"}, {"secret": 1, "more": 2}, "clear", {}])


def value_of(field: Field) -> st.SearchStrategy[Any]:
    """Values for one field: mostly fit, some just outside a limit, some of another type."""
    wrong = st.sampled_from([None, None, {"k": 1}, [1], True, "text", 3])
    return st.integers(0, 19).flatmap(lambda n: fit(field) if n < 15 else near(field) if n < 19 else wrong)


def fit(field: Field) -> st.SearchStrategy[Any]:
    if field.item is not None:
        high = min(field.max_items or 2, 2)
        item = SECRET if field.item.sensitive else value_of(field.item) if field.item.children else fit(field.item)
        return st.lists(item, min_size=min(field.min_items or 0, high), max_size=high)
    if field.type is FieldType.OBJECT:
        return objects(field, value_of)
    if field.sensitive:
        return SECRET
    if field.enum:
        return st.sampled_from(field.enum)
    if field.type is FieldType.BOOLEAN:
        return st.booleans()
    if field.format.startswith("RFC 3339"):  # its spelling is a check of ours: the facts have no pattern
        return st.sampled_from(["", "2027-01-01T00:00:00Z"])
    if field.type is FieldType.TEXT:
        return st.sampled_from(["#0AF19c", "x" * max(1, field.min_length or 1)])
    return st.integers(int(field.minimum or 0), int(field.maximum or 9))


def near(field: Field) -> st.SearchStrategy[Any]:
    if field.item is not None:
        return st.lists(value_of(field.item), max_size=3)
    if field.type is FieldType.OBJECT:
        return objects(field, value_of)
    if field.format.startswith("RFC 3339"):
        return st.just("x" * 21)
    if field.type is FieldType.TEXT:
        return st.sampled_from(["", "x" * ((field.max_length or 20) + 1), "25", "NORMAL"])
    ends = [end for end in (field.minimum, field.maximum) if end is not None]
    return st.sampled_from([int(end) + step for end in ends for step in (-1, 0, 1)] or [0])


def objects(field: Field, inner: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with a few fields, the required ones more often than not, sometimes one that does not belong."""
    names = sorted(name for name, child in field.children.items() if child.writable and not child.required_in)
    computed = sorted(name for name, child in field.children.items() if not child.writable)
    required = sorted(name for name, child in field.children.items() if child.required)
    chosen = st.lists(st.sampled_from(names), max_size=4, unique=True)
    several = st.tuples(chosen, st.sampled_from([required] * 9 + [[]]), st.integers(0, 60))

    def filled(picked: tuple[list[str], list[str], int]) -> st.SearchStrategy[dict[str, Any]]:
        some, must, chance = picked
        known = {name: inner(field.children[name]) for name in sorted({*some, *must})}
        odd = ["no_such_field"] if chance == 0 else computed[:1] if chance == 1 else []
        return st.fixed_dictionaries(known | {name: st.just("a") for name in odd})

    return several.flatmap(filled)


def agree(kind: Kind, spec: dict[str, Any]) -> None:
    errors = our_errors(kind, spec)
    if not their_verdict(kind, spec):
        assert errors, "an editor would refuse what we take"
    elif not named_emptily(spec):
        assert errors <= BEYOND, "an editor would take what we refuse"


def named_emptily(spec: dict[str, Any]) -> bool:
    rules = spec.get("interaction_rules")
    return isinstance(rules, list) and any(isinstance(rule, dict) and rule.get("rule_name") == "" for rule in rules)


LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@settings(LAW, max_examples=300)
@given(st.data())
def test_editor_and_validator_agree(kind: Kind, data: st.DataObject):
    agree(kind, data.draw(objects(kind.root, value_of)))


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@settings(LAW, max_examples=5_000)
@given(st.data())
def test_editor_and_validator_agree_five_thousand_times(kind: Kind, data: st.DataObject):
    agree(kind, data.draw(objects(kind.root, value_of)))
