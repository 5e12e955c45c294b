"""Everything the simulated service holds: projects, their objects by kind, its clock, its choices and its memory."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.kinds import Kind
from reconciler.simulator.clock import Clock, Ids
from reconciler.simulator.collection import Collection
from reconciler.simulator.model import Model
from reconciler.simulator.shape import Shape


@dataclass(slots=True, kw_only=True)
class World:
    """The service's state. A project that was never written to is an empty tenant.

    Whoever changes it holds `lock`. With `remembers` some read lags behind.
    """

    kinds: Mapping[str, Kind]
    shapes: Mapping[str, Shape]
    choices: Mapping[str, str]
    clock: Clock
    ids: Ids
    model: Model
    lock: threading.RLock = field(default_factory=threading.RLock)
    remembers: bool = False
    collections: dict[tuple[str, str], Collection] = field(default_factory=dict)

    def collection(self, project: str, kind: str) -> Collection:
        """Return the objects of a kind in a project."""
        found = self.collections.get((project, kind))
        if found is None:
            found = Collection(remembers=self.remembers, now=self._now)
            self.collections[project, kind] = found
        return found

    def _now(self) -> datetime:
        return self.clock()

    def remember(self) -> None:
        """From now on writes leave ghosts: some read lags behind."""
        self.remembers = True
        for collection in self.collections.values():
            collection.remember()
