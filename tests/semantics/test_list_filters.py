"""Filters of lists: which values they take, and what a row tells about them."""

import pytest

from reconciler.errors import UsageError
from reconciler.kinds.registry import all_kinds
from reconciler.model.resource import LiveResource
from reconciler.semantics.list_filters import filter_called, row_matches, value_to_send

ROOM, GROUP = all_kinds()["SmartLiveRoom"], all_kinds()["InteractionRuleGroup"]
OWN = "0" * 32

ACCEPTED = [
    ("room_name", "Tea 茶", "Tea 茶"),
    ("room-name", "x" * 128, "x" * 128),
    ("--dh-id", "26f06524", "26f06524"),
    ("live_state", "PROCESSING,FAILED", "PROCESSING,FAILED"),
    ("live_state", "failed , null,FAILED", "FAILED,NULL"),
    ("live_state", "SUCCEED", "SUCCESS"),
    ("start_time", "2021-01-10T08:43:17Z", "2021-01-10T08:43:17Z"),
    ("end_time", "2021-01-10T16:43:17+08:00", "2021-01-10T08:43:17Z"),
    ("room_type", "template", "TEMPLATE"),
    ("template_own_type", "SHARED_TO_OTHERS", "SHARED_TO_OHTERS"),
    ("template_own_type", "SHARED_TO_OHTERS", "SHARED_TO_OHTERS"),
    ("template_own_type", "SHARED_FROM_OTHERS", "SHARED_FROM_OHTERS"),
    ("template_own_type", "Owned", "OWNED"),
    ("template_own_type", "Public", "PUBLIC"),
    ("confirm_state", "CONFIRMED", "confirmed"),
]


@pytest.mark.parametrize(("name", "text", "sent"), ACCEPTED)
def test_a_value_is_sent_as_the_service_spells_it(name, text, sent):
    assert value_to_send(filter_called(ROOM, name), text) == sent


REFUSED = [
    ("room_name", "x" * 129, "128"),
    ("room_name", " ", "empty"),
    ("live_state", "RUNNING", "WAITING, PROCESSING"),
    ("live_state", "FAILED,", "no value"),
    ("live_state", "BLOCKED", "no value"),
    ("start_time", "2021-01-10", "2021-01-10T08:43:17Z"),
    ("start_time", "2021-13-10T08:43:17Z", "RFC 3339"),
    ("end_time", "2021-01-10T08:43:17.5Z", "whole seconds"),
    ("end_time", "20210110T08:43:17Z", "RFC 3339"),
    ("room_type", "TEMPLAT", "did you mean TEMPLATE?"),
    ("template_own_type", "MINE", "OWNED"),
]


@pytest.mark.parametrize(("name", "text", "reason"), REFUSED)
def test_another_value_is_refused_before_a_call(name, text, reason):
    rule = filter_called(ROOM, name)
    with pytest.raises(UsageError) as refused:
        value_to_send(rule, text)
    assert refused.value.code == "E_FILTER"
    assert rule.option in refused.value.message
    assert reason in f"{refused.value.message} {refused.value.hint}"


def test_an_unknown_filter_names_those_there_are():
    with pytest.raises(UsageError) as refused:
        filter_called(GROUP, "colour")
    assert "group_name, create_since, create_until" in refused.value.hint


def live(kind=ROOM, hidden=frozenset(), unusable=False, **spec):
    return LiveResource(kind=kind.name, name="x", id="1", spec=spec, hidden=hidden, unusable=unusable)


VERDICTS = [
    (ROOM, "room_name", "tea", {"room_name": "The Tea House"}, True),
    (ROOM, "room_name", "tea", {"room_name": "Coffee"}, False),
    (ROOM, "room_name", "tea", {}, None),
    (ROOM, "model_name", "an", {"model_infos": [{"asset_name": "Bo"}, {"asset_name": "Ann"}]}, True),
    (ROOM, "model_name", "an", {"model_infos": [{"asset_name": "Bo"}]}, False),
    (ROOM, "model_name", "an", {}, None),
    (ROOM, "dh_id", "d", {"model_infos": []}, None),
    (ROOM, "live_state", "SUCCESS", {"last_job_status": "SUCCEED"}, True),
    (ROOM, "live_state", "WAITING,FAILED", {"last_job_status": "FAILED"}, True),
    (ROOM, "live_state", "WAITING,FAILED", {"last_job_status": "SUCCEED"}, False),
    (ROOM, "live_state", "FAILED", {}, False),
    (ROOM, "live_state", "NULL", {}, True),
    (ROOM, "live_state", "NULL", {"last_job_status": "FAILED"}, False),
    (ROOM, "start_time", "2026-01-01T00:00:00Z", {"last_job_start_time": "2026-01-01T00:00:00Z"}, True),
    (ROOM, "start_time", "2026-01-01T00:00:00Z", {"last_job_start_time": "2025-12-31T23:59:59Z"}, False),
    (ROOM, "start_time", "2026-01-01T00:00:00Z", {}, False),
    (ROOM, "end_time", "2026-01-01T00:00:00Z", {"last_job_end_time": "2026-01-01T07:00:00+08:00"}, True),
    (ROOM, "end_time", "2026-01-01T00:00:00Z", {"last_job_end_time": "soon"}, False),
    (ROOM, "room_type", "NORMAL", {}, True),
    (ROOM, "room_type", "TEMPLATE", {}, False),
    (ROOM, "confirm_state", "confirmed", {"confirm_state": "CONFIRMED"}, True),
    (ROOM, "template_own_type", "OWNED", {"project_id": OWN}, None),
    (ROOM, "template_own_type", "OWNED", {"project_id": "other"}, False),
    (ROOM, "template_own_type", "SHARED_TO_OHTERS", {"project_id": "other"}, False),
    (ROOM, "template_own_type", "SHARED_FROM_OHTERS", {"project_id": OWN}, False),
    (ROOM, "template_own_type", "SHARED_FROM_OHTERS", {"project_id": "other"}, None),
    (ROOM, "template_own_type", "PUBLIC", {"shared_config": {"shared_type": "SHARED"}}, False),
    (ROOM, "template_own_type", "PUBLIC", {"shared_config": {"shared_type": "PUBLIC"}}, None),
    (GROUP, "group_name", "wel", {"group_name": "Welcome"}, True),
    (GROUP, "create_since", "2026-01-01T00:00:00Z", {"create_time": "2026-01-02T00:00:00Z"}, True),
    (GROUP, "create_until", "2026-01-01T00:00:00Z", {"create_time": "2026-01-02T00:00:00Z"}, False),
    (GROUP, "create_until", "2026-01-01T00:00:00Z", {}, None),
]


@pytest.mark.parametrize(("kind", "name", "value", "row", "verdict"), VERDICTS)
def test_a_row_is_judged_where_it_shows_the_field(kind, name, value, row, verdict):
    assert row_matches(kind, filter_called(kind, name), live(kind, **row), value, OWN) is verdict


def test_what_was_not_read_is_not_judged():
    rule = filter_called(ROOM, "room_type")
    assert row_matches(ROOM, rule, live(hidden=frozenset({"room_type"})), "TEMPLATE", OWN) is None
    owner = filter_called(ROOM, "template_own_type")
    assert row_matches(ROOM, owner, live(unusable=True, project_id="other"), "OWNED", OWN) is None
