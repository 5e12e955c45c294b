"""Any signal ends any command within moments: while it loads, while it reads, and as process 1 of a container."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import project, room

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
PROGRAM = Path(sys.executable).parent / "reconciler"
AT_ONCE = 10.0
"""Seconds on a busy machine; what is waited for takes longer."""


def may_unshare():
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*UNSHARE, "true"], check=False, capture_output=True, timeout=30).returncode == 0


AS_PROCESS_1 = pytest.mark.skipif(not may_unshare(), reason="no right to make a process namespace here")
PLACES = [pytest.param((), id="normal"), pytest.param(tuple(UNSHARE), id="process 1", marks=AS_PROCESS_1)]
COMMANDS = {
    "plan": ["plan", "-e", "real"],
    "audit": ["audit", "-e", "real"],
    "apply": ["apply", "-e", "real", "--auto-approve"],
    "export": ["export", "-e", "real", "-o", "out"],
}


@pytest.fixture
def slow(tmp_path):
    """A project whose service takes longer to answer than anybody waits."""
    simulator = Simulator({"faults": [{"match": {"method": "GET"}, "delay": 100.0}]})
    with running(simulator) as url:
        place = f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}", auth: none}}\n'
        yield project(tmp_path, {"rooms/one.yaml": room("One")}, more=place), simulator


def start(folder, arguments, prefix=()):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILER_", "CI"))}
    command = [*prefix, str(PROGRAM), "-C", str(folder), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=kept)


def itself(process, prefix):
    """Return the id of the command's own process: the child of unshare where there is one."""
    while prefix == tuple(UNSHARE):
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # one that has just ended
                if stat.read_text().rpartition(")")[2].split()[1] == str(process.pid):
                    return int(stat.parent.name)
        select.select([], [], [], 0.02)
    return process.pid


def ended(process, number, prefix=(), pid=None):
    began = time.monotonic()
    os.kill(pid or itself(process, prefix), number)
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - began < AT_ONCE
    assert b"Traceback" not in err, err.decode()
    return process.returncode, err


@pytest.mark.parametrize("prefix", PLACES)
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_sigterm_ends_a_command_whose_service_does_not_answer(slow, command, prefix):
    folder, simulator = slow
    process = start(folder, command, prefix)
    while not simulator.model.requests and process.poll() is None:
        select.select([], [], [], 0.02)
    code, err = ended(process, signal.SIGTERM, prefix)
    assert code == 143, err.decode()
    assert b"Interrupted." in err


@pytest.mark.parametrize("number", CODES)
def test_each_signal_has_the_code_a_shell_gives_it(slow, number):
    folder, simulator = slow
    process = start(folder, COMMANDS["plan"])
    while not simulator.model.requests:
        select.select([], [], [], 0.02)
    assert ended(process, number)[0] == CODES[number]


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("modules", [1, 60])
def test_a_signal_while_the_program_is_loaded_prints_no_traceback(tmp_path, number, modules):
    """The signal is sent by the program's own imports, each time at another one."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "class Counting:\n"
        "    left, mine = None, False\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'reconciler.cli.app':\n"
        f"            Counting.left = {modules}\n"
        "        if Counting.left is not None:\n"
        "            Counting.left -= 1\n"
        f"            if Counting.left == 0: os.kill(os.getpid(), {int(number)})\n"
        "sys.meta_path.insert(0, Counting())\n"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILER_")}
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "schema", "-o", str(tmp_path / "schemas")],
        env={**kept, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert done.returncode == CODES[number], done.stderr.decode()


def test_a_second_signal_ends_what_cleans_up_too_long():
    code = (
        "import os, signal, time\n"
        "from reconciler.cli.process import Interrupted, Interrupting, handled\n"
        "interrupting = Interrupting()\n"
        "with handled(interrupting):\n"
        "    interrupting.begin()\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        time.sleep(60)\n"
        "    finally:\n"
        "        time.sleep(0.6)\n"
        "        os.kill(os.getpid(), signal.SIGHUP)\n"
        "        time.sleep(60)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30, check=False)
    assert done.returncode == 129
    assert done.stderr == b"Interrupted.\n"


def test_a_hangup_that_nohup_ignores_stays_ignored(slow):
    folder, simulator = slow
    process = start(folder, COMMANDS["plan"], ("nohup",))
    while not simulator.model.requests:
        select.select([], [], [], 0.02)
    os.kill(process.pid, signal.SIGHUP)
    assert ended(process, signal.SIGTERM)[0] == 143


@pytest.mark.parametrize("prefix", PLACES)
@pytest.mark.parametrize("number", CODES)
def test_the_served_simulator_ends_on_each_signal(tmp_path, number, prefix):
    process = start(tmp_path, ["simulate", "--port", "0"], prefix)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"http://127.0.0.1:")
    code, err = ended(process, number, prefix)
    assert (code, err) == (0, b"")
