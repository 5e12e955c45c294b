"""Checked documents as an entry of the cache holds them: plain JSON, in which what they share is written once.

A part that occurs again in the file is a row of a table, and so is whatever holds such a part; all else is written
where it stands. A row is a value and its gaps: each key or index at which another row belongs, with the number of that
row. Gaps are filled by rows before their own, so that a table is read in one pass, and shared parts are one object
again.
"""

import base64
from array import array
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from reconciler.manifest.yaml.block_reader import BlockMarks, BlockReader, BlockSpan, TextPart
from reconciler.manifest.yaml.document import Document, LateDocument
from reconciler.model.json_types import Json, as_object, require_list, require_object, require_text


class CheckedDocument(NamedTuple):
    """A document without problems; `metadata` and `spec` are as its fields' types have them."""

    document: Document
    kind: str
    metadata: Mapping[str, Json]
    spec: Mapping[str, Json]

    @property
    def changed(self) -> tuple[Mapping[str, Json], ...]:
        """Metadata and spec, unless they and the kind are as the document has them."""
        written = require_object(self.document.value)
        spec = written.get("spec")
        same_spec = self.spec is spec or (spec is None and not self.spec)
        if same_spec and self.metadata is written["metadata"] and self.kind == written["kind"]:
            return ()
        return (self.metadata, self.spec)


class KeptDocument(NamedTuple):
    """A document of an entry. What its positions are read from is made when one is asked for: most are not."""

    document: LateDocument
    kind: str
    metadata: Mapping[str, Json]
    spec: Mapping[str, Json]


_SPAN = [int, int, int]
"""Classes of what an entry holds of the span of a document."""


class PartTable:
    """Table of what values share; they are not changed meanwhile."""

    def __init__(self, values: Sequence[Mapping[str, Json]]) -> None:
        self.rows: list[Json] = []
        self._values = values  # alive, so that no other part gets the identity of one
        self._numbers: dict[int, int] = {}
        self._shared: set[int] = set()
        met: set[int] = set()
        for value in values:
            self._note(value, met)

    def _note(self, value: Mapping[str, Json] | list[Json], met: set[int]) -> None:
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, (dict, list)):
                if id(item) in met:
                    self._shared.add(id(item))
                else:
                    met.add(id(item))
                    self._note(item, met)

    def row(self, value: Mapping[str, Json] | list[Json]) -> list[Json]:
        """Return the row of a mapping or list; those that fill its gaps are in the table."""
        gaps: dict[str | int, int] = {}
        if not self._shared:
            return [value, []]
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(item, (dict, list)) and (number := self._number(item)) is not None:
                gaps[step] = number
        return [_without(value, gaps) if gaps else value, list(map(list, gaps.items()))]

    def _number(self, part: Mapping[str, Json] | list[Json]) -> int | None:
        """Return the number of the row of a part; None for one that is written where it stands."""
        number = self._numbers.get(id(part))
        if number is None:
            row = self.row(part)
            is_shared = id(part) in self._shared
            if not is_shared and not row[1]:
                return None
            number = len(self.rows)
            self.rows.append(row)
            if is_shared:
                self._numbers[id(part)] = number
        return number


def _without(value: Mapping[str, Json] | list[Json], gaps: Mapping[str | int, int]) -> Json:
    if isinstance(value, Mapping):
        return {key: None if key in gaps else item for key, item in value.items()}
    return [None if index in gaps else item for index, item in enumerate(value)]


def read_rows(rows: list[Json]) -> list[Json]:
    """Return the values of a table's rows. Raises ValueError, LookupError or TypeError for another shape."""
    made: list[Json] = []
    for row in rows:
        made.append(_filled(row, made))
    return made


def _filled(row: Any, made: list[Json]) -> Json:
    """Return the value of a row, with its gaps filled by the values of rows before it."""
    value, gaps = row
    for step, number in gaps:
        if type(number) is not int or number < 0 or value[step] is not None:
            raise ValueError("no gap for a row")
        value[step] = made[number]
    filled: Json = value
    return filled


def entry_of(documents: Sequence[CheckedDocument]) -> dict[str, Json]:
    """Return what an entry holds of documents."""
    parts = [(require_object(one.document.value), *one.changed) for one in documents]
    table = PartTable(list(chain.from_iterable(parts)))
    return {
        "documents": [
            _written(one, [table.row(part) for part in row]) for one, row in zip(documents, parts, strict=True)
        ],
        "parts": table.rows,
    }


def _written(one: CheckedDocument, rows: list[list[Json]]) -> list[Json]:
    """Return a document as an entry holds it: its row, its positions or where they are read, and what types changed."""
    marks = one.document.source_marks
    span = list(marks.span) if isinstance(marks, BlockMarks) else None
    row, *changed = rows
    places = span or base64.b64encode(one.document.positions.tobytes()).decode("ascii")
    return [row, places, one.kind, *changed] if changed else [row, places]


def documents_of(entry: Mapping[str, Json], part: TextPart, blocks: BlockReader) -> list[KeptDocument]:
    """Return the documents of an entry for a text; `part` returns that of one where its positions are wanted.

    Raises ValueError, LookupError or TypeError for another shape.
    """
    made = read_rows(require_list(entry["parts"]))
    return [_document(row, made, part, blocks) for row in require_list(entry["documents"])]


def _document(kept: Any, made: list[Json], part: TextPart, blocks: BlockReader) -> KeptDocument:
    row, marks, *changed = kept
    value = require_object(_filled(row, made))
    if changed:
        kind, *parts = changed
        metadata, spec = (_filled(part, made) for part in parts)
    else:
        kind, metadata, spec = value["kind"], value["metadata"], value.get("spec")
    if not isinstance(marks, list):
        document: LateDocument = partial(Document, value=value, source_marks=_unpacked(require_text(marks)))
    elif list(map(type, marks)) == _SPAN:
        document = partial(_in_text, value, marks, part, blocks)
    else:
        raise ValueError("no span of a text")
    return KeptDocument(document, require_text(kind), require_object(metadata), as_object(spec))


def _in_text(value: Json, span: Sequence[int], part: TextPart, blocks: BlockReader) -> Document:
    return Document(value=value, source_marks=BlockMarks(blocks, part, BlockSpan(*span)))


def _unpacked(text: str) -> "array[int]":
    marks = array("Q")
    marks.frombytes(base64.b64decode(text))
    return marks
