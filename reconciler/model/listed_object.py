"""Live objects of one kind in one environment, as a list for people and programs."""

from collections.abc import Mapping
from dataclasses import field

from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json_types import Json
from reconciler.model.read_result import ApiUsage
from reconciler.model.resource import address
from reconciler.model.source_map import Position

LISTING_FORMAT = "1.0"
"""Version of the JSON shape of listings and descriptions; the second number grows with new keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedObject:
    """One live object: its raw fields, where it is declared, and who owns it.

    `values` are the fields as read, sensitive ones redacted; `hidden` are the top-level fields that were not read.
    `declared` is the position of its manifest. `managed`: a manifest declares it, or this environment owns it; None
    where that is not known. `owner` is the display name of its owner in the ledger, or empty. `foreign` is why it is
    never written, or empty.
    """

    environment: str
    kind: str
    id: str
    name: str
    values: Mapping[str, Json]
    hidden: frozenset[str] = frozenset()
    declared: Position | None = None
    declared_as: str = ""
    managed: bool | None = None
    owner: str = ""
    foreign: str = ""

    @property
    def address(self) -> str:
        """Address of its manifest, else of its name; several live objects may share the latter."""
        return self.declared_as or address(self.kind, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedFilter:
    """Filter of a listing: the parameter and the value that was sent.

    `checked` tells whether the rows show that the service applied it; False where they do not show the field. `ignored`
    tells that rows contradict it: it was applied to the rows after they were read.
    """

    parameter: str
    value: str
    checked: bool = False
    ignored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectList:
    """Live objects of one kind in one environment, by name and id.

    `incomplete` is the reason why the list is not proven to be complete, or empty; `code` is then stable. `proof` is
    the evidence of completeness. `missing` are the requested names and ids that no object has.
    """

    environment: str
    kind: str
    objects: tuple[ListedObject, ...] = ()
    missing: tuple[str, ...] = ()
    incomplete: str = ""
    code: str = ""
    proof: str = ""
    filters: tuple[AppliedFilter, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    usage: ApiUsage = field(default_factory=ApiUsage)

    @property
    def complete(self) -> bool:
        """Whether every matching object is in it."""
        return not self.incomplete


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChange:
    """One change of an object in the ledger's journal; `status` is empty while its outcome is unknown.

    `started` is by the service's clock, `ended` by the ledger's, empty while the outcome is unknown; both are UTC.
    """

    started: str
    action: str
    status: str
    run: str
    reason: str = ""
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDescription:
    """All that is known of one live object.

    `object` has every field. `sentences` maps the path of a list to a sentence for each of its items. `changes` are the
    last ones in the ledger, newest first. `protected`: it must not be destroyed. `drift_since` is when it was first
    seen to drift, if it drifts. `incomplete` is why another object may have the same address, or empty.
    """

    object: ListedObject
    sentences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    changes: tuple[ObjectChange, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    protected: bool = False
    drift_since: str = ""
    incomplete: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
