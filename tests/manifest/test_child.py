"""The child that renders has nothing to take and cannot outlive its limits."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest.allowance import Budget
from reconciler.manifest.child import Channel, Died, run, time_limit
from reconciler.manifest.disk import DiskTree
from reconciler.manifest.refusals import OutOfTimeError
from reconciler.manifest.render import render

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
            with time_limit(Budget(cpu=0.2)):
                while True:
                    pass
        except OutOfTimeError:
            channel.send({"interrupted": True})

    assert results(work)[0]["interrupted"] is True


def test_a_call_that_nothing_interrupts_is_killed() -> None:
    def work(channel: Channel) -> None:
        signal.signal(signal.SIGPROF, signal.SIG_IGN)
        with time_limit(Budget(cpu=0.1, wall=20.0)):
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            while True:
                pass

    with pytest.raises(Died, match="too much time"):
        results(work)


def test_one_that_only_waits_is_ended_by_the_clock_on_the_wall() -> None:
    with pytest.raises(Died, match="too long"):
        results(lambda _channel: time.sleep(3600), budget=Budget(wall=0.1, patience=0.2))


def test_one_that_the_machine_keeps_waiting_is_waited_for() -> None:
    def work(channel: Channel) -> None:
        time.sleep(0.4)  # as on a machine too busy to give it any time
        channel.send({"done at last": True})

    assert results(work, budget=Budget(wall=0.1))[0]["done at last"] is True


def test_one_that_had_its_share_is_ended_by_the_clock_on_the_wall() -> None:
    def work(_channel: Channel) -> None:
        while True:
            pass

    with pytest.raises(Died, match="too long"):
        results(work, budget=Budget(cpu=600.0, wall=0.2, fair=0.1, patience=600.0))


def test_on_a_busy_machine_it_stops_by_itself_and_can_say_where() -> None:
    def work(channel: Channel) -> None:
        try:
            with time_limit(Budget(cpu=600.0, wall=0.3, fair=0.1)):
                while True:
                    pass
        except OutOfTimeError:
            channel.send({"interrupted": True})

    assert results(work)[0]["interrupted"] is True


@pytest.mark.parametrize("work", [lambda _channel: os._exit(3), lambda _channel: os.kill(os.getpid(), signal.SIGSEGV)])
def test_one_that_dies_is_told(work: Callable[[Channel], None]) -> None:
    with pytest.raises(Died):
        results(work)


def test_three_files_may_take_all_there_is_and_then_the_run_has_had_enough(tmp_path: Path) -> None:
    bomb = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    files = [f"{number}.yaml" for number in range(5)]
    for file in files:
        (tmp_path / file).write_text("a: {{ 1 }}" if file == "1.yaml" else bomb)
    done = render(DiskTree(tmp_path), files, {}, Budget(cpu=0.1))
    assert done["1.yaml"].text == "a: 1"
    told = [done[file].problems[0].message for file in files if file != "1.yaml"]
    assert len(told) == 4
    assert all("before it" not in each for each in told[:3])
    assert "before it" in told[3]


@pytest.mark.parametrize("milliseconds", range(10, 60, 5))
def test_wherever_time_runs_out_it_is_told_as_that(tmp_path: Path, milliseconds: int) -> None:
    (tmp_path / "a.yaml").write_text("{{ 'a'" + "~'a'" * 30_000 + " }}")
    (problem,) = render(DiskTree(tmp_path), ["a.yaml"], {}, Budget(cpu=milliseconds / 1000))["a.yaml"].problems
    assert problem.code == "E_TPL_LIMIT"
