"""Every http_write entry of the nasty inputs, against the simulated API; the number of the entry is in the test's name.

W007 and W008 (a kill before and after the call) are points of test_kills; W022, W023 and W025 are the command writer's,
W026 the webhook example's.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from reconciler.diff.deletion_guards import ON_AIR, find_violations
from reconciler.interfaces import WriteRequest, WriteResult
from reconciler.model.options import GuardOverrides
from reconciler.model.outcome import ApplyEvent, ApplyPhase, OutcomeStatus
from reconciler.simulator.service.console_edits import ConsoleEditor
from reconciler.testing.harness import OWNER, PROJECT, SCOPE, TestService
from reconciler.testing.harness import stage as any_stage
from reconciler.testing.writer_suite import GROUP, LOST_ANSWER, LOST_REQUEST, ROOM, group, room, rule
from reconciler.writers.http_writer import HttpWriter

Made = Callable[[TestService], HttpWriter]
stage = partial(any_stage, served=False)


def post(kind: str = ROOM, **fault: Any) -> dict[str, Any]:
    return {"match": {"method": "POST", "kind": kind}, "nth": [1], **fault}


def put(kind: str = ROOM, **fault: Any) -> dict[str, Any]:
    return {"match": {"method": "PUT", "kind": kind}, "nth": [1], **fault}


def console(place: TestService, kind: str) -> ConsoleEditor:
    world = place.simulator.world
    return ConsoleEditor(world=world, kind=world.kinds[kind], project=PROJECT)


def live(place: TestService, kind: str) -> dict[str, Mapping[str, Any]]:
    entries = place.simulator.world.collection(PROJECT, kind).entries.values()
    return {entry.name: entry.body for entry in entries}


def named(place: TestService, kind: str, name: str) -> Any:
    entries = place.simulator.world.collection(PROJECT, kind).entries.values()
    return next(entry for entry in entries if entry.name == name)


@pytest.mark.parametrize(
    ("fault", "windows"),
    [(LOST_ANSWER, 0), (LOST_REQUEST, 1), ({"status": 500, "commit": "after"}, 0), ({"body": {}}, 0)],
    ids=["W001", "W002", "W004", "W005"],
)
def test_w001_w002_w005_an_unknown_create_is_looked_for_before_it_is_tried_again(
    http_writer: Made, fault: Mapping[str, Any], windows: int
) -> None:
    events: list[ApplyEvent] = []
    with stage({"faults": [post(**fault)]}) as place:
        began = place.clock()
        applied = place.apply((room("evening", "ours"),), http_writer(place), progress=events.append)
        (outcome,) = applied.outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.APPLIED, "")
        assert [write.name for write in place.simulator.model.created] == ["evening"]
        assert place.simulator.model.duplicates == []
        assert (place.clock() - began) // 180 == windows
        assert any(event.step is ApplyPhase.SETTLING for event in events) == bool(windows)
        assert place.ledger.load_state(SCOPE, OWNER).intents == ()
        assert place.plan((room("evening", "ours"),)).pending == ()


def test_w006_a_redirected_create_is_not_sent_again_and_fails(http_writer: Made) -> None:
    headers = {"Location": "https://elsewhere.example/"}
    with stage({"faults": [post(status=307, headers=headers)]}) as place:
        (outcome,) = place.apply((room("evening"),), http_writer(place)).outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.FAILED, "E_REDIRECT")
        assert place.simulator.model.requests["create"] == 1
        assert place.simulator.model.created == ()


def test_w009_a_create_the_gateway_throttled_is_sent_again(http_writer: Made) -> None:
    body = {"error_code": "APIGW.0308", "error_msg": "policy user over ratelimit,limit:1"}
    with stage({"faults": [post(status=429, body=body)]}) as place:
        (outcome,) = place.apply((room("evening"),), http_writer(place)).outcomes
        assert outcome.status is OutcomeStatus.APPLIED
        assert [write.name for write in place.simulator.model.created] == ["evening"]


def test_w009_a_create_refused_by_somebody_else_with_429_is_not_sent_again(http_writer: Made) -> None:
    with stage({"faults": [post(status=429, body={"error_code": "MSS.00000004", "error_msg": "busy"})]}) as place:
        (outcome,) = place.apply((room("evening"),), http_writer(place)).outcomes
        assert outcome.status is OutcomeStatus.FAILED
        assert place.simulator.model.requests["create"] == 1


def test_w010_an_object_changed_since_the_plan_is_left_alone_and_the_others_go_on(http_writer: Made) -> None:
    seed = {"smart_live_rooms": [{"room_name": "one"}, {"room_name": "two"}]}
    with stage(seed) as place:
        wanted = (room("one", "ours"), room("two", "ours"))
        made = place.plan(wanted)
        console(place, ROOM).change(named(place, ROOM, "one"), {"room_description": "theirs"})
        applied = place.carry_out(made, wanted, http_writer(place))
        found = {outcome.name: (outcome.status, outcome.code) for outcome in applied.outcomes}
        assert found == {"one": (OutcomeStatus.SKIPPED, "E_STALE_OBJECT"), "two": (OutcomeStatus.APPLIED, "")}
        assert live(place, ROOM)["one"]["room_description"] == "theirs"
        assert applied.exit_code == 3


def test_c002_what_nobody_manages_may_change_between_plan_and_apply_and_is_kept(http_writer: Made) -> None:
    with stage({"smart_live_rooms": [{"room_name": "one", "priv_data": "before"}]}) as place:
        wanted = (room("one", "ours"),)
        made = place.plan(wanted)
        console(place, ROOM).change(named(place, ROOM, "one"), {"priv_data": "theirs"})
        (outcome,) = place.carry_out(made, wanted, http_writer(place)).outcomes
        assert outcome.status is OutcomeStatus.APPLIED
        assert live(place, ROOM)["one"]["priv_data"] == "theirs"
        assert place.simulator.model.overwrites == []


@pytest.mark.parametrize("event", ["made", "deleted", "started"])
def test_c002_objects_that_appeared_vanished_or_went_on_air_are_left_alone(http_writer: Made, event: str) -> None:
    with stage({"smart_live_rooms": [{"room_name": "going"}, {"room_name": "kept"}]}) as place:
        before = (room("going"), room("kept"))
        place.apply(before, http_writer(place))
        wanted = (room("kept", "new"), room("fresh"))
        made = place.plan(wanted)
        desk = console(place, ROOM)
        if event == "made":
            desk.insert({"room_name": "fresh"})
        elif event == "deleted":
            desk.remove(named(place, ROOM, "kept"))
        else:
            desk.change(named(place, ROOM, "going"), {"last_job_status": "PROCESSING"})
        applied = place.carry_out(made, wanted, http_writer(place))
        stale = {outcome.name for outcome in applied.outcomes if outcome.code == "E_STALE_OBJECT"}
        assert stale == {"made": {"fresh"}, "deleted": {"kept"}, "started": {"going"}}[event]
        assert len(applied.outcomes) == 3
        assert place.simulator.model.duplicates == []


@pytest.mark.parametrize("put_semantics", ["replace", "merge"])
def test_w012_stars_read_back_are_never_sent(http_writer: Made, put_semantics: str) -> None:
    seed = {
        "smart_live_rooms": [{"room_name": "evening", "stream_keys": ["a stream key of theirs"]}],
        "behaviours": {"secrets": "stars", "put": put_semantics},
    }
    with stage(seed) as place:
        (outcome,) = place.apply((room("evening", "new"),), http_writer(place)).outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.FAILED, "E_SECRET_MASKED")
        assert "declare stream_keys" in outcome.reason
        assert live(place, ROOM)["evening"]["stream_keys"] == ["a stream key of theirs"]
        said = room("evening", "new", stream_keys=[{"secret": "STREAM_KEY"}])
        (outcome,) = place.apply((said,), http_writer(place)).outcomes
        assert outcome.status is OutcomeStatus.APPLIED
        assert live(place, ROOM)["evening"]["stream_keys"] == ["the secret value of STREAM_KEY"]
        assert place.plan((said,)).pending == ()


def test_w012_a_secret_that_reads_back_in_clear_goes_back_as_it_is(http_writer: Made) -> None:
    with stage({"smart_live_rooms": [{"room_name": "evening", "stream_keys": ["a stream key of theirs"]}]}) as place:
        (outcome,) = place.apply((room("evening", "new"),), http_writer(place)).outcomes
        assert outcome.status is OutcomeStatus.APPLIED
        assert live(place, ROOM)["evening"]["stream_keys"] == ["a stream key of theirs"]


def test_w013_a_value_the_service_rewrote_is_reported_once_and_not_sent_in_a_loop(http_writer: Made) -> None:
    moderation = put(edits=[{"action": "touch", "name": "evening", "body": {"room_description": "(removed)"}}])
    moderation.pop("nth")
    with stage({"smart_live_rooms": [{"room_name": "evening"}], "faults": [moderation]}) as place:
        wanted = (room("evening", "a bad word"),)
        applied = place.apply(wanted, http_writer(place))
        (outcome,) = applied.outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.APPLIED, "E_SERVER_REWROTE")
        assert outcome.stuck == ("room_description",)
        assert 'ignore_changes: [{path: "room_description"' in outcome.reason
        assert applied.exit_code == 3
        (again,) = place.apply(wanted, http_writer(place)).outcomes
        assert (again.status, again.code, again.stuck) == (
            OutcomeStatus.SKIPPED,
            "E_SERVER_REWROTE",
            ("room_description",),
        )
        assert place.simulator.model.requests["update"] == 1
        (third,) = place.apply((room("evening", "a good word"),), http_writer(place)).outcomes
        assert place.simulator.model.requests["update"] == 2
        assert third.stuck == ("room_description",)


def test_w014_a_room_on_air_is_not_deleted_unless_its_name_is_given(http_writer: Made) -> None:
    with stage({"smart_live_rooms": [{"room_name": "evening"}, {"room_name": "other"}]}) as place:
        place.apply((room("evening"), room("other")), http_writer(place))
        console(place, ROOM).change(named(place, ROOM, "evening"), {"last_job_status": "PROCESSING"})
        made = place.plan((room("other"),))
        assert ON_AIR in {block.code for block in find_violations(made, GuardOverrides())}
        assert find_violations(made, GuardOverrides(live=frozenset({"evening"}))) == []


@pytest.mark.parametrize("fault", [LOST_ANSWER, LOST_REQUEST])
@pytest.mark.parametrize("missing", ["400", "404"])
def test_w016_a_delete_without_an_answer_is_confirmed_by_show(
    http_writer: Made, fault: Mapping[str, Any], missing: str
) -> None:
    faults = [{"match": {"method": "DELETE"}, "nth": [1], **fault}]
    seed = {"smart_live_rooms": [{"room_name": "evening"}], "faults": faults, "behaviours": {"delete_missing": missing}}
    with stage(seed) as place:
        place.apply((room("evening"),), http_writer(place))
        (outcome,) = place.apply((), http_writer(place)).outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.APPLIED, "")
        assert live(place, ROOM) == {}
        assert place.ledger.load_state(SCOPE, OWNER).objects == {}


@pytest.mark.parametrize("missing", ["400", "404"])
def test_w015_deleting_what_is_gone_already_is_done(http_writer: Made, missing: str) -> None:
    seed = {"smart_live_rooms": [{"room_name": "evening"}], "behaviours": {"delete_missing": missing}}
    with stage(seed) as place:
        place.apply((room("evening"),), http_writer(place))
        made = place.plan(())
        writer = http_writer(place)

        class Slow:
            """A writer just before whose call somebody else deletes the object."""

            applies = True

            def write(self, task: WriteRequest) -> WriteResult:
                console(place, ROOM).remove(named(place, ROOM, "evening"))
                return writer.write(task)

            def close(self) -> None:
                writer.close()

        (outcome,) = place.carry_out(made, (), Slow()).outcomes
        assert (outcome.status, outcome.reason) == (OutcomeStatus.APPLIED, "it was gone already")


def test_w017_one_of_five_refused_is_counted_as_such(http_writer: Made) -> None:
    refusal = {"status": 400, "body": {"error_code": "MSS.20010070", "error_msg": "field check failed"}}
    with stage({"faults": [{"match": {"method": "POST"}, "nth": [3], **refusal}]}) as place:
        applied = place.apply([room(f"room {number}") for number in range(5)], http_writer(place))
        statuses = [outcome.status for outcome in applied.outcomes]
        assert statuses.count(OutcomeStatus.APPLIED) == 4
        assert statuses.count(OutcomeStatus.FAILED) == 1
        assert applied.exit_code == 3
        assert place.ledger.list_runs(SCOPE)[0].result == "4 applied, 1 failed"


def test_w018_rules_moved_by_somebody_else_since_the_plan_are_never_matched_by_position(http_writer: Made) -> None:
    with stage() as place:
        place.apply((group("welcome", rule("a"), rule("b"), rule("c")),), http_writer(place))
        wanted = (group("welcome", rule("a"), rule("c")),)
        made = place.plan(wanted)
        entry = named(place, GROUP, "welcome")
        theirs = {**entry.body["interaction_rules"][0], "rule_name": "theirs", "rule_id": "1" * 8}
        moved = [theirs, *reversed(entry.body["interaction_rules"])]
        console(place, GROUP).change(entry, {"interaction_rules": moved})
        (outcome,) = place.carry_out(made, wanted, http_writer(place)).outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.SKIPPED, "E_STALE_OBJECT")
        names = [each["rule_name"] for each in live(place, GROUP)["welcome"]["interaction_rules"]]
        assert names == ["theirs", "c", "b", "a"]


def test_w019_asked_to_stop_it_finishes_the_change_at_hand_and_gives_the_lock_back(http_writer: Made) -> None:
    asked: list[str] = []

    def point(name: str) -> None:
        if name == "intended":
            asked.append(name)

    with stage() as place:
        wanted = [room(f"room {number}") for number in range(4)]
        applied = place.apply(wanted, http_writer(place), point=point, stop=lambda: bool(asked))
        assert [outcome.status for outcome in applied.outcomes] == [OutcomeStatus.APPLIED] + [OutcomeStatus.SKIPPED] * 3
        assert {outcome.code for outcome in applied.outcomes[1:]} == {"E_STOPPED"}
        assert applied.exit_code == 3
        assert place.ledger.list_locks() == ()
        assert place.ledger.load_state(SCOPE, OWNER).intents == ()
        assert place.apply(wanted, http_writer(place)).exit_code == 0


class Liar:
    """A writer that says it is done, and did nothing."""

    applies = True

    def write(self, task: WriteRequest) -> WriteResult:
        return WriteResult(id=task.change.id or "0" * 8, calls=1)

    def close(self) -> None:
        pass


def test_w021_a_writer_that_did_nothing_is_found_out(http_writer: Made) -> None:
    with stage({"smart_live_rooms": [{"room_name": "changed"}, {"room_name": "gone"}]}) as place:
        place.apply((room("changed"), room("gone")), http_writer(place))
        applied = place.apply((room("changed", "new"), room("made")), Liar())
        found = {outcome.action.value: (outcome.status, outcome.code) for outcome in applied.outcomes}
        assert found == {
            "update": (OutcomeStatus.FAILED, "E_NOT_APPLIED"),
            "create": (OutcomeStatus.UNKNOWN, "E_UNKNOWN_OUTCOME"),
            "delete": (OutcomeStatus.UNKNOWN, "E_UNKNOWN_OUTCOME"),
        }
        assert applied.exit_code == 3
        assert (ROOM, named(place, ROOM, "gone").id) in place.ledger.load_state(SCOPE, OWNER).objects
        assert sorted(live(place, ROOM)) == ["changed", "gone"]


def test_c017_what_cannot_be_decided_stays_open_and_the_rest_goes_on(http_writer: Made) -> None:
    with stage({"faults": [post(GROUP, **LOST_ANSWER)]}) as place:
        wanted = (group("welcome"), room("evening"))

        def point(name: str) -> None:
            if name == "intended" and not live(place, GROUP):
                console(place, GROUP).insert({"group_name": "welcome"})  # somebody has the same idea at the same time

        applied = place.apply(wanted, http_writer(place), point=point)
        found = {outcome.kind: outcome for outcome in applied.outcomes}
        assert found[GROUP].status is OutcomeStatus.UNKNOWN
        assert "2 objects have this name" in found[GROUP].reason
        assert "history resolve" in found[GROUP].reason
        assert found[ROOM].status is OutcomeStatus.APPLIED
        assert applied.exit_code == 3
        (intent,) = place.ledger.load_state(SCOPE, OWNER).intents
        assert place.plan(wanted).pending == ()
        again = place.apply(wanted, http_writer(place))
        assert place.simulator.model.requests["create"] == 2
        assert again.exit_code == 3
        place.ledger.resolve(SCOPE, intent.operation, "")
        assert place.ledger.load_state(SCOPE, OWNER).intents == ()
