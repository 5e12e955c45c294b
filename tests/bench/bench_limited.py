"""A whole read at the speed the service allows: 2,000 rooms and 300 groups, all with fields that their lists hide. The
service admits 5 reads a second and takes 40 ms an answer; here both are ten times faster, so that a run takes a minute
(`python -m tests.bench.bench_limited 5` takes ten, at the real rate and without the loop). The least possible is the
full pages and one show an object, at exactly that rate: for the plan after 1 % changed, with a cache and a profile, the
pages, the changed rooms, the seventh of the others that is read again, and every group, whose rules can change under
one update_time. Beside it the official SDK in a loop that keeps to the rate. A wall ratio far above that of the
requests, where the processor seconds of both sides come near the wall, says that the machine was busy.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.bench_read import GROUPS, PROJECT, ROOMS, served
from tests.bench.results import Ratio, Row

SLOW = 5.0
FAST = 10 * SLOW
LATENCY = 0.04
"""Reads a second of the service, those of this measurement, and seconds an answer at the first of both."""
CHANGED = 100
"""Every so manieth object changes between the two plans."""


def run(rate: float = FAST, *, loop: bool = True) -> list[Row]:
    """Measure both plans, and the loop, against one served simulator."""
    with tempfile.TemporaryDirectory() as folder:
        seed, cache = Path(folder) / "seed.json", Path(folder) / "cache.db"
        seed.write_text(json.dumps(_seed(LATENCY * SLOW / rate)))
        with served(seed) as url:
            rows = [_ours("first plan", url, cache, rate)]
            rows += [_with_the_sdk(url, rate)] if loop else []
            _change(url)
            rows.append(_ours("after 1 % changed, cache and profile", url, cache, rate))
    return rows


def _seed(latency: float) -> dict[str, Any]:
    rules = [{"rule_name": "price", "event_type": 1, "trigger": {"reply_texts": ["Welcome."]}}]
    return {
        "smart_live_rooms": [{"room_name": f"room {n}", "play_policy": {"repeat_count": 1}} for n in range(ROOMS)],
        "interaction_rule_groups": [{"group_name": f"group {n}", "interaction_rules": rules} for n in range(GROUPS)],
        "behaviours": {"child_stamp": "renewed"},
        "faults": [{"delay": latency, "match": {"path": "/v1/*"}}],
    }


def _row(side: str, rate: float, requests: int, least: int, taken: tuple[float, float]) -> Row:
    """Return one row; `taken` are the seconds that passed, and those of this process's processor."""
    seconds, processor = taken
    floor = (least - 1) / rate + LATENCY * SLOW / rate
    return {
        "side": side,
        "requests": requests,
        "least": least,
        "requests / least": Ratio(requests / least, "{:.3f}"),
        "seconds": f"{seconds:.1f}",
        "least seconds": f"{floor:.1f}",
        "seconds / least": Ratio(seconds / floor, "{:.3f}"),
        "processor seconds": f"{processor:.1f}",
    }


def _ours(side: str, url: str, cache: Path, rate: float) -> Row:
    from reconciler.api.client import ReadClient
    from reconciler.api.connection import Connection
    from reconciler.kinds.registry import all_kinds
    from reconciler.model.read_result import ReadRequest
    from reconciler.planner import read_all
    from reconciler.readers.http_reader import HttpReader
    from reconciler.readers.read_cache import ReadCache

    needs = {
        "SmartLiveRoom": ReadRequest(fields={f"room {n}": frozenset({"play_policy"}) for n in range(ROOMS)}),
        "InteractionRuleGroup": ReadRequest(
            fields={f"group {n}": frozenset({"interaction_rules"}) for n in range(GROUPS)}
        ),
    }
    kept = ReadCache(cache, scope="bench", proven=True)
    client = ReadClient(Connection(base_url=url, project_id=PROJECT, reads_per_second=rate))
    reader = HttpReader(client, cache=kept)
    start, used = time.perf_counter(), time.process_time()
    found = read_all(reader, all_kinds(), needs)
    taken = time.perf_counter() - start, time.process_time() - used
    kept.close()
    assert sum(len(one.resources) for one in found.values()) == ROOMS + GROUPS
    assert all(one.complete and not one.cached.hits for one in found.values())
    return _row(side, rate, reader.usage.requests, reader.usage.least, taken)


def _change(url: str) -> None:
    import httpx

    base = f"{url}/v1/{PROJECT}"
    for path, key, name, number in (
        ("smart-live-rooms", "room_id", "room_name", ROOMS // CHANGED),
        ("smart-live-interaction-rule-groups", "group_id", "group_name", GROUPS // CHANGED),
    ):
        page = httpx.get(f"{base}/{path}", params={"limit": 100}).json()
        rows = next(value for value in page.values() if isinstance(value, list))
        for row in rows[:number]:
            httpx.put(f"{base}/{path}/{row[key]}", json={name: row[name], "play_policy": {"repeat_count": 2}})
    time.sleep(3)  # a stamp younger than two seconds proves nothing


def _with_the_sdk(url: str, rate: float) -> Row:
    from tests.support.sdk import client, sdk

    model, api = sdk(), client(url, PROJECT)
    asked, start, used = 0, time.perf_counter(), time.process_time()

    def call(function: Any, request: Any) -> Any:
        nonlocal asked
        time.sleep(max(0.0, start + asked / rate - time.perf_counter()))
        asked += 1
        return function(request)

    def every(function: Any, request: Any, key: str, show: Any, shown: Any, id_field: str) -> None:
        found: list[Any] = []
        while page := getattr(call(function, request(limit=100, offset=len(found))), key):
            found += page
        for one in found:
            call(show, shown(**{id_field: getattr(one, id_field)}))

    rooms = (api.list_smart_live_rooms, model.ListSmartLiveRoomsRequest, "smart_live_rooms")
    groups = (api.list_interaction_rule_groups, model.ListInteractionRuleGroupsRequest, "interaction_rule_groups")
    every(*rooms, api.show_smart_live_room, model.ShowSmartLiveRoomRequest, "room_id")
    every(*groups, api.show_interaction_rule_group, model.ShowInteractionRuleGroupRequest, "group_id")
    least = -(-ROOMS // 100) + -(-GROUPS // 100) + ROOMS + GROUPS
    taken = time.perf_counter() - start, time.process_time() - used
    return _row("official SDK in a loop at that rate", rate, asked, least, taken)


if __name__ == "__main__":
    chosen = float(sys.argv[1]) if len(sys.argv) > 1 else FAST
    sys.stdout.write(json.dumps(run(chosen, loop=chosen == FAST), indent=1) + "\n")
