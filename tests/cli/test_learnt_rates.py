"""The rate of a run is learnt from refusals and from what the service states, kept in the ledger, and told with -v."""

import json
import sqlite3

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.clock import real_clock
from reconciler.simulator.seed import checked_seed
from reconciler.simulator.server import running
from tests.support.command_line import PROJECT_ID, reconciler
from tests.support.probing import OWN

GROUPS = [{"group_name": f"group {number}", "interaction_rules": [{"rule_name": "price"}]} for number in range(6)]
STATING = {"match": {"path": "/v1/*"}, "headers": {"X-Apig-RateLimit-api": "remain:19,limit:20,time:1 second"}}
REFUSING = {"match": {"operation": "show"}, "nth": [1], "status": 429, "headers": {"Retry-After": "0"}}
GROUP = """apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata: {{name: group {number}}}
spec: {{interaction_rules: [{{rule_name: price}}]}}
---
"""


@pytest.fixture
def served(tmp_path):
    (tmp_path / "objects").mkdir()
    text = "".join(GROUP.format(number=number) for number in range(6))
    (tmp_path / "objects/groups.yaml").write_text(text, encoding="utf-8")
    simulator = Simulator({"interaction_rule_groups": GROUPS}, clock=real_clock)
    with running(simulator) as url:
        place = f"{{endpoint: {url}, project_id: '{OWN}', auth: none, throttle: {{reads: 100, writes: 50}}}}"
        project = f"name: shop\nid: {PROJECT_ID}\nmanifests: [objects]\nenvironments:\n  live: {place}\n"
        (tmp_path / "reconciler.yaml").write_text(project, encoding="utf-8")
        yield tmp_path, simulator


def behave(simulator, *faults):
    """Replace the faults of a running simulator."""
    simulator.heal()
    simulator.inject(checked_seed({"faults": list(faults)}, simulator.world.kinds).faults)


def rates(folder, command="plan"):
    run = reconciler("-C", folder, command, "-v", "--format", "json")
    return json.loads(run.out).get("rates", {}), run.err


def kept(folder):
    with sqlite3.connect(folder / ".reconciler/ledger.db") as ledger:
        return dict(ledger.execute("select calls, rate from reconciler_rates").fetchall())


def test_nothing_is_told_or_kept_where_the_setting_alone_decided(served):
    folder, _ = served
    reconciler("-C", folder, "apply", "--adopt", "--auto-approve")
    told, err = rates(folder)
    assert (told, "Rate of" in err) == ({}, False)


def test_a_stated_rate_is_kept_to_told_and_remembered(served):
    folder, simulator = served
    reconciler("-C", folder, "apply", "--adopt", "--auto-approve")
    behave(simulator, STATING)
    told, err = rates(folder)
    assert told == {"live": {"reads": {"per_second": 19, "setting": 100, "started": 100, "refused": 0, "stated": 20}}}
    assert "Rate of reads in live: 19 a second (setting 100, the service states 20)." in err
    assert kept(folder) == {"reads": 19}
    behave(simulator)
    told, err = rates(folder, "audit")
    assert told["live"]["reads"]["started"] == 19
    assert "began at 19 as earlier runs learnt" in err
    assert told["live"]["reads"]["per_second"] >= 19


def test_a_refusal_lowers_the_rate_and_an_apply_tells_it_too(served):
    folder, simulator = served
    reconciler("-C", folder, "apply", "--adopt", "--auto-approve")
    behave(simulator, REFUSING)
    told, err = rates(folder)
    reads = told["live"]["reads"]
    assert (reads["refused"], reads["stated"]) == (1, 10), "its message names a limit of 10 a second"
    assert 10 * 0.95 / 2 <= reads["per_second"] <= 10 * 0.95
    assert kept(folder)["reads"] == pytest.approx(10 * 0.95 * 0.85)
    assert "the service states 10, 1 refused" in err
    assert "earlier runs learnt" in reconciler("-C", folder, "apply", "-v", "--auto-approve").err


def test_doctor_shows_the_rate_that_is_stated(served):
    folder, simulator = served
    behave(simulator, STATING)
    told = reconciler("-C", folder, "doctor")
    assert "headers about rate limits: x-apig-ratelimit-api" in told.out
    assert "rate of reads: 19 a second (setting 100, the service states 20)" in told.out
    assert kept(folder) == {"reads": 19}
