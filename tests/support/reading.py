"""Readers made for one test: on an address, with a clock that costs nothing and tries that wait in no real time."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.api.client import ReadClient
from reconciler.api.connection import Connection
from reconciler.kinds.registry import kind_named
from reconciler.readers.http_reader import HttpReader

PROJECT = "0" * 32
ROOM = kind_named("SmartLiveRoom")
GROUP = kind_named("InteractionRuleGroup")


@dataclass
class Patient:
    """A clock that jumps over every wait and remembers it."""

    now: float = 0.0
    waits: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    @property
    def waited(self) -> float:
        return sum(self.waits)


def connection(url: str, patient: Patient | None = None, **settings: Any) -> Connection:
    patient = patient or Patient()
    given = {"project_id": PROJECT, "monotonic": patient.monotonic, "sleep": patient.sleep, **settings}
    return Connection(base_url=url, **given)


def reader(url: str, patient: Patient | None = None, **settings: Any) -> HttpReader:
    link = connection(url, patient, **settings)
    return HttpReader(ReadClient(link), parallelism=link.parallelism)


def rooms(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"room_name": f"room {number:03}", **fields} for number in range(count)]


def shifted(moment: datetime, seconds: float) -> datetime:
    return moment.astimezone(UTC) + timedelta(seconds=seconds)
