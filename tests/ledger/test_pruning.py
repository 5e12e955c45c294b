"""Old rows can go; whatever a later run needs to decide rightly stays, in either database."""

from reconciler.ledger.sql_ledger import open_ledger
from reconciler.model.outcome import OutcomeStatus
from reconciler.model.run_history import RunRecord
from tests.ledger.test_ledger import OWNER, SCOPE, intent, outcome, remembered

DAY = 86_400.0
NEVER, ALWAYS = "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z"


def day(number: int) -> str:
    return f"1970-01-{number + 1:02}T00:00:00Z"


def kept_for(url: str, days: int) -> None:
    """One run a day: what it swept, one change it carried out."""
    for number in range(days):
        ledger = open_ledger(url, clock=lambda at=number: at * DAY + 60.0)
        ledger.start(RunRecord(id=f"r{number}", scope=SCOPE, owner=OWNER, command="apply"))
        ledger.record_owned(SCOPE, f"r{number}", (remembered(),), {"K": number})
        one = intent(f"op{number}")
        ledger.record_intent(SCOPE, f"r{number}", one)
        ledger.record_outcome(
            SCOPE, f"r{number}", one, outcome(OutcomeStatus.APPLIED), remembered(last_applied={"a": number})
        )
        ledger.end(f"r{number}", "1 applied")
        ledger.close()


def operations(url: str) -> list[str]:
    return [entry.intent.operation for entry in open_ledger(url).list_entries(SCOPE)]


def test_what_is_younger_stays_and_ownership_does_not_age(url: str) -> None:
    kept_for(url, 5)
    ledger = open_ledger(url)
    before = ledger.load_state(SCOPE, OWNER)
    assert ledger.prune(SCOPE, NEVER) == 0
    assert ledger.prune(SCOPE, day(3)) == 6
    assert operations(url) == ["op4", "op3"]
    assert [run.id for run in ledger.list_runs(SCOPE)] == ["r4", "r3"]
    assert ledger.load_state(SCOPE, OWNER) == before
    assert ledger.prune(SCOPE, day(3)) == 0


def test_an_open_intent_and_its_run_never_go(url: str) -> None:
    kept_for(url, 2)
    old = open_ledger(url, clock=lambda: 0.0)
    old.start(RunRecord(id="cut off", scope=SCOPE, owner=OWNER, command="apply"))
    old.record_intent(SCOPE, "cut off", intent("open"))
    old.record_intent(SCOPE, "cut off", intent("unknown", "other"))
    old.record_outcome(SCOPE, "cut off", intent("unknown", "other"), outcome(OutcomeStatus.UNKNOWN, object_id=""), None)
    assert old.prune(SCOPE, ALWAYS) == 3
    assert operations(url) == ["unknown", "open"]
    assert "cut off" in {run.id for run in old.list_runs(SCOPE)}
    assert len(old.load_state(SCOPE, OWNER).intents) == 2
    old.resolve(SCOPE, "open", "")
    old.resolve(SCOPE, "unknown", "7")
    assert old.prune(SCOPE, ALWAYS) == 3
    assert operations(url) == []


def test_the_last_sweep_of_each_owner_stays_so_that_a_collapse_is_still_seen(url: str) -> None:
    kept_for(url, 3)
    ledger = open_ledger(url, clock=lambda: 0.0)
    ledger.start(RunRecord(id="theirs", scope=SCOPE, owner="another", command="apply"))
    ledger.record_owned(SCOPE, "theirs", (), {"K": 9})
    ledger.start(RunRecord(id="part", scope=SCOPE, owner=OWNER, command="apply"))
    ledger.prune(SCOPE, ALWAYS)
    assert ledger.load_state(SCOPE, OWNER).sweeps == {"K": 2}
    assert ledger.load_state(SCOPE, "another").sweeps == {"K": 9}
    assert {run.id for run in ledger.list_runs(SCOPE)} == {"r2", "theirs"}


def test_another_scope_is_left_alone_and_an_absent_ledger_is_not_made(url: str) -> None:
    assert open_ledger(url).prune(SCOPE, ALWAYS) == 0
    assert not open_ledger(url).load_state(SCOPE, OWNER).present
    kept_for(url, 2)
    assert open_ledger(url).prune("elsewhere", ALWAYS) == 0
    assert len(operations(url)) == 2


def test_after_pruning_runs_go_on_being_newest_first(url: str) -> None:
    kept_for(url, 3)
    ledger = open_ledger(url, clock=lambda: 10 * DAY)
    ledger.prune(SCOPE, ALWAYS)
    ledger.start(RunRecord(id="later", scope=SCOPE, owner=OWNER, command="apply"))
    ledger.record_intent(SCOPE, "later", intent("later"))
    assert [run.id for run in ledger.list_runs(SCOPE)] == ["later", "r2"]
    assert operations(url) == ["later"]
