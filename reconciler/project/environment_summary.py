"""Describes an environment in one line for people: its API, its project, and its ledger."""

from urllib.parse import urlsplit

from reconciler.project.config import Environment, Project
from reconciler.project.environment_session import LiveAccess
from reconciler.project.ledger_access import USUAL, ledger_location

_SHORT = 4
"""First characters of a project id that are shown."""


def environment_summary(project: Project, name: str, access: LiveAccess, *, applies: bool = False) -> str:
    """Return `cn-north-4, project 2222…, ledger .reconciler/ledger.db`, without any secret.

    `applies`: an apply creates the default ledger, which a plan names only where it exists.
    """
    environment = project.environments[name]
    if project.untrusted:
        return f"{_snapshot(access)}, untrusted manifests, no ledger" if access.live else "untrusted manifests"
    parts = [_snapshot(access) if access.live else _api(environment)]
    if environment.project_id:
        parts.append(f"project {_shortened(environment.project_id)}")
    return ", ".join([*parts, _ledger(project, name, access, applies=applies)])


def _snapshot(access: LiveAccess) -> str:
    return f"snapshot {access.live}"


def _api(environment: Environment) -> str:
    if environment.embedded:
        state = f", state {environment.state}" if environment.state else ""
        return f"embedded simulator, seed {environment.seed}{state}"
    return environment.region if environment.region and not environment.endpoint else environment.url


def _shortened(project_id: str) -> str:
    return project_id if len(project_id) <= 2 * _SHORT else f"{project_id[:_SHORT]}…"


def _ledger(project: Project, name: str, access: LiveAccess, *, applies: bool) -> str:
    location = ledger_location(project, name, access.variables)
    if location is None and applies and not project.environments[name].transient:
        location = USUAL
    if location is None:
        return "no ledger"
    return f"ledger {_without_credentials(location.url)}"


def _without_credentials(url: str) -> str:
    """Return the file of a SQLite URL, or the server and database of another one: no user, password or parameter."""
    scheme, separator, rest = url.partition("://")
    if scheme == "sqlite" and separator:
        return rest.removeprefix("/").partition("?")[0]
    try:
        parts = urlsplit(url)
        server = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "at a URL that cannot be read"
    return f"{scheme}://{server}{parts.path}" if separator else "at a URL that cannot be read"
