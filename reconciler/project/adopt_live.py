"""Chooses live objects that no manifest declares yet, to write manifests of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from reconciler.errors import ReconcilerError, UsageError
from reconciler.late_methods import dataclass
from reconciler.manifest.append import appended
from reconciler.manifest.files.overlay_tree import OverlayTree
from reconciler.manifest.files.project_tree import ProjectTree
from reconciler.manifest.shared_values import share_values
from reconciler.manifest.source_text import SourceTexts
from reconciler.manifest.template_values import merge_values
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Severity
from reconciler.model.resource import DeclaredResource, LiveResource, address
from reconciler.project.config import Project
from reconciler.project.declared_state import load_from
from reconciler.project.live_state import LiveKind
from reconciler.strings import did_you_mean, normalize_name


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptableObjects:
    """Live objects to adopt, by id, and the reasons why others that were asked for are not."""

    ids: frozenset[str]
    left_out: tuple[str, ...] = ()


def choose_live(
    found: Iterable[LiveKind], manifest: DesiredState, addresses: Sequence[str], *, every: bool, pattern: str = ""
) -> AdoptableObjects:
    """Return the objects that are asked for and not declared. Raises UsageError for an address that is not live."""
    live = [one for kind in found for one in kind.reading.resources]
    wanted = live if every else [one for text in addresses for one in _named(live, text)]
    if pattern:
        wanted = [one for one in wanted if fnmatchcase(one.name, pattern)]
    ids: set[str] = set()
    left_out: list[str] = []
    for one in wanted:
        declared = _declared(manifest, one)
        if one.foreign:
            left_out.append(f"{one.address} is never adopted: {one.foreign}")
        elif declared is not None:
            left_out.append(f"{one.address} is declared already, at {declared.position}")
        else:
            ids.add(one.id)
    return AdoptableObjects(ids=frozenset(ids), left_out=tuple(left_out))


def _named(live: Sequence[LiveResource], text: str) -> list[LiveResource]:
    found = [one for one in live if text in (one.address, address(one.kind, one.name, one.id))]
    found = found or [one for one in live if text in (one.name, one.id)]
    if not found:
        known = [one.address for one in live]
        raise UsageError(
            f"there is no live object {text}",
            code="E_ADDRESS_UNKNOWN",
            hint=did_you_mean(text, known, "addresses are those a plan prints", quote=""),
        )
    return found


def _declared(manifest: DesiredState, live: LiveResource) -> DeclaredResource | None:
    """Return the manifest of a live object: by its id, else by its name."""
    names = {normalize_name(live.name)}
    for one in manifest.resources:
        if one.kind != live.kind:
            continue
        if one.id == live.id or (not one.id and names & {normalize_name(name) for name in (one.name, *one.aliases)}):
            return one
    return None


def append_to(
    project: Project, name: str, file: str, manifests: Sequence[str], before: DesiredState, *, tree: ProjectTree
) -> tuple[bytes, bytes]:
    """Return the old and new bytes of a file with manifests appended, proven by loading it.

    Raises ReconcilerError (E_ADOPT_INVALID) where the file does not declare exactly the new objects then.
    """
    texts = SourceTexts(tree)
    data = texts.edited([appended(texts, file, manifests)])[file]
    after = load_from(project, name, (), OverlayTree(tree, {file: data}))
    problem = next((one.message for one in after.diagnostics if one.severity is Severity.ERROR), "")
    added = len(after.resources) - len(before.resources)
    if not problem and added != len(manifests):
        problem = f"it would declare {added} more objects, not {len(manifests)}"
    if problem:
        hint = "is the file under `manifests:`? Write new files with -o instead"
        raise ReconcilerError(f"{file} cannot be appended to: {problem}", code="E_ADOPT_INVALID", hint=hint)
    return tree.read(file), data


def with_shared_values(
    project: Project,
    name: str,
    file: str,
    manifests: Mapping[str, str],
    whose: Callable[[str], str],
    *,
    tree: ProjectTree,
) -> dict[str, tuple[bytes, bytes]]:
    """Return the old and new bytes of new manifests, and of the values file that has what they share.

    `whose` puts its condition around a manifest that is of one environment alone.

    Proven by loading them: this environment declares the same as with the values written out, and no other one becomes
    invalid. Raises UsageError for a values file that the environment does not read; ReconcilerError (E_ADOPT_INVALID).
    """
    read = (*project.file.values, *project.environments[name].values)
    if file not in read:
        hint = f"it reads {', '.join(read)}" if read else "add it to `values:` of reconciler.yaml"
        raise UsageError(f"{name} does not read the values file {file}", code="E_ADOPT_VALUES", hint=hint)
    known = merge_values(tree, read, ()).data
    shared = share_values(manifests, known)
    plain = {path: whose(text).encode() for path, text in manifests.items()}
    new = {path: whose(text).encode() for path, text in shared.manifests.items()}
    texts = SourceTexts(tree)
    edited = texts.edited([shared.appended(texts, file)]) if shared.entries else {}
    before = load_from(project, name, (), OverlayTree(tree, plain))
    for other in project.environments:
        after = load_from(project, other, (), OverlayTree(tree, {**new, **edited}))
        problem = next((one.message for one in after.diagnostics if one.severity is Severity.ERROR), "")
        if not problem and other == name and _specs(before) != _specs(after):
            problem = "other values would be declared"
        if problem:
            hint = (
                f"does {other} read {file}? Name a values file that it reads, pass --only-here, or leave --values out"
            )
            raise ReconcilerError(f"{other} would not be valid: {problem}", code="E_ADOPT_INVALID", hint=hint)
    return {path: (b"", data) for path, data in new.items()} | {
        path: (tree.read(path), data) for path, data in edited.items()
    }


def _specs(state: DesiredState) -> dict[str, object]:
    return {each.address: each.spec for each in state.resources}


def is_read(project: Project, folder: str) -> bool:
    """Tell whether plans read manifests in a folder of the project."""
    steps = [step for step in folder.split("/") if step not in ("", ".")]
    for entry in project.file.manifests:
        above = [step for step in entry.split("/") if step not in ("", ".")]
        if steps[: len(above)] == above:
            return True
    return False
