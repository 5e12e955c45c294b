"""One YAML document: its value, and the position of every key and item in it.

A position is found by the number of its node, in the order of the text: equal parts of a value may be one object. The
numbers below a mapping or list are computed when one of them is asked for: most documents never need them.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import NamedTuple

from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json, as_object, child_of
from reconciler.model.source_map import DocumentPath

NodePlace = tuple[int, int]
"""Line and column, counted from 1."""

_COLUMN = (1 << 32) - 1
_FEW = 4
"""Positions that are asked for before anything is kept for the next: most documents need that of their name alone."""


def packed(line: int, column: int) -> int:
    """Pack a parser's mark (counted from 0) into one number."""
    return line << 32 | column


class MergeKey(NamedTuple):
    """Mapping with a merge key: the number of its own keys, the index of `<<` among them, and its sources."""

    own: int
    ordinal: int
    source: Json


class _Entry(NamedTuple):
    """Numbers of the nodes of one key (for an item, the item's) and its value."""

    key: int
    value: int


_Entries = Mapping[str | int, _Entry]


@dataclass(slots=True, kw_only=True)
class Document:
    """A document's plain value, with positions.

    `source_marks` are the positions of its nodes in the order of the text, or a function that reads them. `aliases` are
    the nodes that stand for another, with the number of that; `merges` are the mappings with a merge key. `widest` is
    the most entries of a mapping or list in its text; None where merge keys add to them.
    """

    value: Json
    source_marks: "array[int] | Callable[[], array[int]]"
    aliases: Mapping[int, int] = field(default_factory=dict)
    merges: Mapping[int, MergeKey] = field(default_factory=dict)
    widest: int | None = None
    _entries: dict[int, _Entries] | None = field(default=None, repr=False, compare=False)
    _asked: int = field(default=0, repr=False, compare=False)

    @property
    def positions(self) -> "array[int]":
        """Positions of its nodes in the order of the text, packed."""
        if isinstance(self.source_marks, array):
            return self.source_marks
        marks = self.source_marks()
        if self._asked > _FEW:
            self.source_marks = marks
        return marks

    @property
    def start(self) -> NodePlace:
        """Position of its first node."""
        return self._place(0)

    def at(self, path: DocumentPath, *, key: bool = False) -> NodePlace:
        """Return the position of the value at `path` (of its key with `key`), or of its nearest parent's."""
        self._asked += 1
        found = number = 0
        value = self.value
        for depth, step in enumerate(path, 1):
            entry = self._below(number, value).get(step)
            if entry is None:
                break
            found = entry.key if key and depth == len(path) else entry.value
            number, value = entry.value, child_of(value, step)
        return self._place(found)

    def following(self, place: NodePlace) -> NodePlace | None:
        """Return the position of the first node behind a place; None behind the last."""
        number = bisect_right(self.positions, packed(place[0] - 1, place[1] - 1))
        return self._place(number) if number < len(self.positions) else None

    def start_index(self) -> None:
        """Compute all numbers now, before the value is changed."""
        self._asked, self._entries = _FEW + 1, {}
        waiting: list[tuple[int, Json]] = [(0, self.value)]
        while waiting:
            number, value = waiting.pop()
            waiting += [(entry.value, child_of(value, step)) for step, entry in self._below(number, value).items()]

    def key_place(self, number: int, mapping: Mapping[str, Json], key: str) -> NodePlace:
        """Return the position of a key of the mapping with this number."""
        return self._place(self._below(number, mapping)[key].key)

    def _place(self, number: int) -> NodePlace:
        marks = self.positions
        mark = marks[number] if marks else 0
        return (mark >> 32) + 1, (mark & _COLUMN) + 1

    def _below(self, number: int, value: Json) -> _Entries:
        """Return the entries of a mapping or list, by key or index; those of what an alias stands for."""
        number = self.aliases.get(number, number)
        found = self._entries.get(number) if self._entries else None
        if found is None:
            if isinstance(value, dict):
                found = self._keys(number, value)
            else:
                found = dict(enumerate(self._items(number, value))) if isinstance(value, list) else {}
            if self._asked > _FEW:
                self._entries = self._entries or {}
                self._entries[number] = found
        return found

    def _items(self, number: int, value: list[Json]) -> Iterator[_Entry]:
        following = number + 1
        for index, item in enumerate(value):
            yield _Entry(following, following)
            if index + 1 < len(value):
                following = self._after(following, item)

    def _keys(self, number: int, value: Mapping[str, Json]) -> _Entries:
        merge = self.merges.get(number)
        found: dict[str | int, _Entry] = {}
        source = number
        for key, here, _ in self._written(number, value):
            if key is None:
                source = here + 1
            else:
                found[key] = _Entry(here, here + 1)
        if merge is not None:
            for each, mapping in self._sources(source, merge.source):
                below = self._below(each, mapping)
                found |= {key: below[key] for key in mapping if key in value and key not in found}
        return found

    def _sources(self, number: int, source: Json) -> Iterator[tuple[int, Mapping[str, Json]]]:
        if isinstance(source, list):
            yield from (
                (entry.value, as_object(source[int(index)])) for index, entry in self._below(number, source).items()
            )
        else:
            yield number, as_object(source)

    def _written(self, number: int, value: Mapping[str, Json]) -> Iterator[tuple[str | None, int, Json]]:
        """Yield what is written in a mapping: each key (None is the merge key), its node's number, and its value."""
        written: list[tuple[str | None, Json]] = list(value.items())
        merge = self.merges.get(number)
        if merge is not None:
            written[merge.own :] = []
            written.insert(merge.ordinal, (None, merge.source))
        following = number + 1
        for index, (key, item) in enumerate(written):
            yield key, following, item
            if index + 1 < len(written):
                following = self._after(following + 1, item)

    def _after(self, number: int, value: Json) -> int:
        """Return the number of the node behind a node."""
        if number in self.aliases:
            return number + 1
        if not self.aliases and not self.merges:
            return number + _nodes(value)
        following = number + 1
        if isinstance(value, dict):
            for _, key, item in self._written(number, value):
                following = self._after(key + 1, item)
        elif isinstance(value, list):
            for item in value:
                following = self._after(following, item)
        return following


def _nodes(value: Json) -> int:
    """Count the nodes of a value that holds no alias."""
    if not isinstance(value, (dict, list)):
        return 1
    count = 1 + len(value)
    if isinstance(value, dict):
        count += len(value)
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, (dict, list)):
            count += _nodes(part) - 1
    return count


LateDocument = Callable[[], Document]
"""Makes a document where its positions are asked for."""
