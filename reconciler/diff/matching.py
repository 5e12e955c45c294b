"""Matches manifests with live objects by `metadata.id`, the ledger's id, the exact name, an alias, in this order.

Foreign, temporary and out-of-scope objects are removed before names are counted. A name that two live objects share is
an error for that name alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.lookalikes import quoted_apart
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import PlanOptions
from reconciler.model.read_result import ReadResult
from reconciler.model.resource import DeclaredResource, LiveResource, address
from reconciler.semantics.equality import fold_name
from reconciler.semantics.scope import outside_scope_reason
from reconciler.strings import normalize_name

OUTSIDE = "outside the scope"


@dataclass(slots=True, kw_only=True)
class MatchResult:
    """Result of matching the objects of one kind.

    `pairs` maps each declared object (by its index) to its live one; `stopped` holds those with an error, `unread`
    those whose pinned object an incomplete read did not find. `left` are managed live objects without a declaration,
    `spared` the ids of those that must not be removed in this plan. `candidates` are the live objects of this project,
    those out of scope included; `alike` is why a declared object without a live one is not created: another object has
    a similar name.
    """

    kind: Kind
    declared: Sequence[DeclaredResource]
    pairs: dict[int, LiveResource] = field(default_factory=dict)
    stopped: set[int] = field(default_factory=set)
    unread: set[int] = field(default_factory=set)
    left: list[LiveResource] = field(default_factory=list)
    foreign: list[tuple[LiveResource, str]] = field(default_factory=list)
    candidates: list[LiveResource] = field(default_factory=list)
    alike: dict[int, str] = field(default_factory=dict)
    spared: set[str] = field(default_factory=set)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def open(self) -> list[int]:
        """Indexes of the declared objects without a live one so far."""
        return [place for place in range(len(self.declared)) if place not in self.pairs and place not in self.stopped]


@dataclass(frozen=True, slots=True)
class _LiveIndex:
    """Managed live objects, by id and by name; `taken` are the ids that are matched already.

    `namesakes` are the further objects with a name of `by_name`, in their order.
    """

    by_id: Mapping[str, LiveResource]
    by_name: Mapping[str, LiveResource]
    namesakes: Mapping[str, Sequence[LiveResource]]
    taken: set[str]

    def free(self, name: str) -> list[LiveResource]:
        name = normalize_name(name)
        first = self.by_name.get(name)
        same = () if first is None else (first, *self.namesakes.get(name, ()))
        return [live for live in same if live.id not in self.taken]


def match(
    kind: Kind, declared: Sequence[DeclaredResource], reading: ReadResult, past: LedgerState, settings: PlanOptions
) -> MatchResult:
    """Match the declared objects of one kind with the live ones."""
    result = MatchResult(kind=kind, declared=declared)
    ours = []
    for live in reading.resources:
        reason = foreign_reason(kind, live, settings)
        if reason:
            result.foreign.append((live, reason))
            if live.unusable or reason.startswith(OUTSIDE):
                result.candidates.append(live)
        else:
            ours.append(live)
    result.candidates += ours
    known = _known(ours)
    _by_pin(result, known, reading)
    _by_ledger(result, known, past)
    _by_name(result, known)
    _by_alias(result, known)
    _old_names(result, known)
    _look_alikes(result)
    result.left = [live for live in known.by_id.values() if live.id not in known.taken]
    return result


def foreign_reason(kind: Kind, live: LiveResource, settings: PlanOptions) -> str:
    """Return why a live object is never written, or an empty text."""
    if live.foreign:
        return live.foreign
    owner = live.spec.get("project_id")
    if settings.project_id and owner and owner != settings.project_id:
        return f"belongs to the project {owner}"
    outside = outside_scope_reason(kind, live.name, live.spec, settings.scope)
    return kind.foreign_reason(live.spec) or (f"{OUTSIDE}: {outside}" if outside else "")


def _look_alikes(result: MatchResult) -> None:
    """Defer creates with a name that a service with name folding may treat as equal to a live or declared one."""
    new = set(result.open)
    if not new:
        return
    taken = {live.id for live in result.pairs.values()}
    live_names: defaultdict[str, list[LiveResource]] = defaultdict(list)
    for live in result.candidates:
        if live.id not in taken and live.name:
            live_names[fold_name(live.name)].append(live)
    declared_names: dict[str, DeclaredResource] = {}
    for place in sorted(range(len(result.declared)), key=lambda place: place in new):
        declared = result.declared[place]
        folded = fold_name(declared.name)
        first = declared_names.setdefault(folded, declared)
        name, others = _nearly(declared, live_names)
        if place in new and (others or first is not declared):
            reason = (
                similar_name_reason(name, others, _word(declared, name)) if others else alike_declared(declared, first)
            )
            result.alike[place] = reason
            result.spared.update(live.id for live in others)
            result.diagnostics.append(look_alike(declared, others, reason))


def _nearly(
    declared: DeclaredResource, live_names: Mapping[str, Sequence[LiveResource]]
) -> tuple[str, list[LiveResource]]:
    """Return the live objects with a name similar to the declared one, or else to an alias, with that name."""
    for name in (declared.name, *declared.aliases):
        near = live_names.get(fold_name(name), ())
        others = [live for live in near if live.unusable or normalize_name(live.name) != normalize_name(name)]
        if others:
            return name, others
    return declared.name, []


def _word(declared: DeclaredResource, name: str) -> str:
    return "declared name" if name == declared.name else "alias"


def _known(ours: Iterable[LiveResource]) -> _LiveIndex:
    by_id: dict[str, LiveResource] = {}
    by_name: dict[str, LiveResource] = {}
    namesakes: defaultdict[str, list[LiveResource]] = defaultdict(list)
    for live in ours:
        if by_id.setdefault(live.id, live) is live:
            name = normalize_name(live.name)
            if by_name.setdefault(name, live) is not live:
                namesakes[name].append(live)
    return _LiveIndex(by_id, by_name, namesakes, set())


def _take(result: MatchResult, known: _LiveIndex, place: int, live: LiveResource) -> None:
    result.pairs[place] = live
    known.taken.add(live.id)


def _by_pin(result: MatchResult, known: _LiveIndex, reading: ReadResult) -> None:
    aside = {live.id: reason for live, reason in result.foreign}
    for place, declared in enumerate(result.declared):
        if not declared.id:
            continue
        live = known.by_id.get(declared.id)
        if live is not None and live.id not in known.taken:
            _take(result, known, place, live)
            continue
        result.stopped.add(place)
        if declared.id in aside:
            result.diagnostics.append(not_ours(declared, aside[declared.id]))
        elif live is not None or reading.complete:
            result.diagnostics.append(not_found(declared, taken=live is not None))
        else:
            result.unread.add(place)


def _by_ledger(result: MatchResult, known: _LiveIndex, past: LedgerState) -> None:
    ids: dict[str, str] = {}
    for (kind, object_id), remembered in past.objects.items():
        if kind == result.kind.name and past.knows(remembered) and object_id in known.by_id:
            ids.setdefault(remembered.address, object_id)
    for place in result.open if ids else ():
        declared = result.declared[place]
        names = (declared.address, *(address(declared.kind, alias) for alias in declared.aliases))
        live = next((known.by_id[ids[name]] for name in names if ids.get(name) and ids[name] not in known.taken), None)
        if live is not None:
            _take(result, known, place, live)


def _by_name(result: MatchResult, known: _LiveIndex) -> None:
    for place in result.open:
        name = normalize_name(result.declared[place].name)
        live = known.by_name.get(name)
        if live is None:
            continue
        if name in known.namesakes:
            _one_of(result, known, place, known.free(name))
        elif live.id not in known.taken:
            _take(result, known, place, live)


def _by_alias(result: MatchResult, known: _LiveIndex) -> None:
    for place in result.open if any(one.aliases for one in result.declared) else ():
        aliases = result.declared[place].aliases
        _one_of(
            result,
            known,
            place,
            [live for alias in dict.fromkeys(map(normalize_name, aliases)) for live in known.free(alias)],
        )


def _one_of(result: MatchResult, known: _LiveIndex, place: int, candidates: list[LiveResource]) -> None:
    if len(candidates) == 1:
        _take(result, known, place, candidates[0])
    elif candidates:
        result.stopped.add(place)
        known.taken.update(live.id for live in candidates)
        result.diagnostics.append(ambiguous(result.kind, result.declared[place], candidates))


def _old_names(result: MatchResult, known: _LiveIndex) -> None:
    """Report an old name that is live beside the new one; the new name matches, the old object is not changed."""
    for place, matched in result.pairs.items():
        declared = result.declared[place]
        others = [live for alias in declared.aliases for live in known.free(alias)] if declared.aliases else []
        if others:
            result.spared.update(live.id for live in others)
            result.diagnostics.append(both_live(declared, matched, others))
        if matched.name != declared.name and normalize_name(matched.name) != normalize_name(declared.name):
            namesakes = known.free(declared.name)
            result.spared.update(live.id for live in namesakes)
            if namesakes:
                result.diagnostics.append(taken(declared, matched, namesakes))


def ambiguous(kind: Kind, declared: DeclaredResource, candidates: Sequence[LiveResource]) -> Diagnostic:
    """Report that a name matches several live objects; nothing is written for it."""
    listed = ", ".join(_described(kind, live) for live in candidates)
    return _told(
        declared,
        Severity.ERROR,
        "E_NAME_AMBIGUOUS",
        f"{len(candidates)} live objects could be {declared.address}: {listed}; nothing is written for it",
        "pin the one that is meant under metadata:\n" + "\n".join(f"  id: {live.id}" for live in candidates),
    )


def _described(kind: Kind, live: LiveResource) -> str:
    made = live.spec.get(kind.created_field)
    return f"{live.id} (created {made})" if isinstance(made, str) else live.id


def not_found(declared: DeclaredResource, *, taken: bool) -> Diagnostic:
    """Report that a pinned object does not exist, or is pinned twice."""
    reason = "another manifest pins it too" if taken else "no live object of this kind has it"
    return _told(
        declared,
        Severity.ERROR,
        "E_ID_TAKEN" if taken else "E_ID_NOT_FOUND",
        f"{declared.address} is pinned to the id {declared.id}, but {reason}",
        "correct metadata.id, or take it out to match by name",
    )


def not_ours(declared: DeclaredResource, reason: str) -> Diagnostic:
    """Report that a pinned object is never written."""
    return _told(
        declared,
        Severity.ERROR,
        "E_ID_FOREIGN",
        f"{declared.address} is pinned to the id {declared.id}, which is never written: {reason}",
        "take the manifest out, or pin an object of this project",
    )


def both_live(declared: DeclaredResource, matched: LiveResource, others: Sequence[LiveResource]) -> Diagnostic:
    """Report that the new and the old name are both live."""
    old = ", ".join(f"{live.name} ({live.id})" for live in others)
    return _told(
        declared,
        Severity.WARNING,
        "W_ALIAS_LIVE",
        f"{declared.address} is {matched.id}; its earlier name is live too: {old}. That one is left alone",
        "delete the old object by hand if it is not needed, then take the alias out",
    )


def taken(declared: DeclaredResource, matched: LiveResource, others: Sequence[LiveResource]) -> Diagnostic:
    """Report that a rename leads to a name that another live object has."""
    same = ", ".join(live.id for live in others)
    return _told(
        declared,
        Severity.WARNING,
        "W_NAME_TAKEN",
        f"{declared.address} is {matched.id}, now named {matched.name}; its name belongs to {same} as well",
        "after the rename both have one name; delete or rename the other one by hand",
    )


def similar_name_reason(name: str, others: Sequence[LiveResource], word: str = "declared name") -> str:
    """Return the reason that a live object has, or had, a name similar to the one to be created."""
    found = ", ".join(_named_apart(name, live) for live in others)
    pins = " or ".join(live.id for live in others if not live.unusable)
    pin = f"; if it is the same object, pin it with metadata.id: {pins}" if pins else ""
    return f"{found}: almost the {word} {quoted_apart(name, others[0].name)[0]}{pin}"


def _named_apart(name: str, live: LiveResource) -> str:
    unusable = f", {live.foreign}" if live.foreign else ""
    return f"the live object {live.id} is named {quoted_apart(name, live.name)[1]}{unusable}"


def alike_declared(declared: DeclaredResource, other: DeclaredResource) -> str:
    """Return the reason that a declared object has a name similar to the one to be created."""
    mine, theirs = quoted_apart(declared.name, other.name)
    return f"the manifests declare {theirs} too ({other.position.file}:{other.position.line}): almost the name {mine}"


def look_alike(declared: DeclaredResource, others: Sequence[LiveResource], reason: str) -> Diagnostic:
    """Report that a create is deferred because another object has a similar name."""
    pins = "".join(f"\n  id: {live.id}" for live in others if not live.unusable)
    hint = f"if it is the same object, pin it under metadata:{pins}" if pins else "give one of the two another name"
    return _told(
        declared,
        Severity.WARNING,
        "W_NAME_ALIKE",
        f"{declared.address} is not created: {reason}",
        hint,
    )


def no_reference(
    declared: DeclaredResource, kind: str, name: str, path: tuple[str | int, ...], reason: str
) -> Diagnostic:
    """Report that a name refers to no usable object."""
    return Diagnostic(
        severity=Severity.ERROR,
        code="E_REFERENCE",
        message=f'{declared.address} refers to {kind}["{name}"], {reason}; nothing is written for it',
        position=declared.at(path),
        hint="declare it, correct the name, or give its id beside the name",
        address=declared.address,
    )


def incomplete(reading: ReadResult) -> Iterator[Diagnostic]:
    """Report that a kind could not be read completely."""
    if not reading.complete:
        yield Diagnostic(
            severity=Severity.ERROR,
            code=reading.code or "E_READ_INCOMPLETE",
            message=f"the live objects of kind {reading.kind} could not be read whole: {reading.incomplete}",
            hint="updates of what was read are planned, creates and deletes are held back; try again",
        )


def _told(declared: DeclaredResource, severity: Severity, code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(
        severity=severity,
        code=code,
        message=message,
        position=declared.position,
        hint=hint,
        address=declared.address,
    )
