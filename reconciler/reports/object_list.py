"""Lists of live objects as a table, CSV, addresses, or one JSON or YAML document.

The document's keys and their meaning are stable (docs/how-to/get.md); `format_version` tells of new ones.
"""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from reconciler.kinds.base.kind import Kind
from reconciler.manifest.yaml.writer import lines as yaml_lines
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json_types import Json, JsonObject
from reconciler.model.listed_object import LISTING_FORMAT, ListedObject, ObjectDescription, ObjectList
from reconciler.model.report import ReportTable
from reconciler.reports.escaping import csv_cell, escape_line
from reconciler.reports.json_report import diagnostics_json
from reconciler.reports.object_columns import ObjectColumn, columns_of
from reconciler.strings import truncate

_WIDEST = 60
_UNLIMITED = 1_000_000


def object_table(
    objects: Sequence[ListedObject], columns: Sequence[ObjectColumn], now: datetime, *, wide: bool = False
) -> ReportTable:
    """Return a table for the text report; long cells are cut unless it is wide, a place in a manifest never."""
    rows = [[_short(column, column.text(one, now), wide=wide) for column in columns] for one in objects]
    return {"columns": [column.title for column in columns], "rows": rows, "widest": _UNLIMITED}


def _short(column: ObjectColumn, text: str, *, wide: bool) -> str:
    return text if wide or column.word == "declared" else truncate(escape_line(text), _WIDEST)


def object_csv(objects: Sequence[ListedObject], columns: Sequence[ObjectColumn], now: datetime) -> str:
    """Return objects as CSV with a header line; no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.word for column in columns])
    writer.writerows([csv_cell(column.text(one, now)) for column in columns] for one in objects)
    return text.getvalue()


def object_names(objects: Sequence[ListedObject]) -> str:
    """Return the address of each object on a line, with its id where several share one."""
    known = Counter((one.environment, one.address) for one in objects)
    unique = (one.address if known[one.environment, one.address] == 1 else f"{one.address}@{one.id}" for one in objects)
    return "".join(f"{escape_line(line)}\n" for line in unique)


def objects_document(
    kind: Kind, objects: Sequence[ListedObject], lists: Sequence[ObjectList], diagnostics: Sequence[Diagnostic]
) -> dict[str, Json]:
    """Return the document of a listing: the objects, and for each environment whether its list is complete."""
    return {
        "format_version": LISTING_FORMAT,
        "type": kind.name,
        "complete": all(one.complete for one in lists),
        "count": len(objects),
        "objects": [_object(one) for one in objects],
        "environments": [_environment(one) for one in lists],
        "diagnostics": diagnostics_json(diagnostics, {}),
    }


def _object(one: ListedObject) -> dict[str, Json]:
    where = one.declared
    return {
        "environment": one.environment,
        "type": one.kind,
        "address": one.address,
        "id": one.id,
        "name": one.name,
        "managed": one.managed,
        "owner": one.owner,
        "declared": {"file": where.file, "line": where.line, "column": where.column} if where else None,
        "foreign": one.foreign,
        "values": dict(one.values),
        "unread": sorted(one.hidden),
    }


def _environment(one: ObjectList) -> dict[str, Json]:
    return {
        "environment": one.environment,
        "complete": one.complete,
        "incomplete": one.incomplete,
        "proof": one.proof,
        "filters": [
            {"parameter": each.parameter, "value": each.value, "checked": each.checked, "ignored": each.ignored}
            for each in one.filters
        ],
        "missing": list(one.missing),
    }


def description_document(described: ObjectDescription) -> dict[str, Json]:
    """Return the document of a description: the object as in a listing, and what is known beside its fields."""
    return {
        "format_version": LISTING_FORMAT,
        "complete": not described.incomplete,
        "object": _object(described.object),
        "sentences": {path: list(told) for path, told in described.sentences.items()},
        "labels": dict(described.labels),
        "aliases": list(described.aliases),
        "prevent_destroy": described.protected,
        "drift_since": described.drift_since,
        "changes": [
            {
                "started": one.started,
                "ended": one.ended,
                "action": one.action,
                "status": one.status or "unknown",
                "run": one.run,
                "reason": one.reason,
            }
            for one in described.changes
        ],
        "diagnostics": diagnostics_json(described.diagnostics, {}),
    }


def yaml_document(document: JsonObject) -> str:
    """Return a document as YAML in block style."""
    return "\n".join((*yaml_lines(document), ""))


def description_text(described: ObjectDescription, kind: Kind, now: datetime) -> str:
    """Return a description for a person: what it is, its fields, its lists in words, its last changes."""
    one = described.object
    told = {column.title: column.text(one, now) for column in columns_of(kind) if column.word != "name"}
    told |= {
        "Labels": ", ".join(f"{name}={value}" for name, value in described.labels.items()),
        "Aliases": ", ".join(described.aliases),
        "Protected": "prevent_destroy" if described.protected else "",
        "Drifts since": described.drift_since,
        "Not read": ", ".join(sorted(one.hidden)),
    }
    told = {title: text for title, text in told.items() if text}
    width = max(map(len, told), default=0) + 1
    sections = [[one.address, *(f"  {f'{title}:':{width}} {escape_line(text)}" for title, text in told.items())]]
    fields = {name: value for name, value in one.values.items() if name not in described.sentences}
    sections.append(["Fields", *(f"  {escape_line(line)}" for line in yaml_lines(fields))])
    for path, sentences in described.sentences.items():
        title = path.replace("_", " ").capitalize()
        sections.append([f"{title} ({len(sentences)})", *(f"  - {escape_line(text)}" for text in sentences)])
    sections.append(["Last changes", *_changes(described)])
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def _changes(described: ObjectDescription) -> list[str]:
    if not described.changes:
        return ["  none in the ledger"]
    return [
        escape_line(
            f"  {one.ended or one.started}  {one.action}  {one.status or 'outcome unknown'}  run {one.run}"
            f"{f'  {one.reason}' if one.reason else ''}"
        )
        for one in described.changes
    ]
