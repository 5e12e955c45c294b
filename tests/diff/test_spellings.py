"""Values that mean the same although they are not spelled alike: each is suppressed by a rule that says so."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.change import Action, SuppressionReason
from reconciler.model.field_path import ItemKey, covers, parse, printed, spell
from reconciler.timestamps import parse_rfc3339
from tests.support.planning import GROUP, ROOM, one_change

WHEN = "2021-01-10T08:43:17Z"


def expiry(value: Any) -> dict[str, Any]:
    return {"shared_config": {"expire_time": value}}


@pytest.mark.parametrize(
    "spelled",
    [
        "2021-01-10T08:43:17+00:00",
        "2021-01-10T08:43:17.000Z",
        "2021-01-10t08:43:17z",
        "2021-01-10T16:43:17+08:00",
    ],
)
def test_equal_instants_are_equal(spelled: str) -> None:
    change = one_change(ROOM, expiry(WHEN), expiry(spelled))
    assert change.action is Action.NONE
    assert [one.rule for one in change.suppressed] == [SuppressionReason.TIME]


def test_midnight_and_leap_seconds_are_the_instant_after() -> None:
    assert parse_rfc3339("2021-01-10T24:00:00Z") == parse_rfc3339("2021-01-11T00:00:00Z")
    assert parse_rfc3339("2016-12-31T23:59:60Z") == parse_rfc3339("2017-01-01T00:00:00Z")


@pytest.mark.parametrize("text", ["2021-W01-7", "soon", "2021-13-01T00:00:00Z", "20210110T08:43:17Z", "2021-01-10"])
def test_what_is_no_time_stays_text(text: str) -> None:
    assert parse_rfc3339(text) is None
    assert one_change(ROOM, expiry(WHEN), expiry(text)).action is Action.UPDATE
    assert one_change(ROOM, expiry(text), expiry(text)).action is Action.NONE


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_times(text: str) -> None:
    parse_rfc3339(text)


def picture(url: str) -> dict[str, Any]:
    layer = {"layer_type": "IMAGE", "image_config": {"image_url": url}}
    return {"interaction_rules": [{"rule_name": "a", "trigger": {"layer_config": layer}}]}


def test_signed_addresses_are_compared_without_their_query() -> None:
    change = one_change(GROUP, picture("https://a.test/x.png?sig=1"), picture("https://a.test/x.png?sig=2"))
    assert change.action is Action.NONE
    assert [one.rule for one in change.suppressed] == [SuppressionReason.URL]
    assert one_change(GROUP, picture("https://a.test/x.png"), picture("https://a.test/y.png")).action is Action.UPDATE


def rate(value: Any) -> dict[str, Any]:
    return {"video_config": {"frame_rate": value}}


def test_a_number_for_a_text_is_no_difference() -> None:
    change = one_change(ROOM, rate("30"), rate(30))
    assert (change.action, [one.rule for one in change.suppressed]) == (Action.NONE, [SuppressionReason.NUMBER])


@pytest.mark.parametrize(
    ("live", "same"), [("500", True), (500.0, True), ("500.5", False), (True, False), ("true", False)]
)
def test_a_text_for_a_number_is_no_difference(live: Any, same: bool) -> None:
    def priority(value: Any) -> dict[str, Any]:
        return {"interaction_rules": [{"rule_name": "a", "hit_condition": {"priority": value}}]}

    change = one_change(GROUP, priority(500), priority(live))
    assert (change.action is Action.NONE) is same


@pytest.mark.parametrize(
    ("sent", "stored", "same"),
    [
        ("a\r\n b  ", "a\n b", True),
        ("  a", "a", True),
        ("a", "a  ", False),
        ("a b", "a  b", False),
        ("e\N{COMBINING ACUTE ACCENT}", "é", False),
    ],
)
def test_a_text_is_alike_only_where_the_service_tidied_it(sent: str, stored: str, same: bool) -> None:
    change = one_change(ROOM, {"room_description": sent}, {"room_description": stored})
    assert (change.action is Action.NONE) is same


def test_names_of_rules_are_alike_after_normal_form_c() -> None:
    def named(name: str) -> dict[str, Any]:
        return {"interaction_rules": [{"rule_name": name, "event_type": 1}]}

    assert one_change(GROUP, named("é"), named("e\N{COMBINING ACUTE ACCENT}")).action is Action.NONE


STEPS = st.lists(
    st.one_of(
        st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
        st.integers(0, 99),
        st.builds(
            ItemKey,
            st.lists(st.one_of(st.text(max_size=6), st.integers(-9, 99), st.none()), min_size=1, max_size=3).map(tuple),
            st.integers(1, 3),
        ),
    ),
    min_size=1,
    max_size=5,
).filter(lambda steps: isinstance(steps[0], str))


@given(STEPS)
def test_a_printed_path_reads_back_as_itself(steps: list[Any]) -> None:
    assert parse(spell(steps)) == tuple(map(printed, steps))


TWO_PARTS = st.lists(st.one_of(st.text(max_size=4), st.none()), min_size=2, max_size=2)


@given(TWO_PARTS, TWO_PARTS)
def test_two_different_keys_never_print_alike(one: list[Any], other: list[Any]) -> None:
    assert (printed(ItemKey(tuple(one))) == printed(ItemKey(tuple(other)))) == (one == other)


@pytest.mark.parametrize("text", ["", ".a", "a..b", "a[", "a]b", "a[b", 'a["b]', "a b"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="path"):
        parse(text)


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        ("room_description", "room_description", True),
        ("interaction_rules[price]", "interaction_rules[price].trigger.time_window", True),
        ('interaction_rules["price"].trigger', "interaction_rules[price].trigger.time_window", True),
        ("interaction_rules[*].trigger", "interaction_rules[lib,price].trigger", True),
        ("interaction_rules[*].trigger", "interaction_rules[price].event_type", False),
        ("*", "priv_data", True),
        ("play_policy.*", "play_policy", False),
        ("interaction_rules[price]", "interaction_rules[prices]", False),
    ],
)
def test_a_pattern_covers_a_path_and_all_below_it(pattern: str, path: str, covered: bool) -> None:
    assert covers(parse(pattern), parse(path)) is covered
