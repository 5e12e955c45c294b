"""Tables of an audit: status of each environment, differences by kind and cause, and the oldest drift."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from reconciler.fleet.environment_result import EnvironmentResult
from reconciler.model.change import Action, Change
from reconciler.model.json_types import Json
from reconciler.model.plan import Plan
from reconciler.model.report import ReportTable
from reconciler.model.run_history import DriftRecord
from reconciler.reports.wording import figure
from reconciler.strings import count
from reconciler.timestamps import date_of

FEW = 100
"""Number of environments up to which each has its row; of more, only those with findings."""
_OLDEST = 20


def costs(results: Sequence[EnvironmentResult]) -> Iterator[str]:
    """Yield what a visit has cost of a processor, and where several workers visited environments what each has done.

    Environments that an earlier run visited are left out.
    """
    by_worker: dict[str, list[float]] = {}
    for one in results:
        if one.worker:
            by_worker.setdefault(one.worker, []).append(one.processor)
    everything = [seconds for found in by_worker.values() for seconds in found]
    if not everything:
        return
    yield f"An environment cost {_milliseconds(everything)} ms of processor time, beside what records and reports it."
    for worker, found in sorted(by_worker.items()) if len(by_worker) > 1 else ():
        yield f"Worker {worker} visited {count(len(found), 'environment')}, {_milliseconds(found)} ms each."


def _milliseconds(found: Sequence[float]) -> str:
    return f"{sum(found) / len(found) * 1000:.1f}"


def overview(results: Sequence[EnvironmentResult]) -> ReportTable:
    """Return a table of environments: status and counts."""
    columns = ["Environment", "State", "Add", "Change", "Destroy", "Drifted fields", "Unmanaged", "Findings"]
    loud = [one for one in results if len(results) <= FEW or _loud(one)]
    quiet = len(results) - len(loud)
    note = f"{quiet:,} more in step, with no finding" if quiet else ""
    return {"title": "Environments", "columns": columns, "rows": [_row(one) for one in loud], "note": note}


def causes(results: Sequence[EnvironmentResult]) -> ReportTable:
    """Return a table of differences: environment, kind, attribution, and the number of objects and fields."""
    columns = ["Environment", "Kind", "Cause", "Objects", "Fields"]
    rows = [row for one in results if one.plan for row in _causes(one.environment, one.plan)]
    return {"title": "What differs", "columns": columns, "rows": rows}


def oldest(drift: Sequence[DriftRecord], today: date) -> ReportTable:
    """Return a table of open drift, the oldest first."""
    still = [one for one in drift if one.open]
    more = f"and {len(still) - _OLDEST:,} more; see `reconciler history -e ENV`" if len(still) > _OLDEST else ""
    rows = [drift_row(one, today) for one in still[:_OLDEST]]
    return {"title": "Drift by age", "columns": list(DRIFT_COLUMNS), "rows": rows, "note": more}


DRIFT_COLUMNS = ("Environment", "Resource", "Field", "Cause", "Days", "First seen", "Last seen", "Flips", "Now")


def drift_row(one: DriftRecord, today: date) -> list[Json]:
    """Return one row of drift with its duration in days."""
    until = today if one.open else date_of(one.last)
    days = max(0, (until - date_of(one.since)).days)
    place = one.owner.rpartition("/")[2]
    now = "differs" if one.open else "in step"
    return [place, one.address, one.path or "(all of it)", one.attribution, days, one.first, one.last, one.flips, now]


def _row(one: EnvironmentResult) -> list[Json]:
    plan = one.plan
    if plan is None:
        return [one.environment, "not reached" if one.lost else "unreadable", *["?"] * 6]
    counts = [figure(plan, name) for name in ("add", "change", "destroy", "drift", "unmanaged")]
    return [one.environment, _state(plan), *counts, str(len(one.findings))]


def _loud(one: EnvironmentResult) -> bool:
    return one.plan is None or _state(one.plan) != "in step" or bool(one.findings)


def _state(plan: Plan) -> str:
    if not plan.complete:
        return "incomplete"
    return "in step" if plan.empty else "differs"


def _causes(environment: str, plan: Plan) -> Iterator[list[Json]]:
    objects: Counter[tuple[str, str]] = Counter()
    fields: Counter[tuple[str, str]] = Counter()
    for change in plan.pending:
        told = Counter((change.kind, cause) for cause in _moved_by(change))
        objects.update(told.keys())
        fields.update(told)
    for kind, cause in sorted(objects):
        yield [environment, kind, cause, str(objects[kind, cause]), str(fields[kind, cause])]


def _moved_by(change: Change) -> list[str]:
    if change.action is Action.UPDATE:
        return [field.attribution.value for field in change.fields]
    return [f"{change.action.value}, {change.attribution.value}" if change.attribution else change.action.value]
