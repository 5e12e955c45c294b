"""Opens an environment: a reader for its live side, its ledger's view, and what a plan of it is made with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from reconciler.environment.project import Environment, Project
from reconciler.errors import UsageError
from reconciler.model.past import Past
from reconciler.model.settings import PlanSettings, Scope, Selection
from reconciler.ports import Ledger, Reader, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How the live side may be reached in this run: what the command line and the process say, not the project.

    `live` is a snapshot to read instead of the API. `full` disbelieves the read cache.
    """

    variables: Mapping[str, str] = field(repr=False)
    parallelism: int = 8
    live: Path | None = None
    full: bool = False
    today: date = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An open environment. Leave its `with` and the connections are closed."""

    name: str
    environment: Environment
    reader: Reader
    scope: str
    owner: str
    past: Callable[[], Past]
    ledger: Callable[[], Ledger]
    writer: Callable[[str], Writer]
    close: Callable[[], None]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def scope_of(environment: Environment) -> Scope:
    """Return what an environment looks after."""
    return Scope(name_prefix=environment.scope.name_prefix, room_types=frozenset(environment.scope.room_types))


def settings(project: Project, name: str, *, selection: Selection, depth: str, today: date) -> PlanSettings:
    """Return how one environment is planned."""
    environment = project.environments[name]
    return PlanSettings(
        environment=name,
        project_id=environment.project_id,
        prune=environment.prune,
        scope=scope_of(environment),
        selection=selection,
        protect=tuple(environment.protect),
        depth=depth,
        today=today,
        untrusted=project.untrusted,
    )


def open_environment(project: Project, name: str, access: Access) -> Opened:
    """Return an environment, open for reading; nothing is sent before the first read."""
    environment = project.environments[name]
    if access.live is not None:
        return _from_snapshot(project, name, access)
    if project.untrusted:
        raise UsageError(
            "--untrusted ignores the project's endpoints and needs --live FILE",
            hint="make the file where the credentials are: reconciler snapshot -e ENV -o live.json",
        )
    return _from_api(project, name, environment, access)


def _from_snapshot(project: Project, name: str, access: Access) -> Opened:
    raise NotImplementedError


def _from_api(project: Project, name: str, environment: Environment, access: Access) -> Opened:
    raise NotImplementedError
