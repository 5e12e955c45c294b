"""JSON for programs, in Terraform's shapes.

A single plan is the object that schemas/plan.schema.json describes; several are a list; a validation is `terraform
validate -json`'s. The same inputs give the same bytes: no clock, no usage, nothing of the machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import cast

from reconciler.model.diagnostic import Diagnostic, Severity, has_errors, sort_diagnostics
from reconciler.model.json_types import Json, JsonObject
from reconciler.model.outcome import Outcome
from reconciler.model.plan import FORMAT_VERSION, Plan
from reconciler.model.report import Report, ReportOptions
from reconciler.model.source_map import Position
from reconciler.planfile.encode import encode
from reconciler.reports.escaping import document
from reconciler.reports.wording import done


def report(report: Report, options: ReportOptions) -> str:  # noqa: ARG001 - every reporter has this signature
    """Render a report as one JSON document."""
    return document(_shape(report))


def _shape(report: Report) -> dict[str, Json]:
    if report.command == "validate":
        return validation(report.diagnostics, report.sources)
    if report.outcomes or report.adopted:
        return _applied(report)
    if len(report.plans) == 1 and report.command != "audit":
        return {**encode(_with(report.plans[0], report.diagnostics)), **report.extra, **_tables(report)}
    shape: dict[str, Json] = {"format_version": FORMAT_VERSION}
    if report.plans:
        shape["plans"] = [encode(plan) for plan in report.plans]
    return {
        **shape,
        "errored": has_errors(report.diagnostics) or any(plan.errored for plan in report.plans),
        "diagnostics": diagnostics_json(report.diagnostics, report.sources),
        **report.extra,
        **_tables(report),
    }


def _tables(report: Report) -> dict[str, Json]:
    return {} if report.tables is None else {"tables": [cast("JsonObject", table) for table in report.tables]}


def _with(plan: Plan, diagnostics: Sequence[Diagnostic]) -> Plan:
    return replace(plan, diagnostics=sort_diagnostics([*plan.diagnostics, *diagnostics]))


def _applied(report: Report) -> dict[str, Json]:
    return {
        "format_version": FORMAT_VERSION,
        "errored": not done(report.outcomes).complete or has_errors(report.diagnostics),
        "resources": asdict(done(report.outcomes, report.adopted)),
        "outcomes": [_outcome(one) for one in report.outcomes],
        "plans": [encode(plan) for plan in report.plans],
        "diagnostics": diagnostics_json(report.diagnostics, report.sources),
    }


def _outcome(one: Outcome) -> dict[str, Json]:
    shape = {**asdict(one), "status": one.status.value, "action": one.action.value, "stuck": list(one.stuck)}
    shape["type"] = shape.pop("kind")
    return shape


def validation(diagnostics: Sequence[Diagnostic], sources: Mapping[Position, str]) -> dict[str, Json]:
    """Render a validation as Terraform does, with the diagnostic codes as additional keys."""
    return {
        "format_version": FORMAT_VERSION,
        "valid": not has_errors(diagnostics),
        "error_count": sum(1 for one in diagnostics if one.severity is Severity.ERROR),
        "warning_count": sum(1 for one in diagnostics if one.severity is Severity.WARNING),
        "diagnostics": diagnostics_json(diagnostics, sources),
    }


def diagnostics_json(diagnostics: Sequence[Diagnostic], sources: Mapping[Position, str]) -> list[dict[str, Json]]:
    """Return diagnostics as plain data, each with its source line where `sources` has it."""
    return [_diagnostic(one, sources) for one in diagnostics]


def _diagnostic(one: Diagnostic, sources: Mapping[Position, str]) -> dict[str, Json]:
    shape: dict[str, Json] = {
        "severity": one.severity.value,
        "code": one.code,
        "summary": one.message,
        "detail": one.hint,
    }
    if one.address:
        shape["address"] = one.address
    if one.path:
        shape["path"] = one.path
    if one.position:
        shape["range"] = _range(one.position)
    if one.position and one.position in sources:
        shape["snippet"] = {"code": sources[one.position].rstrip("\r\n"), "start_line": one.position.line}
    if one.related:
        shape["related"] = [{"message": near.message, "range": _range(near.position)} for near in one.related]
    return shape


def _range(where: Position) -> dict[str, Json]:
    return {"filename": where.file, "start": {"line": where.line, "column": where.column}}
