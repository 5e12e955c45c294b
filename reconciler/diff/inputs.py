"""What a comparison is made of, and what can be asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.diff.attribute import Bases
from reconciler.diff.secrets import SecretValue
from reconciler.diff.spec import managed, spec_of
from reconciler.kinds.kind import Kind
from reconciler.model.change import Action, Attribution, Change
from reconciler.model.manifest import Manifest
from reconciler.model.past import Past, Remembered
from reconciler.model.reading import Reading
from reconciler.model.resource import Declared, Live, address
from reconciler.model.settings import PlanSettings
from reconciler.strings import normalize_name

Unsure = Mapping[str, Mapping[str, str]]
"""For each kind: names and ids that could not be confirmed, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything one comparison is made of.

    `base` holds what a base commit declared, by address; None without one. `nameless` says for each kind which live
    object has no name that can be read: it may be any that is declared and was not found.
    """

    manifest: Manifest
    readings: Mapping[str, Reading]
    past: Past
    settings: PlanSettings
    base: Mapping[str, Declared] | None = None
    base_name: str = ""
    unsure: Unsure = field(default_factory=dict)
    nameless: Mapping[str, str] = field(default_factory=dict)
    secret: SecretValue | None = None

    def owner(self, live: Live) -> Remembered | None:
        """Return what the ledger remembers of a live object, if it is ours."""
        remembered = self.past.objects.get((live.kind, live.id))
        return remembered if self.past.owns(remembered) else None

    def known(self, live: Live) -> Remembered | None:
        """Return what the ledger remembers of a live object, if it is ours or was, under our name of before."""
        remembered = self.past.objects.get((live.kind, live.id))
        return remembered if self.past.knows(remembered) else None

    def adopted(self, change: Change) -> Change:
        """Mark the change of a live object that apply takes ownership of, with the name of its owner."""
        remembered = self.past.objects.get((change.kind, change.id))
        if not self.past.adopts or self.past.owns(remembered):
            return change
        return replace(change, adopt=True, owner=self.past.name_of(remembered.owner) if remembered else "")

    def bases(self, kind: Kind, declared: Declared, live: Live | None) -> Bases:
        """Return what an object was meant to be before."""
        remembered = self.known(live) if live is not None else None
        applied = None
        if remembered is not None and isinstance(remembered.last_applied, Mapping):
            applied = {kind.name_field: remembered.name, **remembered.last_applied}
        if self.base is None:
            return Bases(applied=applied)
        then = self._declared_then(self.base, declared)
        return Bases(applied=applied, commit=managed(kind, spec_of(kind, then)) if then is not None else {})

    def _declared_then(self, base: Mapping[str, Declared], declared: Declared) -> Declared | None:
        """Return what the base commit declared for the same object, under this name or an earlier one."""
        names = (declared.address, *(address(declared.kind, alias) for alias in declared.aliases))
        return next((base[name] for name in names if name in base), None)

    def anew(self, declared: Declared) -> Attribution:
        """Attribute a create: declared anew, merged and not applied yet, or removed by somebody."""
        ours = filter(self.past.knows, self.past.objects.values())
        applied = any((one.kind, one.address) == (declared.kind, declared.address) for one in ours)
        if self.base is not None:
            if self._declared_then(self.base, declared) is None:
                return Attribution.CONFIG
            return Attribution.PENDING if self.past.present and not applied else Attribution.DRIFT
        if not self.past.present:
            return Attribution.UNATTRIBUTED
        return Attribution.DRIFT if applied else Attribution.CONFIG

    def gone(self, live: Live) -> Attribution:
        """Attribute a delete: this commit took the manifest out, or an earlier one did."""
        remembered = self.owner(live)
        addresses = {live.address, remembered.address if remembered is not None else live.address}
        return Attribution.CONFIG if self.base is None or addresses & self.base.keys() else Attribution.PENDING

    def doubt(self, what: Declared | Live, key: str) -> str:
        """Say why a create or a delete is not proven; `key` is its name or id. Empty where it is."""
        open_intents = (one for one in self.past.intents if one.kind == what.kind and one.action is Action.CREATE)
        intent = next((one for one in open_intents if normalize_name(one.name) == normalize_name(key)), None)
        if intent is not None:
            return f"an earlier create of this name ({intent.operation}) is not settled; see `history resolve`"
        found = self.readings[what.kind].incomplete or self.unsure.get(what.kind, {}).get(key, "")
        if found or isinstance(what, Live) or what.kind not in self.nameless:
            return found
        return f"the live object {self.nameless[what.kind]} has no name that can be read, and may be this one"


def nameless(readings: Mapping[str, Reading]) -> Mapping[str, str]:
    """Return the id of one live object without a readable name, for each kind that has any."""
    return {
        kind: live.id
        for kind, reading in readings.items()
        for live in reading.resources
        if not live.name and (live.unusable or not live.foreign)
    }
