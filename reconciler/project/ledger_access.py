"""Ledger of an environment: its location, scope and recorded state. Needs no credentials of the API."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.errors import LedgerError, ReconcilerError
from reconciler.late_methods import dataclass
from reconciler.model.ledger_state import LedgerState
from reconciler.model.service_profile import ServiceProfile
from reconciler.project.config import Environment, Project
from reconciler.project.connection_settings import project_id
from reconciler.project.environment_variables import digest_key, secret_values, url_passwords
from reconciler.project.project_identity import check_identified
from reconciler.redaction import SecretRedactor

if TYPE_CHECKING:
    from reconciler.ledger.sql_ledger import AuditHistory, SqlLedger, Trust
    from reconciler.planfile.saved_plan import Binding

FILE = ".reconciler/ledger.db"
"""Default path of an environment's ledger, relative to the project."""


def scope_key(environment: Environment) -> str:
    """Return the scope of one lock: host, project and X-App-UserId, independent of name prefixes.

    The host of a simulator is the file that keeps its objects: two such files are two services.
    """
    host = urlsplit(environment.url).netloc or ":".join(filter(None, ("simulator", environment.state)))
    return "/".join((host, project_id(environment), environment.app_user_id))


def binding(project: Project, name: str) -> "Binding":
    """Return the binding of an environment's plan, which cannot be applied elsewhere."""
    from reconciler.planfile.saved_plan import Binding

    return Binding(scope=scope_key(project.environments[name]), environment=name, owner=project.owner(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLocation:
    """Location of a ledger. `operator`: from a flag or RECONCILER_LEDGER, else from a project file or a fleet row.

    `named_at` is the position of the key in that file or row.
    """

    url: str
    operator: bool = False
    named_at: str = ""

    def trust(self, variables: Mapping[str, str]) -> "Trust":
        """Return the trust settings for opening it."""
        from reconciler.ledger.sql_ledger import Trust

        return Trust(
            operator=self.operator,
            allowed_hosts=variables.get("RECONCILER_ALLOWED_HOSTS", ""),
            ca_file=variables.get("RECONCILER_CA_FILE", ""),
            named_at=self.named_at,
        )


USUAL = LedgerLocation(url=f"sqlite:///{FILE}")
"""Ledger of an environment that names none."""


def named_ledger(
    project: Project, environment: Environment, variables: Mapping[str, str], flag: str = ""
) -> LedgerLocation | None:
    """Return the ledger of a flag, of the operator's RECONCILER_LEDGER or else of the environment, or None."""
    given = flag or variables.get("RECONCILER_LEDGER", "")
    if given:
        return LedgerLocation(url=given, operator=True)
    if not environment.ledger:
        return None
    return LedgerLocation(url=environment.ledger, named_at=str(project.placed(environment, "ledger") or ""))


def is_lost_with_job(project: Project, environment: Environment, variables: Mapping[str, str], *, local: bool) -> bool:
    """Return whether the ledger is an unnamed local file on CI, which is gone with the job's disk.

    Such a ledger does not know what earlier jobs applied: an apply must not delete by it. The objects of a simulator
    that keeps them are gone with that disk as well.
    """
    kept = bool(environment.state) or bool(named_ledger(project, environment, variables))
    return local and bool(variables.get("CI")) and not kept


@contextmanager
def open_environment_ledger(
    project: Project,
    environment: Environment,
    variables: Mapping[str, str],
    redactor: SecretRedactor | None = None,
) -> Iterator["SqlLedger"]:
    """Open the ledger for the duration of a `with`.

    The ledger of a simulator whose objects end with the process ends with it too, unless one is named.
    """
    from tempfile import TemporaryDirectory  # for start-up: a run without a ledger needs no folder

    from reconciler.ledger.sql_ledger import open_ledger

    if project.untrusted:
        raise LedgerError("an untrusted project has no ledger", hint="leave out --untrusted")
    key, identity = digest_key(variables), project.identity
    named = named_ledger(project, environment, variables)
    place = named or USUAL
    known = redactor or SecretRedactor(secret_values(variables))
    known.add(*url_passwords(place.url))
    trust = place.trust(variables)
    with TemporaryDirectory(prefix="reconciler-") as folder:
        passing = environment.transient and named is None
        root = folder if passing else project.root
        opened = open_ledger(
            place.url,
            root=root,
            digest_key=key,
            identity=identity,
            trust=trust,
            redactor=known,
            environment=project.name_of(environment),
        )
        # after the URL itself was checked; nothing has been sent yet
        check_identified(project, place.url)
        _check_key(key, local=opened.local)
        try:
            yield opened
        finally:
            opened.close()


def _check_key(key: bytes, *, local: bool) -> None:
    if not local and not key:
        raise LedgerError(
            "a ledger in PostgreSQL needs RECONCILER_DIGEST_KEY: a key kept beside the digests protects none of them",
            code="E_LEDGER_KEY",
            hint="set it to the same long random text in every job that uses this ledger",
        )


def ledger_location(project: Project, name: str, variables: Mapping[str, str], flag: str = "") -> LedgerLocation | None:
    """Return the location of an environment's ledger: the named one, else the default file where it exists."""
    environment = project.environments[name]
    made = not environment.transient and os.path.lexists(project.root / FILE)
    return named_ledger(project, environment, variables, flag) or (USUAL if made else None)


@contextmanager
def audits(project: Project, name: str, variables: Mapping[str, str], flag: str = "") -> Iterator["AuditHistory"]:
    """Open the audit tables of a ledger: that of a flag, else the environment's, which may not exist yet."""
    from reconciler.ledger.sql_ledger import open_audits

    place = (
        LedgerLocation(url=flag, operator=True)
        if flag
        else named_ledger(project, project.environments[name], variables)
    )
    place = place or USUAL
    opened = open_audits(place.url, root=project.root, trust=place.trust(variables))
    check_identified(project, place.url)
    try:
        yield opened
    finally:
        opened.close()


def load_ledger_state(project: Project, name: str, variables: Mapping[str, str]) -> LedgerState:
    """Return the recorded state of an environment; empty where there is no ledger, without opening a database.

    Ownership is taken where the ledger lasts as long as the live side: not on CI in a local file that is deleted with
    the job.
    """
    environment, identity = project.environments[name], project.identity
    owner = identity.owner(name)
    named = named_ledger(project, environment, variables)
    lasting = bool(environment.embedded or named or not variables.get("CI"))
    if not has_ledger(project, environment, variables):
        return LedgerState(
            owner=owner,
            former=identity.former(owner),
            adopts=lasting and not project.untrusted,
            digest_key=digest_key(variables),
        )
    with open_environment_ledger(project, environment, variables) as opened:
        return replace(opened.load_state(scope_key(environment), owner), adopts=lasting)


def has_ledger(project: Project, environment: Environment, variables: Mapping[str, str]) -> bool:
    """Tell whether an environment has a ledger that outlives this run; no database is opened."""
    named = named_ledger(project, environment, variables)
    if project.untrusted or (environment.transient and named is None):
        return False
    return named is not None or os.path.lexists(project.root / FILE)


def load_profile(project: Project, name: str, variables: Mapping[str, str]) -> ServiceProfile | None:
    """Return the service's profile that `doctor` recorded for an environment; None without one."""
    environment = project.environments[name]
    if not has_ledger(project, environment, variables):
        return None
    with open_environment_ledger(project, environment, variables) as opened:
        return opened.probes(scope_key(environment)).profile()


def drop_profile(project: Project, name: str, variables: Mapping[str, str]) -> None:
    """Forget the service's profile of an environment, which a read contradicts."""
    environment = project.environments[name]
    if has_ledger(project, environment, variables):
        with open_environment_ledger(project, environment, variables) as opened:
            opened.probes(scope_key(environment)).drop_profile()


def load_rates(project: Project, name: str, variables: Mapping[str, str]) -> Mapping[str, float]:
    """Return the rates of reads and writes that earlier runs of an environment learnt; a failure costs these alone."""
    environment = project.environments[name]
    with suppress(ReconcilerError):
        if has_ledger(project, environment, variables):
            with open_environment_ledger(project, environment, variables) as opened:
                return opened.probes(scope_key(environment)).rates()
    return {}


def record_notes(
    project: Project,
    name: str,
    variables: Mapping[str, str],
    notes: Callable[[], Iterable[tuple[str, str]]],
    rates: Callable[[], Mapping[str, float | None]],
) -> None:
    """Record in an existing ledger what a run saw of the service's unknowns, and the rates that it learnt.

    A failure costs the notes alone.
    """
    environment = project.environments[name]
    with suppress(ReconcilerError):
        seen, learnt = tuple(notes()), rates()
        if (seen or learnt) and has_ledger(project, environment, variables):
            with open_environment_ledger(project, environment, variables) as opened:
                records = opened.probes(scope_key(environment))
                records.learn(seen)
                records.keep_rates(learnt)
