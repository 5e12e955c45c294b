"""What apply concludes from what reading shows: before a write, after it, and of a create without an answer.

The reader is a shelf of objects that a test puts there; time passes only while apply waits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest

from reconciler.apply.context import ApplyContext, ApplyHooks, SettlePolicy
from reconciler.apply.precheck import precheck
from reconciler.apply.recompare import compare, compare_undeclared, differences, differing
from reconciler.apply.unknown_outcome import LostCreateStatus, find_lost_create, until_seen
from reconciler.apply.verify import ignore_entry, is_deleted, verify
from reconciler.errors import ApiError, AuthError, LedgerError, LockedError, NotFoundError, PlanError, ReconcilerError
from reconciler.interfaces import WriteRequest
from reconciler.model.change import Action, Change, FieldOp
from reconciler.model.ledger_state import LedgerState, WriteIntent
from reconciler.model.options import PlanOptions
from reconciler.model.outcome import ApplyEvent, Outcome, OutcomeStatus, make_outcome
from reconciler.model.resource import DeclaredResource, LiveResource
from reconciler.timestamps import format_rfc3339
from tests.support.planning import GROUP, OWNER, ROOM, World, declared, ledger, live, only, remembered

START = 1_000_000.0
WINDOW, LATE, SKEW = 180.0, 170.0, 60.0


@dataclass
class Shelf:
    """A reader of what stands here: an object, or the error that reading it ends with; `later` puts more there."""

    lives: list[LiveResource] = field(default_factory=list)
    shows: dict[str, LiveResource | ReconcilerError] = field(default_factory=dict)
    error: ReconcilerError | None = None
    offset: float = 0.0
    looks: int = 0
    named: int = 0

    @property
    def service_offset(self) -> float:
        return self.offset

    def show(self, kind: Any, object_id: str) -> LiveResource | None:
        self.looks += 1
        found = self.shows.get(object_id) or next((one for one in self.lives if one.id == object_id), None)
        if isinstance(found, ReconcilerError):
            raise found
        if found is None:
            raise NotFoundError("no such object")
        return found

    def find(self, kind: Any, name: str) -> tuple[LiveResource, ...]:
        self.named += 1
        if self.error is not None:
            raise self.error
        return tuple(one for one in self.lives if one.name == name)


@dataclass
class Alikes(Shelf):
    """One that can be asked for nearly a name too."""

    near: tuple[LiveResource, ...] = ()

    def find_alike(self, kind: Any, name: str) -> tuple[LiveResource, ...]:
        return (*self.find(kind, name), *self.near)


class Held:
    """A lease that is held, or lost at some look."""

    def __init__(self, lost_at: int = 0) -> None:
        self.lost_at, self.checks = lost_at, 0

    def check(self) -> None:
        self.checks += 1
        if self.checks == self.lost_at:
            raise LockedError("somebody else has the lock")


@dataclass
class Place:
    """A site to apply at: its clock, its waits, and what it told."""

    reader: Shelf
    past: LedgerState = field(default_factory=ledger)
    settle: SettlePolicy = field(default_factory=SettlePolicy)
    lease: Held = field(default_factory=Held)
    now: float = START
    waits: list[float] = field(default_factory=list)
    events: list[ApplyEvent] = field(default_factory=list)
    at: dict[int, Callable[[], object]] = field(default_factory=dict)
    stop_after: int = 10_000

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        self.at.get(len(self.waits), lambda: None)()

    @property
    def site(self) -> ApplyContext:
        nothing: Any = None
        return ApplyContext(
            reader=self.reader,  # type: ignore[arg-type]
            writer=nothing,
            ledger=nothing,
            lease=self.lease,  # type: ignore[arg-type]
            scope="scope",
            owner=OWNER,
            run="run",
            past=self.past,
            settings=PlanOptions(environment="test", today=date(2026, 11, 23)),
            hooks=ApplyHooks(
                clock=lambda: self.now,
                sleep=self.sleep,
                stop=lambda: len(self.waits) >= self.stop_after,
                progress=self.events.append,
            ),
            kinds={kind.name: kind for kind in (GROUP, ROOM)},
            settle=self.settle,
        )


WISH = declared(ROOM, "a", {"priv_data": "new"})
OLD = live(ROOM, "a", spec={"priv_data": "old"}, stamp="1")
NEW = live(ROOM, "a", spec={"priv_data": "new"}, stamp="2")
KNOWN = remembered(ROOM, "a", last={"priv_data": "old"})


def update() -> Change:
    return only(World([WISH], [OLD], ledger(KNOWN)).plan())


def create(name: str = "a") -> Change:
    return only(World([declared(ROOM, name, {"priv_data": "new"})], []).plan())


def delete(spec: Mapping[str, Any] | None = None) -> Change:
    gone = live(ROOM, "a", spec=spec or {"priv_data": "old"})
    plan = World([declared(ROOM, "b")], [gone, live(ROOM, "b")], ledger(KNOWN)).plan(prune="owned")
    return next(change for change in plan.changes if change.action is Action.DELETE)


def said(found: Any) -> tuple[OutcomeStatus, str]:
    return (found.outcome.status, found.outcome.code)


SKIPPED = (OutcomeStatus.SKIPPED, "E_STALE_OBJECT")
REFUSED = AuthError("refused")
DOWN = ApiError("down")


def test_an_update_of_what_is_as_planned_may_be_written() -> None:
    found = precheck(Place(Shelf([OLD])).site, update(), WISH)
    assert (found.live, found.outcome, found.error) == (OLD, None, None)


@pytest.mark.parametrize(
    ("lives", "reason"),
    [
        ([], "it was deleted since the plan was made; plan again"),
        ([NEW], "it was changed since the plan was made; plan again"),
        ([replace(OLD, foreign="it belongs to another project")], "it belongs to another project since"),
    ],
)
def test_an_update_of_what_is_no_longer_as_planned_waits(lives: list[LiveResource], reason: str) -> None:
    found = precheck(Place(Shelf(lives)).site, update(), WISH)
    assert said(found) == SKIPPED
    assert found.outcome is not None
    assert found.outcome.reason.startswith(reason)
    assert found.live is None


@pytest.mark.parametrize("change", [update(), delete(), create()], ids=["update", "delete", "create"])
@pytest.mark.parametrize("error", [REFUSED, DOWN], ids=["refused", "down"])
def test_what_cannot_be_looked_at_is_not_written_and_refused_credentials_end_the_rest(
    change: Change, error: ReconcilerError
) -> None:
    shelf = Shelf(shows={"id-of-a": error}, error=error)
    found = precheck(Place(shelf).site, change, None if change.action is Action.DELETE else WISH)
    assert said(found) == (OutcomeStatus.FAILED, error.code)
    assert found.error is (error if error is REFUSED else None)
    assert found.outcome is not None
    assert "plan again" not in found.outcome.reason


@pytest.mark.parametrize(
    ("stuck", "as_", "sent"),
    [
        ((), "same", True),
        (("priv_data",), "same", False),
        (("priv_data",), "before", True),
        (("priv_data",), "after", True),
    ],
)
def test_what_the_service_did_not_keep_is_not_sent_a_second_time_as_long_as_neither_side_moves(
    stuck: tuple[str, ...], as_: str, sent: bool
) -> None:
    change = update()
    pair = {
        "same": (change.before_fingerprint, change.after_fingerprint),
        "before": ("other", change.after_fingerprint),
        "after": (change.before_fingerprint, "other"),
    }[as_]
    place = Place(Shelf([OLD]), past=ledger(replace(KNOWN, stuck=stuck, stuck_as=pair)))
    found = precheck(place.site, change, WISH)
    assert (found.outcome is None) is sent
    assert (found.live is OLD) is sent
    if found.outcome is not None:
        assert said(found) == (OutcomeStatus.SKIPPED, "E_SERVER_REWROTE")
        assert found.outcome.stuck == ("priv_data",)
        assert "did not keep priv_data the last time" in found.outcome.reason


TWIN = live(ROOM, "a", "id-of-twin")
NEARLY = live(ROOM, "A", "id-of-nearly")


@pytest.mark.parametrize(
    ("reader", "past", "free"),
    [
        (Shelf(), ledger(), True),
        (Shelf([TWIN]), ledger(), False),
        (Shelf([replace(TWIN, foreign="it belongs to another project")]), ledger(), True),
        (Shelf(shows={"id-of-a": OLD}), ledger(KNOWN), False),
        (Shelf(shows={"id-of-a": OLD}), ledger(replace(KNOWN, name="b")), True),
        (Shelf(shows={"id-of-a": OLD}), ledger(replace(KNOWN, kind=GROUP.name)), True),
        (Shelf(), ledger(KNOWN), True),
        (Alikes(), ledger(), True),
        (Alikes([TWIN]), ledger(), False),
        (Alikes(near=(NEARLY,)), ledger(), False),
        (Alikes(near=(replace(NEARLY, foreign="it belongs to another project"),)), ledger(), True),
        (Alikes(near=(NEARLY,)), ledger(remembered(ROOM, "A", "id-of-nearly")), True),
    ],
)
def test_a_name_is_free_where_no_object_of_ours_has_it_or_nearly_so(
    reader: Shelf, past: LedgerState, free: bool
) -> None:
    found = precheck(Place(reader, past=past).site, create(), WISH)
    assert (found.outcome is None) is free
    assert free or said(found) == SKIPPED


ON_AIR = {"priv_data": "old", "last_job_status": "PROCESSING"}


@pytest.mark.parametrize(
    ("planned", "now", "outcome"),
    [
        ({"priv_data": "old"}, {"priv_data": "old"}, None),
        ({"priv_data": "old"}, {"priv_data": "old", "room_description": "moved"}, SKIPPED),
        ({"priv_data": "old"}, ON_AIR, SKIPPED),
        (ON_AIR, ON_AIR, None),
        ({"priv_data": "old"}, None, (OutcomeStatus.APPLIED, "")),
    ],
)
def test_a_delete_is_of_the_planned_object_as_it_was_and_not_of_one_that_went_on_air(
    planned: dict[str, Any], now: dict[str, Any] | None, outcome: Any
) -> None:
    assert ROOM.busy_reason(ON_AIR)
    assert not ROOM.busy_reason({})
    lives = [] if now is None else [live(ROOM, "a", spec=now)]
    for shelf in (Shelf([TWIN, *lives]), Shelf([TWIN], shows={one.id: one for one in lives})):
        found = precheck(Place(shelf).site, delete(planned), None)
        assert (None if found.outcome is None else said(found)) == outcome
        assert (found.live is None) is (outcome is not None)
        assert found.live is None or found.live.id == "id-of-a"


def test_a_change_without_a_manifest_is_judged_as_what_goes() -> None:
    found = precheck(Place(Shelf([OLD])).site, replace(delete(), action=Action.DELETE), WISH)
    assert (found.live, found.outcome) == (OLD, None)


# what an object is, compared again


def test_an_object_is_compared_with_its_manifest_by_the_differ() -> None:
    site = Place(Shelf()).site
    assert compare(site, WISH, NEW, {}).action is Action.NONE
    change = compare(site, WISH, OLD, {})
    assert [one.path for one in differences(change)] == ["priv_data"]
    assert change.attribution is not None
    assert [one.path for one in compare(site, WISH, replace(OLD, name="b"), {}).fields][-1:] == ["priv_data"]
    refers = declared(ROOM, "a", {"interaction_rules": [{"rule_name": "r", "group_name": "gone"}]})
    with pytest.raises(PlanError) as caught:
        compare(site, refers, OLD, {})
    assert caught.value.code == "E_STALE_OBJECT"
    assert "refers to" in caught.value.message


RULE = {"rule_name": "r", "event_type": 1, "group_name": "g"}
WITH_GROUP = declared(ROOM, "a", {"interaction_rules": [RULE]})


@pytest.mark.parametrize(
    ("held", "paths"),
    [
        ({**RULE, "group_id": "7"}, ()),
        ({"rule_name": "r", "event_type": 1, "group_id": "7", "group_name": "g"}, ()),
        ({**RULE, "event_type": 2, "group_id": "7"}, ("interaction_rules[g,r].event_type",)),
        (RULE, ()),
    ],
)
def test_what_a_room_refers_to_is_compared_by_name_where_its_ids_are_not_known(held: Any, paths: Any) -> None:
    site = Place(Shelf()).site
    found = differing(site, WITH_GROUP, live(ROOM, "a", spec={"interaction_rules": [held]}))
    assert tuple(path.replace("/", ",") for path in found) == paths or (len(found), len(paths)) == (1, 1)


def test_the_groups_a_room_names_are_none_of_its_differences() -> None:
    site = Place(Shelf()).site
    reading = compare(
        site, WITH_GROUP, live(ROOM, "a", spec={"interaction_rules": []}), {"InteractionRuleGroup/g": "7"}
    )
    assert [one.op for one in reading.fields] == [FieldOp.ADD]
    mine = live(GROUP, "g", "7")
    own = declared(GROUP, "g", {"interaction_rules": []})
    assert compare(site, own, mine, {"InteractionRuleGroup/g": "7"}).action is Action.NONE


def test_what_nobody_declares_is_compared_as_the_delete_a_plan_shows() -> None:
    change = compare_undeclared(Place(Shelf()).site, OLD)
    assert (change.action, change.before_fingerprint) == (Action.DELETE, delete().before_fingerprint)


# after a write


def task(change: Change, wish: DeclaredResource | None, seen: LiveResource | None = OLD) -> WriteRequest:
    return WriteRequest(change=change, kind=ROOM, desired=wish, references={}, live=seen)


INTENT = WriteIntent(
    operation="op-1",
    action=Action.CREATE,
    kind=ROOM.name,
    name="a",
    address=WISH.address,
    started=format_rfc3339(START),
)


def done(change: Change) -> Outcome:
    return make_outcome(change, OutcomeStatus.APPLIED, object_id="id-of-a")


def verified(place: Place, change: Change, wish: DeclaredResource | None, answer: Any = None, seen: Any = OLD) -> Any:
    return verify(place.site, task(change, wish, seen), INTENT, done(change), answer)


ANSWER = dict(NEW.spec)


@pytest.mark.parametrize(
    ("lives", "answer", "status", "code"),
    [
        ([NEW], None, OutcomeStatus.APPLIED, ""),
        ([NEW], ANSWER, OutcomeStatus.APPLIED, ""),
        ([OLD], None, OutcomeStatus.FAILED, "E_NOT_APPLIED"),
        ([OLD], ANSWER, OutcomeStatus.APPLIED, "E_NOT_VERIFIED"),
        ([OLD], dict(OLD.spec), OutcomeStatus.FAILED, "E_NOT_APPLIED"),
        ([OLD], {**ANSWER, "room_id": "another"}, OutcomeStatus.FAILED, "E_NOT_APPLIED"),
        ([OLD], {"room_id": "id-of-a"}, OutcomeStatus.FAILED, "E_NOT_APPLIED"),
        ([OLD], "text", OutcomeStatus.FAILED, "E_NOT_APPLIED"),
        ([replace(OLD, stamp="2")], None, OutcomeStatus.APPLIED, "E_SERVER_REWROTE"),
        ([live(ROOM, "a", spec={"priv_data": "third"}, stamp="1")], None, OutcomeStatus.APPLIED, "E_SERVER_REWROTE"),
        ([], None, OutcomeStatus.FAILED, "E_NOT_APPLIED"),
    ],
)
def test_what_an_update_came_to(lives: list[LiveResource], answer: Any, status: OutcomeStatus, code: str) -> None:
    place = Place(Shelf(lives))
    found = verified(place, update(), WISH, answer)
    assert said(found) == (status, code)
    kept = code != "E_SERVER_REWROTE"
    assert [one.path for one in found.unkept] == ([] if kept else ["priv_data"])
    assert (found.outcome.stuck == ()) is kept
    assert (found.unkept_as == ("", "")) is kept
    waits = lives == [OLD] and answer != dict(OLD.spec)
    assert (place.waits != []) is (waits or lives == [])


def test_an_update_without_the_object_as_it_was_shown_takes_what_reading_shows() -> None:
    found = verified(Place(Shelf([OLD])), update(), WISH, seen=None)
    assert said(found) == (OutcomeStatus.APPLIED, "E_SERVER_REWROTE")


def test_an_update_that_shows_late_is_done_and_one_whose_answer_is_the_old_object_is_looked_at_once() -> None:
    shelf = Shelf([OLD])
    place = Place(shelf, at={3: lambda: shelf.lives.__setitem__(0, NEW)})
    assert said(verified(place, update(), WISH)) == (OutcomeStatus.APPLIED, "")
    assert len(place.waits) == 3
    shelf = Shelf([NEW])
    assert said(verified(Place(shelf), update(), WISH, dict(OLD.spec))) == (OutcomeStatus.APPLIED, "")
    assert shelf.looks == 1


HIDDEN_IN_SHOW = sorted(name for name, one in ROOM.root.children.items() if not one.in_show)


def test_what_an_answer_leaves_out_and_no_show_has_is_unknown_and_not_empty() -> None:
    """Fields that a show has and the answer lacks are absent there: then the answer does not hold what was declared."""
    assert HIDDEN_IN_SHOW
    bare = {"room_id": "id-of-a", "room_name": "a"}
    assert said(verified(Place(Shelf([OLD])), update(), WISH, bare)) == (OutcomeStatus.FAILED, "E_NOT_APPLIED")


@pytest.mark.parametrize("error", [DOWN, REFUSED])
def test_what_cannot_be_read_back_is_said_and_an_update_of_it_is_planned_again(error: ReconcilerError) -> None:
    found = verified(Place(Shelf(shows={"id-of-a": error})), update(), WISH)
    assert said(found) == (OutcomeStatus.APPLIED, "E_NOT_VERIFIED")
    found = verified(Place(Shelf(shows={"id-of-a": error})), delete(), None)
    assert said(found) == (OutcomeStatus.UNKNOWN, "E_NOT_VERIFIED")
    assert found.outcome.reason == f"it could not be read back: {error.message}"


@pytest.mark.parametrize("error", [LockedError("lost"), LedgerError("lost")])
def test_a_lost_lock_or_ledger_ends_the_run(error: ReconcilerError) -> None:
    with pytest.raises(type(error)):
        verified(Place(Shelf(shows={"id-of-a": error})), update(), WISH)


def test_a_delete_is_done_when_the_object_is_gone_and_open_while_it_still_shows() -> None:
    assert said(verified(Place(Shelf()), delete(), None)) == (OutcomeStatus.APPLIED, "")
    place = Place(Shelf([OLD]))
    assert said(verified(place, delete(), None)) == (OutcomeStatus.UNKNOWN, "E_UNKNOWN_OUTCOME")
    assert sum(place.waits) == WINDOW
    shelf = Shelf([OLD])
    place = Place(shelf, at={2: shelf.lives.clear})
    assert said(verified(place, delete(), None)) == (OutcomeStatus.APPLIED, "")


@pytest.mark.parametrize(("shows", "gone"), [({}, True), ({"id-of-a": OLD}, False), ({"id-of-a": DOWN}, False)])
def test_an_object_is_gone_only_where_that_is_certain(shows: Any, gone: bool) -> None:
    assert is_deleted(Place(Shelf(shows=shows)).site, ROOM, "id-of-a") is gone


def test_a_create_is_done_when_it_is_seen_and_open_while_it_is_not() -> None:
    assert said(verified(Place(Shelf([NEW])), create(), WISH)) == (OutcomeStatus.APPLIED, "")
    found = verified(Place(Shelf([OLD])), create(), WISH)
    assert said(found) == (OutcomeStatus.APPLIED, "E_SERVER_REWROTE")
    assert "changed or dropped priv_data" in found.outcome.reason
    found = verified(Place(Shelf()), create(), WISH)
    assert said(found) == (OutcomeStatus.UNKNOWN, "E_UNKNOWN_OUTCOME")
    assert found.outcome.reason.endswith("reconciler history resolve op-1 -e test")


def test_the_entry_that_declares_what_is_not_kept_reads_back_as_the_same_path() -> None:
    assert ignore_entry(["a"]) == 'ignore_changes: [{path: "a", reason: the service does not keep it}]'
    assert '"\\U0000202E\\""' not in ignore_entry(['a"'])
    assert ignore_entry(["a\u202e"]).startswith('ignore_changes: [{path: "a\\U0000202E", ')
    assert ignore_entry(["a", "b"]).count("{path") == 2


# a create without an answer


def made(seconds: float | None, object_id: str = "id-of-a", **spec: Any) -> LiveResource:
    stamp = {} if seconds is None else {"create_time": format_rfc3339(seconds)}
    return live(ROOM, "a", object_id, {"priv_data": "new", **stamp, **spec})


ANSWERED = replace(INTENT, id="id-of-a", answered=True)


@pytest.mark.parametrize(
    ("created", "found"),
    [
        (START, True),
        (START - SKEW, True),
        (START - SKEW - 1, False),
        (START + SKEW, True),
        (START + SKEW + 1, False),
        (None, False),
    ],
)
def test_an_object_of_the_name_is_ours_where_it_was_made_while_it_was_sent(created: float | None, found: bool) -> None:
    place = Place(Shelf([made(created)]))
    settled = find_lost_create(place.site, INTENT, WISH)
    assert (
        settled.verdict is (LostCreateStatus.FOUND if found else LostCreateStatus.UNSURE) or created == START + SKEW + 1
    )
    if created == START + SKEW + 1:
        # while apply looks the window grows with the clock: it is ours at a later look
        assert (settled.verdict, place.waits[:1]) == (LostCreateStatus.FOUND, [2.0])
    elif found:
        assert place.waits == []
    else:
        assert settled.reason


def test_an_object_made_after_the_whole_window_is_not_ours() -> None:
    begun = START - 1000
    last = begun + WINDOW + LATE + SKEW
    old = replace(INTENT, started=format_rfc3339(begun))
    assert find_lost_create(Place(Shelf([made(last)])).site, old, WISH).verdict is LostCreateStatus.FOUND
    late = find_lost_create(Place(Shelf([made(last + 1)])).site, old, WISH)
    assert late.verdict is LostCreateStatus.UNSURE
    assert "not while this was being sent" in late.reason


@pytest.mark.parametrize(
    ("wish", "lives", "reason"),
    [
        (None, [made(START)], "what was sent is no longer known"),
        (WISH, [made(START, priv_data="other")], "it differs in priv_data"),
        (WISH, [made(START), made(START, "id-of-twin")], "2 objects have this name"),
        (WISH, [made(None)], "its time of creation is unknown"),
    ],
)
def test_why_an_object_of_the_name_may_not_be_ours(wish: Any, lives: list[LiveResource], reason: str) -> None:
    settled = find_lost_create(Place(Shelf(lives)).site, INTENT, wish)
    assert settled.verdict is LostCreateStatus.UNSURE
    assert reason in settled.reason


def test_a_lost_create_is_absent_only_after_the_whole_window_and_enough_looks() -> None:
    place = Place(Shelf())
    assert find_lost_create(place.site, INTENT, WISH).verdict is LostCreateStatus.ABSENT
    assert place.now >= START + WINDOW + LATE
    assert place.reader.named >= place.settle.looks
    assert place.waits[:6] == [2.0, 4.0, 8.0, 16.0, 20.0, 20.0]
    hurried = Place(Shelf(), settle=SettlePolicy(window=1.0, late=1.0))
    assert find_lost_create(hurried.site, INTENT, WISH).verdict is LostCreateStatus.ABSENT
    assert hurried.reader.named == hurried.settle.looks
    assert hurried.events[-1].message == "looking for it, at most 0 s longer"


@pytest.mark.parametrize(("ago", "looks"), [(WINDOW + LATE + 1, 1), (WINDOW + LATE, 8), (WINDOW + LATE - 1, 8)])
def test_a_window_that_was_over_before_needs_one_look(ago: float, looks: int) -> None:
    place = Place(Shelf())
    assert (
        find_lost_create(place.site, replace(INTENT, started=format_rfc3339(START - ago)), WISH).verdict
        is LostCreateStatus.ABSENT
    )
    assert place.reader.named == looks


@pytest.mark.parametrize("offset", [0.0, 600.0, -600.0])
def test_a_window_is_of_the_clock_of_the_service(offset: float) -> None:
    place = Place(Shelf(offset=offset))
    assert (
        find_lost_create(place.site, replace(INTENT, started=format_rfc3339(START + offset)), WISH).verdict
        is LostCreateStatus.ABSENT
    )
    assert WINDOW + LATE <= sum(place.waits) < WINDOW + LATE + 20


@pytest.mark.parametrize("step", [600.0, -600.0])
def test_a_window_is_as_long_when_the_local_clock_is_set_meanwhile(step: float) -> None:
    place = Place(Shelf())

    def set_the_clock() -> None:
        place.now += step
        place.reader.offset -= step

    place.at = {2: set_the_clock}
    settled = find_lost_create(place.site, replace(INTENT, started=format_rfc3339(START)), WISH)
    assert settled.verdict is LostCreateStatus.ABSENT
    assert WINDOW + LATE <= sum(place.waits) < WINDOW + LATE + 20


def test_a_begin_that_lies_ahead_makes_no_longer_window_and_one_that_is_unknown_is_now() -> None:
    for started in (format_rfc3339(START + 5000), ""):
        place = Place(Shelf())
        find_lost_create(place.site, replace(INTENT, started=started), WISH)
        assert WINDOW + LATE <= sum(place.waits) < WINDOW + LATE + 20


def test_what_was_answered_is_found_by_its_id_and_is_never_absent() -> None:
    shelf = Shelf(shows={"id-of-a": OLD})
    settled = find_lost_create(Place(shelf).site, ANSWERED, WISH)
    assert (settled.verdict, settled.live, shelf.named) == (LostCreateStatus.FOUND, OLD, 0)
    place = Place(Shelf())
    settled = find_lost_create(place.site, ANSWERED, WISH)
    assert settled.verdict is LostCreateStatus.UNSURE
    assert "created as id-of-a" in settled.reason
    assert WINDOW <= sum(place.waits) < WINDOW + 20
    other = Shelf(shows={"id-of-a": replace(OLD, name="another name")})
    assert find_lost_create(Place(other).site, ANSWERED, WISH).verdict is LostCreateStatus.UNSURE
    folded = Shelf(shows={"id-of-a": replace(OLD, name=" A ")})
    assert find_lost_create(Place(folded).site, ANSWERED, WISH).verdict is LostCreateStatus.FOUND


def test_a_twin_of_what_was_answered_under_another_id_is_taken_last() -> None:
    place = Place(Shelf([made(START, "id-of-twin")]))
    settled = find_lost_create(place.site, ANSWERED, WISH)
    assert settled.verdict is LostCreateStatus.FOUND
    assert sum(place.waits) >= WINDOW
    place = Place(Shelf([made(START, "id-of-twin"), made(START, "id-of-third")]))
    assert find_lost_create(place.site, ANSWERED, WISH).verdict is LostCreateStatus.UNSURE


def test_a_foreign_object_of_the_name_is_none_of_ours() -> None:
    place = Place(Shelf([replace(made(START), foreign="it belongs to another project")]))
    assert find_lost_create(place.site, INTENT, WISH).verdict is LostCreateStatus.ABSENT


def test_an_intent_that_is_no_create_is_looked_for_by_name() -> None:
    shelf = Shelf(shows={"id-of-a": OLD})
    find_lost_create(Place(shelf).site, replace(ANSWERED, action=Action.UPDATE), WISH)
    assert (shelf.looks, shelf.named > 0) == (0, True)


def test_looking_ends_with_refused_credentials_with_a_signal_and_with_a_lost_lock() -> None:
    place = Place(Shelf(error=REFUSED))
    settled = find_lost_create(place.site, INTENT, WISH)
    assert (settled.verdict, place.waits) == (LostCreateStatus.UNSURE, [])
    place = Place(Shelf(error=DOWN))
    settled = find_lost_create(place.site, INTENT, WISH)
    assert (settled.verdict, "could not be looked for" in settled.reason) == (LostCreateStatus.UNSURE, True)
    assert sum(place.waits) >= WINDOW + LATE
    place = Place(Shelf(), stop_after=2)
    settled = find_lost_create(place.site, INTENT, WISH)
    assert (settled.verdict, len(place.waits)) == (LostCreateStatus.UNSURE, 2)
    assert settled.reason == "stopped while waiting for it to settle"
    with pytest.raises(LockedError):
        find_lost_create(Place(Shelf(), lease=Held(lost_at=2)).site, INTENT, WISH)


def test_trouble_that_passes_does_not_end_the_looking() -> None:
    shelf = Shelf(error=DOWN)

    def well() -> None:
        shelf.error, shelf.lives = None, [made(START)]

    assert find_lost_create(Place(shelf, at={2: well}).site, INTENT, WISH).verdict is LostCreateStatus.FOUND


# looking until something is seen


@pytest.mark.parametrize(
    ("since", "answered", "waited"),
    [(None, True, WINDOW), (None, False, WINDOW + LATE), (START - 100, True, WINDOW - 100), (START - 1000, True, 0.0)],
)
def test_how_long_something_is_looked_for(since: float | None, answered: bool, waited: float) -> None:
    place = Place(Shelf())
    assert until_seen(place.site, "address", lambda: None, since=since, answered=answered) is None
    assert sum(place.waits) == waited
    assert place.lease.checks == len(place.waits)
    assert {event.address for event in place.events} == ({"address"} if waited else set())


def test_the_first_thing_that_is_seen_is_returned_and_what_is_false_is_something() -> None:
    place = Place(Shelf())
    assert until_seen(place.site, "a", lambda: False) is False
    assert place.waits == []
    found = iter([None, None, "here"])
    assert until_seen(place.site, "a", lambda: next(found)) == "here"
    assert place.waits == [2.0, 4.0]
    assert place.events[0].message == "looking for it, at most 180 s longer"


@pytest.mark.parametrize("error", [REFUSED, LedgerError("lost"), LockedError("lost")])
def test_what_will_not_pass_is_raised_at_once(error: ReconcilerError) -> None:
    place = Place(Shelf(shows={"x": error}))
    with pytest.raises(type(error)):
        until_seen(place.site, "a", lambda: place.reader.show(ROOM, "x"))
    assert place.waits == []


def test_what_the_last_look_raised_is_raised_when_time_is_over_or_a_signal_came() -> None:
    for stop_after, waits in ((10_000, 12), (2, 2)):
        place = Place(Shelf(shows={"x": DOWN}), stop_after=stop_after)
        with pytest.raises(ApiError):
            until_seen(place.site, "a", lambda place=place: place.reader.show(ROOM, "x"))
        assert len(place.waits) == waits
    place = Place(Shelf(), stop_after=2)
    assert until_seen(place.site, "a", lambda: None) is None
    assert len(place.waits) == 2
    shelf = Shelf(shows={"x": DOWN})
    place = Place(shelf, at={1: lambda: shelf.shows.update(x=OLD)})
    assert until_seen(place.site, "a", lambda: shelf.show(ROOM, "x")) is OLD
