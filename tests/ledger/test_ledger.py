"""What is written is there afterwards, whole; what was never written is absent."""

import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from reconciler.errors import LedgerError
from reconciler.ledger.sql_ledger import open_ledger
from reconciler.model.change import Action
from reconciler.model.ledger_state import ObjectRecord, WriteIntent
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.run_history import RunRecord

SCOPE, OWNER = "127.0.0.1 p1 ", "shop/production"


def intent(operation: str = "op1", name: str = "welcome", action: Action = Action.CREATE) -> WriteIntent:
    return WriteIntent(
        operation=operation, action=action, kind="K", name=name, address=f'K["{name}"]', body={"a": ["ü", 1]}
    )


def outcome(status: OutcomeStatus, action: Action = Action.CREATE, object_id: str = "7") -> Outcome:
    return Outcome(status=status, action=action, address='K["welcome"]', kind="K", name="welcome", id=object_id)


def remembered(**more: object) -> ObjectRecord:
    return ObjectRecord(
        **{"kind": "K", "id": "7", "name": "welcome", "address": 'K["welcome"]', "owner": OWNER, **more}
    )  # type: ignore[arg-type]


def test_a_ledger_that_was_never_written_is_absent_and_stays_unmade(tmp_path: Path) -> None:
    ledger = open_ledger("sqlite:///sub/ledger.db", root=tmp_path)
    past = ledger.load_state(SCOPE, OWNER)
    assert (past.present, past.objects, past.intents, past.digest_key) == (False, {}, (), b"")
    assert ledger.list_runs("") == () == ledger.list_entries("") == ledger.list_locks()
    assert list(tmp_path.iterdir()) == []


def test_an_intent_is_open_until_its_outcome_is_known(url: str) -> None:
    ledger = open_ledger(url)
    ledger.record_intent(SCOPE, "r1", intent())
    assert open_ledger(url).load_state(SCOPE, OWNER).intents == (intent(),)
    ledger.record_outcome(SCOPE, "r1", intent(), outcome(OutcomeStatus.UNKNOWN, object_id=""), None)
    assert ledger.load_state(SCOPE, OWNER).intents == (intent(),)
    ledger.record_outcome(
        SCOPE, "r1", intent(), outcome(OutcomeStatus.APPLIED), remembered(last_applied={"a": 1}, protected=True)
    )
    past = open_ledger(url).load_state(SCOPE, OWNER)
    assert past.intents == ()
    assert past.objects == {("K", "7"): remembered(last_applied={"a": 1}, protected=True)}
    assert [entry.outcome for entry in ledger.list_entries(SCOPE)] == [outcome(OutcomeStatus.APPLIED)]


def test_a_deleted_object_is_forgotten(url: str) -> None:
    ledger = open_ledger(url)
    ledger.record_owned(SCOPE, "r1", (remembered(),), {})
    delete = intent("op2", action=Action.DELETE)
    delete = WriteIntent(**{**{name: getattr(delete, name) for name in WriteIntent.__slots__}, "id": "7"})
    ledger.record_intent(SCOPE, "r1", delete)
    ledger.record_outcome(SCOPE, "r1", delete, outcome(OutcomeStatus.APPLIED, Action.DELETE), None)
    assert ledger.load_state(SCOPE, OWNER).objects == {}


def test_scopes_do_not_see_each_other(url: str) -> None:
    ledger = open_ledger(url)
    ledger.record_intent("a", "r", intent("1"))
    ledger.record_owned("a", "r", (remembered(),), {})
    past = ledger.load_state("b", OWNER)
    assert (past.present, past.objects, past.intents) == (True, {}, ())


def test_runs_keep_their_result_and_the_last_sweep_is_remembered(url: str) -> None:
    ledger = open_ledger(url)
    for number in (1, 2):
        ledger.start(RunRecord(id=f"r{number}", scope=SCOPE, owner=OWNER, command="apply"))
        ledger.record_owned(SCOPE, f"r{number}", (), {"K": number})
    ledger.end("r2", "3 applied")
    newest, oldest = ledger.list_runs(SCOPE)
    assert (newest.id, newest.result, bool(newest.ended)) == ("r2", "3 applied", True)
    assert (oldest.id, oldest.result, oldest.ended) == ("r1", "", "")
    assert ledger.load_state(SCOPE, OWNER).sweeps == {"K": 2}
    assert ledger.load_state(SCOPE, "somebody else").sweeps == {}


def test_drift_has_a_first_and_a_last_time(url: str) -> None:
    now = [1_000_000_000.0]
    ledger = open_ledger(url, clock=lambda: now[0])
    ledger.record_owned(SCOPE, "r", (remembered(),), {})
    key = ("K", "7")
    for seconds, drifting in ((0, True), (60, True), (120, False), (180, True)):
        now[0] = 1_000_000_000.0 + seconds
        ledger.record_drift(SCOPE, frozenset({key}) if drifting else frozenset(), frozenset({key}))
        thing = ledger.load_state(SCOPE, OWNER).objects[key]
        expected = {0: (":46:40", ":46:40"), 60: (":46:40", ":47:40"), 120: ("", ":47:40"), 180: (":49:40", ":49:40")}
        assert (thing.drift_first[13:-1], thing.drift_last[13:-1]) == expected[seconds]


@pytest.mark.parametrize(("created", "status"), [("99", OutcomeStatus.APPLIED), ("", OutcomeStatus.FAILED)])
def test_an_operator_decides_an_open_intent(url: str, created: str, status: OutcomeStatus) -> None:
    ledger = open_ledger(url)
    ledger.record_intent(SCOPE, "r", intent())
    entry = ledger.resolve(SCOPE, "op1", created)
    assert entry.outcome is not None
    assert (entry.outcome.status, entry.outcome.id) == (status, created)
    assert ledger.load_state(SCOPE, OWNER).intents == ()
    with pytest.raises(LedgerError, match="no open intent") as error:
        ledger.resolve(SCOPE, "op1", created)
    assert error.value.code == "E_INTENT_ID"


def test_the_digest_key_is_the_operators_else_one_the_ledger_keeps(url: str) -> None:
    first = open_ledger(url)
    with first.lock(SCOPE, OWNER):
        pass
    kept = first.load_state(SCOPE, OWNER).digest_key
    assert len(kept) == 32
    assert open_ledger(url).load_state(SCOPE, OWNER).digest_key == kept
    assert open_ledger(url, digest_key=b"mine").load_state(SCOPE, OWNER).digest_key == b"mine"
    assert kept.hex() not in repr(first.load_state(SCOPE, OWNER))


def test_a_ledger_of_a_newer_version_is_refused(url: str) -> None:
    ledger = open_ledger(url)
    ledger.start(RunRecord(id="r", scope=SCOPE, owner=OWNER, command="apply"))
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE reconciler_runs SET schema = 99"))
    engine.dispose()
    for use in (lambda book: book.load_state(SCOPE, OWNER), lambda book: book.record_intent(SCOPE, "r", intent())):
        with pytest.raises(LedgerError, match="newer version") as error:
            use(open_ledger(url))
        assert error.value.code == "E_LEDGER_NEWER"


def test_a_row_that_was_changed_behind_is_refused(url: str) -> None:
    ledger = open_ledger(url)
    ledger.record_owned(SCOPE, "r", (remembered(protected=True),), {})
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE reconciler_objects SET owner = 'mallory'"))
    engine.dispose()
    with pytest.raises(LedgerError, match="damaged") as error:
        open_ledger(url).load_state(SCOPE, OWNER)
    assert error.value.code == "E_LEDGER_DAMAGED"


def test_the_file_is_the_users_alone_and_not_for_git(tmp_path: Path) -> None:
    ledger = open_ledger("sqlite:///.reconciler/ledger.db", root=tmp_path)
    ledger.record_intent(SCOPE, "r", intent())
    path = tmp_path / ".reconciler" / "ledger.db"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (path.parent / ".gitignore").read_text() == "*\n"


def test_sqlite_keeps_a_rollback_journal_even_where_somebody_turned_on_a_write_ahead_log(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(f"sqlite:///{path}")
    ledger.record_intent(SCOPE, "r", intent())
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    open_ledger(f"sqlite:///{path}").load_state(SCOPE, OWNER)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://host/db", "no ledger can be kept in 'mysql'"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("what?", "cannot be read"),
    ],
)
def test_a_url_that_cannot_hold_a_ledger_is_refused(url: str, words: str) -> None:
    with pytest.raises(LedgerError, match=words) as error:
        open_ledger(url)
    assert error.value.code == "E_LEDGER_URL"


def test_a_password_in_the_url_shows_nowhere(tmp_path: Path) -> None:
    ledger = open_ledger("postgresql://u:hunter2secret@127.0.0.1:1/db")
    with pytest.raises(LedgerError) as error:
        ledger.load_state(SCOPE, OWNER)
    assert "hunter2secret" not in f"{error.value} {error.value.hint} {ledger!r} {ledger._store!r}"
