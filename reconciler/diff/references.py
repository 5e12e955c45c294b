"""References by name: resolved to the id of exactly that object, or to one that is known after apply."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from reconciler.diff.dependency_order import told_ids
from reconciler.diff.matching import MatchResult, no_reference
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.change import NoValue
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json_types import Json
from reconciler.model.resource import DeclaredResource
from reconciler.semantics.reference_paths import id_at, referred, resolved
from reconciler.strings import normalize_name


@dataclass(slots=True, kw_only=True)
class ReferenceIndex:
    """Resolution of names in this plan, by kind: an id, UNKNOWN for a new object, or the problem.

    `targets` are the kinds that any kind refers to: no other's names are asked for.
    """

    targets: frozenset[str]
    ids: dict[tuple[str, str], Json | NoValue] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    doubts: dict[tuple[str, str], str] = field(default_factory=dict)

    def learn(self, matching: MatchResult, *, complete: bool) -> None:
        """Add the objects of a kind: undeclared live ones by their name, declared ones by theirs."""
        kind = matching.kind.name
        if kind not in self.targets:
            return
        if not complete:
            self.doubts[kind, ""] = "and not every object of that kind could be read"
        for live in matching.left:
            key = (kind, normalize_name(live.name))
            if key in self.ids:
                self.doubts[key] = "a name of several live objects"
            self.ids[key] = live.id
            self.names[kind, live.id] = live.name
        for place, declared in enumerate(matching.declared):
            self._declare(matching, place, declared)

    def _declare(self, matching: MatchResult, place: int, declared: DeclaredResource) -> None:
        key = (declared.kind, normalize_name(declared.name))
        live = matching.pairs.get(place)
        self.doubts.pop(key, None)
        if live is not None:
            self.ids[key] = live.id
            self.names[declared.kind, live.id] = declared.name
        elif place not in matching.stopped:
            self.ids[key] = NoValue.UNKNOWN
        else:
            self.doubts[key] = "of which it is not clear which live object it is"

    def resolve(self, kind: str, name: str) -> Json | NoValue:
        """Return the id of a name; ABSENT where it cannot be resolved."""
        key = (kind, normalize_name(name))
        return NoValue.ABSENT if key in self.doubts else self.ids.get(key, NoValue.ABSENT)

    def problems(self, kind: Kind, declared: DeclaredResource) -> Iterator[Diagnostic]:
        """Return a diagnostic for each name that cannot be resolved."""
        for path, target, name in _by_name(kind, declared):
            if self.resolve(target, name) is NoValue.ABSENT:
                nothing = self.doubts.get((target, ""), "which neither the manifests nor the live side have")
                why = self.doubts.get((target, normalize_name(name)), nothing)
                yield no_reference(declared, target, name, path, why)

    def needed(self, kind: Kind, declared: DeclaredResource) -> Iterator[tuple[str, str]]:
        """Yield the kind and name of each object that must exist."""
        yield from ((target, name) for _, target, name in _by_name(kind, declared))

    def name_of(self, kind: str, object_id: str) -> str | None:
        """Return the name an id has in this plan, if it is known."""
        return self.names.get((kind, object_id))

    def referrers(
        self, kinds: Mapping[str, Kind], declared: Iterable[DeclaredResource]
    ) -> dict[tuple[str, str], DeclaredResource]:
        """Return for each kind and id that declared objects refer to, by name or by id, the first that does."""
        found: dict[tuple[str, str], DeclaredResource] = {}
        for one in declared:
            kind = kinds.get(one.kind)
            if kind is None or not kind.references:
                continue
            spec = resolved(kind, one.spec, self.resolve, self.name_of)
            for key, object_id in told_ids(kind, spec).items():
                found.setdefault((key.partition("/")[0], object_id), one)
        return found


def _by_name(kind: Kind, declared: DeclaredResource) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Yield the references by name alone; an id beside a name takes precedence."""
    yield from (one for one in referred(kind, declared.spec) if not _has_id(declared.spec, one[0]))


def _has_id(spec: Json, path: tuple[str | int, ...]) -> bool:
    return isinstance(path[-1], str) and id_at(spec, path) is not None
