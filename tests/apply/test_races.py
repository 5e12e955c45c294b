"""Two who apply at once are never two who write; one who was paused past its lease writes nothing when it wakes."""

import contextlib
import itertools
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from reconciler.errors import LedgerError
from reconciler.ledger.sql_ledger import open_ledger
from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support import postgres
from tests.support.appliers import START, Appliers
from tests.support.kill_story import SEED

ONLY, CREATES, UPDATES = 4, 1, 3
"""So much of the story, which makes so many calls."""


@pytest.fixture(scope="module")
def two() -> Iterator[tuple[Appliers, Appliers]]:
    pair = (Appliers(), Appliers())
    yield pair
    for each in pair:
        each.close()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    postgres.require()
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def ledgers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Iterator[str]]:
    """URLs of ledgers that were never written."""
    if request.param == "sqlite":
        yield (f"sqlite:///{tmp_path}/{number}.db" for number in itertools.count())
    else:
        yield databases(request.getfixturevalue("server"))


def databases(server: str) -> Iterator[str]:
    import psycopg

    for number in itertools.count():
        name = f"race_{uuid4().hex}_{number}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        yield server.rpartition("/")[0] + f"/{name}"


def race(two: tuple[Appliers, Appliers], ledger: str) -> None:
    simulator = Simulator(SEED)
    with running(simulator) as url, ThreadPoolExecutor(2) as pool:
        orders: list[dict[str, Any]] = [
            {"url": url, "ledger": ledger, "now": START, "run": name, "user": name, "only": ONLY}
            for name in ("ann", "ben")
        ]
        answers = list(pool.map(lambda each: each[0].run(**each[1]), zip(two, orders, strict=True)))
        again = two[0].run(**{**orders[0], "run": "again", "now": simulator.clock().timestamp()})
    model = simulator.model
    assert model.duplicates == []
    assert model.overwrites == []
    writers = [write.client for write in model.writes]
    assert len(list(itertools.groupby(writers))) <= 2, (writers, answers)
    assert model.requests["create"] == CREATES, answers
    assert model.requests["update"] + model.requests["child_update"] == UPDATES, answers
    assert {answer["exit"] for answer in answers} <= {0, 3, 4}, answers
    assert 0 in {answer["exit"] for answer in answers}, answers
    assert (again["exit"], again["pending"]) == (0, 0), (again, answers)


def test_twenty_races_have_one_writer_each(two: tuple[Appliers, Appliers], ledgers: Iterator[str]) -> None:
    for _ in range(20):
        race(two, next(ledgers))


@pytest.mark.deep
def test_two_hundred_races_have_one_writer_each(two: tuple[Appliers, Appliers], ledgers: Iterator[str]) -> None:
    for _ in range(200):
        race(two, next(ledgers))


POINTS_WITH_A_PLAN_STILL_GOOD = (5, 6, 11)
"""After the last look at the object, so that only the lock can tell."""


class _FileHeldError(Exception):
    """The process was stopped in the middle of a heartbeat: on SQLite it holds the whole file, not only its lease."""


def pause(two: tuple[Appliers, Appliers], ledgers: Iterator[str], folder: Path, at: int) -> None:
    """Stop one process for longer than its lease, let another one do everything, and let the first go on."""
    for _ in range(10):
        with contextlib.suppress(_FileHeldError):
            paused_once(two, next(ledgers), folder, at)
            return
    pytest.fail("it was stopped in the middle of a heartbeat ten times")


def paused_once(two: tuple[Appliers, Appliers], ledger: str, folder: Path, at: int) -> None:
    simulator, pid = Simulator(SEED), folder / f"pid-{at}"
    pid.unlink(missing_ok=True)
    with running(simulator) as url, ThreadPoolExecutor(1) as pool:
        order: dict[str, Any] = {"url": url, "ledger": ledger, "now": START, "lease": 1}
        paused = pool.submit(lambda: two[0].run(**order, run="ann", user="ann", at=at, what="pause", pid=str(pid)))
        waiting = threading.Event()
        while not (pid.exists() and pid.read_text()):
            waiting.wait(0.02)
        try:
            wait_until_lapsed(ledger, waiting)
            second = two[1].run(**{**order, "lease": 300}, run="ben", user="ben")
        finally:
            writes = len(simulator.model.writes)
            os.kill(int(pid.read_text()), signal.SIGCONT)
        first = paused.result(timeout=60)
        in_flight = simulator.model.writes[writes:]
    if second["exit"] == 1 and "stayed locked" in str(second):
        raise _FileHeldError
    assert second["exit"] in (0, 3), second
    assert in_flight == [], (first, second)
    assert first["exit"] == 4 if at in POINTS_WITH_A_PLAN_STILL_GOOD else first["exit"] in (3, 4), first
    assert simulator.model.duplicates == []


def wait_until_lapsed(ledger: str, waiting: threading.Event) -> None:
    try:
        book = open_ledger(ledger)
        while not all(holder.lapsed for holder in book.list_locks()):
            waiting.wait(0.05)
        book.close()
    except LedgerError as error:
        if error.code != "E_LEDGER_BUSY":
            raise
        raise _FileHeldError from error


@pytest.mark.parametrize("at", [4, 5, 6, 11])
def test_a_process_stopped_past_its_lease_writes_nothing_when_it_wakes(
    two: tuple[Appliers, Appliers], ledgers: Iterator[str], tmp_path: Path, at: int
) -> None:
    pause(two, ledgers, tmp_path, at)


@pytest.mark.deep
@pytest.mark.parametrize("turn", range(50))
def test_many_processes_stopped_past_their_lease_write_nothing(
    two: tuple[Appliers, Appliers], ledgers: Iterator[str], tmp_path: Path, turn: int
) -> None:
    pause(two, ledgers, tmp_path, at=(4, 5, 6, 9, 11)[turn % 5])
