"""What apply wrote, read back by the official SDK over HTTP: equal field by field to what the manifests say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.model.resource import DeclaredResource
from reconciler.testing.harness import TestService, stage
from reconciler.testing.writer_suite import GROUP
from reconciler.writers.http_writer import HttpWriter
from tests.support.sdk import client, plain, sdk

ROOT = Path(__file__).parents[2]


def declared() -> tuple[DeclaredResource, ...]:
    manifest = load(DiskTree(ROOT), entries=["examples/kinds"])
    assert manifest.valid, manifest.diagnostics
    return manifest.resources


def secret(name: str) -> str:
    return f"https://live.example.com/{name.lower()}"[:32]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and "secret" not in value:
        for name, part in value.items():
            yield from leaves(part, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from leaves(part, f"{path}.{index}")
    else:
        yield path, value


def at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def shown(place: TestService, resource: DeclaredResource, object_id: str) -> Any:
    models, api = sdk(), client(place.url, place.project_id)
    if resource.kind == GROUP:
        request = models.ShowInteractionRuleGroupRequest(group_id=object_id)
        return plain(api.show_interaction_rule_group(request))
    return plain(api.show_smart_live_room(models.ShowSmartLiveRoomRequest(room_id=object_id)))


@pytest.mark.parametrize("again", [False, True], ids=["created", "updated"])
def test_the_sdk_reads_back_what_apply_wrote_field_by_field(again: bool) -> None:
    seed: dict[str, Any] = {"behaviours": {"signed_urls": "stable", "defaults": "absent"}}
    resources = declared()
    if again:
        seed["smart_live_rooms"] = [{"room_name": each.name} for each in resources if each.kind != GROUP]
        seed["interaction_rule_groups"] = [{"group_name": each.name} for each in resources if each.kind == GROUP]
    with stage(seed) as place:
        applied = place.apply(resources, HttpWriter(place.client(), secret))
        assert applied.exit_code == 0, applied
        ids = {
            (kind, thing.name): thing.id
            for (kind, _), thing in place.ledger.load_state("stage/project/", "stage").objects.items()
        }
        compared = 0
        for resource in resources:
            found = shown(place, resource, ids[resource.kind, resource.name])
            for path, value in leaves(dict(resource.spec)):
                wish = secret(value["secret"]) if isinstance(value, dict) else value
                assert at(found, path) == wish, (resource.address, path)
                compared += 1
        assert compared > 100
