"""Equality of the values of every field of both kinds: one normal form, and one directed rule beside it."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.diff.compare.walk import same
from reconciler.kinds.base.field import FieldType
from reconciler.model.change import SuppressionReason
from reconciler.redaction import holds_sensitive
from reconciler.semantics.compiled_field import CompiledField, compiled
from reconciler.semantics.defaults import cleared_value, effective, fill_defaults, is_default
from reconciler.semantics.equality import equivalent, normalize, suppression_reason
from reconciler.semantics.fingerprint import fingerprint
from tests.support.planning import GROUP, ROOM
from tests.support.random_specs import Maker, pool

often = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


def fields(node: CompiledField, path: str) -> list[tuple[str, CompiledField]]:
    found = [(path, node)]
    for name, child in node.children.items():
        found += fields(child, f"{path}.{name}")
    return found + (fields(node.item, f"{path}[]") if node.item else [])


FIELDS = dict(fields(compiled(ROOM), "SmartLiveRoom") + fields(compiled(GROUP), "InteractionRuleGroup"))
LEAVES = {path: node for path, node in FIELDS.items() if node.plain}
SPELLINGS: tuple[Any, ...] = (
    *(25, "25", 25.0, "25.0", True, "true", 1, 1.0, "1", 0, -0.0, False, "false", 0.5, "0.5", "00025", "1e3", 1000),
    *("", " ", "a", "a ", " a", "a\n", "a\r\n", "a\n\nb", "a\r\nb", "é", "e\N{COMBINING ACUTE ACCENT}", "\ud800", None),
    *("2021-01-10T08:43:17Z", "2021-01-10T16:43:17+08:00", "25:00:00", "https://a.test/x?s=1", "https://a.test/x"),
    *([], {}, [""], {"a": 1}, {"a": 1.0}, {"a": True}, [1], [1.0], "x" * 300, 10**30, "1" + "0" * 30),
)


def single_values(node: CompiledField) -> st.SearchStrategy[Any]:
    near = (*pool(node.field), *((node.default,) if node.documented else ()))
    return st.one_of(st.sampled_from(near), st.sampled_from(SPELLINGS), st.text(max_size=4))


@st.composite
def values(draw: Any, count: int) -> tuple[Any, ...]:
    """Return a field, single or not, and some values for it."""
    path = draw(st.sampled_from(sorted(FIELDS)))
    node = FIELDS[path]
    if node.plain or node.sensitive:
        return node, *(draw(single_values(node)) for _ in range(count))
    made = []
    for _ in range(count):
        maker = Maker(draw(st.integers(0, 200)), null=0.1)
        value = maker.value(node.field, secrets=draw(st.booleans()))
        made.append(maker.shuffled(node.field, value) if draw(st.booleans()) else value)
    return node, *made


@often
@given(values(2))
def test_equivalent_values_have_one_fingerprint_and_others_have_two(given: Any) -> None:
    node, one, other = given
    assert equivalent(node, one, other) is (fingerprint(node, one) == fingerprint(node, other))
    assert equivalent(node, one, other) is equivalent(node, other, one)
    assert equivalent(node, one, json.loads(json.dumps(one)))


@often
@given(values(3))
def test_equivalence_is_transitive(given: Any) -> None:
    node, one, other, third = given
    if equivalent(node, one, other) and equivalent(node, other, third):
        assert equivalent(node, one, third)


@often
@given(values(1))
def test_the_normal_form_of_a_normal_form_is_itself(given: Any) -> None:
    node, value = given
    normal = normalize(node, value)
    if not holds_sensitive(node):
        assert json.dumps(normalize(node, normal), sort_keys=True) == json.dumps(normal, sort_keys=True)


@often
@given(st.sampled_from(sorted(LEAVES)), st.data())
def test_the_plan_and_the_normal_form_agree_on_every_single_field(path: str, data: Any) -> None:
    """Without the directed rule for text, what a plan calls a change is what has another normal form."""
    node = LEAVES[path]
    declared, live = data.draw(single_values(node)), data.draw(single_values(node))
    if declared is None and node.documented:
        declared = node.default
    tidied = suppression_reason(node, declared, live) is SuppressionReason.TEXT
    assert same(node, declared, live) is (equivalent(node, declared, live) or tidied)


@often
@given(st.sampled_from([ROOM, GROUP]), st.integers(0, 2**32), st.integers(0, 2**32))
def test_the_plan_and_the_normal_form_agree_on_whole_objects(kind: Any, seed: int, other: int) -> None:
    """An object that is declared in full is in step where both normal forms are equal, the directed rule apart."""
    node = compiled(kind)
    maker = Maker(seed, null=0)
    spec = maker.declared(kind)
    live = maker.shuffled(kind.root, json.loads(json.dumps(spec))) if other % 2 else Maker(other, null=0).declared(kind)
    full = fill_defaults(node, spec)
    if equivalent(node, full, live):
        assert same(node, full, live)


@pytest.mark.parametrize(
    ("declared", "live"),
    [
        ("a ", "a"),
        (" a", "a"),
        ("a\n", "a"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("a\r\nb\r\n", "a\nb"),
        ("  a  \n", "a  "),
        ("a\r", "a"),
        ("  ", ""),
    ],
)
def test_a_declared_text_matches_a_live_one_with_less_around_it_never_the_reverse(declared: str, live: str) -> None:
    node = FIELDS["SmartLiveRoom.priv_data"]
    assert suppression_reason(node, declared, live) is SuppressionReason.TEXT
    assert suppression_reason(node, live, declared) is None
    assert not equivalent(node, declared, live)
    assert fingerprint(node, declared) != fingerprint(node, live)


@pytest.mark.parametrize(
    ("declared", "live"), [("a  b", "a b"), ("ab", "a"), ("a\n\nb", "a\nb"), ("a", "A"), ("", "a")]
)
def test_no_other_text_matches(declared: str, live: str) -> None:
    assert suppression_reason(FIELDS["SmartLiveRoom.priv_data"], declared, live) is None


@pytest.mark.parametrize("rate", [25, "25", 25.0])
def test_a_number_has_one_fingerprint_however_it_is_spelled(rate: Any) -> None:
    node = compiled(ROOM)
    assert fingerprint(node, {"video_config": {"frame_rate": rate}}) == fingerprint(
        node, {"video_config": {"frame_rate": "25"}}
    )


@pytest.mark.parametrize("path", [path for path, node in LEAVES.items() if node.documented])
def test_a_default_is_the_default_however_it_is_spelled_and_absence_means_it(path: str) -> None:
    node = LEAVES[path]
    spelled = str(node.default).lower() if isinstance(node.default, bool) else str(node.default)
    assert is_default(node, node.default)
    assert is_default(node, None)
    assert is_default(node, spelled) is (
        node.type in (FieldType.TEXT, FieldType.INTEGER, FieldType.NUMBER, FieldType.BOOLEAN)
    )
    assert effective(node, None) == cleared_value(node) == node.default
    assert same(node, node.default, spelled)
    assert fingerprint(node, spelled) == fingerprint(node, None)
