"""Everything the simulated service holds: projects, their objects by kind, its clock, its choices and its memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.kinds import Kind
from reconciler.simulator.clock import Clock, Ids
from reconciler.simulator.collection import Collection
from reconciler.simulator.model import Model
from reconciler.simulator.shape import Shape


@dataclass(slots=True, kw_only=True)
class World:
    """The service's state. A project that was never written to is an empty tenant."""

    kinds: Mapping[str, Kind]
    shapes: Mapping[str, Shape]
    choices: Mapping[str, str]
    clock: Clock
    ids: Ids
    model: Model
    collections: dict[tuple[str, str], Collection] = field(default_factory=dict)

    def collection(self, project: str, kind: str) -> Collection:
        """Return the objects of a kind in a project."""
        return self.collections.setdefault((project, kind), Collection())

    def of_kind(self, kind: str) -> Iterator[tuple[str, Collection]]:
        """Go through the projects that hold objects of a kind."""
        return ((project, found) for (project, name), found in self.collections.items() if name == kind)
