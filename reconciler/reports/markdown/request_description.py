"""Description of a pull or merge request with edits of manifests: what its merge means, and the plan."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.model.report import Report, ReportOptions
from reconciler.reports.escaping import span
from reconciler.reports.markdown import report as markdown
from reconciler.strings import count

_MOST_LINES = 50
_LARGEST_PLAN = 60_000
_ROOM = 500
"""Bytes left for what a code host adds."""


def request_marker(command: str, environment: str) -> str:
    """Return the first line of the description: one for each command and environment."""
    digest = hashlib.sha256(f"{command}\0{environment}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"<!-- reconciler {command} {digest} -->"


def request_description(
    report: Report,
    options: ReportOptions,
    *,
    command: str,
    files: Iterable[str],
    left: Iterable[str] = (),
    limit: int,
) -> str:
    """Return the description within `limit` bytes: an introduction, the edited files, what is `left`, and the plan.

    `report` has the one plan; each line of `left` is a difference that is not among the edits.
    """
    environment = report.plans[0].environment
    head = "\n".join(
        [
            request_marker(command, environment),
            _meaning(command, environment),
            "",
            *_listed("Edited", files),
            *_listed("Not accepted", left),
            "",
        ]
    )
    budget = min(_LARGEST_PLAN, limit - len(head.encode("utf-8", "replace")) - _ROOM)
    return head + "\n" + markdown.report(report, replace(options, budget=budget))


def _meaning(command: str, environment: str) -> str:
    if command == "adopt":
        return (
            f"These manifests declare objects that are live in {span(environment)} and were declared nowhere. "
            "The apply after the merge makes the environment their owner."
        )
    return (
        f"These edits write live values of {span(environment)} back into the manifests. Merge them to keep what was "
        "changed outside the manifests; close the request and run `reconciler apply` to put the manifests' values back."
    )


def _listed(title: str, lines: Iterable[str]) -> Iterator[str]:
    rows = list(lines)
    if not rows:
        return
    yield f"{title}:"
    yield ""
    yield from (f"- {span(row)}" for row in rows[:_MOST_LINES])
    if len(rows) > _MOST_LINES:
        yield f"- and {count(len(rows) - _MOST_LINES, 'more line')}"
    yield ""
