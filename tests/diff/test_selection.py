"""`--target`, `--exclude` and `-l`: a part of the plan, said loudly, and never a delete by the way."""

from reconciler.model.settings import Selection
from tests.support.planning import ROOM, World, codes, declared, ledger, live, remembered

A, B, GONE = (f'SmartLiveRoom["{name}"]' for name in ("a", "b", "gone"))

WORLD = World(
    [declared(ROOM, "a", labels={"team": "shop"}), declared(ROOM, "b", labels={"team": "news"})],
    [live(ROOM, "gone")],
    ledger(remembered(ROOM, "gone")),
)


def chosen(selection: Selection) -> list[str]:
    plan = WORLD.plan(prune="owned", selection=selection)
    assert plan.complete is (not selection.partial)
    assert ("W_PARTIAL" in codes(plan)) is selection.partial
    return [change.address for change in plan.changes]


def test_everything_is_chosen_where_nothing_is_said() -> None:
    assert chosen(Selection()) == [A, B, GONE]


def test_a_target_chooses_itself_and_deletes_nothing_it_does_not_name() -> None:
    assert chosen(Selection(targets=(A,))) == [A]
    assert chosen(Selection(targets=(GONE,))) == [GONE]


def test_labels_choose_manifests_and_never_live_objects() -> None:
    assert chosen(Selection(labels={"team": "shop"})) == [A]
    assert chosen(Selection(labels={"team": "nobody"})) == []


def test_an_exclusion_leaves_out_what_it_names() -> None:
    assert chosen(Selection(excludes=(A,))) == [B, GONE]
    assert chosen(Selection(excludes=(GONE,))) == [A, B]


def test_a_target_that_names_nothing_is_an_error_that_says_what_was_meant() -> None:
    plan = WORLD.plan(selection=Selection(targets=(A[:-2] + 'a"]',)))
    assert codes(plan) == ["E_TARGET_UNKNOWN", "W_PARTIAL"]
    assert next(one for one in plan.diagnostics if one.code == "E_TARGET_UNKNOWN").hint == f"did you mean {A}?"
    assert plan.errored


def test_what_is_not_chosen_is_still_declared() -> None:
    world = World([declared(ROOM, "a"), declared(ROOM, "b")], [live(ROOM, "b")], ledger(remembered(ROOM, "b")))
    plan = world.plan(prune="owned", selection=Selection(targets=(A,)))
    assert [change.address for change in plan.changes] == [A]
    assert plan.unmanaged == ()
