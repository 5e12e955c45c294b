"""Opens an environment: a reader of its live side, its ledger, its writers, and its plan options."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import field, replace
from datetime import date
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from reconciler import plugins
from reconciler.errors import ReconcilerError, UsageError
from reconciler.interfaces import Reader, Writer, WriterContext
from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.model.desired_state import DesiredState
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import WRITER_SECONDS, PlanOptions, Selection
from reconciler.model.process_clock import REAL_TIME, ProcessClock
from reconciler.model.read_progress import ReadListener
from reconciler.model.read_result import ApiUsage, RateUse
from reconciler.project.config import FILE, Environment, Project
from reconciler.project.connection_settings import RateLimitGroups, connection, named_at, project_id
from reconciler.project.declared_state import scope_of
from reconciler.project.environment_variables import CredentialLookup, named_secrets, secret_values, usable_secret
from reconciler.project.ledger_access import (
    load_ledger_state,
    load_profile,
    load_rates,
    open_environment_ledger,
    record_notes,
    scope_key,
)
from reconciler.redaction import SecretRedactor
from reconciler.writers.secret_values import secret_names

if TYPE_CHECKING:
    from reconciler.api.client import WriteClient
    from reconciler.api.connection import Connection
    from reconciler.apply.context import SettlePolicy
    from reconciler.ledger.sql_ledger import SqlLedger
    from reconciler.manifest.files.shared_files import SharedFiles
    from reconciler.readers.read_cache import ReadCache


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAccess:
    """Access to the live side in this run, from the command line and the process, not from the project.

    `live` is a snapshot to read instead of the API. `full` renews the read cache, without `cached` there is none.
    `tenants` is filled as environments are opened: those of one tenant share one rate limiter. `progress` listens to
    the calls of reading. `seeds` are the files of simulators, where a run reads each once.
    """

    variables: Mapping[str, str] = field(repr=False)
    parallelism: int = 8
    live: Path | None = None
    full: bool = False
    cached: bool = True
    today: date = date(1970, 1, 1)
    tenants: "RateLimitGroups" = field(default_factory=dict, repr=False, compare=False)
    redactor: SecretRedactor = field(default_factory=SecretRedactor, repr=False, compare=False)
    clock: ProcessClock = field(default=REAL_TIME, repr=False, compare=False)
    progress: ReadListener | None = field(default=None, repr=False, compare=False)
    seeds: "SharedFiles | None" = field(default=None, repr=False, compare=False)

    @property
    def pause_left(self) -> float:
        """Seconds for which the service holds all reads from now, because it refused some."""
        return max((link.reads.pause_left for link in tuple(self.tenants.values())), default=0.0)

    def __post_init__(self) -> None:
        self.redactor.add(*secret_values(self.variables))


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSession:
    """Open environment, used in a `with`, which closes its connections."""

    project: Project
    name: str
    access: LiveAccess
    reader: Reader
    connection: "Connection | None" = None
    cache: "ReadCache | None" = None
    clients: "list[WriteClient]" = field(default_factory=list, repr=False)
    closing: ExitStack = field(default_factory=ExitStack, repr=False)

    @property
    def environment(self) -> Environment:
        """Environment's keys in the project file."""
        return self.project.environments[self.name]

    @property
    def owner(self) -> str:
        """Owner of what is applied here."""
        return self.project.owner(self.name)

    @property
    def scope(self) -> str:
        """Scope of one lock."""
        return scope_key(self.environment)

    def ledger(self) -> "SqlLedger":
        """Open the ledger until this environment is closed. Raises LedgerError where none is possible."""
        return self.closing.enter_context(
            open_environment_ledger(self.project, self.environment, self.access.variables, self.access.redactor)
        )

    def ledger_state(self) -> LedgerState:
        """Return the recorded state of the ledger; empty where there is none."""
        return load_ledger_state(self.project, self.name, self.access.variables)

    def settle_policy(self) -> "SettlePolicy":
        """Return how an apply waits for what it wrote; the embedded simulator has no replicas that lag behind."""
        from reconciler.apply.context import SettlePolicy  # a plan does not load it

        return SettlePolicy(replicas=0.0) if self.environment.embedded else SettlePolicy()

    def writer(self, name: str, emit: Callable[[str], object], *, seconds: float = WRITER_SECONDS) -> Writer:
        """Return a writer by name, ready to write here.

        `emit` prints a line for those that only print; `seconds` limits one change.
        """
        from reconciler.api.client import WriteClient
        from reconciler.writers.redacting import RedactingWriter

        link = self.connection
        if link is None:
            raise UsageError("a snapshot cannot be written to", hint="leave out --live")
        profile = load_profile(self.project, self.name, self.access.variables)
        setup = WriterContext(
            variables=self.access.variables,
            secret=partial(_secret, named_secrets(self.access.variables)),
            emit=emit,
            client=partial(self._writing, WriteClient, link),
            redact=self.access.redactor.text,
            seconds=seconds,
            whole_objects=profile is not None and profile.hides_item_writes,
        )
        made = RedactingWriter(plugins.writer(name, setup), self.access.redactor)
        self.closing.callback(made.close)
        return made

    def _writing(self, client: "type[WriteClient]", link: "Connection") -> "WriteClient":
        made = client(link)
        self.clients.append(made)
        return made

    @property
    def usage(self) -> ApiUsage:
        """API usage so far."""
        return sum((client.usage for client in self.clients), self.reader.usage)

    @property
    def rates(self) -> Mapping[str, RateUse]:
        """Rates of reads and writes, where anything but the setting decided them."""
        if self.connection is None:
            return {}
        uses = {"reads": self.connection.reads.use, "writes": self.connection.writes.use}
        return {calls: use for calls, use in uses.items() if use.is_learnt}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.close()


def settings(project: Project, name: str, *, selection: Selection, depth: str, today: date) -> PlanOptions:
    """Return the plan options of an environment."""
    environment = project.environments[name]
    return PlanOptions(
        environment=name,
        project_id="" if project.untrusted else project_id(environment),
        prune=environment.prune,
        unpruned=""
        if environment.prune == "owned"
        else f"set `prune: owned` in environments.{name} of {FILE} to delete it",
        scope=scope_of(environment),
        selection=selection,
        protect=tuple(environment.protect),
        depth=depth,
        today=today,
        untrusted=project.untrusted,
    )


def open_environment(project: Project, name: str, access: LiveAccess) -> EnvironmentSession:
    """Return an environment, open for reading; nothing is sent before the first read."""
    if access.live is not None:
        return _from_snapshot(project, name, access, access.live)
    if project.untrusted:
        raise UsageError(
            "--untrusted ignores the project's endpoints and needs --live FILE",
            hint="make the file where the credentials are: reconciler snapshot -e ENV -o live.json",
        )
    return _from_api(project, name, access)


def _from_snapshot(project: Project, name: str, access: LiveAccess, live: Path) -> EnvironmentSession:
    from reconciler.readers.snapshot_reader import SnapshotReader

    theirs = "" if project.untrusted else project_id(project.environments[name])
    return EnvironmentSession(project=project, name=name, access=access, reader=SnapshotReader(live, project_id=theirs))


def _from_api(project: Project, name: str, access: LiveAccess) -> EnvironmentSession:
    from reconciler.api.client import ReadClient
    from reconciler.readers.http_reader import HttpReader

    environment = project.environments[name]
    variables = CredentialLookup(values=access.variables, prefix=environment.credentials_prefix)
    link = connection(
        project,
        environment,
        variables,
        parallelism=access.parallelism,
        tenants=access.tenants,
        redactor=access.redactor,
        clock=access.clock,
        seeds=access.seeds,
    )
    closing = ExitStack()
    if not environment.embedded:
        link = _observed(project, name, access, link, closing)
    client = ReadClient(link)
    closing.callback(client.close)
    cache = _cache(project, name, access)
    if cache is not None:
        closing.callback(cache.close)
    reader = HttpReader(client, parallelism=access.parallelism, cache=cache, progress=access.progress)
    return EnvironmentSession(
        project=project, name=name, access=access, reader=reader, connection=link, cache=cache, closing=closing
    )


def _observed(project: Project, name: str, access: LiveAccess, link: "Connection", closing: ExitStack) -> "Connection":
    """Return a connection that notes what it sees of the service's unknowns, and begins at the rates learnt before.

    An existing ledger gets both at the end.
    """
    from reconciler.api_probe.passive_log import PassiveLog

    log, limiters = PassiveLog(), {"reads": link.reads, "writes": link.writes}
    learnt = load_rates(project, name, access.variables)
    for calls, limiter in limiters.items():
        if calls in learnt:
            limiter.start(learnt[calls])

    def rates() -> dict[str, float | None]:
        """Return the rates of the calls that were made, where they are not those that the run began with."""
        used = {calls: limiter for calls, limiter in limiters.items() if limiter.use.is_learnt}
        return {calls: limiter.learnt for calls, limiter in used.items()}

    closing.callback(record_notes, project, name, access.variables, lambda: log.seen, rates)
    return replace(link, observer=log, pace=link)


def _cache(project: Project, name: str, access: LiveAccess) -> "ReadCache | None":
    """Return the environment's read cache, where it is enabled and this command may use it.

    It is proven where the service's profile says that every write renews the version field of an object.
    """
    environment = project.environments[name]
    if not environment.cache or not access.cached or environment.embedded:
        return None
    from reconciler.readers.read_cache import ReadCache

    profile = load_profile(project, name, access.variables)
    proven = profile is not None and profile.renews_versions
    with named_at(project.placed(environment, "cache")):
        return ReadCache(
            environment.cache,
            root=project.root,
            scope=scope_key(environment),
            refresh=access.full,
            redactor=access.redactor,
            proven=proven,
        )


def check_secrets(manifest: DesiredState, variables: Mapping[str, str]) -> None:
    """Raise ReconcilerError for a secret in the manifests that must not be sent, before anything is sent."""
    known = named_secrets(variables)
    for resource in manifest.resources:
        for name in secret_names(all_kinds()[resource.kind], resource.spec):
            if name in known:
                usable_secret(name, known[name])


def _secret(known: Mapping[str, str], name: str) -> str:
    if name not in known:
        raise ReconcilerError(
            f"the secret {name} is not set", code="E_SECRET_MISSING", hint=f"set RECONCILER_SECRET_{name}"
        )
    return usable_secret(name, known[name])
