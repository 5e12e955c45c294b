"""Computes a plan from manifests, live side and ledger state; pure, so that the same inputs give the same plan."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace

from reconciler.diff.address_patterns import NamedAddress
from reconciler.diff.change_builder import (
    ChangeInput,
    ComparedKind,
    build_create,
    build_delete,
    build_update,
)
from reconciler.diff.deletion_guards import GuardInputs, apply_guards
from reconciler.diff.dependency_order import dependency_levels, level_of, sort_changes
from reconciler.diff.diff_inputs import DiffInputs, Unsure, nameless
from reconciler.diff.full_spec import full_spec
from reconciler.diff.ignore_rules import ignoring
from reconciler.diff.matching import MatchResult, incomplete, match
from reconciler.diff.references import ReferenceIndex
from reconciler.diff.rename_hints import suggest_renames
from reconciler.diff.secret_changes import SecretValue
from reconciler.diff.selection import SelectionFilter, needs
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Change, NoValue, SuppressionReason
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Diagnostic, Severity, sort_diagnostics
from reconciler.model.json_types import Json
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import PlanOptions
from reconciler.model.plan import (
    OWNED_UNDECLARED,
    UNKNOWN_WITH_COMMIT,
    UNKNOWN_WITHOUT_LEDGER,
    W_CACHED,
    DeferredChange,
    Plan,
    UnmanagedResource,
    is_resource_error,
)
from reconciler.model.read_result import CachedShows, ReadResult
from reconciler.model.resource import DeclaredResource, LiveResource
from reconciler.redaction import redact_fields
from reconciler.semantics.compiled_field import CompiledField, compiled
from reconciler.semantics.known_parts import KnownParts
from reconciler.semantics.reference_paths import referring_fields, resolved
from reconciler.strings import normalize_name


def diff(
    manifest: DesiredState,
    readings: Mapping[str, ReadResult],
    past: LedgerState,
    settings: PlanOptions,
    *,
    base: DesiredState | None = None,
    base_name: str = "",
    kinds: Mapping[str, Kind] | None = None,
    unsure: Unsure | None = None,
    secret: SecretValue | None = None,
) -> Plan:
    """Compare declared with live objects; return the changes and their attribution.

    A kind without a read result counts as unread. `base` is the declaration of another commit, `base_name` its name.
    `unsure` names what could not be confirmed. `secret` returns the value of a named secret where this run has it.
    """
    known = kinds if kinds is not None else all_kinds()
    unread = ReadResult(kind="", incomplete="it was not read", code="E_READ_INCOMPLETE")
    read = {name: readings.get(name) or replace(unread, kind=name) for name in known}
    inputs = DiffInputs(
        manifest=manifest,
        readings=read,
        nameless=nameless(read),
        applied=frozenset((one.kind, one.address) for one in past.objects.values() if past.knows(one)),
        past=past,
        settings=settings,
        base={one.address: one for one in base.resources} if base is not None else None,
        base_name=base_name,
        unsure=unsure or {},
        secret=secret,
    )
    chosen = SelectionFilter(settings.selection, manifest.resources, known)
    names = ReferenceIndex(targets=frozenset().union(*(kind.references.values() for kind in known.values())))
    draft = PlanBuilder(inputs=inputs, chosen=chosen, depth=dependency_levels(known), names=names)
    for kind in known.values():
        draft.add(kind)
    return draft.plan(known)


@dataclass(slots=True, kw_only=True)
class PlanBuilder:
    """Builder of a plan, kind by kind.

    `awaited` holds the addresses of the creates that are held back, by kind and name.
    """

    inputs: DiffInputs
    chosen: SelectionFilter
    depth: Mapping[str, int]
    names: ReferenceIndex
    changes: list[Change] = field(default_factory=list)
    held: list[DeferredChange] = field(default_factory=list)
    unmanaged: list[UnmanagedResource] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    owned: dict[str, int] = field(default_factory=dict)
    awaited: dict[tuple[str, str], str] = field(default_factory=dict)
    known: KnownParts = field(default_factory=KnownParts)

    def add(self, kind: Kind) -> None:
        """Add the objects of one kind; kinds come after their dependencies."""
        declared = [one for one in self.inputs.manifest.resources if one.kind == kind.name]
        reading = self.inputs.readings[kind.name]
        matching = match(kind, declared, reading, self.inputs.past, self.inputs.settings)
        self.names.learn(matching, complete=reading.complete)
        live = (*matching.pairs.values(), *matching.left)
        self.owned[kind.name] = self.inputs.owned(live)
        self.diagnostics += [*matching.diagnostics, *reading.diagnostics, *incomplete(reading)]
        new = list(self._declared(kind, matching))
        self._left(matching)
        self.diagnostics += suggest_renames(compiled(kind), kind.name_field, new, matching.left)

    def _declared(self, kind: Kind, matching: MatchResult) -> Iterator[tuple[DeclaredResource, Mapping[str, Json]]]:
        """Compare each declared object; return the new ones with their specs."""
        compared_kind = ComparedKind(
            kind=kind, node=compiled(kind), level=level_of(kind.name, self.depth), known=self.known
        )
        referring = referring_fields(kind)
        for place, declared in enumerate(matching.declared):
            if not self.chosen.manifest(declared):
                continue
            if place in matching.unread:
                self._hold(Action.UPDATE, declared, self.inputs.readings[kind.name].incomplete)
                continue
            if place in matching.stopped:
                continue
            live, spec = matching.pairs.get(place), full_spec(kind, declared)
            if not referring.isdisjoint(spec):
                if not self._refers_well(kind, declared):
                    continue
                if waits := self._waits(kind, declared):
                    self._hold(Action.CREATE if live is None else Action.UPDATE, declared, waits)
                    continue
                spec = resolved(kind, spec, self.names.resolve, self.names.name_of)
            ignored = ignoring(declared, self.inputs.settings.today, kind.root)
            wish = ChangeInput(compared_kind, declared, spec, ignored, self.inputs.recorded(kind, declared, live))
            if self._planned(wish, live, matching.alike.get(place, "")):
                yield declared, spec

    def _refers_well(self, kind: Kind, declared: DeclaredResource) -> bool:
        problems = [*self.names.problems(kind, declared), *self._not_chosen(kind, declared)]
        self.diagnostics += problems
        return not problems

    def _not_chosen(self, kind: Kind, declared: DeclaredResource) -> Iterator[Diagnostic]:
        """Yield an error for each referenced object that will not exist and is not selected."""
        for target, name in dict.fromkeys(self.names.needed(kind, declared)):
            needed = self.chosen.left_out(target, name)
            if needed is not None and self.names.resolve(target, name) is NoValue.UNKNOWN:
                yield needs(declared, needed)

    def _waits(self, kind: Kind, declared: DeclaredResource) -> str:
        """Return the referenced new object that is deferred; empty where there is none."""
        if not self.awaited:
            return ""
        needed = ((target, normalize_name(name)) for target, name in self.names.needed(kind, declared))
        waiting = next((self.awaited[key] for key in needed if key in self.awaited), "")
        return f"it needs {waiting}, which is held back" if waiting else ""

    def _planned(self, wish: ChangeInput, live: LiveResource | None, alike: str) -> bool:
        """Add the change of a declared object; tells whether it is a new one."""
        declared = wish.declared
        if live is not None:
            self.changes.append(build_update(wish, live))
            if declared.ignore_changes:
                self.diagnostics += (*wish.ignoring.diagnostics, *wish.ignoring.unused(declared))
            return False
        self.diagnostics += wish.ignoring.diagnostics
        reason = alike or self.inputs.doubt(declared, declared.name)
        if reason:
            self._hold(Action.CREATE, declared, reason)
            return False
        self.changes.append(build_create(wish, self.inputs.anew(declared)))
        return True

    def _hold(self, action: Action, what: DeclaredResource | LiveResource, reason: str) -> None:
        self.held.append(
            DeferredChange(action=action, address=what.address, kind=what.kind, name=what.name, reason=reason)
        )
        if action is Action.CREATE:
            self.awaited[what.kind, normalize_name(what.name)] = what.address

    def _left(self, matching: MatchResult) -> None:
        """Add undeclared objects: deleted if owned and pruning is on, else reported."""
        node = compiled(matching.kind)
        for live in matching.left:
            if stays := self._why_it_stays(matching, live):
                owned = self.inputs.owner(live) is not None
                told = f"{OWNED_UNDECLARED}; {stays}" if owned else ""
                self.unmanaged.append(_unmanaged(node, live, reason=told, owned=owned))
            elif reason := self.inputs.doubt(live, live.id):
                self._hold(Action.DELETE, live, reason)
            else:
                level = level_of(matching.kind.name, self.depth, delete=True)
                self.changes.append(
                    build_delete(matching.kind, node, live, self.inputs.delete_attribution(live), level)
                )
        self.unmanaged += (_unmanaged(node, live, foreign=why) for live, why in matching.foreign)

    def _why_it_stays(self, matching: MatchResult, live: LiveResource) -> str:
        """Return why an object that no manifest declares is not deleted; empty where it is."""
        remembered, settings = self.inputs.owner(live), self.inputs.settings
        if remembered is None:
            return "not owned"
        if live.id in matching.spared:
            return "it stays, since a manifest may mean it: see the warnings"
        if settings.prune != "owned":
            return settings.unpruned or "`prune: owned` of the environment would delete it"
        addresses = (NamedAddress.of(live), NamedAddress(live.kind, remembered.name, remembered.address))
        return "" if self.chosen.delete(addresses) else "it stays, since it is not chosen"

    def _deletes(self) -> bool:
        return any(change.action is Action.DELETE for change in self.changes)

    def plan(self, kinds: Mapping[str, Kind]) -> Plan:
        """Build the plan."""
        inputs = self.inputs
        seen = {name: len(reading.resources) for name, reading in inputs.readings.items()}
        facts = GuardInputs(
            past=inputs.past,
            owned=self.owned,
            seen=seen,
            declared=len(inputs.manifest.resources),
            protect=inputs.settings.protect,
            kinds=kinds,
            referrers=self.names.referrers(kinds, inputs.manifest.resources if self._deletes() else ()),
        )
        changes = sort_changes(apply_guards(self.changes, facts))
        told = self.chosen.diagnostics()
        cached = sum((reading.cached for reading in inputs.readings.values()), CachedShows())
        said = [*inputs.manifest.diagnostics, *self.diagnostics, *told, *_as_of_cache(cached)]
        diagnostics = sort_diagnostics(said)
        untrusted = inputs.settings.untrusted or inputs.manifest.untrusted
        return Plan(
            environment=inputs.settings.environment,
            changes=changes,
            unmanaged=tuple(self.unmanaged),
            held=tuple(self.held),
            diagnostics=diagnostics,
            complete=not (
                self.held or cached.hits or inputs.settings.selection.partial or _partial(inputs, changes, diagnostics)
            ),
            untrusted=untrusted,
            base=_base(inputs),
            unknown_counts=_unknown_counts(inputs, untrusted=untrusted),
        )


def _unknown_counts(inputs: DiffInputs, *, untrusted: bool) -> tuple[str, ...]:
    """Name the counts that need a ledger; a base commit tells drift too."""
    if untrusted:
        return UNKNOWN_WITHOUT_LEDGER
    if inputs.past.present:
        return ()
    return UNKNOWN_WITHOUT_LEDGER if inputs.base is None else UNKNOWN_WITH_COMMIT


def _partial(inputs: DiffInputs, changes: Iterable[Change], diagnostics: Iterable[Diagnostic]) -> bool:
    """Tell whether anything in the selection could not be read."""
    if any(map(is_resource_error, diagnostics)) or not all(reading.complete for reading in inputs.readings.values()):
        return True
    return any(one.rule is SuppressionReason.HIDDEN for change in changes for one in change.suppressed)


def _as_of_cache(cached: CachedShows) -> Iterator[Diagnostic]:
    """Warn that objects come from a read cache which may be stale."""
    if cached.hits:
        yield Diagnostic(
            severity=Severity.WARNING,
            code=W_CACHED,
            message=str(cached),
            hint="for a complete plan pass --refresh full, or let `reconciler doctor --probe-writes` measure whether "
            "every write renews update_time",
        )


def _base(inputs: DiffInputs) -> str:
    """Describe the base of attribution."""
    commit = [inputs.base_name or "base"] if inputs.base is not None else []
    return " + ".join([*commit, "ledger"] if inputs.past.present else commit)


def _unmanaged(
    node: CompiledField, live: LiveResource, *, foreign: str = "", owned: bool = False, reason: str = ""
) -> UnmanagedResource:
    return UnmanagedResource(
        address=live.address,
        kind=live.kind,
        name=live.name,
        id=live.id,
        foreign=foreign,
        owned=owned,
        reason=reason,
        values=redact_fields(node, live.spec),
    )
