"""Each half of a condition in `semantics`, `diff` and `api`, one row each: what one of them alone says differs."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.api.allowed_hosts import check_allowed, database_allowed
from reconciler.api.retry import MAX_PAUSE, TRIES, RetryState
from reconciler.diff.compare.collector import DiffCollector
from reconciler.diff.compare.walk import items
from reconciler.errors import HostNotAllowedError
from reconciler.lookalikes import quoted_apart
from reconciler.model.options import ResourceScope, Selection
from reconciler.semantics.compiled_field import compiled
from reconciler.semantics.defaults import fill_defaults
from reconciler.semantics.equality import equivalent, normalize, without_query
from reconciler.semantics.list_keys import has_keys
from reconciler.semantics.scope import outside_scope_reason
from reconciler.timestamps import parse_rfc3339
from tests.support.planning import GROUP, ROOM, World, declared, ledger, live, remembered

RULES = compiled(GROUP).children["interaction_rules"]
ENABLED = RULES.each.children["enabled"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-01T24:00:00Z", "2026-01-02T00:00:00+00:00"),
        ("2026-01-01T24:01:00Z", None),
        ("2026-01-01T24:00:01Z", None),
        ("2026-01-01T25:00:00Z", None),
        ("2026-01-01T23:59:60Z", "2026-01-02T00:00:00+00:00"),
        ("2026-01-01T23:59:61Z", None),
        ("2026-01-01T23:60:00Z", None),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00"),
    ],
)
def test_an_instant(text: str, moment: str | None) -> None:
    found = parse_rfc3339(text)
    assert (found.isoformat() if found else None) == moment


def test_a_null_has_the_documented_default_and_nothing_where_there_is_none() -> None:
    assert ENABLED.documented
    assert fill_defaults(ENABLED, None) == ENABLED.default
    assert fill_defaults(ENABLED, not ENABLED.default) is (not ENABLED.default)
    name = RULES.each.children["rule_name"]
    assert (name.documented, fill_defaults(name, None), fill_defaults(name, "a")) == (False, None, "a")


def test_a_value_that_is_not_the_default_has_a_normal_form_of_its_own() -> None:
    assert normalize(ENABLED, ENABLED.default) is None
    assert normalize(ENABLED, None) is None
    assert normalize(ENABLED, not ENABLED.default) is (not ENABLED.default)
    assert not equivalent(ENABLED, ENABLED.default, not ENABLED.default)


@pytest.mark.parametrize(("keys", "there"), [(("a", "b"), True), (("a", None), False), ((), True)])
def test_a_list_has_keys_where_every_item_has_one(keys: tuple[str | None, ...], there: bool) -> None:
    assert has_keys(RULES, [{"rule_name": key} if key else {} for key in keys]) is there


@pytest.mark.parametrize(
    ("url", "plain"), [("https://a.test/x?a=1?b#c", "https://a.test/x"), ("https://a.test/x#c?d", "https://a.test/x")]
)
def test_an_address_without_its_query(url: str, plain: str) -> None:
    assert without_query(url) == plain


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [("R2", "R2 ", ('"R2"', '"R2\\x20"')), ("abc", "axc", ('"abc"', '"axc"')), ("a\u2009b", "a b", None)],
)
def test_two_names_are_told_apart_where_they_differ_and_nowhere_else(
    first: str, second: str, shown: tuple[str, str] | None
) -> None:
    assert quoted_apart(first, second) == (shown or ('"a\\u2009b"', '"a\\x20b"'))


def test_a_pause_lies_between_half_of_it_and_the_whole() -> None:
    shortest, longest = RetryState(lambda: 0.0), RetryState(lambda: 1.0)
    pauses = [(shortest.after_failure(), longest.after_failure()) for _ in range(TRIES)]
    assert pauses == [(0.25, 0.5), (0.5, 1.0), (1.0, 2.0), (None, None)]
    assert RetryState(lambda: 0.0).after_refusal(MAX_PAUSE) == 0.0


@pytest.mark.parametrize(
    ("present", "untrusted", "known"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_counts_are_known_with_a_ledger_and_manifests_that_are_trusted(
    present: bool, untrusted: bool, known: bool
) -> None:
    past = replace(ledger(remembered(ROOM, "a")), present=present)
    plan = World([declared(ROOM, "a")], [live(ROOM, "a")], past).plan(untrusted=untrusted)
    assert (plan.unknown_counts == ()) is known


def test_no_more_than_three_names_are_suggested() -> None:
    world = World([declared(ROOM, f"abcdef{number}") for number in range(6)], [])
    plan = world.plan(selection=Selection(targets=('SmartLiveRoom["abcdef"]',)))
    (hint,) = [one.hint for one in plan.diagnostics if one.code == "E_TARGET_UNKNOWN"]
    assert hint.count("SmartLiveRoom") == 3


def test_what_a_read_did_not_see_is_left_out_and_nothing_else() -> None:
    wish: dict[str, Any] = {"room_description": "new", "priv_data": "mine"}
    seen = live(ROOM, "a", spec={"room_description": "old"}, hidden=frozenset({"priv_data"}))
    (change,) = World([declared(ROOM, "a", wish)], [seen]).plan().changes
    assert [field.path for field in change.fields] == ["room_description"]


@pytest.mark.parametrize(("port", "fits"), [(0, False), (1, True), (65_535, True), (65_536, False)])
def test_a_port_is_one_of_sixteen_bits(port: int, fits: bool) -> None:
    url = f"https://a.example:{port}"
    if fits:
        assert check_allowed(url, (url,)).port == port
    else:
        with pytest.raises(HostNotAllowedError):
            check_allowed(url, (url,))


@pytest.mark.parametrize(
    ("entry", "reached"),
    [("db.example:5433", True), ("db.example", False), ("db.example:5432", False), ("other.example:5433", False)],
)
def test_a_database_is_allowed_by_its_host_and_its_port(entry: str, reached: bool) -> None:
    assert database_allowed("db.example", 5433, (entry,)) is reached


@pytest.mark.parametrize(
    ("kind", "spec", "inside"),
    [
        (ROOM, {}, True),
        (ROOM, {"room_type": None}, True),
        (ROOM, {"room_type": "NORMAL"}, True),
        (ROOM, {"room_type": "TEMPLATE"}, False),
        (GROUP, {}, True),
    ],
)
def test_a_room_without_a_type_is_a_normal_one_and_a_library_is_in_every_scope(
    kind: Any, spec: dict[str, Any], inside: bool
) -> None:
    normal = ResourceScope(fields={"room_type": frozenset({"NORMAL"})})
    assert (outside_scope_reason(kind, "a", spec, normal) == "") is inside
    templates = ResourceScope(fields={"room_type": frozenset({"TEMPLATE"})})
    assert (outside_scope_reason(kind, "a", spec, templates) == "") is (kind is GROUP or not inside)


@pytest.mark.parametrize(("want", "have", "differs"), [(" ", "", False), ("", " ", True), ("", "", False)])
def test_an_empty_item_is_compared_by_the_directed_rule_too(want: str, have: str, differs: bool) -> None:
    text = RULES.each.children["trigger"].children["reply_texts"].each
    assert (items(text, want, have, (), DiffCollector()) is not None) is differs
