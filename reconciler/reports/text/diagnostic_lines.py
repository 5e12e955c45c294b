"""Problems as text: `file:line:col: code: message`, the source line with a caret, and the hint."""

from collections.abc import Iterator, Mapping

from reconciler.model.diagnostic import Diagnostic, Severity, has_errors
from reconciler.model.report import Report
from reconciler.model.source_map import Position, column_in
from reconciler.reports.escaping import block, escape_line
from reconciler.reports.text.style import Style
from reconciler.reports.wording import validity
from reconciler.strings import display_width

_STYLE = {Severity.ERROR: "alarm", Severity.WARNING: "change", Severity.NOTE: "note"}
_MOST_EXCERPT = 160


def diagnostic_lines(diagnostic: Diagnostic, sources: Mapping[Position, str], style: Style) -> Iterator[str]:
    """Render one problem. Its first line is also machine-readable: position, code, message."""
    where = f"{escape_line(str(diagnostic.position))}: " if diagnostic.position else ""
    code = style(_STYLE[diagnostic.severity], diagnostic.code)
    first, *rest = block(diagnostic.message).split("\n")
    yield f"{where}{code}: {first}"
    yield from (f"  {more}" for more in rest)
    if diagnostic.position:
        yield from excerpt(diagnostic.position, sources, style)
    if diagnostic.address and diagnostic.address not in diagnostic.message:
        inside = f" at {escape_line(diagnostic.path)}" if diagnostic.path else ""
        yield style("quiet", f"  in {escape_line(diagnostic.address)}{inside}")
    for related in diagnostic.related:
        yield f"  {escape_line(str(related.position))}: {escape_line(related.message)}"
        yield from excerpt(related.position, sources, style)
    if diagnostic.hint:
        first, *rest = block(diagnostic.hint).split("\n")
        yield f"  {style('strong', 'hint:')} {first}"
        yield from (f"        {more}" for more in rest)


def excerpt(where: Position, sources: Mapping[Position, str], style: Style) -> Iterator[str]:
    """Render the source line with a caret under the position; nothing where the line is not known."""
    source = sources.get(where)
    if source is None:
        return
    column = column_in(source, where.column)
    source = source.rstrip("\r\n")
    start = max(0, column - 1 - _MOST_EXCERPT // 2)
    shown = escape_line(source[start : start + _MOST_EXCERPT].replace("\t", " "))
    before = escape_line(source[start : max(start, column - 1)].replace("\t", " "))
    number = str(where.line)
    yield f"  {style('quiet', number + ' |')} {shown}"
    yield f"  {' ' * len(number)} {style('quiet', '|')} {' ' * display_width(before)}{style('alarm', '^')}"


def verdict(report: Report, style: Style) -> Iterator[str]:
    """Render the result of a validation: `Success!`, or the number of problems."""
    yield style("alarm" if has_errors(report.diagnostics) else "add", validity(report.diagnostics))
