"""Rules of health over a plan: which objects they are asked of, and what is found."""

from datetime import date

import pytest

from reconciler.errors import ReconcilerError
from reconciler.model.change import Action, Change
from reconciler.model.plan import Plan, UnmanagedResource
from reconciler.policy.assertions import check_assertions
from reconciler.project.config import AssertKeys, Environment

TODAY = date(2026, 11, 23)


def room(name, **fields):
    address = f'SmartLiveRoom["{name}"]'
    return Change(action=Action.NONE, address=address, kind="SmartLiveRoom", name=name, id=name, before=fields)


def found(*rules, changes=(), unmanaged=()):
    environment = Environment(endpoint="simulator:live.yaml", assertions=[AssertKeys(**rule) for rule in rules])
    return list(check_assertions(environment, Plan(environment="demo", changes=changes, unmanaged=unmanaged), TODAY))


def test_each_live_object_that_is_not_as_the_rule_says_is_one_finding_of_its_severity():
    rule = {"that": "resource.room_state == 'ENABLE'", "message": "is not enabled", "severity": "error"}
    told = found(rule, changes=(room("A", room_state="BLOCKED"), room("B", room_state="ENABLE")))
    assert [(one.code, one.severity, one.address) for one in told] == [("E_ASSERT", "error", 'SmartLiveRoom["A"]')]
    assert "A" in told[0].message
    assert "is not enabled" in told[0].message


def test_objects_nobody_declares_are_asked_too_and_those_of_others_are_not():
    rule = {"that": "resource.room_state == 'ENABLE'"}
    values = {"room_state": "DISABLE"}
    ours = UnmanagedResource(address='SmartLiveRoom["U"]', kind="SmartLiveRoom", name="U", id="u", values=values)
    theirs = UnmanagedResource(
        address='SmartLiveRoom["F"]', kind="SmartLiveRoom", name="F", id="f", values=values, foreign="another project"
    )
    assert [one.address for one in found(rule, unmanaged=(ours, theirs))] == ['SmartLiveRoom["U"]']


def test_a_rule_is_asked_of_its_kind_only():
    rule = {"kind": "InteractionRuleGroup", "that": "resource.room_state == 'ENABLE'"}
    assert found(rule, changes=(room("A", room_state="BLOCKED"),)) == []


def test_an_object_without_the_field_is_neither_well_nor_ill():
    rule = {"that": "days_until(resource.shared_config.expire_time) >= 7", "severity": "error"}
    shared = {"shared_config": {"expire_time": "2026-11-25T10:00:00Z"}}
    assert [one.address for one in found(rule, changes=(room("A"), room("B", **shared)))] == ['SmartLiveRoom["B"]']


def test_a_rule_that_no_object_can_answer_is_told_once_as_a_note():
    told = found({"that": "resource.rom_state == 'ENABLE'"}, changes=(room("A", room_state="X"), room("B")))
    assert [one.code for one in told] == ["N_ASSERT_UNUSED"]
    assert "rom_state" in told[0].message


def test_a_rule_about_a_field_that_no_object_has_just_now_is_silent():
    assert found({"that": "resource.last_job_status != 'FAILED'"}, changes=(room("A"), room("B"))) == []


def test_a_rule_may_ask_whether_a_field_is_there():
    rule = {"that": "resource.error_info is not defined", "severity": "note"}
    told = found(rule, changes=(room("A", error_info={"error_code": "MSS.1"}), room("B")))
    assert [(one.code, one.address) for one in told] == [("N_ASSERT", 'SmartLiveRoom["A"]')]


def test_a_rule_that_fails_is_a_warning_and_one_that_is_no_expression_an_error():
    assert [one.code for one in found({"that": "resource.name + 1", "severity": "error"}, changes=(room("A"),))] == [
        "W_ASSERT"
    ]
    with pytest.raises(ReconcilerError, match="is no expression"):
        found({"that": "resource. =="})
