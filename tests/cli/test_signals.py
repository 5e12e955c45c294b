"""An apply that is asked to stop ends cleanly after the change at hand, and the next one does the rest."""

import os
import signal
import subprocess
import sys

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import project, reconciler, room

ROOMS = 4


@pytest.mark.parametrize(
    "numbers", [(signal.SIGTERM,), (signal.SIGINT,), (signal.SIGHUP,), (signal.SIGTERM, signal.SIGINT)]
)
def test_a_signal_or_one_sent_twice_stops_after_the_change_at_hand_and_the_next_run_converges(tmp_path, numbers):
    slow = {"match": {"method": "POST"}, "delay": 0.4}
    simulator = Simulator({"faults": [slow]})
    with running(simulator) as url:
        place = f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}"}}\n'
        project(tmp_path, {f"rooms/{n}.yaml": room(f"Room {n}") for n in range(ROOMS)}, more=place)
        command = [sys.executable, "-m", "reconciler", "-C", str(tmp_path), "apply", "-e", "real", "--auto-approve"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_plain()) as run:
            for line in run.stderr:
                if "Creation complete" in line:
                    for number in numbers:
                        run.send_signal(number)
                    break
            out, err = run.communicate(timeout=60)
        assert run.returncode == 3, err
        assert "stopped by a signal" in out
        assert "Traceback" not in err
        again = reconciler("-C", tmp_path, "apply", "-e", "real", "--auto-approve")
        assert again.code == 0, again.err
        plan = reconciler("-C", tmp_path, "plan", "-e", "real", "--detailed-exitcode")
        assert plan.code == 0, plan.out
        assert simulator.model.duplicates == []


def _plain():
    return {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILER_", "CI"))}
