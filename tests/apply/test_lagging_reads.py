"""Reading lags behind writing, answers are late or lost, clocks differ: what was done is known in the end, once."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from reconciler.ledger.sql_ledger import open_ledger
from reconciler.model.change import Action
from reconciler.model.ledger_state import WriteIntent
from reconciler.model.outcome import OutcomeStatus
from reconciler.testing.harness import OWNER, SCOPE, TestService
from reconciler.testing.harness import stage as any_stage
from reconciler.testing.writer_suite import GROUP, LOST_ANSWER, LOST_REQUEST, ROOM, group, room, rule
from reconciler.timestamps import format_rfc3339
from reconciler.writers.http_writer import HttpWriter

Made = Callable[[TestService], HttpWriter]
stage = partial(any_stage, served=False)
SHOWS = {"operation": "show"}


def stale(seconds: float, *operations: str) -> list[dict[str, Any]]:
    return [{"match": {"operation": name}, "stale": seconds} for name in operations or ("show", "list")]


def names(place: TestService, kind: str = ROOM) -> list[str]:
    return sorted(entry.name for entry in place.simulator.world.collection(place.project_id, kind).entries.values())


def delete_in_the_console(place: TestService, kind: str) -> None:
    (entry,) = place.simulator.world.collection(place.project_id, kind).entries.values()
    place.simulator.console(kind, place.project_id).remove(entry)


def rules(place: TestService) -> list[str]:
    (entry,) = place.simulator.world.collection(place.project_id, GROUP).entries.values()
    return sorted(each["rule_name"] for each in entry.body["interaction_rules"])


REFUSALS = {
    "status": 429,
    "headers": {"Retry-After": "60"},
    "body": {"error_code": "APIGW.0308", "error_msg": "slower"},
}
"""An answer after which a write is sent again a minute later."""

PROXY = {
    "status": 502,
    "headers": {"Date": "Thu, 01 Jan 2026 02:00:00 GMT", "Content-Type": "text/html"},
    "body": "<p>",
}
"""The answer of an intermediary whose clock is two hours ahead of the service's."""
UNREAD: list[list[dict[str, Any]]] = [
    [],
    [{"match": {"method": "GET"}, "close": True, "times": 9}],
    [{"match": {"method": "GET"}, "times": 9, **PROXY}],
]
"""What the first reads after a kill meet."""


class Killed(BaseException):
    """The process ends here."""


class Dying(HttpWriter):
    """A writer whose process ends where a write fails."""

    def write(self, task: Any) -> Any:
        try:
            return super().write(task)
        except Exception:
            raise Killed from None


def refused_then_lost(operation: str, **lost: Any) -> list[dict[str, Any]]:
    """Return faults: six refusals, a minute apart, and then a write that the service carries out late."""
    match = {"operation": operation}
    late = {"match": match, "nth": [7], "status": 504, "late": 160, **lost}
    return [{"match": match, "nth": [1, 2, 3, 4, 5, 6], **REFUSALS}, late]


@pytest.mark.parametrize("lag", [5, 90, 170])
def test_an_update_is_waited_for_while_show_still_has_the_old_object(http_writer: Made, lag: float) -> None:
    with stage({"smart_live_rooms": [{"room_name": "evening", "room_description": "old"}]}) as place:
        place.simulator.inject(place.faults(*stale(lag)))
        applied = place.apply((room("evening", "new"),), http_writer(place))
        assert [(one.status, one.code) for one in applied.outcomes] == [(OutcomeStatus.APPLIED, "")], applied.outcomes
        assert applied.exit_code == 0
        assert place.simulator.model.requests["update"] == 1


def test_an_update_that_its_own_answer_shows_counts_although_show_never_does(http_writer: Made) -> None:
    with stage({"smart_live_rooms": [{"room_name": "evening", "room_description": "old"}]}) as place:
        place.simulator.inject(place.faults(*stale(10_000)))
        (outcome,) = place.apply((room("evening", "new"),), http_writer(place)).outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.APPLIED, "E_NOT_VERIFIED")
        assert "the answer to the write holds all that is declared" in outcome.reason
        place.simulator.heal()
        assert place.apply((room("evening", "new"),), http_writer(place)).outcomes == ()
        assert place.simulator.model.requests["update"] == 1


def test_an_update_that_its_own_answer_denies_is_not_waited_for(http_writer: Made) -> None:
    seed = {
        "smart_live_rooms": [{"room_name": "evening", "room_type": "NORMAL", "room_description": "old"}],
        "behaviours": {"doubtful_changes": "ignored"},
    }
    with stage(seed) as place:
        began = place.clock()
        wish = room("evening", "old", room_type="TEMPLATE")
        (outcome,) = place.apply((wish,), http_writer(place)).outcomes
        assert outcome.code in {"E_SERVER_REWROTE", "E_NOT_APPLIED"}, outcome
        assert place.clock() - began < 60


@pytest.mark.parametrize("lag", [5, 90, 170])
def test_a_delete_is_waited_for_while_show_and_list_still_have_the_object(http_writer: Made, lag: float) -> None:
    with stage({"smart_live_rooms": [{"room_name": "evening"}]}) as place:
        place.apply((room("evening"),), http_writer(place))
        place.simulator.inject(place.faults(*stale(lag)))
        applied = place.apply((), http_writer(place))
        assert [(one.status, one.code) for one in applied.outcomes] == [(OutcomeStatus.APPLIED, "")], applied.outcomes
        assert place.ledger.load_state(SCOPE, OWNER).objects == {}


@pytest.mark.parametrize("missing", ["400", "404"])
def test_a_delete_that_stays_visible_keeps_its_ownership_and_stays_open(http_writer: Made, missing: str) -> None:
    with stage({"smart_live_rooms": [{"room_name": "evening"}], "behaviours": {"delete_missing": missing}}) as place:
        place.apply((room("evening"),), http_writer(place))
        place.simulator.inject(place.faults(*stale(5_000)))
        for _ in range(2):
            (outcome,) = place.apply((), http_writer(place)).outcomes
            assert (outcome.status, outcome.code) == (OutcomeStatus.UNKNOWN, "E_UNKNOWN_OUTCOME"), outcome
            past = place.ledger.load_state(SCOPE, OWNER)
            assert [intent.action for intent in past.intents] == [Action.DELETE]
            assert [thing.name for thing in past.objects.values()] == ["evening"]
        place.simulator.heal()
        assert place.apply((), http_writer(place)).exit_code == 0
        assert place.ledger.load_state(SCOPE, OWNER).objects == {}
        assert names(place) == []


def test_a_delete_that_was_answered_and_did_nothing_is_sent_again(http_writer: Made) -> None:
    with stage({"smart_live_rooms": [{"room_name": "evening"}]}) as place:
        place.apply((room("evening"),), http_writer(place))
        body = {"method": "DELETE"}
        place.simulator.inject(place.faults({"match": body, "commit": "before", "status": 204, "body": "", "times": 1}))
        (outcome,) = place.apply((), http_writer(place)).outcomes
        assert outcome.status is OutcomeStatus.UNKNOWN
        again = place.apply((), http_writer(place))
        assert [one.status for one in again.outcomes] == [OutcomeStatus.APPLIED]
        assert names(place) == []


@pytest.mark.parametrize("lag", [95, 170])
def test_a_create_is_waited_for_while_it_cannot_be_seen(http_writer: Made, lag: float) -> None:
    with stage() as place:
        place.simulator.inject(place.faults(*stale(lag)))
        applied = place.apply((room("evening"),), http_writer(place))
        assert [(one.status, one.code) for one in applied.outcomes] == [(OutcomeStatus.APPLIED, "")], applied.outcomes


def test_a_create_that_was_answered_and_stays_unseen_is_adopted_by_its_id_and_never_made_again(
    http_writer: Made,
) -> None:
    with stage() as place:
        place.simulator.inject(place.faults(*stale(4_000)))
        (outcome,) = place.apply((room("evening"),), http_writer(place)).outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.UNKNOWN, "E_UNKNOWN_OUTCOME")
        assert outcome.id
        assert "history resolve" in outcome.reason
        for _ in range(3):
            place.apply((room("evening"),), http_writer(place))
        assert place.simulator.model.requests["create"] == 1
        place.simulator.heal()
        applied = place.apply((room("evening"),), http_writer(place))
        assert applied.exit_code == 0
        assert place.ledger.load_state(SCOPE, OWNER).intents == ()
        assert (ROOM, outcome.id) in place.ledger.load_state(SCOPE, OWNER).objects
        assert place.simulator.model.requests["create"] == 1


def test_an_answer_that_names_an_object_that_was_there_before_is_not_believed(http_writer: Made) -> None:
    with stage() as place:
        (first,) = place.apply((room("morning"),), http_writer(place)).outcomes
        wrong = {"match": {"method": "POST"}, "body": {"room_id": first.id}, "times": 1}
        place.simulator.inject(place.faults(wrong))
        (outcome,) = place.apply((room("morning"), room("evening")), http_writer(place)).outcomes
        assert outcome.status is OutcomeStatus.APPLIED
        assert outcome.id != first.id
        assert sorted(thing.name for thing in place.ledger.load_state(SCOPE, OWNER).objects.values()) == names(place)


@pytest.mark.parametrize("fault", [LOST_ANSWER, LOST_REQUEST], ids=["lost answer", "lost request"])
@pytest.mark.parametrize("groups", [0, 1, 2, 5])
def test_a_lost_create_is_settled_however_many_groups_it_names(
    http_writer: Made, fault: dict[str, Any], groups: int
) -> None:
    libraries = [group(f"g{number}", rule("a")) for number in range(groups)]
    wish = room("evening", "", *[{**rule(f"r{number}"), "group_name": f"g{number}"} for number in range(groups)])
    with stage() as place:
        place.apply(libraries, http_writer(place))
        place.simulator.inject(place.faults({"match": {"method": "POST", "kind": ROOM}, "times": 1, **fault}))

        with pytest.raises(Killed):
            place.apply((*libraries, wish), Dying(place.client(), str))
        assert len(place.ledger.load_state(SCOPE, OWNER).intents) == 1
        applied = place.apply((*libraries, wish), http_writer(place))
        assert applied.exit_code == 0, applied
        assert names(place) == ["evening"]
        assert place.ledger.load_state(SCOPE, OWNER).intents == ()


@pytest.mark.parametrize("body", [{"interaction_rules": ["x", 5]}, {"play_policy": 7}, {"scene_scripts": {"a": 1}}])
def test_an_intent_that_cannot_be_compared_is_one_unknown_outcome_and_the_rest_goes_on(
    http_writer: Made, body: dict[str, Any]
) -> None:
    with stage({"smart_live_rooms": [{"room_name": "odd"}]}) as place:
        odd = WriteIntent(
            operation="op1",
            action=Action.CREATE,
            kind=ROOM,
            name="odd",
            started=format_rfc3339(place.clock()),
            owner=OWNER,
        )
        place.ledger.record_intent(SCOPE, "earlier", replace(odd, body=body))
        applied = place.apply((room("other"),), http_writer(place))
        assert applied.error is None
        assert [one.status for one in applied.outcomes] == [OutcomeStatus.APPLIED]
        assert [(one.status, one.name) for one in applied.recovered] in ([(OutcomeStatus.UNKNOWN, "odd")], [])
        assert applied.exit_code in {0, 3}


def test_a_window_that_is_over_needs_one_look(http_writer: Made) -> None:
    with stage() as place:
        old = WriteIntent(
            operation="op1",
            action=Action.CREATE,
            kind=ROOM,
            name="a",
            started=format_rfc3339(place.clock() - 3_600),
            owner=OWNER,
        )
        place.ledger.record_intent(SCOPE, "earlier", replace(old, body={}))
        began = place.clock()
        place.apply((), http_writer(place))
        assert place.ledger.load_state(SCOPE, OWNER).intents == ()
        assert place.clock() == began


@pytest.mark.parametrize(
    "fault", [{"status": 504, "late": 12}, {"status": 504, "late": 170}, LOST_ANSWER, LOST_REQUEST]
)
def test_a_rule_whose_answer_is_lost_or_late_is_added_once(http_writer: Made, fault: dict[str, Any]) -> None:
    with stage() as place:
        place.apply((group("g", rule("a")),), http_writer(place))
        place.simulator.inject(place.faults({"match": {"operation": "child_create"}, "times": 1, **fault}))
        wish = (group("g", rule("a"), rule("b")),)
        applied = place.apply(wish, http_writer(place))
        place.sleep(400)
        assert place.plan(wish).pending == ()
        assert rules(place) == ["a", "b"]
        assert [one.status for one in applied.outcomes] == [OutcomeStatus.APPLIED]


def test_a_rule_that_arrives_after_the_run_was_cut_off_is_not_added_again(http_writer: Made) -> None:
    late = {"match": {"operation": "child_create"}, "status": 504, "late": 100, "times": 1}
    with stage() as place:
        place.apply((group("g", rule("a")),), http_writer(place))
        place.simulator.inject(place.faults(late))
        wish = (group("g", rule("a"), rule("b")),)

        with pytest.raises(Killed):
            place.apply(wish, Dying(place.client(), str))
        place.apply(wish, http_writer(place))
        place.sleep(400)
        assert place.plan(wish).pending == ()
        assert rules(place) == ["a", "b"]


def test_a_refusal_after_an_added_rule_waits_until_that_one_is_seen(http_writer: Made) -> None:
    with stage() as place:
        place.apply((group("g", rule("a")),), http_writer(place))
        refusal = {"match": {"operation": "child_create"}, "nth": [2], "status": 400, "body": {"error_code": "X"}}
        place.simulator.inject(place.faults(refusal, *stale(100)))
        wish = (group("g", rule("a"), rule("b"), rule("c")),)
        for _ in range(3):
            if place.apply(wish, http_writer(place)).exit_code == 0:
                break
        assert rules(place) == ["a", "b", "c"]
        place.sleep(400)
        assert place.plan(wish).pending == ()


@pytest.mark.parametrize("skew", [-600, -300, 300, 600])
@pytest.mark.parametrize("fault", [LOST_ANSWER, LOST_REQUEST], ids=["lost answer", "lost request"])
def test_a_lost_create_is_settled_by_the_clock_of_the_service(
    http_writer: Made, fault: dict[str, Any], skew: float
) -> None:
    with stage({"faults": [{"match": {"method": "POST"}, "times": 1, **fault}]}, skew=skew) as place:
        began = place.clock()
        applied = place.apply((room("evening", "ours"),), http_writer(place))
        assert applied.exit_code == 0, applied
        assert names(place) == ["evening"]
        assert place.clock() - began < 360


@pytest.mark.parametrize("killed", [False, True], ids=["goes on", "killed"])
@pytest.mark.parametrize("lag", [0, 170])
def test_a_create_is_waited_for_from_when_it_was_sent_not_from_when_it_was_refused(
    http_writer: Made, lag: float, killed: bool
) -> None:
    with stage() as place:
        place.simulator.inject(place.faults(*refused_then_lost("create"), *(stale(lag) if lag else [])))
        wish = (room("evening", "ours"),)
        if killed:
            with pytest.raises(Killed):
                place.apply(wish, Dying(place.client(), str))
        place.apply(wish, http_writer(place))
        place.sleep(400)
        assert place.apply(wish, http_writer(place)).exit_code == 0
        assert names(place) == ["evening"]
        assert place.simulator.model.duplicates == []


@pytest.mark.parametrize("killed", [False, True], ids=["goes on", "killed"])
@pytest.mark.parametrize("lag", [0, 170])
def test_a_rule_is_waited_for_from_when_it_was_sent_not_from_when_it_was_refused(
    http_writer: Made, lag: float, killed: bool
) -> None:
    with stage() as place:
        place.apply((group("g", rule("a")),), http_writer(place))
        place.simulator.inject(place.faults(*refused_then_lost("child_create"), *(stale(lag) if lag else [])))
        wish = (group("g", rule("a"), rule("b")),)
        if killed:
            with pytest.raises(Killed):
                place.apply(wish, Dying(place.client(), str))
        place.apply(wish, http_writer(place))
        place.sleep(400)
        assert place.plan(wish).pending == ()
        assert rules(place) == ["a", "b"]


def test_a_lock_that_runs_out_while_a_rule_is_refused_stops_the_rule_and_leaves_the_change_open() -> None:
    with stage() as place:

        def clock() -> float:
            return place.clock() + (301 if place.simulator.model.statuses[429] else 0)

        paused = replace(place, ledger=open_ledger("sqlite:///p.db", root=place.folder, clock=clock))
        paused.apply((group("g", rule("a")),), HttpWriter(place.client(), str))
        again = {"match": {"operation": "child_create"}, "nth": 2, **REFUSALS}
        place.simulator.inject(place.faults(again, *stale(100)))
        wish = (group("g", rule("a"), rule("b"), rule("c")),)
        applied = paused.apply(wish, HttpWriter(place.client(), str))
        assert [(one.status, one.code) for one in applied.outcomes] == [(OutcomeStatus.UNKNOWN, "E_UNKNOWN_OUTCOME")]
        assert "cut off after 2 calls: the lock" in applied.outcomes[0].reason
        assert (applied.exit_code, rules(place)) == (4, ["a", "b"])
        paused.apply(wish, HttpWriter(place.client(), str))
        assert rules(place) == ["a", "b", "c"]


@pytest.mark.parametrize("skew", [-600, -300, 300, 600])
@pytest.mark.parametrize("first", UNREAD, ids=["reads", "fails to read first", "a proxy of another time answers first"])
def test_after_a_kill_the_window_of_a_rule_is_counted_by_the_clock_of_the_service(
    http_writer: Made, skew: float, first: list[dict[str, Any]]
) -> None:
    with stage(skew=skew) as place:
        place.apply((group("g", rule("a")),), http_writer(place))
        late = {"match": {"operation": "child_create"}, "status": 504, "late": 100, "times": 1}
        wish = (group("g", rule("a"), rule("b")),)
        place.simulator.inject(place.faults(late))
        with pytest.raises(Killed):
            place.apply(wish, Dying(place.client(), str))
        place.simulator.inject(place.faults(*stale(170), *first))
        place.apply(wish, http_writer(place))
        place.sleep(400)
        assert place.plan(wish).pending == ()
        assert rules(place) == ["a", "b"]


@pytest.mark.parametrize("skew", [-600, -300, 300, 600])
@pytest.mark.parametrize("first", UNREAD, ids=["reads", "fails to read first", "a proxy of another time answers first"])
def test_after_a_kill_the_window_of_a_create_is_counted_by_the_clock_of_the_service(
    http_writer: Made, skew: float, first: list[dict[str, Any]]
) -> None:
    late = {"match": {"operation": "create"}, "status": 504, "late": 100, "times": 1}
    with stage({"faults": [late]}, skew=skew) as place:
        wish = (room("evening", "ours"),)
        with pytest.raises(Killed):
            place.apply(wish, Dying(place.client(), str))
        place.simulator.inject(place.faults(*stale(170), *first))
        place.apply(wish, http_writer(place))
        place.sleep(400)
        assert place.apply(wish, http_writer(place)).exit_code == 0
        assert names(place) == ["evening"]


@pytest.mark.parametrize("lag", [20, 170])
def test_a_room_that_a_slower_replica_does_not_have_yet_is_not_created_again(http_writer: Made, lag: float) -> None:
    with stage() as place:
        place.simulator.world.remember()
        wish = (room("evening", "ours"),)
        assert place.apply(wish, http_writer(place)).exit_code == 0
        place.simulator.inject(place.faults(*stale(lag)))
        (outcome,) = place.apply(wish, http_writer(place)).outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.SKIPPED, "E_STALE_OBJECT")
        assert place.apply(wish, http_writer(place)).exit_code == 0
        assert names(place) == ["evening"]


@pytest.mark.parametrize("lag", [20, 170])
def test_a_rule_that_a_slower_replica_does_not_have_yet_is_not_added_again(http_writer: Made, lag: float) -> None:
    with stage() as place:
        place.simulator.world.remember()
        place.apply((group("g", rule("a")),), http_writer(place))
        place.sleep(400)
        wish = (group("g", rule("a"), rule("b")),)
        assert place.apply(wish, http_writer(place)).exit_code == 0
        place.simulator.inject(place.faults(*stale(lag)))
        (outcome,) = place.apply(wish, http_writer(place)).outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.SKIPPED, "E_STALE_OBJECT")
        assert place.apply(wish, http_writer(place)).exit_code == 0
        assert rules(place) == ["a", "b"]


def test_what_a_colleague_deletes_right_after_it_was_made_is_made_again_when_the_window_is_over(
    http_writer: Made,
) -> None:
    with stage() as place:
        wish = (room("evening", "ours"), group("g", rule("a")))
        assert place.apply(wish, http_writer(place)).exit_code == 0
        place.sleep(30)
        for kind in (ROOM, GROUP):
            delete_in_the_console(place, kind)
        began = place.clock()
        assert place.apply(wish, http_writer(place)).exit_code == 0
        assert names(place) == ["evening"]
        assert 100 < place.clock() - began < 250


def test_what_was_made_long_ago_is_made_again_without_a_wait(http_writer: Made) -> None:
    with stage() as place:
        wish = (room("evening", "ours"),)
        assert place.apply(wish, http_writer(place)).exit_code == 0
        place.sleep(300)
        delete_in_the_console(place, ROOM)
        began = place.clock()
        assert place.apply(wish, http_writer(place)).exit_code == 0
        assert place.clock() - began < 60


@pytest.mark.parametrize("read", [1, 2, 3, 4, 5])
def test_a_read_back_of_an_older_state_than_before_the_write_is_no_rewrite(http_writer: Made, read: int) -> None:
    with stage() as place:
        place.simulator.world.remember()
        for text in ("one", "two"):
            assert place.apply((room("evening", text),), http_writer(place)).exit_code == 0
            place.sleep(50)
        place.simulator.inject(place.faults({"match": SHOWS, "stale": 60, "nth": read}))
        applied = place.apply((room("evening", "three"),), http_writer(place))
        assert {one.code for one in applied.outcomes} <= {"", "E_STALE_OBJECT"}, applied.outcomes
        place.simulator.heal()
        assert place.apply((room("evening", "three"),), http_writer(place)).exit_code == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_an_error_in_the_body_of_a_200_is_not_recorded_as_applied(http_writer: Made, method: str) -> None:
    with stage() as place:
        before, after = (room("keep", "old"), room("gone")), (room("keep", "new"), room("made"))
        place.apply(before, http_writer(place))
        error = {"error_code": "MSS.00000004", "error_msg": "internal error"}
        fault = {"match": {"method": method}, "commit": "before", "status": 200, "body": error}
        place.simulator.inject(place.faults(fault))
        applied = place.apply(after, http_writer(place))
        action = {"POST": Action.CREATE, "PUT": Action.UPDATE, "DELETE": Action.DELETE}[method]
        (outcome,) = [one for one in applied.outcomes if one.action is action]
        assert (outcome.status, outcome.code) == (OutcomeStatus.FAILED, "E_WRITE_UNKNOWN"), outcome
        assert "MSS.00000004: internal error" in outcome.reason
        place.simulator.heal()
        made = place.plan(after)
        assert made.summary().drift == 0
        assert place.apply(after, http_writer(place)).exit_code == 0
        assert names(place) == ["keep", "made"]
        assert place.simulator.model.duplicates == []


class Dead:
    """A transport's view of a token that dies after some writes."""

    def __init__(self, place: TestService, after: int) -> None:
        faults = {"match": {"path": "/v1/*"}, "status": 401, "body": {"error_code": "APIGW.0307", "error_msg": "over"}}
        self._place, self._faults, self._left = place, place.faults(faults), after

    def point(self, name: str) -> None:
        self._left -= name == "change"
        if self._left < 0:
            self._left = 1_000
            self._place.simulator.inject(self._faults)


@pytest.mark.parametrize("done", [0, 2])
def test_after_the_credentials_are_refused_the_rest_is_skipped_with_one_reason(http_writer: Made, done: int) -> None:
    with stage() as place:
        wish = [room(f"r{number}") for number in range(10)]
        applied = place.apply(wish, http_writer(place), point=Dead(place, done).point)
        found = [(one.status, one.code) for one in applied.outcomes]
        skipped = [(OutcomeStatus.SKIPPED, "E_AUTH")] * (9 - done)
        assert found == [(OutcomeStatus.APPLIED, "")] * done + [(OutcomeStatus.FAILED, "E_AUTH")] + skipped
        (reason,) = {one.reason for one in applied.outcomes[done + 1 :]}
        assert reason == f"stopped, see {applied.outcomes[done].address}"
        assert place.simulator.model.statuses[401] <= 2
        assert applied.exit_code == 3


@pytest.mark.parametrize("at", ["change", "intended", "recorded"])
def test_a_lock_that_is_lost_in_one_change_skips_the_rest(http_writer: Made, at: str) -> None:
    with stage() as place:
        place.simulator.inject(place.faults(*stale(30)))

        def point(name: str) -> None:
            if name == at:
                for holder in place.ledger.list_locks():
                    place.ledger.break_lock(holder.lock_id)

        applied = place.apply([room(f"r{number}") for number in range(4)], http_writer(place), point=point)
        assert applied.error is not None
        assert applied.exit_code == 4
        first, *rest = applied.outcomes
        assert first.status is (OutcomeStatus.UNKNOWN if at == "recorded" else OutcomeStatus.SKIPPED)
        assert {one.status for one in rest} == {OutcomeStatus.SKIPPED}
        assert place.simulator.model.requests["create"] == (at == "recorded")
        place.simulator.heal()
        again = place.apply([room(f"r{number}") for number in range(4)], http_writer(place))
        assert again.exit_code == 0
        assert len(place.simulator.model.created) == 4


@pytest.mark.parametrize("ids", [["r1", "r1", "r1"], ["r1", "r1", "r2"], ["a b", "r2", "r3"], [None, "r2", "r3"]])
def test_rules_are_written_one_by_one_only_by_ids_that_are_theirs_alone(
    http_writer: Made, ids: list[str | None]
) -> None:
    live = [{**rule(name), **({} if key is None else {"rule_id": key})} for name, key in zip("abc", ids, strict=True)]
    with stage() as place:
        console = place.simulator.console(GROUP, place.project_id)
        console.insert({"group_name": "g", "interaction_rules": [rule("a"), rule("b"), rule("c")]})
        (entry,) = console.objects.entries.values()
        console.change(entry, {"interaction_rules": live})
        applied = place.apply((group("g", rule("a", "new"), rule("c")),), http_writer(place))
        assert applied.exit_code == 0, applied.outcomes
        requests = place.simulator.model.requests
        assert requests["update"] == 1
        assert sum(requests[name] for name in ("child_create", "child_update", "child_delete")) == 0
        assert rules(place) == ["a", "c"]


def test_a_live_group_with_thousands_of_rules_of_one_name_converges_with_one_put(http_writer: Made) -> None:
    with stage(
        {"interaction_rule_groups": [{"group_name": "g", "interaction_rules": [rule("price")] * 5000}]}
    ) as place:
        applied = place.apply((group("g", rule("price", "new")),), http_writer(place))
        assert applied.exit_code == 0
        assert place.simulator.model.requests["update"] == 1
        assert rules(place) == ["price"]


@pytest.mark.parametrize(("late", "lag"), [(1, 175), (60, 170), (170, 170)])
@pytest.mark.parametrize("operation", ["create", "child_create"])
def test_what_is_done_late_while_reading_lags_is_not_done_again(
    http_writer: Made, operation: str, late: float, lag: float
) -> None:
    with stage() as place:
        place.apply((group("g", rule("a")),), http_writer(place))
        place.sleep(600)
        place.simulator.inject(
            place.faults(
                *({"match": {"operation": name}, "stale": lag} for name in ("list", "show")),
                {"match": {"operation": operation}, "status": 504, "late": late, "times": 1},
            )
        )
        wish = (group("g", rule("a"), rule("b")), room("evening"))
        place.apply(wish, http_writer(place))
        place.sleep(600)
        assert place.apply(wish, http_writer(place)).exit_code == 0
        assert place.simulator.model.duplicates == []
        assert rules(place) == ["a", "b"]
        assert names(place) == ["evening"]
