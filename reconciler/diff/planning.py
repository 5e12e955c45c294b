"""The differ: manifest, live side and past in, a plan out; pure, so that the same inputs give the same plan."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.diff.attribute import Bases
from reconciler.diff.changes import Both, compared, created, removed
from reconciler.diff.guard import guarded
from reconciler.diff.ignore import ignoring
from reconciler.diff.match import Matching, match
from reconciler.diff.nodes import Node, compiled
from reconciler.diff.order import ordered
from reconciler.diff.references import Names
from reconciler.diff.renames import suggestions
from reconciler.diff.secrets import SecretValue, judge
from reconciler.diff.select import Chosen
from reconciler.diff.spec import managed, resolved, spec_of
from reconciler.kinds import all_kinds
from reconciler.kinds.kind import Kind
from reconciler.model.change import Action, Attribution, Change, Rule
from reconciler.model.diagnostic import Diagnostic, Severity, arranged
from reconciler.model.manifest import Manifest
from reconciler.model.past import Past, Remembered
from reconciler.model.plan import Held, Plan, Unmanaged
from reconciler.model.reading import Reading
from reconciler.model.resource import Declared, Json, Live
from reconciler.model.settings import PlanSettings

Unsure = Mapping[str, Mapping[str, str]]
"""For each kind: names and ids that could not be confirmed, with the reason."""


def diff(
    manifest: Manifest,
    readings: Mapping[str, Reading],
    past: Past,
    settings: PlanSettings,
    *,
    base: Manifest | None = None,
    base_name: str = "",
    kinds: Mapping[str, Kind] | None = None,
    unsure: Unsure | None = None,
    secret: SecretValue | None = None,
) -> Plan:
    """Compare what is declared with what was read, and say what would be done and who moved what.

    A kind without a reading counts as one that could not be read. `base` is what another commit declared, `base_name`
    how it is called. `secret` returns the value of a named secret where this run may know it.
    """
    known = kinds if kinds is not None else all_kinds()
    run = _Run(
        manifest=manifest,
        readings={name: readings.get(name) or _unread(name) for name in known},
        past=past,
        settings=settings,
        base={one.address: one for one in base.resources} if base is not None else None,
        unsure=unsure or {},
        secret=secret,
        chosen=Chosen(settings.selection),
    )
    for kind in known.values():
        run.add(kind)
    return run.plan(known, base_name)


def _unread(kind: str) -> Reading:
    return Reading(kind=kind, incomplete="it was not read", code="E_READ_INCOMPLETE")


@dataclass(slots=True, kw_only=True)
class _Run:
    """One comparison on its way: the inputs, and what has come together so far."""

    manifest: Manifest
    readings: Mapping[str, Reading]
    past: Past
    settings: PlanSettings
    base: Mapping[str, Declared] | None
    unsure: Unsure
    secret: SecretValue | None
    chosen: Chosen
    names: Names = field(default_factory=Names)
    changes: list[Change] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    unmanaged: list[Unmanaged] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    owned: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def add(self, kind: Kind) -> None:
        """Compare the objects of one kind; kinds come after those they refer to."""
        declared = [one for one in self.manifest.resources if one.kind == kind.name]
        reading = self.readings[kind.name]
        matching = match(kind, declared, reading, self.past, self.settings)
        self.names.learn(matching, complete=reading.complete)
        self._count(matching, reading)
        self.diagnostics += [*matching.diagnostics, *reading.diagnostics, *_incomplete(reading)]
        node = compiled(kind)
        new = list(self._declared(kind, node, matching, reading))
        self._left(kind, node, matching, reading)
        self.diagnostics += suggestions(node, kind.name_field, new, matching.left)

    def _count(self, matching: Matching, reading: Reading) -> None:
        kind = matching.kind.name
        live = (*matching.pairs.values(), *matching.left)
        self.owned[kind] = sum(1 for one in live if self._owner(one) is not None)
        self.seen[kind] = len(reading.resources)

    def _owner(self, live: Live) -> Remembered | None:
        remembered = self.past.objects.get((live.kind, live.id))
        return remembered if remembered is not None and remembered.owner == self.past.owner else None

    def _declared(
        self, kind: Kind, node: Node, matching: Matching, reading: Reading
    ) -> Iterator[tuple[Declared, Mapping[str, Json]]]:
        """Compare each declared object; the new ones come back."""
        for place, declared in enumerate(matching.declared):
            if not self.chosen.manifest(declared) or place in matching.stopped - set(matching.unread):
                continue
            if place in matching.unread:
                self._hold(Action.UPDATE, declared.address, declared, reading.incomplete)
                continue
            problems = list(self.names.problems(kind, declared))
            self.diagnostics += problems
            if problems:
                continue
            both = self._both(kind, node, declared, matching.pairs.get(place))
            if both.live is not None:
                self._compare(both)
            elif not self._held_create(kind, declared, reading):
                self.changes.append(created(both))
                yield declared, both.spec

    def _both(self, kind: Kind, node: Node, declared: Declared, live: Live | None) -> Both:
        spec = resolved(kind, spec_of(kind, declared), self.names.resolve, self.names.name_of)
        bases = self._bases(kind, declared, live)
        return Both(
            kind=kind,
            node=node,
            declared=declared,
            spec=spec,
            live=live,
            bases=bases,
            ignoring=ignoring(declared, self.settings.today),
            judge=judge(node, bases.applied, self.past.digest_key, self.secret),
            anew=self._anew(declared),
            notes=kind.on_update(live.spec) if live is not None else (),
        )

    def _bases(self, kind: Kind, declared: Declared, live: Live | None) -> Bases:
        remembered = self._owner(live) if live is not None else None
        applied = None
        if remembered is not None and isinstance(remembered.last_applied, Mapping):
            applied = {kind.name_field: remembered.name, **remembered.last_applied}
        if self.base is None:
            return Bases(applied=applied)
        then = self._then(declared)
        return Bases(applied=applied, commit=managed(kind, spec_of(kind, then)) if then is not None else {})

    def _then(self, declared: Declared) -> Declared | None:
        """Return what the base commit declared for the same object, under this name or an earlier one."""
        assert self.base is not None
        names = (declared.address, *(_address(declared, alias) for alias in declared.aliases))
        return next((self.base[name] for name in names if name in self.base), None)

    def _anew(self, declared: Declared) -> Attribution:
        """Attribute a create: the object was declared anew, or somebody removed the live one."""
        if self.base is not None and self._then(declared) is None:
            return Attribution.CONFIG
        if self.past.present or self.base is not None:
            ours = (one for one in self.past.objects.values() if one.owner == self.past.owner)
            known = any(one.kind == declared.kind and one.address == declared.address for one in ours)
            if known:
                return Attribution.DRIFT
            return Attribution.PENDING if self.base is not None and self.past.present else self._fresh()
        return Attribution.UNATTRIBUTED

    def _fresh(self) -> Attribution:
        return Attribution.CONFIG if self.past.present else Attribution.DRIFT

    def _compare(self, both: Both) -> None:
        change = compared(both)
        self.diagnostics += both.ignoring.diagnostics
        self.diagnostics += both.ignoring.unused(both.declared)
        self.changes.append(change)

    def _held_create(self, kind: Kind, declared: Declared, reading: Reading) -> bool:
        """Hold a create back where the read does not prove that there is nothing, or an earlier one is not settled."""
        reason = reading.incomplete or self.unsure.get(kind.name, {}).get(declared.name, "")
        intent = next(
            (
                one
                for one in self.past.intents
                if one.kind == kind.name and one.action is Action.CREATE and one.name == declared.name
            ),
            None,
        )
        if intent is not None:
            reason = f"an earlier create of this name ({intent.operation}) is not settled; see `history resolve`"
        if reason:
            self._hold(Action.CREATE, declared.address, declared, reason)
        return bool(reason)

    def _hold(self, action: Action, address: str, what: Declared | Live, reason: str) -> None:
        self.held.append(Held(action=action, address=address, kind=what.kind, name=what.name, reason=reason))

    def _left(self, kind: Kind, node: Node, matching: Matching, reading: Reading) -> None:
        """Live objects that nobody declares: deleted if they are ours and that is wanted, else told."""
        from reconciler.diff.compare import masked

        for live in matching.left:
            remembered = self._owner(live)
            if remembered is None or not self._may_go(matching, live, remembered):
                self.unmanaged.append(_unmanaged(live, masked(node, live.spec), owned=remembered is not None))
                continue
            reason = reading.incomplete or self.unsure.get(kind.name, {}).get(live.id, "")
            if reason:
                self._hold(Action.DELETE, live.address, live, reason)
            else:
                self.changes.append(removed(kind, node, live, "ours, and no manifest declares it", self._gone(live)))
        for live, why in matching.foreign:
            self.unmanaged.append(_unmanaged(live, masked(node, live.spec), foreign=why))

    def _may_go(self, matching: Matching, live: Live, remembered: Remembered) -> bool:
        wanted = self.settings.prune == "owned" and live.id not in matching.spared
        return wanted and self.chosen.delete({live.address, remembered.address})

    def _gone(self, live: Live) -> Attribution:
        if self.base is None or live.address in self.base:
            return Attribution.CONFIG
        return Attribution.PENDING

    def plan(self, kinds: Mapping[str, Kind], base_name: str) -> Plan:
        """Put the plan together."""
        changes = guarded(
            self.changes,
            past=self.past,
            owned=self.owned,
            seen=self.seen,
            declared=len(self.manifest.resources),
            protect=self.settings.protect,
            kinds=kinds,
        )
        hidden = any(one.rule is Rule.HIDDEN for change in changes for one in change.suppressed)
        diagnostics = [
            *self.manifest.diagnostics,
            *self.diagnostics,
            *self.chosen.told(self.manifest.resources, changes),
        ]
        whole = all(reading.complete for reading in self.readings.values())
        return Plan(
            environment=self.settings.environment,
            changes=ordered(changes, kinds),
            unmanaged=tuple(self.unmanaged),
            held=tuple(self.held),
            diagnostics=arranged(diagnostics),
            complete=whole and not (hidden or self.held or self.settings.selection.partial or _ambiguous(diagnostics)),
            untrusted=self.settings.untrusted or self.manifest.untrusted,
            base=_base_words(self.base is not None, base_name, self.past),
        )


def _ambiguous(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(one.code == "E_NAME_AMBIGUOUS" for one in diagnostics)


def _base_words(commit: bool, name: str, past: Past) -> str:
    parts = [name or "base"] if commit else []
    return " + ".join([*parts, "ledger"] if past.present else parts)


def _address(declared: Declared, alias: str) -> str:
    from reconciler.model.resource import address

    return address(declared.kind, alias)


def _unmanaged(live: Live, values: Json, *, foreign: str = "", owned: bool = False) -> Unmanaged:
    return Unmanaged(
        address=live.address, kind=live.kind, name=live.name, id=live.id, foreign=foreign, owned=owned, values=values
    )


def _incomplete(reading: Reading) -> Iterator[Diagnostic]:
    if not reading.complete:
        yield Diagnostic(
            severity=Severity.ERROR,
            code=reading.code or "E_READ_INCOMPLETE",
            message=f"the live objects of kind {reading.kind} could not be read whole: {reading.incomplete}",
            hint="updates of what was read are planned; creates and deletes are held back; try again",
        )
