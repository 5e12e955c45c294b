"""Accepts drift of one environment: which differences are chosen, their edits, and the proof of the edits."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace

from reconciler.errors import ManifestError, UsageError
from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.manifest.accept import propose
from reconciler.manifest.accept_at import parse_place, proposals_at, refused_at
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.files.project_tree import ProjectTree
from reconciler.manifest.source_text import SourceTexts
from reconciler.manifest.source_view import SourceViews
from reconciler.model.change import Action, Attribution, Change, FieldChange
from reconciler.model.desired_state import DesiredState
from reconciler.model.field_path import is_within
from reconciler.model.plan import Plan
from reconciler.model.read_result import ApiUsage
from reconciler.model.resource import DeclaredResource
from reconciler.model.source_edit import AcceptedDifference, ProposedEdits, RefusedDifference
from reconciler.project.accept_proof import Collateral, EditProof, ProvenEdits
from reconciler.project.config import Project
from reconciler.project.declared_state import load_from
from reconciler.project.environment_session import open_environment
from reconciler.project.plan_environment import PlanRequest, plan_opened
from reconciler.readers.recorded_reader import RecordedReader
from reconciler.strings import did_you_mean

CLASSES = {
    "drift": frozenset({Attribution.DRIFT}),
    "conflict": frozenset({Attribution.CONFLICT}),
    "all": frozenset(Attribution) - {Attribution.ALREADY},
}
"""Attributions that `--only` chooses."""

Confirm = Callable[[AcceptedDifference], bool]
"""Asks whether one difference is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptRequest:
    """Which differences to accept: an address and a field, or all; `only` is a class, `also` allows collateral.

    `at` is a place `FILE:LINE` for the one difference chosen.
    """

    plan: PlanRequest
    address: str = ""
    field: str = ""
    only: str = ""
    also: frozenset[str] = frozenset()
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptResult:
    """What was accepted: proven edits with the old and new bytes of each file, refusals, and collateral.

    `plan` is None where the manifests are invalid. `notes` are differences that no edit concerns, as text.
    """

    manifest: DesiredState
    tree: ProjectTree
    plan: Plan | None = None
    proposal: ProposedEdits = field(default_factory=ProposedEdits)
    files: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    collateral: tuple[Collateral, ...] = ()
    notes: tuple[str, ...] = ()
    usage: ApiUsage = field(default_factory=ApiUsage)

    @property
    def blocked(self) -> bool:
        """Whether nothing may be written."""
        return bool(self.collateral)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenDifferences:
    """Differences to accept, those refused as a whole, and notes on what cannot be accepted at all."""

    changes: tuple[tuple[Change, tuple[FieldChange, ...]], ...] = ()
    refused: tuple[RefusedDifference, ...] = ()
    notes: tuple[str, ...] = ()


def accept_environment(
    project: Project,
    name: str,
    ask: AcceptRequest,
    confirm: Confirm | None = None,
    *,
    tree: ProjectTree | None = None,
) -> AcceptResult:
    """Propose and prove the edits that accept live values of one environment; nothing is written.

    `tree` has the files that are edited; those of the work tree where none is given.
    """
    tree = tree or DiskTree(project.root)
    manifest = load_from(project, name, ask.plan.sets, tree, cache=ask.plan.documents)
    if not manifest.valid:
        return AcceptResult(manifest=manifest, tree=tree)
    with open_environment(project, name, ask.plan.access) as opened:
        recorded = replace(opened, reader=RecordedReader(opened.reader))
        plan = plan_opened(recorded, manifest, ask.plan)
        chosen = choose(plan, manifest, address=ask.address, field=ask.field, only=ask.only)
        views = SourceViews(SourceTexts(tree))
        resources = {each.address: each for each in manifest.resources}
        proof = EditProof(
            project=project,
            environment=name,
            sets=ask.plan.sets,
            tree=tree,
            manifest=manifest,
            plan=plan,
            documents=ask.plan.documents,
            replan=lambda after: plan_opened(recorded, after, ask.plan),
        )
        if ask.at:
            proven = _at(ask.at, chosen, resources, views, proof)
        else:
            found = propose(chosen.changes, resources, all_kinds(), views)
            found = replace(found, refused=(*chosen.refused, *found.refused))
            if confirm is not None:
                found = replace(found, accepted=tuple(_confirmed(found.accepted, confirm)))
            proven = proof.prove(found)
        return AcceptResult(
            manifest=manifest,
            tree=tree,
            plan=plan,
            proposal=proven.proposal,
            files={file: (tree.read(file), data) for file, data in proven.files.items()},
            collateral=tuple(each for each in proven.collateral if each.address not in ask.also),
            notes=chosen.notes,
            usage=opened.reader.usage,
        )


def propose_for_plan(
    project: Project, plan: Plan, *, address: str = "", field: str = "", only: str = ""
) -> ProposedEdits:
    """Propose the edits that accept live values of a plan, without reading live and without a proof.

    Raises ManifestError for invalid manifests, and UsageError for an unknown address or class.
    """
    tree = DiskTree(project.root)
    manifest = load_from(project, plan.environment, (), tree)
    if not manifest.valid:
        raise ManifestError("the manifests have errors: nothing is proposed", manifest.diagnostics)
    if only and only not in CLASSES:
        raise UsageError(f"{only!r} is no class of differences", hint=f"there are {', '.join(CLASSES)}")
    chosen = choose(plan, manifest, address=address, field=field, only=only)
    resources = {each.address: each for each in manifest.resources}
    changes = [(change, fields) for change, fields in chosen.changes if change.address in resources]
    found = propose(changes, resources, all_kinds(), SourceViews(SourceTexts(tree)))
    return replace(found, refused=(*chosen.refused, *found.refused))


def _at(
    text: str,
    chosen: ChosenDifferences,
    resources: Mapping[str, DeclaredResource],
    views: SourceViews,
    proof: EditProof,
) -> ProvenEdits:
    """Prove the edits at a chosen place, one after the other. Raises UsageError unless one difference is chosen."""
    place = parse_place(text)
    if not chosen.changes:
        return ProvenEdits(proposal=ProposedEdits(refused=chosen.refused), files={})
    (change, fields), *rest = chosen.changes
    if rest or len(fields) > 1:
        hint = f"name one of {', '.join(each.path for each in fields[:4])}"
        raise UsageError("--at is the place of one difference, and there are several", hint=hint)
    blocked: ProvenEdits | None = None
    for proposal in proposals_at(place, change, fields[0], resources[change.address], views):
        proven = proof.prove(proposal)
        if proven.files and not proven.collateral:
            return proven
        if proven.files and blocked is None:
            blocked = proven
    return blocked or ProvenEdits(proposal=refused_at(change, fields[0], place), files={})


def _confirmed(accepted: Iterable[AcceptedDifference], confirm: Confirm) -> Iterable[AcceptedDifference]:
    """Ask once for each group of differences that share their edits."""
    answers: dict[object, bool] = {}
    for each in accepted:
        if each.edits not in answers:
            answers[each.edits] = confirm(each)
        if answers[each.edits]:
            yield each


def choose(
    plan: Plan, manifest: DesiredState, *, address: str = "", field: str = "", only: str = ""
) -> ChosenDifferences:
    """Return the differences that a request names. Raises UsageError for an address that nothing has."""
    address = _address(plan, manifest, address) if address else ""
    unmanaged = [each for each in plan.unmanaged if address in (each.address, each.name)]
    if address and unmanaged and all(each.address != address for each in manifest.resources):
        return ChosenDifferences(refused=(_unmanaged(address, unmanaged[0].foreign, unmanaged[0].address),))
    classes = CLASSES[only or default_class(plan)]
    chosen: list[tuple[Change, tuple[FieldChange, ...]]] = []
    refused: list[RefusedDifference] = []
    notes: list[str] = []
    for change in plan.changes:
        if address and change.address != address:
            continue
        if change.action in (Action.CREATE, Action.DELETE):
            drifted = change.attribution in (CLASSES["drift"] | CLASSES["conflict"]) & classes
            if drifted or (address and change.action is Action.CREATE):
                refused.append(_whole(change))
            elif not field:
                what = "not live" if change.action is Action.CREATE else "not declared"
                notes.append(f"{change.address} is {what}: there is no value to accept")
            continue
        fields = tuple(each for each in change.fields if each.attribution in classes and is_within(each.path, field))
        if fields:
            chosen.append((change, fields))
    return ChosenDifferences(changes=tuple(chosen), refused=tuple(refused), notes=tuple(notes))


def default_class(plan: Plan) -> str:
    """Return the class that is accepted unless `--only` names one: drift, or everything where no ledger tells."""
    return "all" if "drift" in plan.unknown_counts else "drift"


def _address(plan: Plan, manifest: DesiredState, asked: str) -> str:
    known = [each.address for each in manifest.resources]
    if asked in known or any(each.address == asked for each in plan.unmanaged):
        return asked
    named = [each.address for each in manifest.resources if each.name == asked]
    if len(named) == 1:
        return named[0]
    raise UsageError(
        f"no manifest declares {asked}",
        code="E_ADDRESS_UNKNOWN",
        hint=did_you_mean(asked, known, "addresses are those a plan prints", quote=""),
    )


def _unmanaged(address: str, foreign: str, known: str) -> RefusedDifference:
    if foreign:
        message = f"it is never accepted: {foreign}"
        return RefusedDifference(code="E_ACCEPT_FOREIGN", message=message, address=known or address)
    hint = f"write a manifest of it: reconciler adopt '{known}'"
    return RefusedDifference(code="E_ACCEPT_UNMANAGED", message="no manifest declares it", address=known, hint=hint)


def _whole(change: Change) -> RefusedDifference:
    message = "the object is declared and not live"
    hint = "remove its manifest, or apply to create it"
    places = (change.position,) if change.position else ()
    return RefusedDifference(
        code="E_ACCEPT_NOT_LIVE", message=message, address=change.address, positions=places, hint=hint
    )
