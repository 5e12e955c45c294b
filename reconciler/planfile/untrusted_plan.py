"""A plan that a less trusted job has made: checked against the plan's own schema before anything reads it.

A job on a stranger's pull request hands over JSON and nothing else. What passes here is data of the right shape; the
reporters take care of what it says.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from reconciler.errors import PlanError
from reconciler.model.plan import UNKNOWN_WITHOUT_LEDGER, Plan
from reconciler.planfile.adoption import without_new_owners
from reconciler.planfile.decode import decode
from reconciler.planfile.schema_check import schema_problems

_MOST_PROBLEMS = 5

LARGEST = 64 * 2**20
"""A larger file is not read at all (bytes)."""


def checked_plans(data: bytes) -> tuple[Plan, ...]:
    """Return the plans in a JSON report; raises PlanError (E_PLAN_FORMAT) for anything that is not exactly that."""
    if len(data) > LARGEST:
        raise PlanError("the file is too large to be a plan", code="E_PLAN_FORMAT")
    try:
        whole = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise PlanError("this is no plan: a plan is plain JSON", code="E_PLAN_FORMAT") from None
    several = whole.get("plans") if isinstance(whole, dict) else None
    plans = several if isinstance(several, list) and several else [whole]
    _check(plans)
    try:
        return tuple(map(decode, plans))
    except ValueError as error:
        raise PlanError(f"this is no plan: {error}", code="E_PLAN_FORMAT") from None


def tables_of(data: bytes) -> list[dict[str, Any]]:
    """Return the tables of a report whose plans were checked: those of a replay, none where there are several plans."""
    whole = json.loads(data.decode("utf-8"))
    tables = whole.get("tables", []) if "plans" not in whole else []
    return [{name: table[name] for name in ("title", "columns", "rows", "note")} for table in tables]


def as_untrusted(plans: Iterable[Plan]) -> tuple[Plan, ...]:
    """Return plans marked as untrusted, whatever they say of themselves: no ledger was read, nothing can be applied."""
    owned = (without_new_owners(plan, lambda change: False) for plan in plans)  # noqa: ARG005 - none is believed
    return tuple(
        replace(plan, untrusted=True, unknown_counts=UNKNOWN_WITHOUT_LEDGER, base=_commit(plan.base)) for plan in owned
    )


def _commit(base: str) -> str:
    return " + ".join(part for part in base.split(" + ") if part != "ledger")


def _check(plans: list[Any]) -> None:
    problems = [one for plan in plans for one in schema_problems(plan)]
    if problems:
        shown = "; ".join(problems[:_MOST_PROBLEMS])
        raise PlanError(
            f"this is no plan: {shown}", code="E_PLAN_FORMAT", hint="hand over what `plan --format json` wrote"
        )
