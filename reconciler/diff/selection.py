"""`--target`, `--exclude` and `-l`: the part of the manifests that a plan covers, with a warning about the rest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.kinds.base.kind import Kind
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.options import Selection
from reconciler.model.resource import DeclaredResource, address
from reconciler.semantics.reference_paths import referred
from reconciler.strings import closest, normalize_name

_MOST_NAMED = 5
_MOST_LABELS = 20


@dataclass(slots=True)
class SelectionFilter:
    """Effect of a selection on these manifests. `spared` collects the deletes that it leaves out."""

    selection: Selection
    declared: Sequence[DeclaredResource] = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    spared: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    _added: frozenset[str] = frozenset()
    _by_name: dict[tuple[str, str], DeclaredResource] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Add the references of selected manifests, transitively, where that is requested."""
        if self.selection.partial:
            self._by_name = {(one.kind, normalize_name(one.name)): one for one in self.declared}
        if self.selection.with_dependencies:
            self._added = self._dependencies()

    def manifest(self, declared: DeclaredResource) -> bool:
        """Tell whether a manifest is selected; labels select manifests, never live objects."""
        return declared.address not in self.selection.excludes and (
            declared.address in self._added or self._meant(declared)
        )

    def _meant(self, declared: DeclaredResource) -> bool:
        selection = self.selection
        if declared.address in selection.excludes:
            return False
        if any(declared.labels.get(label) != value for label, value in selection.labels.items()):
            return False
        return not selection.targets or declared.address in selection.targets

    def delete(self, addresses: set[str]) -> bool:
        """Tell whether an object may be deleted: a target or a label only permits deletes that a target names."""
        selection = self.selection
        wanted = not addresses & set(selection.excludes)
        if selection.targets or selection.labels:
            wanted = wanted and bool(addresses & set(selection.targets))
        (self.deleted if wanted else self.spared).update(addresses)
        return wanted

    def _dependencies(self) -> frozenset[str]:
        found: set[str] = set()
        waiting = [one for one in self.declared if self._meant(one)]
        while waiting:
            one = waiting.pop()
            kind = self.kinds.get(one.kind)
            for _, target, name in referred(kind, one.spec) if kind is not None else ():
                needed = self._by_name.get((target, normalize_name(name)))
                if needed is not None and needed.address not in found:
                    found.add(needed.address)
                    waiting.append(needed)
        return frozenset(found)

    def left_out(self, kind: str, name: str) -> DeclaredResource | None:
        """Return the declared object of a name that the selection leaves out."""
        found = self._by_name.get((kind, normalize_name(name)))
        return found if found is not None and not self.manifest(found) else None

    def told(self) -> Iterator[Diagnostic]:
        """Report what is left out; a selection without any match or remainder is an error.

        Without a selected object nothing is reported as left out.
        """
        if not self.selection.partial:
            return
        known = {one.address for one in self.declared} | self.spared | self.deleted
        unknown = [one for one in (*self.selection.targets, *self.selection.excludes) if one not in known]
        for one in unknown:
            message = f"{one} is neither declared nor about to be deleted"
            yield _error("E_TARGET_UNKNOWN", message, _near(one, known))
        labelled = self.selection.labels and any(self._labelled(one) for one in self.declared)
        if self.selection.labels and not labelled:
            words = ", ".join(f"{label}={value}" for label, value in self.selection.labels.items())
            yield _error("E_LABEL_UNKNOWN", f"no manifest has the labels {words}", self._labels())
            return
        if not unknown and not self.deleted and not any(map(self.manifest, self.declared)):
            hint = "a manifest must be named by --target, have every label of -l, and not be excluded"
            yield _error("E_SELECTION_EMPTY", "--target, --exclude and -l leave nothing to plan", hint)
            return
        yield self._partial()

    def _labelled(self, declared: DeclaredResource) -> bool:
        return all(declared.labels.get(label) == value for label, value in self.selection.labels.items())

    def _labels(self) -> str:
        there = sorted({f"{label}={value}" for one in self.declared for label, value in one.labels.items()})
        more = f" and {len(there) - _MOST_LABELS} more" if len(there) > _MOST_LABELS else ""
        return f"the labels there are: {', '.join(there[:_MOST_LABELS])}{more}" if there else "no manifest has a label"

    def _partial(self) -> Diagnostic:
        left_out = [one.address for one in self.declared if not self.manifest(one)]
        parts = [f"{len(left_out)} of {len(self.declared)} declared resources are left out"] if left_out else []
        named = ", ".join(left_out[:_MOST_NAMED])
        more = f" and {len(left_out) - _MOST_NAMED} more" if len(left_out) > _MOST_NAMED else ""
        parts += [f"{named}{more}"] if left_out else []
        parts += [f"not deleted: {', '.join(sorted(self.spared)[:_MOST_NAMED])}"] if self.spared else []
        return Diagnostic(
            severity=Severity.WARNING,
            code="W_PARTIAL",
            message=f"this plan is partial: {'; '.join(parts) or 'nothing of it is left out now'}",
            hint="make a plan without --target, --exclude and -l before you rely on the whole being in step",
        )


def needs(declared: DeclaredResource, needed: DeclaredResource) -> Diagnostic:
    """Return the error for a selected object that refers to a new one which is not selected."""
    return Diagnostic(
        severity=Severity.ERROR,
        code="E_TARGET_NEEDS",
        message=f"{declared.address} needs {needed.address}, which is not live and not chosen",
        hint=f"choose it too: --with-dependencies, or --target {_quoted(needed.address)}",
        position=declared.position,
        address=declared.address,
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _near(asked: str, known: Iterable[str]) -> str:
    """Suggest addresses with a similar spelling, or with the requested name."""
    names = sorted(known)
    asked = asked.partition(" [id=")[0]  # as a plan prints a live object
    word = normalize_name(asked).casefold()
    same = [one for one in names if normalize_name(one.partition("[")[2].strip('"]')).casefold() == word]
    close = same or closest(asked, names, most=3)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"write it as plans do: {names[0]}" if names else f"write it as plans do: {address('SmartLiveRoom', 'Show')}"


def _error(code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(severity=Severity.ERROR, code=code, message=message, hint=hint)
