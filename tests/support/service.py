"""Talk to a simulator without any client library: one call, one decoded answer."""

import json
from dataclasses import dataclass
from typing import Any

from reconciler.simulator import Request, Response, Simulator

PROJECT = "0" * 32
ROOMS = "/smart-live-rooms"
GROUPS = "/smart-live-interaction-rule-groups"


@dataclass(frozen=True)
class Service:
    """A simulator with one project: `call("GET", ROOMS, limit=100)`."""

    simulator: Simulator
    project: str = PROJECT
    headers: tuple[tuple[str, str], ...] = ()

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Response:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return self.simulator.handle(
            Request(method=method, path=f"/v1/{self.project}{path}", query=text, headers=self.headers, body=content)
        )

    def rooms(self, **query: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.call("GET", ROOMS, **query).json()["smart_live_rooms"]
        return rows

    def groups(self, **query: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.call("GET", GROUPS, **query).json()["interaction_rule_groups"]
        return rows

    def room(self, room_id: str) -> dict[str, Any]:
        room: dict[str, Any] = self.call("GET", f"{ROOMS}/{room_id}").json()
        return room

    def group(self, group_id: str) -> dict[str, Any]:
        group: dict[str, Any] = self.call("GET", f"{GROUPS}/{group_id}").json()
        return group


def service(seed: dict[str, Any] | None = None, **settings: Any) -> Service:
    """Return a service with this seed; keyword arguments go to the simulator."""
    return Service(Simulator(seed or {}, **settings))
