"""A fleet of simulated projects in a folder, and audits of it in a process that can be watched and killed."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.support.command_line import project, room

LEDGER = "audits.db"
ROOM = "{room_name: Shop window, room_type: NORMAL, room_description: %s}"


def fleet(folder: Path, size: int, *, drifted_every: int = 10) -> tuple[str, ...]:
    """Write a project and a fleet file of `size` simulated projects, every tenth edited by hand; returns the names."""
    names = tuple(f"shop-{number:05}" for number in range(size))
    template = '  shop: {endpoint: "simulator:live/{kind}.yaml"}\n'
    files = {
        "rooms/window.yaml": room("Shop window"),
        "live/good.yaml": f"smart_live_rooms: [{ROOM % 'hello'}]",
        "live/drifted.yaml": f"smart_live_rooms: [{ROOM % 'edited by hand'}]",
    }
    project(folder, files, more=template)
    rows = (f"{name},{'good' if number % drifted_every else 'drifted'}" for number, name in enumerate(names))
    (folder / "fleet.csv").write_text("name,values.kind\n" + "\n".join(rows) + "\n")
    return names


@dataclass(slots=True)
class Audit:
    """An audit that runs in a process of its own; `watch` is called now and then while it does."""

    folder: Path
    options: tuple[str, ...] = ()
    peak: int = 0
    cpu: float = 0.0
    wall: float = 0.0
    code: int | None = None
    err: str = ""

    def run(self, watch: Callable[[psutil.Process], object] = lambda process: None, timeout: float = 900) -> "Audit":
        """Run it to its end, and note what it and its children cost; it is killed when its time is up."""
        command = [sys.executable, "-m", "reconciler", "-C", str(self.folder), "audit", "-e", "shop"]
        command += ["--fleet", "fleet.csv", "--ledger", f"sqlite:///{LEDGER}", "--format", "json", *self.options]
        started, costs = time.monotonic(), dict[int, float]()
        with open(self.folder / "out.json", "wb") as out, open(self.folder / "err.txt", "wb") as err:
            running = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, "PYTHONWARNINGS": "ignore"})
            process = psutil.Process(running.pid)
            while running.poll() is None:
                self._measure(process, costs)
                watch(process)
                if time.monotonic() - started > timeout:
                    _kill(process)
                time.sleep(0.1)
        self.wall, self.cpu, self.code = time.monotonic() - started, sum(costs.values()), running.returncode
        self.err = (self.folder / "err.txt").read_text()
        return self

    def report(self) -> Any:
        """Return the report it wrote."""
        return json.loads((self.folder / "out.json").read_text())

    def told(self) -> list[str]:
        """Return the environments its report has a plan of, as often as they stand there."""
        return [plan["environment"] for plan in self.report()["plans"]]

    def number(self) -> str:
        """Return the run's name, as it says it."""
        return self.err.split("--resume ")[1].split(".")[0]

    def _measure(self, process: psutil.Process, costs: dict[int, float]) -> None:
        memory = 0
        with suppress(psutil.NoSuchProcess):
            for one in (process, *process.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    memory += one.memory_info().rss
                    times = one.cpu_times()
                    costs[one.pid] = times.user + times.system
        self.peak = max(self.peak, memory)


def rows(folder: Path) -> list[tuple[str, str]]:
    """Return (run, owner) of every row the ledger holds; none before there is a ledger."""
    if not (folder / LEDGER).exists():
        return []
    with suppress(sqlite3.OperationalError):
        connection = sqlite3.connect(f"file:{folder / LEDGER}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute("select run, owner from reconciler_audits").fetchall()
        finally:
            connection.close()
    return []


def workers(process: psutil.Process) -> list[psutil.Process]:
    """Return the worker processes of an audit's own cluster."""
    with suppress(psutil.NoSuchProcess):
        return [one for one in process.children(recursive=True) if "spawn_main" in " ".join(_command(one))]
    return []


def once(folder: Path, least: int, do: Callable[[psutil.Process], object]) -> Callable[[psutil.Process], None]:
    """Return what to watch with: `do` is done a single time, as soon as the ledger has `least` rows."""
    done: list[bool] = []

    def watch(process: psutil.Process) -> None:
        if not done and len(rows(folder)) >= least:
            done.append(True)
            do(process)

    return watch


def kill_a_worker(process: psutil.Process) -> None:
    """Kill one worker of an audit's own cluster, by its pid."""
    found = workers(process)
    assert found, "the cluster has no workers"
    os.kill(found[0].pid, signal.SIGKILL)


def kill_all(process: psutil.Process) -> None:
    """Kill an audit with everything it started: its scheduler lives in it."""
    _kill(process)


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        for one in (*process.children(recursive=True), process):
            with suppress(psutil.NoSuchProcess):
                one.kill()


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []
