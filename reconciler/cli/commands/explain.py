"""`explain`: where each value of a resource comes from, and how live stands to it."""

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import session
from reconciler.cli.output import tell, told
from reconciler.cli.request_builder import asked, chosen, plan_report, project
from reconciler.errors import UsageError
from reconciler.exit_codes import Exit
from reconciler.model.report import Report
from reconciler.strings import did_you_mean

if TYPE_CHECKING:
    from reconciler.model.resource import Declared
    from reconciler.project.plan_environment import Planned


def explain(
    context: typer.Context,
    *,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help='As plans print it: SmartLiveRoom["Morning"].')],
    field: Annotated[str, typer.Argument(metavar="[FIELD]", help="Only this field and what is in it.")] = "",
    environment: flags.Env = "",
    set_: flags.Sets = None,
    format_: flags.Format = "text",
    live: flags.LiveFile = "",
    today: flags.Today = "",
) -> int:
    """Tell where each value of a resource comes from."""
    from reconciler.kinds.registry import kind_named
    from reconciler.project.explain import explained
    from reconciler.project.plan_environment import planned

    run = session(context)
    how = told(format_, None)
    whole = project(run)
    result = planned(whole, chosen(whole, environment), asked(run, sets=set_, live=live, today=today))
    if result.plan is None:
        tell(run, plan_report("explain", result), how)
        return Exit.ERROR
    resource = _found(result, address)
    change = next((one for one in result.plan.changes if one.address == resource.address), None)
    rows = explained(resource, kind_named(resource.kind), change, field)
    if not rows:
        raise UsageError(f"{address} declares no field {field!r}", hint="leave the field out to see all")
    table = {
        "title": f"{resource.address} ({resource.position})",
        "columns": ["Field", "Value", "From", "Against live"],
        "rows": [[one.path, one.value, one.origin, one.standing] for one in rows],
    }
    tell(run, Report(command="explain", extra={"tables": [table]}), how)
    return Exit.FINE


def _found(result: "Planned", address: str) -> "Declared":
    known = {one.address: one for one in result.manifest.resources}
    if address in known:
        return known[address]
    named = [one for one in known.values() if one.name == address]
    if len(named) == 1:
        return named[0]
    raise UsageError(
        f"no manifest declares {address}",
        code="E_ADDRESS_UNKNOWN",
        hint=did_you_mean(address, known, "addresses are those a plan prints", quote=""),
    )
