"""What is lost in an audit is only work: killed workers, schedulers and audits, by pid, and every project told once."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress

import psutil
import pytest

from reconciler.fleet.dask_executor import open_executor
from tests.support.command_line import PROJECT_ID
from tests.support.fleets import Audit, fleet, kill_a_worker, kill_all, once, rows, workers


def test_an_audit_that_was_killed_is_resumed_and_only_what_is_missing_is_run(tmp_path):
    names = fleet(tmp_path, 240)
    broken = Audit(tmp_path).run(once(tmp_path, 5, kill_all))
    before = rows(tmp_path)
    assert broken.code == -signal.SIGKILL
    assert 5 <= len(before) < len(names)
    resumed = Audit(tmp_path, ("--resume", before[0][0])).run()
    assert resumed.code == 2, resumed.err
    assert sorted(resumed.told()) == sorted(names)
    assert Counter(rows(tmp_path)).most_common(1)[0][1] == 1
    assert len(rows(tmp_path)) == len(names)
    assert f"of {len(names) - len(before)} environments" in resumed.err or len(names) - len(before) < 50


@pytest.mark.deep
def test_a_killed_workers_errands_are_done_by_another_and_every_project_is_told_once(tmp_path):
    names = fleet(tmp_path, 1_000)
    run = Audit(tmp_path, ("--dask", "local")).run(once(tmp_path, 100, kill_a_worker))
    assert run.code == 2, run.err
    assert sorted(run.told()) == sorted(names)
    assert run.report()["diagnostics"] == []
    assert sorted(owner for _, owner in rows(tmp_path)) == sorted(f"{PROJECT_ID}/{name}" for name in names)


@pytest.mark.deep
def test_a_worker_that_is_killed_while_the_cluster_starts_costs_nothing(tmp_path):
    names = fleet(tmp_path, 60)
    run = Audit(tmp_path, ("--dask", "local")).run(_killing(1))
    assert run.code == 2, run.err
    assert sorted(run.told()) == sorted(names)
    assert run.report()["diagnostics"] == []


@pytest.mark.deep
def test_a_cluster_that_never_starts_is_told_in_one_line(tmp_path):
    fleet(tmp_path, 60)
    run = Audit(tmp_path, ("--dask", "local")).run(_killing(1_000))
    assert run.code == 1
    assert "E_DASK: no Dask workers could be started on this machine" in run.err
    assert "Traceback" not in run.err


@pytest.mark.deep
def test_workers_that_are_killed_again_and_again_cost_no_project(tmp_path):
    names = fleet(tmp_path, 200)
    killing = _killing(10)
    run = Audit(tmp_path, ("--dask", "local")).run(lambda process: killing(process) if rows(tmp_path) else None)
    assert run.code == 2, run.err
    assert sorted(run.told()) == sorted(names)
    assert run.report()["diagnostics"] == []
    assert sorted(owner for _, owner in rows(tmp_path)) == sorted(f"{PROJECT_ID}/{name}" for name in names)


@pytest.mark.deep
def test_after_the_scheduler_is_killed_a_resumed_run_does_only_what_is_missing(tmp_path):
    names = fleet(tmp_path, 1_000)
    with _cluster(tmp_path) as (address, scheduler, _):
        run = Audit(tmp_path, ("--dask", address)).run(once(tmp_path, 100, lambda _: scheduler.kill()), timeout=300)
    before = rows(tmp_path)
    assert run.code == 3, run.err
    assert 100 <= len(before) < len(names)
    told = {one["address"] for one in run.report()["diagnostics"]}
    assert len(run.told()) + len(told) == len(names)
    assert {one["code"] for one in run.report()["diagnostics"]} == {"E_WORKER"}
    resumed = Audit(tmp_path, ("--resume", run.number())).run()
    assert resumed.code == 2, resumed.err
    assert sorted(resumed.told()) == sorted(names)
    assert f"of {len(names) - len(before):,} environments" in resumed.err
    assert len(rows(tmp_path)) == len(names)


@pytest.mark.deep
@pytest.mark.parametrize("least", [1, 2, 5, 13, 34, 89, 144])
def test_whenever_the_scheduler_is_killed_the_audit_ends_and_tells_every_project(tmp_path, least):
    names = fleet(tmp_path, 400)
    with _cluster(tmp_path) as (address, scheduler, _):
        run = Audit(tmp_path, ("--dask", address)).run(once(tmp_path, least, lambda _: scheduler.kill()), timeout=120)
    assert run.code == 3, run.err
    lost = [one["address"].removeprefix("environment ") for one in run.report()["diagnostics"]]
    assert sorted([*run.told(), *lost]) == sorted(names)


@pytest.mark.deep
def test_work_that_a_scheduler_gave_up_is_sent_again(tmp_path):
    """Somebody else's scheduler gives up what four workers were lost with: that need not be the work's fault."""
    with _cluster(tmp_path) as (address, _, _), open_executor(address, 2) as executor:
        assert executor.submit(_fatal, str(tmp_path / "deaths"), 6).result(timeout=240) == 6
    assert (tmp_path / "deaths").read_text() == "x" * 6


def _fatal(file, times):
    """End this worker as often as told, and come back then."""
    if not os.path.exists(file) or os.path.getsize(file) < times:
        with open(file, "a") as deaths:
            deaths.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return os.path.getsize(file)


def _killing(times):
    """Return what to watch with: the first `times` workers that are seen are killed, each as soon as it is there."""
    killed = set()

    def watch(process):
        for one in workers(process):
            if len(killed) < times and one.pid not in killed:
                killed.add(one.pid)
                with suppress(ProcessLookupError):
                    os.kill(one.pid, signal.SIGKILL)

    return watch


def _started_by(helper):
    with suppress(psutil.NoSuchProcess):
        return [one for one in psutil.Process(helper.pid).children() if "spawn_main" in " ".join(one.cmdline())]
    return []


@contextmanager
def _cluster(folder):
    """Give a cluster that belongs to nobody's audit: its address, its scheduler, and the keepers of two workers."""
    scheduler, address = _scheduler(folder)
    helpers = [_dask("worker", address, "--no-dashboard", "--host", "127.0.0.1", "--nthreads", "1") for _ in range(2)]
    try:
        yield address, scheduler, helpers
    finally:
        left = [one for helper in helpers for one in _started_by(helper)]
        for one in (scheduler, *helpers):
            one.kill()
            one.wait()
        for one in left:
            with suppress(psutil.NoSuchProcess):
                one.kill()


def _scheduler(folder):
    running = _dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", err=folder / "scheduler.txt")
    for _ in range(600):
        found = re.search(r"tcp://127\.0\.0\.1:\d+", (folder / "scheduler.txt").read_text())
        if found:
            return running, found[0]
        time.sleep(0.1)
    running.kill()
    raise AssertionError("the scheduler did not start")


def _dask(what, *arguments, err=None):
    command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments]
    with open(err or os.devnull, "wb") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, cwd=os.getcwd())
