"""Two hundred tenants behind limits and faults: every one complete or marked, for few more calls than it takes."""

import json

from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import project, reconciler, room

TENANTS = 200
PAGES = 2
"""What one tenant costs at the least: one page of each kind, and the proof of its only create is another."""


class Journal:
    def __init__(self):
        self.lines = []

    def write(self, text):
        self.lines += [json.loads(line) for line in text.splitlines()]

    def flush(self):
        pass


def test_200_tenants_with_limits_and_faults_are_all_told_for_few_calls_more_than_it_takes(tmp_path):
    rooms = [{"room_name": "One", "room_type": "NORMAL", "room_description": "hello"}]
    seed = {
        "projects": {f"tenant{number}": {"smart_live_rooms": rooms} for number in range(TENANTS)},
        "limits": {"requests": 10},
        "faults": [{"match": {"method": "GET"}, "probability": 0.05, "status": 500}],
    }
    journal = Journal()
    with running(Simulator(seed), log=journal) as url:
        template = f'  template: {{endpoint: "{url}", project_id: x, throttle: {{reads: 10}}}}\n'
        project(tmp_path, {"rooms/one.yaml": room("One")}, more=template)
        lines = "".join(f"t{number},tenant{number}\n" for number in range(TENANTS))
        (tmp_path / "fleet.csv").write_text(f"name,project_id\n{lines}")
        run = reconciler(
            "-C", tmp_path, "audit", "-e", "template", "--fleet", "fleet.csv", "--format", "json", "--parallelism", "16"
        )
    told = json.loads(run.out)
    plans = {one["environment"]: one for one in told["plans"]}
    unreadable = TENANTS - len(plans)
    assert unreadable == len(told["diagnostics"])
    assert all(plan["complete"] and not plan["summary"]["add"] for plan in plans.values()) or run.code == 3
    least = PAGES * TENANTS
    refused = sum(1 for line in journal.lines if line["status"] == 429)
    assert len(journal.lines) <= 1.3 * least
    assert refused <= 0.01 * len(journal.lines)
