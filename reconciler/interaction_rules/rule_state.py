"""State of a run after earlier events, with every possibility.

Nearly everything is certain: one value a key. Where a decision was open, the keys it moved are held together as rows,
one for each way (a `_Joint`), apart from keys that do not hang together with them. What no later event can tell apart
is one: a window that has closed is forgotten, a key with one value in all rows is certain again, and one that varies by
itself is held by itself. Beyond MOST_ROWS the values of each key are kept, and which of them belong together is not: a
superset of what may be, so that a result is never more certain than it is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field

from reconciler.late_methods import dataclass

Key = tuple[object, ...]
"""State key: ("fired", rule), ("matched", rule), ("replies", rule), ("reset", rule, …); "room" for a rule."""

Value = int | frozenset[int | None] | None
"""A time, a number, or none; a frozenset where any of its values may be."""

Marks = dict[Key, Value]

ANY = -1
"""Stands for every value: in a set that would grow with the recording."""

MOST_ROWS = 1024
"""Rows of one joint while the run has followed few."""

FEW_ROWS = 4
"""Rows of one joint once it has followed MOST_FOLLOWED: few, so that long recordings cost little more an event."""

MOST_FOLLOWED = 4_000
"""Rows that a run follows, over all events, before it keeps few at a time."""

MOST_VALUES = 24
"""Values of one key beyond which it may be any."""


def values_of(value: Value) -> Iterable[int | None]:
    """Return each value that a remembered one may be."""
    return value if isinstance(value, frozenset) else (value,)


def either(values: Iterable[Value]) -> Value:
    """Return what may be any of some values; ANY where they are many."""
    found = {one for value in values for one in values_of(value)}
    if len(found) == 1:
        return found.pop()
    return ANY if len(found) > MOST_VALUES or ANY in found else frozenset(found)


@dataclass(slots=True, eq=False)
class _Joint:
    """Keys whose values hang together: one row for each way they may be."""

    keys: tuple[Key, ...]
    rows: list[tuple[Value, ...]]


@dataclass(slots=True)
class RuleStates:
    """State of a run. `settled` returns a value as it counts from now on: None for a window that has closed.

    `exact` is false once which values belong together has been given up somewhere.
    """

    settled: Callable[[Key, Value], Value]
    certain: Marks = field(default_factory=dict)
    exact: bool = True
    most_rows: int = MOST_ROWS
    _joints: dict[Key, _Joint] = field(default_factory=dict)
    _followed: int = 0

    @property
    def _most(self) -> int:
        return self.most_rows if self._followed < MOST_FOLLOWED else min(FEW_ROWS, self.most_rows)

    def ways(self, keys: Callable[[], set[Key]]) -> list[Marks]:
        """Return each way the keys that an event may read or move may be; the certain rest included."""
        if not self._joints:
            return [self.certain]
        wanted = keys()
        touched = self._touched(wanted)
        if not touched:
            return [self.certain]
        rows: dict[frozenset[tuple[Key, Value]], None] = {frozenset(): None}
        for joint in touched:
            places = [place for place, key in enumerate(joint.keys) if key in wanted]
            parts = {frozenset((joint.keys[place], row[place]) for place in places) for row in joint.rows}
            rows = {row | part: None for row in rows for part in parts}
        self._followed += len(rows)
        return [_Over(dict(row), self.certain) for row in rows]

    def peek(self, keys: Callable[[], set[Key]]) -> list[Marks]:
        """Return each way some keys may be, as `ways` does; nothing where they are too many. Nothing is given up."""
        joints = (
            {id(joint): joint for key in keys() if (joint := self._joints.get(key)) is not None} if self._joints else {}
        )
        rows: list[Marks] = [{}]
        for joint in joints.values():
            if len(rows) * len(joint.rows) > FEW_ROWS * FEW_ROWS:
                return []
            rows = [{**row, **dict(zip(joint.keys, one, strict=True))} for row in rows for one in joint.rows]
        return [_Over(row, self.certain) for row in rows]

    def _touched(self, keys: set[Key]) -> list[_Joint]:
        """Return the joints that hold some keys, few enough rows in all to be followed: the rest is given up."""
        touched = list({id(joint): joint for key in keys if (joint := self._joints.get(key)) is not None}.values())
        touched.sort(key=lambda joint: len(joint.rows))
        product = 1
        for place, joint in enumerate(touched):
            product *= len(joint.rows)
            if product > self._most:
                for large in touched[place:]:
                    self._give_up(large)
                return touched[:place]
        return touched

    def move(
        self, branches: Sequence[tuple[Marks, tuple[tuple[Key, Value], ...]]], keys: Callable[[], set[Key]]
    ) -> None:
        """Take what each way of one event leaves behind: (a way that `ways` returned, its marks)."""
        if len(branches) == 1:
            self.certain.update(branches[0][1])
            return
        written = dict.fromkeys(key for _, marks in branches for key, _ in marks)
        if not written:
            return
        touched = self._touched(keys()) if self._joints else []
        names = dict.fromkeys((*(key for joint in touched for key in joint.keys), *written))
        rows = self._moved(branches, touched, tuple(names))
        self._followed += len(rows)
        for joint in touched:
            self._drop(joint)
        self._hold(tuple(names), rows)

    def _moved(
        self,
        branches: Sequence[tuple[Marks, tuple[tuple[Key, Value], ...]]],
        touched: Sequence[_Joint],
        names: tuple[Key, ...],
    ) -> set[tuple[Value, ...]]:
        """Return the rows after an event: each whole row of the joints, by the branches of the way it belongs to."""
        whole: list[Marks] = [{}]
        for joint in touched:
            whole = [{**row, **dict(zip(joint.keys, one, strict=True))} for row in whole for one in joint.rows]
        shared = [key for joint in touched for key in joint.keys]
        by_way: dict[tuple[Value, ...], list[Marks]] = {}
        ways = {id(way): way for way, _ in branches}
        read = [key for key in shared if len({way.get(key) for way in ways.values()}) > 1]
        for way, left in branches:
            by_way.setdefault(tuple(way.get(key) for key in read), []).append(dict(left))
        rows = set()
        for row in whole:
            before = {key: self.certain.get(key) for key in names} | row
            for marks in by_way.get(tuple(row[key] for key in read), ()):
                after = before | marks
                rows.add(tuple(self.settled(key, after[key]) for key in names))
        return rows

    def _hold(self, names: tuple[Key, ...], rows: set[tuple[Value, ...]]) -> None:
        """Hold rows: what is the same in all of them as certain, what varies by itself by itself."""
        columns = {key: {row[place] for row in rows} for place, key in enumerate(names)}
        for key, values in columns.items():
            if len(values) == 1:
                self._settle(key, next(iter(values)))
        varied = [place for place, key in enumerate(names) if len(columns[key]) > 1]
        left = {tuple(row[place] for place in varied) for row in rows}
        keys = [names[place] for place in varied]
        place = 0
        while place < len(keys):
            rest = {row[:place] + row[place + 1 :] for row in left}
            values = {row[place] for row in left}
            if len(values) * len(rest) == len(left):
                self._join((keys.pop(place),), [(value,) for value in values])
                left = rest
            else:
                place += 1
        if keys:
            self._join(tuple(keys), list(left))

    def _join(self, keys: tuple[Key, ...], rows: list[tuple[Value, ...]]) -> None:
        for key in keys:
            self.certain.pop(key, None)
        joint = _Joint(keys, rows)
        if len(rows) > self._most:
            self._give_up(joint)
        else:
            self._joints.update(dict.fromkeys(keys, joint))

    def _give_up(self, joint: _Joint) -> None:
        self._drop(joint)
        self.exact = False
        for place, key in enumerate(joint.keys):
            self._settle(key, either(row[place] for row in joint.rows))

    def _drop(self, joint: _Joint) -> None:
        for key in joint.keys:
            self._joints.pop(key, None)

    def _settle(self, key: Key, value: Value) -> None:
        if value is None:
            self.certain.pop(key, None)
        else:
            self.certain[key] = value

    def doubt(self, marks: Mapping[Key, Value]) -> None:
        """Take that each mark may have been left, or not: for an event whose ways are too many to follow."""
        self.exact = False
        for joint in {id(joint): joint for key in marks if (joint := self._joints.get(key)) is not None}.values():
            self._give_up(joint)
        for key, value in marks.items():
            self._settle(key, either((self.settled(key, self.certain.get(key)), value)))


class _Over(dict[Key, Value]):
    """A row over the certain rest, without a copy of it."""

    __slots__ = ("_rest",)

    def __init__(self, row: Marks, rest: Marks) -> None:
        super().__init__(row)
        self._rest = rest

    def get(self, key: Key, default: Value = None) -> Value:  # type: ignore[override]
        return self[key] if key in self else self._rest.get(key, default)
