"""What an apply did, as text."""

from collections.abc import Iterator, Sequence

from reconciler.model.change import SYMBOLS, Action
from reconciler.model.outcome import Outcome, Status
from reconciler.reports.gate import line
from reconciler.reports.text.style import ACTION_STYLE, Style
from reconciler.reports.wording import apply_line, done

_DID = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "destroyed", Action.NONE: "recorded"}
_WORD = {
    Status.SKIPPED: "skipped",
    Status.FAILED: "failed",
    Status.UNKNOWN: "unknown: nobody knows whether it happened",
}


def outcome_lines(outcomes: Sequence[Outcome], style: Style, adopted: int = 0) -> Iterator[str]:
    """Tell each outcome on a line, then the sum."""
    if not outcomes and not adopted:
        return
    for outcome in outcomes:
        yield from _one(outcome, style)
    if outcomes:
        yield ""
    counts = done(outcomes, adopted)
    yield style("add" if counts.complete else "alarm", apply_line(counts))


def _one(outcome: Outcome, style: Style) -> Iterator[str]:
    symbol = style(ACTION_STYLE[outcome.action], SYMBOLS[outcome.action])
    name = line(outcome.address)
    reason = f": {line(outcome.reason)}" if outcome.reason else ""
    code = f" ({outcome.code})" if outcome.code else ""
    if outcome.status is Status.APPLIED:
        known = f" [id={line(outcome.id)}]" if outcome.id else ""
        yield f"  {symbol} {name}: {_DID[outcome.action]}{known}"
    else:
        yield f"  {symbol} {name}: {style('alarm', _WORD[outcome.status])}{code}{reason}"
    for path in outcome.stuck:
        yield f"      {style('change', 'did not stick:')} {line(path)}"
