"""What an apply says while it goes on, in Terraform's words, and how it asks."""

import re
import sys
import threading

import pytest

from reconciler.cli.apply_progress import ApplyProgress, elapsed
from reconciler.cli.command_context import CommandContext
from reconciler.model.change import Action
from reconciler.model.outcome import ApplyEvent, ApplyPhase, Outcome, OutcomeStatus
from reconciler.model.process_clock import ProcessClock
from reconciler.redaction import SecretRedactor
from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import project, reconciler, room
from tests.support.terminal_picture import recorded

PROJECT = "0" * 32
ONE = 'SmartLiveRoom["One"]'


@pytest.fixture
def place(tmp_path):
    with running(Simulator({})) as url:
        more = f'  real: {{endpoint: "{url}", project_id: "{PROJECT}", prune: owned}}\n'
        yield project(tmp_path, {"rooms/one.yaml": room("One"), "rooms/two.yaml": room("Two")}, more=more)


def apply(folder, *arguments):
    found = reconciler("-C", folder, "apply", "-e", "real", "--auto-approve", *arguments)
    assert found.code == 0, found.err
    return found


def test_a_create_an_update_and_a_delete_each_have_a_first_and_a_last_line(place):
    created = apply(place)
    assert f"{ONE}: Creating…\n" in created.err
    known = re.search(re.escape(f"{ONE}: Creation complete after ") + r"\d+s \[id=([^]]+)\]\n", created.err)
    assert known, created.err
    (place / "rooms/one.yaml").write_text(room("One", "room_description: other"), encoding="utf-8")
    (place / "rooms/two.yaml").unlink()
    changed = apply(place, "--allow-deletes", "1").err
    assert f"{ONE}: Modifying… [id={known[1]}]\n" in changed
    assert re.search(re.escape(f"{ONE}: Modifications complete after ") + r"\d+s \[id=", changed)
    assert re.search(r'"Two"\]: Destroying… \[id=[^]]+\]\n', changed)
    assert re.search(r'"Two"\]: Destruction complete after \d+s', changed)


def test_an_apply_begins_with_the_environment_and_the_ledger_it_writes(place):
    assert apply(place).out.startswith("Environment: real (http://127.0.0.1:")
    assert "project 0000…, ledger .reconciler/ledger.db)\n" in apply(place).out.partition("\n")[0] + "\n"


def test_a_plan_names_the_ledger_once_there_is_one(place):
    before = reconciler("-C", place, "plan", "-e", "real").out.partition("\n")[0]
    apply(place)
    after = reconciler("-C", place, "plan", "-e", "real").out.partition("\n")[0]
    assert before.endswith(", project 0000…, no ledger)")
    assert after.endswith(", project 0000…, ledger .reconciler/ledger.db)")


def test_where_a_plan_is_made_stays_out_of_its_json(place):
    plain = reconciler("-C", place, "plan", "-e", "real", "--format", "json")
    assert "127.0.0.1" not in plain.out
    assert "127.0.0.1" in reconciler("-C", place, "plan", "-e", "real", "--format", "markdown").out
    assert "127.0.0.1" in reconciler("-C", place, "plan", "-e", "real", "--format", "html").out


def test_an_invalid_project_is_told_with_its_environment_too(place):
    (place / "rooms/one.yaml").write_text(room("One", "room_descriptio: x"), encoding="utf-8")
    for command in (("plan",), ("apply", "--auto-approve")):
        found = reconciler("-C", place, *command, "-e", "real")
        assert found.code == 1
        assert found.out.startswith("Environment: real (")


def test_the_question_names_the_number_and_the_environment(place):
    variables = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    command = (sys.executable, "-m", "reconciler", "apply", "-e", "real")
    said = recorded(command, folder=place, variables=variables, answers=("no",))
    assert "Apply 2 changes to real? Only 'yes' is accepted: no" in said
    assert "Nothing was applied." in said


class Listening:
    """An apply's progress on a clock that only this test moves, with the lines it wrote."""

    def __init__(self, log, every=10.0):
        self.now = 100.0
        clock = ProcessClock(monotonic=lambda: self.now)
        session = CommandContext(root=".", variables={}, redactor=SecretRedactor(), log=log, color=False, clock=clock)
        self.progress = ApplyProgress(session, every=every)

    def start(self, action=Action.CREATE):
        self.progress(ApplyEvent(step=ApplyPhase.STARTED, address=ONE, action=action.value, total=1))

    def finish(self, status, action=Action.CREATE, **more):
        outcome = Outcome(status=status, action=action, address=ONE, kind="SmartLiveRoom", name="One", **more)
        self.progress(ApplyEvent(step=ApplyPhase.FINISHED, address=ONE, outcome=outcome, done=1, total=1))


class Lines:
    """A log that keeps its lines."""

    form = "text"

    def __init__(self):
        self.lines = []
        self.written = threading.Event()

    def say(self, text, level="info"):
        self.lines.append(text)
        if "Still" in text:
            self.written.set()


def test_a_change_that_lasts_is_told_again_and_the_end_has_the_whole_time():
    log = Lines()
    apply_ = Listening(log, every=0.01)
    apply_.start()
    apply_.now += 65
    assert log.written.wait(30)
    apply_.finish(OutcomeStatus.APPLIED, id="r-1")
    assert log.lines[0] == f"{ONE}: Creating…"
    assert log.lines[-1] == f"{ONE}: Creation complete after 1m5s [id=r-1]"
    assert f"{ONE}: Still creating… [1m5s elapsed]" in log.lines


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (OutcomeStatus.FAILED, f"{ONE}: Destruction failed after 3s (E_X): refused"),
        (OutcomeStatus.SKIPPED, f"{ONE}: Destruction skipped (E_X): refused"),
        (OutcomeStatus.UNKNOWN, f"{ONE}: Destruction not confirmed: the outcome is unknown after 3s (E_X): refused"),
    ],
)
def test_what_was_not_done_says_so_with_its_reason(status, words):
    log = Lines()
    apply_ = Listening(log)
    apply_.start(Action.DELETE)
    apply_.now += 3
    apply_.finish(status, Action.DELETE, id="r-1", code="E_X", reason="refused")
    assert log.lines[-1] == words


@pytest.mark.parametrize(("seconds", "text"), [(-1, "0s"), (9.9, "9s"), (60, "1m0s"), (3605, "1h0m5s")])
def test_durations_are_terraforms(seconds, text):
    assert elapsed(seconds) == text
