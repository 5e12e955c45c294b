"""What only one command has to tell, as Markdown tables; the shape is that of `reports.text.tables`."""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.reports.gate import span
from reconciler.reports.markdown.level import Level

_MOST_ROWS = {Level.FULL: 2_000, Level.QUIET: 500, Level.SHORT: 200, Level.FIELDS: 100, Level.NAMES: 50}


def extra_tables(extra: Mapping[str, Any], level: Level) -> Iterator[str]:
    """Tell every table of `extra["tables"]`, fewer rows at each level."""
    for table in extra.get("tables", ()):
        yield from _table(table, _MOST_ROWS.get(level, 0))


def _table(table: Mapping[str, Any], most: int) -> Iterator[str]:
    columns = [str(column) for column in table.get("columns", ())]
    rows = list(table.get("rows", ()))
    if table.get("title"):
        yield f"#### {span(str(table['title']))}"
        yield ""
    if rows[:most]:
        yield f"| {' | '.join(map(span, columns))} |"
        yield f"|{'---|' * len(columns)}"
        yield from (f"| {' | '.join(span(str(cell)) for cell in row)} |" for row in rows[:most])
        yield ""
    if len(rows) > most:
        yield f"and {len(rows) - most:,} more rows"
        yield ""
    if table.get("note"):
        yield span(str(table["note"]))
        yield ""
