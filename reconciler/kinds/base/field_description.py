"""Describes a field of a kind's table for people and for programs: type, limits, default, role, what live shows."""

import json
from collections.abc import Iterator, Sequence

from reconciler.errors import UsageError
from reconciler.kinds.base.field import Field, FieldRole, FieldType
from reconciler.kinds.base.kind import Kind
from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import Json
from reconciler.strings import did_you_mean

ITEM = "item"
"""Step of a path into the items of a list: `interaction_rules.item.trigger`."""

ROLES = {
    FieldRole.IDENTITY: "the name by which it is matched",
    FieldRole.MANAGED: "declared in manifests, compared and applied",
    FieldRole.DETAIL: "declared in manifests, compared and applied",
    FieldRole.OBSERVED: "reported by the service; never declared, never compared",
    FieldRole.COMPUTED: "assigned by the service; never declared, never compared",
}
_LIMITS = ("minimum", "maximum", "min_length", "max_length", "min_items", "max_items", "pattern", "format", "unit")
_STEP = late_pattern(r"\[[^\]]*\]")


def find_field(kind: Kind, path: str) -> Field:
    """Return the field at a path, the root for an empty one. Raises UsageError (E_FIELD_UNKNOWN) with a suggestion.

    A list's item is `.item`, `[]` or any key in brackets, and may be left out. `spec.` may stand before the path.
    """
    steps = [step for step in _STEP.sub(f".{ITEM}", path).split(".") if step]
    if steps[:1] == ["spec"] and "spec" not in kind.top_fields:
        steps = steps[1:]
    if steps[:1] == ["metadata"] and "metadata" not in kind.top_fields:
        hint = f"the name is {kind.name_field}; manifests.schema.json has the others: `reconciler schema manifest`"
        raise UsageError(f"metadata is the same for every kind: explain tells the fields of {kind.name}", hint=hint)
    field = kind.root
    for at, step in enumerate(steps):
        field = _child(field, step, kind, steps[:at])
    return field


def _child(field: Field, step: str, kind: Kind, before: Sequence[str]) -> Field:
    if field.item is not None and step == ITEM:
        return field.item
    inside = field.item if field.item is not None else field
    if step in inside.children:
        return inside.children[step]
    where = ".".join((kind.name, *before))
    if not inside.children:
        message, hint = f"{where} is a single value", "end the path there"
    else:
        message = f"{where} has no field `{step}`"
        hint = did_you_mean(step, inside.children, f"the fields there are {', '.join(inside.children)}")
    raise UsageError(message, code="E_FIELD_UNKNOWN", hint=hint)


def field_path(field: Field) -> str:
    """Return a field's path with dots alone: `interaction_rules.item.trigger`."""
    return field.path.replace("[]", f".{ITEM}")


def children_of(field: Field) -> tuple[Field, ...]:
    """Return the fields inside a field: an object's, or those of a list's items."""
    return tuple((field.item if field.item is not None else field).children.values())


def type_text(field: Field) -> str:
    """Return a field's type: `integer`, `list of string`, `secret`."""
    if field.item is not None:
        return f"list of {type_text(field.item)}"
    return "secret" if field.sensitive else field.type.value


def limits_text(field: Field) -> str:
    """Return what a value may be; empty where anything of the type may."""
    return "; ".join(_limits(field))


def _limits(field: Field) -> Iterator[str]:
    if field.enum:
        yield "one of " + ", ".join(_spelled(one) for one in field.enum if one not in field.refused)
    for low, high, unit in (
        (field.minimum, field.maximum, f"{field.unit}s" if field.unit.isalpha() else field.unit),
        (field.min_length, field.max_length, "characters"),
        (field.min_items, field.max_items, "items"),
    ):
        if text := _between(low, high):
            yield f"{text} {unit}".strip()
    if field.pattern:
        yield f"matches {field.pattern}"
    if field.format:
        yield field.format
    if field.item is not None and field.item.type is not FieldType.OBJECT and (inner := limits_text(field.item)):
        yield f"each {inner}"


def _between(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return f"at least {low:g}" if high is None else f"at most {high:g}" if low is None else f"{low:g} to {high:g}"


def recommended_text(field: Field) -> str:
    """Return the tighter limits that only the API's prose gives; beyond them validate warns."""
    parts = []
    if text := _between(field.recommended_min, field.recommended_max):
        parts.append(text)
    if field.recommended_values:
        parts.append("one of " + ", ".join(_spelled(one) for one in field.recommended_values))
    if field.recommended_max_items is not None:
        parts.append(f"at most {field.recommended_max_items} items")
    return "; ".join(parts)


def default_text(field: Field) -> str:
    """Return what an absent field means."""
    if not field.documented:
        if field.required or field.required_in:
            return "none: it must be given"
        return "none: an absent field is not managed" if field.writable else ""
    if field.server_may_override:
        return f"{_spelled(field.documented_default)}, or what the service decides: an absent field is not managed"
    return _spelled(field.documented_default) + (
        " for a new object; later not managed" if field.default_on_create_only else ""
    )


def live_text(field: Field) -> str:
    """Return where the live value can be read."""
    if not field.in_list:
        return "show only" if field.in_show else "never: it is written only"
    if not field.in_show:
        return "list only"
    return "list, unless a newer service leaves it out, and show" if field.list_may_hide else "list and show"


def compared_text(field: Field) -> str:
    """Return how a list is compared; empty for other types."""
    if field.item is None:
        return ""
    if field.list is None:
        return "atomic"
    return field.list.type.value + (f" by {', '.join(field.list.keys)}" if field.list.keys else "")


def description(field: Field, kind: Kind, *, recursive: bool = False) -> dict[str, Json]:
    """Return a field as plain data, with the fields inside it; with `recursive` at full depth."""
    return {
        **_own(field, kind),
        "fields": [
            description(child, kind, recursive=True) if recursive else _own(child, kind) for child in children_of(field)
        ],
    }


def _own(field: Field, kind: Kind) -> dict[str, Json]:
    return {
        "kind": kind.name,
        "path": field_path(field),
        "name": field.name,
        "type": type_text(field),
        "description": field.doc,
        "required": field.required or bool(field.required_in),
        "required_when": field.required_when,
        "applies_when": field.applies_when,
        "default": field.documented_default,
        "has_default": field.documented,
        "default_text": default_text(field),
        "limits": {name: limit for name in _LIMITS if (limit := getattr(field, name)) is not None and limit != ""}
        | ({"enum": [one for one in field.enum if one not in field.refused]} if field.enum else {}),
        "recommended": recommended_text(field),
        "compared": compared_text(field),
        "role": field.role.value,
        "role_text": ROLES[field.role],
        "writable": field.writable,
        "sensitive": field.sensitive,
        "live": live_text(field),
        "in_list": field.in_list,
        "in_show": field.in_show,
        "examples": list(field.examples),
        "source": source_text(field, kind),
    }


def source_text(field: Field, kind: Kind) -> str:
    """Return where a field is documented: its object of the API, and the page of the kind."""
    return "; ".join(filter(None, (field.source, kind.source or f"GET {kind.endpoints.collection}")))


def _spelled(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
