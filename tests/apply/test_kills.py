"""Cut off at any point, an apply that is run again converges: nothing twice, nothing lost; the service is witness."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.appliers import START, Appliers
from tests.support.kill_story import FUTURE, SEED

FAULTS = ("kill", "lost answer", "full disk")
LAGS = (0, 1, 2, 5)
PER_CHANGE = ("change", "checked", "intended", "written", "recorded", "verified")
POINTS = ("locked", "started", "owned", *PER_CHANGE * 10, "carried", "planned", "ended", "unlocked")
EXPECTED = {"changed", "moved", "edited", "first", "second", "alpha", "beta", "gamma"}


@pytest.fixture(scope="module")
def appliers() -> Iterator[Appliers]:
    made = Appliers()
    yield made
    made.close()


@pytest.fixture(scope="module")
def owned(appliers: Appliers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that owns what the seed holds."""
    path = tmp_path_factory.mktemp("owned") / "ledger.db"
    with running(Simulator(SEED)) as url:
        answer = appliers.run(url=url, ledger=f"sqlite:///{path}", now=START, run="first", before=True)
    assert answer["exit"] == 0, answer
    assert answer["outcomes"] == []
    return path


class Case:
    """A service and a ledger, both as before the story."""

    def __init__(self, appliers: Appliers, simulator: Simulator, url: str, ledger: Path) -> None:
        self._appliers = appliers
        self.simulator = simulator
        self._url = url
        self._ledger = ledger

    def apply(self, **more: Any) -> dict[str, Any]:
        now = self.simulator.clock().timestamp()
        run = f"run {len(self.simulator.model.writes)} {more}"
        return self._appliers.run(url=self._url, ledger=f"sqlite:///{self._ledger}", now=now, run=run, **more)

    def until_quiet(self) -> list[dict[str, Any]]:
        """Apply again until nothing is left to do."""
        runs = []
        for _ in range(6):
            runs.append(self.apply())
            if runs[-1].get("exit") == 0 and runs[-1]["pending"] == 0:
                return runs
        raise AssertionError(json.dumps(runs, indent=1))

    def judge(self) -> None:
        model, world = self.simulator.model, self.simulator.world
        assert [write.name for write in model.duplicates] == []
        assert [(loss.path, loss.value) for loss in model.losses] == []
        assert model.overwrites == []
        entries = [entry for kind in world.kinds for entry in world.collection("0" * 32, kind).entries.values()]
        assert {entry.name for entry in entries} == EXPECTED
        assert len(entries) == len(EXPECTED)
        bodies = {entry.name: entry.body for entry in entries}
        for name in ("changed", "moved", "edited"):
            assert bodies[name]["from_the_future"] == FUTURE["from_the_future"]
        assert bodies["changed"]["interaction_rules"][0]["from_the_future"] == FUTURE["from_the_future"]
        assert bodies["changed"]["interaction_rules"][0]["trigger"]["reply_texts"] == ["It is 89."]
        assert {bodies[name]["room_description"] for name in ("moved", "edited")} == {"new"}
        assert sorted(write.name for write in model.deleted) == ["closing", "leaving"]


@contextmanager
def case(appliers: Appliers, owned: Path, folder: Path, lag: int) -> Iterator[Case]:
    ledger = folder / f"ledger-{lag}.db"
    shutil.copy(owned, ledger)
    faults = [{"match": {"operation": "list"}, "list_lag": lag}] if lag else []
    simulator = Simulator({**SEED, "faults": faults})
    with running(simulator) as url:
        yield Case(appliers, simulator, url, ledger)
    ledger.unlink()


def test_an_undisturbed_apply_passes_every_point_once_a_change(appliers: Appliers, owned: Path, tmp_path: Path) -> None:
    with case(appliers, owned, tmp_path, lag=0) as each:
        answer = each.apply()
        assert answer["exit"] == 0, answer
        assert tuple(answer["points"]) == POINTS
        assert len(POINTS) >= 66
        assert answer["calls"] == 10
        assert len(each.simulator.model.writes) == 10
        assert [run["pending"] for run in each.until_quiet()] == [0]
        each.judge()


def cut_off(appliers: Appliers, owned: Path, folder: Path, at: int, what: str, lag: int) -> None:
    with case(appliers, owned, folder, lag) as each:
        answer = each.apply(at=at, what=what)
        assert answer["killed"] == (what == "kill"), answer
        each.until_quiet()
        each.judge()


@pytest.mark.parametrize("what", FAULTS)
@pytest.mark.parametrize("at", range(1, len(POINTS) - 1, 16))
def test_cut_off_at_some_points_it_converges(
    appliers: Appliers, owned: Path, tmp_path: Path, at: int, what: str
) -> None:
    cut_off(appliers, owned, tmp_path, at + FAULTS.index(what), what, LAGS[at % 4])


@pytest.mark.deep
@pytest.mark.parametrize("lag", LAGS)
@pytest.mark.parametrize("what", FAULTS)
@pytest.mark.parametrize("at", range(1, len(POINTS) + 1))
def test_cut_off_at_every_point_it_converges(
    appliers: Appliers, owned: Path, tmp_path: Path, at: int, what: str, lag: int
) -> None:
    cut_off(appliers, owned, tmp_path, at, what, lag)
