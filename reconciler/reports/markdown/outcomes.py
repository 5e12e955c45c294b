"""What an apply did, in Markdown: what did not work first, the rest folded."""

from collections.abc import Iterator, Sequence

from reconciler.model.outcome import Outcome, Status
from reconciler.reports.gate import span
from reconciler.reports.markdown.level import Level
from reconciler.reports.wording import apply_line, done
from reconciler.strings import count


def outcome_sections(outcomes: Sequence[Outcome], level: Level, adopted: int = 0) -> Iterator[str]:
    """Tell the sum, each change that is not done, and the fields that did not stick."""
    if not outcomes and not adopted:
        return
    yield f"**{apply_line(done(outcomes, adopted))}**"
    yield ""
    yield from undone(outcomes)
    yield ""
    fine = [one for one in outcomes if one.status is Status.APPLIED]
    if fine and level < Level.COUNTS:
        yield "<details>"
        yield f"<summary>{count(len(fine), 'change')} done</summary>"
        yield ""
        yield from (f"- {one.action.value} {span(one.address)}" for one in fine)
        yield ""
        yield "</details>"
        yield ""


def undone(outcomes: Sequence[Outcome]) -> list[str]:
    """Return a line for each change that failed, was skipped or is unknown, and for each field that did not stick."""
    lines = []
    for one in outcomes:
        if one.status is not Status.APPLIED:
            told = " ".join(span(part) for part in (one.code, one.reason) if part)
            lines.append(f"- **{one.status.value}** {one.action.value} {span(one.address)} {told}".rstrip())
        lines += [f"- **did not stick** {span(one.address)} {span(path)}" for path in one.stuck]
    return lines
