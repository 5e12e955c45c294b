"""Drift in the ledger: first seen, last seen, how often it came and went; by an injected clock, day by day."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.fleet.audit_records import audit_record
from reconciler.fleet.audit_summary import drift_row, oldest
from reconciler.fleet.environment_result import visit
from reconciler.ledger.sql_ledger import open_audits, open_ledger
from reconciler.project.config_file import load_project
from reconciler.project.environment_session import LiveAccess
from reconciler.project.plan_environment import PlanRequest
from tests.support.command_line import project, reconciler, room

FIRST = datetime.fromisoformat("2026-11-01T06:00:00+00:00")
GOOD = "smart_live_rooms: [{room_name: One, room_type: NORMAL, room_description: hello}]"
EDITED = GOOD.replace("hello", "edited by hand")
GONE = "smart_live_rooms: []"
BLIND = GOOD + "\nbehaviours: {totals: short}"


@pytest.fixture
def shop(tmp_path):
    return project(tmp_path, {"rooms/one.yaml": room("One")})


def audited(folder: Path, days: list[str]):
    """Audit once a day, each day with another live side; returns what the ledger says of drift."""
    for number, live in enumerate(days):
        (folder / "live.yaml").write_text(live)
        one = visit(load_project(folder), "demo", PlanRequest(access=LiveAccess(variables={})))
        now = (FIRST + timedelta(days=number)).timestamp()
        book = open_audits("sqlite:///drift.db", root=folder, clock=lambda now=now: now)
        book.record(f"run{number}", [audit_record("test/demo", one, json.dumps(number))])
        drift = book.drift("test/demo")
        book.close()
    return drift


def day(number):
    return (FIRST + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_what_differs_is_seen_first_and_last_and_its_flips_are_counted(shop):
    (one,) = audited(shop, [GOOD, EDITED, EDITED, GOOD, GOOD, EDITED])
    assert (one.address, one.path) == ('SmartLiveRoom["One"]', "room_description")
    assert (one.first, one.since, one.last) == (day(1), day(5), day(5))
    assert (one.flips, one.open) == (2, True)
    assert drift_row(one, date(2026, 11, 9))[4] == 3


def test_what_is_back_in_step_stays_in_the_history_and_is_drift_no_more(shop):
    (one,) = audited(shop, [EDITED, EDITED, GOOD])
    assert (one.first, one.last, one.flips, one.open) == (day(0), day(1), 1, False)
    assert drift_row(one, date(2027, 1, 1))[4] == 1
    assert oldest([one], date(2027, 1, 1))["rows"] == []


def test_an_object_that_is_gone_is_one_row_without_a_path(shop):
    drift = audited(shop, [EDITED, GONE, GOOD])
    assert [(one.path, one.open, one.flips) for one in drift if not one.path] == [("", False, 1)]


def test_an_audit_that_did_not_see_all_closes_nothing_it_did_not_see(shop):
    gone_dark = "smart_live_rooms: []\nfaults: [{match: {method: GET}, status: 500}]"
    (one,) = audited(shop, [EDITED, gone_dark])
    assert (one.last, one.flips, one.open) == (day(0), 0, True)


def test_the_oldest_comes_first(shop):
    two = GOOD.replace("}]", "}, {room_name: Two, room_type: NORMAL, room_description: %s}]")
    (shop / "rooms/two.yaml").write_text(room("Two"))
    drift = audited(
        shop,
        [
            two % "other",
            (two % "other").replace(
                "One, room_type: NORMAL, room_description: hello", "One, room_type: NORMAL, room_description: x"
            ),
        ],
    )
    assert [one.address for one in drift] == ['SmartLiveRoom["Two"]', 'SmartLiveRoom["One"]']


def test_rows_and_drift_that_is_over_can_be_forgotten_and_what_goes_on_stays(shop):
    audited(shop, [EDITED, GOOD, GOOD])
    book = open_audits("sqlite:///drift.db", root=shop)
    assert book.prune(day(1)) == 2
    assert [one.run for one in book.runs("test/demo", 10)] == ["run2", "run1"]
    assert book.drift("test/demo") == ()
    book.close()


def test_a_ledger_made_before_there_were_audits_takes_them_and_keeps_what_it_holds(shop):
    ledger = open_ledger("sqlite:///drift.db", root=shop)
    with ledger.lock("scope", "owner"):
        pass
    assert open_audits("sqlite:///drift.db", root=shop).runs("test/", 10) == ()
    audited(shop, [EDITED])
    assert [one.environments for one in open_audits("sqlite:///drift.db", root=shop).runs("test/", 10)] == [1]
    assert ledger.load_state("scope", "owner").present


def test_history_shows_audits_and_drift_and_prunes_them(shop):
    (shop / "live.yaml").write_text(EDITED)
    kept = ("--ledger", "sqlite:///audits.db")
    assert reconciler("-C", shop, "audit", *kept).code == 2
    assert "Drift by age" in reconciler("-C", shop, "audit", *kept).out
    told = reconciler("-C", shop, "history", *kept)
    assert told.code == 0, told.err
    assert "room_description" in told.out
    assert len([line for line in told.out.splitlines() if line.rstrip().endswith("  1")]) == 2
    pruned = reconciler("-C", shop, "history", "prune", "--keep", "1", "--today", "2999-01-01", *kept)
    assert "Forgot 2 rows" in pruned.err
    assert "room_description" in reconciler("-C", shop, "history", *kept).out
