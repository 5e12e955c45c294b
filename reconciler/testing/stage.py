"""A small world for one test: the simulated API on a loopback port, a ledger in a folder, and a clock that obeys."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.api import Connection, ReadClient, WriteClient
from reconciler.ledger import Book, open_ledger
from reconciler.model.manifest import Manifest
from reconciler.model.plan import Plan
from reconciler.model.resource import Declared, IgnoreRule, Json
from reconciler.model.settings import Overrides, PlanSettings
from reconciler.model.source import Path as Steps
from reconciler.model.source import Position
from reconciler.pipeline.apply import Applied, apply
from reconciler.pipeline.plan import plan
from reconciler.pipeline.recover import recover
from reconciler.ports import Writer
from reconciler.readers.http import HttpReader
from reconciler.simulator import Simulator
from reconciler.simulator.clock import FixedClock
from reconciler.simulator.seed import DEFAULT_PROJECT
from reconciler.simulator.serve import running

SCOPE, OWNER = "stage/project/", "stage"


class Nowhere:
    """The locator of a manifest that stands in no file."""

    def at(self, path: Steps, *, key: bool = False) -> Position:  # noqa: ARG002 - there is one place only
        """Return the one place there is."""
        return Position("stage.yaml", 1)

    def origin(self, path: Steps) -> str:  # noqa: ARG002 - there is one place only
        """Say where it comes from."""
        return "the test"


def declare(
    kind: str,
    name: str,
    spec: Mapping[str, Json],
    *,
    aliases: tuple[str, ...] = (),
    ignore: Iterable[str] = (),
    prevent_destroy: bool = False,
) -> Declared:
    """Return a resource as a manifest would declare it."""
    rules = tuple(IgnoreRule(path=path) for path in ignore)
    return Declared(
        kind=kind,
        name=name,
        spec=spec,
        locate=Nowhere(),
        aliases=aliases,
        ignore_changes=rules,
        prevent_destroy=prevent_destroy,
    )


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One project of a simulated service, and everything needed to plan and apply to it.

    `url` is where the service listens. `simulator.model` is the witness of what really happened there.
    """

    simulator: Simulator
    url: str
    folder: Path
    ledger: Book
    project_id: str = DEFAULT_PROJECT
    _runs: Iterator[int] = field(default_factory=count)

    def connection(self) -> Connection:
        """Return a connection to the project, as fast as it goes, on the simulated clock."""
        return Connection(base_url=self.url, project_id=self.project_id, clock=self.simulator.clock, sleep=self.sleep)

    def reader(self) -> HttpReader:
        """Return a reader of the project."""
        return HttpReader(ReadClient(self.connection()), parallelism=1)

    def client(self) -> WriteClient:
        """Return a writing client of the project."""
        return WriteClient(self.connection())

    def clock(self) -> float:
        """Return the service's time, in seconds since 1970."""
        return self.simulator.clock().timestamp()

    def sleep(self, seconds: float) -> None:
        """Let time pass on the simulated clock."""
        clock = self.simulator.clock
        if isinstance(clock, FixedClock):
            clock.advance(seconds)

    def plan(self, resources: Iterable[Declared]) -> Plan:
        """Plan these resources as the whole of what is declared, deletes included."""
        return plan(Manifest(resources=tuple(resources)), self.reader(), self.ledger.past(SCOPE, OWNER), self.settings)

    def apply(self, resources: Iterable[Declared], writer: Writer) -> Applied:
        """Settle what is open, plan, and carry the plan out, every guard overridden."""
        manifest = Manifest(resources=tuple(resources))
        run = f"run {next(self._runs)}"
        doors = {"scope": SCOPE, "owner": OWNER, "run": run, "clock": self.clock, "sleep": self.sleep}
        recover(self.reader(), writer, self.ledger, settings=self.settings, **doors)  # type: ignore[arg-type]
        made = self.plan(manifest.resources)
        live = frozenset(change.name for change in made.changes)
        allowed = Overrides(deletes=made.summary().destroy, live=live, empty=True, collapsed=True)
        return apply(
            made,
            manifest,
            self.reader(),
            writer,
            self.ledger,
            settings=self.settings,
            overrides=allowed,
            **doors,  # type: ignore[arg-type]
        )

    @property
    def settings(self) -> PlanSettings:
        """How the stage is planned: what is owned and no longer declared goes."""
        return PlanSettings(environment="stage", project_id=self.project_id, prune="owned")


@contextmanager
def stage(seed: Mapping[str, Json] | None = None) -> Iterator[Stage]:
    """Give a stage whose service starts from a seed (its behaviours and faults included)."""
    simulator = Simulator(seed or {})
    with TemporaryDirectory(prefix="stage-") as name, running(simulator) as url:
        folder = Path(name)
        ledger = open_ledger("sqlite:///ledger.db", root=folder, digest_key=b"a key for tests only")
        try:
            yield Stage(simulator=simulator, url=url, folder=folder, ledger=ledger)
        finally:
            ledger.close()
