"""A plan from end to end: what is asked of a reader, what a second look settles, and what the process ends with."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from reconciler.api.client import ReadClient
from reconciler.api.connection import Connection
from reconciler.errors import NotFoundError
from reconciler.kinds.base.kind import Kind
from reconciler.model.change import Action
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import PlanOptions, Selection
from reconciler.model.plan import Plan
from reconciler.model.read_result import ApiUsage, ConfirmRequest, ConfirmResult, ReadRequest, ReadResult
from reconciler.model.resource import DeclaredResource, LiveResource
from reconciler.planfile.encode import encode
from reconciler.planner import build_read_requests, exit_code, make_plan, read_all
from reconciler.readers.http_reader import HttpReader
from reconciler.simulator import Simulator, transport
from reconciler.simulator.server import running
from tests.support.planning import GROUP, ROOM, declared, ledger, live, remembered

PROJECT = "0" * 32
KINDS = {kind.name: kind for kind in (GROUP, ROOM)}


@dataclass
class Shelf:
    """A reader of what lies on a shelf; `answers` are what a second look finds."""

    lives: tuple[LiveResource, ...] = ()
    incomplete: str = ""
    answers: Mapping[str, ConfirmResult] = field(default_factory=dict)
    doubts: dict[str, ConfirmRequest] = field(default_factory=dict)
    asked: dict[str, ReadRequest] = field(default_factory=dict)
    usage: ApiUsage = field(default_factory=ApiUsage)

    def read(self, kind: Kind, wanted: ReadRequest) -> ReadResult:
        self.asked[kind.name] = wanted
        mine = tuple(one for one in self.lives if one.kind == kind.name)
        return ReadResult(kind=kind.name, resources=mine, incomplete=self.incomplete)

    def confirm(self, kind: Kind, doubt: ConfirmRequest) -> ConfirmResult:
        self.doubts[kind.name] = doubt
        return self.answers.get(kind.name, ConfirmResult())

    def show(self, kind: Kind, object_id: str) -> LiveResource | None:
        return next((one for one in self.lives if one.id == object_id), None)

    def find(self, kind: Kind, name: str) -> tuple[LiveResource, ...]:
        return tuple(one for one in self.lives if one.name == name)


def planned(resources: list[DeclaredResource], reader: Any, past: LedgerState | None = None, **settings: Any) -> Plan:
    manifest = DesiredState(resources=tuple(resources))
    return make_plan(manifest, reader, past or LedgerState(), PlanOptions(environment="test", **settings), kinds=KINDS)


def test_a_broken_manifest_reads_nothing_and_plans_nothing() -> None:
    shelf = Shelf()
    broken = DesiredState(
        resources=(declared(ROOM, "a"),), diagnostics=(Diagnostic(severity=Severity.ERROR, code="E_X", message="no"),)
    )
    made = make_plan(broken, shelf, LedgerState(), PlanOptions(environment="test"), kinds=KINDS)
    assert (made.changes, made.errored, shelf.asked) == ((), True, {})
    assert exit_code(made, detailed=True) == 1


def test_the_reader_is_told_which_fields_matter_and_which_ids_are_known() -> None:
    resources = (
        declared(ROOM, "a", {"priv_data": "p"}, aliases=("old a",)),
        declared(ROOM, "b", {"scene_scripts": []}, id="7"),
    )
    past = ledger(remembered(ROOM, "a", "1"), remembered(GROUP, "g", "9"), remembered(ROOM, "x", "2", owner="other"))
    asked = build_read_requests(resources, past, PlanOptions(environment="e", depth="full"), KINDS)
    room = asked[ROOM.name]
    assert room.fields["a"] == room.fields["old a"] == {"priv_data"}
    assert room.pins == {"7": {"scene_scripts"}, "1": {"priv_data"}}
    assert (room.known, asked[GROUP.name].known) == ({"1"}, {"9"})
    assert (room.depth, asked[GROUP.name].fields) == ("full", {})


def test_kinds_read_one_after_another_end_with_the_first_failure() -> None:
    asked: list[str] = []

    class Failing(HttpReader):
        def read(self, kind: Kind, wanted: ReadRequest) -> ReadResult:
            asked.append(kind.name)
            raise NotFoundError(f"no {kind.name}")

    kinds = {ROOM.name: ROOM, GROUP.name: GROUP}
    client = ReadClient(Connection(base_url="http://127.0.0.1:9", project_id="p", transport=transport(Simulator({}))))
    needs = {name: ReadRequest(fields={}, pins={}, known=frozenset()) for name in kinds}
    with pytest.raises(NotFoundError, match=f"no {ROOM.name}"):
        read_all(Failing(client), kinds, needs, parallelism=1)
    assert asked == [ROOM.name]


def test_only_creates_and_deletes_are_asked_for_again() -> None:
    shelf = Shelf((live(ROOM, "same"), live(ROOM, "edit"), live(ROOM, "gone", "g")))
    resources = [declared(ROOM, "same"), declared(ROOM, "edit", {"priv_data": "p"})]
    planned(resources, shelf)
    assert shelf.doubts == {}
    past = ledger(remembered(ROOM, "gone", "g"))
    planned([*resources, declared(ROOM, "new", aliases=("older",))], shelf, past, prune="owned")
    assert shelf.doubts == {ROOM.name: ConfirmRequest(creates=frozenset({"new", "older"}), deletes=frozenset({"g"}))}


def test_an_object_that_a_second_look_finds_is_updated_and_not_made_twice() -> None:
    late = live(ROOM, "late", spec={"priv_data": "old"})
    shelf = Shelf(answers={ROOM.name: ConfirmResult(found=(late,))})
    made = planned([declared(ROOM, "late", {"priv_data": "new"})], shelf)
    assert [(change.action, change.id) for change in made.changes] == [(Action.UPDATE, late.id)]


def test_an_object_that_a_second_look_finds_under_its_earlier_name_is_renamed() -> None:
    shelf = Shelf(answers={ROOM.name: ConfirmResult(found=(live(ROOM, "old", "1"),))})
    made = planned([declared(ROOM, "new", aliases=("old",))], shelf)
    assert [(change.action, change.id) for change in made.changes] == [(Action.UPDATE, "1")]


def test_an_object_that_is_gone_at_the_second_look_is_no_delete() -> None:
    shelf = Shelf((live(ROOM, "gone", "g"),), answers={ROOM.name: ConfirmResult(gone=frozenset({"g"}))})
    made = planned([declared(GROUP, "always")], shelf, ledger(remembered(ROOM, "gone", "g")), prune="owned")
    assert [change.name for change in made.changes] == ["always"]
    assert made.unmanaged == ()


def test_what_a_second_look_cannot_tell_is_held_back_with_its_reason() -> None:
    unsure = ConfirmResult(unsure={"new": "the name query answered 500", "g": "show answered 403"})
    shelf = Shelf((live(ROOM, "gone", "g"),), answers={ROOM.name: unsure})
    made = planned([declared(ROOM, "new")], shelf, ledger(remembered(ROOM, "gone", "g")), prune="owned")
    assert made.changes == ()
    assert {(one.action, one.name, one.reason) for one in made.held} == {
        (Action.CREATE, "new", "the name query answered 500"),
        (Action.DELETE, "gone", "show answered 403"),
    }
    assert exit_code(made, detailed=True) == 3


def test_an_incomplete_read_is_not_asked_again_for_what_it_cannot_prove() -> None:
    shelf = Shelf(incomplete="page 3 answered 500")
    made = planned([declared(ROOM, "new")], shelf)
    assert (shelf.doubts, len(made.held), made.complete) == ({}, 1, False)


CODES = [
    ("nothing to do", {}, False, 0),
    ("nothing to do, asked in detail", {}, True, 0),
    ("changes", {"changes": True}, False, 0),
    ("changes, asked in detail", {"changes": True}, True, 2),
    ("incomplete", {"partial": True}, False, 3),
    ("incomplete, with changes", {"partial": True, "changes": True}, True, 3),
    ("an error", {"error": True}, False, 1),
    ("an error, incomplete, with changes", {"error": True, "partial": True, "changes": True}, True, 1),
]


def ending(*, changes: bool = False, partial: bool = False, error: bool = False) -> Plan:
    made = (
        planned([declared(ROOM, "a", {"priv_data": "p"})], Shelf((live(ROOM, "a"),)))
        if changes
        else Plan(environment="e")
    )
    told = [("E_READ_INCOMPLETE", partial), ("E_ID_NOT_FOUND", error)]
    problems = tuple(Diagnostic(severity=Severity.ERROR, code=code, message="m") for code, there in told if there)
    return replace(made, diagnostics=problems, complete=not partial)


@pytest.mark.parametrize(("what", "plan_of", "detailed", "code"), CODES, ids=[case[0] for case in CODES])
def test_the_gravest_exit_code_counts(what: str, plan_of: Any, detailed: bool, code: int) -> None:
    assert exit_code(ending(**plan_of), detailed=detailed) == code


def test_of_many_plans_the_gravest_counts() -> None:
    fine, changes, partial, error = (
        ending(**what) for what in ({}, {"changes": True}, {"partial": True}, {"error": True})
    )
    assert exit_code([fine, changes], detailed=True) == 2
    assert exit_code([fine, changes, partial], detailed=True) == 3
    assert exit_code([fine, changes, partial, error], detailed=True) == 1
    assert exit_code([], detailed=True) == 0


def test_a_selection_is_what_was_asked_for_and_no_fault() -> None:
    shelf = Shelf((live(ROOM, "a"),))
    chosen = Selection(targets=('SmartLiveRoom["a"]',))
    made = planned([declared(ROOM, "a"), declared(ROOM, "b")], shelf, selection=chosen)
    assert made.complete is False
    assert exit_code(made, detailed=True) == 0
    assert exit_code(replace(made, diagnostics=()), detailed=True) == 3


@pytest.mark.parametrize(
    ("classes", "code"), [("drift", 2), ("config,drift", 2), ("config", 0), ("conflict", 0), ("", 0)]
)
def test_classes_of_attribution_can_be_made_to_fail(classes: str, code: int) -> None:
    past = ledger(remembered(ROOM, "a", last={"priv_data": "p"}))
    made = planned([declared(ROOM, "a", {"priv_data": "p"})], Shelf((live(ROOM, "a", spec={"priv_data": "x"}),)), past)
    assert exit_code(made, fail_on=classes) == code
    assert exit_code(made, fail_on=[*filter(None, classes.split(","))]) == code


SEED = {
    "smart_live_rooms": [
        {"room_id": f"r{number}", "room_name": f"room {number}", "room_description": "old"} for number in range(30)
    ],
    "interaction_rule_groups": [
        {"group_id": "g", "group_name": "lib", "interaction_rules": [{"rule_name": "price", "event_type": 1}]}
    ],
}
RESOURCES = [
    *(declared(ROOM, f"room {number}", {"room_description": "new" if number % 7 else "old"}) for number in range(32)),
    declared(GROUP, "lib", {"interaction_rules": [{"rule_name": "price", "event_type": 2}]}),
    declared(GROUP, "new lib", {"interaction_rules": []}),
]


def test_a_real_port_and_the_embedded_service_give_the_same_bytes() -> None:
    def connected(**more: Any) -> HttpReader:
        return HttpReader(ReadClient(Connection(project_id=PROJECT, **more)))

    with running(Simulator(SEED)) as url:
        served = planned(RESOURCES, connected(base_url=url), project_id=PROJECT)
    embedded = connected(base_url="http://127.0.0.1", transport=transport(Simulator(SEED)))
    assert encode(served) == encode(planned(RESOURCES, embedded, project_id=PROJECT))
    assert (served.summary().add, served.summary().change) == (3, 26)
