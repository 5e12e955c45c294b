"""`history`: past runs, and the resolution of unknown outcomes by an operator."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.output import parse_output_flags, write_report
from reconciler.cli.request_builder import project, select_environment
from reconciler.errors import UsageError
from reconciler.exit_codes import ExitCode
from reconciler.model.report import Report, ReportTable
from reconciler.model.run_history import AuditRun, DriftRecord, JournalEntry, RunRecord
from reconciler.strings import closest, count, environment_option

if TYPE_CHECKING:
    from reconciler.project.config import Project

_NEAREST = 5
"""Most runs that the error of an unknown one lists."""

_MOST_RUNS = 10_000
"""Most runs that one is searched in."""

_CLOCK = "Times are UTC, by the clock of the ledger."

AuditLedger = Annotated[
    str,
    typer.Option(
        "--ledger", metavar="URL", help="The audits in this ledger, where `audit --ledger` kept them; no runs."
    ),
]

_WIDEST = 200
"""Most columns of a cell with a digest or with the fields of a change."""

history = typer.Typer(rich_markup_mode=None, help="Show past runs, and resolve unknown outcomes.")


@history.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    *,
    environment: flags.Env = "",
    run_: Annotated[str, typer.Option("--run", metavar="RUN", help="Only this run and its changes.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="How many lines.")] = 20,
    ledger: AuditLedger = "",
    today: Annotated[
        str,
        typer.Option(
            "--today",
            metavar="YYYY-MM-DD",
            help="The day to which the age of drift is counted; by default today in UTC.",
        ),
    ] = "",
    format_: flags.Format = "text",
    report: flags.Reports = None,
) -> int:
    """Show the runs of an environment and what each tried; audits, and what drifts since when. All times are UTC.

    With --ledger it is the audits kept there: of one environment, or of the whole project.
    """
    if context.invoked_subcommand is not None:
        _refuse_early(context, environment, run_, ledger, today)
        return ExitCode.FINE
    run = session(context)
    how = parse_output_flags(format_, report)
    whole = project(run)
    name = environment if ledger else select_environment(whole, environment)
    runs, entries = ((), ()) if ledger else _told(run, whole, name, run_, limit)
    audits, drift = _seen(run, whole, name, ledger, _MOST_RUNS if run_ else limit)
    if run_:
        known = [*(one.run for one in audits), *([] if ledger else _known(run, whole, name))]
        audits, drift = tuple(one for one in audits if one.run == run_), ()
        if not (runs or audits):
            raise _unknown_run(run_, name, known)
    tables = [_runs(runs), _origins(runs), _entries(entries), _audited(audits), _drift(drift, run.today(today))]
    shown = [one for one in tables if one["rows"]] or [_nothing(name, ledger)]
    shown[-1]["note"] = shown[-1].get("note") or _CLOCK
    write_report(run, Report(command="history", tables=shown), how)
    return ExitCode.PARTIAL if any(entry.outcome is None for entry in entries) else ExitCode.FINE


@history.command("prune")
def prune(
    context: typer.Context,
    *,
    keep: Annotated[int, typer.Option("--keep", min=1, max=36_500, metavar="DAYS", help="What is younger stays.")],
    environment: flags.Env = "",
    ledger: AuditLedger = "",
    today: Annotated[
        str,
        typer.Option(
            "--today", metavar="YYYY-MM-DD", help="The day that --keep counts back from; by default today in UTC."
        ),
    ] = "",
) -> int:
    """Forget runs and audits older than so many days; what is owned, what drifts and what is open stays known.

    With --ledger it is the audits kept there.
    """
    from reconciler.project.ledger_access import audits, open_environment_ledger, scope_key

    run = session(context)
    whole = project(run)
    before = run.today(today) - timedelta(days=keep)
    moment, name = f"{before.isoformat()}T00:00:00Z", "" if ledger else select_environment(whole, environment)
    with audits(whole, name, run.variables, ledger) as kept:
        gone = kept.prune(moment)
    if name:
        place = whole.environments[name]
        with open_environment_ledger(whole, place, run.variables) as opened:
            gone += opened.prune(scope_key(place), moment)
    run.note(f"Forgot {gone:,} rows from before {before.isoformat()}.")
    return ExitCode.FINE


@history.command("resolve")
def resolve(
    context: typer.Context,
    *,
    operation: Annotated[str, typer.Argument(metavar="ID", help="The open operation, as `history` lists it.")],
    created: Annotated[str, typer.Option("--created", metavar="ID", help="It was done: this is the object.")] = "",
    not_created: Annotated[bool, typer.Option("--not-created", help="It was not carried out.")] = False,
    environment: flags.Env = "",
) -> int:
    """Resolve a write with an unknown outcome."""
    from reconciler.project.ledger_access import open_environment_ledger, scope_key

    if bool(created) == not_created:
        raise UsageError(
            "say either --created ID or --not-created",
            hint=f"look in the console or with `reconciler plan{environment_option(environment)}`",
        )
    run = session(context)
    whole = project(run)
    name = select_environment(whole, environment)
    place = whole.environments[name]
    with open_environment_ledger(whole, place, run.variables) as opened:
        entry = opened.resolve(scope_key(place), operation, created)
    run.note(f"Settled in {name}: {entry.intent.action} of {entry.intent.kind} {entry.intent.name!r}.")
    return ExitCode.FINE


@history.command("transfer")
def transfer(
    context: typer.Context,
    *,
    from_: Annotated[
        str, typer.Option("--from", metavar="OWNER", help="Who owns them now: PROJECT/ENVIRONMENT, as plans say it.")
    ],
    environment: flags.Env = "",
) -> int:
    """Make this environment the owner of all that another owner has at its place: after a rename."""
    from reconciler.project.ledger_access import open_environment_ledger, scope_key
    from reconciler.project.project_identity import owner_named

    run = session(context)
    whole = project(run)
    name = select_environment(whole, environment)
    scope, target = scope_key(whole.environments[name]), whole.owner(name)
    with open_environment_ledger(whole, whole.environments[name], run.variables) as opened:
        source = owner_named(whole, from_, opened.owners(scope), opened.names(), target)
        with opened.lock(scope, target):
            number = opened.transfer(scope, source, target)
    run.note(
        f"{count(number, 'object')} of {from_} now {'belongs' if number == 1 else 'belong'} to {whole.name}/{name}."
    )
    return ExitCode.FINE


def _refuse_early(context: typer.Context, *given: str) -> None:
    """Refuse options before the name of a command below: they would not count for it."""
    if any(given):
        raise UsageError(
            f"options of `history {context.invoked_subcommand}` stand after its name",
            hint=f"write `reconciler history {context.invoked_subcommand}`, then its options",
        )


def _told(
    run: CommandContext, whole: "Project", name: str, only: str, limit: int
) -> tuple[tuple[RunRecord, ...], tuple[JournalEntry, ...]]:
    from reconciler.project.ledger_access import open_environment_ledger, scope_key

    place = whole.environments[name]
    with open_environment_ledger(whole, place, run.variables) as opened:
        names = opened.names()
        scope = scope_key(place)
        one = opened.find_run(scope, only) if only else None
        found = ((one,) if one else ()) if only else opened.list_runs(scope, limit)
        runs = tuple(replace(each, owner=names.get(each.owner, each.owner)) for each in found)
        return runs, opened.list_entries(scope, only, limit)


def _known(run: CommandContext, whole: "Project", name: str) -> tuple[str, ...]:
    """Return the ids of an environment's runs, the newest first."""
    from reconciler.project.ledger_access import open_environment_ledger, scope_key

    place = whole.environments[name]
    with open_environment_ledger(whole, place, run.variables) as opened:
        return tuple(one.id for one in opened.list_runs(scope_key(place), _MOST_RUNS))


def _unknown_run(asked: str, name: str, known: Sequence[str]) -> UsageError:
    """Return the error for a run that is not recorded: it lists those with the most similar ids, else the newest."""
    where = f" of {name}" if name else ""
    near = closest(asked, known, most=_NEAREST) or list(known[:_NEAREST])
    listed = f"reconciler history{environment_option(name)}"
    hint = f"the nearest are {', '.join(near)}; `{listed}` lists all" if near else "none is recorded yet"
    return UsageError(f"no run {asked}{where} is recorded", code="E_RUN_UNKNOWN", hint=hint)


def _seen(
    run: CommandContext, whole: "Project", name: str, ledger: str, limit: int
) -> tuple[tuple[AuditRun, ...], tuple[DriftRecord, ...]]:
    from reconciler.project.ledger_access import audits

    whose = whole.owner(name)
    with audits(whole, name, run.variables, ledger) as kept:
        return kept.runs(whose, limit), kept.drift(whose)


def _nothing(name: str, ledger: str) -> ReportTable:
    """Return an empty table with a note on what is not recorded, and what records it."""
    where = f" of {name}" if name else ""
    if ledger:
        note = f"No audit{where} is recorded in this ledger."
    else:
        apply = f"reconciler apply{environment_option(name)}"
        note = f"No run and no change{where} is recorded. `{apply}` records both, `reconciler audit` what drifts."
    return {"title": "Runs", "columns": ["Run"], "rows": [], "note": note}


def _runs(runs: tuple[RunRecord, ...]) -> ReportTable:
    rows = [
        [one.id, one.command, one.origin.actor, one.owner, one.started, one.ended, one.result or "not ended"]
        for one in runs
    ]
    columns = ["Run", "Command", "Who", "Owner", "Started", "Ended", "Result"]
    return {"title": "Runs", "columns": columns, "rows": rows}


def _origins(runs: tuple[RunRecord, ...]) -> ReportTable:
    """Return the commit and the plan's digest of each run that recorded them."""
    rows = [
        [one.id, one.origin.commit or "unknown", one.origin.plan]
        for one in runs
        if one.origin.commit or one.origin.plan
    ]
    return {"title": "Commits and plans", "columns": ["Run", "Commit", "Plan"], "rows": rows, "widest": _WIDEST}


def _audited(runs: tuple[AuditRun, ...]) -> ReportTable:
    rows = [[one.run, one.started, one.ended, str(one.environments)] for one in runs]
    return {"title": "Audits", "columns": ["Run", "First done", "Last done", "Environments"], "rows": rows}


def _entries(entries: tuple[JournalEntry, ...]) -> ReportTable:
    rows = [
        [
            one.run,
            one.ended,
            one.intent.action,
            one.intent.kind,
            one.intent.name,
            _status(one),
            one.intent.operation,
            ", ".join(one.intent.fields),
        ]
        for one in entries
    ]
    columns = ["Run", "Ended", "Action", "Kind", "Name", "Outcome", "Operation", "Fields"]
    return {"title": "Changes", "columns": columns, "rows": rows, "widest": _WIDEST}


def _drift(drift: tuple[DriftRecord, ...], today: date) -> ReportTable:
    """Print open and closed drift with its times."""
    from reconciler.fleet.audit_summary import DRIFT_COLUMNS, drift_row

    return {"title": "Drift", "columns": list(DRIFT_COLUMNS), "rows": [drift_row(one, today) for one in drift]}


def _status(entry: JournalEntry) -> str:
    return "open: outcome unknown" if entry.outcome is None else str(entry.outcome.status)
