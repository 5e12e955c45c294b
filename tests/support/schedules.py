"""Seeded schedules of an apply: kills, lost and late answers, stale reads, clocks that differ; the service is witness.

A seed decides everything. Time is the simulated service's, so that a schedule of an hour takes a moment. A write may be
done as late as reading lags behind, and both at once.
"""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import httpx

from reconciler.api.client import ReadClient, WriteClient
from reconciler.api.connection import Connection
from reconciler.apply.recovery import recover
from reconciler.apply.runner import ApplyResult, apply
from reconciler.errors import ReconcilerError
from reconciler.ledger.sql_ledger import open_ledger
from reconciler.model.desired_state import DesiredState
from reconciler.model.options import GuardOverrides, PlanOptions
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.resource import DeclaredResource
from reconciler.planner import make_plan
from reconciler.readers.http_reader import HttpReader
from reconciler.simulator import Simulator, transport
from reconciler.simulator.clock import FixedClock
from reconciler.simulator.seed import DEFAULT_PROJECT, checked_seed
from reconciler.testing.writer_suite import GROUP, ROOM, group, room, rule
from reconciler.writers.http_writer import HttpWriter

LONGEST_LAG, LONGEST_SKEW = 170, 600
RUNS = 10
"""So many runs end a schedule; each begins where the one before was cut off, or gave up."""

FUTURE = {"from_the_future": {"kept": [1, {"deep": True}]}}
SEED: dict[str, Any] = {
    "interaction_rule_groups": [
        {**FUTURE, "group_name": "changed", "interaction_rules": [{**rule("price"), **FUTURE}]},
        {"group_name": "growing", "interaction_rules": [rule("a"), rule("b")]},
        {"group_name": "leaving", "interaction_rules": [rule("price")]},
    ],
    "smart_live_rooms": [
        {**FUTURE, "room_name": "edited", "room_type": "NORMAL", "room_description": "old", "priv_data": "kept"},
        {"room_name": "before", "room_type": "NORMAL", "room_description": "old"},
        {"room_name": "closing", "room_type": "NORMAL", "room_description": "old"},
        {"room_name": "nobody's", "room_type": "NORMAL"},
    ],
}
THEIRS: tuple[DeclaredResource, ...] = (group("theirs", rule("x")), room("their room", "theirs"))
BEFORE: tuple[DeclaredResource, ...] = (
    group("changed", rule("price")),
    group("growing", rule("a"), rule("b")),
    group("leaving", rule("price")),
    room("edited", "old"),
    room("before", "old"),
    room("closing", "old"),
)
AFTER: tuple[DeclaredResource, ...] = (
    group("changed", rule("price", "It is 89.")),
    group("growing", rule("a"), rule("c", "new"), rule("d", "new")),
    room("edited", "new"),
    room("before", "new"),
    group("first", rule("price")),
    group("second", rule("price"), rule("size")),
    room("alpha", "made", {**rule("price"), "group_name": "first"}, {**rule("size"), "group_name": "second"}),
    room("gamma", "made"),
)
EXPECTED = {
    GROUP: {"changed", "growing", "first", "second", "theirs"},
    ROOM: {"edited", "before", "alpha", "gamma", "nobody's", "their room"},
}
LIE: dict[str, Any] = {"body": {}}
"""A success without the write. One call of several that is answered so is told as not kept, and is not sent again."""
FAULTS: tuple[dict[str, Any], ...] = (
    {"close": True},
    {"close": True, "commit": "before"},
    {"status": 500},
    {"status": 502, "commit": "after"},
    {"status": 504},
    {"close_at": 5},
    {"status": 200, "commit": "before", "body": {"error_code": "MSS.00000004", "error_msg": "internal error"}},
    {"status": 429, "body": {"error_code": "APIGW.0308", "error_msg": "slower"}},
    {"status": 429, "headers": {"Retry-After": "60"}, "body": {"error_code": "APIGW.0308", "error_msg": "slower"}},
    LIE,
)
READ_FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 503},
    {"close": True},
    {"status": 500},
    {"status": 502, "headers": {"Date": "Thu, 01 Jan 2026 12:00:00 GMT"}, "body": "<p>Bad Gateway</p>"},
)
"""The last one is an intermediary's answer, by a clock hours ahead of the service's."""


class Killed(BaseException):
    """The process ends here."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a schedule ended: the exit code of its last run, how many runs it took, and what is not as it must be."""

    exit_code: int
    runs: int
    kills: int
    unknown: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


class Cutting(httpx.BaseTransport):
    """Ends the process around a write: before it is sent, or after it was done and before its answer arrives."""

    def __init__(self, real: httpx.BaseTransport, schedule: "Schedule") -> None:
        self._real, self._schedule = real, schedule

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return self._real.handle_request(request)
        self._schedule.pass_by("before the request")
        response = self._real.handle_request(request)
        self._schedule.pass_by("before the answer")
        return response


@dataclass(kw_only=True)
class Schedule:
    """One seed, played against a service and a ledger."""

    seed: int
    ledger: str
    scope: str = ""
    kills: int = 0
    lies: bool = False
    _until_kill: int = 0
    _run: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))

    @cached_property
    def dice(self) -> random.Random:
        return random.Random(f"schedule {self.seed}")

    @cached_property
    def skew(self) -> float:
        return self.dice.choice([0, 0, 1, -1]) * self.dice.uniform(0, LONGEST_SKEW)

    @cached_property
    def lag(self) -> float:
        return self.dice.choice([0, self.dice.uniform(0, 20), self.dice.uniform(0, LONGEST_LAG)])

    @cached_property
    def replicas(self) -> bool:
        """Whether a read meets one of two replicas, of which one lags; the last run may have met that one."""
        return self.dice.random() < 0.3

    @cached_property
    def simulator(self) -> Simulator:
        choose = self.dice.choice
        behaviours = {
            "delete_missing": choose(["400", "404"]),
            "child_ids": choose(["reissued", "kept"]),
            "child_stamp": choose(["kept", "renewed"]),
            "put": choose(["replace", "merge"]),
            "list_details": choose(["hidden", "shown"]),
            "order": choose(["create_desc", "create_asc", "update_desc"]),
        }
        return Simulator({**SEED, "behaviours": behaviours})

    def clock(self) -> float:
        return self.simulator.clock().timestamp() + self.skew

    def sleep(self, seconds: float) -> None:
        clock = self.simulator.clock
        assert isinstance(clock, FixedClock)
        clock.advance(seconds)

    def pass_by(self, point: str) -> None:
        self._until_kill -= 1
        if self._until_kill == 0:
            self.kills += 1
            raise Killed(point)

    def inject(self) -> None:
        faults: list[dict[str, Any]] = []
        if self.lag:
            often = {"probability": 0.5 if self.replicas else 1.0}
            faults += [{"match": {"operation": name}, "stale": self.lag, **often} for name in ("list", "show")]
        for _ in range(self.dice.randrange(5)):
            what = dict(self.dice.choice([*FAULTS, {"status": 504, "late": self.dice.uniform(1, LONGEST_LAG)}]))
            self.lies = self.lies or what == LIE
            method = self.dice.choice(["POST", "POST", "PUT", "DELETE"])
            when = self.dice.choice(
                [{"nth": self.dice.randint(1, 6)}, {"nth": [1, 2, 3, 4, 5, 6]}, {"probability": 0.3, "times": 4}]
            )
            faults.append(
                {"match": {"method": method, "path": "/v1/*"}, "seed": str(self.dice.random()), **when, **what}
            )
        if self.dice.random() < 0.3:
            many = {"probability": self.dice.choice([0.05, 0.05, 1.0]), "times": 6, "seed": str(self.dice.random())}
            faults.append({"match": {"method": "GET"}, **many, **self.dice.choice(READ_FAULTS)})
        self.simulator.inject(checked_seed({"faults": faults}, self.simulator.world.kinds).faults)

    def play(self) -> Ended:
        """Play it to its end."""
        self.apply("theirs", THEIRS)
        assert self.apply("ours", BEFORE).exit_code == 0
        self.inject()
        last: ApplyResult | None = None
        runs = 0
        for _ in range(RUNS):
            runs += 1
            self._until_kill = self.dice.randint(1, 70) if self.kills < 3 and self.dice.random() < 0.6 else 0
            try:
                last = self.apply("ours", AFTER)
            except Killed:
                last = None
            except ReconcilerError:
                last = None  # nothing could be planned: the next run tries again
            if last is not None and last.exit_code == 0 and last.after is None:
                break
            if self.dice.random() < 0.5:
                self.sleep(self.dice.uniform(0, 300))
        self._until_kill = 0
        self.sleep(2 * LONGEST_LAG)
        self.simulator.handle(_a_look())
        return self._judged(last, runs)

    def _judged(self, last: ApplyResult | None, runs: int) -> Ended:
        outcomes: tuple[Outcome, ...] = (*last.recovered, *last.outcomes) if last else ()
        unknown = [one for one in outcomes if one.status is OutcomeStatus.UNKNOWN]
        exit_code = last.exit_code if last else 1
        reasons = tuple(f"{one.address}: {one.reason}" for one in unknown)
        wrong = list(self._wrong(settled=exit_code == 0))
        if exit_code != 0 and not all(one.reason for one in unknown):
            wrong.append("an UNKNOWN that names nothing")
        unkept = self.lies and all(one.code in {"", "E_SERVER_REWROTE"} for one in outcomes)
        if exit_code != 0 and not (unknown or self.replicas or unkept):
            wrong.append(f"exit {exit_code}: {[(str(one.status), one.code, one.reason) for one in outcomes]}")
        return Ended(exit_code=exit_code, runs=runs, kills=self.kills, unknown=reasons, wrong=tuple(wrong))

    def _wrong(self, *, settled: bool) -> Iterator[str]:
        model, world = self.simulator.model, self.simulator.world
        yield from (f"duplicate {write.kind} {write.name}" for write in model.duplicates)
        lost = [loss for loss in model.losses if not _meant(loss.path)]
        yield from (f"lost {loss.kind} {loss.path} = {loss.value!r}" for loss in lost)
        yield from (f"overwritten {one.kind} {one.path}" for one in model.overwrites)
        foreign = {write.name for write in model.deleted} - {"closing", "leaving"}
        yield from (f"deleted {name}" for name in sorted(foreign))
        for kind, expected in EXPECTED.items():
            entries = list(world.collection(DEFAULT_PROJECT, kind).entries.values())
            names = Counter(entry.name for entry in entries)
            yield from (f"{count} times {kind} {name}" for name, count in names.items() if count > 1)
            missing = expected - names.keys()
            if settled and (missing or names.keys() - expected):
                yield f"{kind}: missing {sorted(missing)}, too many {sorted(names.keys() - expected)}"
            for entry in entries:
                rules = Counter(str(each.get("rule_name")) for each in entry.body.get("interaction_rules") or ())
                yield from (f"{count} rules {name} in {entry.name}" for name, count in rules.items() if count > 1)

    def apply(self, owner: str, wish: tuple[DeclaredResource, ...]) -> ApplyResult:
        """Carry out one run: settle, plan, apply."""
        settings = PlanOptions(environment=owner, project_id=DEFAULT_PROJECT, prune="owned")
        manifest = DesiredState(resources=wish)
        with self._doors() as (reader, writer, ledger):
            doors: dict[str, Any] = {
                "scope": self.scope,
                "owner": owner,
                "run": f"{self.scope} {next(self._run)}",
                "settings": settings,
                "clock": self.clock,
                "sleep": self.sleep,
            }
            recover(reader, writer, ledger, **doors)
            made = make_plan(manifest, reader, ledger.load_state(self.scope, owner), settings)
            allowed = GuardOverrides(deletes=made.summary().destroy, empty=True, collapsed=True)
            return apply(made, manifest, reader, writer, ledger, overrides=allowed, point=self.pass_by, **doors)

    @contextmanager
    def _doors(self) -> Iterator[tuple[HttpReader, HttpWriter, Any]]:
        link = Connection(
            base_url="http://127.0.0.1",
            project_id=DEFAULT_PROJECT,
            transport=Cutting(transport(self.simulator, sleep=self.sleep), self),
            clock=lambda: datetime.fromtimestamp(self.clock(), UTC),
            sleep=self.sleep,
        )
        reads, writes = ReadClient(link), WriteClient(link)
        ledger = open_ledger(self.ledger, digest_key=b"a key for tests only")
        try:
            yield HttpReader(reads, parallelism=1), HttpWriter(writes, str), ledger
        finally:
            ledger.close()
            writes.close()
            reads.close()


def _meant(path: str) -> bool:
    """Tell whether a plan takes this value away: the rule `b` of the group `growing` goes."""
    return path.startswith("interaction_rules[b]") or "rule_id" in path


def _a_look() -> Any:
    """A request, at which the service carries out what is late."""
    from reconciler.simulator import Request

    return Request(method="GET", path=f"/v1/{DEFAULT_PROJECT}/smart-live-rooms")
