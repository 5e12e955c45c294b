"""The JSON form: there and back, by its schema, and the same bytes whatever the process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.kinds.registry import kind_named
from reconciler.model.change import (
    Action,
    Attribution,
    Change,
    FieldChange,
    FieldOp,
    GuardViolation,
    NoValue,
    SuppressedDifference,
    SuppressionReason,
)
from reconciler.model.diagnostic import Diagnostic, RelatedPosition, Severity
from reconciler.model.plan import DeferredChange, Plan, UnmanagedResource
from reconciler.model.source_map import Position
from reconciler.planfile.decode import decode
from reconciler.planfile.encode import encode
from reconciler.planfile.schema import plan_schema
from tests.support.planning import GROUP, ROOM, World, declared, ledger, live, remembered
from tests.support.random_specs import Maker

TEXT = st.text(max_size=8)
PLACE = st.none() | st.builds(Position, TEXT, st.integers(1, 99), st.integers(1, 99))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
SIDE = st.sampled_from(list(NoValue)) | JSON
FINGERPRINT = st.sampled_from(["", "0" * 64, "f" * 64])
FIELDS = st.builds(
    FieldChange,
    path=TEXT,
    op=st.sampled_from(FieldOp),
    before=SIDE,
    after=SIDE,
    base=SIDE,
    attribution=st.sampled_from(Attribution),
    reason=TEXT,
    position=PLACE,
    sensitive=st.booleans(),
)
CHANGES = st.builds(
    Change,
    action=st.sampled_from(Action),
    address=TEXT,
    kind=TEXT,
    name=TEXT,
    id=TEXT,
    previous_address=TEXT,
    before=JSON,
    after=JSON,
    unknown=st.lists(st.sampled_from(["a", "a.b", "c[0].d"]), max_size=2).map(tuple),
    fields=st.lists(FIELDS, max_size=2).map(tuple),
    suppressed=st.lists(
        st.builds(
            SuppressedDifference, path=TEXT, rule=st.sampled_from(SuppressionReason), detail=TEXT, position=PLACE
        ),
        max_size=2,
    ).map(tuple),
    attribution=st.none() | st.sampled_from(Attribution),
    reason=TEXT,
    position=PLACE,
    blocks=st.lists(st.builds(GuardViolation, code=TEXT, message=TEXT, allow=TEXT), max_size=2).map(tuple),
    notes=st.lists(TEXT, max_size=2).map(tuple),
    before_fingerprint=FINGERPRINT,
    after_fingerprint=FINGERPRINT,
    level=st.integers(0, 5),
)
DIAGNOSTICS = st.builds(
    Diagnostic,
    severity=st.sampled_from(Severity),
    code=TEXT,
    message=TEXT,
    position=PLACE,
    hint=TEXT,
    address=TEXT,
    path=TEXT,
    related=st.lists(st.builds(RelatedPosition, message=TEXT, position=PLACE.filter(bool)), max_size=1).map(tuple),
)
PLANS = st.builds(
    Plan,
    environment=TEXT,
    changes=st.lists(CHANGES, max_size=3).map(tuple),
    unmanaged=st.lists(
        st.builds(
            UnmanagedResource,
            address=TEXT,
            kind=TEXT,
            name=TEXT,
            id=TEXT,
            foreign=TEXT,
            owned=st.booleans(),
            values=JSON,
        ),
        max_size=2,
    ).map(tuple),
    held=st.lists(
        st.builds(DeferredChange, action=st.sampled_from(Action), address=TEXT, kind=TEXT, name=TEXT, reason=TEXT),
        max_size=2,
    ).map(tuple),
    diagnostics=st.lists(DIAGNOSTICS, max_size=2).map(tuple),
    complete=st.booleans(),
    untrusted=st.booleans(),
    base=TEXT,
)
VALIDATOR = jsonschema_rs.validator_for(plan_schema())


@given(PLANS)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_plan_comes_back_from_its_json(plan: Plan) -> None:
    shape = encode(plan)
    assert decode(json.loads(json.dumps(shape))) == plan
    VALIDATOR.validate(shape)


@given(st.sampled_from([ROOM.name, GROUP.name]), st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_a_plan_of_random_states_is_by_the_schema_and_comes_back(kind_name: str, seed: int) -> None:
    kind, maker = kind_named(kind_name), Maker(seed)
    spec = maker.declared(kind)
    wanted = [declared(kind, "it", spec), declared(kind, "new", maker.declared(kind))]
    lives = [live(kind, "it", spec=maker.mutated(kind, spec)), live(kind, "gone", spec=maker.raw(kind))]
    past = ledger(remembered(kind, "gone"), remembered(kind, "it", last=maker.declared(kind)))
    plan = World(wanted, lives, past).plan(prune="owned")
    shape = encode(plan)
    VALIDATOR.validate(shape)
    assert decode(json.loads(json.dumps(shape))) == plan


def test_the_schema_is_a_schema_that_editors_can_find() -> None:
    schema = plan_schema()
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["$id"].endswith("/plan.schema.json")


def test_the_shape_is_the_one_terraforms_tools_read() -> None:
    lives = [live(ROOM, "it", spec={"priv_data": "by hand"}), live(ROOM, "gone")]
    past = ledger(remembered(ROOM, "it", last={"priv_data": "p"}), remembered(ROOM, "gone"))
    wanted = [declared(ROOM, "it", {"priv_data": "p"}), declared(ROOM, "new")]
    shape = encode(World(wanted, lives, past).plan(prune="owned"))
    assert [(one["address"], one["change"]["actions"]) for one in shape["resource_changes"]] == [
        ('SmartLiveRoom["it"]', ["update"]),
        ('SmartLiveRoom["new"]', ["create"]),
        ('SmartLiveRoom["gone"]', ["delete"]),
    ]
    created, deleted = (shape["resource_changes"][at]["change"] for at in (1, 2))
    assert (created["before"], deleted["after"]) == (None, None)
    (drift,) = shape["resource_drift"]
    assert drift["change"] == {
        "actions": ["update"],
        "before": {"priv_data": "p"},
        "after": {"priv_data": "by hand"},
    }
    assert (shape["applyable"], shape["complete"], shape["errored"]) == (True, True, False)


def test_an_object_that_somebody_removed_is_drift() -> None:
    shape = encode(World([declared(ROOM, "it")], [], ledger(remembered(ROOM, "it"))).plan())
    assert [one["change"]["actions"] for one in shape["resource_drift"]] == [["delete"]]


@pytest.mark.parametrize("data", [{}, {"format_version": "2.0"}, {"format_version": "1.0"}, {"format_version": 1}])
def test_what_is_no_plan_of_this_format_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match=r"format_version|no plan"):
        decode(data)


def test_a_newer_minor_version_may_add_keys() -> None:
    shape = {**encode(Plan(environment="e")), "format_version": "1.9", "brand_new": 1}
    assert decode(shape) == Plan(environment="e")
    VALIDATOR.validate(shape)


SCRIPT = """
import json
from tests.support.planning import *
from tests.support.random_specs import Maker
maker = Maker(7)
wanted, lives = [], []
for number in range(30):
    kind = (ROOM, GROUP)[number % 2]
    spec = maker.declared(kind)
    wanted.append(declared(kind, f"n{number}", spec))
    if number % 3:
        lives.append(live(kind, f"n{number}", spec=maker.mutated(kind, spec)))
from reconciler.planfile.encode import encode
print(json.dumps(encode(World(wanted, lives).plan())))
"""


def test_the_same_inputs_give_the_same_bytes_under_any_hash_seed() -> None:
    root = Path(__file__).parents[2]
    found = set()
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        run = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, check=True, cwd=root)
        found.add(run.stdout)
    assert len(found) == 1
    assert len(found.pop()) > 10_000
