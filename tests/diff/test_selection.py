"""`--target`, `--exclude` and `-l`: a part of the plan, said loudly, and never a delete by the way."""

from typing import Any

import pytest

from reconciler.model.options import Selection
from reconciler.reports.wording import in_step
from tests.support.planning import GROUP, ROOM, World, codes, declared, ledger, live, remembered

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


def test_an_exclusion_leaves_out_what_it_names() -> None:
    assert chosen(Selection(excludes=(A,))) == [B, GONE]
    assert chosen(Selection(excludes=(GONE,))) == [A, B]


def test_a_target_that_names_nothing_is_an_error_that_says_what_was_meant() -> None:
    for asked in (A[:-2] + 'a"]', "A", "SmartLiveRoom[a]"):
        plan = WORLD.plan(selection=Selection(targets=(asked,)))
        assert codes(plan) == ["E_TARGET_UNKNOWN", "W_PARTIAL"]
        assert A in next(one for one in plan.diagnostics if one.code == "E_TARGET_UNKNOWN").hint
        assert plan.errored


def test_an_excluded_delete_is_known_and_told() -> None:
    plan = WORLD.plan(prune="owned", selection=Selection(excludes=(GONE,)))
    assert codes(plan) == ["W_PARTIAL"]
    assert f"not deleted: {GONE}" in plan.diagnostics[0].message


def test_a_label_that_no_manifest_has_is_an_error_that_lists_the_labels_there_are() -> None:
    for labels in ({"team": "nobody"}, {"tema": "shop"}, {"team": "shop", "other": "x"}):
        plan = WORLD.plan(prune="owned", selection=Selection(labels=labels))
        assert codes(plan) == ["E_LABEL_UNKNOWN"]
        hint = next(one for one in plan.diagnostics if one.code == "E_LABEL_UNKNOWN").hint
        assert hint == "the labels there are: team=news, team=shop"
        assert plan.errored
    bare = World([declared(ROOM, "a")]).plan(selection=Selection(labels={"team": "shop"}))
    assert next(one for one in bare.diagnostics if one.code == "E_LABEL_UNKNOWN").hint == "no manifest has a label"


@pytest.mark.parametrize(
    "selection",
    [
        Selection(targets=(A,), excludes=(A,)),
        Selection(excludes=(A, B)),
        Selection(targets=(B,), labels={"team": "shop"}),
    ],
)
def test_a_selection_that_leaves_nothing_is_an_error(selection: Selection) -> None:
    plan = World(WORLD.wanted).plan(selection=selection)
    assert codes(plan) == ["E_SELECTION_EMPTY"]
    assert plan.errored


def test_no_changes_in_a_part_says_what_was_left_out() -> None:
    names = [f"room{number}" for number in range(8)]
    wanted, lives = [declared(ROOM, name) for name in names], [live(ROOM, name) for name in names[:1]]
    plan = World(wanted, lives).plan(selection=Selection(targets=(wanted[0].address,)))
    assert plan.pending == ()
    said = in_step(plan)
    assert said.startswith("No changes in what was chosen; ")
    assert "7 of 8 declared resources are left out" in said
    assert f"{wanted[1].address}, " in said
    assert "and 2 more" in said


ROOM_WITH, GROUP_NEW = 'SmartLiveRoom["r"]', 'InteractionRuleGroup["g"]'


def needing(*, group_live: bool = False, labels: Any = None, **reference: str) -> World:
    rules = {"interaction_rules": [{"rule_name": "x"}]}
    room = declared(ROOM, "r", {"interaction_rules": [{"group_name": "g", **reference}]}, labels=labels or {})
    return World([declared(GROUP, "g", rules), room], [live(GROUP, "g")] if group_live else [])


@pytest.mark.parametrize(
    "selection",
    [Selection(targets=(ROOM_WITH,)), Selection(excludes=(GROUP_NEW,)), Selection(labels={"team": "shop"})],
)
def test_an_object_that_needs_a_new_one_outside_the_selection_is_an_error_that_names_it(selection: Selection) -> None:
    plan = needing(labels={"team": "shop"}).plan(selection=selection)
    assert codes(plan) == ["E_TARGET_NEEDS", "W_PARTIAL"]
    problem = next(one for one in plan.diagnostics if one.code == "E_TARGET_NEEDS")
    assert GROUP_NEW in problem.message
    assert "--with-dependencies" in problem.hint
    assert plan.errored
    assert plan.pending == ()
    assert codes(needing(group_live=True, labels={"team": "shop"}).plan(selection=selection)) == ["W_PARTIAL"]


def test_with_dependencies_takes_in_what_is_needed_but_nothing_that_is_excluded() -> None:
    plan = needing().plan(selection=Selection(targets=(ROOM_WITH,), with_dependencies=True))
    assert [change.address for change in plan.pending] == [GROUP_NEW, ROOM_WITH]
    assert not plan.errored
    both = Selection(targets=(ROOM_WITH,), excludes=(GROUP_NEW,), with_dependencies=True)
    assert codes(needing().plan(selection=both)) == ["E_TARGET_NEEDS", "W_PARTIAL"]


def test_what_is_not_chosen_is_still_declared() -> None:
    world = World([declared(ROOM, "a"), declared(ROOM, "b")], [live(ROOM, "b")], ledger(remembered(ROOM, "b")))
    plan = world.plan(prune="owned", selection=Selection(targets=(A,)))
    assert [change.address for change in plan.changes] == [A]
    assert plan.unmanaged == ()


def test_an_address_with_the_id_that_a_plan_prints_beside_it_is_answered_with_the_address() -> None:
    plan = World([declared(ROOM, "a"), declared(GROUP, "g")]).plan(
        selection=Selection(targets=('SmartLiveRoom["a"] [id=d26c72c5-1c77-415c-8a37-5d974bbd3f7f]',))
    )
    (told,) = (one for one in plan.diagnostics if one.code == "E_TARGET_UNKNOWN")
    assert told.hint == 'did you mean SmartLiveRoom["a"]?'


def _chooses(word: str, *names: tuple[Any, str]) -> list[str]:
    plan = World([declared(kind, name) for kind, name in names]).plan(selection=Selection(targets=(word,)))
    return [one.message for one in plan.diagnostics if one.code == "E_TARGET_AMBIGUOUS"]


def test_a_name_of_two_kinds_is_an_error_that_lists_the_addresses() -> None:
    assert _chooses("a", (ROOM, "a"), (GROUP, "a")) == [
        'a is the name of 2 resources: InteractionRuleGroup["a"], SmartLiveRoom["a"]'
    ]
    assert _chooses("a*", (ROOM, "ab"), (GROUP, "ac")) == [
        "a* matches resources of the kinds InteractionRuleGroup and SmartLiveRoom: "
        'InteractionRuleGroup["ac"], SmartLiveRoom["ab"]'
    ]


@pytest.mark.parametrize(("count", "more"), [(5, ""), (6, " and 1 more")])
def test_so_many_addresses_of_an_ambiguous_glob_are_listed(count: int, more: str) -> None:
    (message,) = _chooses("a*", (GROUP, "a0"), *((ROOM, f"a{number}") for number in range(1, count)))
    assert message.count('["a') == 5
    assert message.endswith(f'SmartLiveRoom["a4"]{more}')


def test_an_address_is_never_ambiguous_though_a_name_spells_it() -> None:
    """A resource may have the address of another one as its name: the address wins."""
    assert _chooses(A, (ROOM, "a"), (GROUP, A)) == []
    assert _chooses('SmartLiveRoom["*"]', (ROOM, "a"), (ROOM, "b")) == []


def test_a_part_of_a_name_is_answered_with_the_addresses_that_have_it() -> None:
    world = World([declared(ROOM, "Shoe room"), declared(ROOM, "Tea room"), declared(ROOM, "White tea")])
    plan = world.plan(selection=Selection(targets=("Tea",)))
    (problem,) = [one for one in plan.diagnostics if one.code == "E_TARGET_UNKNOWN"]
    assert problem.hint == 'did you mean SmartLiveRoom["Tea room"] or SmartLiveRoom["White tea"]?'
