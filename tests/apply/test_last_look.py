"""The last look before a write: the planned object and no other is judged, and what is no longer as planned waits."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from reconciler.model.change import Action
from reconciler.model.desired_state import DesiredState
from reconciler.model.ledger_state import ObjectRecord
from reconciler.model.options import Selection
from reconciler.model.outcome import OutcomeStatus
from reconciler.planner import make_plan
from reconciler.testing.harness import OWNER, PROJECT, SCOPE, TestService
from reconciler.testing.harness import stage as any_stage
from reconciler.testing.writer_suite import GROUP, ROOM, group, room, rule
from reconciler.writers.http_writer import HttpWriter

Made = Callable[[TestService], HttpWriter]
stage = partial(any_stage, served=False)


def entries(place: TestService, kind: str = ROOM) -> list[Any]:
    return list(place.simulator.world.collection(place.project_id, kind).entries.values())


def outcomes(applied: Any) -> list[tuple[OutcomeStatus, str]]:
    return [(one.status, one.code) for one in applied.outcomes]


@pytest.mark.parametrize("order", ["create_desc", "create_asc"])
@pytest.mark.parametrize("moved", ["the planned one", "the other one"])
def test_a_delete_among_two_namesakes_judges_the_planned_id_alone(http_writer: Made, order: str, moved: str) -> None:
    with stage({"behaviours": {"order": order}}) as place:
        place.apply((room("twin", "ours"),), http_writer(place))
        (ours,) = entries(place)
        made = place.plan(())
        console = place.simulator.console(ROOM, PROJECT)
        place.sleep(5)
        console.insert({"room_name": "twin", "room_description": "theirs"})
        (theirs,) = (entry for entry in entries(place) if entry.id != ours.id)
        console.change(ours if moved == "the planned one" else theirs, {"room_description": "moved"})
        (outcome,) = place.carry_out(made, (), http_writer(place)).outcomes
        if moved == "the planned one":
            assert (outcome.status, outcome.code) == (OutcomeStatus.SKIPPED, "E_STALE_OBJECT")
            assert len(entries(place)) == 2
        else:
            assert (outcome.status, outcome.id) == (OutcomeStatus.APPLIED, ours.id)
            assert [entry.id for entry in entries(place)] == [theirs.id]


@pytest.mark.parametrize("order", ["create_desc", "create_asc"])
def test_a_create_is_not_sent_where_a_namesake_of_ours_came_up_beside_a_foreign_one(
    http_writer: Made, order: str
) -> None:
    foreign = {"room_name": "new", "room_type": "TEMPLATE", "project_id": "f" * 32}
    with stage({"smart_live_rooms": [foreign], "behaviours": {"order": order}}) as place:
        made = place.plan((room("new"),))
        assert [change.action for change in made.pending] == [Action.CREATE]
        place.sleep(5)
        place.simulator.console(ROOM, PROJECT).insert({"room_name": "new"})
        applied = place.carry_out(made, (room("new"),), http_writer(place))
        assert outcomes(applied) == [(OutcomeStatus.SKIPPED, "E_STALE_OBJECT")]
        assert place.simulator.model.requests["create"] == 0


def test_a_create_is_sent_where_only_a_foreign_object_has_the_name(http_writer: Made) -> None:
    foreign = {"room_name": "new", "room_type": "TEMPLATE", "project_id": "f" * 32}
    with stage({"smart_live_rooms": [foreign]}) as place:
        assert outcomes(place.apply((room("new"),), http_writer(place))) == [(OutcomeStatus.APPLIED, "")]


def test_a_create_is_not_sent_for_an_object_that_only_the_ledger_can_name(http_writer: Made) -> None:
    """The list does not show it yet under any name, and show does: the ledger has its id from another run."""
    with stage() as place:
        made = place.plan((room("new"),))
        place.apply((room("new"),), http_writer(place))
        (entry,) = entries(place)
        place.simulator.inject(place.faults({"match": {"operation": "list"}, "transform": {"set": EMPTY}}))
        applied = place.carry_out(made, (room("new"),), http_writer(place))
        assert outcomes(applied) == [(OutcomeStatus.SKIPPED, "E_STALE_OBJECT")]
        assert [one.id for one in entries(place)] == [entry.id]


EMPTY = {"smart_live_rooms": [], "count": 0}


def test_a_delete_of_an_object_that_only_the_ledger_can_name_judges_that_one(http_writer: Made) -> None:
    """Somebody renamed it meanwhile, so that a search for the planned name brings another object."""
    with stage() as place:
        place.apply((room("evening", "ours"),), http_writer(place))
        (ours,) = entries(place)
        made = place.plan(())
        console = place.simulator.console(ROOM, PROJECT)
        console.change(ours, {"room_name": "renamed"})
        console.insert({"room_name": "evening", "room_description": "ours"})
        applied = place.carry_out(made, (), http_writer(place))
        assert outcomes(applied) == [(OutcomeStatus.SKIPPED, "E_STALE_OBJECT")]
        assert place.simulator.model.requests["delete"] == 0


def test_a_delete_of_an_object_that_is_gone_meanwhile_sends_nothing(http_writer: Made) -> None:
    with stage() as place:
        place.apply((room("evening"),), http_writer(place))
        made = place.plan(())
        place.simulator.console(ROOM, PROJECT).remove(entries(place)[0])
        (outcome,) = place.carry_out(made, (), http_writer(place)).outcomes
        assert (outcome.status, outcome.reason) == (OutcomeStatus.APPLIED, "it was gone already")
        assert place.simulator.model.requests["delete"] == 0


WISHES = [
    (room("x", "new"), {"room_description": "new"}),
    (group("x", rule("a", "new")), {"interaction_rules": [rule("a", "new")]}),
]


@pytest.mark.parametrize(("wish", "theirs"), WISHES, ids=["room", "group"])
def test_a_field_that_somebody_already_brought_into_line_sends_nothing(
    http_writer: Made, wish: Any, theirs: dict[str, Any]
) -> None:
    seed = {
        "smart_live_rooms": [{"room_name": "x", "room_description": "old"}],
        "interaction_rule_groups": [{"group_name": "x", "interaction_rules": [rule("a", "old")]}],
    }
    with stage(seed) as place:
        made = place.plan((wish,))
        place.simulator.console(wish.kind, PROJECT).change(entries(place, wish.kind)[0], theirs)
        writes = len(place.simulator.model.writes)
        (outcome,) = place.carry_out(made, (wish,), http_writer(place)).outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.SKIPPED, "E_STALE_OBJECT")
        assert len(place.simulator.model.writes) == writes
        assert place.plan((wish,)).pending == ()


def test_an_update_of_an_object_that_is_gone_or_became_foreign_sends_nothing(http_writer: Made) -> None:
    with stage({"smart_live_rooms": [{"room_name": "a"}, {"room_name": "b"}]}) as place:
        wish = (room("a", "new"), room("b", "new"))
        made = place.plan(wish)
        console = place.simulator.console(ROOM, PROJECT)
        one, other = entries(place)
        console.remove(one)
        console.change(other, {"room_type": "TEMP"})
        applied = place.carry_out(made, wish, http_writer(place))
        assert outcomes(applied) == [(OutcomeStatus.SKIPPED, "E_STALE_OBJECT")] * 2
        assert place.simulator.model.requests["update"] == 0


def test_an_object_that_went_on_air_since_the_plan_is_not_deleted(http_writer: Made) -> None:
    with stage() as place:
        place.apply((room("evening"),), http_writer(place))
        made = place.plan(())
        place.simulator.console(ROOM, PROJECT).change(entries(place)[0], {"last_job_status": "PROCESSING"})
        applied = place.carry_out(made, (), http_writer(place))
        assert outcomes(applied) == [(OutcomeStatus.SKIPPED, "E_STALE_OBJECT")]
        assert len(entries(place)) == 1


def test_an_object_not_seen_keeps_the_age_of_its_drift(http_writer: Made) -> None:
    def age(place: TestService) -> tuple[str, str]:
        (thing,) = (one for one in place.ledger.load_state(SCOPE, OWNER).objects.values() if one.name == "evening")
        return _drift(thing)

    with stage() as place:
        wish = (room("evening", "ours"), group("other"))
        place.apply(wish, http_writer(place))
        place.simulator.console(ROOM, PROJECT).change(entries(place)[0], {"room_description": "theirs"})
        place.simulator.inject(place.faults({"match": {"method": "PUT"}, "status": 400, "body": {}}))
        place.apply(wish, http_writer(place))
        before = age(place)
        assert before[0]
        place.sleep(3600)
        place.simulator.heal()
        wish = (room("evening", "ours"), group("other"), group("third"))
        chosen = replace(place.settings, selection=Selection(targets=('InteractionRuleGroup["third"]',)))
        made = make_plan(DesiredState(resources=wish), place.reader(), place.ledger.load_state(SCOPE, OWNER), chosen)
        assert outcomes(place.carry_out(made, wish, http_writer(place))) == [(OutcomeStatus.APPLIED, "")]
        assert len(entries(place, GROUP)) == 2
        assert age(place) == before


def _drift(thing: ObjectRecord) -> tuple[str, str]:
    return thing.drift_first, thing.drift_last


@pytest.mark.parametrize(("wanted", "there"), [("R2", "R2 "), ("R3", "r3"), ("r3", "R3"), ("Ｓｈｏｐ　Ａ", "Shop A")])
@pytest.mark.parametrize("kind", [ROOM, GROUP])
def test_a_create_is_not_sent_where_nearly_its_name_appeared_since_the_plan(
    http_writer: Made, kind: str, wanted: str, there: str
) -> None:
    wish = room(wanted) if kind == ROOM else group(wanted, rule("a"))
    field = {ROOM: "room_name", GROUP: "group_name"}[kind]
    with stage() as place:
        made = place.plan((wish,))
        place.simulator.console(kind, PROJECT).insert({field: there})
        (outcome,) = place.carry_out(made, (wish,), http_writer(place)).outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.SKIPPED, "E_STALE_OBJECT")
        (other,) = entries(place, kind)
        assert f"metadata.id: {other.id}" in outcome.reason
        assert place.simulator.model.requests["create"] == 0


def test_a_name_that_was_earlier_spelled_almost_so_by_an_object_of_ours_is_free(http_writer: Made) -> None:
    with stage() as place:
        place.apply((room("r3"),), http_writer(place))
        (mine,) = entries(place)
        renamed = replace(room("other"), id=mine.id)
        wish = (renamed, room("R3"))
        assert outcomes(place.apply(wish, http_writer(place))) == [
            (OutcomeStatus.APPLIED, ""),
            (OutcomeStatus.APPLIED, ""),
        ]
