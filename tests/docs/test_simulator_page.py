"""docs/reference/simulator.md names every key, transform, operation and control route that there is."""

import re

import pytest

from reconciler.kinds.registry import all_kinds
from reconciler.simulator import Simulator, load_seed
from reconciler.simulator.control_api import control_routes
from reconciler.simulator.faults import fault
from reconciler.simulator.faults.body_transforms import TRANSFORMS
from reconciler.simulator.gateway import gateway
from reconciler.simulator.seed import SETTINGS
from reconciler.simulator.service.simulator import OPERATIONS
from tests.support.command_line import ROOT

PAGE = (ROOT / "docs/reference/simulator.md").read_text(encoding="utf-8")
COLLECTIONS = {kind.endpoints.items for kind in all_kinds().values()} & {"smart_live_rooms", "interaction_rule_groups"}


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("The seed", {*SETTINGS, *COLLECTIONS, *gateway.KNOWN}),
        ("The seed", {"ak", "sk", "security_token", "keys", "users", "tokens", "token_seconds"}),
        ("Faults", {*fault.KEYS, *fault.ACTIONS, "method", "path", "kind", "project", "operation", "rate", "spare"}),
        ("Faults", {*TRANSFORMS, *OPERATIONS, "identity", "unknown"}),
    ],
)
def test_every_word_of_a_seed_is_on_the_page(heading, words):
    part = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    spans = " ".join(re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```$", "", part, flags=re.MULTILINE | re.DOTALL)))
    assert sorted(word for word in words if not re.search(rf"\b{word}\b", spans)) == []


def test_every_control_route_is_on_the_page_and_no_other():
    routes = {
        f"{method} /_control{route.path}" for route in control_routes(Simulator()) for method in route.methods or ()
    }
    told = set(re.findall(r"^\| `([A-Z]+ /_control/\w+)", PAGE, flags=re.MULTILINE))
    assert told == {route for route in routes if not route.startswith("HEAD ")}


def test_the_seed_on_the_page_can_be_used():
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    simulator = Simulator(load_seed(block.encode(), "seed.yaml"))
    assert [len(simulator.console(kind).objects.entries) for kind in ("SmartLiveRoom", "InteractionRuleGroup")] == [
        1,
        1,
    ]
