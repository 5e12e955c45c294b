from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    postgres.require()
    with postgres.server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """A database of its own."""
    import psycopg

    name = f"ledger_{uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres_server.rpartition("/")[0] + f"/{name}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a ledger that was never written, in either database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/.reconciler/ledger.db"
    return str(request.getfixturevalue("postgres_url"))
