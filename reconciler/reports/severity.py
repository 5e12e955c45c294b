"""One map of severities, for every format a code host reads, and the finding it is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.diagnostic import Severity
from reconciler.model.source import Position


class Sort(StrEnum):
    """What a finding is about."""

    PROBLEM = "problem"
    CHANGE = "change"
    HELD = "held"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What one severity is called by each host."""

    sarif: str
    gitlab: str
    github: str
    junit: str


SEVERITIES = {
    Severity.ERROR: Words(sarif="error", gitlab="critical", github="error", junit="error"),
    Severity.WARNING: Words(sarif="warning", gitlab="major", github="warning", junit="failure"),
    Severity.NOTE: Words(sarif="note", gitlab="info", github="notice", junit="skipped"),
}
"""The one map. What is no problem but a state of things (a note) is a skipped test: it must not fail a build."""

RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}

RULES = {
    "N_CREATE": "A declared object is not there yet and would be created.",
    "N_UPDATE": "The manifests moved; the live object would follow.",
    "W_DELETE": "A live object would be destroyed.",
    "W_DRIFT": "The live side moved, not the manifests.",
    "W_DIFFERENCE": "Live and manifest differ, and nobody knows which of them moved.",
    "E_CONFLICT": "The manifests and the live side moved, differently.",
    "E_BLOCKED": "A guard holds the change back.",
    "W_HELD": "The read could not prove the change, so it is not proposed.",
    "E_APPLY_FAILED": "The change was refused.",
    "E_APPLY_UNKNOWN": "Nobody knows whether the change happened.",
    "W_APPLY_SKIPPED": "The change was not tried.",
    "W_NOT_STICKING": "The service did not keep what was sent.",
}
"""The rules that are ours here; a problem brings its own code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to tell. `fingerprint` stays the same while lines move; `near` are further places that belong to it."""

    sort: Sort
    severity: Severity
    code: str
    message: str
    environment: str = ""
    address: str = ""
    kind: str = ""
    path: str = ""
    hint: str = ""
    position: Position | None = None
    near: tuple[tuple[Position, str], ...] = ()
    fingerprint: str = ""


def gravest_first(found: Iterable[Finding]) -> list[Finding]:
    """Sort by severity, else as they come: what a host's limit cuts is the lightest."""
    return sorted(found, key=lambda one: RANK[one.severity])
