"""Checked documents as an entry of the cache holds them: as a table of their distinct mappings and lists.

A row of the table is a mapping or a list; in it, the place of another one has a list of that one's number. Rows hold
only rows before them, so that a table is read in one pass, and equal parts of documents are one object again.
"""

import base64
from array import array
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from reconciler.late_methods import dataclass
from reconciler.manifest.yaml.block_reader import BlockMarks, BlockSpan
from reconciler.manifest.yaml.document import Document
from reconciler.model.json_types import Json, require_list, require_object, require_text


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDocument:
    """A document without problems; `metadata` and `spec` are as its fields' types have them."""

    document: Document
    kind: str
    metadata: Mapping[str, Json]
    spec: Mapping[str, Json]


class KeptDocument(NamedTuple):
    """A document of an entry, with its positions or where these are read."""

    kind: str
    metadata: Mapping[str, Json]
    spec: Mapping[str, Json]
    value: Json
    marks: "array[int] | BlockSpan"


class PartTable:
    """Table of values that are not changed meanwhile."""

    def __init__(self) -> None:
        self.rows: list[Json] = []
        self._numbers: dict[int, int] = {}
        self._known: list[object] = []

    def number(self, value: Mapping[str, Json] | list[Json]) -> int:
        """Return the number of the row of a mapping or list, added with its parts where it is new."""
        found = self._numbers.get(id(value))
        if found is not None:
            return found
        row: Json
        if isinstance(value, Mapping):
            row = {key: [self.number(item)] if isinstance(item, (dict, list)) else item for key, item in value.items()}
        else:
            row = [[self.number(item)] if isinstance(item, (dict, list)) else item for item in value]
        self._numbers[id(value)] = number = len(self.rows)
        self._known.append(value)  # alive, so that no other value gets its identity
        self.rows.append(row)
        return number


def read_parts(rows: list[Json]) -> list[Json]:
    """Return the values of a table's rows, which become these. Raises ValueError or LookupError for another shape."""
    made: list[Json] = []
    for row in rows:
        if isinstance(row, dict):
            for key, item in row.items():
                if type(item) is list:
                    row[key] = _part(made, item)
        else:
            items = require_list(row)
            for index, item in enumerate(items):
                if type(item) is list:
                    items[index] = _part(made, item)
        made.append(row)
    return made


def _part(made: list[Json], reference: list[Json]) -> Json:
    (number,) = reference
    if type(number) is not int or number < 0:
        raise ValueError("a part is named by a number")
    return made[number]


def entry_of(documents: Iterable[CheckedDocument]) -> dict[str, Json]:
    """Return what an entry holds of documents."""
    table = PartTable()
    return {"documents": [_row(one, table) for one in documents], "parts": table.rows}


def _row(one: CheckedDocument, table: PartTable) -> list[Json]:
    """Return a document as an entry holds it: the rows of its parts, and its positions or where these are read."""
    marks = one.document.source_marks
    span = marks.span if isinstance(marks, BlockMarks) else None
    value = require_object(one.document.value)
    return [
        one.kind,
        table.number(one.metadata),
        table.number(one.spec),
        table.number(value),
        list(span) if span else base64.b64encode(one.document.positions.tobytes()).decode("ascii"),
    ]


def documents_of(entry: Mapping[str, Json]) -> list[KeptDocument]:
    """Return the documents of an entry. Raises ValueError, LookupError or TypeError for another shape."""
    made = read_parts(require_list(entry["parts"]))
    return [_document(require_list(one), made) for one in require_list(entry["documents"])]


def _document(row: list[Json], made: list[Json]) -> KeptDocument:
    """Return a document of an entry."""
    kind, metadata, spec, value, kept = row
    marks: array[int] = array("Q")
    if not isinstance(kept, list):
        marks.frombytes(base64.b64decode(require_text(kept)))
    return KeptDocument(
        kind=require_text(kind),
        metadata=require_object(made[_index(metadata)]),
        spec=require_object(made[_index(spec)]),
        value=made[_index(value)],
        marks=BlockSpan(*map(_index, kept)) if isinstance(kept, list) else marks,
    )


def _index(value: Json) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("not an index")
    return value
