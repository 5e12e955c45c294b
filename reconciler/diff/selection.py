"""`--target`, `--exclude`, `-f` and `-l`: the part of the manifests that a plan covers, and a warning of the rest."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import field

from reconciler.diff.address_patterns import AddressPatterns, NamedAddress, quoted_word, similar_address
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.options import Selection, is_in
from reconciler.model.resource import DeclaredResource
from reconciler.semantics.reference_paths import referred
from reconciler.strings import did_you_mean, normalize_name

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
    _targets: AddressPatterns = field(default_factory=lambda: AddressPatterns(()))
    _excludes: AddressPatterns = field(default_factory=lambda: AddressPatterns(()))
    _candidates: list[NamedAddress] = field(default_factory=list)
    _selected: frozenset[str] | None = None
    _by_name: dict[tuple[str, str], DeclaredResource] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Select manifests; their references too, transitively, where that is requested."""
        if not self.selection.partial:
            return
        self._candidates = [NamedAddress.of(one) for one in self.declared]
        self._targets = AddressPatterns(self.selection.targets, self._candidates)
        self._excludes = AddressPatterns(self.selection.excludes, self._candidates)
        self._by_name = {(one.kind, normalize_name(one.name)): one for one in self.declared}
        excluded = {one.address for one in self._candidates if self._excludes.match(one)}
        targeted = {one.address for one in self._candidates if self._targets.match(one)}
        meant = [one for one in self.declared if one.address not in excluded and self._meant(one, targeted)]
        added = self._dependencies(meant) if self.selection.with_dependencies else frozenset()
        self._selected = frozenset(one.address for one in meant) | (added - excluded)

    def manifest(self, declared: DeclaredResource) -> bool:
        """Tell whether a manifest is selected; labels and files select manifests, never live objects."""
        return self._selected is None or declared.address in self._selected

    def _meant(self, declared: DeclaredResource, targeted: Set[str]) -> bool:
        selection = self.selection
        wanted = not selection.targets or declared.address in targeted
        return wanted and self._labelled(declared) and selection.has_file(declared.file)

    def delete(self, addresses: Sequence[NamedAddress]) -> bool:
        """Tell whether an object may be deleted: any selection but an exclusion permits only what a target means."""
        selection = self.selection
        excluded, targeted = (any(each.match(one) for one in addresses) for each in (self._excludes, self._targets))
        wanted = not excluded and (targeted or not (selection.targets or selection.labels or selection.files))
        (self.deleted if wanted else self.spared).update(one.address for one in addresses)
        self._candidates += addresses
        return wanted

    def _dependencies(self, waiting: list[DeclaredResource]) -> frozenset[str]:
        found: set[str] = set()
        waiting = list(waiting)
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

    def diagnostics(self) -> Iterator[Diagnostic]:
        """Report what is left out; a selection without any match or remainder is an error.

        Without a selected object nothing is reported as left out.
        """
        if not self.selection.partial:
            return
        unknown = [*self._targets.unmatched, *self._excludes.unmatched]
        for one in unknown:
            message = f"{one} is neither declared nor about to be deleted"
            yield _error("E_TARGET_UNKNOWN", message, similar_address(one, self._candidates))
        yield from (*self._targets.ambiguities(), *self._excludes.ambiguities())
        missing = [one for one in self.selection.files if not any(is_in(each.file, one) for each in self.declared)]
        for one in missing:
            yield _error("E_FILE_UNKNOWN", f"no resource is declared in {one}", self._files(one))
        if self.selection.labels and not any(map(self._labelled, self.declared)):
            words = ", ".join(f"{label}={value}" for label, value in self.selection.labels.items())
            yield _error("E_LABEL_UNKNOWN", f"no manifest has the labels {words}", self._labels())
            return
        if not (unknown or missing or self.deleted) and not any(map(self.manifest, self.declared)):
            hint = (
                "a manifest must be named by --target, be in a file of -f, have all labels of -l, and not be excluded"
            )
            yield _error("E_SELECTION_EMPTY", "--target, --exclude, -f and -l leave nothing to plan", hint)
            return
        yield self._partial()

    def _labelled(self, declared: DeclaredResource) -> bool:
        return all(declared.labels.get(label) == value for label, value in self.selection.labels.items())

    def _files(self, asked: str) -> str:
        there = sorted({one.file for one in self.declared})
        more = f" and {len(there) - _MOST_NAMED} more" if len(there) > _MOST_NAMED else ""
        listed = f"the files with resources are {', '.join(there[:_MOST_NAMED])}{more}" if there else ""
        return did_you_mean(asked, there, listed, quote="")

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
            hint="make a plan without --target, --exclude, -f and -l before you rely on the whole being in step",
        )


def needs(declared: DeclaredResource, needed: DeclaredResource) -> Diagnostic:
    """Return the error for a selected object that refers to a new one which is not selected."""
    return Diagnostic(
        severity=Severity.ERROR,
        code="E_TARGET_NEEDS",
        message=f"{declared.address} needs {needed.address}, which is not live and not chosen",
        hint=f"choose it too: --with-dependencies, or --target {quoted_word(needed.address)}",
        position=declared.position,
        address=declared.address,
    )


def _error(code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(severity=Severity.ERROR, code=code, message=message, hint=hint)
