"""`apply --lock-timeout` waits for a lock, plans anew with what the other run did, and gives up in time."""

import os
import select
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from reconciler.cli.lock_timeout import LockWait, seconds_of
from reconciler.errors import LockedError, UsageError
from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import project, reconciler, room


@pytest.mark.parametrize(("text", "seconds"), [("", 0), ("0", 0), ("90", 90), ("30s", 30), ("5m", 300), ("1h", 3600)])
def test_durations(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["5 m", "m", "-5", "1.5m", "5d", "5ms", "٥m", "99999999"])
def test_what_is_no_duration_is_told(text):
    with pytest.raises(UsageError, match="--lock-timeout"):
        seconds_of(text)


SLOW = {"faults": [{"match": {"method": "POST"}, "delay": 3.0}]}
"""Long enough for an apply to be paused in its middle."""


class Held:
    """A lock that somebody holds until a moment, and a clock that only sleeping moves."""

    def __init__(self, until):
        self.until, self.now, self.said = until, 0.0, []

    @contextmanager
    def lock(self):
        if self.now < self.until:
            raise LockedError("locked by another")
        yield

    def sleep(self, seconds):
        self.now += seconds

    def attempt(self):
        with self.lock():
            return self.now

    def wait(self, seconds):
        return LockWait(seconds=seconds, say=self.said.append, clock=lambda: self.now, sleep=self.sleep)


def test_it_goes_on_as_soon_as_the_lock_is_free_and_says_what_it_waits_for():
    held = Held(until=100.0)
    assert held.wait(300).call(held.attempt, held.lock) == 100.0
    assert len(held.said) == 4
    assert "locked by another" in held.said[0]


def test_time_that_is_over_is_the_locks_error():
    held = Held(until=100.0)
    with pytest.raises(LockedError):
        held.wait(60).call(held.attempt, held.lock)
    assert held.now == 60


def test_without_a_timeout_nothing_is_waited_for():
    held = Held(until=100.0)
    with pytest.raises(LockedError):
        held.wait(0).call(held.attempt, held.lock)
    assert (held.now, held.said) == (0.0, [])


def test_time_is_counted_over_all_tries_together():
    held = Held(until=10.0)

    def attempt():
        raise LockedError("somebody was faster")

    with pytest.raises(LockedError):
        held.wait(60).call(attempt, held.lock)
    assert held.now == 60


def test_one_apply_waits_for_another_and_then_has_nothing_left_to_do(tmp_path):
    """The first is paused under its lock until the second says that it waits."""
    simulator = Simulator(SLOW)
    with running(simulator) as url:
        place = f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}", auth: none}}\n'
        project(tmp_path, {f"rooms/{n}.yaml": room(f"Room {n}") for n in range(4)}, more=place)
        first = _paused_under_its_lock(tmp_path, simulator)
        try:
            refused = reconciler("-C", tmp_path, "apply", "-e", "real", "--auto-approve")
            assert refused.code == 4, refused.err
            second = _start(tmp_path, "--lock-timeout", "4m")
            assert any("for the lock" in line for line in second.stderr)
            first.send_signal(signal.SIGCONT)
            out, err = second.communicate(timeout=120)
            assert second.returncode == 0, err
            assert first.wait(60) == 0
        finally:
            first.kill()
            first.communicate()
    assert "No changes." in out
    assert simulator.model.duplicates == []


def test_a_lock_that_stays_is_exit_4(tmp_path):
    simulator = Simulator(SLOW)
    with running(simulator) as url:
        place = f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}", auth: none}}\n'
        project(tmp_path, {"rooms/one.yaml": room("One")}, more=place)
        first = _paused_under_its_lock(tmp_path, simulator)
        try:
            run = reconciler("-C", tmp_path, "apply", "-e", "real", "--auto-approve", "--lock-timeout", "1s")
            assert run.code == 4
            assert "Waiting up to 1 s for the lock" in run.err
        finally:
            first.kill()
            first.communicate()


def _paused_under_its_lock(folder, simulator):
    """Start an apply and stop its process while it waits for an answer: then it holds its lock, and no file's."""
    process = _start(folder)
    while not simulator.model.requests["create"]:
        assert process.poll() is None
        select.select([], [], [], 0.02)
    process.send_signal(signal.SIGSTOP)
    return process


def _start(folder, *more):
    command = [sys.executable, "-m", "reconciler", "-C", str(folder), "apply", "-e", "real", "--auto-approve", *more]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILER_", "CI"))}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=kept)
