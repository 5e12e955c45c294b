"""Inputs of one comparison, and what ledger, base commit and reads say of an object."""

from collections.abc import Iterable, Mapping
from dataclasses import field

from reconciler.diff.attribution import NO_BASES, AttributionBases
from reconciler.diff.change_builder import RecordedState
from reconciler.diff.full_spec import full_spec, managed_fields
from reconciler.diff.secret_changes import SecretValue, judge
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Attribution
from reconciler.model.desired_state import DesiredState
from reconciler.model.ledger_state import LedgerState, ObjectRecord
from reconciler.model.options import PlanOptions
from reconciler.model.read_result import ReadResult
from reconciler.model.resource import DeclaredResource, LiveResource, address
from reconciler.semantics.compiled_field import compiled
from reconciler.strings import environment_option, normalize_name

Unsure = Mapping[str, Mapping[str, str]]
"""For each kind: names and ids that could not be confirmed, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffInputs:
    """Inputs of one comparison.

    `base` holds what a base commit declared, by address; None without one. `nameless` holds for each kind the live
    object without a readable name: it may be any declared object that was not found. `applied` are the kinds and
    addresses of the ledger's objects of this owner, or of its former name.
    """

    manifest: DesiredState
    readings: Mapping[str, ReadResult]
    past: LedgerState
    settings: PlanOptions
    base: Mapping[str, DeclaredResource] | None = None
    base_name: str = ""
    unsure: Unsure = field(default_factory=dict)
    nameless: Mapping[str, str] = field(default_factory=dict)
    applied: frozenset[tuple[str, str]] = frozenset()
    secret: SecretValue | None = None

    def record(self, live: LiveResource) -> ObjectRecord | None:
        """Return the ledger record of a live object, of any owner."""
        objects = self.past.objects
        return objects.get((live.kind, live.id)) if objects else None

    def owner(self, live: LiveResource) -> ObjectRecord | None:
        """Return the ledger record of a live object, if it is owned."""
        remembered = self.record(live)
        return remembered if self.past.owns(remembered) else None

    def owned(self, live: Iterable[LiveResource]) -> int:
        """Count the live objects that are owned."""
        return sum(1 for one in live if self.owner(one) is not None) if self.past.objects else 0

    def recorded(self, kind: Kind, declared: DeclaredResource, live: LiveResource | None) -> RecordedState:
        """Return what ledger and base commit tell of an object; of most there is nothing of its own."""
        if self.base is None and (live is None or not self.past.objects):
            return _UNRECORDED if live is None or not self.past.adopts else _ADOPTED
        remembered = self.record(live) if live is not None else None
        bases, owned = self._bases(kind, declared, remembered), self.past.owns(remembered)
        adopt = live is not None and self.past.adopts and not owned
        return RecordedState(
            bases=bases,
            judge=judge(compiled(kind), bases.applied, self.past.digest_key, self.secret),
            remembered=remembered if owned else None,
            adopt=adopt,
            owner=self.past.name_of(remembered.owner) if adopt and remembered else "",
        )

    def _bases(self, kind: Kind, declared: DeclaredResource, remembered: ObjectRecord | None) -> AttributionBases:
        """Return the attribution bases of an object with this ledger record, its owner's or that of a former name."""
        applied = None
        if remembered is not None and self.past.knows(remembered) and isinstance(remembered.last_applied, Mapping):
            applied = {kind.name_field: remembered.name, **remembered.last_applied}
        if self.base is None:
            return AttributionBases(applied=applied) if applied is not None else NO_BASES
        then = self._declared_then(self.base, declared)
        return AttributionBases(
            applied=applied, commit=managed_fields(kind, full_spec(kind, then)) if then is not None else {}
        )

    def _declared_then(
        self, base: Mapping[str, DeclaredResource], declared: DeclaredResource
    ) -> DeclaredResource | None:
        """Return the declaration of the same object in the base commit, under this name or an earlier one."""
        names = (declared.address, *(address(declared.kind, alias) for alias in declared.aliases))
        return next((base[name] for name in names if name in base), None)

    def anew(self, declared: DeclaredResource) -> Attribution:
        """Attribute a create: newly declared, merged and not applied yet, or deleted on the live side."""
        applied = (declared.kind, declared.address) in self.applied
        if self.base is not None:
            if self._declared_then(self.base, declared) is None:
                return Attribution.CONFIG
            return Attribution.PENDING if self.past.present and not applied else Attribution.DRIFT
        if not self.past.present:
            return Attribution.UNATTRIBUTED
        return Attribution.DRIFT if applied else Attribution.CONFIG

    def delete_attribution(self, live: LiveResource) -> Attribution:
        """Attribute a delete: this commit removed the manifest, or an earlier one did."""
        remembered = self.owner(live)
        addresses = {live.address, remembered.address if remembered is not None else live.address}
        return Attribution.CONFIG if self.base is None or addresses & self.base.keys() else Attribution.PENDING

    def doubt(self, what: DeclaredResource | LiveResource, key: str) -> str:
        """Return why a create or a delete is not proven; `key` is its name or id. Empty where it is."""
        open_intents = (one for one in self.past.intents if one.kind == what.kind and one.action is Action.CREATE)
        intent = next((one for one in open_intents if normalize_name(one.name) == normalize_name(key)), None)
        if intent is not None:
            resolve = f"reconciler history resolve {intent.operation}{environment_option(self.settings.environment)}"
            return f"an earlier create of this name is not settled; decide with: {resolve}"
        found = self.readings[what.kind].incomplete or self.unsure.get(what.kind, {}).get(key, "")
        if found or isinstance(what, LiveResource) or what.kind not in self.nameless:
            return found
        return f"the live object {self.nameless[what.kind]} has no name that can be read, and may be this one"


_UNRECORDED = RecordedState()
_ADOPTED = RecordedState(adopt=True)


def nameless(readings: Mapping[str, ReadResult]) -> Mapping[str, str]:
    """Return the id of one live object without a readable name, for each kind that has any."""
    return {
        kind: live.id
        for kind, reading in readings.items()
        for live in reading.resources
        if not live.name and (live.unusable or not live.foreign)
    }
