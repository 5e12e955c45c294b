"""Proves proposed edits: the edited files are loaded and planned again in memory, for every environment that uses them.

Edits are proven where exactly the accepted differences are gone and nothing else is different: no other difference of
the plan, no other resource, no other environment.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import reduce

from reconciler.late_methods import dataclass
from reconciler.manifest.document_cache import DocumentCache
from reconciler.manifest.files.overlay_tree import OverlayTree
from reconciler.manifest.files.project_tree import ProjectTree
from reconciler.manifest.source_text import SourceTexts
from reconciler.model.change import Action, Attribution, FieldOp
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Severity
from reconciler.model.field_path import IndexPath, iter_leaves, spell
from reconciler.model.json_types import Json, as_object, child_of
from reconciler.model.plan import Plan
from reconciler.model.resource import DeclaredResource
from reconciler.model.source_edit import AcceptedDifference, ProposedEdits
from reconciler.model.source_map import Position
from reconciler.project.config import Project
from reconciler.project.declared_state import load_from

_ALONE = 40
"""Most differences that are tried one by one where the edited files are not valid together."""
_ROUNDS = 6

Replan = Callable[[DesiredState], Plan]
"""Plans the environment again from other manifests, with the live side as it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collateral:
    """Resource that the edits change though none of its differences was chosen; `path` is empty for a whole one.

    Of one value of another environment there are also its place, and what is declared before and after the edits.
    """

    environment: str
    address: str
    path: str = ""
    position: Position | None = None
    before: Json = None
    after: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenEdits:
    """Edits that were proven, the new bytes of each file, and what they change besides."""

    proposal: ProposedEdits
    files: Mapping[str, bytes]
    collateral: tuple[Collateral, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditProof:
    """What a proof needs of the environment that is accepted from."""

    project: Project
    environment: str
    sets: tuple[str, ...]
    tree: ProjectTree
    manifest: DesiredState
    plan: Plan
    replan: Replan
    documents: DocumentCache | None = None

    def prove(self, proposal: ProposedEdits) -> ProvenEdits:
        """Return what of a proposal holds; differences that stay, or make the files invalid, become refusals."""
        for _ in range(_ROUNDS):
            files = self._files(proposal)
            if not files:
                return ProvenEdits(proposal=proposal, files={})
            after = self._load(self.environment, self.sets, OverlayTree(self.tree, files))
            if not after.valid:
                proposal = self._without_invalid(proposal, after)
                continue
            plan = self.replan(after)
            chosen = {(each.address, each.path) for each in proposal.accepted}
            staying = _staying(chosen, _differences(self.plan), _differences(plan))
            if staying:
                proposal = _refused(
                    proposal,
                    [each for each in proposal.accepted if (each.address, each.path) in staying],
                    "E_ACCEPT_REMAINS",
                    "the difference is still there after the edit",
                )
                continue
            found = [*self._here(plan, after, chosen), *self._elsewhere(files)]
            return ProvenEdits(proposal=proposal, files=files, collateral=_each_once(found))
        return ProvenEdits(
            proposal=_refused(proposal, proposal.accepted, "E_ACCEPT_REMAINS", "no edit holds"), files={}
        )

    def _load(self, name: str, sets: tuple[str, ...], tree: ProjectTree) -> DesiredState:
        """Load an environment; files without an edit may be those that an earlier run checked."""
        return load_from(self.project, name, sets, tree, cache=self.documents)

    def _files(self, proposal: ProposedEdits) -> dict[str, bytes]:
        edited = SourceTexts(self.tree).edited(proposal.edits)
        return {file: data for file, data in edited.items() if data != self.tree.read(file)}

    def _without_invalid(self, proposal: ProposedEdits, after: DesiredState) -> ProposedEdits:
        """Refuse the differences whose edits alone make the files invalid; all, where none does so alone."""
        groups = list(dict.fromkeys(each.edits for each in proposal.accepted))
        bad: list[AcceptedDifference] = []
        for group in groups if len(groups) <= _ALONE else ():
            alone = tuple(each for each in proposal.accepted if each.edits == group)
            files = self._files(ProposedEdits(accepted=alone))
            if not self._load(self.environment, self.sets, OverlayTree(self.tree, files)).valid:
                bad += alone
        problem = next(each for each in after.diagnostics if each.severity is Severity.ERROR)
        errors = [each for each in after.diagnostics if each.severity is Severity.ERROR]
        for wrong in ({each.address for each in errors}, {each.position.file for each in errors if each.position}):
            bad = bad or [
                each
                for each in proposal.accepted
                if each.address in wrong or any(edit.file in wrong for edit in each.edits)
            ]
        message = f"the edited file is not valid: {problem.message}"
        return _refused(proposal, bad or list(proposal.accepted), "E_ACCEPT_INVALID", message)

    def _here(self, plan: Plan, after: DesiredState, chosen: set[tuple[str, str]]) -> Iterator[Collateral]:
        before, now = _differences(self.plan), _differences(plan)
        lists = {_list_of(key) for key in chosen if key[1].endswith("]")}
        for key in sorted({**before, **now}):
            in_list = key[1].endswith("]") and _list_of(key) in lists
            if before.get(key) != now.get(key) and key not in chosen and not in_list:
                yield Collateral(environment=self.environment, address=key[0], path=key[1])
        addresses = {address for address, _ in chosen}
        yield from _changed(self.environment, self.manifest.resources, after.resources, addresses)
        for address in sorted(_whole_changes(self.plan) ^ _whole_changes(plan)):
            yield Collateral(environment=self.environment, address=address)

    def _elsewhere(self, files: Mapping[str, bytes]) -> Iterator[Collateral]:
        for name in self.project.environments:
            if name == self.environment:
                continue
            seen = OverlayTree(self.tree)
            before = self._load(name, (), seen)
            if not seen.seen & set(files):
                continue
            after = self._load(name, (), OverlayTree(self.tree, files))
            if before.valid and not after.valid:
                yield Collateral(environment=name, address="")
            yield from _changed(name, before.resources, after.resources, set())


def _each_once(found: Iterable[Collateral]) -> tuple[Collateral, ...]:
    """Return each resource of an environment once, with its path where it is the only one."""
    known: dict[tuple[str, str], dict[str, Collateral]] = {}
    for each in found:
        known.setdefault((each.environment, each.address), {}).setdefault(each.path, each)
    return tuple(_of_one(key, paths) for key, paths in known.items())


def _of_one(key: tuple[str, str], paths: Mapping[str, Collateral]) -> Collateral:
    named = [each for path, each in paths.items() if path]
    return named[0] if len(named) == 1 else Collateral(environment=key[0], address=key[1])


def _differences(plan: Plan) -> dict[tuple[str, str], object]:
    """Return every difference of a plan by its address and path; of a move only that there is one."""
    return {
        (change.address, each.path): None if each.op is FieldOp.MOVE else (each.op, repr(each.before), repr(each.after))
        for change in plan.changes
        for each in change.fields
        if each.attribution is not Attribution.ALREADY
    }


def _staying(
    chosen: set[tuple[str, str]], before: Mapping[tuple[str, str], object], now: Mapping[tuple[str, str], object]
) -> set[tuple[str, str]]:
    """Return the chosen differences that are still there.

    Items without a key are known by their place, which others may have after an edit: of a list with such items, the
    chosen differences are gone where as many are gone.
    """
    found = chosen & set(now)
    had, left, gone = (_by_list(keys) for keys in (before, now, chosen))
    for each in gone:
        if left[each] + (each in now) > had[each] - gone[each]:
            found |= {key for key in chosen if key[1].endswith("]") and _list_of(key) == each}
    return found


def _by_list(keys: Iterable[tuple[str, str]]) -> Counter[tuple[str, str]]:
    return Counter(_list_of(key) for key in keys if key[1].endswith("]"))


def _list_of(key: tuple[str, str]) -> tuple[str, str]:
    address, path = key
    return address, path[: path.rfind("[")]


def _whole_changes(plan: Plan) -> set[str]:
    return {change.address for change in plan.changes if change.action in (Action.CREATE, Action.DELETE)}


def _changed(
    environment: str,
    before: Iterable[DeclaredResource],
    after: Iterable[DeclaredResource],
    chosen: set[str],
) -> Iterator[Collateral]:
    """Yield the resources that are declared differently; the specs of the chosen ones are not compared."""
    ours = {each.address: each for each in before}
    theirs = {each.address: each for each in after}
    for address in sorted({**ours, **theirs}):
        one, other = ours.get(address), theirs.get(address)
        same = one is not None and other is not None and _facts(one) == _facts(other)
        if not same or one is None or other is None:
            yield Collateral(environment=environment, address=address)
        elif address not in chosen and one.spec != other.spec:
            yield _one_value(environment, one, other)


def _one_value(environment: str, one: DeclaredResource, other: DeclaredResource) -> Collateral:
    """Return what is declared differently, with its place and both values where it is one value."""
    ours, theirs = dict(iter_leaves(one.spec)), dict(iter_leaves(other.spec))
    same = {path for path in ours if path in theirs and ours[path] == theirs[path]}
    paths = [path for path in {**ours, **theirs} if path not in same]
    if len(paths) != 1:
        return Collateral(environment=environment, address=one.address)
    (path,) = paths
    return Collateral(
        environment=environment,
        address=one.address,
        path=spell(path),
        position=one.at(path),
        before=_value_at(as_object(one.spec), path),
        after=_value_at(as_object(other.spec), path),
    )


def _value_at(value: Json, path: IndexPath) -> Json:
    """Return a value of a spec; None where it is not declared."""
    try:
        return reduce(child_of, path, value)
    except LookupError:
        return None


def _facts(each: DeclaredResource) -> tuple[object, ...]:
    ignored = [(rule.path, rule.reason, rule.expires) for rule in each.ignore_changes]
    lints = [(rule.code, rule.rule, rule.expires) for rule in each.ignore_lints]
    return each.id, each.aliases, dict(each.labels), each.prevent_destroy, ignored, lints


def _refused(proposal: ProposedEdits, bad: Iterable[AcceptedDifference], code: str, message: str) -> ProposedEdits:
    gone = {each.edits for each in bad}
    refused = [
        each.refused(code, message, "edit it by hand, then plan again")
        for each in proposal.accepted
        if each.edits in gone
    ]
    kept = tuple(each for each in proposal.accepted if each.edits not in gone)
    return replace(proposal, accepted=kept, refused=(*proposal.refused, *refused))
