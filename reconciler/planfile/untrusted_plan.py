"""Untrusted plan of another job: checked against the plan's schema before it is decoded.

A job on an external pull request passes JSON alone. Checked plans have the right shape; the reporters escape their
content.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.errors import PlanError
from reconciler.json_codec import loads_object, loads_strict
from reconciler.model.json_types import Json, JsonObject, as_list, as_object
from reconciler.model.plan import UNKNOWN_WITHOUT_LEDGER, Plan
from reconciler.model.report import ReportTable
from reconciler.planfile.adoption import without_new_owners
from reconciler.planfile.decode import decode
from reconciler.planfile.saved_plan import MAX_DEPTH
from reconciler.planfile.schema_check import schema_problems

_MOST_PROBLEMS = 5

LARGEST = 64 * 2**20
"""Most bytes of a file."""


def checked_plans(data: bytes) -> tuple[Plan, ...]:
    """Return the plans in a JSON report. Raises PlanError (E_PLAN_FORMAT) for invalid data."""
    if len(data) > LARGEST:
        raise PlanError("the file is too large to be a plan", code="E_PLAN_FORMAT")
    try:
        whole = loads_strict(data, max_depth=MAX_DEPTH)
    except ValueError:
        raise PlanError("this is no plan: a plan is plain JSON", code="E_PLAN_FORMAT") from None
    several = whole.get("plans") if isinstance(whole, dict) else None
    plans = several if isinstance(several, list) and several else [whole]
    _check(plans)
    try:
        return tuple(map(decode, plans))
    except ValueError as error:
        raise PlanError(f"this is no plan: {error}", code="E_PLAN_FORMAT") from None


def tables_of(data: bytes) -> list[ReportTable]:
    """Return the tables of a report with checked plans: those of a replay, none for several plans."""
    whole = loads_object(data, max_depth=MAX_DEPTH)
    tables = [] if "plans" in whole else as_list(whole.get("tables"))
    return [_table(as_object(table)) for table in tables]


def _table(table: JsonObject) -> ReportTable:
    return {
        "title": str(table["title"]),
        "columns": [str(column) for column in as_list(table["columns"])],
        "rows": [as_list(row) for row in as_list(table["rows"])],
        "note": str(table["note"]),
    }


def as_untrusted(plans: Iterable[Plan]) -> tuple[Plan, ...]:
    """Return plans marked as untrusted, independent of their own mark: no ledger was read, nothing can be applied."""
    owned = (without_new_owners(plan, lambda change: False) for plan in plans)  # noqa: ARG005 - none is believed
    return tuple(
        replace(plan, untrusted=True, unknown_counts=UNKNOWN_WITHOUT_LEDGER, base=_commit(plan.base)) for plan in owned
    )


def _commit(base: str) -> str:
    return " + ".join(part for part in base.split(" + ") if part != "ledger")


def _check(plans: Sequence[Json]) -> None:
    problems = [one for plan in plans for one in schema_problems(plan)]
    if problems:
        shown = "; ".join(problems[:_MOST_PROBLEMS])
        raise PlanError(
            f"this is no plan: {shown}", code="E_PLAN_FORMAT", hint="hand over what `plan --format json` wrote"
        )
