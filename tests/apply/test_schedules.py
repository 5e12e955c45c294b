"""Any schedule of kills, lost and late answers, lagging reads and clocks that differ: nothing twice, nothing lost."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support import postgres
from tests.support.schedules import Ended, Schedule

SAMPLE, MANY = 12, 500
SHORT_WAIT = 205
"""A seed whose window ends less than a tick of the clock after a read."""
CLOCK_AHEAD = 263
"""A seed whose killed run is followed by one whose clock is ahead of the service's, which it has not heard yet."""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def ledger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a ledger for every schedule of this module, each in a scope of its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('schedules')}/ledger.db"
        return
    postgres.require()
    with postgres.server() as url:
        yield url


def played(seed: int, ledger: str) -> Ended:
    return Schedule(seed=seed, ledger=ledger, scope=f"stage/{uuid4().hex}/").play()


@pytest.mark.parametrize("seed", [*range(SAMPLE), SHORT_WAIT, CLOCK_AHEAD])
def test_a_schedule_ends_with_everything_done_once(ledger: str, seed: int) -> None:
    ended = played(seed, ledger)
    assert ended.wrong == (), ended


@pytest.mark.deep
def test_every_schedule_ends_with_everything_done_once(ledger: str, tmp_path: Path) -> None:
    """Print the figures of all schedules: run with -s."""
    ends = {seed: played(seed, ledger) for seed in range(MANY)}
    exits = Counter(ended.exit_code for ended in ends.values())
    runs, kills = sum(ended.runs for ended in ends.values()), sum(ended.kills for ended in ends.values())
    unknown = sum(bool(ended.unknown) for ended in ends.values())
    print(f"\n{MANY} schedules, {runs} runs, {kills} kills; exit codes {dict(exits)}; {unknown} ended in an UNKNOWN")
    wrong = {seed: ended.wrong for seed, ended in ends.items() if ended.wrong}
    assert wrong == {}
