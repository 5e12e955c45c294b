"""Applies the story in processes that can be killed: a quiet parent forks one for each order it reads from stdin.

An order is a line of JSON: where the service and the ledger are, what time it is, at which point to do what. The
answer is a line of JSON with how the process ended.
"""

import json
import os
import resource
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from reconciler.api.client import ReadClient, WriteClient
from reconciler.api.connection import Connection
from reconciler.apply.recovery import recover
from reconciler.apply.runner import apply
from reconciler.diff.differ import diff
from reconciler.kinds.registry import all_kinds
from reconciler.ledger.sql_ledger import open_ledger
from reconciler.model.desired_state import DesiredState
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import GuardOverrides, PlanOptions
from reconciler.model.read_result import ReadResult
from reconciler.planner import make_plan
from reconciler.readers.http_reader import HttpReader
from reconciler.writers.http_writer import HttpWriter
from tests.support.kill_story import AFTER, BEFORE

PROJECT = "0" * 32
SCOPE, OWNER = "stage/project/", "stage"
SETTINGS = PlanOptions(environment="stage", project_id=PROJECT, prune="owned")


class Losing(httpx.BaseTransport):
    """Loses the answer to the next write, when told to."""

    def __init__(self) -> None:
        self.armed = False
        self._real = httpx.HTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._real.handle_request(request)
        if self.armed and request.method != "GET":
            self.armed = False
            response.read()
            raise httpx.ReadError("the connection was reset", request=request)
        return response

    def close(self) -> None:
        self._real.close()


class Process:
    """One applying process, and what befalls it."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.points: list[str] = []
        self.now = float(order["now"])
        self.transport = Losing()

    def point(self, name: str) -> None:
        self.points.append(name)
        if len(self.points) != self.order.get("at"):
            return
        if self.order["what"] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.order["what"] == "pause":
            Path(self.order["pid"]).write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGSTOP)
        if self.order["what"] == "full disk":
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        if self.order["what"] == "lost answer":
            self.transport.armed = True

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def clock(self) -> float:
        return self.now

    def run(self) -> dict[str, Any]:
        link = Connection(
            base_url=self.order["url"],
            project_id=PROJECT,
            app_user_id=self.order.get("user", ""),
            transport=self.transport,
            sleep=self.sleep,
            clock=lambda: datetime.fromtimestamp(self.clock(), UTC),
        )
        ledger = open_ledger(
            self.order["ledger"], digest_key=b"a key for tests only", lease_seconds=self.order.get("lease", 300)
        )
        reader, writer = HttpReader(ReadClient(link), parallelism=1), HttpWriter(WriteClient(link), str)
        manifest = DesiredState(resources=BEFORE if self.order.get("before") else AFTER[: self.order.get("only")])
        doors: dict[str, Any] = {
            "scope": SCOPE,
            "owner": OWNER,
            "run": self.order["run"],
            "settings": SETTINGS,
            "clock": self.clock,
            "sleep": self.sleep,
        }
        recover(reader, writer, ledger, **doors)
        made = make_plan(manifest, reader, ledger.load_state(SCOPE, OWNER), SETTINGS)
        allowed = GuardOverrides(deletes=made.summary().destroy, empty=True, collapsed=True)
        applied = apply(made, manifest, reader, writer, ledger, overrides=allowed, point=self.point, **doors)
        return {
            "points": self.points,
            "exit": applied.exit_code,
            "ended by": type(applied.error).__name__ if applied.error else "",
            "pending": len(made.pending) + len(made.held),
            "outcomes": [[str(one.status), one.address, one.code, one.reason] for one in applied.outcomes],
            "calls": sum(one.calls for one in applied.outcomes),
        }


def one(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out an order in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            answer: dict[str, Any] = Process(order).run()
        except BaseException as error:
            answer = {"error": f"{type(error).__name__}: {error}", "exit": getattr(error, "exit_code", 1)}
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return {"killed": os.WIFSIGNALED(status), **(json.loads(said) if said else {})}


def warm() -> None:
    """Compile once what every process would compile for itself."""
    empty = {name: ReadResult(kind=name) for name in all_kinds()}
    diff(DesiredState(resources=AFTER), empty, LedgerState(), SETTINGS)
    with tempfile.TemporaryDirectory() as folder:
        ledger = open_ledger("sqlite:///ledger.db", root=folder)
        with ledger.lock("scope", "owner") as held:
            held.check()


if __name__ == "__main__":
    warm()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(one(json.loads(line))) + "\n")
        sys.stdout.flush()
