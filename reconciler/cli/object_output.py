"""Writes lists of live objects for `get`: objects to stdout, problems to stderr."""

from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from reconciler.cli.command_context import CommandContext
from reconciler.cli.error_output import report_error
from reconciler.cli.output import OutputOptions, problems, render_report, write_out
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import ExitCode, most_severe
from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.json_types import JsonObject
from reconciler.model.report import Report, ReportTable
from reconciler.strings import did_you_mean
from reconciler.timestamps import utc

if TYPE_CHECKING:
    from reconciler.kinds.base.kind import Kind
    from reconciler.model.listed_object import ListedObject, ObjectList
    from reconciler.project.config import Project
    from reconciler.project.environment_session import LiveAccess
    from reconciler.project.live_listing import ListRequest
    from reconciler.reports.object_columns import ObjectColumn

Form = Literal["table", "wide", "json", "yaml", "csv", "name"]

DOCUMENTS = frozenset({"json", "yaml"})
"""Forms that hold problems too, so that a program gets them with the objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """What of the listed objects is written, and how."""

    form: Form
    columns: "tuple[ObjectColumn, ...]"
    sort: "ObjectColumn | None" = None
    descending: bool = False
    limit: int = 0
    count: bool = False


@dataclass(slots=True, kw_only=True)
class EnvironmentLists:
    """Lists of the environments that could be read, and the errors of the others."""

    lists: "list[ObjectList]" = field(default_factory=list)
    errors: dict[str, ReconcilerError] = field(default_factory=dict)

    @property
    def objects(self) -> "list[ListedObject]":
        """All objects, by environment."""
        return [one for listed in self.lists for one in listed.objects]

    @property
    def complete(self) -> bool:
        """Whether every environment was read whole."""
        return not self.errors and all(listed.complete for listed in self.lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRun:
    """A listing of environments that can be repeated."""

    whole: "Project"
    places: tuple[str, ...]
    access: "LiveAccess"
    ask: "ListRequest"
    sets: tuple[str, ...]

    @property
    def kind(self) -> "Kind":
        """Kind of the objects."""
        return self.ask.kind

    def read(self, *, strict: bool) -> EnvironmentLists:
        """List each environment; where it is strict, the first error is raised, else one does not stop the others."""
        from reconciler.project.live_listing import list_environment

        found = EnvironmentLists()
        for name in self.places:
            try:
                found.lists.append(list_environment(self.whole, name, self.access, self.ask, self.sets))
            except ReconcilerError as error:
                if strict:
                    raise
                found.errors[name] = error
        return found


def write_lists(run: CommandContext, listing: ListingRun, found: EnvironmentLists, view: ListView) -> int:
    """Write the objects to stdout and the problems to stderr, and return the exit code."""
    objects = chosen_objects(found, view)
    told = list_problems(listing, found)
    if view.form in DOCUMENTS:
        write_document(run, listing_document(listing, objects, found, told), view.form)
    else:
        _write_rows(run, objects, view)
    problems(run, [one for one in told if one.severity is not Severity.NOTE or run.verbose])
    codes = [int(report_error(error, run.log, debug=False)) for error in found.errors.values()]
    _note(run, listing.kind, found, objects, view)
    codes += [ExitCode.ERROR for one in told if one.code == "E_NOT_FOUND"]
    codes += [ExitCode.PARTIAL for one in found.lists if not one.complete]
    return most_severe(codes)


def chosen_objects(found: EnvironmentLists, view: ListView) -> "list[ListedObject]":
    """Return the objects in the order asked for, and not more than asked for."""
    from reconciler.reports.object_columns import sorted_objects

    objects = found.objects
    if view.sort is not None:
        objects = sorted_objects(objects, view.sort, descending=view.descending)
    return objects[: view.limit] if view.limit else objects


def listing_document(
    listing: ListingRun, objects: "Sequence[ListedObject]", found: EnvironmentLists, told: Sequence[Diagnostic]
) -> JsonObject:
    """Return the document of a listing, with an entry and a problem for each environment that could not be read."""
    from reconciler.model.listed_object import ObjectList
    from reconciler.reports.object_list import objects_document

    unread = [
        ObjectList(environment=name, kind=listing.kind.name, incomplete=error.message, code=error.code)
        for name, error in found.errors.items()
    ]
    failures = [
        Diagnostic(severity=Severity.ERROR, code=error.code, message=f"{name}: {error.message}", hint=error.hint)
        for name, error in found.errors.items()
    ]
    return objects_document(listing.kind, objects, [*found.lists, *unread], [*told, *failures])


def write_document(run: CommandContext, shape: JsonObject, form: str, *, one_line: bool = False) -> None:
    """Write plain data as JSON or YAML, with secrets redacted; JSON on one line for a stream of documents."""
    from reconciler.reports.escaping import document, one_document
    from reconciler.reports.object_list import yaml_document

    shape = run.redactor.value(shape)
    if form == "yaml":
        write_out(yaml_document(shape), human=False)
    else:
        write_out(one_document(shape) if one_line else document(shape), human=False, parsed=True)


def _write_rows(run: CommandContext, objects: "Sequence[ListedObject]", view: ListView) -> None:
    from reconciler.reports import object_list

    now = local_time(run)
    if view.count:
        write_out(str(len(objects)))
    elif view.form == "csv":
        write_out(object_list.object_csv(run.redactor.value(objects), view.columns, now), human=False)
    elif view.form == "name":
        write_out(object_list.object_names(run.redactor.value(objects)))
    elif objects:
        write_table(run, object_list.object_table(objects, view.columns, now, wide=view.form == "wide"))


def local_time(run: CommandContext) -> datetime:
    """Return the present time, for ages."""
    return utc(run.clock.now())


def write_table(run: CommandContext, table: ReportTable) -> None:
    """Write a table as the text report does."""
    text = render_report(run, Report(command="get", tables=[table]), OutputOptions().format)
    write_out(text, styled=run.color)


def list_problems(listing: ListingRun, found: EnvironmentLists) -> list[Diagnostic]:
    """Return the problems of the reads, and each name that no environment has."""
    several = len(listing.places) > 1
    told = [
        replace(problem, message=f"{listed.environment}: {problem.message}" if several else problem.message)
        for listed in found.lists
        for problem in (*listed.diagnostics, *_incomplete(listing.kind, listed))
    ]
    return [*told, *_missing(listing, found)] if found.lists else told


def _incomplete(kind: "Kind", listed: "ObjectList") -> Iterator[Diagnostic]:
    if not listed.complete:
        yield Diagnostic(
            severity=Severity.ERROR,
            code=listed.code or "E_READ_INCOMPLETE",
            message=f"the {kind.plural_word} could not be read whole: {listed.incomplete}",
            hint="more may exist than are listed; try again",
        )


def _missing(listing: ListingRun, found: EnvironmentLists) -> Iterator[Diagnostic]:
    missing = set[str].intersection(*(set(listed.missing) for listed in found.lists))
    known = [one.name for one in found.objects]
    for name in (name for name in listing.ask.names if name in missing):
        yield Diagnostic(
            severity=Severity.ERROR,
            code="E_NOT_FOUND" if found.complete else "E_READ_INCOMPLETE",
            message=f"no {listing.kind.singular_word} has the name or id {name!r}"
            f"{'' if found.complete else ' in what could be read'}",
            hint=did_you_mean(name, known, f"`reconciler get {listing.kind.plural_word}` lists them"),
        )


def _note(
    run: CommandContext, kind: "Kind", found: EnvironmentLists, objects: "Sequence[ListedObject]", view: ListView
) -> None:
    """Note what the list leaves out, and which filters its rows cannot confirm."""
    total = len(found.objects)
    if not total and found.lists and view.form not in DOCUMENTS and not view.count:
        run.note(f"No {kind.plural_word} found in {', '.join(one.environment for one in found.lists)}.")
    if len(objects) < total:
        run.note(f"{len(objects):,} of {total:,} {kind.plural_word} are listed (--limit {view.limit}).")
    unchecked = dict.fromkeys(each.parameter for one in found.lists for each in one.filters if not each.checked)
    for parameter in unchecked:
        run.note(f"Not every row shows what {parameter} filters by: there the service's answer is taken as it is.")
