"""What a person at a terminal can say to an apply, and what ends it before anything is written."""

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import project, reconciler, room

QUESTION = b"Only 'yes' is accepted: "


@contextmanager
def at_a_terminal(tmp_path, *arguments) -> "Iterator[tuple[subprocess.Popen[bytes], int, Simulator]]":
    """Run an apply whose stdin is a terminal, as far as its question or its end; give it, the terminal, the service."""
    simulator = Simulator({})
    with running(simulator) as url:
        place = f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}"}}\n'
        project(tmp_path, {"rooms/one.yaml": room("One")}, more=place)
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "reconciler", "-C", str(tmp_path), "apply", "-e", "real", *arguments]
        with subprocess.Popen(
            command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_plain()
        ) as run:
            os.close(theirs)
            yield run, ours, simulator
        os.close(ours)


def until_asked(run):
    said = b""
    while QUESTION not in said:
        assert select.select([run.stderr], [], [], 60)[0], said
        more = os.read(run.stderr.fileno(), 4096)
        assert more, said
        said += more


def _plain():
    return {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILER_", "CI"))}


@pytest.mark.parametrize(
    ("answer", "writes"),
    [(b"yes\n", 1), (b" yes \n", 1), (b"y\n", 0), (b"YES\n", 0), (b"yes please\n", 0), (b"\n", 0), (b"\xff\xfe\n", 0)],
)
def test_only_yes_is_agreement(tmp_path, answer, writes):
    with at_a_terminal(tmp_path) as (run, terminal, simulator):
        until_asked(run)
        os.write(terminal, answer)
        out, err = run.communicate(timeout=60)
        assert run.returncode == (0 if writes else 1), err
        assert b"1 to add" in out
        assert len(simulator.model.writes) == writes
        assert (b"Nothing was applied." in err) == (not writes)


def test_the_end_of_input_is_no_agreement(tmp_path):
    with at_a_terminal(tmp_path) as (run, terminal, simulator):
        until_asked(run)
        os.write(terminal, b"\x04")
        _, err = run.communicate(timeout=60)
        assert run.returncode == 1
        assert b"Nothing was applied." in err
        assert simulator.model.writes == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_it_asks_ends_it_at_once(tmp_path, number):
    with at_a_terminal(tmp_path) as (run, _, simulator):
        until_asked(run)
        run.send_signal(number)
        _, err = run.communicate(timeout=60)
        assert run.returncode == 128 + number, err
        assert b"Interrupted." in err
        assert b"Traceback" not in err
        assert simulator.model.writes == []


@pytest.mark.parametrize("format_name", ["json", "markdown"])
def test_nobody_is_asked_to_agree_to_a_plan_that_was_not_shown(tmp_path, format_name):
    with at_a_terminal(tmp_path, "--format", format_name) as (run, _, simulator):
        _, err = run.communicate(timeout=60)
        assert run.returncode == 1
        assert b"E_NOT_SHOWN" in err
        assert b"--auto-approve" in err
        assert simulator.model.writes == []


def test_a_signal_while_it_only_reads_ends_it_at_once(tmp_path):
    simulator = Simulator({"faults": [{"match": {"method": "GET"}, "delay": 1.0}]})
    with running(simulator) as url:
        place = f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}"}}\n'
        project(tmp_path, {"rooms/one.yaml": room("One")}, more=place)
        command = [sys.executable, "-m", "reconciler", "-C", str(tmp_path), "apply", "-e", "real", "--auto-approve"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_plain()) as run:
            while not simulator.model.requests:
                select.select([run.stderr], [], [], 0.02)
            run.send_signal(signal.SIGTERM)
            _, err = run.communicate(timeout=60)
        assert run.returncode == 143, err
        assert b"Interrupted." in err
        assert simulator.model.writes == []


@pytest.mark.parametrize("file", ["nowhere/report.json", "rooms"])
def test_a_report_that_cannot_be_written_is_said_before_anything_is_applied(tmp_path, file):
    simulator = Simulator({})
    with running(simulator) as url:
        place = f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}"}}\n'
        project(tmp_path, {"rooms/one.yaml": room("One")}, more=place)
        run = reconciler("-C", tmp_path, "apply", "-e", "real", "--auto-approve", "--report", f"json={file}")
        assert run.code == 1
        assert file in run.err
        assert sum(simulator.model.requests.values()) == 0


@pytest.mark.parametrize(("where", "code", "writes"), [("stdout", 1, 0), ("stderr", 0, 1)])
def test_a_full_disk_behind_stdout_stops_it_and_behind_stderr_does_not(tmp_path, where, code, writes):
    simulator = Simulator({})
    with running(simulator) as url, open("/dev/full", "wb") as full:
        place = f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}"}}\n'
        project(tmp_path, {"rooms/one.yaml": room("One")}, more=place)
        command = [sys.executable, "-m", "reconciler", "-C", str(tmp_path), "apply", "-e", "real", "--auto-approve"]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, where: full}
        run = subprocess.run(command, **streams, env=_plain(), check=False)
        assert run.returncode == code, run.stderr
        assert len(simulator.model.writes) == writes
        if where == "stdout":
            assert b"E_WRITE: stdout cannot be written: No space left on device" in run.stderr
            assert b"mistake in reconciler" not in run.stderr
