"""What a reader concludes from lists, shows and searches: what is whole, what is in doubt, what is asked for again."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.api.client import Compact, ListPage, OddRow
from reconciler.api.connection import UsageCounter
from reconciler.errors import ApiError, ForbiddenError, NotFoundError, ReconcilerError
from reconciler.model.read_result import ConfirmRequest, ConfirmResult, ReadRequest, ReadResult
from reconciler.readers.confirm import PreviousRead, confirmation, in_order, matching, similar_rows
from reconciler.readers.kind_reader import FEW, KindReader
from reconciler.readers.list_reader import ListClient, ListResult
from reconciler.readers.read_filter import need
from reconciler.readers.unknown_fields import MOST
from tests.support.planning import GROUP, ROOM, live
from tests.support.reading import PROJECT

Row = dict[str, Any]


def room(name: str, object_id: str = "", **more: Any) -> Row:
    return {"room_id": object_id or f"id-of-{name}", "room_name": name, **more}


@dataclass
class Client:
    """A client of lists that stand here: the whole list at each sweep (the last one for ever), and of each search."""

    lists: list[list[Row]] = field(default_factory=list)
    searches: dict[str, list[Row] | ReconcilerError] = field(default_factory=dict)
    shows: dict[str, Row | ReconcilerError] = field(default_factory=dict)
    counts: Callable[[int], int | None] = lambda size: size
    odd: tuple[OddRow, ...] = ()
    asked: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    sweeps: int = 0

    @property
    def connection(self) -> Any:
        return SimpleNamespace(project_id=PROJECT)

    def page(
        self, kind: Any, *, offset: int, limit: int, filters: Iterable[tuple[str, str]] = (), compact: Compact
    ) -> ListPage:
        text = next((value for _, value in filters), None)
        if text is not None:
            self.asked.append(text)
            found = self.searches.get(text, [])
            if isinstance(found, ReconcilerError):
                raise found
            rows = found
        else:
            self.sweeps += offset == 0
            rows = self.lists[min(self.sweeps, len(self.lists)) - 1] if self.lists else []
        size = len(rows) + len(self.odd)
        return ListPage(
            rows=tuple(rows[offset : offset + limit]), count=self.counts(size), odd=self.odd if not offset else ()
        )

    def show(self, kind: Any, object_id: str, *, compact: Compact) -> Row:
        self.shown.append(object_id)
        found = self.shows.get(object_id)
        if isinstance(found, ReconcilerError):
            raise found
        if found is None:
            raise NotFoundError("gone")
        return found


def lister(client: Client, kind: Any = ROOM) -> ListClient:
    return ListClient(client=client, kind=kind, spread=map, width=1)  # type: ignore[arg-type]


def wanted(*names: str, **more: Any) -> ReadRequest:
    return ReadRequest(fields={name: frozenset({"scene_scripts"}) for name in names}, **more)


def read(client: Client, request: ReadRequest | None = None, kind: Any = ROOM) -> ReadResult:
    return reader(client, request, kind).reading()


def reader(client: Client, request: ReadRequest | None = None, kind: Any = ROOM) -> KindReader:
    here = lister(client, kind)
    return KindReader(
        need=need(kind, request or ReadRequest(), PROJECT), listing=here.listing(), lister=here, meter=UsageCounter()
    )


def names(result: ReadResult | ConfirmResult) -> list[str]:
    found = result.resources if isinstance(result, ReadResult) else result.found
    return [one.name for one in found]


# what a read proves


def test_a_list_that_held_still_is_whole_and_says_why() -> None:
    found = read(Client([[room("b"), room("a")]]), ReadRequest(depth="list"))
    assert (names(found), found.incomplete, found.code) == (["a", "b"], "", "")
    assert found.proof == "2 objects on 1 pages, count 2, 1 sweeps, 0 shows; the list held still"
    assert found.listed == {"room_id", "room_name"}
    assert found.diagnostics == ()


def test_a_list_whose_count_is_of_the_rules_says_no_count() -> None:
    rows = [{"group_id": "7", "group_name": "g", "interaction_rules": [{"rule_name": "a"}, {"rule_name": "b"}]}]
    found = read(Client([rows], counts=lambda size: 2), ReadRequest(depth="list"), GROUP)
    assert found.proof == "1 objects on 2 pages, 1 sweeps, 0 shows; the list held still"


def test_objects_are_in_the_order_of_their_names_and_then_their_ids() -> None:
    lives = [live(ROOM, "b", "1"), live(ROOM, "a", "2"), live(ROOM, "a", "1")]
    assert [(one.name, one.id) for one in in_order(lives)] == [("a", "1"), ("a", "2"), ("b", "1")]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([room("a", project_id="f" * 32)], "E_READ_SCOPE"),
        ([room("a", project_id="f" * 32), room("b", project_id=PROJECT)], ""),
        ([room("a", project_id="f" * 32), room("b")], ""),
        ([room("a", project_id="f" * 32, room_type="TEMPLATE")], ""),
        ([room("a", project_id="f" * 32, room_type="NORMAL")], "E_READ_SCOPE"),
        ([], ""),
    ],
)
def test_a_list_of_nothing_but_rooms_of_another_project_is_a_wrong_project(rows: list[Row], code: str) -> None:
    assert read(Client([rows]), ReadRequest(depth="list")).code == code


DENIED = ForbiddenError("not yours")
DOWN = ApiError("down")


@pytest.mark.parametrize(
    ("lists", "error", "code"),
    [([[room("a")]], DENIED, ""), ([[room("a")]], DOWN, "E_READ_INCOMPLETE"), ([[]], DENIED, "E_READ_INCOMPLETE")],
)
def test_an_object_that_may_not_be_looked_at_is_no_doubt_where_it_is_listed(
    lists: list[list[Row]], error: ReconcilerError, code: str
) -> None:
    found = read(Client(lists, shows={"id-of-a": error}), wanted("a", known=frozenset({"id-of-a"})))
    assert found.code == code
    if code:
        assert found.incomplete.startswith(f"1 objects could not be looked up: {error.code}: {error.message}")
    else:
        assert [(one.code, one.hint) for one in found.diagnostics] == [(error.code, error.hint)]
        assert found.resources[0].hidden


def test_a_known_object_that_the_list_lacks_is_asked_for_and_taken() -> None:
    client = Client([[room("b")]], shows={"id-of-a": room("a")}, counts=lambda size: 2)
    found = read(client, ReadRequest(known=frozenset({"id-of-a"}), depth="list"))
    assert names(found) == ["a", "b"]
    assert (found.code, client.shown) == ("", ["id-of-a"])
    assert found.proof.endswith("the list moved, and every known object was looked up by its id")


def test_a_known_object_that_is_gone_is_no_doubt() -> None:
    client = Client([[room("b")]])
    found = read(client, ReadRequest(known=frozenset({"id-of-a"}), depth="list"))
    assert (names(found), found.code, client.shown) == (["b"], "", ["id-of-a"])


def test_a_listed_object_that_a_show_lacks_is_shown_again_where_it_is_listed_again() -> None:
    client = Client([[room("a")]])
    assert names(read(client, wanted("a"))) == []
    assert client.shown == ["id-of-a", "id-of-a"]
    client = Client([[room("a")], []])
    assert names(read(client, wanted("a"))) == []
    assert client.shown == ["id-of-a"]


@pytest.mark.parametrize(
    ("depth", "name", "shown"), [("full", "z", True), ("auto", "a", True), ("auto", "z", False), ("list", "a", False)]
)
def test_only_what_is_needed_is_shown(depth: str, name: str, shown: bool) -> None:
    client = Client([[room("a")]], shows={"id-of-a": room("a", scene_scripts=[])})
    read(client, wanted(name, depth=depth))
    assert (client.shown == ["id-of-a"]) is shown


def scan(client: Client, **more: Any) -> Any:
    return replace(lister(client).sweep(), **more)


def restless(client: Client, request: ReadRequest, seen: list[Row], **more: Any) -> KindReader:
    """Return a reader of a list that moved: `seen` came in earlier sweeps, the last one is the client's."""
    last = scan(client, doubt="it moved", **more)
    rows = {row["room_id"]: row for row in seen} | dict(last.rows)
    listing = ListResult(rows=rows, vanished=frozenset(rows) - frozenset(last.rows), last=last, sweeps=3)
    return replace(reader(client, request), listing=listing)


def many(count: int) -> list[Row]:
    return [room(f"lost {number}") for number in range(count)]


@pytest.mark.parametrize(
    ("lost", "rows", "doubt"),
    [
        (FEW, 5, False),
        (FEW + 1, 5, True),
        (FEW + 1, 20 * (FEW + 1), False),
        (FEW + 2, 20 * (FEW + 1), True),
        (0, 5, False),
    ],
)
def test_how_many_objects_may_come_and_go_between_two_sweeps(lost: int, rows: int, doubt: bool) -> None:
    client = Client([[room(f"kept {number}") for number in range(rows)]])
    found = restless(client, wanted(depth="list"), many(lost)).reading()
    assert (found.incomplete == f"{lost} objects came and went while the list was read") is doubt
    assert len([one for one in client.shown if "lost" in one]) == (0 if doubt else lost)
    assert FEW == 20


def test_of_a_list_that_lost_many_only_what_is_declared_is_asked_for() -> None:
    client = Client([[room("kept")]])
    restless(client, wanted("lost 3", depth="list"), many(FEW + 1)).reading()
    assert client.shown == ["id-of-lost 3"]


@pytest.mark.parametrize(
    ("declared", "twice", "doubt"), [(True, 1, False), (True, 0, True), (False, 1, True), (True, -1, True)]
)
def test_one_that_came_twice_excuses_one_that_was_missed_for_a_plan(declared: bool, twice: int, doubt: bool) -> None:
    client = Client([[room(f"kept {number}") for number in range(5)]])
    request = wanted("a", depth="list") if declared else ReadRequest(depth="list")
    found = restless(client, request, many(FEW + 1), positions=5 + twice).reading()
    assert found.incomplete.startswith(f"{FEW + 1} objects came and went") is doubt


@pytest.mark.parametrize(
    ("more", "declared", "whole"),
    [
        ({"counts": (1,)}, True, True),
        ({"counts": (1,)}, False, False),
        ({"counts": (2,)}, True, False),
        ({"counts": (1, 2)}, True, True),
        ({"counts": (2, 3)}, True, False),
        ({"counts": (2,), "positions": 2}, True, True),
        ({"counts": (1,), "positions": 3, "ended": False}, True, False),
        ({"counts": (1,), "positions": 3, "stuck": True}, True, False),
        ({"counts": (None,)}, True, False),
    ],
)
def test_a_list_that_moved_is_as_good_as_whole_for_a_plan_whose_objects_are_accounted_for(
    more: Any, declared: bool, whole: bool
) -> None:
    request = wanted("b", depth="list") if declared else ReadRequest(depth="list")
    found = restless(Client([[room("a")]]), request, [], **more).reading()
    assert found.complete is whole
    assert whole or (found.code, found.incomplete) == ("E_READ_INCOMPLETE", "it moved (3 sweeps)")
    assert (found.proof == "") is not whole


@pytest.mark.parametrize(
    ("counts", "short", "whole"),
    [
        ((1,), False, True),
        ((9,), False, True),
        ((9,), True, False),
        ((1,), True, True),
        ((None,), True, True),
        ((2, 9), True, False),
    ],
)
def test_a_count_of_the_rules_is_doubt_only_where_it_is_short_and_larger_than_what_is_there(
    counts: Any, short: bool, whole: bool
) -> None:
    client = Client([[{"group_id": "7", "group_name": "g"}]], counts=lambda size: None)
    here = lister(client, GROUP)
    last = replace(here.sweep(), doubt="it moved", counts=counts, short_of_count=short, positions=0)
    listing = ListResult(rows=last.rows, vanished=frozenset(), last=last, sweeps=1)
    request = ReadRequest(fields={"b": frozenset()}, depth="list")
    found = KindReader(need=need(GROUP, request, PROJECT), listing=listing, lister=here, meter=UsageCounter()).reading()
    assert found.complete is whole


def odd(number: int) -> OddRow:
    return OddRow(
        reason="its id is no plain id", id=f"odd {number}", name=None if number % 2 else f"n{number}", key=str(number)
    )


@pytest.mark.parametrize(
    ("count", "told", "more"), [(0, 0, False), (1, 1, False), (20, 20, False), (21, 21, True), (23, 21, True)]
)
def test_rows_that_cannot_be_managed_are_told_and_many_of_them_counted(count: int, told: int, more: bool) -> None:
    found = read(Client([[room("a")]], odd=tuple(map(odd, range(count)))), ReadRequest(depth="list"))
    assert MOST == 20
    assert (len(found.diagnostics), len(found.resources)) == (told, 1 + count)
    assert {one.code for one in found.diagnostics} <= {"E_READ_ROW"}
    last = [one.message for one in found.diagnostics][-1:]
    assert (
        last == [f"the service lists {count - 20} more objects of kind SmartLiveRoom that cannot be managed"]
    ) is more
    if count > 1:
        assert 'named "n0" (id odd 0) that cannot be managed: its id is no plain id' in found.diagnostics[0].message
        assert "without a name that can be read (id odd 1)" in found.diagnostics[1].message


# asking again


def asked_before(client: Client, request: ReadRequest | None = None) -> PreviousRead:
    return PreviousRead(need=need(ROOM, request or ReadRequest(), PROJECT), listing=lister(client).listing())


def confirm(
    client: Client, creates: Iterable[str] = (), deletes: Iterable[str] = (), before: Any = None, kind: Any = ROOM
) -> ConfirmResult:
    request = ConfirmRequest(creates=frozenset(creates), deletes=frozenset(deletes))
    return confirmation(request, before, lister(client, kind))


def test_rows_of_a_name_and_of_nearly_a_name() -> None:
    rows = {"1": room("a"), "2": room("A "), "3": room("e\u0301"), "4": room("other")}
    assert list(matching(ROOM, rows, ["a", "é"])) == ["1", "3"]
    assert list(similar_rows(ROOM, rows, ["a", "é"])) == ["1", "2", "3"]


def test_a_delete_is_confirmed_by_one_show() -> None:
    client = Client(shows={"here": room("b", "here"), "down": DOWN})
    found = confirm(client, deletes=["here", "gone", "down"])
    assert (found.gone, found.found, found.incomplete) == (frozenset({"gone"}), (), "")
    assert found.unsure == {"down": f"{DOWN.code}: {DOWN.message}"}
    assert sorted(client.shown) == ["down", "gone", "here"]


@pytest.mark.parametrize(
    ("searches", "shows", "found", "unsure"),
    [
        ({}, {}, [], {}),
        ({"a": [room("a")]}, {"id-of-a": room("a")}, ["a"], {}),
        ({"a": [room("ab")]}, {}, [], {}),
        ({"a": [room("A")]}, {"id-of-A": room("A")}, ["A"], {}),
        ({"a": [room("a")]}, {"id-of-a": DOWN}, [], {"a": f"{DOWN.code}: {DOWN.message}"}),
        ({"a": [room("a")]}, {}, [], {}),
        ({"a": DOWN}, {}, [], {"a": f"{DOWN.code}: {DOWN.message}"}),
    ],
)
def test_a_create_is_confirmed_by_a_search_for_its_name(searches: Any, shows: Any, found: Any, unsure: Any) -> None:
    client = Client(searches=searches, shows=shows)
    result = confirm(client, ["a"])
    assert (names(result), result.unsure, result.gone) == (found, unsure, frozenset())
    assert client.asked[0] == "a"
    assert client.sweeps == 0


def test_a_name_that_one_of_its_searches_answers_is_settled_and_a_spelling_settles_nothing() -> None:
    """A name with a quote is searched for as it is and by its longest plain part."""
    name = "it's evening"
    plain = max(("it", "s evening"), key=len)
    down = confirm(Client(searches={name: DOWN}), [name])
    assert (down.unsure, down.found) == ({}, ())
    both = confirm(Client(searches={name: DOWN, plain: DOWN}), [name])
    assert list(both.unsure) == [name]
    upper = Client(searches={"A": DOWN})
    assert list(confirm(upper, ["A"]).unsure) == ["A"]
    assert upper.asked == ["A", "a"]


def test_one_search_fewer_than_a_list_costs_is_cheaper_than_a_second_sweep() -> None:
    """The list is one page: one name is asked for by itself, two cost a sweep and a sample of both."""
    rows = [room("z")]
    client = Client([rows])
    before = asked_before(client)
    assert before.listing.last.requests == 1
    confirm(client, ["a"], before=before)
    assert (client.sweeps, client.asked) == (1, ["a"])
    confirm(client, ["a", "b"], before=before)
    assert (client.sweeps, client.asked[1:]) == (2, ["a", "b"])


def test_a_second_sweep_that_is_not_the_same_settles_nothing() -> None:
    client = Client([[room("z")], [room("z"), room("y")]])
    before = asked_before(client)
    found = confirm(client, ["a", "b"], before=before)
    assert (found.incomplete, client.sweeps, client.asked) == ("", 2, ["a", "b"])


def test_a_second_sweep_brings_what_has_the_name() -> None:
    rows = [room("a"), room("z")]
    client = Client([rows], shows={"id-of-a": room("a")})
    found = confirm(client, ["a", "b"], before=asked_before(client))
    assert names(found) == ["a"]


@pytest.mark.parametrize(("count", "searched"), [(10, 10), (11, 11), (20, 10), (30, 10), (1000, 20)])
def test_a_sample_of_the_names_is_searched_for_beside_a_second_sweep(count: int, searched: int) -> None:
    client = Client([[room("zz")]])
    wishes = [f"a{number:04}" for number in range(count)]
    confirm(client, wishes, before=asked_before(client))
    assert len(client.asked) == searched
    assert client.asked[0] == wishes[0]


@pytest.mark.parametrize("lists", [[[room("z")]], [[room("z")], [room("z")], [room("z"), room("a")]]])
def test_what_a_search_finds_and_two_lists_lack_is_hidden_and_the_list_is_not_whole(lists: list[list[Row]]) -> None:
    client = Client(lists, searches={"a": [room("a")]}, shows={"id-of-a": room("a")})
    found = confirm(client, ["a", "b"], before=asked_before(client))
    cut_off = len(lists) == 1
    assert (found.incomplete != "") is cut_off
    if cut_off:
        assert (
            found.incomplete == 'a search finds "a" (id-of-a), which the list of 1 objects lacks: the list is cut off'
        )
    assert names(found) == ["a"]


def test_a_list_that_is_read_again_and_moves_hides_nothing_for_certain() -> None:
    client = Client([[room("z")]], searches={"a": [room("a")]}, shows={"id-of-a": room("a")})
    before = asked_before(client)
    client.counts = lambda size: size + 1
    assert confirm(client, ["a"], before=before).incomplete == ""
    unproven = replace(before, listing=replace(before.listing, last=replace(before.listing.last, doubt="it moved")))
    client.counts = lambda size: size
    sweeps = client.sweeps
    assert confirm(client, ["a"], before=unproven).incomplete == ""
    assert client.sweeps == sweeps


def test_an_object_outside_the_scope_is_none_of_ours() -> None:
    client = Client([[room("shop z")]], searches={"a": [room("a")]}, shows={"id-of-a": room("a")})
    scoped = asked_before(client, ReadRequest(name_prefix="shop"))
    assert names(confirm(client, ["a"], before=scoped)) == []
    assert names(confirm(client, ["a"])) == ["a"]


def test_a_name_that_cannot_be_searched_for_is_open_unless_a_second_sweep_settles_it() -> None:
    """A group is found by its exact name only, and a name that is longer than the parameter by none."""
    long = "g" * 257
    client = Client([[{"group_id": "7", "group_name": "z"}]], counts=lambda size: None)
    found = confirm(client, [long, "g"], kind=GROUP)
    assert found.unsure[long] == "the list moved while it was read, and this name cannot be searched for"
    assert long not in client.asked
    still = Client([[{"group_id": "7", "group_name": "z", "interaction_rules": []}]])
    here = lister(still, GROUP)
    before = PreviousRead(need=need(GROUP, ReadRequest(), PROJECT), listing=here.listing())
    assert before.listing.last.clean
    result = confirmation(ConfirmRequest(creates=frozenset({long})), before, here)
    assert (result.unsure, still.sweeps) == ({}, 2)
