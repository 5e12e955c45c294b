"""A server that drops its connections while an apply is at work: it goes on, or stops before the next call."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest

from reconciler.ledger.sql_ledger import open_ledger
from reconciler.model.outcome import OutcomeStatus
from reconciler.testing.harness import OWNER, SCOPE, TestService
from reconciler.testing.harness import stage as any_stage
from reconciler.testing.writer_suite import room
from reconciler.writers.http_writer import HttpWriter
from tests.support import postgres

pytestmark = pytest.mark.postgres
stage = partial(any_stage, served=False)
POINTS = ("locked", "started", "owned", "change", "checked", "intended", "written", "recorded", "verified", "carried")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    postgres.require()
    with postgres.server() as url:
        yield url


@contextmanager
def on_postgres(server: str) -> Iterator[tuple[TestService, Callable[[str], None]]]:
    """Give a stage whose ledger is a database of its own, and what runs a statement on the server beside it."""
    import psycopg

    name = f"lost_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as beside, stage() as place:
        beside.execute(f"CREATE DATABASE {name}")
        ledger = open_ledger(server.rpartition("/")[0] + f"/{name}", digest_key=b"a key for tests only")
        yield replace(place, ledger=ledger), lambda statement: beside.execute(statement.replace("NAME", name))  # type: ignore[arg-type]
        ledger.close()


DROP = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'NAME'"


@pytest.mark.parametrize("at", POINTS)
def test_connections_dropped_at_any_point_cost_nothing(server: str, at: str) -> None:
    with on_postgres(server) as (place, run):
        wish = (room("one"), room("two"))
        dropped: list[str] = []

        def point(name: str) -> None:
            if name == at:
                run(DROP)
                dropped.append(name)

        applied = place.apply(wish, HttpWriter(place.client(), str), point=point)
        assert dropped
        assert [outcome.status for outcome in applied.outcomes] == [OutcomeStatus.APPLIED] * 2, applied
        assert place.ledger.load_state(SCOPE, OWNER).intents == ()
        assert place.ledger.list_locks() == ()
        assert place.plan(wish).pending == ()
        assert place.simulator.model.duplicates == []


@pytest.mark.parametrize("at", POINTS[:-1])
def test_a_database_that_lets_nobody_in_stops_it_before_the_next_call(server: str, at: str) -> None:
    with on_postgres(server) as (place, run):
        wish = (room("one"), room("two"))
        sent: list[int] = []

        def point(name: str) -> None:
            if name == at and not sent:
                run("ALTER DATABASE NAME WITH ALLOW_CONNECTIONS false")
                run(DROP)
                sent.append(place.simulator.model.requests["create"])

        applied = place.apply(wish, HttpWriter(place.client(), str), point=point)
        assert applied.error is not None
        assert applied.exit_code == 1
        assert len(applied.outcomes) == 2
        assert place.simulator.model.requests["create"] == sent[0]
        run("ALTER DATABASE NAME WITH ALLOW_CONNECTIONS true")
        lock = [holder.lock_id for holder in place.ledger.list_locks()]
        for lock_id in lock:
            place.ledger.break_lock(lock_id)
        again = place.apply(wish, HttpWriter(place.client(), str))
        assert again.error is None
        assert place.plan(wish).pending == ()
        assert place.ledger.load_state(SCOPE, OWNER).intents == ()
        assert place.simulator.model.duplicates == []
        assert len(place.simulator.model.created) == 2
