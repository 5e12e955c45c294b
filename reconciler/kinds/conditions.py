"""The conditions of the facts, `room_type == 'TEMPLATE' and shared_type == 'SHARED'`, as values.

Validator and JSON Schema both read them, so that an editor and we agree.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from reconciler.errors import PluginError
from reconciler.kinds.table import Field, NoDefault
from reconciler.model.resource import Json

_TERM = re.compile(r"(\w+) == '([^']*)'")
INFERRED = " (inferred)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """All of `terms` (field name, value) hold. An inferred one is nowhere documented: it is said, never enforced."""

    terms: tuple[tuple[str, str], ...]
    inferred: bool = False

    def __str__(self) -> str:
        return " and ".join(f"{name} is {value}" for name, value in self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One object of a spec, and the objects around it: where a condition looks its names up."""

    field: Field
    value: Mapping[str, Json]
    outer: "Scope | None" = None

    def lookup(self, name: str) -> Json:
        """Return what the name means here: its value, its default, or NoDefault where nobody knows."""
        if name not in self.field.children:
            return self.outer.lookup(name) if self.outer else NoDefault.NONE
        value = self.value.get(name)
        return self.field.children[name].default if value is None else value


@cache
def parse(text: str) -> Condition:
    """Read one condition; raises PluginError for one that says more than `name == 'value'` joined by `and`."""
    bare = text.removesuffix(INFERRED)
    terms = [_TERM.fullmatch(term) for term in bare.split(" and ")]
    if not all(terms):
        raise PluginError(f"a kind has the condition {text!r}", hint="write it as name == 'value' and name == 'value'")
    return Condition(terms=tuple((term[1], term[2]) for term in terms if term), inferred=bare != text)


def holds(condition: Condition, scope: Scope) -> bool | None:
    """Tell whether it holds; None where a field is neither written nor has a default."""
    answers = [_answer(scope.lookup(name), value) for name, value in condition.terms]
    if False in answers:
        return False
    return None if None in answers else True


def _answer(found: Json, value: str) -> bool | None:
    return None if found is NoDefault.NONE else found == value
