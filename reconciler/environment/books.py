"""An environment's ledger: where it is, what it covers, and what it remembers. Needs no credentials of the API."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.environment.access import project_id
from reconciler.environment.project import Environment, Project
from reconciler.environment.variables import digest_key
from reconciler.errors import LedgerError
from reconciler.model.past import Past

if TYPE_CHECKING:
    from reconciler.ledger import Audits, Book
    from reconciler.pipeline.saved import Binding

FILE = ".reconciler/ledger.db"
"""Where an environment keeps its ledger unless it says otherwise, relative to the project."""


def scope_key(environment: Environment) -> str:
    """Return what one lock covers: host, project and X-App-UserId, whatever the name prefixes."""
    host = urlsplit(environment.url).netloc or "simulator"
    return "/".join((host, project_id(environment), environment.app_user_id))


def binding(project: Project, name: str) -> "Binding":
    """Return what a plan of an environment is made for: no other place may apply it."""
    from reconciler.pipeline.saved import Binding

    return Binding(scope=scope_key(project.environments[name]), environment=name, owner=project.owner(name))


@contextmanager
def book(project: Project, environment: Environment, variables: Mapping[str, str]) -> Iterator["Book"]:
    """Open the ledger for the length of a `with`.

    The embedded simulator forgets everything at the end of the process, and so does its ledger, unless it names one.
    """
    from reconciler.ledger import open_ledger

    if project.untrusted:
        raise LedgerError("an untrusted project has no ledger", hint="leave out --untrusted")
    key = digest_key(variables)
    with TemporaryDirectory(prefix="reconciler-") as folder:
        passing = environment.embedded and not environment.ledger
        url = environment.ledger or f"sqlite:///{FILE}"
        opened = open_ledger(url, root=folder if passing else project.root, digest_key=key)
        try:
            yield opened
        finally:
            opened.close()


def ledger_url(project: Project, name: str) -> str:
    """Return where an environment's ledger is: as it says, else the usual file where there is one; empty for none."""
    environment = project.environments[name]
    made = not environment.embedded and (project.root / FILE).is_file()
    return environment.ledger or (f"sqlite:///{FILE}" if made else "")


@contextmanager
def audits(project: Project, name: str, url: str = "") -> Iterator["Audits"]:
    """Open what audits left in a ledger: the one at a URL, else the environment's, which may never have been made."""
    from reconciler.ledger import open_audits

    opened = open_audits(url or project.environments[name].ledger or f"sqlite:///{FILE}", root=project.root)
    try:
        yield opened
    finally:
        opened.close()


def remembered(project: Project, name: str, variables: Mapping[str, str]) -> Past:
    """Return what the ledger remembers of an environment; nothing where there is none, which costs no database."""
    environment, owner = project.environments[name], project.owner(name)
    made = environment.ledger or (project.root / FILE).is_file()
    if project.untrusted or not made or (environment.embedded and not environment.ledger):
        return Past(owner=owner, digest_key=digest_key(variables))
    with book(project, environment, variables) as opened:
        return opened.past(scope_key(environment), owner)
