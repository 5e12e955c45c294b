"""What of a kept plan may still be done: exactly what it shows, ownership included, and nothing that came up since."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.errors import PlanError
from reconciler.model.change import Action
from reconciler.model.plan import Plan
from reconciler.planfile.saved_plan import Binding, digest
from reconciler.planfile.staleness import accepted, expected, intersect
from tests.support.planning import ROOM, World, declared, ledger, live, remembered

HERE = Binding(scope="scope", environment="test", owner="shop/test")


def plan(*differ: str, names: str = "abc", live_value: str = "o", **past: Any) -> Plan:
    """Return the plan of these rooms, of which some differ; with `adopts` they are taken over as well."""
    wanted = [declared(ROOM, name, {"priv_data": "n" if name in differ else live_value}) for name in names]
    return World(wanted, [live(ROOM, name, spec={"priv_data": live_value}) for name in names], ledger(**past)).plan()


def names(changes: Any) -> list[str]:
    return [change.name for change in changes]


@pytest.mark.parametrize(
    ("saved", "fresh", "done", "stale", "extra"),
    [
        ("ab", "ab", "ab", "", ""),
        ("ab", "a", "a", "b", ""),
        ("a", "ab", "a", "", "b"),
        ("a", "b", "", "a", "b"),
        ("", "a", "", "", "a"),
        ("", "", "", "", ""),
    ],
)
def test_only_what_both_plans_show_is_done(saved: str, fresh: str, done: str, stale: str, extra: str) -> None:
    met = intersect(plan(*saved), plan(*fresh))
    assert (names(met.plan.pending), names(met.stale), names(met.extra)) == (list(done), list(stale), list(extra))
    partial = [one for one in met.plan.diagnostics if one.code == "W_PARTIAL"]
    assert (len(partial), met.plan.complete) == ((1, False) if extra else (0, True))
    if extra:
        assert "1 other changes are left out" in partial[0].message


def test_a_change_of_what_moved_meanwhile_is_stale_and_not_done() -> None:
    met = intersect(plan("a"), plan("a", live_value="moved"))
    assert (names(met.plan.pending), names(met.stale), names(met.extra)) == ([], ["a"], ["a"])


def test_ownership_that_was_not_shown_is_not_taken() -> None:
    quiet, taking = plan(), plan(adopts=True)
    assert names(taking.adopting) == ["a", "b", "c"]
    assert names(intersect(quiet, taking).plan.adopting) == []
    assert names(intersect(taking, taking).plan.adopting) == ["a", "b", "c"]
    met = intersect(plan("a"), plan("a", adopts=True))
    assert (names(met.plan.adopting), names(met.extra)) == ([], ["a"])
    met = intersect(plan("a", adopts=True), plan("a", adopts=True))
    assert (names(met.plan.adopting), names(met.extra), names(met.plan.pending)) == (
        ["a", "b", "c"],
        [],
        names(plan("a", adopts=True).pending),
    )
    other = replace(taking, changes=tuple(replace(one, id="another") for one in taking.changes))
    assert names(intersect(other, taking).plan.adopting) == []


@pytest.mark.parametrize(("fresh", "skip", "raises"), [("a", False, True), ("a", True, False), ("ab", False, False)])
def test_a_stale_change_ends_it_unless_it_may_be_skipped(fresh: str, skip: bool, raises: bool) -> None:
    if raises:
        with pytest.raises(PlanError) as caught:
            accepted(plan("a", "b"), plan(*fresh), skip_stale=skip)
        assert caught.value.code == "E_PLAN_STALE"
        assert caught.value.message.startswith("1 of 2 planned changes are stale")
        assert caught.value.message.endswith(': SmartLiveRoom["b"]')
    else:
        assert names(accepted(plan("a", "b"), plan(*fresh), skip_stale=skip).plan.pending) == list(fresh)


def test_a_reviewed_plan_is_expected_by_its_digest_here() -> None:
    reviewed = plan("a")
    expected(reviewed, HERE, digest(reviewed, HERE))
    for other, place in ((plan("a", "b"), HERE), (reviewed, replace(HERE, environment="other"))):
        with pytest.raises(PlanError) as caught:
            expected(other, place, digest(reviewed, HERE))
        assert caught.value.code == "E_PLAN_EXPECT"


def test_a_delete_that_is_kept_is_done_and_one_that_came_up_is_not() -> None:
    lives = [live(ROOM, "a"), live(ROOM, "b")]
    past = ledger(remembered(ROOM, "a"))
    going = World([declared(ROOM, "b")], lives, past).plan(prune="owned")
    staying = World([declared(ROOM, "a"), declared(ROOM, "b")], lives, past).plan(prune="owned")
    assert [one.action for one in intersect(going, going).plan.pending] == [Action.DELETE]
    assert intersect(staying, going).plan.pending == ()
    assert names(intersect(going, staying).stale) == ["a"]
