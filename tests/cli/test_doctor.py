"""`doctor`: what it asks, what it writes and where, its exit codes, and its documents."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest

from reconciler.kinds.service_behaviours import BEHAVIOURS
from reconciler.simulator import Simulator
from reconciler.simulator.clock import real_clock
from reconciler.simulator.server import running
from tests.support.command_line import PROJECT_ID, project, reconciler
from tests.support.doctor_page import PAGE, renewed
from tests.support.probing import OWN, REQUIRED, SEED, WRITES, answers, doctor


def test_its_json_has_a_row_for_each_behaviour_and_counts_requests(tmp_path):
    run = doctor(tmp_path, SEED)
    document = json.loads(run.out)
    assert list(document) == ["format_version", "answers", "requests"]
    assert [row["behaviour"] for row in document["answers"]] == [one.name for one in BEHAVIOURS]
    for row, one in zip(document["answers"], BEHAVIOURS, strict=True):
        assert set(row) == {"behaviour", "answer", "evidence"}
        assert row["answer"] in (*one.choices, "not_observed")
    assert 0 < document["requests"] <= 30
    assert "at most 30 requests" in run.err


def test_with_writes_it_observes_what_an_apply_depends_on(tmp_path):
    seen = answers(doctor(tmp_path, SEED, *WRITES))
    assert [one for one in REQUIRED if seen[one] == "not_observed"] == []


@pytest.mark.parametrize(
    ("flags", "variables"),
    [
        ((), {}),
        ((), {"CI": "true"}),
        (("--yes-write-to", "1" * 32), {}),
    ],
)
def test_writes_that_are_not_confirmed_are_exit_5_and_nothing_is_sent(tmp_path, flags, variables):
    simulator = Simulator(SEED, clock=real_clock)
    with running(simulator) as url:
        folder = live(tmp_path, url)
        run = reconciler("-C", folder, "doctor", "--probe-writes", *flags, variables=variables)
    assert run.code == 5
    assert f"--yes-write-to {OWN}" in run.err
    assert simulator.model.as_json()["requests"] == {}


def live(folder, url):
    text = f"environments:\n  live: {{endpoint: {url}, project_id: '{OWN}', auth: none}}\n"
    (folder / "reconciler.yaml").write_text(f"id: {PROJECT_ID}\nmanifests: [objects]\n{text}", encoding="utf-8")
    (folder / "objects").mkdir(exist_ok=True)
    return folder


def test_rooms_are_probed_with_writes_only(tmp_path):
    assert reconciler("-C", project(tmp_path, {}), "doctor", "--probe-rooms").code == 1


@pytest.mark.parametrize(("typed", "code"), [(b"yes\n", 0), (b"y\n", 5)])
def test_at_a_terminal_it_asks(tmp_path, typed, code):
    folder = project(tmp_path, {}, seed=json.dumps(SEED))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "reconciler", "-C", str(folder), "doctor", "--probe-writes"]
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    with subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as child:
        os.close(theirs)
        os.write(ours, typed)
        _, error = child.communicate(timeout=60)
        os.close(ours)
    assert child.returncode == code
    assert f"Write to project {OWN}".encode() in error


def test_a_service_that_cannot_be_asked_is_exit_1(tmp_path):
    run = reconciler("-C", live(tmp_path, "http://127.0.0.1:9"), "doctor")
    assert run.code == 1


def test_a_service_whose_lists_are_refused_is_exit_1(tmp_path):
    refused = {"faults": [{"match": {"operation": "list"}, "status": 403}]}
    assert doctor(tmp_path, {**SEED, **refused}).code == 1


def test_retries_count_and_the_limit_holds(tmp_path):
    failing = {"faults": [{"match": {"operation": "show"}, "every": 2, "status": 429}]}
    document = json.loads(doctor(tmp_path, {**SEED, **failing}).out)
    assert 14 < document["requests"] <= 30


@pytest.mark.parametrize("name", ["seen.json", "seen.yaml"])
def test_its_output_is_what_simulate_behaves_like(tmp_path, name):
    chosen = {"put": "merge", "names": "unique", "show_missing": "400", "order": "update_asc"}
    first = doctor(tmp_path / "first", {**SEED, "behaviours": chosen}, *WRITES, "--output", name)
    seen = {one: answer for one, answer in answers(first).items() if answer != "not_observed"}
    assert seen.items() >= chosen.items()
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps(SEED), encoding="utf-8")
    command = [sys.executable, "-m", "reconciler", "simulate", "--seed", str(seed), "--port", "0"]
    with subprocess.Popen(
        [*command, "--behaves-like", str(tmp_path / "first" / name)], stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            url = child.stdout.readline().strip()
            folder = live(tmp_path, url)
            again = answers(reconciler("-C", folder, "doctor", "--format", "json", *WRITES))
        finally:
            child.terminate()
    assert {name: again[name] for name in seen} == seen


def test_no_secret_is_in_anything_it_writes(tmp_path):
    run = doctor(tmp_path, SEED, *WRITES, "--output", "seen.yaml")
    text = run.out + run.err + (tmp_path / "seen.yaml").read_text(encoding="utf-8")
    assert "canary" not in text


def test_the_page_has_a_row_for_each_behaviour_with_its_choices():
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert rows == [(one.name, ", ".join(one.choices)) for one in BEHAVIOURS]


def test_the_transcript_of_the_page_is_what_a_run_prints():
    text = PAGE.read_text(encoding="utf-8")
    assert text == renewed(text), "run: python -m tests.support.doctor_page"


def test_a_profile_that_a_later_run_contradicts_is_dropped_and_told(tmp_path):
    simulator = Simulator({**SEED, "behaviours": {"show_missing": "404"}}, clock=real_clock)
    with running(simulator) as url:
        folder = live(tmp_path, url)
        assert "was dropped" not in reconciler("-C", folder, "doctor").out
        simulator.world.choices = {**simulator.world.choices, "show_missing": "400"}
        assert "was dropped: show_missing was 404, now 400" in reconciler("-C", folder, "doctor").out
        assert "was dropped" not in reconciler("-C", folder, "doctor").out
