"""Saved plans: nothing is done that was not shown, and each way of being unusable has its own code."""

import json
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import PlanError
from reconciler.model.plan import Plan
from reconciler.pipeline import saved
from reconciler.pipeline.plan import exit_code
from tests.support.planning import GROUP, ROOM, World, declared, ledger, live, remembered

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SCOPE = "metastudio.cn-north-4.myhuaweicloud.com/project-a/"
COUNT = 6


def world(**changed: str) -> World:
    """Return so many rooms of which each has one field to change; `changed` sets the live field of some."""
    names = [f"room{number}" for number in range(COUNT)]
    lives = [live(ROOM, name, spec={"priv_data": changed.get(name, "old")}) for name in names]
    return World([declared(ROOM, name, {"priv_data": "new"}) for name in names], lives)


def written(plan: Plan) -> bytes:
    return saved.write(plan, scope=SCOPE, tool_version="1.0", now=NOW, use="use-1").encode()


def read(
    data: bytes, *, scope: str = SCOPE, later: timedelta = timedelta(hours=1), used: Any = lambda use: False
) -> Any:
    return saved.read(data, scope=scope, now=NOW + later, used=used)


def code(data: bytes, **more: Any) -> str:
    with pytest.raises(PlanError) as caught:
        read(data, **more)
    return caught.value.code


def test_a_saved_plan_reads_back_as_itself() -> None:
    plan = world().plan()
    found = read(written(plan))
    assert found.plan == plan
    assert (found.scope, found.use, found.tool_version) == (SCOPE, "use-1", "1.0")
    assert found.expires - found.created == timedelta(hours=24)


def test_each_reason_has_its_own_code() -> None:
    data = written(world().plan())
    assert code(data, scope="metastudio.cn-north-4.myhuaweicloud.com/project-b/") == "E_PLAN_SCOPE"
    assert code(data, later=timedelta(hours=24)) == "E_PLAN_EXPIRED"
    assert code(data, later=timedelta(hours=-1)) == "E_PLAN_EXPIRED"
    assert code(data, used=lambda use: use == "use-1") == "E_PLAN_USED"
    assert code(data.replace(b'"new"', b'"bad"', 1)) == "E_PLAN_DIGEST"
    assert code(pickle.dumps({"saved": 1})) == "E_PLAN_FORMAT"
    assert code(b"!!python/object/apply:os.system [id]") == "E_PLAN_FORMAT"
    assert code(json.dumps({"format_version": "1.0"}).encode()) == "E_PLAN_FORMAT"


def test_a_plan_of_strangers_manifests_is_neither_saved_nor_read() -> None:
    plan = world().plan(untrusted=True)
    with pytest.raises(PlanError) as caught:
        written(plan)
    assert caught.value.code == "E_PLAN_UNTRUSTED"
    trusted = json.loads(written(world().plan()))
    body = {name: value for name, value in trusted.items() if name != "saved"} | {"untrusted": True}
    envelope = {name: value for name, value in trusted["saved"].items() if name != "digest"}
    forged = {"saved": {"digest": saved._seal(envelope, body), **envelope}, **body}
    assert code(json.dumps(forged).encode()) == "E_PLAN_UNTRUSTED"


DATA = written(world().plan())


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
@settings(max_examples=300, deadline=None)
def test_a_flipped_byte_anywhere_is_refused(place: int, flip: int) -> None:
    broken = bytearray(DATA)
    broken[place] ^= flip
    if json_equal(bytes(broken), DATA):
        return
    assert code(bytes(broken)) in {"E_PLAN_DIGEST", "E_PLAN_FORMAT"}


def json_equal(one: bytes, other: bytes) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_bytes_are_more_than_refused(data: bytes) -> None:
    assert code(data) in {"E_PLAN_FORMAT", "E_PLAN_DIGEST"}


def test_a_file_that_was_laid_out_anew_is_the_same_plan() -> None:
    plan = world().plan()
    assert read(json.dumps(json.loads(written(plan)), indent=2).encode()).plan == plan


@pytest.mark.parametrize("moved", range(COUNT + 1))
def test_of_n_changes_exactly_the_k_whose_live_object_moved_are_stale(moved: int) -> None:
    shown = world().plan()
    names = [f"room{number}" for number in range(moved)]
    fresh = world(**dict.fromkeys(names, "moved meanwhile")).plan()
    met = saved.intersect(shown, fresh)
    assert [change.name for change in met.stale] == names
    assert [change.name for change in met.plan.pending] == [f"room{number}" for number in range(moved, COUNT)]
    if moved:
        with pytest.raises(PlanError) as caught:
            saved.accepted(shown, fresh, skip_stale=False)
        assert caught.value.code == "E_PLAN_STALE"
        assert all(f'SmartLiveRoom["{name}"]' in caught.value.message for name in names)
    assert saved.accepted(shown, fresh, skip_stale=True).plan == met.plan


def test_a_change_that_was_made_meanwhile_is_stale_and_one_that_came_up_is_not_done() -> None:
    shown = world().plan()
    fresh = world(room0="new").plan()
    met = saved.intersect(shown, fresh)
    assert [change.name for change in met.stale] == ["room0"]
    later = world()
    later.wanted = [*later.wanted, declared(ROOM, "extra")]
    met = saved.intersect(shown, later.plan())
    assert [change.name for change in met.extra] == ["extra"]
    assert "extra" not in {change.name for change in met.plan.changes}
    assert met.stale == ()
    assert not met.plan.complete
    assert [each.code for each in met.plan.diagnostics] == ["W_PARTIAL"]
    assert exit_code(met.plan) == 0


def test_an_edit_of_what_is_not_managed_voids_nothing() -> None:
    shown = world().plan()
    fresh = world()
    fresh.lives = [
        live(ROOM, one.name, spec={**one.spec, "room_description": "typed in the console"}) for one in fresh.lives
    ]
    assert saved.intersect(shown, fresh.plan()).stale == ()


def test_spelling_and_order_void_nothing() -> None:
    def group(*names: str, **more: Any) -> World:
        rules = [{"rule_name": name, **more} for name in names]
        return World(
            [declared(GROUP, "g", {"interaction_rules": [{"rule_name": "a"}]})],
            [live(GROUP, "g", spec={"interaction_rules": rules})],
        )

    shown = group("a", "x", "y").plan()
    assert saved.intersect(shown, group("y", "a", "x", enabled=True).plan()).stale == ()
    assert saved.intersect(shown, group("a", "x").plan()).stale != ()


def test_an_object_that_was_deleted_and_made_again_is_stale() -> None:
    past = ledger(remembered(ROOM, "gone", "1"), remembered(ROOM, "gone", "2"))
    shown = World([declared(GROUP, "g")], [live(ROOM, "gone", "1")], past).plan(prune="owned")
    fresh = World([declared(GROUP, "g")], [live(ROOM, "gone", "2")], past).plan(prune="owned")
    assert [change.name for change in saved.intersect(shown, fresh).stale] == ["gone"]


def test_a_delete_is_stale_once_its_object_moved() -> None:
    past = ledger(remembered(ROOM, "gone"))
    one, other = (
        World([declared(GROUP, "g")], [live(ROOM, "gone", spec={"priv_data": text})], past).plan(prune="owned")
        for text in ("a", "b")
    )
    assert saved.intersect(one, one).stale == ()
    assert [change.name for change in saved.intersect(one, other).stale] == ["gone"]


def test_the_reviewed_digest_is_of_what_would_be_done() -> None:
    plan = world().plan()
    saved.expected(plan, saved.digest(plan))
    assert saved.digest(world().plan()) == saved.digest(plan)
    with pytest.raises(PlanError) as caught:
        saved.expected(world(room0="moved").plan(), saved.digest(plan))
    assert caught.value.code == "E_PLAN_EXPECT"


def test_a_plan_kept_as_json_can_be_shown_and_not_applied() -> None:
    from reconciler.model.plan_json import encode

    plan = world().plan()
    data = json.dumps(encode(plan)).encode()
    assert saved.read_plans(data) == (plan,)
    assert saved.read_plans(written(plan)) == (plan,)
    assert saved.read_plans(json.dumps({"plans": [encode(plan), encode(plan)]}).encode()) == (plan, plan)
    assert code(data) == "E_PLAN_FORMAT"
