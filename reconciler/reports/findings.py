"""One list of findings, the same for SARIF, JUnit, code quality and annotations.

A finding is a problem, a change, a deferred change, or a failed outcome: one each, so that the counts of all formats
agree. A change is one finding for any number of fields; its position is the manifest line of the most severe field.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum

from reconciler.late_methods import dataclass
from reconciler.model.change import SEVERITY_ORDER, Action, Attribution, Change, FieldChange
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.plan import DeferredChange, Plan
from reconciler.model.report import Report, ReportOptions
from reconciler.model.source_map import Position
from reconciler.reports.value_format import spell_sides
from reconciler.reports.wording import ACTION_PHRASES, attributed, attribution_of
from reconciler.strings import count


class FindingKind(StrEnum):
    """Kind of a finding."""

    PROBLEM = "problem"
    CHANGE = "change"
    HELD = "held"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityNames:
    """Names of one severity in each format."""

    sarif: str
    gitlab: str
    github: str
    junit: str


SEVERITIES = {
    Severity.ERROR: SeverityNames(sarif="error", gitlab="critical", github="error", junit="error"),
    Severity.WARNING: SeverityNames(sarif="warning", gitlab="major", github="warning", junit="failure"),
    Severity.NOTE: SeverityNames(sarif="note", gitlab="info", github="notice", junit="skipped"),
}
"""Names of the severities. A note is a skipped test, since it must not fail a build."""

RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}

RULES = {
    "N_CREATE": "A declared object does not exist yet and would be created.",
    "N_UPDATE": "The manifests changed; the live object would be updated.",
    "W_DELETE": "A live object would be destroyed.",
    "W_DRIFT": "The object was changed outside the manifests.",
    "W_DIFFERENCE": "Live and manifest differ, without a base to attribute the difference to.",
    "E_CONFLICT": "The manifests and the live side changed, to different values.",
    "E_BLOCKED": "A guard blocks the change.",
    "W_HELD": "The read could not prove the change, so it is not proposed.",
    "E_APPLY_FAILED": "The change was refused.",
    "E_APPLY_UNKNOWN": "The outcome of the change is unknown.",
    "W_APPLY_SKIPPED": "The change was not tried.",
    "W_NOT_STICKING": "The service did not keep what was sent.",
}
"""Rules for findings other than problems, which have their own codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Finding of a report. `fingerprint` stays the same while lines move; `near` are its further positions."""

    sort: FindingKind
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


def most_severe_first(found: Iterable[Finding]) -> list[Finding]:
    """Sort by severity, else in the given order: a host's limit cuts the least severe."""
    return sorted(found, key=lambda one: RANK[one.severity])


_MOST_FIELDS = 8
_MOST_VALUE = 60


def findings(report: Report) -> tuple[Finding, ...]:
    """Return all findings of a report, in its order, each with a unique fingerprint."""
    return tuple(_numbered(_all(report)))


def _all(report: Report) -> Iterator[Finding]:
    planned = {one for plan in report.plans for one in plan.diagnostics}
    yield from (_problem(one, "") for one in report.diagnostics if one not in planned)
    for plan in report.plans:
        yield from (_problem(one, plan.environment) for one in plan.diagnostics)
        if not report.outcomes:
            yield from (_change(change, plan) for change in plan.changes if change.action is not Action.NONE)
        yield from (_held(one, plan) for one in plan.held)
    for outcome in report.outcomes:
        yield from _outcome(outcome)


def _problem(one: Diagnostic, environment: str) -> Finding:
    return Finding(
        sort=FindingKind.PROBLEM,
        severity=one.severity,
        code=one.code,
        message=one.message,
        hint=one.hint,
        environment=environment,
        address=one.address,
        path=one.path,
        position=one.position,
        near=tuple((near.position, near.message) for near in one.related),
    )


def _change(change: Change, plan: Plan) -> Finding:
    code, severity = _verdict(change)
    fields = sorted(change.fields, key=lambda field: SEVERITY_ORDER.index(field.attribution))
    places = [field.position for field in fields if field.position] if change.action is Action.UPDATE else []
    return Finding(
        sort=FindingKind.CHANGE,
        severity=severity,
        code=code,
        message=_told(change, fields, marked=attributed(plan)),
        hint=" ".join(block.allow for block in change.blocks if block.allow),
        environment=plan.environment,
        address=change.address,
        kind=change.kind,
        position=places[0] if places else change.position,
        near=tuple((field.position, field.path) for field in fields[1:] if field.position and places),
    )


def _verdict(change: Change) -> tuple[str, Severity]:
    if change.blocks:
        return "E_BLOCKED", Severity.ERROR
    mark = attribution_of(change)
    if mark is Attribution.CONFLICT:
        return "E_CONFLICT", Severity.ERROR
    if change.action is Action.DELETE:
        return "W_DELETE", Severity.WARNING
    if mark is Attribution.DRIFT:
        return "W_DRIFT", Severity.WARNING
    if change.action is Action.CREATE:
        return "N_CREATE", Severity.NOTE
    if mark is Attribution.UNATTRIBUTED:
        return "W_DIFFERENCE", Severity.WARNING
    return "N_UPDATE", Severity.NOTE


def _told(change: Change, fields: list[FieldChange], *, marked: bool) -> str:
    parts = [f"{change.address} {ACTION_PHRASES[change.action]}"]
    parts += [f"blocked by {block.code}: {block.message}" for block in change.blocks]
    if change.action is Action.UPDATE:
        parts += [_field(field, marked=marked) for field in fields[:_MOST_FIELDS]]
        parts += [f"and {count(len(fields) - _MOST_FIELDS, 'more field')}"] if len(fields) > _MOST_FIELDS else []
    return "; ".join([*parts, *change.notes])


def _field(field: FieldChange, *, marked: bool) -> str:
    mark = f" [{field.attribution.value}]" if marked else ""
    before, after = spell_sides(field.before, field.after, _MOST_VALUE)
    return f"{field.path}: {before} -> {after}{mark}"


def _held(one: DeferredChange, plan: Plan) -> Finding:
    return Finding(
        sort=FindingKind.HELD,
        severity=Severity.WARNING,
        code="W_HELD",
        message=f"{one.address}: {one.action.value} held back, {one.reason}",
        environment=plan.environment,
        address=one.address,
        kind=one.kind,
    )


_OUTCOMES = {
    OutcomeStatus.FAILED: ("E_APPLY_FAILED", Severity.ERROR),
    OutcomeStatus.UNKNOWN: ("E_APPLY_UNKNOWN", Severity.ERROR),
    OutcomeStatus.SKIPPED: ("W_APPLY_SKIPPED", Severity.WARNING),
}


def _outcome(one: Outcome) -> Iterator[Finding]:
    if one.status in _OUTCOMES:
        code, severity = _OUTCOMES[one.status]
        told = f"{one.address}: {one.action.value} {one.status.value} {one.code} {one.reason}".rstrip()
        yield Finding(
            sort=FindingKind.OUTCOME, severity=severity, code=code, message=told, address=one.address, kind=one.kind
        )
    for path in one.stuck:
        told = f"{one.address}: {path} did not stick"
        yield Finding(
            sort=FindingKind.OUTCOME,
            severity=Severity.WARNING,
            code="W_NOT_STICKING",
            message=told,
            address=one.address,
            kind=one.kind,
            path=path,
        )


def _numbered(found: Iterable[Finding]) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for one in found:
        key = "\0".join(_identity(one))
        number = seen[key]
        seen[key] += 1
        digest = hashlib.sha256(f"{key}\0{number}".encode("utf-8", "surrogatepass")).hexdigest()
        yield replace(one, fingerprint=digest[:40])


def _identity(one: Finding) -> tuple[str, ...]:
    """Return the parts that stay while lines move: object and path, or file and message without an object."""
    if one.sort is FindingKind.PROBLEM:
        place = (one.position.file if one.position else "", one.message) if not one.address else ()
        return (one.sort.value, one.environment, one.code, one.address, one.path, *place)
    return (one.sort.value, one.environment, one.address, one.path)


PROJECT_FILE = "reconciler.yaml"
"""File of a finding without a position, such as a delete, which has no manifest line."""


def file_of(finding: Finding, options: ReportOptions) -> str:
    """Return the path of a finding from the repository's root."""
    return placed(finding.position.file if finding.position else PROJECT_FILE, options)


def line_of(finding: Finding) -> int:
    """Return its line, counted from 1."""
    return max(1, finding.position.line) if finding.position else 1


def placed(file: str, options: ReportOptions) -> str:
    """Prefix a file with the project's path."""
    prefix = options.prefix.strip("/")
    joined = f"{prefix}/{file}" if prefix and prefix != "." else file
    return joined.removeprefix("./")


def finding_message(finding: Finding, *, several: bool) -> str:
    """Return its message with its hint, after its environment where there are several; hosts refuse an empty one."""
    where = f"{finding.environment}: " if several and finding.environment else ""
    return f"{where}{finding.message or finding.code}" + (f" ({finding.hint})" if finding.hint else "")
