"""One YAML document: its value, and the position of every key and item in it.

While parsing, the positions of all nodes are recorded in order, eight bytes each. The mapping from paths to nodes is
computed on first use: most documents never need it.
"""

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import NamedTuple

from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json, as_object, child_of
from reconciler.model.source_map import DocumentPath

NodePlace = tuple[int, int]
"""Line and column, counted from 1."""

_COLUMN = (1 << 32) - 1

_NEAR = 2
"""Length of paths that are located by a walk: `metadata.name` is near the start of its document."""
_WALKS = 8
"""Walks before the index is built, so that thousands of problems do not take quadratic time."""


def packed(line: int, column: int) -> int:
    """Pack a parser's mark (counted from 0) into one number."""
    return line << 32 | column


class MergeKey(NamedTuple):
    """Mapping with a merge key: the number of its own keys, the index of `<<` among them, and its sources."""

    own: int
    ordinal: int
    source: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class _NodeMarks:
    """Positions of one key (for an item, the item's) and its value."""

    key: int
    value: int


_Index = Mapping[int, Mapping[str | int, _NodeMarks]]


@dataclass(slots=True, kw_only=True)
class Document:
    """A document's plain value, with positions.

    `marks` are the positions of its nodes in the order of the text; `aliases` and `merges` are the nodes, by number,
    with content from elsewhere.
    """

    value: Json
    marks: "array[int]"
    aliases: frozenset[int] = frozenset()
    merges: Mapping[int, MergeKey] = field(default_factory=dict)
    _index: _Index | None = field(default=None, repr=False, compare=False)
    _walks: int = field(default=0, repr=False, compare=False)

    @property
    def start(self) -> NodePlace:
        """Position of its first node."""
        return _place(self.marks[0]) if self.marks else (1, 1)

    def at(self, path: DocumentPath, *, key: bool = False) -> NodePlace:
        """Return the position of the value at `path` (of its key with `key`), or of its nearest parent's."""
        if self._walkable(path):
            self._walks += 1
            return _place(self._near(path, key=key))
        index = self._places()
        here, value = self.marks[0] if self.marks else 0, self.value
        for number, step in enumerate(path, 1):
            entry = index.get(id(value), {}).get(step)
            if entry is None:
                break
            here = entry.key if key and number == len(path) else entry.value
            value = child_of(value, step)
        return _place(here)

    def following(self, place: NodePlace) -> NodePlace | None:
        """Return the position of the first node behind a place; None behind the last."""
        number = bisect_right(self.marks, packed(place[0] - 1, place[1] - 1))
        return _place(self.marks[number]) if number < len(self.marks) else None

    def start_index(self) -> None:
        """Compute the positions now, before the value is changed."""
        self._places()

    def key_place(self, mapping: Mapping[str, Json], key: str) -> NodePlace:
        """Return the position of a key of a mapping that is part of the value."""
        return _place(self._places()[id(mapping)][key].key)

    def _walkable(self, path: DocumentPath) -> bool:
        simple = self.marks and not self.aliases and not self.merges
        return self._index is None and len(path) <= _NEAR and self._walks < _WALKS and bool(simple)

    def _near(self, path: DocumentPath, *, key: bool) -> int:
        """Find one position without an index; most documents need that of their name alone."""
        number, value, here = 0, self.value, self.marks[0]
        for depth, step in enumerate(path, 1):
            key_number = _entry_number(value, step, number)
            if key_number is None:
                break
            number = key_number + isinstance(value, dict)
            here = self.marks[key_number if key and depth == len(path) else number]
            value = child_of(value, step)
        return here

    def _places(self) -> _Index:
        if self._index is None:
            self._index = _Indexer(self).index()
        return self._index


def _place(mark: int) -> NodePlace:
    return (mark >> 32) + 1, (mark & _COLUMN) + 1


def _entry_number(value: Json, step: str | int, number: int) -> int | None:
    """Return the number of an entry's first node (a mapping's key, a sequence's item), counting from its parent's."""
    following = number + 1
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in entries:
        if name == step:
            return following
        following += isinstance(value, dict) + _nodes(item)
    return None


def _nodes(value: Json) -> int:
    """Count the nodes of a value that holds no alias."""
    if isinstance(value, dict):
        return 1 + len(value) + sum(map(_nodes, value.values()))
    if isinstance(value, list):
        return 1 + sum(map(_nodes, value))
    return 1


class _Indexer:
    """Walks a value in the order of its nodes, and records which position belongs to which entry."""

    def __init__(self, document: Document) -> None:
        self._marks = document.marks
        self._aliases = document.aliases
        self._merges = document.merges
        self._root = document.value
        self._found: dict[int, dict[str | int, _NodeMarks]] = {}

    def index(self) -> _Index:
        if self._marks:
            self._walk(self._root, 0)
        return self._found

    def _walk(self, value: Json, number: int) -> int:
        """Record the entries of the node with this number; return the number of the node after it."""
        if number in self._aliases:
            return number + 1
        if isinstance(value, dict):
            return self._mapping(value, number)
        if isinstance(value, list):
            return self._sequence(value, number)
        return number + 1

    def _sequence(self, value: Sequence[Json], number: int) -> int:
        entries = self._found.setdefault(id(value), {})
        following = number + 1
        for position, item in enumerate(value):
            mark = self._marks[following]
            entries[position] = _NodeMarks(key=mark, value=mark)
            following = self._walk(item, following)
        return following

    def _mapping(self, value: Mapping[str, Json], number: int) -> int:
        entries = self._found.setdefault(id(value), {})
        merge = self._merges.get(number)
        own = list(value.items())[: merge.own if merge else len(value)]
        following = number + 1
        for ordinal, (key, item) in enumerate(own):
            if merge and merge.ordinal == ordinal:
                following = self._walk(merge.source, following + 1)
            entries[key] = _NodeMarks(key=self._marks[following], value=self._marks[following + 1])
            following = self._walk(item, following + 1)
        if merge:
            if merge.ordinal == len(own):
                following = self._walk(merge.source, following + 1)
            self._merged(merge, value, entries)
        return following

    def _merged(self, merge: MergeKey, value: Mapping[str, Json], entries: dict[str | int, _NodeMarks]) -> None:
        """Use the positions in the source mapping for merged entries."""
        sources = merge.source if isinstance(merge.source, list) else [merge.source]
        for source in sources:
            for key in as_object(source):
                if key in value and key not in entries:
                    entries[key] = self._found[id(source)][key]
