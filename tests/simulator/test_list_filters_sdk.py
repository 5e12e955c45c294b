"""Every documented filter, alone and in pairs: `reconciler get` finds the ids that the official SDK finds."""

import json
from collections.abc import Iterator
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.registry import all_kinds
from reconciler.simulator import Simulator
from reconciler.simulator.clock import real_clock
from reconciler.simulator.server import running
from tests.support.command_line import Run, reconciler
from tests.support.sdk import AK, CREDENTIALS, SK, all_rows, client, sdk
from tests.support.service import PROJECT

m = sdk()
OTHER = "f" * 32

ROOM_VALUES = {
    "room_name": ("tea", "茶"),
    "dh_id": ("dh-1",),
    "model_name": ("ann",),
    "live_state": ("PROCESSING,FAILED", "SUCCESS", "NULL"),
    "start_time": ("2026-01-05T00:00:00Z",),
    "end_time": ("2026-01-08T00:00:00Z",),
    "room_type": ("NORMAL", "TEMPLATE"),
    "template_own_type": ("OWNED", "SHARED_TO_OHTERS", "SHARED_FROM_OHTERS", "PUBLIC"),
    "confirm_state": ("confirmed",),
}
GROUP_VALUES = {
    "group_name": ("tea",),
    "create_since": ("2026-01-03T00:00:00Z",),
    "create_until": ("2026-01-07T00:00:00Z",),
}
SPELLED = {"SHARED_TO_OHTERS": "SHARED_TO_OTHERS"}
"""What a person writes for what the service misspells."""


def rooms() -> Iterator[dict[str, Any]]:
    states = ("WAITING", "PROCESSING", "SUCCEED", "FAILED", "CANCELED", None)
    for number in range(24):
        status = states[number % 6]
        day = 1 + number % 10
        job = {
            "last_job_status": status,
            "last_job_start_time": f"2026-01-{day:02}T08:00:00Z",
            "last_job_end_time": f"2026-01-{day:02}T10:00:00Z",
        }
        yield {
            "room_id": f"room-{number:02}",
            "room_name": f"{('Tea house', '茶馆', 'Coffee')[number % 3]} {number}",
            "room_type": "TEMPLATE" if number % 4 == 0 else "NORMAL",
            "confirm_state": ("CONFIRMED", "REJECT")[number % 2],
            "model_infos": [{"model_asset_id": f"m-{number}", "asset_name": ("Ann", "Bo")[number % 2]}],
            "scene_scripts": [{"script_name": "opening", "dh_id": f"dh-{number % 3}", "shoot_scripts": []}],
            **(job if status else {}),
            **({"shared_config": {"shared_type": "SHARED"}} if number % 8 == 0 else {}),
        }
    for number, shared in enumerate(("SHARED", "PUBLIC", "PUBLIC")):
        yield {
            "room_id": f"theirs-{number}",
            "room_name": f"Tea template {number}",
            "room_type": "TEMPLATE",
            "project_id": OTHER,
            "shared_config": {"shared_type": shared, "shared_state": "PUBLISHED"},
        }


def groups() -> Iterator[dict[str, Any]]:
    for number in range(1, 11):
        time = f"2026-01-{number:02}T00:00:00Z"
        name = f"{('Tea', 'Coffee')[number % 2]} rules {number}"
        yield {"group_id": f"group-{number:02}", "group_name": name, "create_time": time, "update_time": time}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    seed = {"credentials": CREDENTIALS, "smart_live_rooms": list(rooms()), "interaction_rule_groups": list(groups())}
    with running(Simulator(seed, clock=real_clock)) as address:
        yield address


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, url: str) -> Path:
    path = tmp_path_factory.mktemp("project")
    environment = f"  live: {{endpoint: {url}, project_id: '{PROJECT}', auth: aksk}}\n"
    (path / "reconciler.yaml").write_text(f"manifests: [objects]\nenvironments:\n{environment}", encoding="utf-8")
    (path / "objects").mkdir()
    return path


def get(folder: Path, url: str, word: str, filters: dict[str, str]) -> Run:
    variables = {"RECONCILER_ALLOWED_HOSTS": url, "HUAWEICLOUD_SDK_AK": AK, "HUAWEICLOUD_SDK_SK": SK}
    flags = [(f"--{name.replace('_', '-')}", SPELLED.get(value, value)) for name, value in filters.items()]
    words = [each for pair in flags for each in pair]
    return reconciler("-C", folder, "get", word, "-e", "live", *words, "-o", "json", variables=variables)


def cases(values: dict[str, tuple[str, ...]]) -> list[dict[str, str]]:
    """Return each filter alone with each of its values, and each pair of filters with two of theirs."""
    alone = [{name: value} for name, several in values.items() for value in several]
    pairs = [
        {first: one, second: other}
        for first, second in combinations(values, 2)
        for one in values[first][:2]
        for other in values[second][-2:]
    ]
    return [{}, *alone, *pairs]


def test_the_cases_cover_every_filter_there_is():
    by_kind = {"SmartLiveRoom": ROOM_VALUES, "InteractionRuleGroup": GROUP_VALUES}
    for name, values in by_kind.items():
        assert set(values) == {each.parameter for each in all_kinds()[name].endpoints.filters}


@pytest.mark.parametrize("part", range(3))
def test_rooms_are_those_of_the_sdk(url, folder, part):
    api = client(url, PROJECT)
    sizes = set()
    for filters in cases(ROOM_VALUES)[part::3]:
        request = partial(m.ListSmartLiveRoomsRequest, **filters)
        rows = all_rows(api.list_smart_live_rooms, request, "smart_live_rooms")
        expected = [row["room_id"] for row in rows]
        agree(get(folder, url, "rooms", filters), filters, expected)
        sizes.add(len(expected))
    assert len(sizes) > 3


def test_groups_are_those_of_the_sdk(url, folder):
    api = client(url, PROJECT)
    for filters in cases(GROUP_VALUES):
        request = partial(m.ListInteractionRuleGroupsRequest, **filters)
        rows = all_rows(api.list_interaction_rule_groups, request, "interaction_rule_groups")
        agree(get(folder, url, "rule-groups", filters), filters, [row["group_id"] for row in rows])


def agree(run: Run, filters: dict[str, str], expected: list[str]) -> None:
    assert run.code == 0, (filters, run.err)
    found = json.loads(run.out)
    assert sorted(one["id"] for one in found["objects"]) == sorted(expected), filters
    assert found["complete"] is True
    (place,) = found["environments"]
    assert {each["parameter"]: each["value"] for each in place["filters"]} == filters
    assert not any(each["ignored"] for each in place["filters"])
