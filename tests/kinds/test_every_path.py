"""Every path of every kind is compared: a difference there alone is found there alone."""

import copy
import re
from typing import Any

import pytest

from reconciler.kinds.base.field import Field, FieldType, ListType
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.model.change import Action, SuppressionReason
from tests.support.planning import one_change

KINDS = list(all_kinds().values())


def value(field: Field, variant: int) -> Any:
    """Return a value the field may have; the two variants differ in every leaf."""
    if field.item is not None:
        return [value(field.item, variant)]
    if field.type is FieldType.OBJECT:
        return {name: value(child, 0) for name, child in field.children.items() if declarable(child)}
    if field.enum:
        return field.enum[-variant]  # the first or the last
    if field.type is FieldType.BOOLEAN:
        return bool(variant)
    if field.type is FieldType.TEXT:
        return ("https://media.example.com/a", "https://media.example.com/b")[variant]
    return int(field.minimum or 0) + variant


def declarable(field: Field) -> bool:
    return field.writable and not field.required_in and not field.sensitive


def full(kind: Kind) -> dict[str, Any]:
    """Return a spec with every field that a manifest may hold in clear."""
    return dict(value(kind.root, 0))


def leaves(kind: Kind) -> list[Field]:
    found = [field for field in kind.fields.values() if declarable(field)]
    return [field for field in found if not field.children and not (field.item and field.item.children)]


def keys_of_items(kind: Kind) -> set[str]:
    """The paths that items pair by: another value there is another item, not a difference in it."""
    lists = [field for field in kind.fields.values() if field.list and field.list.type is not ListType.SET]
    return {f"{field.path}[].{key}" for field in lists for key in field.list.keys}


def changed(spec: dict[str, Any], path: str, new: Any) -> dict[str, Any]:
    live = copy.deepcopy(spec)
    node: Any = live
    *steps, last = path.replace("[]", ".0").split(".")
    for step in steps:
        node = node[int(step) if isinstance(node, list) else step]
    node[last] = new
    return live


def plain(path: str) -> str:
    """A path without what stands in brackets: `scene_scripts[opening].title` is scene_scripts.title."""
    return re.sub(r"\[[^\]]*\]", "", path)


CASES = [(kind, field) for kind in KINDS for field in leaves(kind)]


def test_there_is_a_case_for_every_leaf_a_manifest_may_hold_in_clear():
    assert {kind.name for kind, _ in CASES} == set(all_kinds())
    assert len(CASES) > 200


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_equal_object_with_every_field_is_in_step(kind: Kind):
    change = one_change(kind, full(kind), full(kind))
    assert change.action is Action.NONE
    assert change.suppressed == ()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_one_difference_is_found_where_it_is(kind: Kind):
    spec = full(kind)
    for field in leaves(kind):
        change = one_change(kind, spec, changed(spec, field.path, value(field, 1)))
        assert change.action is Action.UPDATE, field.path
        found = {plain(one.path) for one in change.fields}
        if field.path in keys_of_items(kind):
            assert any(plain(field.path).startswith(one) for one in found), field.path
        else:
            assert len(found) == 1, (field.path, found)
            assert (plain(field.path) + ".").startswith(found.pop() + "."), field.path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_address_that_differs_in_its_query_alone_is_no_difference(kind: Kind):
    spec = full(kind)
    for field in (field for field in leaves(kind) if field.volatile_url):
        change = one_change(kind, spec, changed(spec, field.path, value(field, 0) + "?X-Amz-Signature=1"))
        assert change.action is Action.NONE, field.path
        assert [one.rule for one in change.suppressed] == [SuppressionReason.URL], field.path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_a_manifest_leaves_out_is_its_default_or_not_managed(kind: Kind):
    """Taken out one at a time, with another value on the live side: documented defaults show, nothing else does."""
    spec = full(kind)
    for field in leaves(kind):
        if field.path in keys_of_items(kind) or field.required or atomic_above(kind, field) or resolved(kind, field):
            continue
        without = changed(spec, field.path, None)
        drop(without, field.path)
        other = value(field, 1) if value(field, 1) != field.default else value(field, 0)
        change = one_change(kind, without, changed(spec, field.path, other))
        assert (change.action is Action.UPDATE) == field.defaulted, field.path


def resolved(kind: Kind, field: Field) -> bool:
    """Whether it is the id that a name beside it stands for: left out, it is looked up."""
    ids = {path.rpartition(".")[0] + "." + all_kinds()[other].id_field for path, other in kind.references.items()}
    return field.path in ids


def atomic_above(kind: Kind, field: Field) -> bool:
    """Whether it stands in an item that is compared as a whole, where absent means absent."""
    above = [field.path[: match.start()] for match in re.finditer(r"\[\]", field.path)]
    return any(kind.fields[path].list.type in (ListType.ATOMIC, ListType.SET) for path in above)


def drop(spec: dict[str, Any], path: str) -> None:
    node: Any = spec
    *steps, last = path.replace("[]", ".0").split(".")
    for step in steps:
        node = node[int(step) if isinstance(node, list) else step]
    del node[last]
