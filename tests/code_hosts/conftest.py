"""What the pipelines' tests share: an installation, a build of the package, a server of the ledger."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support import postgres
from tests.support.installation import Installation, built, environment_with, installed
from tests.support.pipeline_stage import Ledger, Stage, stage

PASSWORD = "ledger-password-for-tests-only"


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that the workers of one run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def installation(shared: Path) -> Installation:
    return installed(shared)


@pytest.fixture(scope="session")
def dist(shared: Path) -> dict[str, Path]:
    return built(shared)


@pytest.fixture(scope="session")
def wheel_programs(dist: dict[str, Path], installation: Installation, shared: Path) -> Path:
    """The programs of an environment with the wheel in it, such as pipx makes, and pre-commit for a hook."""
    return environment_with(dist["wheel"], installation, shared / "wheel")


@pytest.fixture(scope="session")
def ledger_server() -> Iterator[str]:
    postgres.require()
    with postgres.server(PASSWORD) as url:
        yield url


@pytest.fixture
def ledger(ledger_server: str) -> Ledger:
    """A database of its own, owned by the user that writes; another user may read what is in it."""
    import psycopg

    name = uuid4().hex
    writer, reader = f"writer_{name}", f"reader_{name}"
    with psycopg.connect(ledger_server, autocommit=True) as connection:
        for user in (writer, reader):
            connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'")
        connection.execute(f"CREATE DATABASE ledger_{name} OWNER {writer}")
    where = ledger_server.rpartition("@")[2].partition("/")[0]
    urls = [f"postgresql://{user}:{PASSWORD}@{where}/ledger_{name}" for user in (writer, reader)]
    with psycopg.connect(urls[0], autocommit=True) as connection:
        connection.execute(f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {reader}")
    return Ledger(*urls)


@pytest.fixture
def github(tmp_path: Path, installation: Installation, ledger: Ledger) -> Iterator[Stage]:
    with stage(tmp_path / "stage", installation, ledger, login="github-actions[bot]") as ready:
        yield ready


@pytest.fixture
def gitlab(tmp_path: Path, installation: Installation, ledger: Ledger) -> Iterator[Stage]:
    with stage(tmp_path / "stage", installation, ledger, login="reconciler-bot") as ready:
        yield ready
