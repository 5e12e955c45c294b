"""A plan or audit from the read cache says so and is incomplete, unless `doctor` measured that it cannot be stale."""

import json
from contextlib import contextmanager

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.clock import real_clock
from reconciler.simulator.server import running
from tests.support.command_line import PROJECT_ID, reconciler
from tests.support.probing import OWN, WRITES
from tests.support.service import GROUPS, Service

GROUP = """
apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata: {{name: group {number}}}
spec:
  interaction_rules: [{{rule_name: price, event_type: 1, trigger: {{reply_texts: [a]}}}}]
---
"""
ROOM = """
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata: {{name: room {number}}}
spec: {{play_policy: {{repeat_count: 1}}}}
---
"""
OLD = {"create_time": "2026-01-01T00:00:00Z", "update_time": "2026-01-01T00:00:00Z"}
RULE = {"rule_name": "price", "event_type": 1, "trigger": {"reply_texts": ["a"]}}


def served(**behaviours):
    groups = [{"group_name": f"group {number}", "interaction_rules": [RULE]} for number in range(14)]
    return Simulator({"interaction_rule_groups": groups, "behaviours": behaviours}, clock=real_clock)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "objects").mkdir()
    text = "".join(GROUP.format(number=number) for number in range(14))
    (tmp_path / "objects/groups.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def settle(folder, url):
    place = f"{{endpoint: {url}, project_id: '{OWN}', auth: none, cache: .reconciler/cache.db}}"
    text = f"name: shop\nid: {PROJECT_ID}\nmanifests: [objects]\nenvironments:\n  live: {place}\n"
    (folder / "reconciler.yaml").write_text(text, encoding="utf-8")


def plan(folder):
    run = reconciler("-C", folder, "plan", "--format", "json")
    return run.code, json.loads(run.out)


def codes(made):
    return [one["code"] for one in made["diagnostics"]]


def change_a_rule(simulator, number, text="b"):
    """Change the rule of one group by the call for single rules, as an SDK does."""
    api = Service(simulator)
    row = next(row for row in api.groups(limit=100) if row["group_name"] == f"group {number}")
    rule = api.group(row["group_id"])["interaction_rules"][0]
    path = f"{GROUPS}/{row['group_id']}/rules/{rule['rule_id']}"
    assert api.call("PUT", path, {**RULE, "trigger": {"reply_texts": [text]}}).status == 200


def test_without_a_profile_a_cached_plan_is_incomplete_and_never_says_no_changes(folder):
    simulator = served()
    with running(simulator) as url:
        settle(folder, url)
        assert plan(folder)[0] == 0
        code, made = plan(folder)
        assert (code, made["complete"]) == (3, False)
        said = next(one for one in made["diagnostics"] if one["code"] == "W_CACHED")["summary"]
        assert said.startswith("as of the cache, hits ")
        assert ", oldest 20" in said
        change_a_rule(simulator, 3)
        for command in ("plan", "audit"):
            for form in ("text", "markdown", "html"):
                run = reconciler("-C", folder, command, "--format", form)
                assert run.code in (2, 3)
                assert "No changes" not in run.out
        assert reconciler("-C", folder, "plan", "--refresh", "full", "--detailed-exitcode").code == 2


def test_a_selection_does_not_hide_that_a_plan_is_of_the_cache(folder):
    with running(served()) as url:
        settle(folder, url)
        plan(folder)
        address = 'InteractionRuleGroup["group 1"]'
        runs = [reconciler("-C", folder, "plan", "--target", address) for _ in range(2)]
    assert 3 in {run.code for run in runs}
    assert any("Nothing to change as of the cache, hits" in run.out for run in runs)


def test_with_a_profile_that_proves_it_a_cached_plan_is_complete_and_sees_what_changed(folder):
    simulator = served(child_stamp="renewed")
    for number in range(28):
        body = {"room_name": f"room {number}", "play_policy": {"repeat_count": 1}, **OLD}
        simulator.console("SmartLiveRoom").insert(body)
    text = "".join(ROOM.format(number=number) for number in range(28))
    (folder / "objects/rooms.yaml").write_text(text, encoding="utf-8")
    with running(simulator) as url:
        settle(folder, url)
        assert reconciler("-C", folder, "doctor", *WRITES).code == 0
        assert plan(folder)[1]["complete"]
        before = simulator.model.as_json()["requests"]["show"]
        code, made = plan(folder)
        assert (code, made["complete"], codes(made)) == (0, True, [])
        shows = simulator.model.as_json()["requests"]["show"] - before
        assert 14 <= shows < 14 + 14, (
            "every group, whose rules can change under one update_time, and a share of the rooms"
        )
        assert "No changes." in reconciler("-C", folder, "plan").out
        change_a_rule(simulator, 3)
        _, made = plan(folder)
        assert made["complete"]
        assert made["summary"]["change"] == 1


@contextmanager
def with_a_false_profile(folder):
    """Yield a simulator that renewed an object's time with a rule while it was measured, and no longer does."""
    simulator = served(child_stamp="renewed")
    with running(simulator) as url:
        settle(folder, url)
        reconciler("-C", folder, "doctor", *WRITES)
        plan(folder)
        simulator.world.choices = {**simulator.world.choices, "child_stamp": "kept"}
        yield simulator


def test_with_a_profile_that_has_become_false_a_plan_sees_one_changed_rule_at_once(folder):
    with with_a_false_profile(folder) as simulator:
        change_a_rule(simulator, 3)
        _, made = plan(folder)
        assert (made["complete"], made["summary"]["change"]) == (True, 1)
        assert "W_PROFILE_DROPPED" in codes(made)


def test_a_profile_that_a_read_contradicts_is_dropped_and_the_plan_is_that_of_a_full_read(folder):
    with with_a_false_profile(folder) as simulator:
        for number in range(14):
            change_a_rule(simulator, number)
        _, made = plan(folder)
        assert "W_PROFILE_DROPPED" in codes(made)
        assert (made["complete"], made["summary"]["change"]) == (True, 14)
        _, made = plan(folder)
        assert "W_CACHED" in codes(made)


def test_requests_are_compared_with_the_least_possible_with_v(folder):
    with running(served()) as url:
        settle(folder, url)
        run = reconciler("-C", folder, "plan", "-v", "--format", "json")
        assert json.loads(run.out)["requests"] == {"made": 16, "least": 16}
        assert "Requests: 16 made, 16 the least possible." in run.err
        assert "requests" not in plan(folder)[1]
        again = json.loads(reconciler("-C", folder, "audit", "-v", "--format", "json").out)["requests"]
        assert again["made"] == again["least"] < 16
