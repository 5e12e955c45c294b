"""`explain`: the fields of a kind; the origin of each value of a resource, and its comparison with live."""

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import completion, flags
from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.output import HUMAN, OutputOptions, parse_output_flags, write_out, write_report
from reconciler.cli.request_builder import build_plan_request, plan_report, project, select_environment
from reconciler.errors import ReconcilerError, UsageError
from reconciler.exit_codes import ExitCode
from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import JsonObject
from reconciler.model.report import Report, ReportTable
from reconciler.strings import did_you_mean

if TYPE_CHECKING:
    from reconciler.kinds.base.field import Field
    from reconciler.kinds.base.kind import Kind
    from reconciler.model.resource import DeclaredResource
    from reconciler.project.plan_environment import PlanResult

_WIDTH = 80
_LABELS = 13
_KIND = late_pattern(r"([\w-]+)(?:\.(.*))?")


def explain(
    context: typer.Context,
    *,
    address: Annotated[
        str,
        typer.Argument(
            metavar="KIND[.FIELD]|ADDRESS",
            autocompletion=completion.addresses,
            help='SmartLiveRoom.video_config, or as plans print it: SmartLiveRoom["A"].',
        ),
    ],
    field: Annotated[str, typer.Argument(metavar="[FIELD]", help="Only this field and what is in it.")] = "",
    recursive: Annotated[bool, typer.Option("--recursive", help="Of a kind: all fields, at full depth.")] = False,
    environment: flags.Env = "",
    set_: flags.Sets = None,
    format_: flags.Format = "text",
    live: flags.LiveFile = "",
    today: flags.Today = "",
) -> int:
    """Tell what a field of a kind is, or where each value of a resource comes from.

    KIND.FIELD prints type, limits, default, role and source from the kind's table. It needs no
    project. The items of a list are `.item`: InteractionRuleGroup.interaction_rules.item.trigger.

    ADDRESS prints, for each field of a declared resource, its value, the file and line to change
    it, and how it compares with live.
    """
    run = session(context)
    how = parse_output_flags(format_, None)
    kind, path = _kind(address)
    if kind is not None:
        return _explain_kind(run, how, kind, ".".join(filter(None, (path, field))), recursive=recursive)
    if recursive:
        raise UsageError(f"--recursive is for a kind, and {address} is none", hint=_kinds_hint(address))
    return _explain_resource(run, how, address, field, environment, sets=set_, live=live, today=today)


def _kind(text: str) -> "tuple[Kind | None, str]":
    """Return the kind that a text names (`SmartLiveRoom`, `rooms`), whatever the case of its letters, and the path."""
    from reconciler.kinds.registry import kind_called

    parts = _KIND.fullmatch(text)
    try:
        return (kind_called(parts[1]), parts[2] or "") if parts is not None else (None, "")
    except UsageError:  # it is the name of a resource, or of nothing
        return None, ""


def _kinds_hint(text: str) -> str:
    from reconciler.kinds.registry import all_kinds

    return did_you_mean(text.partition(".")[0], all_kinds(), f"the kinds are {', '.join(all_kinds())}")


def _explain_kind(run: CommandContext, how: OutputOptions, kind: "Kind", path: str, *, recursive: bool) -> int:
    from reconciler.kinds.base import field_description as about

    found = about.find_field(kind, path)
    if how.format == HUMAN:
        write_out("\n".join(_lines(kind, found, recursive=recursive)))
        return ExitCode.FINE
    rows = [
        [about.field_path(one), about.type_text(one), about.default_text(one), one.doc]
        for one in _below(found, recursive=recursive)
    ]
    title = f"{kind.name}.{about.field_path(found)}".rstrip(".")
    table: ReportTable = {"title": title, "columns": ["Field", "Type", "Default", "Description"], "rows": rows}
    whole = about.description(found, kind, recursive=recursive)
    write_report(run, Report(command="explain", extra={"explained": whole}, tables=[table]), how)
    return ExitCode.FINE


def _below(field: "Field", *, recursive: bool) -> "Iterator[Field]":
    from reconciler.kinds.base.field_description import children_of

    for child in children_of(field):
        yield child
        if recursive:
            yield from _below(child, recursive=True)


def _lines(kind: "Kind", field: "Field", *, recursive: bool) -> Iterator[str]:
    """Yield the text about a field, laid out as `kubectl explain` does."""
    from reconciler.kinds.base import field_description as about
    from reconciler.manifest.validation.envelope import API_VERSION

    is_root = field is kind.root
    yield from _labelled("KIND", kind.name)
    yield from _labelled("VERSION", API_VERSION)
    if not is_root:
        yield from _labelled("FIELD", f"{about.field_path(field)} <{about.type_text(field)}>")
    yield ""
    yield "DESCRIPTION:"
    yield from _indented(field.doc or kind.title or kind.name, "  ")
    yield ""
    if is_root:
        yield from _labelled("NAME", f"metadata.name (the API's {kind.name_field}); its id is {kind.id_field}")
        yield from _labelled("API", f"GET {kind.endpoints.collection}")
        yield from _labelled("SOURCE", about.source_text(field, kind))
    else:
        yield from _facts(kind, field)
    inside = about.children_of(field)
    if inside:
        yield ""
        yield "FIELDS:"
        for child in inside:
            yield from _child_lines(child, "  ", recursive=recursive)


def _facts(kind: "Kind", field: "Field") -> Iterator[str]:
    from reconciler.kinds.base import field_description as about

    required = "yes" if field.required or field.required_in else field.required_when and f"when {field.required_when}"
    facts = {
        "TYPE": about.type_text(field),
        "LIMITS": about.limits_text(field),
        "ADVISED": about.recommended_text(field),
        "DEFAULT": about.default_text(field),
        "REQUIRED": required,
        "APPLIES": field.applies_when and f"when {field.applies_when}",
        "COMPARED": about.compared_text(field),
        "ROLE": f"{field.role.value}: {about.ROLES[field.role]}",
        "LIVE": about.live_text(field),
        "SECRET": "write {secret: NAME}; the value is read by apply alone" if field.sensitive else "",
        "EXAMPLE": ", ".join(str(one) for one in field.examples),
        "SOURCE": about.source_text(field, kind),
    }
    for label, text in facts.items():
        if text:
            yield from _labelled(label, text)


def _child_lines(field: "Field", margin: str, *, recursive: bool) -> Iterator[str]:
    from reconciler.kinds.base import field_description as about

    marks = ["required"] if field.required or field.required_in else []
    marks += [] if field.writable else ["read only"]
    mark = f" ({', '.join(marks)})" if marks else ""
    yield f"{margin}{field.name} <{about.type_text(field)}>{mark}"
    if not recursive:
        yield from _indented(field.doc, f"{margin}  ")
        return
    for child in about.children_of(field):
        yield from _child_lines(child, f"{margin}  ", recursive=True)


def _labelled(label: str, text: str) -> Iterator[str]:
    lead = f"{label}:".ljust(_LABELS)
    yield from textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * _LABELS,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [lead.rstrip()]


def _indented(text: str, margin: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=margin, subsequent_indent=margin, break_long_words=False)


def _explain_resource(
    run: CommandContext,
    how: OutputOptions,
    address: str,
    field: str,
    environment: str,
    *,
    sets: list[str] | None,
    live: str,
    today: str,
) -> int:
    from reconciler.kinds.registry import kind_named
    from reconciler.project.explain import explained
    from reconciler.project.plan_environment import plan_environment

    try:
        whole = project(run)
    except ReconcilerError as error:
        if error.code != "E_PROJECT_MISSING" or "[" in address:
            raise
        raise UsageError(f"there is no kind {address!r}, and no project here", hint=_kinds_hint(address)) from None
    result = plan_environment(
        whole, select_environment(whole, environment), build_plan_request(run, sets=sets, live=live, today=today)
    )
    if result.plan is None:
        write_report(run, plan_report("explain", result), how)
        return ExitCode.ERROR
    resource = _found(result, address)
    change = next((one for one in result.plan.changes if one.address == resource.address), None)
    rows = explained(resource, kind_named(resource.kind), change, field)
    if not rows:
        raise UsageError(f"{address} declares no field {field!r}", hint="leave the field out to see all")
    table: ReportTable = {
        "title": f"{resource.address} ({resource.position})",
        "columns": ["Field", "Value", "From", "Against live"],
        "rows": [[one.path, one.value, one.origin, one.standing] for one in rows],
        "whole": ["Field", "From", "Against live"],
    }
    facts: JsonObject = {"address": resource.address, "fields": [asdict(one) for one in rows]}
    write_report(run, Report(command="explain", extra={"explained": facts}, tables=[table]), how)
    return ExitCode.FINE


def _found(result: "PlanResult", address: str) -> "DeclaredResource":
    from reconciler.kinds.registry import all_kinds

    known = {one.address: one for one in result.manifest.resources}
    if address in known:
        return known[address]
    named = [one for one in known.values() if one.name == address]
    if len(named) == 1:
        return named[0]
    words = [*known, *all_kinds(), *(one.name for one in known.values())]
    raise UsageError(
        f"no manifest declares {address}",
        code="E_ADDRESS_UNKNOWN",
        hint=did_you_mean(address, words, "addresses are those a plan prints", quote=""),
    )
