"""`accept`: writes live values back into the files that declare them, through templates and values files."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reconciler.cli import completion, flags
from reconciler.cli.accept_output import accept_json, collateral_lines, dirty_lines, question, refusal_line
from reconciler.cli.accepted_files import dirty_files, remember_written
from reconciler.cli.branch_run import Branch, OpenRequest, is_conflict, opened_branch, publish, published_line
from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.files import replace_files
from reconciler.cli.output import from_repository, one_line, parse_output_flags, progress, write_out, write_report
from reconciler.cli.request_builder import (
    build_plan_request,
    document_cache,
    plan_report,
    project,
    select_environment,
    selection,
)
from reconciler.errors import ReconcilerError, UsageError
from reconciler.exit_codes import ExitCode
from reconciler.late_methods import dataclass
from reconciler.model.plan import Plan
from reconciler.strings import count

if TYPE_CHECKING:
    from reconciler.model.report import Report
    from reconciler.model.source_edit import AcceptedDifference
    from reconciler.project.accept_drift import AcceptResult, Confirm
    from reconciler.project.config import Project
    from reconciler.project.edit_request import EditBranch, PublishedEdits

Only = Literal["", "drift", "conflict", "all"]


def accept(
    context: typer.Context,
    *,
    address: Annotated[
        str,
        typer.Argument(
            metavar="[ADDRESS]",
            autocompletion=completion.addresses,
            help="As plans print it; all where it is left out.",
        ),
    ] = "",
    field: Annotated[str, typer.Argument(metavar="[FIELD]", help="Only this field and what is in it.")] = "",
    environment: flags.Env = "",
    only: Annotated[Only, typer.Option("--only", help="What is accepted: drift, conflicts, or every difference.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Every difference, as --only all.")] = False,
    label: flags.Labels = None,
    target: flags.Targets = None,
    set_: flags.Sets = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the diff alone; nothing is written.")] = False,
    interactive: Annotated[
        bool, typer.Option("-i", "--interactive", help="Ask for each difference at the terminal.")
    ] = False,
    at: Annotated[str, typer.Option("--at", metavar="FILE:LINE", help="Write the one difference at this place.")] = "",
    also: Annotated[
        list[str] | None,
        typer.Option("--also", metavar="ADDRESS", help="A resource that the edits may change as well; repeatable."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite what is not committed, or what a person put on the branch.")
    ] = False,
    branch: Branch = "",
    open_request: OpenRequest = False,
    format_: Annotated[Literal["text", "json"], typer.Option("--format", help="A diff, or JSON.")] = "text",
    live: flags.LiveFile = "",
    today: flags.Today = "",
    parallelism: flags.Parallelism = 8,
    no_cache: flags.NoCache = False,
) -> int:
    """Write live values back into the manifests' sources, and show the edits as a diff."""
    from reconciler.project.accept_drift import AcceptRequest, accept_environment

    run = session(context)
    if at and not (address and field):
        raise UsageError("--at is the place of one difference", hint="name it: accept ADDRESS FIELD --at FILE:LINE")
    if interactive and not sys.stdin.isatty():
        raise UsageError(
            "--interactive asks, but stdin is not a terminal", code="E_NO_TERMINAL", hint="leave --interactive out"
        )
    if all_ and only not in ("", "all"):
        raise UsageError(f"--all is --only all, and --only {only} is given", hint="leave one of them out")
    only = "all" if all_ else only
    whole = project(run)
    name = select_environment(whole, environment)
    asked = build_plan_request(
        run, sets=set_, selected=selection(target, None, label), live=live, today=today, parallelism=parallelism
    )
    documents = document_cache(run, off=no_cache)
    ask = AcceptRequest(
        plan=replace(asked, documents=documents),
        address=address,
        field=field,
        only=only,
        also=frozenset(also or ()),
        at=at,
    )
    how = _Writing(only=only, dry_run=dry_run, force=force, as_json=format_ == "json")
    with opened_branch(run, branch, opens=open_request, force=force) as onto:
        with progress(run, f"Reading {name}"):
            tree = onto.tree if onto else None
            result = accept_environment(whole, name, ask, _asking(run) if interactive else None, tree=tree)
        if result.plan is None:
            write_report(run, _invalid(result, name), parse_output_flags("text", None))
            return ExitCode.ERROR
        code = _finished(run, whole, result, how, onto)
    if documents is not None and not dry_run and not branch:  # these two leave the folder as it is
        documents.finish()
    return code


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writing:
    """How edits are written and shown; `only` is the class of differences that was asked for."""

    only: str
    dry_run: bool
    force: bool
    as_json: bool


def _invalid(result: "AcceptResult", name: str) -> "Report":
    """Return the report of manifests with errors."""
    from reconciler.project.plan_environment import PlanResult

    return plan_report("accept", PlanResult(environment=name, manifest=result.manifest))


def _finished(
    run: CommandContext, whole: "Project", result: "AcceptResult", how: _Writing, onto: "EditBranch | None"
) -> int:
    """Print the diff or JSON and the refusals, write the files or the branch, and return the exit code."""
    from reconciler.reports.unified_diff import unified_diff

    before = {file: old for file, (old, _new) in result.files.items()}
    changed = {} if how.dry_run or onto or not before else dirty_files(whole.root, before)
    dirty = {} if how.force else changed
    refusals = [refusal_line(each) for each in result.proposal.refused]
    lines = [*refusals, *collateral_lines(result.collateral), *dirty_lines(dirty)]
    writes = bool(result.files) and not (dirty or result.collateral or how.dry_run)
    published, conflict = _published(run, onto, result, refusals) if writes and onto else (None, None)
    if writes and onto:
        lines += [one_line(f"{conflict.code}: {conflict.message} ({conflict.hint})")] if conflict else []
    elif writes:
        replace_files(run.root, result.files)
        made = {file: new for file, (_old, new) in result.files.items() if file not in changed}
        remember_written(whole.root, {} if "" in changed else made)
    written = writes and conflict is None
    diff = unified_diff(result.files, from_repository(run.root))
    if how.as_json:
        shape = run.redactor.value(
            accept_json(result, dirty, diff, written=written, published=published, conflict=conflict)
        )
        write_out(shape_text(shape), human=False, parsed=True)
    elif diff:
        write_out(run.redactor.text(diff), human=False, parsed=True)
    for line in lines:
        run.say(line)
    for note in result.notes:
        run.note(note)
    run.note(_summary(result, how.only, stopped=bool(dirty or result.collateral or conflict), writes=written))
    if published is not None:
        run.note(published_line(published))
    elif written and result.plan and "drift" not in result.plan.unknown_counts:
        run.note("The next apply records it in the ledger; until then plans may mark it as [already].")
    return ExitCode.CHANGES if lines else ExitCode.FINE


def _published(
    run: CommandContext, onto: "EditBranch", result: "AcceptResult", left: list[str]
) -> "tuple[PublishedEdits | None, ReconcilerError | None]":
    """Return the branch with the edits, or the conflict with the work of another person."""
    files = {file: new for file, (_old, new) in result.files.items()}
    plan = result.plan or Plan(environment="")
    try:
        return publish(run, onto, command="accept", plan=plan, files=files, left=left), None
    except ReconcilerError as problem:
        if not is_conflict(problem):
            raise
        return None, problem


def shape_text(shape: object) -> str:
    """Return a document as JSON text."""
    import json

    return json.dumps(shape, ensure_ascii=False, indent=2)


def _summary(result: "AcceptResult", only: str, *, stopped: bool, writes: bool) -> str:
    proposal = result.proposal
    if not proposal.accepted and not proposal.refused:
        chosen = only or "drift"
        rest = " (--only all accepts every difference)" if result.plan and result.plan.pending and not only else ""
        return f"Nothing to accept: there is no {'difference' if chosen == 'all' else chosen}{rest}."
    edits = f"{count(len(proposal.accepted), 'difference')} in {count(len(result.files), 'file')}"
    if stopped:
        return f"Nothing was written: {edits} would be."
    if not result.files:
        return "Nothing was written."
    return f"Accepted {edits}." if writes else f"Would accept {edits}."


def _asking(run: CommandContext) -> "Confirm":
    """Return the question for one difference; an answer that begins with y agrees, the end of input refuses."""

    def confirm(each: "AcceptedDifference") -> bool:
        run.log.ask(f"{run.redactor.text(question(each))} [y/N] ")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    return confirm
