"""Snapshots: what was live, kept without secrets, read again as if it were live."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.errors import SnapshotError
from reconciler.kinds.registry import all_kinds
from reconciler.model.read_result import ConfirmRequest, ReadRequest
from reconciler.readers.snapshot_reader import SnapshotOrigin, SnapshotReader, snapshot_text
from reconciler.redaction import SecretRedactor
from reconciler.simulator import Simulator, transport
from tests.support.reading import GROUP, PROJECT, ROOM, reader
from tests.support.shop import CANARIES, as_json, planned, seed

TAKEN = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
WHENCE = SnapshotOrigin(endpoint="http://localhost", project_id=PROJECT)


def live(service):
    return reader("http://localhost", transport=transport(service))


def everything(service):
    made = live(service)
    return [made.read(kind, ReadRequest(depth="full")) for kind in all_kinds().values()]


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "live.json"
    path.write_text(snapshot_text(everything(Simulator(seed())), whence=WHENCE, taken=TAKEN), encoding="utf-8")
    return path


def open_at(path, hours=1.0, **settings):
    return SnapshotReader(path, clock=lambda: TAKEN + timedelta(hours=hours), **settings)


@pytest.mark.parametrize("depth", ["list", "auto", "full"])
def test_a_plan_from_a_snapshot_is_the_plan_from_the_live_side(saved, depth):
    from_live = as_json(planned(live(Simulator(seed())), depth=depth))
    assert as_json(planned(open_at(saved), depth=depth)) == from_live
    assert '"create"' in from_live
    assert '"update"' in from_live


def test_nothing_secret_is_in_it(saved):
    text = saved.read_text()
    assert not [value for value in (*CANARIES.values(), "canary") if value in text]
    assert "nobody_knows" in text


def test_values_are_masked_as_well_where_a_mask_is_given_and_the_digest_still_holds(tmp_path):
    path = tmp_path / "live.json"
    redactor = SecretRedactor(["group 18", "secret room"])
    path.write_text(
        snapshot_text(everything(Simulator(seed())), whence=WHENCE, taken=TAKEN, mask=redactor.value), encoding="utf-8"
    )
    assert "secret room" not in path.read_text()
    assert open_at(path).read(ROOM, ReadRequest()).complete


def test_it_says_when_whence_and_what_its_completeness_rests_on(saved):
    content = json.loads(saved.read_text())
    assert content["taken"] == "2026-11-23T05:00:00Z"
    assert (content["endpoint"], content["project_id"]) == ("http://localhost", PROJECT)
    assert content["kinds"]["SmartLiveRoom"]["proof"].startswith("7 objects on 1 pages, count 7, 1 sweeps")


def test_the_same_state_gives_the_same_bytes():
    first, second = (snapshot_text(everything(Simulator(seed())), whence=WHENCE, taken=TAKEN) for _ in range(2))
    assert first == second


def test_a_read_that_was_incomplete_stays_incomplete(tmp_path):
    path = tmp_path / "live.json"
    service = Simulator(seed(faults=[{"match": {"operation": "list"}, "transform": {"set": {"count": 99}}}]))
    path.write_text(snapshot_text(everything(service), whence=WHENCE, taken=TAKEN), encoding="utf-8")
    reading = open_at(path).read(ROOM, ReadRequest())
    assert (reading.complete, reading.code) == (False, "E_READ_INCOMPLETE")
    assert reading.resources


def test_an_object_that_could_not_be_read_stays_unknown(tmp_path):
    path = tmp_path / "live.json"
    denied = {
        "match": {"operation": "show", "kind": "SmartLiveRoom"},
        "status": 403,
        "body": {"error_code": "APIGW.0302"},
    }
    path.write_text(
        snapshot_text(everything(Simulator(seed(faults=[denied]))), whence=WHENCE, taken=TAKEN), encoding="utf-8"
    )
    reading = open_at(path).read(ROOM, ReadRequest())
    assert {item.code for item in reading.diagnostics} == {"E_READ_DENIED"}
    assert all("room_description" in one.hidden for one in reading.resources if one.name.startswith("room"))


def test_doubts_are_settled_by_what_was_saved(saved):
    made = open_at(saved)
    there = made.find(ROOM, "room 1")[0].id
    answer = made.confirm(ROOM, ConfirmRequest(creates=frozenset({"room 2", "x"}), deletes=frozenset({there, "gone"})))
    assert [one.name for one in answer.found] == ["room 2"]
    assert (answer.gone, dict(answer.unsure)) == ({"gone"}, {})
    assert made.show(GROUP, "gone") is None
    assert made.show(ROOM, there).name == "room 1"
    assert made.usage.requests == 0


def test_one_that_is_too_old_is_refused(saved):
    assert open_at(saved, hours=23.9)
    with pytest.raises(SnapshotError) as caught:
        open_at(saved, hours=24.1)
    assert caught.value.code == "E_SNAPSHOT_AGE"
    assert open_at(saved, hours=100, max_age=timedelta(hours=200))


def test_one_of_another_project_is_refused(saved):
    with pytest.raises(SnapshotError) as caught:
        open_at(saved, project_id="f" * 32)
    assert caught.value.code == "E_SNAPSHOT_SCOPE"
    assert open_at(saved, project_id=PROJECT)


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (lambda text: text[:-10], "E_SNAPSHOT_DAMAGED"),
        (lambda text: text.replace("room 3", "room 9"), "E_SNAPSHOT_DAMAGED"),
        (lambda text: text.replace('"shown": true', '"shown": false', 1), "E_SNAPSHOT_DAMAGED"),
        (lambda text: text.replace("2026-11-23T05", "2026-11-24T05"), "E_SNAPSHOT_DAMAGED"),
        (lambda text: text.replace('"format_version": "1.', '"format_version": "2.'), "E_SNAPSHOT_FORMAT"),
        (lambda text: "{}", "E_SNAPSHOT_FORMAT"),
        (lambda text: "", "E_SNAPSHOT_DAMAGED"),
        (lambda text: "[" * 100_000, "E_SNAPSHOT_DAMAGED"),
        (lambda text: '{"format": "reconciler-snapshot", "format_version": "1.0"}', "E_SNAPSHOT_DAMAGED"),
    ],
)
def test_one_that_was_harmed_is_refused(saved, harm, code):
    saved.write_text(harm(saved.read_text()))
    with pytest.raises(SnapshotError) as caught:
        open_at(saved)
    assert caught.value.code == code


def test_one_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(SnapshotError) as caught:
        open_at(tmp_path / "none.json")
    assert caught.value.code == "E_SNAPSHOT_FILE"
