"""Assertions: expressions of the project file over each live object, with a finding where one is false.

A rule applies only to objects with the fields it names, unless the rule tests for their absence (`resource.error_info
is not defined`). A rule that applies to no object, and names a field that the API does not have, is reported.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.kinds.registry import all_kinds
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.json_types import Json
from reconciler.model.plan import Plan
from reconciler.project.config import AssertKeys, Environment

if TYPE_CHECKING:
    from reconciler.manifest.template.assert_expression import Expression

_CODES = {Severity.ERROR: "E_ASSERT", Severity.WARNING: "W_ASSERT", Severity.NOTE: "N_ASSERT"}


def check_assertions(environment: Environment, plan: Plan, today: date) -> Iterator[Diagnostic]:
    """Yield a finding for each live object and rule that is false. Raises ExpressionError for an invalid rule."""
    if not environment.assertions:
        return
    from reconciler.manifest.template.assert_expression import (
        expression,  # Jinja stays unloaded where there are no rules
    )

    rules = [(rule, expression(rule.that)) for rule in environment.assertions]
    objects = list(_live(plan))
    for rule, asked in rules:
        concerned = [one for one in objects if rule.kind in ("", one["kind"])]
        yield from _judged(rule, asked, concerned, plan.environment, today)


def _live(plan: Plan) -> Iterator[dict[str, Json]]:
    """Yield every managed live object as rules see it: the API's fields, and kind, name, id and address."""
    for change in plan.changes:
        if isinstance(change.before, Mapping):
            yield _seen(change.before, kind=change.kind, name=change.name, id=change.id, address=change.address)
    for one in plan.unmanaged:
        if isinstance(one.values, Mapping) and not one.foreign:
            yield _seen(one.values, kind=one.kind, name=one.name, id=one.id, address=one.address)


def _seen(spec: Mapping[str, Json], **head: str) -> dict[str, Json]:
    return {**spec, **head}


def _judged(
    rule: AssertKeys, asked: "Expression", objects: Iterable[Mapping[str, Json]], environment: str, today: date
) -> Iterator[Diagnostic]:
    from reconciler.manifest.template.assert_expression import UnknownFieldError

    unknown, known = "", False
    for resource in objects:
        try:
            well, said = asked.holds(resource, today), ""
        except UnknownFieldError as error:
            unknown = error.message
            continue
        except ReconcilerError as error:
            well, said = False, error.message
        known = True
        if not well:
            yield _finding(rule, resource, environment, said)
    if unknown and not known and not _documented(unknown):
        yield _unused(rule, environment, unknown)


def _finding(rule: AssertKeys, resource: Mapping[str, Json], environment: str, failed: str) -> Diagnostic:
    severity = Severity.WARNING if failed else Severity(rule.severity)
    message = failed or rule.message or f"{rule.that} does not hold"
    return Diagnostic(
        severity=severity,
        code=_CODES[severity],
        message=f"{environment}: {resource['address']}: {message}",
        address=str(resource["address"]),
    )


def _documented(why: str) -> bool:
    """Whether the missing name, quoted in the message, is a field of any kind, at any depth."""
    return any(f"`{field.name}`" in why for kind in all_kinds().values() for field in kind.fields.values())


def _unused(rule: AssertKeys, environment: str, why: str) -> Diagnostic:
    return Diagnostic(
        severity=Severity.NOTE,
        code="N_ASSERT_UNUSED",
        message=f"{environment}: no live object has what the rule {rule.that} asks for: {why}",
        hint="is the field spelled as in the API? `is defined` tells apart what not every object has",
    )
