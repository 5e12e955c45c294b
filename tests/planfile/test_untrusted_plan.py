"""What a stranger's job hands over is a plan by its schema, or it is refused; then reporters may trust its shape."""

import json
import random

import jsonschema_rs
import pytest

from reconciler.errors import PlanError
from reconciler.model.report import Report, ReportOptions
from reconciler.planfile.encode import encode
from reconciler.planfile.schema import plan_schema
from reconciler.planfile.untrusted_plan import checked_plans
from reconciler.reports.markdown import report
from reconciler.strings import escape_output
from tests.support.command_line import reconciler
from tests.support.report_hostile import hostile, nasty_texts
from tests.support.report_values import everything

WHOLE = encode(everything())
VALIDATOR = jsonschema_rs.validator_for(plan_schema())


def test_a_plan_and_a_list_of_plans_pass():
    assert checked_plans(json.dumps(WHOLE).encode()) == (everything(),)
    assert checked_plans(json.dumps({"plans": [WHOLE, WHOLE]}).encode()) == (everything(), everything())


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[]", b"{}", b'"text"', b"\xff", b"{", b"[" * 100_000, b'{"plans": []}', b'{"plans": [{}]}'],
)
def test_what_is_no_plan_is_refused(data):
    with pytest.raises(PlanError):
        checked_plans(data)


def places(value, at=()):
    yield at
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*at, key))


def mutated(rng):
    """The plan with one place replaced by something else, or taken out."""
    whole = json.loads(json.dumps(WHOLE))
    *steps, last = rng.choice([at for at in places(whole) if at])
    inside = whole
    for step in steps:
        inside = inside[step]
    if rng.random() < 0.2 and isinstance(inside, dict):
        del inside[last]
    else:
        inside[last] = rng.choice([None, 5, -1, 1.5, "x", "", [], {}, True, [{}], {"a": [None]}, "drift", "create"])
    return whole


@pytest.mark.parametrize("seed", range(10))
def test_what_the_schema_refuses_is_refused_and_what_passes_can_be_told(seed):
    rng = random.Random(seed)
    passed = 0
    for _ in range(150):
        whole = mutated(rng)
        try:
            plans = checked_plans(json.dumps(whole).encode())
        except PlanError:
            continue
        assert VALIDATOR.is_valid(whole)
        report.report(Report(command="plan", plans=plans), ReportOptions())
        passed += 1
    assert 0 < passed < 150


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in nasty_texts().items()])
def test_what_it_says_is_inert_in_the_comment(value, tmp_path):
    plan = hostile(value).plans[0]
    (tmp_path / "plan.json").write_text(json.dumps(encode(plan)), encoding="utf-8")
    done = reconciler("-C", tmp_path, "comment", "plan.json", "--dry-run")
    assert done.code == 0, done.err
    comment = report.report(Report(command="plan", plans=(plan,)), ReportOptions())
    assert done.out == escape_output(comment, marks=True)


def test_the_comment_command_says_what_is_wrong_with_a_file(tmp_path):
    (tmp_path / "plan.json").write_text('{"format_version": "1.0", "environment": 5}')
    done = reconciler("-C", tmp_path, "comment", "plan.json")
    assert done.code == 1
    assert "E_PLAN_FORMAT" in done.err
    assert "$.environment is no string" in done.err
