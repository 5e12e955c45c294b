"""The keys of mappings: text, once each, and what a merge key brings along."""

import unicodedata
from collections.abc import Callable
from typing import Any

from reconciler.errors import ManifestError
from reconciler.manifest import gate
from reconciler.manifest.document import Document, Merge
from reconciler.manifest.problem import error, refused
from reconciler.manifest.scalars import Scalars
from reconciler.model.diagnostic import Diagnostic, Related
from reconciler.model.resource import Json
from reconciler.model.source import Position

MERGE = "\0<<"
"""Stands for a plain `<<` while a mapping is read; no text can hold U+0000, so that it is never a key of ours."""

_INTERNAL = "\0"


class Keys:
    """Checks the keys of one file.

    A wrong or repeated key is noted, takes part under a name nobody can write, and is taken out once its place is
    known.
    """

    def __init__(self, problems: list[Diagnostic], where: Callable[[int, int], Position], most: int) -> None:
        self._most = most
        self.known: dict[str, str] = {}
        self._problems = problems
        self._where = where
        self._scalars = Scalars([], where)
        self._odd: list[tuple[dict[str, Json], str, str]] = []
        self._refused = False
        self._merges: dict[int, Merge] = {}
        self._levels: dict[int, int] = {}

    def key(self, event: Any) -> str:
        """Return the key a scalar stands for, in NFC."""
        text = event.value
        if event.implicit[0]:
            if text == "<<":
                return MERGE
            if not isinstance(self._scalars.resolve(text, event.start_mark), str):
                return self._refuse(event.start_mark, f"the key `{text}` is not text")
        verdict = gate.in_value(text)
        if verdict:
            self._problems.append(error(*verdict, self._place(event.start_mark)))
        key = unicodedata.normalize("NFC", text)
        if event.implicit[0]:
            self.known[text] = key
        return key

    def _refuse(self, mark: Any, message: str) -> str:
        place = self._place(mark)
        self._problems.append(error("E_YAML_KEYTYPE", message, place, hint="put it in quotes if it is meant as text"))
        self._refused = True
        return f"{_INTERNAL}{len(self._problems)}"

    def not_text(self, mark: Any) -> ManifestError:
        """Return the error for a key that is a list, a mapping or an alias."""
        return refused("E_YAML_KEYTYPE", "a key must be text", self._place(mark))

    def repeated(self, inside: dict[str, Json], key: str) -> str:
        """Return a name under which a repeated key takes part until `settle`."""
        if key.startswith(_INTERNAL) and key != MERGE:
            return key
        name = f"{_INTERNAL}{len(self._odd)}:{key}"
        self._odd.append((inside, key, name))
        return name

    def merge(self, inside: dict[str, Json], number: int, mark: Any) -> None:
        """Apply the merge key of a mapping that is complete: its own keys win, then earlier sources."""
        ordinal = list(inside).index(MERGE)
        source = inside.pop(MERGE)
        parts = source if isinstance(source, list) else [source]
        if not all(isinstance(part, dict) for part in parts):
            raise refused("E_YAML_MERGE", "`<<` merges mappings only", self._place(mark))
        self._merges[number] = Merge(len(inside), ordinal, source)
        self._count(inside, parts, mark)
        for part in parts:
            for key, value in part.items():
                inside.setdefault(key, value)

    def _count(self, inside: dict[str, Json], parts: list[dict[str, Json]], mark: Any) -> None:
        """Merged mappings may be merged again, but not for ever: each level can double the work."""
        level = 1 + max((self._levels.get(id(part), 0) for part in parts), default=0)
        self._levels[id(inside)] = level
        if level > self._most:
            raise refused("E_YAML_LIMIT", f"`<<` goes through more than {self._most} mappings", self._place(mark))

    def finished(self) -> dict[int, Merge]:
        """Return the merges of the document that ended."""
        merges, self._merges = self._merges, {}
        self._levels.clear()
        return merges

    def settle(self, document: Document) -> None:
        """Report the repeated keys of a document with both places, and take odd keys out of it."""
        if self._refused:
            document.start_index()
        for inside, key, name in self._odd:
            first, second = (document.key_place(inside, each) for each in (key, name))
            shown = key.removeprefix(_INTERNAL)
            self._problems.append(
                error(
                    "E_YAML_DUPKEY",
                    f"the key {shown!r} stands twice in one mapping",
                    self._where(*second),
                    hint="keep one of them",
                    related=(Related(message="the first one", position=self._where(*first)),),
                )
            )
        for inside, _key, name in self._odd:
            inside.pop(name, None)
        self._odd.clear()
        if self._refused:
            self._refused = False
            _clean(document.value)

    def _place(self, mark: Any) -> Position:
        return self._where(mark.line + 1, mark.column + 1)


def _clean(value: Json) -> None:
    """Take keys out that only we could have written; each container is met at least once, shared ones too."""
    if isinstance(value, list):
        for item in value:
            _clean(item)
    if isinstance(value, dict):
        for key in [key for key in value if key.startswith(_INTERNAL)]:
            del value[key]
        for item in value.values():
            _clean(item)
