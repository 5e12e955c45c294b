"""Checks the table's conditions and the limits that only prose documents, for any kind.

A spec may have other problems at the same time (all are reported at once), so no type is assumed here.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from reconciler.errors import ENOUGH, PluginError
from reconciler.kinds.base.field import Field, FieldType
from reconciler.kinds.base.problem import SpecProblem
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.model.change import NoValue
from reconciler.model.diagnostic import Severity
from reconciler.model.json_types import Json
from reconciler.model.source_map import DocumentPath

_TERM = late_pattern(r"(\w+) == '([^']*)'")
INFERRED = " (inferred)"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCondition:
    """All of `terms` (field name, value) hold. An inferred one is not documented: it is reported, never enforced."""

    terms: tuple[tuple[str, str], ...]
    inferred: bool = False

    def __str__(self) -> str:
        return " and ".join(f"{name} is {value}" for name, value in self.terms)


class ConditionContext(NamedTuple):
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
    known = True
    for name, value in condition.terms:
        found = scope.lookup(name)
        if found is NoValue.ABSENT:
            known = False
        elif found != value:
            return False
    return True if known else None


_Path = tuple[Any, ...]
"""Path of a value: that of its parent, and its own step; it is made flat for a problem only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNode:
    """Field with checks, or that contains such fields; the rest of the table is not visited."""

    field: Field
    name: str
    required: FieldCondition | None
    applies: FieldCondition | None
    has_limits: bool
    children: "tuple[RuleNode, ...]" = ()
    item: "RuleNode | None" = None

    def check_object(self, path: _Path, scope: ConditionContext, found: list[SpecProblem]) -> None:
        """Add the problems of an object's fields, up to as many as are shown."""
        get = scope.value.get
        for child in self.children:
            value = get(child.name)
            if value is not None:
                child.check((path, child.name), value, scope, found)
            elif child.required is not None and holds(child.required, scope):
                message = f"{child.name} is required when {child.required}"
                found.append(
                    SpecProblem(_flat((path, child.name)), "E_FIELD_REQUIRED_WHEN", message, f"add {child.name}")
                )
            if len(found) >= ENOUGH:
                return

    def check(self, path: _Path, value: Json, scope: ConditionContext, found: list[SpecProblem]) -> None:
        """Add the problems of a value that is there."""
        if self.applies is not None and holds(self.applies, scope) is False:
            found.append(_inapplicable(_flat(path), self.field, str(self.applies)))
        elif isinstance(value, dict) and self.field.type is FieldType.OBJECT:
            self.check_object(path, ConditionContext(self.field, value, scope), found)
        elif isinstance(value, list) and self.field.type is FieldType.LIST:
            self._check_list(path, value, scope, found)
        elif self.has_limits:
            found.extend(_business(_flat(path), self.field, value))

    def _check_list(self, path: _Path, value: list[Json], scope: ConditionContext, found: list[SpecProblem]) -> None:
        most = self.field.recommended_max_items
        if most is not None and len(value) > most:
            message = f"{self.field.name} has {len(value)} items, but at most {most} are of use"
            found.append(_limit(_flat(path), message))
        if self.item:
            for index, item in enumerate(value):
                if isinstance(item, dict):
                    self.item.check_object((path, index), ConditionContext(self.item.field, item, scope), found)
                if len(found) >= ENOUGH:
                    return


def _flat(path: _Path) -> DocumentPath:
    steps: list[str | int] = []
    while path:
        path, step = path
        steps.append(step)
    return tuple(reversed(steps))


def watched(field: Field) -> RuleNode | None:
    """Return the part of a table with checks; None where there are none."""
    children = tuple(found for child in field.children.values() if (found := watched(child)))
    item = watched(field.item) if field.item else None
    limits = (field.recommended_min, field.recommended_max, field.recommended_max_items)
    has_limits = bool(field.recommended_values or limits != (None, None, None))
    required = parse(field.required_when) if field.required_when else None
    applies = parse(field.applies_when) if field.applies_when else None
    if not (children or item or has_limits or required or applies):
        return None
    return RuleNode(
        field=field,
        name=field.name,
        required=None if required is None or required.inferred else required,
        applies=applies,
        has_limits=has_limits,
        children=children,
        item=item,
    )


def table_problems(watch: RuleNode | None, spec: Mapping[str, Json]) -> list[SpecProblem]:
    """Return the problems of a spec by the table: unmet conditions are errors, prose limits are warnings."""
    found: list[SpecProblem] = []
    if watch:
        watch.check_object((), ConditionContext(watch.field, spec), found)
    return found


def _inapplicable(path: DocumentPath, field: Field, condition: str) -> SpecProblem:
    """Report a field that does not apply: an object is an error; a leaf that the service ignores is a warning."""
    if field.type is FieldType.OBJECT:
        hint = f"set {condition.replace(' is ', ': ')}, or take {field.name} out"
        return SpecProblem(path, "E_FIELD_APPLIES_WHEN", f"{field.name} is only for objects whose {condition}", hint)
    message = f"{field.name} has no effect unless {condition}"
    return SpecProblem(path, "W_FIELD_NO_EFFECT", message, f"take {field.name} out", Severity.WARNING)


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
