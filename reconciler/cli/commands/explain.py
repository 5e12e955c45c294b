"""`explain`: the origin of each value of a resource, and its comparison with live."""

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import session
from reconciler.cli.output import parse_output_flags, write_report
from reconciler.cli.request_builder import build_plan_request, plan_report, project, select_environment
from reconciler.errors import UsageError
from reconciler.exit_codes import ExitCode
from reconciler.model.report import Report
from reconciler.strings import did_you_mean

if TYPE_CHECKING:
    from reconciler.model.resource import DeclaredResource
    from reconciler.project.plan_environment import PlanResult


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
    from reconciler.project.plan_environment import plan_environment

    run = session(context)
    how = parse_output_flags(format_, None)
    whole = project(run)
    result = plan_environment(
        whole, select_environment(whole, environment), build_plan_request(run, sets=set_, live=live, today=today)
    )
    if result.plan is None:
        write_report(run, plan_report("explain", result), how)
        return ExitCode.ERROR
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
    write_report(run, Report(command="explain", extra={"tables": [table]}), how)
    return ExitCode.FINE


def _found(result: "PlanResult", address: str) -> "DeclaredResource":
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
