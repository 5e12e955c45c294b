"""What stands beside the report: quiet, verbose, as JSON lines, and never a secret."""

import json

from tests.support.command_line import QUICKSTART, reconciler

CANARY = "CANARYcanary0123456789"


def plan(*arguments, **more):
    return reconciler("-C", QUICKSTART, "plan", "-e", "demo", *arguments, **more)


def calls():
    return int(plan().out.splitlines()[-1].split()[0])


def test_a_good_plan_says_nothing_beside_its_report():
    assert plan().err == ""


def test_twice_verbose_tells_every_call_and_no_header():
    """C013."""
    run = plan("-vvv", variables={"HUAWEICLOUD_SDK_SK": CANARY})
    *lines, least = run.err.splitlines()
    assert len(lines) == calls()
    assert least.startswith(f"Requests: {calls()} made, ")
    assert all(line.startswith("GET http://localhost/v1/") and "-> 200" in line for line in lines)
    assert CANARY not in run.err
    assert "uthorization" not in run.err
    assert _changes(run.out) == _changes(plan().out)


def _changes(report):
    """Return a report without its counts of suppressed differences, of which -v shows all."""
    return [line for line in report.splitlines() if " suppressed: " not in line]


def test_verbosity_ends_with_its_run():
    plan("-vv")
    assert plan().err == ""


def test_lines_can_be_json_errors_too():
    run = reconciler("-C", QUICKSTART, "--log-format", "json", "plan", "-e", "dem", "-vv")
    assert run.code == 1
    lines = [json.loads(line) for line in run.err.splitlines()]
    assert [line["level"] for line in lines] == ["error"] * len(lines)
    assert "E_ENV_UNKNOWN" in lines[0]["message"]
    told = plan("--log-format", "json", "-vv").err.splitlines()
    assert [json.loads(line)["level"] for line in told] == [*["debug"] * calls(), "info"]


def test_quiet_leaves_errors_alone(tmp_path):
    loud = reconciler("-C", QUICKSTART, "schema", "-o", tmp_path)
    quiet = reconciler("-C", QUICKSTART, "-q", "schema", "-o", tmp_path)
    assert "Wrote" in loud.err
    assert quiet.err == ""
    assert "E_ENV_NEEDED" in reconciler("-C", QUICKSTART, "-q", "plan").err
