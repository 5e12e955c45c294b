"""Decodes a plan's JSON, which is not trusted to be valid."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TypeVar

from reconciler.model.change import (
    Action,
    Attribution,
    Change,
    FieldChange,
    FieldOp,
    GuardViolation,
    NoValue,
    SuppressedDifference,
    SuppressionReason,
    Value,
)
from reconciler.model.diagnostic import Diagnostic, RelatedPosition, Severity
from reconciler.model.json_types import Json, require_list, require_object, require_text
from reconciler.model.plan import FORMAT_VERSION, DeferredChange, Plan, UnmanagedResource
from reconciler.model.source_map import Position

_Word = TypeVar("_Word", bound=Enum)


class _JsonObject:
    """Object of a plan's JSON; each access states the type that it wants.

    Raises ValueError where a key is missing, unless a default stands for it, or where its value is of another type.
    """

    def __init__(self, value: Json, at: str = "plan") -> None:
        self._at = at
        self._values = require_object(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def value(self, name: str) -> Json:
        if name not in self._values:
            raise ValueError(f"{self._at} has no {name}")
        return self._values[name]

    def text(self, name: str, default: str | None = None) -> str:
        return default if default is not None and name not in self else require_text(self.value(name))

    def number(self, name: str) -> int:
        value = self.value(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{self._at}.{name} is no integer")  # noqa: TRY004 - the text is wrong
        return value

    def flag(self, name: str, default: bool | None = None) -> bool:
        value = default if default is not None and name not in self else self.value(name)
        if not isinstance(value, bool):
            raise ValueError(f"{self._at}.{name} is no boolean")  # noqa: TRY004 - the text is wrong
        return value

    def texts(self, name: str, *, optional: bool = False) -> tuple[str, ...]:
        return () if optional and name not in self else tuple(map(require_text, require_list(self.value(name))))

    def word(self, name: str, words: type[_Word]) -> _Word:
        return words(self.text(name))

    def child(self, name: str) -> "_JsonObject":
        return _JsonObject(self.value(name), f"{self._at}.{name}")

    def optional(self, name: str) -> "_JsonObject | None":
        return self.child(name) if self.value(name) is not None else None

    def objects(self, name: str) -> Iterator["_JsonObject"]:
        for index, part in enumerate(require_list(self.value(name))):
            yield _JsonObject(part, f"{self._at}.{name}[{index}]")


def decode(data: Mapping[str, Json]) -> Plan:
    """Decode a plan. Raises ValueError for another major version or invalid data."""
    plan = _JsonObject(data)
    version = str(data.get("format_version", ""))
    major = FORMAT_VERSION.partition(".")[0]
    if version.partition(".")[0] != major:
        raise ValueError(f"format_version {version!r} is not {major}.x")
    try:
        return _plan(plan)
    except ValueError as error:
        raise ValueError(f"this is no plan: {error}") from None


def _plan(plan: _JsonObject) -> Plan:
    return Plan(
        environment=plan.text("environment"),
        changes=tuple(map(_change, plan.objects("resource_changes"))),
        unmanaged=tuple(map(_unmanaged, plan.objects("unmanaged"))),
        held=tuple(map(_held, plan.objects("held"))),
        diagnostics=tuple(map(_diagnostic, plan.objects("diagnostics"))),
        complete=plan.flag("complete"),
        untrusted=plan.flag("untrusted"),
        base=plan.text("base"),
        unknown_counts=plan.texts("unknown_counts", optional=True),
        destroys=plan.flag("destroys", default=False),
    )


def _change(data: _JsonObject) -> Change:
    change, fingerprints = data.child("change"), data.child("fingerprints")
    (action,) = change.texts("actions")
    return Change(
        action=Action(action),
        address=data.text("address"),
        kind=data.text("type"),
        name=data.text("name"),
        id=data.text("id"),
        previous_address=data.text("previous_address", ""),
        before=change.value("before"),
        after=change.value("after"),
        unknown=data.texts("unknown"),
        fields=tuple(map(_field, data.objects("fields"))),
        suppressed=tuple(map(_suppressed, data.objects("suppressed"))),
        attribution=data.word("attribution", Attribution) if data.value("attribution") else None,
        reason=data.text("action_reason"),
        position=_position(data.optional("position")),
        blocks=tuple(map(_violation, data.objects("blocks"))),
        notes=data.texts("notes"),
        before_fingerprint=fingerprints.text("before"),
        after_fingerprint=fingerprints.text("after"),
        level=data.number("level"),
        adopt=data.flag("adopt", default=False),
        owner=data.text("owner", ""),
        defaults=data.texts("defaults", optional=True),
    )


def _violation(data: _JsonObject) -> GuardViolation:
    return GuardViolation(code=data.text("code"), message=data.text("message"), allow=data.text("allow"))


def _field(data: _JsonObject) -> FieldChange:
    return FieldChange(
        path=data.text("path"),
        op=data.word("op", FieldOp),
        before=_side(data, "before"),
        after=_side(data, "after"),
        base=_side(data, "base"),
        attribution=data.word("attribution", Attribution),
        reason=data.text("reason"),
        position=_position(data.optional("position")),
        sensitive=data.flag("sensitive"),
    )


def _side(data: _JsonObject, name: str) -> Value:
    if f"{name}_missing" in data:
        return data.word(f"{name}_missing", NoValue)
    return data.value(name) if name in data else NoValue.ABSENT


def _suppressed(data: _JsonObject) -> SuppressedDifference:
    return SuppressedDifference(
        path=data.text("path"),
        rule=data.word("rule", SuppressionReason),
        detail=data.text("detail"),
        position=_position(data.optional("position")),
    )


def _unmanaged(data: _JsonObject) -> UnmanagedResource:
    return UnmanagedResource(
        address=data.text("address"),
        kind=data.text("type"),
        name=data.text("name"),
        id=data.text("id"),
        foreign=data.text("foreign"),
        owned=data.flag("owned"),
        reason=data.text("reason", ""),
        values=data.value("values"),
    )


def _held(data: _JsonObject) -> DeferredChange:
    return DeferredChange(
        action=data.word("action", Action),
        address=data.text("address"),
        kind=data.text("type"),
        name=data.text("name"),
        reason=data.text("reason"),
    )


def decode_diagnostics(rows: Json) -> tuple[Diagnostic, ...]:
    """Decode diagnostics. Raises ValueError for invalid data."""
    return tuple(_diagnostic(_JsonObject(row, "diagnostic")) for row in require_list(rows))


def _diagnostic(data: _JsonObject) -> Diagnostic:
    return Diagnostic(
        severity=data.word("severity", Severity),
        code=data.text("code"),
        message=data.text("summary"),
        position=_position(data.optional("position")),
        hint=data.text("detail"),
        address=data.text("address"),
        path=data.text("path"),
        related=tuple(map(_related, data.objects("related"))),
    )


def _related(data: _JsonObject) -> RelatedPosition:
    place = data.child("position")
    return RelatedPosition(message=data.text("message"), position=_at(place))


def _position(data: _JsonObject | None) -> Position | None:
    return _at(data) if data else None


def _at(data: _JsonObject) -> Position:
    return Position(data.text("file"), data.number("line"), data.number("column"))
