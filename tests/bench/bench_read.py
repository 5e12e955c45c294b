"""Reading 2,000 rooms and 300 groups whose list hides the rules, 40 ms latency an answer, no throttle: the official
SDK's loop (list pages, show each group, one after another: the script a user would write) against ours, with the pages
after the first and the shows eight at a time; then ours again with the read cache warm. Each in a process of its own,
against one served simulator. Below: ours over 25,000 to 100,000 rooms, to see the memory grow.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.results import Ratio, Row

ROOT = Path(__file__).parents[2]
PROJECT = "0" * 32
ROOMS, GROUPS, LATENCY = 2_000, 300, 0.04
SIZES = (25_000, 50_000, 100_000)


def run() -> list[Row]:
    """Measure all sides, each in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        rows = _sides(Path(folder))
    return rows + [_row("ours, many rooms", _measured("many", str(size)), None) for size in SIZES]


def _sides(folder: Path) -> list[Row]:
    (folder / "seed.json").write_text(json.dumps(_seed()))
    cache = str(folder / "cache.db")
    with served(folder / "seed.json") as url:
        theirs = _measured("sdk", url)
        rows = [_row("official SDK, one after another", theirs, theirs)]
        for name, extra in (("ours", ()), ("ours, cache cold", (cache,)), ("ours, cache warm", (cache,))):
            rows.append(_row(name, _measured("ours", url, *extra), theirs))
    return rows


def _row(name: str, found: dict[str, Any], theirs: dict[str, Any] | None) -> Row:
    return {
        "side": name,
        "rooms": found["rooms"],
        "groups": found["groups"],
        "rules": found["rules"],
        "requests": found["requests"],
        "seconds": f"{found['seconds']:.2f}",
        "times faster": Ratio(theirs["seconds"] / found["seconds"], "{:.1f}") if theirs else "",
        "memory grown by, MiB": f"{found['mib']:.0f}",
        "bytes a room": f"{found['mib'] * 2**20 / found['rooms']:.0f}",
    }


def _seed() -> dict[str, Any]:
    rules = [
        {
            "rule_name": f"rule {number}",
            "event_type": 1,
            "hit_condition": {"tags": ["price"]},
            "trigger": {"reply_mode": "SYSTEM_REPLY", "reply_texts": ["Welcome to the live room."]},
        }
        for number in range(20)
    ]
    return {
        "smart_live_rooms": [{"room_name": f"room {n}", "room_description": "as seeded"} for n in range(ROOMS)],
        "interaction_rule_groups": [{"group_name": f"group {n}", "interaction_rules": rules} for n in range(GROUPS)],
        "clock": "2026-01-02T00:00:00Z",
        "faults": [{"delay": LATENCY, "match": {"path": "/v1/*"}}],
    }


@contextmanager
def served(seed: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "reconciler", "simulate", "--seed", str(seed), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


def _measured(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.bench_read", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=600)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _timed(work: Callable[[], dict[str, int]]) -> dict[str, Any]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    found = work()
    seconds = time.perf_counter() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {**found, "seconds": seconds, "mib": grown / 1024}


def _with_the_sdk(url: str) -> Callable[[], dict[str, int]]:
    from tests.support.sdk import client, sdk

    model, api = sdk(), client(url, PROJECT)
    asked = [0]

    def call(function: Callable[[Any], Any], request: Any) -> Any:
        asked[0] += 1
        return function(request)

    def rows(function: Callable[[Any], Any], request: Any, key: str) -> list[Any]:
        found: list[Any] = []
        while page := getattr(call(function, request(limit=100, offset=len(found))), key):
            found += page
        return found

    def work() -> dict[str, int]:
        rooms = rows(api.list_smart_live_rooms, model.ListSmartLiveRoomsRequest, "smart_live_rooms")
        groups = rows(
            api.list_interaction_rule_groups, model.ListInteractionRuleGroupsRequest, "interaction_rule_groups"
        )
        shown = [
            call(api.show_interaction_rule_group, model.ShowInteractionRuleGroupRequest(group_id=group.group_id))
            for group in groups
        ]
        rules = sum(len(group.interaction_rules) for group in shown)
        return {"rooms": len(rooms), "groups": len(groups), "rules": rules, "requests": asked[0]}

    return work


def _with_ours(url: str, cache: str = "") -> Callable[[], dict[str, int]]:
    from reconciler.api.client import ReadClient
    from reconciler.api.connection import Connection
    from reconciler.kinds.registry import kind_named
    from reconciler.model.read_result import ReadRequest
    from reconciler.readers.http_reader import HttpReader
    from reconciler.readers.read_cache import ReadCache

    room, group = kind_named("SmartLiveRoom"), kind_named("InteractionRuleGroup")
    wanted = ReadRequest(fields={f"group {number}": frozenset({"interaction_rules"}) for number in range(GROUPS)})
    client = ReadClient(Connection(base_url=url, project_id=PROJECT))
    reader = HttpReader(client, cache=ReadCache(Path(cache), scope="bench") if cache else None)

    def work() -> dict[str, int]:
        rooms, groups = reader.read(room, ReadRequest()), reader.read(group, wanted)
        assert rooms.complete
        assert groups.complete
        rules = sum(len(one.spec["interaction_rules"]) for one in groups.resources)
        found = {"rooms": len(rooms.resources), "groups": len(groups.resources), "rules": rules}
        return {**found, "requests": reader.usage.requests}

    return work


def _with_many(size: int) -> Callable[[], dict[str, int]]:
    import httpx

    from reconciler.api.client import ReadClient
    from reconciler.api.connection import Connection
    from reconciler.kinds.registry import kind_named
    from reconciler.model.read_result import ReadRequest
    from reconciler.readers.http_reader import HttpReader

    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=_page(request.url.params, size)))
    reader = HttpReader(ReadClient(Connection(base_url="http://localhost", project_id=PROJECT, transport=transport)))

    def work() -> dict[str, int]:
        reading = reader.read(kind_named("SmartLiveRoom"), ReadRequest())
        assert reading.complete
        return {"rooms": len(reading.resources), "groups": 0, "rules": 0, "requests": reader.usage.requests}

    return work


def _page(params: Any, size: int) -> bytes:
    start = int(params["offset"])
    made = datetime(2026, 1, 1, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = [
        {
            "room_id": f"{number:08x}-4f75-4b3a-a853-b649a21aaf66",
            "project_id": PROJECT,
            "room_name": f"room {number}",
            "room_type": "NORMAL",
            "room_state": "ENABLE",
            "room_description": f"The description of room {number}, as people write it.",
            "view_mode": "VERTICAL",
            "cover_url": f"https://covers.example/{number:08x}.png",
            "create_time": made,
            "update_time": made,
            "last_job_status": "SUCCEED",
        }
        for number in range(start, min(size, start + int(params["limit"])))
    ]
    return json.dumps({"count": size, "smart_live_rooms": rows}).encode()


if __name__ == "__main__":
    side, *rest = sys.argv[1:]
    sides = {"sdk": _with_the_sdk, "ours": _with_ours, "many": lambda size: _with_many(int(size))}
    print(json.dumps(_timed(sides[side](*rest))))
