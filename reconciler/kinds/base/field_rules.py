"""Checks the table's conditions and the limits that only prose documents, for any kind.

A spec may have other problems at the same time (all are reported at once), so no type is assumed here.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from reconciler.errors import PluginError
from reconciler.kinds.base.field import Field, FieldType
from reconciler.kinds.base.problem import SpecProblem
from reconciler.late_methods import dataclass
from reconciler.model.change import NoValue
from reconciler.model.diagnostic import Severity
from reconciler.model.json_types import Json
from reconciler.model.source_map import DocumentPath

_TERM = re.compile(r"(\w+) == '([^']*)'")
INFERRED = " (inferred)"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCondition:
    """All of `terms` (field name, value) hold. An inferred one is not documented: it is reported, never enforced."""

    terms: tuple[tuple[str, str], ...]
    inferred: bool = False

    def __str__(self) -> str:
        return " and ".join(f"{name} is {value}" for name, value in self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionContext:
    """Object of a spec with its parents, in which a condition looks up names."""

    field: Field
    value: Mapping[str, Json]
    outer: "ConditionContext | None" = None

    def lookup(self, name: str) -> Json | NoValue:
        """Return the value of a name: its value, else its documented default, else NoValue.ABSENT."""
        child = self.field.children.get(name)
        if child is None:
            return self.outer.lookup(name) if self.outer else NoValue.ABSENT
        value = self.value.get(name)
        if value is None:
            return child.documented_default if child.documented else NoValue.ABSENT
        return value


@cache
def parse(text: str) -> FieldCondition:
    """Parse a condition. Raises PluginError for anything but `name == 'value'` joined by `and`."""
    bare = text.removesuffix(INFERRED)
    terms = [_TERM.fullmatch(term) for term in bare.split(" and ")]
    if not all(terms):
        raise PluginError(f"a kind has the condition {text!r}", hint="write it as name == 'value' and name == 'value'")
    return FieldCondition(terms=tuple((term[1], term[2]) for term in terms if term), inferred=bare != text)


def holds(condition: FieldCondition, scope: ConditionContext) -> bool | None:
    """Tell whether it holds; None where a field is neither declared nor has a default."""
    answers = [_answer(scope.lookup(name), value) for name, value in condition.terms]
    if False in answers:
        return False
    return None if None in answers else True


def _answer(found: Json | NoValue, value: str) -> bool | None:
    return None if found is NoValue.ABSENT else found == value


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNode:
    """Field with checks, or that contains such fields; the rest of the table is not visited."""

    field: Field
    children: "tuple[RuleNode, ...]" = ()
    item: "RuleNode | None" = None


def watched(field: Field) -> RuleNode | None:
    """Return the part of a table with checks; None where there are none."""
    children = tuple(found for child in field.children.values() if (found := watched(child)))
    item = watched(field.item) if field.item else None
    if children or item or _has_rule(field):
        return RuleNode(field=field, children=children, item=item)
    return None


def _has_rule(field: Field) -> bool:
    limits = (field.recommended_min, field.recommended_max, field.recommended_max_items)
    return bool(field.required_when or field.applies_when or field.recommended_values or limits != (None, None, None))


def table_problems(watch: RuleNode | None, spec: Mapping[str, Json]) -> Iterator[SpecProblem]:
    """Yield the problems of a spec by the table: unmet conditions are errors, prose limits are warnings."""
    if watch:
        yield from _object((), watch, ConditionContext(field=watch.field, value=spec))


def _object(path: DocumentPath, watch: RuleNode, scope: ConditionContext) -> Iterator[SpecProblem]:
    for child in watch.children:
        name = child.field.name
        value = scope.value.get(name)
        if value is None:
            yield from _missing((*path, name), child.field, scope)
        else:
            yield from _present((*path, name), child, value, scope)


def _missing(path: DocumentPath, field: Field, scope: ConditionContext) -> Iterator[SpecProblem]:
    condition = parse(field.required_when) if field.required_when else None
    if condition and not condition.inferred and holds(condition, scope):
        message = f"{field.name} is required when {condition}"
        yield SpecProblem(path, "E_FIELD_REQUIRED_WHEN", message, f"add {field.name}")


def _present(path: DocumentPath, watch: RuleNode, value: Json, scope: ConditionContext) -> Iterator[SpecProblem]:
    field = watch.field
    condition = parse(field.applies_when) if field.applies_when else None
    if condition and holds(condition, scope) is False:
        yield _inapplicable(path, field, str(condition))
    elif field.type is FieldType.OBJECT and isinstance(value, dict):
        yield from _object(path, watch, ConditionContext(field=field, value=value, outer=scope))
    elif field.type is FieldType.LIST and isinstance(value, list):
        yield from _list(path, watch, value, scope)
    else:
        yield from _business(path, field, value)


def _inapplicable(path: DocumentPath, field: Field, condition: str) -> SpecProblem:
    """Report a field that does not apply: an object is an error; a leaf that the service ignores is a warning."""
    if field.type is FieldType.OBJECT:
        hint = f"set {condition.replace(' is ', ': ')}, or take {field.name} out"
        return SpecProblem(path, "E_FIELD_APPLIES_WHEN", f"{field.name} is only for objects whose {condition}", hint)
    message = f"{field.name} has no effect unless {condition}"
    return SpecProblem(path, "W_FIELD_NO_EFFECT", message, f"take {field.name} out", Severity.WARNING)


def _list(path: DocumentPath, watch: RuleNode, value: list[Json], scope: ConditionContext) -> Iterator[SpecProblem]:
    most = watch.field.recommended_max_items
    if most is not None and len(value) > most:
        yield _limit(path, f"{watch.field.name} has {len(value)} items, but at most {most} are of use")
    if watch.item:
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield from _object(
                    (*path, index), watch.item, ConditionContext(field=watch.item.field, value=item, outer=scope)
                )


def _business(path: DocumentPath, field: Field, value: Json) -> Iterator[SpecProblem]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    low, high = field.recommended_min, field.recommended_max
    if field.recommended_values and value not in field.recommended_values:
        yield _limit(path, f"{field.name} {value} means nothing to the service", field.doc)
    if (low is not None and value < low) or (high is not None and value > high):
        unit = f" {field.unit}" if field.unit else ""
        yield _limit(path, f"{field.name} is {value}; what works is {span(low, high)}{unit}")


def span(low: float | None, high: float | None) -> str:
    """Describe a range; at least one end is known."""
    if low is None or high is None:
        return f"at most {high:g}" if low is None else f"at least {low:g}"
    return f"{low:g} to {high:g}"


def _limit(path: DocumentPath, message: str, hint: str = "") -> SpecProblem:
    return SpecProblem(path, "W_BUSINESS_LIMIT", message, hint, Severity.WARNING)
