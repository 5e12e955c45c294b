"""What only one command has to tell, as Markdown tables; the shape is that of `reports.text.tables`."""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.reports.gate import span


def extra_tables(extra: Mapping[str, Any]) -> Iterator[str]:
    """Tell every table of `extra["tables"]`."""
    for table in extra.get("tables", ()):
        columns = [str(column) for column in table.get("columns", ())]
        if table.get("title"):
            yield f"#### {span(str(table['title']))}"
            yield ""
        if table.get("rows"):
            yield f"| {' | '.join(map(span, columns))} |"
            yield f"|{'---|' * len(columns)}"
            yield from (f"| {' | '.join(span(str(cell)) for cell in row)} |" for row in table["rows"])
            yield ""
        if table.get("note"):
            yield span(str(table["note"]))
            yield ""
