"""What only one command has to tell (a comparison, a history) as aligned tables.

`Report.extra["tables"]` is a list of {"title", "columns", "rows", "note"}: rows of texts as many as columns.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.reports.gate import line
from reconciler.reports.text.style import Style
from reconciler.strings import display_width, pad, truncate

_WIDEST = 60


def extra_lines(extra: Mapping[str, Any], style: Style) -> Iterator[str]:
    """Tell every table, one after the other."""
    for index, table in enumerate(extra.get("tables", ())):
        if index:
            yield ""
        yield from _table(table, style)


def _table(table: Mapping[str, Any], style: Style) -> Iterator[str]:
    heads = [line(str(head)) for head in table.get("columns", ())]
    rows = [[truncate(line(str(cell)), _WIDEST) for cell in row] for row in table.get("rows", ())]
    widths = [max((display_width(row[at]) for row in [heads, *rows]), default=0) for at in range(len(heads))]
    if table.get("title"):
        yield style("strong", line(str(table["title"])))
    if rows:
        yield style("quiet", _row(heads, widths))
        yield from (_row(row, widths) for row in rows)
    if table.get("note"):
        yield style("quiet", line(str(table["note"])))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(pad(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip()
