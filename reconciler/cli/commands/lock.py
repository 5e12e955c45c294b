"""`lock`: lists locks, and breaks one of an ended process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.output import parse_output_flags, write_report
from reconciler.cli.request_builder import project, select_environment
from reconciler.exit_codes import ExitCode
from reconciler.model.report import Report, ReportTable

if TYPE_CHECKING:
    from reconciler.ledger.sql_ledger import SqlLedger

lock = typer.Typer(rich_markup_mode=None, help="Show who holds an environment's lock, or take it away.")


@lock.command("list")
def listed(context: typer.Context, *, environment: flags.Env = "", format_: flags.Format = "text") -> int:
    """Show who holds a lock in the environment's ledger."""
    run = session(context)
    how = parse_output_flags(format_, None)
    with _opened(run, environment) as opened:
        holders = opened.list_locks()
    name = select_environment(project(run), environment)
    rows = [
        [one.lock_id, one.scope, one.owner, one.holder, one.since, "lapsed" if one.lapsed else one.until]
        for one in holders
    ]
    columns = ["Lock", "Scope", "Owner", "Holder", "Since", "Until"]
    note = "Times are UTC, by the clock of the ledger." if rows else f"No lock is held in the ledger of {name}."
    table: ReportTable = {"title": "Locks", "columns": columns, "rows": rows, "note": note}
    write_report(run, Report(command="lock", tables=[table]), how)
    return ExitCode.FINE


@lock.command("release")
def release(
    context: typer.Context,
    *,
    lock_id: Annotated[str, typer.Argument(metavar="ID", help="The lock's exact id, as `lock list` shows it.")],
    environment: flags.Env = "",
) -> int:
    """Take a lock from its holder; only when that process is certainly gone."""
    run = session(context)
    with _opened(run, environment) as opened:
        holder = opened.break_lock(lock_id)
    run.note(f"Released: it was held by {holder.holder} since {holder.since}.")
    return ExitCode.FINE


@contextmanager
def _opened(run: CommandContext, environment: str) -> Iterator["SqlLedger"]:
    from reconciler.project.ledger_access import open_environment_ledger

    whole = project(run)
    with open_environment_ledger(
        whole, whole.environments[select_environment(whole, environment)], run.variables
    ) as opened:
        yield opened
