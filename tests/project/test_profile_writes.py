"""Apply sends calls for single rules, unless `doctor` saw that they leave `update_time` of their group alone."""

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.clock import real_clock
from reconciler.simulator.server import running
from tests.support.command_line import PROJECT_ID, reconciler
from tests.support.probing import OWN, WRITES

RULES = [{"rule_name": name, "event_type": 1, "trigger": {"reply_texts": ["a"]}} for name in ("price", "size")]
MANIFEST = """apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata: {name: group 1}
spec:
  interaction_rules:
  - {rule_name: price, event_type: 1, trigger: {reply_texts: [b]}}
  - {rule_name: size, event_type: 1, trigger: {reply_texts: [a]}}
"""


@pytest.mark.parametrize(
    ("stamp", "probed", "whole"), [("kept", True, 1), ("renewed", True, 0), ("kept", False, 0), ("renewed", False, 0)]
)
def test_a_changed_rule_is_sent_alone_or_in_its_group(tmp_path, stamp, probed, whole):
    groups = [{"group_name": f"group {number}", "interaction_rules": RULES} for number in range(3)]
    simulator = Simulator({"interaction_rule_groups": groups, "behaviours": {"child_stamp": stamp}}, clock=real_clock)
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects/one.yaml").write_text(MANIFEST, encoding="utf-8")
    with running(simulator) as url:
        place = f"{{endpoint: {url}, project_id: '{OWN}', auth: none}}"
        text = f"name: shop\nid: {PROJECT_ID}\nmanifests: [objects]\nenvironments:\n  live: {place}\n"
        (tmp_path / "reconciler.yaml").write_text(text, encoding="utf-8")
        if probed:
            assert reconciler("-C", tmp_path, "doctor", *WRITES).code == 0
        before = dict(simulator.model.as_json()["requests"])
        applied = reconciler("-C", tmp_path, "apply", "--adopt", "--auto-approve")
        assert applied.code == 0, applied.err
        after = simulator.model.as_json()["requests"]
        plan = reconciler("-C", tmp_path, "plan", "--detailed-exitcode")
    made = {name: after[name] - before.get(name, 0) for name in after}
    assert made.get("update", 0) == whole
    assert sum(number for name, number in made.items() if "update" in name) == 1
    assert plan.code == 0
