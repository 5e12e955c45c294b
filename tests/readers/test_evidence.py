"""What a plan may conclude from lists that are cut off, miscounted or partly unreadable: nothing that is not proven."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from reconciler.exit_codes import ExitCode
from reconciler.kinds.base.kind import Kind
from reconciler.model.change import Action
from reconciler.model.desired_state import DesiredState
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import PlanOptions
from reconciler.model.plan import Plan
from reconciler.planfile.encode import encode
from reconciler.planner import exit_code, make_plan
from reconciler.readers.http_reader import HttpReader
from tests.support.planning import codes, declared
from tests.support.reading import GROUP, PROJECT, ROOM, reader

KINDS = pytest.mark.parametrize("kind", [ROOM, GROUP], ids=lambda kind: kind.name)


@dataclass
class Service:
    """A list endpoint of one kind that may lie: how many rows it shows, what it counts, which pages come back empty."""

    kind: Kind
    objects: list[Any]
    shows: int = 10_000
    count: int | None = None
    empty_at: frozenset[int] = frozenset()
    summary: bool = False
    wildcards: bool = False
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path.rsplit("/", 1)[-1] + "?" + request.url.query.decode())
        places = self.kind.endpoints
        path = request.url.path.replace(PROJECT, "{project_id}")
        if path == places.collection:
            return self._page(request, self.objects[: self.shows], self.count)
        if path == places.summary and self.summary:
            return self._page(request, self.objects, None)
        found = [
            row for row in self.objects if isinstance(row, dict) and path.endswith(f"/{row.get(self.kind.id_field)}")
        ]
        if found:
            return httpx.Response(200, content=json.dumps(found[0]).encode())
        return httpx.Response(404, json={"error_code": "MSS.20010045", "error_msg": "not found"})

    def _page(self, request: httpx.Request, listed: list[Any], count: int | None) -> httpx.Response:
        query = request.url.params
        name = query.get(self.kind.name_field)
        offset, limit = int(query["offset"]), int(query["limit"])
        rows = [row for row in self.objects if self._matches(row, name)] if name else listed
        total = len(rows) if count is None or name else count
        page = [] if offset in self.empty_at and not name else rows[offset : offset + limit]
        body = {self.kind.endpoints.items: page, "count": total}
        return httpx.Response(200, content=json.dumps(body).encode())

    def _matches(self, row: Any, name: str) -> bool:
        own = row.get(self.kind.name_field) if isinstance(row, dict) else None
        if self.wildcards and any(char in name for char in "%_'\"\\"):
            return False  # a search that makes something else of these characters
        return isinstance(own, str) and name.casefold() in own.casefold()

    def reader(self) -> HttpReader:
        return reader("http://localhost", transport=httpx.MockTransport(self), parallelism=1)

    def plan(self, *names: str, **spec: Any) -> Plan:
        settings = PlanOptions(environment="test", project_id=PROJECT)
        wanted = DesiredState(resources=tuple(declared(self.kind, name, spec) for name in names))
        return make_plan(wanted, self.reader(), LedgerState(), settings, kinds={self.kind.name: self.kind})


def rows(kind: Kind, names: Any, **more: Any) -> list[Any]:
    return [{kind.id_field: f"id-{number:03}", kind.name_field: name, **more} for number, name in enumerate(names)]


def names(count: int, start: int = 0) -> list[str]:
    return [f"object {number:03}" for number in range(start, count)]


def creates(made: Plan) -> list[str]:
    return [change.name for change in made.changes if change.action is Action.CREATE]


@KINDS
@pytest.mark.parametrize("offset", [0, 100])
def test_a_page_that_comes_back_empty_creates_nothing(kind: Kind, offset: int) -> None:
    service = Service(kind, rows(kind, names(108)), count=108, empty_at=frozenset({offset}))
    made = service.plan(*names(108), "new")
    assert creates(made) == []
    assert {held.action for held in made.held} == {Action.CREATE}
    assert exit_code(made) == ExitCode.PARTIAL


@KINDS
def test_a_count_larger_than_the_rows_is_doubt(kind: Kind) -> None:
    made = Service(kind, rows(kind, names(5)), count=6).plan("new")
    assert (creates(made), codes(made)) == ([], ["E_READ_INCOMPLETE"])


def test_a_count_that_the_listed_rules_explain_is_none() -> None:
    rules = [{"rule_name": f"rule {number}", "event_type": 1} for number in range(7)]
    found = rows(GROUP, names(3), interaction_rules=rules)
    assert creates(Service(GROUP, found, count=21).plan("new")) == ["new"]
    assert creates(Service(GROUP, found, count=22).plan("new")) == []
    assert creates(Service(GROUP, [*found, *rows(GROUP, ["bare"])], count=21).plan("new")) == []


def test_the_summary_list_settles_what_a_count_means() -> None:
    found = rows(GROUP, names(3))
    assert creates(Service(GROUP, found, count=47, summary=True).plan("new")) == ["new"]
    cut = Service(GROUP, found, count=47, summary=True, shows=2)
    assert creates(cut.plan("new")) == []


ODD_NAMES = [
    "plain name",
    "50% off",
    'say "hi"',
    "it's & that=1",
    "back\\slash",
    "a_b",
    "晚场",
    "😀😀",
    "x" * 256,
    "😀" * 100,
    "é" * 200 + "'",
]


@KINDS
@pytest.mark.parametrize("wildcards", [False, True], ids=["finds all", "wildcards"])
def test_a_list_that_is_cut_off_the_same_way_twice_creates_nothing(kind: Kind, wildcards: bool) -> None:
    """260 objects of which the list and its count know 200: 60 would be created a second time."""
    hidden = [*names(260, 200 + len(ODD_NAMES)), *ODD_NAMES]
    everything = [*names(200), *hidden]
    service = Service(kind, rows(kind, everything), shows=200, wildcards=wildcards)
    made = service.plan(*everything)
    assert creates(made) == []
    assert codes(made).count("E_READ_INCOMPLETE") == 1
    assert [one.message for one in made.diagnostics if "the list is cut off" in one.message]
    assert exit_code(made) == ExitCode.PARTIAL


@pytest.mark.parametrize("name", ODD_NAMES)
@KINDS
def test_an_object_that_the_list_hides_is_found_by_its_name_whatever_its_characters(kind: Kind, name: str) -> None:
    service = Service(kind, rows(kind, [*names(100), name, f"{name} too"[-256:]]), shows=100)
    if kind is GROUP and len(name.encode("utf-16-le")) > 512:
        return  # the parameter does not take it, and no page says that a part of it would do
    assert [live.name for live in service.reader().find(kind, name)] == [name]
    assert creates(service.plan(name)) == []


@KINDS
def test_a_few_creates_beside_a_whole_list_stay_creates(kind: Kind) -> None:
    service = Service(kind, rows(kind, names(50)))
    new = [f"new {number}" for number in range(30)]
    made = service.plan(*names(50), *new)
    assert sorted(creates(made)) == sorted(new)
    assert exit_code(made) == 0
    assert len([one for one in service.asked if "name=" in one]) == 10


ODD_ROWS: dict[str, dict[str, Any]] = {
    "an id with a blank": {"id": "a b"},
    "an id with a slash": {"id": "../x"},
    "an id that is a number": {"id": 5},
    "an empty id": {"id": ""},
    "an id that is too long": {"id": "x" * 65},
    "an id that is an object": {"id": {}},
    "no id": {},
    "half a character in a text": {"id": "ok-1", "priv_data": "\ud800"},
    "half a character in a key": {"id": "ok-1", "\udfff": 1},
}


def odd(kind: Kind, name: Any, said: dict[str, Any]) -> dict[str, Any]:
    given = {"name": name, **said}
    return {{"id": kind.id_field, "name": kind.name_field}.get(key, key): value for key, value in given.items()}


@KINDS
@pytest.mark.parametrize("said", ODD_ROWS.values(), ids=ODD_ROWS)
def test_one_odd_row_is_told_and_left_and_the_rest_goes_on(kind: Kind, said: dict[str, Any]) -> None:
    service = Service(kind, [*rows(kind, ["one", "two"]), odd(kind, "odd", said), *rows(kind, ["three"])[:0]])
    made = service.plan("one", "odd", "new")
    assert creates(made) == ["new"]
    assert [change.id for change in made.changes if change.name == "one"] == ["id-000"]
    assert [(held.name, held.action) for held in made.held] == [("odd", Action.CREATE)]
    assert "it cannot be managed" in made.held[0].reason
    assert "E_READ_ROW" in codes(made)
    assert exit_code(made) == ExitCode.PARTIAL
    json.dumps(encode(made), ensure_ascii=False).encode()


@KINDS
def test_an_odd_row_without_a_name_holds_creates_back_and_updates_go_on(kind: Kind) -> None:
    for row in (odd(kind, None, {"id": 5}), "text", None, 5, [], odd(kind, "", {"id": "a b"})):
        made = Service(kind, [*rows(kind, ["one"]), row]).plan("one", "new")
        assert (creates(made), [held.name for held in made.held]) == ([], ["new"])
        assert [change.id for change in made.changes] == ["id-000"]


@KINDS
def test_a_name_with_half_a_character_holds_nothing_back(kind: Kind) -> None:
    made = Service(kind, [*rows(kind, ["one"]), odd(kind, "od\ud800d", {"id": "ok-1"})]).plan("one", "new", "od")
    assert creates(made) == ["new", "od"]
    assert [one for one in made.diagnostics if r"od\ud800d" in one.message]


@KINDS
def test_odd_rows_count_as_rows(kind: Kind) -> None:
    """250 rows of which each third cannot be managed are three pages, whole, with nothing left out of them."""
    listed = rows(kind, names(250))
    for row in listed[::3]:
        row[kind.id_field] += " x"
    service = Service(kind, listed)
    made = service.plan("new")
    assert creates(made) == ["new"]
    assert len([one for one in made.diagnostics if "64 more" in one.message]) == 1
    assert codes(made).count("E_READ_ROW") == 21


FOLDED = [
    ("R2", "R2 "),
    ("R3", "r3"),
    ("Ｓｈｏｐ", "Shop"),
    ("a b", "a  b"),
    ("№ 1", "No 1"),
    ("Straße", "STRASSE"),
    ("Ⅷ", "viii"),
]


@KINDS
@pytest.mark.parametrize(("wanted", "there"), [*FOLDED, *(pair[::-1] for pair in FOLDED)])
def test_a_create_beside_a_live_object_of_nearly_its_name_is_held_back(kind: Kind, wanted: str, there: str) -> None:
    made = Service(kind, rows(kind, ["other", there])).plan(wanted, "new")
    assert creates(made) == ["new"]
    assert [held.name for held in made.held] == [wanted]
    assert "metadata.id: id-001" in made.held[0].reason
    (hint,) = [one.hint for one in made.diagnostics if one.code == "W_NAME_ALIKE"]
    assert "id: id-001" in hint
    assert exit_code(made) == ExitCode.PARTIAL


@KINDS
@pytest.mark.parametrize(("wanted", "there"), [("Ｓｈｏｐ", "Shop"), ("R3", "r3"), ("№ 1", "No 1"), ("Ⅷ", "VIII")])
def test_a_create_beside_nearly_its_name_behind_the_end_of_a_list_is_not_sent(
    kind: Kind, wanted: str, there: str
) -> None:
    made = Service(kind, rows(kind, [*names(200), *names(260, 201), there]), shows=200).plan(wanted)
    assert creates(made) == []
    assert [held.name for held in made.held] == [wanted]
    assert exit_code(made) == ExitCode.PARTIAL


@KINDS
@pytest.mark.parametrize(("first", "second"), FOLDED)
def test_of_two_declared_names_that_a_service_may_fold_one_is_created(kind: Kind, first: str, second: str) -> None:
    made = Service(kind, []).plan(first, second)
    assert creates(made) == [first]
    assert [held.name for held in made.held] == [second]
    there = Service(kind, rows(kind, [first])).plan(first, second)
    assert (creates(there), [held.name for held in there.held]) == ([], [second])


@KINDS
@pytest.mark.parametrize(("first", "second"), FOLDED)
def test_two_live_objects_of_nearly_one_name_are_each_adopted_exactly(kind: Kind, first: str, second: str) -> None:
    made = Service(kind, rows(kind, [first, second])).plan(first, second)
    assert {change.name: change.id for change in made.changes} == {first: "id-000", second: "id-001"}
    assert (made.held, [code for code in codes(made) if code == "W_NAME_ALIKE"]) == ((), [])


class Leaky(Service):
    """A list that loses objects between two sweeps: they were there before, and are neither listed nor shown then."""

    loses: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = super().__call__(request)
        if request.url.path.endswith(self.kind.endpoints.collection.rsplit("/", 1)[-1]):
            self.objects, self.count = self.objects[self.loses :], None
            self.loses = 0
        return answer


@pytest.mark.parametrize(("size", "loses", "believed"), [(60, 20, True), (60, 21, False), (100, 21, False)])
def test_so_many_objects_may_go_between_two_sweeps_of_a_small_list(size: int, loses: int, believed: bool) -> None:
    service = Leaky(ROOM, rows(ROOM, names(size)), count=size + 1)
    service.loses = loses
    made = service.plan("new")
    assert (creates(made) == ["new"]) is believed, made.diagnostics
    assert (made.held == ()) is believed
