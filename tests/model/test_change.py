"""The position of a change is found when it is first read, and is then a field as any other."""

import copy
import pickle
from dataclasses import dataclass, field, replace

import pytest

from reconciler.model.change import Action, Change
from reconciler.model.plan import Plan
from reconciler.model.source_map import Position

THERE = Position("rooms.yaml", 3)
PLACED = Change(action=Action.NONE, address="a", kind="SmartLiveRoom", name="it", position=THERE)


@dataclass
class Counted:
    """Something with a position, which counts how often it is asked for."""

    asked: list[int] = field(default_factory=list)

    @property
    def position(self) -> Position:
        self.asked.append(1)
        return THERE


def late(located: Counted) -> Change:
    return Change(action=Action.NONE, address="a", kind="SmartLiveRoom", name="it").positioned_at(located)


def test_the_position_is_found_once_and_when_it_is_read():
    located = Counted()
    change = late(located)
    assert change.name == "it"
    assert not located.asked
    assert (change.position, change.position) == (THERE, THERE)
    assert len(located.asked) == 1


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
def test_a_late_position_is_part_of_every_copy(use):
    assert use(late(Counted())) == PLACED
    assert hash(use(late(Counted()))) == hash(PLACED)
    assert repr(use(late(Counted()))) == repr(PLACED)


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
