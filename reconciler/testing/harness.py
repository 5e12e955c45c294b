"""Test service: the simulated API on a loopback port, a ledger in a folder, and a simulated clock.

>>> with stage({"interaction_rule_groups": [{"group_name": "welcome"}]}, served=False) as service:
...     plan = service.plan([declare("InteractionRuleGroup", name, {}) for name in ("welcome", "goodbye")])
>>> [(change.action.value, change.name) for change in plan.pending]
[('create', 'goodbye')]
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from reconciler.api.client import ReadClient, WriteClient
from reconciler.api.connection import Connection
from reconciler.apply.recovery import recover
from reconciler.apply.runner import ApplyResult, apply
from reconciler.interfaces import Writer
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.ledger.sql_ledger import SqlLedger, open_ledger
from reconciler.model.desired_state import DesiredState
from reconciler.model.json_types import Json
from reconciler.model.options import GuardOverrides, PlanOptions
from reconciler.model.plan import Plan
from reconciler.model.resource import DeclaredResource, IgnoreRule
from reconciler.model.source_map import NoSource
from reconciler.planner import make_plan
from reconciler.readers.http_reader import HttpReader
from reconciler.simulator import Simulator, transport
from reconciler.simulator.clock import FixedClock
from reconciler.simulator.faults.fault import Fault
from reconciler.simulator.seed import DEFAULT_PROJECT, checked_seed
from reconciler.simulator.server import running
from reconciler.timestamps import utc

SCOPE, OWNER, PROJECT = "stage/project/", "stage", DEFAULT_PROJECT


def declare(
    kind: str,
    name: str,
    spec: Mapping[str, Json],
    *,
    aliases: tuple[str, ...] = (),
    ignore: Iterable[str] = (),
    prevent_destroy: bool = False,
) -> DeclaredResource:
    """Return a resource as declared by a manifest."""
    rules = tuple(IgnoreRule(path=path) for path in ignore)
    return DeclaredResource(
        kind=kind,
        name=name,
        spec=spec,
        locate=NoSource("stage.yaml"),
        aliases=aliases,
        ignore_changes=rules,
        prevent_destroy=prevent_destroy,
    )


@dataclass(frozen=True, kw_only=True)
class TestService:
    """One project of a simulated service, with methods to plan and apply.

    `url` is the address of the service. `simulator.model` is its write history. `kinds` are the kinds of the service
    and of plans; None stands for the installed ones.
    """

    __test__: ClassVar = False
    """pytest collects no class of this name."""

    simulator: Simulator
    url: str
    folder: Path
    ledger: SqlLedger
    served: bool = True
    project_id: str = PROJECT
    skew: float = 0.0
    kinds: Mapping[str, Kind] | None = None
    _runs: Iterator[int] = field(default_factory=count)
    _closing: ExitStack = field(default_factory=ExitStack)

    def connection(self) -> Connection:
        """Return a connection to the project without a rate limit, on the simulated clock."""
        return Connection(
            base_url=self.url,
            project_id=self.project_id,
            transport=None if self.served else transport(self.simulator, sleep=self.sleep),
            clock=lambda: utc(self.clock()),
            sleep=self.sleep,
        )

    def reader(self) -> HttpReader:
        """Return a reader of the project."""
        client = ReadClient(self.connection())
        self._closing.callback(client.close)
        return HttpReader(client, parallelism=1)

    def client(self) -> WriteClient:
        """Return a write client of the project."""
        client = WriteClient(self.connection())
        self._closing.callback(client.close)
        return client

    def clock(self) -> float:
        """Return the local time, in seconds since 1970: the service's, and `skew` seconds ahead of it."""
        return self.simulator.clock().timestamp() + self.skew

    def sleep(self, seconds: float) -> None:
        """Advance the simulated clock."""
        clock = self.simulator.clock
        if isinstance(clock, FixedClock):
            clock.advance(seconds)

    def faults(self, *entries: Mapping[str, Json]) -> tuple[Fault, ...]:
        """Return faults in the form of a seed, for `simulator.inject`."""
        return checked_seed({"faults": [dict(entry) for entry in entries]}, self.simulator.world.kinds).faults

    def plan(self, resources: Iterable[DeclaredResource]) -> Plan:
        """Plan these resources as the complete declaration, deletes included."""
        past = self.ledger.load_state(SCOPE, OWNER)
        desired = DesiredState(resources=tuple(resources))
        return make_plan(desired, self.reader(), past, self.settings, kinds=self.kinds)

    def apply(self, resources: Iterable[DeclaredResource], writer: Writer, **hooks: Any) -> ApplyResult:
        """Resolve open intents, plan, and execute the plan with every guard overridden.

        `hooks` are further arguments of `reconciler.apply.runner.apply`: stop, progress, point, settle.
        """
        manifest = tuple(resources)
        recover(self.reader(), writer, self.ledger, settings=self.settings, **self._shared())
        return self.carry_out(self.plan(manifest), manifest, writer, **hooks)

    def carry_out(self, made: Plan, resources: Iterable[DeclaredResource], writer: Writer, **hooks: Any) -> ApplyResult:
        """Execute a plan of these resources with every guard overridden."""
        live = frozenset(change.name for change in made.changes)
        allowed = GuardOverrides(deletes=made.summary().destroy, live=live, empty=True, collapsed=True)
        manifest = DesiredState(resources=tuple(resources))
        more = {"settings": self.settings, "overrides": allowed, **self._shared(), **hooks}
        return apply(made, manifest, self.reader(), writer, self.ledger, **more)

    def _shared(self) -> dict[str, Any]:
        run = f"run {next(self._runs)}"
        shared = {"scope": SCOPE, "owner": OWNER, "run": run, "clock": self.clock, "sleep": self.sleep}
        return {**shared, "kinds": self.kinds}

    @property
    def settings(self) -> PlanOptions:
        """Plan options of the service: owned undeclared objects are deleted."""
        return PlanOptions(environment="stage", project_id=self.project_id, prune="owned")


@contextmanager
def stage(
    seed: Mapping[str, Json] | None = None,
    *,
    served: bool = True,
    skew: float = 0.0,
    kinds: Mapping[str, Kind] | None = None,
) -> Iterator[TestService]:
    """Yield a test service that starts from a seed (its behaviours and faults included).

    Without `served`, the service is in memory: faster, for plugins that use the stage's connection. The local clock is
    `skew` seconds ahead of the service's. `kinds` replaces the installed kinds.
    """
    simulator = Simulator(seed or {}, kinds=kinds)
    with ExitStack() as closing:
        folder = Path(closing.enter_context(TemporaryDirectory(prefix="stage-")))
        url = closing.enter_context(running(simulator)) if served else "http://127.0.0.1"
        ledger = open_ledger("sqlite:///ledger.db", root=folder, digest_key=b"a key for tests only")
        closing.callback(ledger.close)
        yield TestService(
            simulator=simulator,
            url=url,
            folder=folder,
            ledger=ledger,
            served=served,
            skew=skew,
            kinds=kinds,
            _closing=closing,
        )
