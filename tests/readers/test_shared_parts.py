"""Equal parts of live objects are one object, and no object reads differently for it."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.read_result import ReadRequest
from reconciler.readers.shared_parts import SharedParts
from reconciler.simulator import Simulator, transport
from tests.support.reading import GROUP, reader

TEXTS = st.sampled_from(["", "a", "price", "\ud800", "晚场"])
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, 1, 1.0, 0.0, -0.0, 2**70]) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)
ROWS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=6)


@given(rows=ROWS)
def test_every_row_reads_as_before(rows):
    before = [json.dumps(row) for row in rows]
    parts = SharedParts()
    for _ in range(2):
        parts.share(rows)
    assert [json.dumps(row) for row in rows] == before


def rule(number: Any, **more: Any) -> dict[str, Any]:
    return {"rule_id": f"r{number}", "trigger": {"time_window": 30, "reply_texts": ["one", "two"], **more}}


def test_what_is_inside_an_item_is_one_object_for_all_of_them():
    rows = [{"name": f"g{number}", "rules": [rule(number), rule(-number)]} for number in range(5)]
    parts = SharedParts()
    parts.share(rows)
    assert len({id(each["trigger"]) for row in rows for each in row["rules"]}) == 1
    assert len({id(each) for row in rows for each in row["rules"]}) == 10


def test_a_part_with_another_class_or_order_is_another():
    rows = [{"part": part} for part in ({"a": 1, "b": 2}, {"a": True, "b": 2}, {"a": 1.0, "b": 2}, {"b": 2, "a": 1})]
    parts = SharedParts()
    parts.share(rows)
    assert len({id(row["part"]) for row in rows}) == 4


def test_a_long_part_is_not_remembered():
    rows = [{"part": {"text": "x" * 3_000}} for _ in range(2)]
    parts = SharedParts()
    for row in rows:
        parts.share([row])
    assert rows[0]["part"] is not rows[1]["part"]


def test_texts_that_rows_repeat_are_one_object_and_what_is_inside_a_new_part_too():
    rows = [
        {
            "owner": "a team of many",
            "name": f"number {each}",
            "play": {"order": "one after the other", "text": f"t{each}"},
        }
        for each in range(200)
    ]
    rows = json.loads(json.dumps(rows))
    parts = SharedParts()
    parts.share(rows[:100])
    parts.share(rows[100:])
    assert len({id(row["owner"]) for row in rows}) == 1
    assert len({id(row["play"]["order"]) for row in rows}) == 1
    assert len({id(row["name"]) for row in rows}) == 200


def page_of_groups(number: int, **more: Any) -> list[dict[str, Any]]:
    """Return a page whose groups have a time each, which their rules have too."""
    times = [f"time {number}:{each}" for each in range(100)]
    return json.loads(json.dumps([{"time": time, "rules": [{"time": time}] * 4, **more} for time in times]))


def test_a_text_that_rows_repeat_in_one_place_alone_is_shared_there():
    pages, parts = [page_of_groups(number) for number in range(3)], SharedParts()
    for rows in pages:
        parts.share(rows)
    assert len({id(row["time"]) for rows in pages for row in rows}) == 300
    assert len({id(rule["time"]) for rows in pages for row in rows for rule in row["rules"]}) == 300


def test_what_a_field_holds_is_seen_in_a_later_page_where_the_first_has_nulls():
    parts = SharedParts()
    for more in ({"owner": None, "part": None}, {"owner": "a team of many", "part": {"order": "by number"}}):
        rows = page_of_groups(1, **more)
        parts.share(rows)
        assert len({id(row["owner"]) for row in rows}) == 1
        assert len({id(row["part"]) for row in rows}) == 1


def test_the_objects_of_a_read_share_what_is_equal_from_the_list_and_from_shows():
    rules = [
        {
            "rule_name": f"rule {number}",
            "event_type": 1,
            "trigger": {"reply_mode": "SYSTEM_REPLY", "reply_texts": ["a"]},
        }
        for number in range(3)
    ]
    seed = {"interaction_rule_groups": [{"group_name": f"group {n}", "interaction_rules": rules} for n in range(130)]}
    for depth, details in (("list", "shown"), ("full", "hidden")):
        made = reader(
            "http://localhost", transport=transport(Simulator(seed | {"behaviours": {"list_details": details}}))
        )
        found = made.read(GROUP, ReadRequest(depth=depth)).resources
        assert len(found) == 130
        listed = [rule for one in found for rule in one.spec["interaction_rules"]]
        assert len({id(rule["trigger"]) for rule in listed}) == 1
        assert [rule["rule_name"] for rule in listed] == [f"rule {number}" for number in range(3)] * 130
