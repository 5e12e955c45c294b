"""Results of environments as a ledger's rows hold them. A worker writes them where it visits, without a ledger."""

import json
from collections.abc import Mapping
from typing import Any

from reconciler.fleet.environment_result import EnvironmentResult
from reconciler.model.desired_state import DesiredState
from reconciler.model.json_types import Json
from reconciler.model.read_result import ApiUsage
from reconciler.planfile.decode import decode, decode_diagnostics
from reconciler.planfile.encode import encode, encode_diagnostic
from reconciler.project.plan_environment import PlanResult


def encode_result(one: EnvironmentResult) -> dict[str, Json]:
    """Return the whole result as plain data, beside the environment's name and what a visit costs a processor."""
    usage = one.planned.usage if one.planned else ApiUsage()
    return {
        "plan": encode(one.plan) if one.plan else None,
        "diagnostics": [encode_diagnostic(each) for each in one.diagnostics],
        "findings": [encode_diagnostic(each) for each in one.findings],
        "usage": {name: getattr(usage, name) for name in usage.__slots__},
        "seconds": round(one.seconds, 3),
    }


def row_text(row: Json) -> str:
    """Return the text of a row."""
    return json.dumps(row, ensure_ascii=False)


def decode_result(name: str, text: str) -> EnvironmentResult:
    """Return the result that a row's text holds."""
    row: Mapping[str, Any] = json.loads(text)
    plan = decode(row["plan"]) if row["plan"] else None
    planned = PlanResult(environment=name, manifest=DesiredState(), plan=plan, usage=ApiUsage(**row["usage"]))
    return EnvironmentResult(
        environment=name,
        planned=planned if plan else None,
        diagnostics=decode_diagnostics(row["diagnostics"]),
        findings=decode_diagnostics(row["findings"]),
        seconds=row["seconds"],
    )
