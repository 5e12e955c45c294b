"""One change, as plain data: what, from what to what, why, and who moved it."""

from dataclasses import dataclass
from enum import Enum, StrEnum

from reconciler.model.resource import Json
from reconciler.model.source_map import Position


class Action(StrEnum):
    """What a change does. The values are Terraform's words, as machines read them."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    NONE = "no-op"


SYMBOLS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-", Action.NONE: " "}


class Attribution(StrEnum):
    """Who moved a field, three-way: base (last applied, or a base commit), desired, live.

    CONFIG: Git moved. DRIFT: live moved. CONFLICT: both, differently. ALREADY: both, alike.
    PENDING: with both bases, merged but not applied yet. UNATTRIBUTED: no base for that field, never called drift.
    """

    CONFIG = "config"
    DRIFT = "drift"
    CONFLICT = "conflict"
    ALREADY = "already"
    PENDING = "pending"
    UNATTRIBUTED = "unattributed"


class NoValue(Enum):
    """A value that is not there. ABSENT: not present. UNKNOWN: known after apply. HIDDEN: the read could not see it."""

    ABSENT = "absent"
    UNKNOWN = "known after apply"
    HIDDEN = "unknown"


REDACTED = "(sensitive value)"
"""Stands in every output for a value that must not be seen."""

Value = Json | NoValue


class FieldOp(StrEnum):
    """What happens at one path."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    MOVE = "move"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One difference inside an object.

    `path` is spelled as plans print it: `interaction_rules[price].trigger.time_window`. `before` is live, `after` is
    desired; both are masked already when `sensitive`. `reason` says where `after` comes from: a place, `default`,
    a values file, `--set`. `base` is the last common value, for conflicts.
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


class SuppressionReason(StrEnum):
    """Why a raw difference is not shown as a change."""

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
    """One raw difference that is not shown, with the rule that hid it; shown + suppressed = raw differences."""

    path: str
    rule: SuppressionReason
    detail: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardViolation:
    """A guard that holds a change back at apply: its code, what it found, and the exact flag that allows it."""

    code: str
    message: str
    allow: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a plan has to say of one object; an object in step has the action NONE.

    `before` is the live object as read, `after` what it would be; both plain JSON, masked, None where there is none.
    `unknown` lists the paths of `after` that are known only after apply. Fingerprints cover the masked, normalised
    managed part: they are what a saved plan is compared by. `level` is the step of the dependency order. `notes` are
    warnings that belong to this change alone. `attribution` is that of its fields, the gravest first. `adopt` tells
    that apply takes ownership of the object, `owner` from whom (empty where nobody owned it).
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

    @property
    def blocked(self) -> bool:
        """Whether a guard holds it back."""
        return bool(self.blocks)
