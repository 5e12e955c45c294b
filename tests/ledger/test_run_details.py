"""Who ran what, and the fields of each change, in new ledgers and in those of earlier versions."""

import pytest
from sqlalchemy import create_engine

from reconciler.ledger.run_details import MOST_FIELDS
from reconciler.ledger.sql_ledger import open_ledger
from reconciler.model.change import Action
from reconciler.model.ledger_state import WriteIntent
from reconciler.model.outcome import OutcomeStatus
from reconciler.model.run_history import RunOrigin, RunRecord
from reconciler.redaction import SecretRedactor
from tests.support.ledger_rows import OWNER, SCOPE, outcome

ORIGIN = RunOrigin(actor="octocat", commit="f" * 40, plan="sha256:" + "0" * 64)
DETAILS = ("reconciler_run_origins", "reconciler_change_fields")


def record(run="r", origin=ORIGIN):
    return RunRecord(id=run, scope=SCOPE, owner=OWNER, command="apply", origin=origin)


def changed(operation, *fields):
    return WriteIntent(operation=operation, action=Action.UPDATE, kind="K", name="x", id="1", fields=fields)


@pytest.fixture
def ledger(url):
    opened = open_ledger(url, digest_key=b"key")
    yield opened
    opened.close()


def test_a_run_keeps_its_origin_and_a_change_its_fields_to_the_end(ledger):
    ledger.start(record())
    ledger.record_intent(SCOPE, "r", changed("op", "a.b", "rules[x]"))
    ledger.record_outcome(SCOPE, "r", changed("op"), outcome("1"), None)
    ledger.end("r", "1 applied")
    (run,), (entry,) = ledger.list_runs(SCOPE), ledger.list_entries(SCOPE)
    assert (run.origin, run.result) == (ORIGIN, "1 applied")
    assert entry.intent.fields == ("a.b", "rules[x]")
    assert (entry.outcome.status, entry.outcome.id) == (OutcomeStatus.APPLIED, "1")


def test_nothing_known_is_an_empty_origin(ledger):
    ledger.start(record(origin=RunOrigin()))
    ledger.record_intent(SCOPE, "r", changed("op"))
    assert ledger.list_runs(SCOPE)[0].origin == RunOrigin()
    assert ledger.list_entries(SCOPE)[0].intent.fields == ()


def test_a_change_of_very_many_fields_keeps_the_first(ledger):
    ledger.record_intent(SCOPE, "r", changed("op", *(f"f{number}" for number in range(MOST_FIELDS + 9))))
    assert len(ledger.list_entries(SCOPE)[0].intent.fields) == MOST_FIELDS


def test_secrets_are_masked_in_who_and_in_paths(url):
    redactor = SecretRedactor(["hunter2hunter2"])
    ledger = open_ledger(url, digest_key=b"key", redactor=redactor)
    ledger.start(record(origin=RunOrigin(actor="hunter2hunter2")))
    ledger.record_intent(SCOPE, "r", changed("op", "rules[hunter2hunter2]"))
    assert "hunter2" not in repr((ledger.list_runs(SCOPE), ledger.list_entries(SCOPE)))
    ledger.close()


def test_a_ledger_of_an_earlier_version_is_read_and_gets_the_tables_with_the_next_write(url, ledger):
    ledger.start(record("before"))
    ledger.record_intent(SCOPE, "before", changed("op1", "a"))
    ledger.close()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for name in DETAILS:
            connection.exec_driver_sql(f"DROP TABLE {name}")
    engine.dispose()
    later = open_ledger(url, digest_key=b"key")
    assert later.list_runs(SCOPE)[0].origin == RunOrigin()
    assert later.list_entries(SCOPE)[0].intent.fields == ()
    assert [one.operation for one in later.load_state(SCOPE, OWNER).intents] == ["op1"]
    later.start(record("after"))
    later.record_intent(SCOPE, "after", changed("op2", "b"))
    assert [one.origin for one in later.list_runs(SCOPE)] == [ORIGIN, RunOrigin()]
    assert [one.intent.fields for one in later.list_entries(SCOPE)] == [("b",), ()]
    later.close()


def test_pruning_takes_the_details_along(url, ledger):
    ledger.start(record())
    ledger.record_intent(SCOPE, "r", changed("op", "a"))
    ledger.record_outcome(SCOPE, "r", changed("op"), outcome("1"), None)
    ledger.end("r", "1 applied")
    assert ledger.prune(SCOPE, "2999-01-01T00:00:00Z") == 2
    ledger.close()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for name in DETAILS:
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() == 0
    engine.dispose()
