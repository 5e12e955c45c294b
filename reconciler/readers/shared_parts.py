"""Keeps equal parts of live objects once: thousands of objects repeat a few hundred texts, lists and objects."""

import marshal
from collections.abc import Sequence
from sys import intern
from typing import Any

from reconciler.model.json_types import Json

_MOST_PARTS = 2_000
"""Parts that are remembered; what comes later is shared with these alone, so that few bytes are spent in vain."""

_LONGEST_PART = 2_000
"""Bytes of the longest part that is remembered."""

_SAMPLE = 40
"""Rows whose values tell what a field holds: so many neighbours, which often have one time, and as many far apart."""


class SharedParts:
    """Parts of the objects of one read, equal ones kept once.

    Two parts are one only where they are the same JSON with the same order of keys, so that nothing written of an
    object depends on it. A part that is shared is never modified, but that equal parts inside it are put in its place.
    Threads may use one: the first of two is kept.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, Json] = {}

    def share(self, rows: Sequence[dict[str, Json]]) -> None:
        """Put the part that is kept in the place of each equal one: texts, objects inside a row, lists without any.

        The items of a list of objects stay; what is inside them is shared. Which fields hold such parts, and which hold
        texts that rows repeat, is seen in some of the rows.
        """
        near, far = rows[:_SAMPLE], rows[:: 1 + len(rows) // _SAMPLE] if len(rows) > _SAMPLE else ()
        for name in set().union(*near, *far):
            values, others = [row.get(name) for row in near], [row.get(name) for row in far]
            classes = {*map(type, values), *map(type, others)}
            if dict in classes or list in classes:
                self._share_parts(name, rows)
            elif str in classes and (_are_repeated(values) or _are_repeated(others)):
                _share_texts(name, rows)

    def _share_parts(self, name: str, rows: Sequence[dict[str, Json]]) -> None:
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
            self.share(inside)

    def _remembered(self, key: bytes, part: Json) -> Json:
        if len(self._known) < _MOST_PARTS and len(key) <= _LONGEST_PART:
            return self._known.setdefault(key, part)
        return part


def _are_repeated(texts: Sequence[Json]) -> bool:
    """Tell whether rows have texts in common; most ids and names are of one object alone."""
    known = [text for text in texts if isinstance(text, str)]
    return len(set(known)) < 0.9 * len(known)


def _share_texts(name: str, rows: Sequence[dict[str, Json]]) -> None:
    for row in rows:
        text = row.get(name)
        if text.__class__ is str:
            row[name] = intern(text)
