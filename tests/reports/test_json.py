"""JSON for programs: Terraform's shapes, the plan's own schema, and the same bytes for the same plan."""

import json

import jsonschema_rs
import pytest

from reconciler.model.change import Action
from reconciler.model.diagnostic import Severity
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.plan import Plan
from reconciler.model.read_result import ApiUsage
from reconciler.model.source_map import Position
from reconciler.planfile.decode import decode
from reconciler.planfile.schema import plan_schema
from reconciler.reports.json_report import report
from tests.support.report_hostile import hostile, nasty_texts
from tests.support.report_values import PLAIN, ROOM, create, everything, problem, report_of


def told(*plans, **more):
    return json.loads(report(report_of(*plans, **more), PLAIN))


def test_a_single_plan_is_the_document_of_the_schema():
    document = told(everything())
    jsonschema_rs.validator_for(plan_schema()).validate(document)
    assert decode(document) == everything()


def test_several_plans_stand_in_a_list():
    document = told(everything(), Plan(environment="staging"), command="audit")
    assert [plan["environment"] for plan in document["plans"]] == ["production", "staging"]
    assert document["format_version"] == "1.0"
    validator = jsonschema_rs.validator_for(plan_schema())
    assert all(validator.is_valid(plan) for plan in document["plans"])


def test_problems_of_the_command_are_in_the_plans_document_too():
    document = told(Plan(environment="demo"), diagnostics=(problem("of the command"),))
    assert [one["summary"] for one in document["diagnostics"]] == ["of the command"]
    assert document["errored"] is True


def test_a_validation_has_terraforms_keys():
    where = Position("rooms/a.yaml", 3, 5)
    wrong = problem("wrong", position=where, hint="do this")
    document = told(
        command="validate", diagnostics=(wrong, problem("w", severity=Severity.WARNING)), sources={where: "x: 1\n"}
    )
    assert (document["valid"], document["error_count"], document["warning_count"]) == (False, 1, 1)
    assert document["diagnostics"][0] == {
        "severity": "error",
        "code": "E_FIELD_UNKNOWN",
        "summary": "wrong",
        "detail": "do this",
        "range": {"filename": "rooms/a.yaml", "start": {"line": 3, "column": 5}},
        "snippet": {"code": "x: 1", "start_line": 3},
    }


def test_an_apply_counts_what_happened():
    outcomes = (
        Outcome(status=OutcomeStatus.APPLIED, action=Action.CREATE, address="a", kind=ROOM, name="a", id="1"),
        Outcome(status=OutcomeStatus.FAILED, action=Action.UPDATE, address="b", kind=ROOM, name="b", code="E_API"),
    )
    document = told(everything(), command="apply", outcomes=outcomes)
    assert document["resources"]["added"] == 1
    assert document["resources"]["failed"] == 1
    assert [one["status"] for one in document["outcomes"]] == ["applied", "failed"]
    assert document["errored"] is True


def test_what_only_one_command_has_stands_beside_the_rest():
    assert told(command="history", tables=[])["tables"] == []


def test_the_bytes_do_not_know_what_reading_cost():
    plan = Plan(environment="demo", changes=(create(),))
    dear = report(report_of(plan, usage=ApiUsage(requests=9, waited=1.5)), PLAIN)
    assert dear == report(report_of(plan), PLAIN)


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in nasty_texts().items()])
def test_any_text_is_one_document_in_utf_8(value):
    text = report(hostile(value), PLAIN)
    document = json.loads(text.encode())
    assert document["environment"] == (value or "demo")
    assert len(text.splitlines()) == text.count("\n")
