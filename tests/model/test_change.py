"""The position and the fingerprints of a change are made when they are first read, and are then fields as any other."""

import copy
import pickle
from dataclasses import dataclass, field, replace

import pytest

from reconciler.model.change import Action, Change
from reconciler.model.plan import Plan
from reconciler.model.source_map import Position

THERE = Position("rooms.yaml", 3)
PLACED = Change(action=Action.NONE, address="a", kind="SmartLiveRoom", name="it", position=THERE)
MADE = replace(PLACED, before_fingerprint="was", after_fingerprint="is")


@dataclass
class Counted:
    """Something with a position, which counts how often it is asked for."""

    asked: list[int] = field(default_factory=list)

    @property
    def position(self) -> Position:
        self.asked.append(1)
        return THERE

    def fingerprints(self) -> tuple[str, str]:
        self.asked.append(1)
        return "was", "is"


def late(located: Counted) -> Change:
    return Change(action=Action.NONE, address="a", kind="SmartLiveRoom", name="it").positioned_at(located)


def late_in_all(counted: Counted) -> Change:
    return late(Counted()).fingerprinted_by(counted.fingerprints)


def test_the_position_is_found_once_and_when_it_is_read():
    located = Counted()
    change = late(located)
    assert change.name == "it"
    assert not located.asked
    assert (change.position, change.position) == (THERE, THERE)
    assert len(located.asked) == 1


@pytest.mark.parametrize("first", ["before_fingerprint", "after_fingerprint"])
def test_both_fingerprints_are_made_once_and_when_one_is_read(first):
    counted = Counted()
    change = late_in_all(counted)
    assert change.position == THERE
    assert not counted.asked
    getattr(change, first)
    assert (change.before_fingerprint, change.after_fingerprint) == ("was", "is")
    assert len(counted.asked) == 1


@pytest.mark.parametrize(
    "use",
    [
        lambda change: change,
        lambda change: replace(change, reason=""),
        copy.copy,
        copy.deepcopy,
        lambda change: pickle.loads(pickle.dumps(change)),
    ],
    ids=["compared", "replaced", "copied", "copied deeply", "pickled"],
)
@pytest.mark.parametrize(("make", "made"), [(late, PLACED), (late_in_all, MADE)], ids=["position", "fingerprints"])
def test_a_late_field_is_part_of_every_copy(use, make, made):
    assert use(make(Counted())) == made
    assert hash(use(make(Counted()))) == hash(made)
    assert repr(use(make(Counted()))) == repr(made)


def test_no_other_name_is_late():
    with pytest.raises(AttributeError, match="Change has no postion"):
        _ = late(Counted()).postion


def test_a_plan_with_other_changes_is_counted_again():
    plan = Plan(environment="test", changes=(PLACED,))
    assert (plan.summary().unchanged, plan.summary().change) == (1, 0)
    assert plan.summary() is plan.summary()
    other = replace(plan, changes=(replace(PLACED, action=Action.UPDATE),))
    assert (other.summary().unchanged, other.summary().change) == (0, 1)
    assert pickle.loads(pickle.dumps(plan)) == Plan(environment="test", changes=(PLACED,))
