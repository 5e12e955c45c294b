"""What an audit keeps in each environment's ledger: a row when it is done, and since when objects drift.

Only environments that name a ledger keep anything; an audit never makes one by itself. A row holds the plan, so that a
run that was broken off goes on with the environments that have none yet, and still tells of all.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.environment.books import book, scope_key
from reconciler.environment.planning import Planned
from reconciler.environment.project import Project
from reconciler.errors import LedgerError
from reconciler.fleet.audit import Visited
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.history import Run
from reconciler.model.manifest import Manifest
from reconciler.model.plan import Plan
from reconciler.model.plan_json import decode, encode
from reconciler.pipeline import remember

COMMAND = "audit"
_ROWS = 10_000
"""How many rows back a run is looked for."""


def recordable(project: Project, name: str) -> bool:
    """Whether an environment keeps what audits find."""
    return bool(project.environments[name].ledger) and not project.untrusted


def record(project: Project, run: str, one: Visited, variables: Mapping[str, str]) -> Visited:
    """Keep one environment's result; a ledger that cannot be written is told as a warning, and the audit goes on."""
    plan = one.planned.plan if one.planned else None
    if plan is None or not recordable(project, one.environment):
        return one
    environment, owner = project.environments[one.environment], project.owner(one.environment)
    scope = scope_key(environment)
    try:
        with book(project, environment, variables) as ledger:
            ledger.start(Run(id=_key(run, one.environment), scope=scope, owner=owner, command=COMMAND))
            ledger.drift(scope, remember.drifting(plan), remember.seen(plan))
            ledger.end(_key(run, one.environment), _kept(one, plan))
    except LedgerError as error:
        return replace(one, findings=(*one.findings, _unrecorded(one.environment, error)))
    return one


def recorded(project: Project, run: str, name: str, variables: Mapping[str, str]) -> Visited | None:
    """Return what a run found in one environment, or None where it has no row there."""
    if not recordable(project, name):
        return None
    environment = project.environments[name]
    with book(project, environment, variables) as ledger:
        for row in ledger.runs(scope_key(environment), _ROWS):
            if row.id == _key(run, name) and row.ended:
                return _visited(name, json.loads(row.result))
    return None


def summary(result: str) -> str:
    """Return what a row says in a few words, of an audit or of an apply."""
    try:
        return str(json.loads(result)["summary"])
    except (ValueError, KeyError, TypeError):
        return result


def _key(run: str, name: str) -> str:
    return f"{run}/{name}"


def _kept(one: Visited, plan: Plan) -> str:
    counts = plan.summary()
    words = f"{counts.add} to add, {counts.change} to change, {counts.destroy} to destroy"
    found = [[item.severity.value, item.code, item.message, item.address] for item in one.findings]
    return json.dumps({"summary": words, "findings": found, "plan": encode(plan)})


def _visited(name: str, row: Mapping[str, Any]) -> Visited:
    found = tuple(
        Diagnostic(severity=Severity(severity), code=code, message=message, address=address)
        for severity, code, message, address in row["findings"]
    )
    planned = Planned(environment=name, manifest=Manifest(), plan=decode(row["plan"]))
    return Visited(environment=name, planned=planned, findings=found)


def _unrecorded(name: str, error: LedgerError) -> Diagnostic:
    return Diagnostic(
        severity=Severity.WARNING,
        code="W_AUDIT_UNRECORDED",
        message=f"{name}: what was found could not be kept: {error.message}",
        hint=error.hint,
    )
