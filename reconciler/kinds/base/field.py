"""Metadata of one field: role, type, limits, default and list semantics.

The terms are those of fields.yaml (legend) and, for lists, of Kubernetes.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import Enum, StrEnum

from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json


class FieldRole(StrEnum):
    """Role of a field (fields.yaml, legend).

    IDENTITY: the name by which a manifest matches. MANAGED: writable and documented in the list. DETAIL: writable,
    readable only through show. OBSERVED: readable, not writable. COMPUTED: assigned by the service. The last two are
    never compared.
    """

    IDENTITY = "identity"
    MANAGED = "managed"
    DETAIL = "write_only_or_detail"
    OBSERVED = "observed"
    COMPUTED = "computed"


WRITABLE = frozenset({FieldRole.IDENTITY, FieldRole.MANAGED, FieldRole.DETAIL})


class FieldType(StrEnum):
    """The JSON type of a field."""

    TEXT = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    OBJECT = "object"
    LIST = "list"


class ListType(StrEnum):
    """Comparison of a list, in Kubernetes' terms. ORDERED_MAP pairs by key and compares the order too."""

    ATOMIC = "atomic"
    SET = "set"
    MAP = "map"
    ORDERED_MAP = "ordered map"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSemantics:
    """Comparison of one list: the keys by which items pair, and the keys that the server assigns.

    A key may be a path inside the item (`position.layer_index`). The absence of an `optional` key is a value of its
    own; the absence of any other makes the list atomic. A SET compares whole items.
    """

    type: ListType
    keys: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    server_keys: tuple[str, ...] = ()


class NoDefault(Enum):
    """No documented default: an absent field is not managed."""

    NONE = "no default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Metadata of one field at one path.

    `path` is written as in fields.yaml (`interaction_rules[].trigger.reply_mode`); the root object has the empty path,
    the item of a list the path with `[]`. `children` are an object's fields by name; `item` is a list's item.

    `server_may_override`: the service may ignore what is sent, so that an absent field is not managed, also with a
    default. `default_on_create_only`: absent, it is the default for a new object and not managed on one that exists.
    `volatile_url`: compared without its query. `refused` are choices of the API that no manifest may use; a check of
    the kind has the reason.

    Limits bind the desired side only; the lengths that the API gives for enums are left out, being wrong (fields.yaml:
    reply_mode). `recommended_…` are tighter limits that only prose gives: warnings.
    """

    path: str
    name: str
    type: FieldType
    role: FieldRole
    doc: str = ""
    source: str = ""
    examples: tuple[Json, ...] = ()
    enum: tuple[Json, ...] = ()
    refused: tuple[Json, ...] = ()
    default: Json | NoDefault = NoDefault.NONE
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    pattern: str = ""
    required: bool = False
    required_in: tuple[str, ...] = ()
    sensitive: bool = False
    volatile_url: bool = False
    server_may_override: bool = False
    default_on_create_only: bool = False
    format: str = ""
    unit: str = ""
    required_when: str = ""
    applies_when: str = ""
    in_list: bool = False
    in_show: bool = True
    in_create: bool = True
    in_update: bool = True
    list_may_hide: bool = False
    recommended_min: float | None = None
    recommended_max: float | None = None
    recommended_values: tuple[Json, ...] = ()
    recommended_max_items: int | None = None
    update_undocumented: bool = False
    list: ListSemantics | None = None
    children: Mapping[str, "Field"] = field(default_factory=dict)
    item: "Field | None" = None

    @property
    def writable(self) -> bool:
        """Whether a manifest may declare it."""
        return self.role in WRITABLE

    @property
    def documented_default(self) -> Json:
        """Documented default; None where there is none, or where it is null (see `documented`)."""
        return None if isinstance(self.default, NoDefault) else self.default

    @property
    def documented(self) -> bool:
        """Whether the API documents a default."""
        return self.default is not NoDefault.NONE

    @property
    def defaulted(self) -> bool:
        """Whether an absent field has its documented default (where its parent object is declared)."""
        return self.documented and not (self.server_may_override or self.default_on_create_only)
