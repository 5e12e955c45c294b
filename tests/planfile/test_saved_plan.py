"""Saved plans: nothing is done that was not shown, and each way of being unusable has its own code."""

import json
import pickle
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import PlanError
from reconciler.model.plan import Plan
from reconciler.planfile import saved_plan, staleness
from reconciler.planfile.saved_plan import Binding
from reconciler.planner import exit_code
from tests.support.planning import GROUP, ROOM, World, declared, ledger, live, remembered

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SCOPE = "metastudio.cn-north-4.myhuaweicloud.com/project-a/"
HERE = Binding(scope=SCOPE, environment="test", owner="shop/test")
COUNT = 6


def world(**changed: str) -> World:
    """Return so many rooms of which each has one field to change; `changed` sets the live field of some."""
    names = [f"room{number}" for number in range(COUNT)]
    lives = [live(ROOM, name, spec={"priv_data": changed.get(name, "old")}) for name in names]
    return World([declared(ROOM, name, {"priv_data": "new"}) for name in names], lives)


def written(plan: Plan, key: bytes = b"") -> bytes:
    return saved_plan.write(plan, binding=HERE, tool_version="1.0", now=NOW, use="use-1", key=key).encode()


def read(
    data: bytes,
    *,
    here: Binding = HERE,
    later: timedelta = timedelta(hours=1),
    used: Any = lambda use: False,
    key: bytes = b"",
) -> Any:
    found = saved_plan.read(data, key=key)
    saved_plan.check(found, here, now=NOW + later, used=used)
    return found


def code(data: bytes, **more: Any) -> str:
    with pytest.raises(PlanError) as caught:
        read(data, **more)
    return caught.value.code


def test_a_saved_plan_reads_back_as_itself() -> None:
    plan = world().plan()
    found = read(written(plan))
    assert found.plan == plan
    assert (found.binding, found.use, found.tool_version) == (HERE, "use-1", "1.0")
    assert found.expires - found.created == timedelta(hours=24)


def test_each_reason_has_its_own_code() -> None:
    data = written(world().plan())
    elsewhere = "metastudio.cn-north-4.myhuaweicloud.com/project-b/"
    assert code(data, here=replace(HERE, scope=elsewhere)) == "E_PLAN_SCOPE"
    assert code(data, here=replace(HERE, environment="other")) == "E_PLAN_ENVIRONMENT"
    assert code(data, here=replace(HERE, owner="other/test")) == "E_PLAN_OWNER"
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
    assert code(sealed(envelope, body)) == "E_PLAN_UNTRUSTED"


def sealed(envelope: dict[str, Any], body: dict[str, Any], key: bytes = b"") -> bytes:
    """Seal any content, as whoever knows the format can."""
    return json.dumps({"saved": {"digest": saved_plan._seal(envelope, body, key), **envelope}, **body}).encode()


def parts(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    whole = json.loads(data)
    envelope = {name: value for name, value in whole.pop("saved").items() if name != "digest"}
    return envelope, whole


WRONG: list[Any] = [None, True, 5, 2.5, "", "x", [], [[]], {}, {"a": 1}]


@pytest.mark.parametrize("name", ["created", "expires", "environment", "owner", "scope", "tool_version", "use"])
def test_a_sealed_envelope_with_a_field_of_a_wrong_type_or_without_it_is_refused_with_a_code(name: str) -> None:
    envelope, body = parts(written(world().plan()))
    for value in WRONG:
        if isinstance(value, str) and name not in {"created", "expires", "environment"}:
            continue
        assert code(sealed({**envelope, name: value}, body)) == "E_PLAN_FORMAT"
    del envelope[name]
    assert code(sealed(envelope, body)) == "E_PLAN_FORMAT"


def test_a_sealed_plan_with_a_part_of_a_wrong_type_is_read_or_refused_with_a_code() -> None:
    def places(value: Any, at: tuple[Any, ...] = ()) -> Any:
        yield at
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for step, part in items:
            yield from places(part, (*at, step))

    envelope, body = parts(written(world().plan()))
    codes = []
    for at in [one for one in places(body) if one and one[0] != "diagnostics"]:
        for value in WRONG:
            broken = json.loads(json.dumps(body))
            holder = broken
            for step in at[:-1]:
                holder = holder[step]
            holder[at[-1]] = value
            try:
                found = read(sealed(envelope, broken))
            except PlanError as error:
                codes.append(error.code)
            else:
                staleness.intersect(found.plan, found.plan)
                found.plan.summary()
    assert len(codes) > 500
    assert set(codes) == {"E_PLAN_FORMAT", "E_PLAN_UNTRUSTED"}


def test_with_a_key_only_a_plan_sealed_with_this_key_is_taken() -> None:
    plan = world().plan()
    data = written(plan, key=b"k1")
    assert read(data, key=b"k1").plan == plan
    assert code(data, key=b"k2") == "E_PLAN_DIGEST"
    assert code(data) == "E_PLAN_KEY"
    assert code(written(plan), key=b"k1") == "E_PLAN_KEY"
    envelope, body = parts(data)
    assert code(sealed({**envelope, "expires": "2099-01-01T00:00:00Z"}, body), key=b"k1") == "E_PLAN_KEY"
    assert code(data.replace(b'"new"', b'"bad"', 1), key=b"k1") == "E_PLAN_DIGEST"
    assert saved_plan.read_plans(data, key=b"k1") == saved_plan.read_plans(data) == (plan,)
    with pytest.raises(PlanError):
        saved_plan.read_plans(data, key=b"k2")


@pytest.mark.parametrize("name", [one.name for one in fields(Binding)])
def test_the_digest_of_a_plan_names_where_it_is_done(name: str) -> None:
    plan = world().plan()
    other = replace(HERE, **{name: "another"})
    assert saved_plan.digest(plan, HERE) != saved_plan.digest(plan, other)
    with pytest.raises(PlanError) as caught:
        staleness.expected(plan, other, saved_plan.digest(plan, HERE))
    assert caught.value.code == "E_PLAN_EXPECT"


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
    met = staleness.intersect(shown, fresh)
    assert [change.name for change in met.stale] == names
    assert [change.name for change in met.plan.pending] == [f"room{number}" for number in range(moved, COUNT)]
    if moved:
        with pytest.raises(PlanError) as caught:
            staleness.accepted(shown, fresh, skip_stale=False)
        assert caught.value.code == "E_PLAN_STALE"
        assert all(f'SmartLiveRoom["{name}"]' in caught.value.message for name in names)
    assert staleness.accepted(shown, fresh, skip_stale=True).plan == met.plan


def test_a_change_that_was_made_meanwhile_is_stale_and_one_that_came_up_is_not_done() -> None:
    shown = world().plan()
    fresh = world(room0="new").plan()
    met = staleness.intersect(shown, fresh)
    assert [change.name for change in met.stale] == ["room0"]
    later = world()
    later.wanted = [*later.wanted, declared(ROOM, "extra")]
    met = staleness.intersect(shown, later.plan())
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
    assert staleness.intersect(shown, fresh.plan()).stale == ()


def test_spelling_and_order_void_nothing() -> None:
    def group(*names: str, **more: Any) -> World:
        rules = [{"rule_name": name, **more} for name in names]
        return World(
            [declared(GROUP, "g", {"interaction_rules": [{"rule_name": "a"}]})],
            [live(GROUP, "g", spec={"interaction_rules": rules})],
        )

    shown = group("a", "x", "y").plan()
    assert staleness.intersect(shown, group("y", "a", "x", enabled=True).plan()).stale == ()
    assert staleness.intersect(shown, group("a", "x").plan()).stale != ()


def test_an_object_that_was_deleted_and_made_again_is_stale() -> None:
    past = ledger(remembered(ROOM, "gone", "1"), remembered(ROOM, "gone", "2"))
    shown = World([declared(GROUP, "g")], [live(ROOM, "gone", "1")], past).plan(prune="owned")
    fresh = World([declared(GROUP, "g")], [live(ROOM, "gone", "2")], past).plan(prune="owned")
    assert [change.name for change in staleness.intersect(shown, fresh).stale] == ["gone"]


def test_a_delete_is_stale_once_its_object_moved() -> None:
    past = ledger(remembered(ROOM, "gone"))
    one, other = (
        World([declared(GROUP, "g")], [live(ROOM, "gone", spec={"priv_data": text})], past).plan(prune="owned")
        for text in ("a", "b")
    )
    assert staleness.intersect(one, one).stale == ()
    assert [change.name for change in staleness.intersect(one, other).stale] == ["gone"]


def test_the_reviewed_digest_is_of_what_would_be_done() -> None:
    plan = world().plan()
    staleness.expected(plan, HERE, saved_plan.digest(plan, HERE))
    assert saved_plan.digest(world().plan(), HERE) == saved_plan.digest(plan, HERE)
    with pytest.raises(PlanError) as caught:
        staleness.expected(world(room0="moved").plan(), HERE, saved_plan.digest(plan, HERE))
    assert caught.value.code == "E_PLAN_EXPECT"


def test_a_plan_kept_as_json_can_be_shown_and_not_applied() -> None:
    from reconciler.planfile.encode import encode

    plan = world().plan()
    data = json.dumps(encode(plan)).encode()
    assert saved_plan.read_plans(data) == (plan,)
    assert saved_plan.read_plans(written(plan)) == (plan,)
    assert saved_plan.read_plans(json.dumps({"plans": [encode(plan), encode(plan)]}).encode()) == (plan, plan)
    assert code(data) == "E_PLAN_FORMAT"


CUTTABLE = json.dumps({"a": [True, False, None, -1.5e300, "\u00e9\\", {"b": 'x"y'}], "c": ""})


@pytest.mark.parametrize("size", range(1, len(CUTTABLE)))
def test_json_that_ends_anywhere_inside_is_cut(size):
    with pytest.raises(PlanError, match="is cut"):
        saved_plan.read_plans(CUTTABLE[:size].encode())
