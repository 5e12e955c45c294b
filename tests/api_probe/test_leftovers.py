"""A run that dies at any of its writes leaves objects whose names are in its journal; the next run removes them."""

import signal
import sqlite3
import subprocess
import sys

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.clock import real_clock
from reconciler.simulator.server import running
from tests.support.command_line import PROJECT_ID, reconciler
from tests.support.probing import OWN, SEED, WRITES, Notebook, probed

GROUP, ROOM = "InteractionRuleGroup", "SmartLiveRoom"


class Dying(Simulator):
    """A simulator that calls `die` at its nth write: before the write is done, or after it."""

    def __init__(self, seed, *, nth, done, die, **more):
        super().__init__(seed, **more)
        self.nth, self.done, self.die, self.writes = nth, done, die, 0

    def handle(self, request):
        if request.method == "GET" or self.writes > self.nth:
            return super().handle(request)
        self.writes += 1
        if self.writes != self.nth:
            return super().handle(request)
        if self.done:
            super().handle(request)
        return self.die(request)


class Killed(BaseException):
    """The end of the process, as far as this process can play it: nothing more is sent."""


def killed(_request):
    raise Killed


def names(simulator):
    return sorted(entry.name for kind in (GROUP, ROOM) for entry in simulator.console(kind).objects.entries.values())


def dead_from(simulator, nth):
    """Probe with writes until the nth; after it no request arrives any more."""
    journal = Notebook()
    dead = False

    def die(_request):
        nonlocal dead
        dead = True
        raise Killed

    simulator.die = die
    handle = simulator.handle

    def gate(request):
        if dead:
            raise Killed
        return handle(request)

    simulator.handle = gate
    try:
        probed(simulator, (GROUP, ROOM), journal)
    except Killed:
        pass
    finally:
        simulator.handle = handle
    return journal, dead


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("names_of", ["repeatable", "unique"])
def test_after_a_kill_at_any_write_the_next_run_leaves_nothing(done, names_of):
    before = names(Simulator(SEED))
    nth = 0
    dead = True
    while dead:
        nth += 1
        simulator = Dying({**SEED, "behaviours": {"names": names_of}}, nth=nth, done=done, die=killed)
        journal, dead = dead_from(simulator, nth)
        simulator.nth = 0
        left = [name for name in names(simulator) if name not in before]
        assert {name for _, name in journal.records} >= set(left), nth
        probed(simulator, (), journal)
        assert names(simulator) == before, nth
        assert not journal.records, nth
    assert nth > 25


def test_nothing_but_the_objects_of_probes_is_ever_deleted():
    journal = Notebook({(GROUP, "group 1"): "PUT"})
    simulator = Simulator(SEED)
    before = names(simulator)
    probed(simulator, (), journal)
    assert names(simulator) == before


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "objects").mkdir()
    return tmp_path


def settle(folder, url):
    text = f"environments:\n  live: {{endpoint: {url}, project_id: '{OWN}', auth: none}}\n"
    (folder / "reconciler.yaml").write_text(f"id: {PROJECT_ID}\nmanifests: [objects]\n{text}", encoding="utf-8")


@pytest.mark.parametrize(
    "nth", [1, pytest.param(2, marks=pytest.mark.deep), 4, pytest.param(9, marks=pytest.mark.deep)]
)
def test_a_process_that_is_killed_leaves_nothing_after_the_next_doctor(folder, nth):
    child = []

    def die(request):
        child[0].send_signal(signal.SIGKILL)
        return Simulator.handle(simulator, request)

    simulator = Dying(SEED, nth=nth, done=False, die=die, clock=real_clock)
    before = names(simulator)
    with running(simulator) as url:
        settle(folder, url)
        arguments = [sys.executable, "-m", "reconciler", "-C", str(folder), "doctor", *WRITES]
        child.append(subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        assert child[0].wait(timeout=60) == -signal.SIGKILL
        assert len(names(simulator)) > len(before)
        after = reconciler("-C", folder, "doctor")
    assert after.code == 0, after.err
    assert "Removed what an interrupted run left: reconciler-doctor-" in after.err
    assert names(simulator) == before
    with sqlite3.connect(folder / ".reconciler/ledger.db") as ledger:
        assert ledger.execute("select count(*) from reconciler_probe_objects where open").fetchone() == (0,)
