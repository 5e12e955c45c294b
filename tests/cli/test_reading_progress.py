"""Progress of reading: counters, rate, pauses and the time that is left, on a terminal and elsewhere."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from reconciler.api.client import ReadClient
from reconciler.api.connection import Connection
from reconciler.cli.reading_line import ReadingLine, duration
from reconciler.kinds.registry import kind_named
from reconciler.model.process_clock import ProcessClock
from reconciler.model.read_progress import ReadEvent, ReadPhase
from reconciler.model.read_result import ConfirmRequest, ReadRequest
from reconciler.readers.http_reader import HttpReader
from reconciler.simulator import Simulator, load_seed, transport
from reconciler.simulator.server import running
from tests.support.command_line import project, reconciler
from tests.support.terminal_picture import recorded

ROOM = kind_named("SmartLiveRoom")
PROJECT = "0" * 32
LINE = re.compile(
    r"(Listing|Reading|Confirming) (\w+) (\d+)/(\d+)(?: · ([\d.]+)/s)?(?: · rate limit, waits \d+ s)?"
    r"(?: · (?:(\d+) h ?)?(?:(\d+) min ?)?(?:(\d+) s ?)?left)?"
)


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def rooms(count: int) -> list[dict[str, object]]:
    policy = {"repeat_count": 3}
    return [
        {"room_id": f"r-{n}", "room_name": f"Room {n}", "room_description": "x", "play_policy": policy}
        for n in range(count)
    ]


def seed(count: int) -> bytes:
    return json.dumps({"smart_live_rooms": rooms(count)}).encode()


def request(count: int) -> ReadRequest:
    return ReadRequest(fields={f"Room {n}": frozenset({"room_description", "play_policy"}) for n in range(count)})


def left(line: str) -> float | None:
    """Return the seconds that a line says are left."""
    match = LINE.fullmatch(line)
    assert match, line
    parts = match.groups()[5:]
    return (
        None if not any(parts) else sum(int(part or 0) * unit for part, unit in zip(parts, (3600, 60, 1), strict=True))
    )


def read_with_a_clock(count: int, rate: float) -> tuple[list[tuple[float, str]], float]:
    """Read rooms at a rate on a clock that stands still between calls; return each line with its time, and the end."""
    clock = Clock()
    line = ReadingLine(clock.monotonic)
    lines: list[tuple[float, str]] = []

    def listen(event: ReadEvent) -> None:
        line(event)
        lines.append((clock.now, line.line()))

    connection = Connection(
        base_url="http://127.0.0.1",
        project_id=PROJECT,
        transport=transport(Simulator(load_seed(seed(count), "seed.json"))),
        reads_per_second=rate,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
    )
    client = ReadClient(connection)
    found = HttpReader(client, parallelism=1, progress=listen).read(ROOM, request(count))
    assert len(found.resources) == count
    client.close()
    return lines, clock.now


def wrong_estimates(lines: list[tuple[float, str]], began: float, end: float) -> list[tuple[float, str, float]]:
    """Return the lines after the first tenth whose time left is missing, or more than 20 % (and a second) off."""
    told = [(at, line) for at, line in lines if at - began >= (end - began) / 10 and end - at >= 2]
    assert told
    return [
        (at, line, end - at)
        for at, line in told
        if (seconds := left(line)) is None or abs(seconds - (end - at)) > max(0.2 * (end - at), 1.0)
    ]


def test_two_thousand_rooms_at_five_reads_a_second_have_a_true_estimate_from_the_first_tenth():
    lines, end = read_with_a_clock(2_000, 5.0)
    assert 400 < end - 1000 < 420
    assert wrong_estimates(lines, 1000, end) == []
    texts = [line for _, line in lines]
    assert any(re.fullmatch(r"Reading SmartLiveRoom 431/2000 · 5\.0/s · 5 min left", line) for line in texts)
    done = [int(match[3]) for line in texts if (match := LINE.fullmatch(line)) and match[1] == "Reading"]
    assert done == sorted(done)
    assert done[-1] == 2_000


def test_the_shows_that_will_follow_are_foreseen_while_the_list_is_read():
    lines, end = read_with_a_clock(1_100, 5.0)
    listing = [(at, line) for at, line in lines if line.startswith("Listing SmartLiveRoom 900/")]
    at, line = listing[0]
    assert left(line) == pytest.approx(end - at, rel=0.2)


def test_the_longest_phase_is_shown_and_all_kinds_count_for_the_time():
    clock = Clock()
    line = ReadingLine(clock.monotonic)
    for number in range(1, 41):
        clock.now += 0.5
        line(ReadEvent(kind="A", phase=ReadPhase.READING, done=number, total=100, calls_left=100 - number))
    line(ReadEvent(kind="B", phase=ReadPhase.LISTING, called=False))
    assert line.line() == "Reading A 40/100 · 2.0/s"
    line(ReadEvent(kind="B", phase=ReadPhase.READING, done=0, total=20, calls_left=20, called=False))
    assert line.line() == "Reading A 40/100 · 2.0/s · 40 s left"
    line(ReadEvent(kind="B", phase=ReadPhase.READING, done=20, total=20, calls_left=0, called=False))
    assert line.line() == "Reading A 40/100 · 2.0/s · 30 s left"


def test_a_pause_that_the_service_asked_for_is_told_and_added():
    clock = Clock()
    line = ReadingLine(clock.monotonic, pause=lambda: 12.0)
    for number in range(1, 11):
        clock.now += 1
        line(ReadEvent(kind="A", phase=ReadPhase.READING, done=number, total=20, calls_left=20 - number))
    assert line.line() == "Reading A 10/20 · 1.0/s · rate limit, waits 12 s · 22 s left"


def test_creates_and_deletes_are_confirmed_with_a_counter():
    events: list[ReadEvent] = []
    connection = Connection(
        base_url="http://127.0.0.1",
        project_id=PROJECT,
        transport=transport(Simulator(load_seed(seed(3), "seed.json"))),
    )
    reader = HttpReader(ReadClient(connection), parallelism=1, progress=events.append)
    reader.read(ROOM, request(3))
    events.clear()
    reader.confirm(ROOM, ConfirmRequest(deletes=frozenset({"r-0", "r-1"})))
    assert {event.phase for event in events} == {ReadPhase.CONFIRMING}
    assert [event.done for event in events if event.called] == [1, 2]
    assert events[-1].calls_left == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 s"),
        (59.4, "59 s"),
        (90, "1 min 30 s"),
        (120, "2 min"),
        (299, "5 min"),
        (314, "5 min"),
        (7_800, "2 h 10 min"),
    ],
)
def test_durations_have_units_that_fit(seconds, text):
    assert duration(seconds) == text


def manifests(count: int) -> dict[str, str]:
    document = (
        "---\napiVersion: metastudio/v1\nkind: SmartLiveRoom\nmetadata: {{name: Room {n}}}\n"
        "spec: {{room_description: x, play_policy: {{repeat_count: 3}}}}\n"
    )
    return {"rooms/all.yaml": "".join(document.format(n=n) for n in range(count))}


def served(folder: Path, url: str, count: int, reads: float) -> Path:
    throttle = f"throttle: {{reads: {reads}, writes: 1}}"
    place = f'  real: {{endpoint: "{url}", project_id: "{PROJECT}", {throttle}}}\n'
    return project(folder, manifests(count), more=place)


def test_off_a_terminal_there_is_a_line_each_half_minute(tmp_path):
    clock = Clock()
    with running(Simulator(load_seed(seed(350), "seed.json"))) as url:
        served(tmp_path, url, 350, 5.0)
        virtual = ProcessClock(monotonic=clock.monotonic, sleep=clock.sleep)
        told = reconciler("-C", tmp_path, "plan", "-e", "real", "--parallelism", "1", clock=virtual)
        quiet = reconciler("-C", tmp_path, "-q", "plan", "-e", "real", "--parallelism", "1", clock=virtual)
    assert told.code == 0, told.err
    lines = [line for line in told.err.splitlines() if line.startswith(("Reading", "Listing"))]
    assert len(lines) == 2
    assert all(LINE.fullmatch(line) for line in lines), lines
    assert "Reading" not in quiet.err


VARIABLES = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
_CONTROL = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]|\r|\n")


def frames(said: str) -> list[str]:
    return [part for part in _CONTROL.split(said) if LINE.fullmatch(part)]


def test_a_terminal_shows_the_counter_while_it_reads_and_only_the_plan_in_the_end(tmp_path):
    with running(Simulator(load_seed(seed(200), "seed.json"))) as url:
        served(tmp_path, url, 200, 50.0)
        command = (sys.executable, "-m", "reconciler", "plan", "-e", "real")
        said = recorded(command, folder=tmp_path, variables=VARIABLES)
    shown = frames(said)
    done = [int(match[3]) for line in shown if (match := LINE.fullmatch(line)) and match[1] == "Reading"]
    assert len(set(done)) > 3
    assert done == sorted(done)
    assert any("/s · " in line and line.endswith(" left") for line in shown)
    assert "No changes. The live side matches the manifests." in said.rpartition("Reading")[2]


def timed(command: tuple[str, ...], folder: Path, *, limit: float) -> list[tuple[float, str]]:
    """Run a command on a pseudo-terminal and return what it wrote, each part with the time of its arrival."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
    parts: list[tuple[float, str]] = []
    until = time.monotonic() + limit
    with subprocess.Popen(command, stdin=end, stdout=end, stderr=end, cwd=folder, env=VARIABLES) as process:
        os.close(end)
        try:
            while time.monotonic() < until:
                if select.select([terminal], [], [], 1)[0]:
                    parts.append((time.monotonic(), os.read(terminal, 65_536).decode("utf-8", "replace")))
        except OSError:  # its other end was closed: the command is over
            pass
        process.kill()
    os.close(terminal)
    return parts


@pytest.mark.deep
@pytest.mark.timeout(900)
def test_the_recorded_screen_of_two_thousand_rooms_has_a_true_estimate(tmp_path):
    """The same as above in real time: seven minutes at five reads a second on a pseudo-terminal."""
    with running(Simulator(load_seed(seed(2_000), "seed.json"))) as url:
        served(tmp_path, url, 2_000, 5.0)
        began = time.monotonic()
        command = (sys.executable, "-m", "reconciler", "plan", "-e", "real")
        lines = [(at, line) for at, said in timed(command, tmp_path, limit=840) for line in frames(said)]
    end = lines[-1][0]
    assert end - began > 380
    assert wrong_estimates(lines, began, end) == []
