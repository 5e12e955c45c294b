"""The end of a process: at once, without freeing its objects, and never before what must happen at the end."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import atexit, os, sys, threading, time

class Told:
    def __del__(self, write=os.write):
        write(2, b"freed\\n")

sys.kept = Told()
atexit.register(print, "registered", file=sys.stderr)
{first}
from reconciler.cli import process_main
sys.exit(process_main())
"""


def ran(*arguments: str, first: str = "", stdout=subprocess.PIPE) -> tuple[int, str, str]:
    """Return the exit code of a command line, and what is on stdout and stderr."""
    command = [sys.executable, "-c", PROGRAM.format(first=first), *arguments]
    done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    return done.returncode, done.stdout or "", done.stderr


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["version"], 0), (["plan", "--no-such-flag"], 1)])
def test_a_process_ends_at_once_after_what_is_registered(arguments, code):
    found, _, stderr = ran(*arguments)
    assert (found, stderr.endswith("registered\n")) == (code, True)
    assert "freed" not in stderr


@pytest.mark.parametrize(
    "first", ["threading.Thread(target=time.sleep, args=(3,)).start()", "sys.setprofile(lambda *_: None)"]
)
def test_a_process_ends_as_python_ends_it_where_that_has_work_left(first):
    found, stdout, stderr = ran("version", first=first)
    assert (found, stderr) == (0, "registered\nfreed\n")
    assert stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("arguments", [["--help"], ["version"]])
def test_a_report_that_is_lost_is_no_success(arguments):
    with open("/dev/full", "w") as full:
        found, _, _ = ran(*arguments, stdout=full)
    assert found not in (0, 2)
