"""Streams that are closed or full, and files that are none."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.command_line import QUICKSTART, ROOT, reconciler

PLAN = [sys.executable, "-m", "reconciler", "-C", str(QUICKSTART), "plan", "-e", "demo"]


def closed(*redirections: str) -> "subprocess.CompletedProcess[str]":
    """Plan with streams closed as a shell does it."""
    script = 'exec "$@" ' + " ".join(redirections)
    command = ["/bin/sh", "-c", script, "sh", *PLAN]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)


@pytest.mark.parametrize("redirections", [["<&-"], ["2>&-"], ["<&-", "2>&-"]])
def test_a_closed_stdin_or_stderr_changes_nothing_on_stdout(redirections):
    run = closed(*redirections)
    assert run.returncode == 0
    assert "Plan: 1 to add, 1 to change, 3 to adopt. Deletes and drift are unknown: no ledger was read." in run.stdout


@pytest.mark.parametrize("redirections", [[">&-"], ["<&-", ">&-"]])
def test_a_report_that_nobody_can_get_is_an_error(redirections):
    run = closed(*redirections)
    assert run.returncode == 1
    assert "E_WRITE" in run.stderr
    assert "Traceback" not in run.stderr
    assert "E_INTERNAL" not in run.stderr


def test_nothing_is_left_to_tell_with_but_the_exit_code():
    assert closed(">&-", "2>&-").returncode == 1


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="the device /dev/full is missing")
def test_a_full_disk_under_stdout_is_an_error():
    run = closed(">/dev/full")
    assert run.returncode == 1
    assert "E_WRITE" in run.stderr


def test_a_report_into_a_pipe_goes_into_the_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text(encoding="utf-8")), daemon=True)
    reader.start()
    run = reconciler("-C", QUICKSTART, "plan", "-e", "demo", "--report", f"markdown={pipe}")
    reader.join(timeout=30)
    assert run.code == 0, run.err
    assert pipe.is_fifo()
    assert "1 to add" in got[0]
