"""Change of one object as plain data: action, values before and after, reason, attribution."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.model.source_map import Position


class Action(StrEnum):
    """Action of a change. The values are Terraform's words in its JSON output."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    NONE = "no-op"


SYMBOLS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-", Action.NONE: " "}


class Attribution(StrEnum):
    """Origin of a difference, three-way: base (last applied, or a base commit), desired, live.

    CONFIG: Git changed. DRIFT: live changed. CONFLICT: both, to different values. ALREADY: both, to the same value.
    PENDING: with both bases, merged but not applied yet. UNATTRIBUTED: no base for that field; this is never reported
    as drift.
    """

    CONFIG = "config"
    DRIFT = "drift"
    CONFLICT = "conflict"
    ALREADY = "already"
    PENDING = "pending"
    UNATTRIBUTED = "unattributed"


SEVERITY_ORDER = (
    Attribution.CONFLICT,
    Attribution.DRIFT,
    Attribution.UNATTRIBUTED,
    Attribution.PENDING,
    Attribution.CONFIG,
    Attribution.ALREADY,
)
"""Attributions, the most severe first."""


def most_severe(found: Iterable[Attribution]) -> Attribution | None:
    """Return the attribution of a whole change: the most severe one of its fields; None without any."""
    present = set(found)
    return next((one for one in SEVERITY_ORDER if one in present), None)


class NoValue(Enum):
    """Absent value. ABSENT: not present. UNKNOWN: known after apply. HIDDEN: the read did not return it."""

    ABSENT = "absent"
    UNKNOWN = "known after apply"
    HIDDEN = "unknown"


REDACTED = "(sensitive value)"
"""Replacement for sensitive values in every output."""

Value: TypeAlias = Json | NoValue

PartialValue: TypeAlias = Json | NoValue | list["PartialValue"] | dict[str, "PartialValue"]
"""Value of which parts may be unknown."""


def without_unknown(value: PartialValue) -> Json:
    """Return plain JSON with null for values that are known only after apply or not at all."""
    if isinstance(value, Mapping):
        return {name: without_unknown(part) for name, part in value.items()}
    if isinstance(value, list):
        return [without_unknown(part) for part in value]
    return None if isinstance(value, NoValue) else value


class FieldOp(StrEnum):
    """Operation at one path."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    MOVE = "move"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One difference inside an object.

    `path` is written as in plans: `interaction_rules[price].trigger.time_window`. `before` is live, `after` is desired;
    both are already redacted when `sensitive`. `reason` is the origin of `after`: a position, `default`, a values file,
    `--set`. `base` is the last common value, for conflicts. `accept_refusal` is why `accept` would not write the live
    value, with what to do; empty where it would, or where that was not asked.
    """

    path: str
    op: FieldOp
    before: Value = NoValue.ABSENT
    after: Value = NoValue.ABSENT
    base: Value = NoValue.ABSENT
    attribution: Attribution = Attribution.UNATTRIBUTED
    reason: str = ""
    position: Position | None = None
    sensitive: bool = False
    accept_refusal: str = field(default="", compare=False)


class SuppressionReason(StrEnum):
    """Reason why a raw difference is not shown as a change."""

    IGNORED = "ignore_changes"
    DEFAULT = "server default"
    SERVER = "server may override"
    URL = "url query"
    SECRET = "secret not comparable"  # noqa: S105 - a reason, not a password
    TIME = "time spelling"
    NUMBER = "number for text"
    TEXT = "text normalised by the service"
    ORDER = "order has no meaning"
    HIDDEN = "hidden from the list"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressedDifference:
    """One raw difference that is not shown, with the rule that suppressed it; shown + suppressed = raw differences."""

    path: str
    rule: SuppressionReason
    detail: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardViolation:
    """Guard that blocks a change at apply: its code, the reason, and the exact flag that allows it."""

    code: str
    message: str
    allow: str = ""


class Positioned(Protocol):
    """What has a position that takes a search to find."""

    @property
    def position(self) -> Position:
        """Its position."""
        ...


_FINGERPRINTS = ("before_fingerprint", "after_fingerprint")


class LateFields:
    """Base of a change whose position and fingerprints are made when they are first read.

    Few reports print the position of an unchanged object, and none but a saved plan has fingerprints.
    """

    __slots__ = ("_fingerprints", "_positioned")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Make a field that was left open, and keep it."""
            if name == "position":
                made = {name: self._positioned.position}
            elif name in _FINGERPRINTS:
                made = dict(zip(_FINGERPRINTS, self._fingerprints(), strict=True))
            else:
                raise AttributeError(f"{type(self).__name__} has no {name}")
            for each, value in made.items():
                object.__setattr__(self, each, value)
            return made[name]

    def positioned_at(self, what: Positioned) -> Self:
        """Leave the position open until it is read."""
        object.__setattr__(self, "_positioned", what)
        object.__delattr__(self, "position")
        return self

    def fingerprinted_by(self, make: Callable[[], tuple[str, str]]) -> Self:
        """Leave the fingerprints, before and after, open until one is read."""
        object.__setattr__(self, "_fingerprints", make)
        for name in _FINGERPRINTS:
            object.__delattr__(self, name)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(LateFields):
    """Planned change of one object; an object that is up to date has the action NONE.

    `before` is the live object as read, `after` the result; both plain redacted JSON, None where there is none.
    `unknown` lists the paths of `after` that are known only after apply. Fingerprints cover the redacted, normalized
    managed part; a saved plan is compared by them. `level` is the step of the dependency order. `notes` are warnings of
    this change alone. `attribution` is that of its fields, most severe first. `adopt`: apply takes ownership of the
    object, from `owner` (empty where it had none). `defaults` are the paths of a new object's values that come from a
    documented default and not from the manifest.
    """

    action: Action
    address: str
    kind: str
    name: str
    id: str = ""
    previous_address: str = ""
    before: Json = None
    after: Json = None
    unknown: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    suppressed: tuple[SuppressedDifference, ...] = ()
    attribution: Attribution | None = None
    reason: str = ""
    position: Position | None = None
    blocks: tuple[GuardViolation, ...] = ()
    notes: tuple[str, ...] = ()
    before_fingerprint: str = ""
    after_fingerprint: str = ""
    level: int = 0
    adopt: bool = False
    owner: str = ""
    defaults: tuple[str, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether a guard blocks it."""
        return bool(self.blocks)
