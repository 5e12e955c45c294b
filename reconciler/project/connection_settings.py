"""Builds connections from an environment and the process's variables: address, credentials, limits.

Trust settings (hosts, proxies, certificates) come from the process environment, never from a repository file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from reconciler.errors import ManifestError, ReconcilerError
from reconciler.model.process_clock import ProcessClock
from reconciler.model.source_map import Position
from reconciler.project.config import Environment, Project
from reconciler.project.environment_variables import CredentialLookup
from reconciler.redaction import SecretRedactor
from reconciler.timestamps import utc

if TYPE_CHECKING:
    from reconciler.api.auth import Auth
    from reconciler.api.connection import Connection
    from reconciler.manifest.files.shared_files import SharedFiles
    from reconciler.simulator import KeptSimulator, Simulator
    from reconciler.simulator.messages import RequestHandler

EMBEDDED = "http://localhost"
"""Address of the embedded simulator: loopback, so that no credentials are required and no limit applies."""

EMBEDDED_PROJECT = "0" * 32
"""The project whose objects an embedded seed holds where the environment names none."""


RateLimitGroups = dict[tuple[str, str], "Connection"]
"""First connection to each tenant (address, project); all others to it share its rate limiter."""


def connection(
    project: Project,
    environment: Environment,
    variables: CredentialLookup,
    *,
    parallelism: int,
    tenants: RateLimitGroups,
    redactor: SecretRedactor,
    clock: ProcessClock,
    seeds: "SharedFiles | None" = None,
) -> "Connection":
    """Return the connection to an environment. Raises HostNotAllowedError or AuthError before anything is sent.

    `seeds` are files of the project from which embedded simulators begin, where a run reads them once.
    """
    from reconciler.api.connection import Connection
    from reconciler.api.logins import LOGINS

    if environment.embedded:
        from reconciler.simulator import transport

        return Connection(
            base_url=EMBEDDED,
            project_id=project_id(environment),
            app_user_id=environment.app_user_id,
            parallelism=parallelism,
            redactor=redactor,
            transport=transport(embedded_simulator(project, environment, seeds)),
        )
    throttle = environment.throttle
    tenant = (environment.url, environment.project_id)
    link = Connection(
        base_url=environment.url,
        project_id=environment.project_id,
        app_user_id=environment.app_user_id,
        auth=credentials(environment, variables),
        reads_per_second=throttle.reads if throttle else None,
        writes_per_second=throttle.writes if throttle else None,
        parallelism=parallelism,
        allowed_hosts=allowed_hosts(variables),
        proxy=variables.values.get("RECONCILER_PROXY", ""),
        ca_file=variables.values.get("RECONCILER_CA_FILE", ""),
        pace=tenants.get(tenant),
        clock=lambda: utc(clock.now()),
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        redactor=redactor,
        logins=LOGINS,
    )
    tenants.setdefault(tenant, link)
    return link


def project_id(environment: Environment) -> str:
    """Return the project id of an environment."""
    return environment.project_id or (EMBEDDED_PROJECT if environment.embedded else "")


def allowed_hosts(variables: CredentialLookup) -> tuple[str, ...]:
    """Return the further hosts the operator allows."""
    from reconciler.api.allowed_hosts import VARIABLE, parse_allowed_hosts

    return parse_allowed_hosts(variables.values.get(VARIABLE, ""))


def credentials(environment: Environment, variables: CredentialLookup) -> "Auth":
    """Return the environment's credentials; raises AuthError naming the variables that are missing."""
    from reconciler.api.auth import AkSkAuth, NoAuth, TokenAuth

    match environment.flow:
        case "none":
            return NoAuth()
        case "token":
            return TokenAuth(*variables.need("HW_AUTH_TOKEN"))
        case "password":
            return _password(environment, variables)
        case "aksk":
            access_key, secret_key = variables.need("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK")
            token = variables.get("HUAWEICLOUD_SDK_SECURITY_TOKEN")
            return AkSkAuth(access_key, secret_key, security_token=token)


def _password(environment: Environment, variables: CredentialLookup) -> "Auth":
    from reconciler.api.allowed_hosts import check_allowed, check_credentials_allowed, iam_endpoint
    from reconciler.api.auth import PasswordAuth

    user, password, domain = variables.need("HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME")
    hosts = allowed_hosts(variables)
    iam = check_allowed(environment.url if environment.local else iam_endpoint(environment.region), hosts)
    check_credentials_allowed(iam, hosts)
    return PasswordAuth(
        user=user,
        password=password,
        domain=domain,
        iam=iam,
        project_id=environment.project_id,
    )


def seed_content(project: Project, environment: Environment, seeds: "SharedFiles | None" = None) -> bytes:
    """Return the bytes of an embedded simulator's seed, a file of the project; raises ManifestError."""
    from reconciler.manifest.files.project_tree import SEED, read_below

    try:
        return seeds.read(environment.seed) if seeds else read_below(project.root, environment.seed, SEED)
    except ManifestError as error:  # it is not a manifest: the position of its key says more than a position in it
        place = project.placed(environment, "endpoint" if environment.simulator is None else "simulator")
        told = [replace(one, message=f"the seed: {one.message}", position=place) for one in error.diagnostics]
        raise ManifestError(f"the seed: {error.message}", told, code=error.code, hint=error.hint) from None


@contextmanager
def named_at(place: Position | None) -> Iterator[None]:
    """Add the position of a key to errors about the path that the key holds."""
    try:
        yield
    except ReconcilerError as error:
        if place is not None and isinstance(error, ManifestError) and error.diagnostics:
            error.diagnostics = tuple(replace(one, position=place) for one in error.diagnostics)
        elif place is not None:
            error.name_place(str(place))
        raise


def embedded_simulator(
    project: Project, environment: Environment, seeds: "SharedFiles | None" = None
) -> "RequestHandler":
    """Return the simulator of an environment, with fixed clock and ids: its objects are the seed's, or those kept."""
    if not environment.state:
        return _seeded(project, environment, seeds)
    kept = kept_simulator(project, environment)
    kept.load()
    return kept


def kept_simulator(project: Project, environment: Environment) -> "KeptSimulator":
    """Return the simulator of an environment that keeps its objects; its state file is not read yet."""
    from reconciler.simulator import KeptSimulator, StateFile

    named = partial(named_at, project.placed(environment, "simulator"))
    return KeptSimulator(_seeded(project, environment), StateFile(project.root, environment.state, named=named))


def seed_text(project: Project, environment: Environment) -> str:
    """Return the text of a seed with the present objects of an embedded simulator: its own, unless others are kept."""
    from reconciler.manifest.yaml import writer

    kept = kept_simulator(project, environment).as_seed() if environment.state else None
    if kept is None:
        return seed_content(project, environment).decode("utf-8")
    return writer.document((f"What is live in a new simulator, as it was kept in {environment.state}.",), kept)


def _seeded(project: Project, environment: Environment, seeds: "SharedFiles | None" = None) -> "Simulator":
    from reconciler.simulator import Simulator, loaded_seed

    return Simulator(loaded_seed(seed_content(project, environment, seeds), environment.seed))
