"""Which live object a manifest means."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.change import Action
from reconciler.model.options import ResourceScope
from tests.support.planning import GROUP, ROOM, World, codes, declared, ledger, live, only, remembered


def actions(world: World, **settings: object) -> dict[str, str]:
    return {change.address: f"{change.action.value} {change.id}".strip() for change in world.plan(**settings).changes}


def test_the_exact_name_counts_after_normal_form_c() -> None:
    world = World(
        [declared(ROOM, "café")], [live(ROOM, "cafe\N{COMBINING ACUTE ACCENT}", "1"), live(ROOM, "Café", "2")]
    )
    assert actions(world) == {'SmartLiveRoom["café"]': "no-op 1"}


def test_a_pinned_id_counts_before_everything_else() -> None:
    world = World([declared(ROOM, "a", id="2")], [live(ROOM, "a", "1"), live(ROOM, "b", "2")])
    change = only(world.plan())
    assert (change.action, change.id, change.previous_address) == (Action.UPDATE, "2", 'SmartLiveRoom["b"]')
    assert [field.path for field in change.fields] == ["room_name"]


def test_a_pinned_id_that_is_not_there_is_an_error_and_never_a_create() -> None:
    plan = World([declared(ROOM, "a", id="9"), declared(ROOM, "b")], [live(ROOM, "a", "1")]).plan()
    assert [change.address for change in plan.changes] == ['SmartLiveRoom["b"]']
    assert codes(plan) == ["E_ID_NOT_FOUND"]
    assert plan.errored


def test_a_pinned_object_of_another_project_is_an_error() -> None:
    lives = [live(ROOM, "a", "1", {"project_id": "theirs"})]
    plan = World([declared(ROOM, "a", id="1")], lives).plan(project_id="ours")
    assert codes(plan) == ["E_ID_FOREIGN"]
    assert plan.changes == ()


def test_the_ledgers_id_counts_before_the_name() -> None:
    lives = [live(ROOM, "a", "impostor"), live(ROOM, "renamed in the console", "1")]
    plan = World([declared(ROOM, "a")], lives, ledger(remembered(ROOM, "a", "1"))).plan()
    assert only(plan).id == "1"
    assert codes(plan) == ["W_NAME_TAKEN"]


def test_the_ledger_of_another_owner_says_nothing() -> None:
    past = ledger(remembered(ROOM, "a", "1", owner="somebody else"))
    assert only(World([declared(ROOM, "a")], [live(ROOM, "a", "2"), live(ROOM, "z", "1")], past).plan()).id == "2"


def test_renaming_a_rule_library_by_alias_is_one_update() -> None:
    rules = {"interaction_rules": [{"rule_name": f"rule {number}", "event_type": 1} for number in range(50)]}
    world = World([declared(GROUP, "new name", rules, aliases=("old name",))], [live(GROUP, "old name", "1", rules)])
    change = only(world.plan())
    assert (change.action, change.id) == (Action.UPDATE, "1")
    assert [(field.path, field.before, field.after) for field in change.fields] == [
        ("group_name", "old name", "new name")
    ]


def test_the_name_counts_where_both_are_live_and_the_old_one_is_told_and_never_removed() -> None:
    lives = [live(ROOM, "new", "1"), live(ROOM, "old", "2")]
    past = ledger(remembered(ROOM, "other", "2"))
    plan = World([declared(ROOM, "new", aliases=("old",))], lives, past).plan(prune="owned")
    assert {change.address: change.action for change in plan.changes} == {'SmartLiveRoom["new"]': Action.NONE}
    assert codes(plan) == ["W_ALIAS_LIVE"]


def test_two_names_that_were_swapped_come_out_right_by_their_ids() -> None:
    lives = [live(ROOM, "red", "1"), live(ROOM, "blue", "2")]
    wanted = [declared(ROOM, "blue", id="1"), declared(ROOM, "red", id="2")]
    assert actions(World(wanted, lives)) == {'SmartLiveRoom["blue"]': "update 1", 'SmartLiveRoom["red"]': "update 2"}


def test_a_chain_of_renames_frees_each_name_before_it_is_taken() -> None:
    lives = [live(ROOM, "a", "1"), live(ROOM, "b", "2"), live(ROOM, "c", "3")]
    wanted = [declared(ROOM, "b", id="1"), declared(ROOM, "c", id="2"), declared(ROOM, "d", id="3")]
    plan = World(wanted, lives).plan()
    assert [change.name for change in plan.changes] == ["d", "c", "b"]


def test_a_chain_of_renames_comes_out_right_by_the_ledger() -> None:
    lives = [live(ROOM, "a", "1"), live(ROOM, "b", "2")]
    past = ledger(remembered(ROOM, "a", "1"), remembered(ROOM, "b", "2"))
    wanted = [declared(ROOM, "c", aliases=("b",)), declared(ROOM, "d", aliases=("a",))]
    assert actions(World(wanted, lives, past)) == {
        'SmartLiveRoom["c"]': "update 2",
        'SmartLiveRoom["d"]': "update 1",
    }


def test_two_live_objects_of_one_name_stop_that_name_alone() -> None:
    lives = [
        live(ROOM, "twin", "1", {"create_time": "2026-01-01T00:00:00Z"}),
        live(ROOM, "twin", "2"),
        live(ROOM, "ok", "3"),
    ]
    for order in permutations(lives):
        plan = World(
            [declared(ROOM, "twin", {"priv_data": "x"}), declared(ROOM, "ok", {"priv_data": "x"})], order
        ).plan()
        assert [change.name for change in plan.changes] == ["ok"]
        (told,) = plan.diagnostics
        assert told.code == "E_NAME_AMBIGUOUS"
        assert "1 (created 2026-01-01T00:00:00Z)" in told.message
        assert "id: 1" in told.hint
        assert "id: 2" in told.hint
        assert (plan.complete, plan.errored, plan.partial) == (False, False, True)


def test_undeclared_twins_and_foreign_namesakes_are_no_trouble() -> None:
    lives = [
        live(ROOM, "twin", "1"),
        live(ROOM, "twin", "2"),
        live(ROOM, "mine", "3"),
        live(ROOM, "mine", "4", {"room_type": "TEMP"}),
        live(ROOM, "mine", "5", {"project_id": "theirs"}),
    ]
    plan = World([declared(ROOM, "mine")], lives).plan(project_id="ours")
    assert only(plan).id == "3"
    assert plan.diagnostics == ()
    assert [(one.id, bool(one.foreign)) for one in plan.unmanaged] == [
        ("1", False),
        ("2", False),
        ("4", True),
        ("5", True),
    ]


def test_an_object_outside_the_scope_is_not_ours() -> None:
    lives = [
        live(ROOM, "shop-a", "1"),
        live(ROOM, "other", "2", {}),
        live(ROOM, "shop-t", "3", {"room_type": "TEMPLATE"}),
    ]
    past = ledger(remembered(ROOM, "other", "2"), remembered(ROOM, "shop-t", "3"))
    scope = ResourceScope(name_prefix="shop-", fields={"room_type": frozenset({"NORMAL"})})
    plan = World([declared(ROOM, "shop-a")], lives, past).plan(prune="owned", scope=scope)
    assert only(plan).id == "1"
    assert all("outside the scope" in one.foreign for one in plan.unmanaged)


def test_a_likely_rename_is_suggested_and_not_acted_on() -> None:
    spec = {"room_description": "Courseware for the shop", "priv_data": "team=7"}
    plan = World([declared(ROOM, "fresh", spec)], [live(ROOM, "old one", "1", spec)]).plan()
    assert only(plan).action is Action.CREATE
    (told,) = plan.diagnostics
    assert told.code == "N_RENAME_LIKELY"
    assert 'aliases: ["old one"]' in told.hint


def test_two_equally_likely_renames_suggest_nothing() -> None:
    spec = {"room_description": "the same", "priv_data": "p"}
    plan = World([declared(ROOM, "fresh", spec)], [live(ROOM, "x", "1", spec), live(ROOM, "y", "2", spec)]).plan()
    assert plan.diagnostics == ()


NAMES = st.sampled_from(["a", "b", "c"])


@given(st.lists(st.tuples(NAMES, st.booleans()), max_size=5), st.lists(NAMES, unique=True, max_size=3), st.randoms())
@settings(max_examples=200, deadline=None)
def test_the_order_of_the_live_side_never_matters(
    rows: list[tuple[str, bool]], names: list[str], random: object
) -> None:
    lives = [live(ROOM, name, str(at), {"room_type": "TEMP"} if temp else {}) for at, (name, temp) in enumerate(rows)]
    shuffled = list(lives)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    wanted = [declared(ROOM, name, {"priv_data": "x"}) for name in names]
    one, other = World(wanted, lives).plan(), World(wanted, shuffled).plan()
    assert [(c.address, c.action, c.id) for c in one.changes] == [(c.address, c.action, c.id) for c in other.changes]
    assert codes(one) == codes(other)


@pytest.mark.parametrize("kind", [ROOM, GROUP], ids=lambda kind: kind.name)
def test_an_incomplete_read_proves_no_create_and_no_delete(kind: object) -> None:
    past = ledger(remembered(kind, "gone"))
    lives = [live(kind, "it"), live(kind, "gone")]
    wanted = [declared(kind, "it"), declared(kind, "new"), declared(kind, "pinned", id="7")]
    plan = World(wanted, lives, past, incomplete={kind.name: "page 3 answered 500"}).plan(prune="owned")
    assert [change.name for change in plan.changes] == ["it"]
    assert {(one.name, one.action) for one in plan.held} == {
        ("new", Action.CREATE),
        ("gone", Action.DELETE),
        ("pinned", Action.UPDATE),
    }
    assert (plan.complete, plan.errored, plan.partial) == (False, False, True)
    assert codes(plan) == ["E_READ_INCOMPLETE"]


def test_nothing_is_created_while_a_live_object_has_no_name_that_can_be_read() -> None:
    plan = World([declared(ROOM, "room"), declared(ROOM, "known")], [live(ROOM, "", "7"), live(ROOM, "known")]).plan()
    (held,) = plan.held
    assert (held.action, held.name) == (Action.CREATE, "room")
    assert "the live object 7 has no name that can be read" in held.reason
    assert not plan.complete
    assert [change.name for change in plan.changes] == ["known"]


def test_a_nameless_object_of_somebody_else_holds_nothing_back() -> None:
    plan = World([declared(ROOM, "room")], [live(ROOM, "", "7", foreign="it belongs to another project")]).plan()
    assert [(change.name, change.action) for change in plan.changes] == [("room", Action.CREATE)]


def test_a_room_without_a_type_and_every_library_are_in_a_scope_of_room_types() -> None:
    lives = [live(ROOM, "bare", "1"), live(ROOM, "model", "2", {"room_type": "TEMPLATE"}), live(GROUP, "library", "3")]
    scope = ResourceScope(fields={"room_type": frozenset({"NORMAL"})})
    plan = World([declared(ROOM, "bare"), declared(GROUP, "library")], lives).plan(scope=scope)
    assert {change.id for change in plan.changes} == {"1", "3"}
    assert {change.action for change in plan.changes} == {Action.NONE}
    assert [one.id for one in plan.unmanaged if "outside the scope" in one.foreign] == ["2"]


ALIASES = [("Old shop", "Ｏｌｄ  shop"), ("old", "OLD "), ("caf\u00e9", "CAFE\u0301")]


@pytest.mark.parametrize(("alias", "name"), ALIASES)
@pytest.mark.parametrize("kind", [ROOM, GROUP], ids=lambda kind: kind.name)
def test_nothing_is_created_beside_a_live_object_that_nearly_has_its_earlier_name(
    kind: Any, alias: str, name: str
) -> None:
    plan = World([declared(kind, "New", aliases=(alias,))], [live(kind, name, "7")]).plan(prune="owned")
    assert plan.changes == ()
    assert [(one.action, one.name) for one in plan.held] == [(Action.CREATE, "New")]
    assert codes(plan) == ["W_NAME_ALIKE"]
    assert "metadata.id: 7" in plan.held[0].reason


def test_an_object_that_nearly_has_an_earlier_name_is_not_deleted_in_the_same_plan() -> None:
    past = ledger(remembered(ROOM, "OLD", "7"))
    plan = World([declared(ROOM, "New", aliases=("old",))], [live(ROOM, "OLD", "7")], past).plan(prune="owned")
    assert plan.changes == ()
