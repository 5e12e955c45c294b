"""Rules of health: expressions of the project file over each live object, and a finding where one does not hold."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from reconciler.environment.project import AssertKeys, Environment
from reconciler.errors import UsageError
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.plan import Plan

if TYPE_CHECKING:
    from jinja2.environment import TemplateExpression

_CODES = {Severity.ERROR: "E_ASSERT", Severity.WARNING: "W_ASSERT", Severity.NOTE: "N_ASSERT"}


def findings(environment: Environment, plan: Plan, today: date) -> Iterator[Diagnostic]:
    """Yield a finding for each live object and rule that does not hold; raises UsageError for a rule that is none."""
    rules = [(rule, _compiled(rule)) for rule in environment.assertions]
    for resource in _live(plan) if rules else ():
        for rule, holds in rules:
            if rule.kind in ("", resource["kind"]):
                yield from _finding(rule, holds, resource, plan.environment, today)


def _live(plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield every live object of ours as rules see it: the API's fields, and kind, name, id and address."""
    for change in plan.changes:
        if isinstance(change.before, Mapping):
            yield _seen(change.before, kind=change.kind, name=change.name, id=change.id, address=change.address)
    for one in plan.unmanaged:
        if isinstance(one.values, Mapping) and not one.foreign:
            yield _seen(one.values, kind=one.kind, name=one.name, id=one.id, address=one.address)


def _seen(spec: Mapping[str, Any], **head: str) -> dict[str, Any]:
    return {**spec, **head}


def _compiled(rule: AssertKeys) -> "TemplateExpression":
    from jinja2 import ChainableUndefined, TemplateSyntaxError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    sandbox = ImmutableSandboxedEnvironment(undefined=ChainableUndefined)
    sandbox.globals.clear()
    try:
        return sandbox.compile_expression(rule.that, undefined_to_none=False)
    except TemplateSyntaxError as error:
        raise UsageError(
            f"the rule {rule.that!r} is no expression: {error.message}",
            code="E_ASSERT_SYNTAX",
            hint="write one over `resource`, such as resource.room_state != 'BLOCKED'",
        ) from None


def _finding(
    rule: AssertKeys, holds: "TemplateExpression", resource: Mapping[str, Any], environment: str, today: date
) -> Iterator[Diagnostic]:
    severity = Severity(rule.severity)
    try:
        if holds(resource=resource, today=today.isoformat()):
            return
        message = rule.message or f"{rule.that} does not hold"
    except Exception as error:  # an expression may fail in any way; it is the user's, and one object must not stop all
        severity, message = Severity.WARNING, f"{rule.that} cannot be told: {error}"
    yield Diagnostic(
        severity=severity,
        code=_CODES[severity],
        message=f"{environment}: {resource['address']}: {message}",
        address=str(resource["address"]),
    )
