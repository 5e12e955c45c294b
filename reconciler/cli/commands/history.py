"""`history`: what runs did, and the word of an operator where nobody else can know."""

from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.exits import Exit
from reconciler.cli.output import tell, told
from reconciler.cli.planning import chosen, project
from reconciler.cli.session import Session, session
from reconciler.errors import UsageError
from reconciler.model.history import Entry, Run
from reconciler.model.past import Past
from reconciler.model.report import Report

history = typer.Typer(rich_markup_mode=None, help="Show what runs did, and settle what nobody could tell.")


@history.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    *,
    environment: options.Env = "",
    run_: Annotated[str, typer.Option("--run", metavar="RUN", help="Only this run's changes.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many lines.")] = 20,
    format_: options.Format = "text",
    report: options.Reports = None,
) -> int:
    """Show the runs of an environment and what each tried."""
    if context.invoked_subcommand is not None:
        return Exit.FINE
    run = session(context)
    how = told(format_, report)
    runs, entries, past = _told(run, environment, run_, limit)
    tables = [_runs(runs), _entries(entries), _drift(past)]
    tell(run, Report(command="history", extra={"tables": tables}), how)
    return Exit.PARTIAL if any(entry.outcome is None for entry in entries) else Exit.FINE


@history.command("resolve")
def resolve(
    context: typer.Context,
    *,
    operation: Annotated[str, typer.Argument(metavar="ID", help="The open operation, as `history` lists it.")],
    created: Annotated[str, typer.Option("--created", metavar="ID", help="It was done: this is the object.")] = "",
    not_created: Annotated[bool, typer.Option("--not-created", help="It was not carried out.")] = False,
    environment: options.Env = "",
) -> int:
    """Say what became of a write whose answer was lost."""
    from reconciler.environment.books import book, scope_key

    if bool(created) == not_created:
        raise UsageError(
            "say either --created ID or --not-created", hint="look in the console or with `reconciler plan`"
        )
    run = session(context)
    whole = project(run)
    place = whole.environments[chosen(whole, environment)]
    with book(whole, place, run.variables) as opened:
        entry = opened.resolve(scope_key(place), operation, created)
    run.note(f"Settled: {entry.intent.action} of {entry.intent.kind} {entry.intent.name!r}.")
    return Exit.FINE


def _told(run: Session, environment: str, only: str, limit: int) -> tuple[tuple[Run, ...], tuple[Entry, ...], Past]:
    from reconciler.environment.books import book, scope_key

    whole = project(run)
    name = chosen(whole, environment)
    place = whole.environments[name]
    with book(whole, place, run.variables) as opened:
        past = opened.past(scope_key(place), whole.owner(name))
        return opened.runs(scope_key(place), limit), opened.entries(scope_key(place), only, limit), past


def _runs(runs: tuple[Run, ...]) -> dict[str, object]:
    from reconciler.fleet.record import summary

    rows = [
        [one.id, one.command, one.owner, one.started, one.ended, summary(one.result) or "not ended"] for one in runs
    ]
    return {"title": "Runs", "columns": ["Run", "Command", "Owner", "Started", "Ended", "Result"], "rows": rows}


def _entries(entries: tuple[Entry, ...]) -> dict[str, object]:
    rows = [
        [one.intent.started, one.intent.action, one.intent.kind, one.intent.name, _status(one), one.intent.operation]
        for one in entries
    ]
    columns = ["Started", "Action", "Kind", "Name", "Outcome", "Operation"]
    return {"title": "Changes", "columns": columns, "rows": rows}


def _drift(past: Past) -> dict[str, object]:
    """Tell which objects drift, and since when."""
    drifting = [one for one in past.objects.values() if one.drift_first]
    rows = [[one.address, one.drift_first, one.drift_last] for one in sorted(drifting, key=lambda one: one.drift_first)]
    return {"title": "Drift", "columns": ["Resource", "First seen", "Last seen"], "rows": rows}


def _status(entry: Entry) -> str:
    return "open: nobody knows" if entry.outcome is None else str(entry.outcome.status)
