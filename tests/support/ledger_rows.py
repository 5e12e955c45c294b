"""Rows for ledgers under test: as an apply would write them."""

from pathlib import Path

from reconciler.ledger.sql_ledger import open_ledger
from reconciler.model.change import Action
from reconciler.model.ledger_state import ObjectRecord, WriteIntent
from reconciler.model.outcome import Outcome, OutcomeStatus

SCOPE, OWNER = "127.0.0.1 p1 ", "shop/production"


def intent(operation: str) -> WriteIntent:
    return WriteIntent(operation=operation, action=Action.CREATE, kind="K", name=operation, body={"text": "x" * 200})


def outcome(object_id: str) -> Outcome:
    return Outcome(
        status=OutcomeStatus.APPLIED, action=Action.CREATE, address="K[x]", kind="K", name="x", id=object_id, calls=1
    )


def remembered(object_id: str) -> ObjectRecord:
    return ObjectRecord(
        kind="K", id=object_id, name="x", address="K[x]", owner=OWNER, last_applied={"text": "y" * 200}, protected=True
    )


def filled(path: Path, many: int = 20) -> Path:
    ledger = open_ledger(f"sqlite:///{path}")
    for number in range(many):
        ledger.record_intent(SCOPE, "r", intent(f"op{number}"))
        ledger.record_outcome(SCOPE, "r", intent(f"op{number}"), outcome(str(number)), remembered(str(number)))
    ledger.record_intent(SCOPE, "r", intent("open"))
    return path
