"""Keeps equal parts of live objects once: thousands of objects repeat a few hundred texts, lists and objects."""

import marshal
from collections.abc import Sequence
from enum import Enum, auto
from itertools import chain
from sys import intern
from typing import Any

from reconciler.model.json_types import Json

_MOST_PARTS = 2_000
"""Parts that are remembered; what comes later is shared with these alone, so that few bytes are spent in vain."""

_LONGEST_PART = 2_000
"""Bytes of the longest part that is remembered."""

_SAMPLE = 40
"""Rows whose values tell what a field holds: so many neighbours, which often have one time, and as many far apart."""


class _Holds(Enum):
    """What a field of many rows holds."""

    PARTS = auto()
    TEXTS = auto()
    """Texts that rows repeat."""
    OTHERS = auto()


class SharedParts:
    """Parts of the objects of one read, equal ones kept once.

    Two parts are one only where they are the same JSON with the same order of keys, so that nothing written of an
    object depends on it. A part that is shared is never modified, but that equal parts inside it are put in its place.
    Threads may use one: the first of two is kept.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, Json] = {}
        self._fields: dict[str, _Holds] = {}

    def share(self, rows: Sequence[dict[str, Json]], within: str = "") -> None:
        """Put the part that is kept in the place of each equal one: texts, objects inside a row, lists without any.

        The items of a list of objects stay; what is inside them is shared. Which fields hold such parts, and which hold
        texts that rows repeat, is seen once, in some of the first rows. `within` is the path of the rows.
        """
        names = dict.fromkeys(chain.from_iterable(rows))
        holds = {name: self._fields.get(within + name) or self._look_at(within, name, rows) for name in names}
        texts = [name for name, found in holds.items() if found is _Holds.TEXTS]
        for row in rows:
            for name in texts:
                text = row.get(name)
                if text.__class__ is str:
                    row[name] = intern(text)
        for name, found in holds.items():
            if found is _Holds.PARTS:
                self._share_parts(within, name, rows)

    def _look_at(self, within: str, name: str, rows: Sequence[dict[str, Json]]) -> _Holds:
        """Tell what a field holds, and remember it unless a later row may show more."""
        near = [row.get(name) for row in rows[:_SAMPLE]]
        far = [row.get(name) for row in rows[:: 1 + len(rows) // _SAMPLE]] if len(rows) > _SAMPLE else []
        classes = {*map(type, near), *map(type, far)}
        found = _Holds.OTHERS
        if dict in classes or list in classes:
            found = _Holds.PARTS
        elif str in classes and (_are_repeated(near) or _are_repeated(far)):
            found = _Holds.TEXTS
        if found is not _Holds.OTHERS or (far and type(None) not in classes):
            self._fields[within + name] = found
        return found

    def _share_parts(self, within: str, name: str, rows: Sequence[dict[str, Json]]) -> None:
        inside: list[dict[str, Json]] = []
        for row in rows:
            part: Any = row.get(name)
            if part.__class__ is list and part and part[0].__class__ is dict:
                inside += [item for item in part if item.__class__ is dict]
            elif part.__class__ is dict or (part.__class__ is list and part):
                key = marshal.dumps(part, 0)  # in this process alone: no other text of a value is made as fast
                kept = self._known.get(key)
                if kept is None:
                    kept = self._remembered(key, part)
                    inside += [part] if kept is part and part.__class__ is dict else []
                row[name] = kept
        if inside:
            self.share(inside, f"{within}{name}.")

    def _remembered(self, key: bytes, part: Json) -> Json:
        if len(self._known) < _MOST_PARTS and len(key) <= _LONGEST_PART:
            return self._known.setdefault(key, part)
        return part


def _are_repeated(texts: Sequence[Json]) -> bool:
    """Tell whether rows have texts in common; most ids and names are of one object alone."""
    known = [text for text in texts if isinstance(text, str)]
    return len(set(known)) < 0.9 * len(known)
