"""What an apply promises around its writes: order, guards, the lock, the ledger, and how little it sends."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from reconciler.apply.recovery import recover
from reconciler.apply.runner import apply
from reconciler.errors import BlockedError, LedgerError, LockedError, PlanError
from reconciler.interfaces import WriteRequest, WriteResult
from reconciler.ledger.sql_ledger import open_ledger
from reconciler.model.change import Action
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.ledger_state import WriteIntent
from reconciler.model.options import GuardOverrides
from reconciler.model.outcome import ApplyEvent, ApplyPhase, OutcomeStatus
from reconciler.model.resource import DeclaredResource
from reconciler.testing.harness import OWNER, SCOPE, TestService, declare
from reconciler.testing.harness import stage as any_stage
from reconciler.testing.writer_suite import GROUP, ROOM, group, room, rule
from reconciler.writers.http_writer import HttpWriter

stage = partial(any_stage, served=False)


def writer(place: TestService, **secrets: str) -> HttpWriter:
    return HttpWriter(place.client(), lambda name: secrets.get(name, f"the value of {name}"))


def requests(place: TestService, *operations: str) -> int:
    return sum(place.simulator.model.requests[operation] for operation in operations)


WRITES = ("create", "update", "delete", "child_create", "child_update", "child_delete")


def test_groups_come_before_rooms_and_go_after_them() -> None:
    with stage() as place:
        both = (room("evening", "", {**rule("a"), "group_name": "welcome"}), group("welcome", rule("a")))
        applied = place.apply(both, writer(place))
        assert [outcome.kind for outcome in applied.outcomes] == [GROUP, ROOM]
        group_id = applied.outcomes[0].id
        body = next(iter(place.simulator.world.collection(place.project_id, ROOM).entries.values())).body
        assert body["interaction_rules"][0]["group_id"] == group_id
        gone = place.apply((), writer(place))
        assert [outcome.kind for outcome in gone.outcomes] == [ROOM, GROUP]
        assert gone.exit_code == 0


def test_what_needs_a_failed_change_is_skipped_with_the_reason_and_the_rest_goes_on() -> None:
    refused = {
        "match": {"method": "POST", "kind": GROUP},
        "status": 400,
        "body": {"error_code": "X", "error_msg": "no"},
    }
    with stage({"faults": [refused]}) as place:
        wanted = (
            group("welcome", rule("a")),
            room("needs it", "", {**rule("a"), "group_name": "welcome"}),
            room("does not"),
        )
        applied = place.apply(wanted, writer(place))
        found = {outcome.name: outcome for outcome in applied.outcomes}
        assert found["welcome"].status is OutcomeStatus.FAILED
        assert (found["needs it"].status, found["needs it"].code) == (OutcomeStatus.SKIPPED, "E_DEPENDENCY")
        assert 'InteractionRuleGroup["welcome"]' in found["needs it"].reason
        assert found["does not"].status is OutcomeStatus.APPLIED
        assert applied.exit_code == 3


def test_a_group_stays_while_a_room_that_refers_to_it_could_not_be_deleted() -> None:
    refused = {"match": {"method": "DELETE", "kind": ROOM}, "status": 400, "body": {"error_code": "X"}}
    with stage({"faults": [refused]}) as place:
        both = (group("welcome", rule("a")), room("evening", "", {**rule("a"), "group_name": "welcome"}))
        place.apply(both, writer(place))
        applied = place.apply((), writer(place))
        assert [(outcome.kind, outcome.status) for outcome in applied.outcomes] == [
            (ROOM, OutcomeStatus.FAILED),
            (GROUP, OutcomeStatus.SKIPPED),
        ]
        assert "still refers to it" in applied.outcomes[1].reason


@pytest.mark.parametrize(
    ("change", "calls"),
    [
        ([], {}),
        ([rule("a", "new")], {"child_update": 1}),
        ([rule("a"), rule("new")], {"child_create": 1}),
        (None, {"child_delete": 1}),
        ([rule("a", enabled=False)], {"update": 1}),
        ([{**rule("a", "new"), "review_config": {"no_need_review": True}}], {"update": 1}),
    ],
    ids=["nothing", "a text", "a rule more", "a rule less", "switched off", "with a review"],
)
def test_w_a_changed_rule_costs_one_call(change: list[dict[str, Any]] | None, calls: Mapping[str, int]) -> None:
    others = [rule(f"other {number}") for number in range(6)]
    with stage() as place:
        place.apply((group("welcome", rule("a"), *others), room("evening", "same")), writer(place))
        before = dict(place.simulator.model.requests)
        rules = others if change is None else [*(change or [rule("a")]), *others]
        applied = place.apply((group("welcome", *rules), room("evening", "same")), writer(place))
        sent = {name: requests(place, name) - before.get(name, 0) for name in WRITES}
        assert {name: count for name, count in sent.items() if count} == calls
        assert sum(outcome.calls for outcome in applied.outcomes) == sum(calls.values())
        assert applied.exit_code == 0


@pytest.mark.parametrize(("many", "calls"), [(5, {"child_update": 5}), (6, {"update": 1})])
def test_more_than_five_changed_rules_go_by_one_put(many: int, calls: Mapping[str, int]) -> None:
    with stage() as place:
        place.apply((group("welcome", *[rule(f"r{n}") for n in range(10)]),), writer(place))
        rules = [rule(f"r{n}", "new" if n < many else "It is 99.") for n in range(10)]
        assert place.apply((group("welcome", *rules),), writer(place)).exit_code == 0
        sent = {name: requests(place, name) for name in WRITES if name != "create"}
        assert {name: count for name, count in sent.items() if count} == calls


@pytest.mark.parametrize(
    "live",
    [
        {"enabled": False},
        {"review_config": {"no_need_review": True}},
        {"from_the_future": 1},
        {"trigger": {"reply_mode": "SYSTEM_REPLY", "reply_texts": ["old"], "from_the_future": 1}},
    ],
    ids=["off", "reviewed", "unknown key", "unknown key inside"],
)
@pytest.mark.parametrize("child_put", ["resets", "keeps"])
def test_a_rule_with_anything_a_single_call_could_lose_goes_by_the_groups_put(
    live: Mapping[str, Any], child_put: str
) -> None:
    seed = {
        "interaction_rule_groups": [{"group_name": "welcome", "interaction_rules": [{**rule("a", "old"), **live}]}],
        "behaviours": {"child_put": child_put},
    }
    with stage(seed) as place:
        wish = rule("a", "new", **({"enabled": False} if live.get("enabled") is False else {}))
        applied = place.apply((group("welcome", wish),), writer(place))
        assert applied.exit_code == 0
        assert requests(place, "update") == 1
        assert requests(place, "child_update", "child_create", "child_delete") == 0
        assert place.simulator.model.losses == []
        body = next(iter(place.simulator.world.collection(place.project_id, GROUP).entries.values())).body
        assert body["interaction_rules"][0].get("enabled", True) is live.get("enabled", True)


def test_a_rename_is_one_update_of_the_same_object() -> None:
    with stage() as place:
        (made,) = place.apply((group("welcome", rule("a")),), writer(place)).outcomes
        (renamed,) = place.apply((group("hello", rule("a"), aliases=("welcome",)),), writer(place)).outcomes
        assert (renamed.action, renamed.id, renamed.status) == (Action.UPDATE, made.id, OutcomeStatus.APPLIED)
        assert requests(place, "create", "delete") == 1
        assert place.ledger.load_state(SCOPE, OWNER).objects[GROUP, made.id].address == 'InteractionRuleGroup["hello"]'


def test_every_declared_object_is_owned_after_an_apply_unchanged_ones_too() -> None:
    with stage({"smart_live_rooms": [{"room_name": "there"}, {"room_name": "not ours"}]}) as place:
        place.apply((room("there"), room("made")), writer(place))
        objects = place.ledger.load_state(SCOPE, OWNER).objects.values()
        assert sorted(thing.name for thing in objects) == ["made", "there"]
        assert {thing.owner for thing in objects} == {OWNER}
        assert all(thing.last_applied["room_description"] == "" for thing in objects)
        assert place.ledger.load_state(SCOPE, OWNER).sweeps == {ROOM: 2}


def test_l004_without_its_ledger_nothing_is_deleted() -> None:
    with stage() as place:
        place.apply((room("one"), room("two")), writer(place))
        (place.folder / "ledger.db").unlink()
        fresh = replace(place, ledger=open_ledger("sqlite:///other.db", root=place.folder))
        assert fresh.plan((room("one"),)).pending == ()
        assert fresh.apply((room("one"),), writer(place)).outcomes == ()
        assert requests(place, "delete") == 0


def test_l005_an_old_ledger_deletes_only_what_it_owned_and_what_is_still_there() -> None:
    with stage() as place:
        place.apply((room("one"), room("two")), writer(place))
        old = (place.folder / "ledger.db").read_bytes()
        place.apply((room("one"), room("three")), writer(place))
        (place.folder / "ledger.db").write_bytes(old)
        place.apply((room("one"),), writer(place))
        names = [entry.name for entry in place.simulator.world.collection(place.project_id, ROOM).entries.values()]
        assert sorted(names) == ["one", "three"]
        assert requests(place, "delete") == 1


def test_what_somebody_else_deleted_is_forgotten_by_the_next_apply() -> None:
    with stage() as place:
        place.apply((room("one"), room("two")), writer(place))
        from reconciler.simulator.service.console_edits import ConsoleEditor

        world = place.simulator.world
        desk = ConsoleEditor(world=world, kind=world.kinds[ROOM], project=place.project_id)
        desk.remove(next(entry for entry in desk.objects.entries.values() if entry.name == "two"))
        assert place.apply((room("one"),), writer(place)).outcomes == ()
        assert [thing.name for thing in place.ledger.load_state(SCOPE, OWNER).objects.values()] == ["one"]


def test_c007_protection_outlives_the_manifest_that_asked_for_it() -> None:
    with stage() as place:
        place.apply((declare(ROOM, "kept", {}, prevent_destroy=True), room("other")), writer(place))
        with pytest.raises(BlockedError) as error:
            place.apply((room("other"),), writer(place))
        assert error.value.exit_code == 5
        assert [block.code for block in error.value.blocks] == ["E_GUARD_PROTECTED"]
        assert requests(place, "delete") == 0
        assert place.ledger.list_locks() == ()


def carried(place: TestService, wanted: tuple[Any, ...], **more: Any) -> Any:
    made = place.plan(wanted)
    doors: dict[str, Any] = {
        "scope": SCOPE,
        "owner": OWNER,
        "run": "by hand",
        "settings": place.settings,
        "clock": place.clock,
        "sleep": place.sleep,
    }
    plan = replace(made, **more.pop("plan", {}))
    manifest = replace(DesiredState(resources=wanted), **more.pop("manifest", {}))
    return apply(plan, manifest, place.reader(), writer(place), place.ledger, **{**doors, **more})


def test_deletes_beyond_the_limit_need_their_exact_number() -> None:
    with stage() as place:
        place.apply(tuple(room(f"room {number}") for number in range(4)), writer(place))
        for allowed in (None, 2, 4, 30):
            with pytest.raises(BlockedError):
                carried(place, (room("room 0"),), overrides=GuardOverrides(deletes=allowed))
        assert requests(place, "delete") == 0
        assert carried(place, (room("room 0"),), overrides=GuardOverrides(deletes=3)).exit_code == 0
        assert requests(place, "delete") == 3


def test_a_plan_that_may_not_be_applied_is_refused_before_anything_is_sent() -> None:
    wrong = Diagnostic(severity=Severity.ERROR, code="E_X", message="wrong")
    with stage() as place:
        for more, code in (
            ({"plan": {"untrusted": True}}, "E_PLAN_UNTRUSTED"),
            ({"settings": replace(place.settings, depth="list")}, "E_PLAN_DEPTH"),
            ({"manifest": {"diagnostics": (wrong,)}}, "E_PLAN_ERRORED"),
        ):
            with pytest.raises(PlanError) as error:
                carried(place, (room("one"),), **more)  # type: ignore[arg-type]
            assert error.value.code == code
        assert requests(place, *WRITES) == 0
        assert not place.ledger.load_state(SCOPE, OWNER).present


def test_a_locked_scope_is_left_alone() -> None:
    with stage() as place, place.ledger.lock(SCOPE, "somebody else") as held:
        with pytest.raises(LockedError, match=held.id):
            carried(place, (room("one"),))
        assert requests(place, *WRITES) == 0


def test_l010_a_holder_paused_past_its_lease_writes_nothing_more() -> None:
    with stage() as place:
        now = [1_000_000_000.0]
        paused = replace(place, ledger=open_ledger("sqlite:///p.db", root=place.folder, clock=lambda: now[0]))

        def point(name: str) -> None:
            if name == "checked" and requests(place, "create"):
                now[0] += 301

        applied = paused.apply((room("one"), room("two"), room("three")), writer(place), point=point)
        assert [outcome.status for outcome in applied.outcomes] == [
            OutcomeStatus.APPLIED,
            OutcomeStatus.SKIPPED,
            OutcomeStatus.SKIPPED,
        ]
        assert isinstance(applied.error, LockedError)
        assert applied.exit_code == 4
        assert requests(place, "create") == 1


@contextmanager
def read_only_ledger(place: TestService) -> Iterator[None]:
    """Somebody else holds the database, longer than anybody waits."""
    blocker = sqlite3.connect(place.folder / "ledger.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()


@pytest.mark.parametrize(("at", "sent"), [("checked", 1), ("intended", 1), ("written", 2)])
def test_l001_no_call_is_sent_after_the_journal_could_not_be_written(at: str, sent: int) -> None:
    with stage() as place:
        ledger = open_ledger("sqlite:///ledger.db", root=place.folder, busy_seconds=0.1)
        hurried = replace(place, ledger=ledger)
        blockers: list[Any] = []

        def point(name: str) -> None:
            if name == at and len(blockers) < 2:
                blockers.append(None)
                if len(blockers) == 2:
                    blockers[1] = read_only_ledger(place)
                    blockers[1].__enter__()

        wanted = tuple(room(f"room {number}") for number in range(4))
        applied = hurried.apply(wanted, writer(place), point=point)
        blockers[1].__exit__(None, None, None)
        assert isinstance(applied.error, LedgerError)
        assert applied.exit_code == 1
        assert requests(place, "create") == sent
        assert len(applied.outcomes) == 4
        assert [outcome.status for outcome in applied.outcomes].count(OutcomeStatus.APPLIED) == sent
        if sent == 2:
            assert "not recorded" in applied.outcomes[1].reason
        (holder,) = place.ledger.list_locks()  # the lock could not be given back either
        place.ledger.break_lock(holder.lock_id)
        assert place.apply(wanted, writer(place)).exit_code == 0
        assert place.simulator.model.duplicates == []
        assert requests(place, "create") == 4


def test_the_events_tell_the_whole_story_in_order() -> None:
    events: list[ApplyEvent] = []
    with stage() as place:
        place.apply((group("welcome"), room("evening")), writer(place), progress=events.append)
    assert [event.step for event in events] == [
        ApplyPhase.LOCKED,
        ApplyPhase.STARTED,
        ApplyPhase.FINISHED,
        ApplyPhase.STARTED,
        ApplyPhase.FINISHED,
        ApplyPhase.VERIFYING,
        ApplyPhase.UNLOCKED,
    ]
    assert [(event.done, event.total) for event in events[1:5]] == [(0, 2), (1, 2), (1, 2), (2, 2)]
    assert events[2].outcome is not None
    assert events[2].outcome.status is OutcomeStatus.APPLIED


class Broken:
    """A writer with a bug."""

    applies = True

    def write(self, task: WriteRequest) -> WriteResult:
        raise ZeroDivisionError("a bug in a plugin")

    def close(self) -> None:
        pass


def test_a_writer_that_crashes_fails_its_change_only_after_looking_what_it_did() -> None:
    with stage({"smart_live_rooms": [{"room_name": "there"}]}) as place:
        applied = place.apply((room("there", "new"), room("made")), Broken())
        assert {outcome.status for outcome in applied.outcomes} == {OutcomeStatus.FAILED}
        assert all("ZeroDivisionError: a bug in a plugin" in outcome.reason for outcome in applied.outcomes)
        assert place.ledger.load_state(SCOPE, OWNER).intents == ()


@pytest.mark.parametrize("action", [Action.UPDATE, Action.DELETE])
@pytest.mark.parametrize("still_there", [True, False])
def test_an_update_or_delete_that_was_cut_off_is_planned_again(action: Action, still_there: bool) -> None:
    with stage({"smart_live_rooms": [{"room_name": "there"}]}) as place:
        (entry,) = place.simulator.world.collection(place.project_id, ROOM).entries.values()
        object_id = entry.id if still_there else "00000000-0000-4000-8000-000000000000"
        intent = WriteIntent(operation="cut", action=action, kind=ROOM, name="there", id=object_id, body={})
        place.ledger.record_intent(SCOPE, "earlier", intent)
        (outcome,) = recover(
            place.reader(),
            writer(place),
            place.ledger,
            scope=SCOPE,
            owner=OWNER,
            run="r",
            settings=place.settings,
            clock=place.clock,
            sleep=place.sleep,
        )
        done = action is Action.DELETE and not still_there
        assert outcome.status is (OutcomeStatus.APPLIED if done else OutcomeStatus.FAILED)
        assert outcome.code == ("" if done else "N_PLANNED_AGAIN")
        assert place.ledger.load_state(SCOPE, OWNER).intents == ()


def test_drift_is_noted_with_its_first_and_last_time_and_cleared_by_the_apply() -> None:
    with stage() as place:
        (made,) = place.apply((room("evening", "ours"),), writer(place)).outcomes
        from reconciler.simulator.service.console_edits import ConsoleEditor

        world = place.simulator.world
        desk = ConsoleEditor(world=world, kind=world.kinds[ROOM], project=place.project_id)
        (entry,) = desk.objects.entries.values()
        desk.change(entry, {"room_description": "theirs"})
        place.apply((room("evening", "ours"),), writer(place))
        seen = place.ledger.load_state(SCOPE, OWNER).objects[ROOM, made.id]
        assert seen.drift_first == seen.drift_last != ""
        place.apply((room("evening", "ours"),), writer(place))
        assert place.ledger.load_state(SCOPE, OWNER).objects[ROOM, made.id].drift_first == ""


def test_secrets_reach_the_service_and_nothing_else() -> None:
    wish = room("evening", "x", stream_keys=[{"secret": "STREAM_KEY"}])
    with stage() as place:
        applied = place.apply((wish,), writer(place, STREAM_KEY="canary-1234567890"))
        (entry,) = place.simulator.world.collection(place.project_id, ROOM).entries.values()
        assert entry.body["stream_keys"] == ["canary-1234567890"]
        assert "canary" not in repr((applied, place.plan((wish,)), place.ledger.load_state(SCOPE, OWNER)))
        assert b"canary" not in (place.folder / "ledger.db").read_bytes()
        (thing,) = place.ledger.load_state(SCOPE, OWNER).objects.values()
        (kept,) = thing.last_applied["stream_keys"]
        assert kept["secret"] == "STREAM_KEY"
        assert len(kept["digest"]) == 64


def test_a_secret_that_alone_is_another_one_is_sent() -> None:
    def wish(name: str) -> DeclaredResource:
        return room("evening", "x", stream_keys=[{"secret": name}])

    with stage() as place:
        place.apply((wish("OLD"),), writer(place, OLD="canary-1234567890"))
        applied = place.apply((wish("NEW"),), writer(place, NEW="another-1234567890"))
        assert [outcome.status for outcome in applied.outcomes] == [OutcomeStatus.APPLIED], applied.outcomes
        (entry,) = place.simulator.world.collection(place.project_id, ROOM).entries.values()
        assert entry.body["stream_keys"] == ["another-1234567890"]
        assert place.plan((wish("NEW"),)).summary().change == 0


def test_a_secret_alone_is_not_sent_over_what_somebody_changed_meanwhile() -> None:
    with stage() as place:
        place.apply((room("evening", "x", stream_keys=[{"secret": "OLD"}]),), writer(place))
        wish = room("evening", "x", stream_keys=[{"secret": "NEW"}])
        made = place.plan((wish,))
        console = place.simulator.console(ROOM, place.project_id)
        console.change(next(iter(console.objects.entries.values())), {"room_description": "theirs"})
        (outcome,) = place.carry_out(made, (wish,), writer(place)).outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.SKIPPED, "E_STALE_OBJECT")


SECRET_FIELDS: list[dict[str, Any]] = [
    {"stream_keys": [{"secret": "CB"}]},
    {"output_urls": [{"secret": "CB"}, {"secret": "CB"}]},
    {"live_event_callback_config": {"key": {"secret": "CB"}}},
    {"live_event_callback_config": {"live_event_type_callback_url": {"secret": "CB"}}},
]


@pytest.mark.parametrize("field", SECRET_FIELDS, ids=json.dumps)
@pytest.mark.parametrize("behaviour", ["clear", "stars", "empty"])
@pytest.mark.parametrize("known", [True, False], ids=["the ledger knows the room", "no ledger"])
def test_x041_a_secret_that_live_does_not_have_is_sent_once_and_then_in_step(
    field: dict[str, Any], behaviour: str, known: bool
) -> None:
    before = [] if known else [{"room_name": "evening", "room_description": "x"}]
    with stage({"behaviours": {"secrets": behaviour}, "smart_live_rooms": before}) as place:
        if known:
            assert place.apply((room("evening", "x"),), writer(place)).exit_code == 0
        writes = requests(place, *WRITES)
        wish = (room("evening", "x", **field),)
        applied = place.apply(wish, writer(place))
        assert applied.exit_code == 0, applied.outcomes
        assert (requests(place, "update"), requests(place, *WRITES)) == (1, writes + 1)
        (entry,) = place.simulator.world.collection(place.project_id, ROOM).entries.values()
        assert "the value of CB" in json.dumps(entry.body)
        again = place.apply(wish, writer(place))
        assert (again.exit_code, again.outcomes, requests(place, *WRITES)) == (0, (), writes + 1)


def test_a_create_whose_name_the_service_folds_is_known_by_its_id_and_made_once() -> None:
    wish = (room("Ｓｈｏｐ  No.１ ™", "x"),)
    with stage() as place:
        console = place.simulator.console(ROOM, place.project_id)

        def folded(point: str) -> None:
            for entry in console.objects.entries.values() if point == "written" else ():
                console.change(entry, {"room_name": "Shop No.1 TM"})

        (outcome,) = place.apply(wish, writer(place), point=folded).outcomes
        assert (outcome.status, outcome.code, outcome.stuck) == (
            OutcomeStatus.APPLIED,
            "E_SERVER_REWROTE",
            ("room_name",),
        )
        place.apply(wish, writer(place), point=folded)
        alone = place.plan(wish)
        assert alone.summary().add == 0
        assert requests(place, "create") == 1


def test_a_secret_without_a_value_fails_its_object_before_anything_is_sent() -> None:
    from reconciler.errors import UsageError

    def nothing(name: str) -> str:
        raise UsageError(f"RECONCILER_SECRET_{name} is not set")

    with stage() as place:
        wish = room("evening", "x", stream_keys=[{"secret": "STREAM_KEY"}])
        applied = place.apply((wish, room("other")), HttpWriter(place.client(), nothing))
        found = {outcome.name: outcome for outcome in applied.outcomes}
        assert found["evening"].status is OutcomeStatus.FAILED
        assert "RECONCILER_SECRET_STREAM_KEY is not set" in found["evening"].reason
        assert found["other"].status is OutcomeStatus.APPLIED
