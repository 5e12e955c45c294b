"""The child that renders has nothing to take and cannot outlive its limits."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.manifest.child import Budget, Channel, Died, cpu_limit, run
from reconciler.manifest.refusals import OutOfTimeError

QUICK = Budget(wall=20.0)


def results(work: Callable[[Channel], None], answer: Any = None, budget: Budget = QUICK) -> list[dict[str, Any]]:
    return list(run(work, answer or (lambda _ask: {}), budget))


def test_results_and_answers_cross_as_plain_data() -> None:
    def work(channel: Channel) -> None:
        reply = channel.ask({"ask": "a/b"})
        channel.send({"got": reply["text"], "texts": ["场 😀\x01", "\ud800"]})

    (result,) = results(work, lambda ask: {"text": f"<{ask['ask']}>"})
    assert result == {"got": "<a/b>", "texts": ["场 😀\x01", "\ud800"]}


def test_it_has_no_environment_and_opens_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HW_AUTH_TOKEN", "canary")

    def work(channel: Channel) -> None:
        found: dict[str, Any] = {"environment": dict(os.environ)}
        for name, attempt in (
            ("open", lambda: os.open("/etc/hostname", os.O_RDONLY)),
            ("pipe", os.pipe),
            ("read", lambda: os.read(0, 1)),
        ):
            try:
                found[name] = str(attempt())
            except OSError as problem:
                found[name] = problem.errno
        channel.send(found)

    (result,) = results(work)
    assert result["environment"] == {}
    assert result["open"] == result["pipe"] == 24  # EMFILE
    assert result["read"] == "b''"


def test_memory_ends_where_its_budget_does() -> None:
    def work(channel: Channel) -> None:
        try:
            kept = bytearray(400 << 20)
        except MemoryError:
            channel.send({"refused": True})
        else:
            channel.send({"refused": False, "size": len(kept)})

    assert results(work)[0]["refused"] is True


def test_a_busy_loop_is_interrupted_with_its_place() -> None:
    def work(channel: Channel) -> None:
        try:
            with cpu_limit(0.2):
                while True:
                    pass
        except OutOfTimeError:
            channel.send({"interrupted": True})

    assert results(work)[0]["interrupted"] is True


def test_a_call_that_nothing_interrupts_is_killed() -> None:
    def work(channel: Channel) -> None:
        signal.signal(signal.SIGPROF, signal.SIG_IGN)
        with cpu_limit(0.1):
            signal.setitimer(signal.ITIMER_PROF, 0)
            while True:
                pass

    with pytest.raises(Died, match="too much time"):
        results(work)


def test_one_that_only_waits_is_ended_by_the_clock_on_the_wall() -> None:
    with pytest.raises(Died, match="too long"):
        results(lambda _channel: time.sleep(3600), budget=Budget(wall=0.2))


@pytest.mark.parametrize("work", [lambda _channel: os._exit(3), lambda _channel: os.kill(os.getpid(), signal.SIGSEGV)])
def test_one_that_dies_is_told(work: Callable[[Channel], None]) -> None:
    with pytest.raises(Died):
        results(work)
