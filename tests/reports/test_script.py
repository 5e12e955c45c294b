"""The calls of a plan as a shell script: it says what it does, and no data in it is ever obeyed."""

import json
import shutil
import subprocess
from dataclasses import replace

import pytest

from reconciler.model.change import REDACTED, FieldChange, FieldOp
from reconciler.model.plan import Plan
from reconciler.reports.shell_script import report
from reconciler.simulator import Request, Simulator, load_seed
from reconciler.simulator.server import running
from tests.support.command_line import QUICKSTART, reconciler
from tests.support.report_hostile import hostile, nasty_texts
from tests.support.report_values import GROUP, PLAIN, ROOM, create, delete, everything, field, report_of, update

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl, which the script calls, is missing")

FAKE_CURL = """#!/bin/sh
n=$(cat "$CALLS/n" 2>/dev/null || echo 0); n=$((n + 1)); printf '%s' "$n" >"$CALLS/n"
printf '%s\\n' "$@" >"$CALLS/$n.args"
for a; do case $a in "@"*/headers|"@"*/body) cp "${a#@}" "$CALLS/$n.${a##*/}";; esac; done
printf '{"room_id": "new-room-%s", "group_id": "new-group-%s"}' "$n" "$n"
"""


class Ran:
    """What a script did: how it ended, and the calls that reached curl."""

    def __init__(self, result, folder):
        self.code, self.err = result.returncode, result.stderr
        count = int((folder / "n").read_text()) if (folder / "n").exists() else 0
        self.args = [(folder / f"{n}.args").read_text().splitlines() for n in range(1, count + 1)]
        bodies = [folder / f"{n}.body" for n in range(1, count + 1)]
        self.bodies = [json.loads(file.read_text()) if file.exists() else None for file in bodies]
        self.headers = [(folder / f"{n}.headers").read_text() for n in range(1, count + 1)]

    @property
    def calls(self):
        return [(args[args.index("-X") + 1], args[-1].removeprefix("http://x")) for args in self.args]


@pytest.fixture
def ran(tmp_path):
    """Run a plan's script under sh, with a curl that only writes down what it was given."""
    programs, calls, home = tmp_path / "bin", tmp_path / "calls", tmp_path / "home"
    for folder in (programs, calls, home):
        folder.mkdir()
    (programs / "curl").write_text(FAKE_CURL)
    (programs / "curl").chmod(0o755)

    def run(text, **variables):
        (tmp_path / "script.sh").write_text(text, encoding="utf-8")
        result = subprocess.run(
            ["sh", str(tmp_path / "script.sh")],
            env={
                "PATH": f"{programs}:/usr/bin:/bin",
                "CALLS": str(calls),
                "METASTUDIO_ENDPOINT": "http://x",
                "PROJECT_ID": "p1",
                "X_AUTH_TOKEN": "the-token",
                **variables,
            },
            cwd=home,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert list(home.iterdir()) == []
        return Ran(result, calls)

    return run


def script(*changes, **more):
    return report(report_of(Plan(environment="demo", changes=changes, **more)), PLAIN)


def test_calls_come_in_the_plans_order(ran):
    done = ran(script(create("Q", kind=GROUP, after={"group_name": "Q"}), create("R"), delete("G", id="g-9")))
    assert done.code == 0
    assert done.calls == [
        ("POST", "/v1/p1/smart-live-interaction-rule-groups"),
        ("POST", "/v1/p1/smart-live-rooms"),
        ("DELETE", "/v1/p1/smart-live-interaction-rule-groups/g-9"),
    ]
    assert done.bodies[:2] == [{"group_name": "Q"}, {"room_name": "R", "room_description": "A room"}]


def test_what_the_service_computes_is_not_sent(ran):
    live = {
        "group_id": "g",
        "group_name": "A",
        "create_time": "t",
        "interaction_rules": [{"rule_id": "r", "rule_name": "x"}],
    }
    done = ran(script(replace(update("A", id="g-1"), after=live)))
    assert done.calls[-1] == ("PUT", "/v1/p1/smart-live-interaction-rule-groups/g-1")
    assert done.bodies[-1] == {"group_name": "A", "interaction_rules": [{"rule_name": "x"}]}


def test_the_token_is_no_argument_of_a_program(ran):
    done = ran(script(create("R")), X_APP_USERID="user-1")
    assert not any("the-token" in word for args in done.args for word in args)
    assert done.headers[0].splitlines() == [
        "X-Auth-Token: the-token",
        "Content-Type: application/json",
        "X-App-UserId: user-1",
    ]


def test_secrets_are_variables_that_must_be_set(ran):
    body = {"room_name": "R", "live_event_callback_config": {"key": REDACTED}}
    text = script(create("R", after=body))
    assert REDACTED not in text
    refused = ran(text)
    assert refused.code != 0
    assert refused.args == []
    done = ran(text, SECRET_1="a\"b\\c$(touch owned)`d`'")
    assert done.bodies[-1]["live_event_callback_config"]["key"] == "a\"b\\c$(touch owned)`d`'"


def test_the_id_of_a_new_group_goes_into_the_room_that_names_it(ran):
    room = create("R", after={"room_name": "R", "interaction_rules": [{"rule_name": "x", "group_name": "Q"}]})
    group = create("Q", kind=GROUP, after={"group_name": "Q"})
    done = ran(script(group, replace(room, unknown=("interaction_rules[0].group_id",))))
    assert done.bodies[1]["interaction_rules"][0]["group_id"] == "new-group-1"


def test_what_a_guard_blocks_is_left_out(ran):
    done = ran(report(report_of(replace(everything(), diagnostics=(), held=())), PLAIN))
    assert not any(method == "DELETE" for method, _ in done.calls)


def test_a_plan_with_errors_calls_nothing(ran):
    text = report(report_of(everything()), PLAIN)
    assert "# error, so nothing is called: E_FIELD_UNKNOWN" in text
    assert ran(text).args == []


def test_a_missing_variable_stops_the_script_before_the_first_call(ran):
    done = ran(script(create("R")), X_AUTH_TOKEN="")
    assert done.code != 0
    assert done.args == []


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in nasty_texts().items()])
def test_data_is_never_obeyed_and_arrives_as_it_is(ran, value):
    text = report(report_of(replace(hostile(value).plans[0], diagnostics=())), PLAIN)
    done = ran(text)
    assert done.code == 0, done.err
    created = next(body for (method, _), body in zip(done.calls, done.bodies, strict=True) if method == "POST")
    assert created["room_name"] == value.replace("\x00", "\ufffd")


def test_no_key_or_value_can_pose_as_a_variable(ran):
    body = {"room_name": "\x00X_AUTH_TOKEN", "\x00X_AUTH_TOKEN": "x", "room_description": "\\u0000X_AUTH_TOKEN"}
    done = ran(script(create("R", after=body)))
    assert "the-token" not in json.dumps(done.bodies)
    assert done.bodies[0]["room_description"] == "\\u0000X_AUTH_TOKEN"


def against(url, text, tmp_path):
    (tmp_path / "script.sh").write_text(text, encoding="utf-8")
    variables = {"METASTUDIO_ENDPOINT": url, "PROJECT_ID": "0" * 32, "X_AUTH_TOKEN": "any", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        ["sh", str(tmp_path / "script.sh")], env=variables, capture_output=True, text=True, timeout=120, check=False
    )


def copied(tmp_path, url):
    """The quickstart, its demo environment on a real port."""
    project = tmp_path / "project"
    shutil.copytree(QUICKSTART, project)
    file = project / "reconciler.yaml"
    real = f'endpoint: "{url}"\n    project_id: "{"0" * 32}"\n    auth: none'
    file.write_text(file.read_text().replace('endpoint: "simulator:live.yaml"', real))
    return project


@needs_curl
def test_the_script_of_the_quickstart_leaves_nothing_to_do(tmp_path):
    with running(Simulator(load_seed(QUICKSTART / "live.yaml"))) as url:
        project = copied(tmp_path, url)
        planned = reconciler("-C", project, "plan", "-e", "demo", "--format", "script", "--depth", "full")
        assert planned.code == 0, planned.err
        done = against(url, planned.out, tmp_path)
        assert done.returncode == 0, done.stderr
        after = reconciler("-C", project, "plan", "-e", "demo", "--detailed-exitcode")
    assert after.code == 0, after.out + after.err


@needs_curl
def test_a_call_that_would_erase_what_was_not_read_stops_the_script(tmp_path):
    seed = {"smart_live_rooms": [{"room_id": "r-1", "room_name": "A", "play_policy": {"repeat_count": 3}}]}
    change = update("A", field("room_description", "a", "b"), kind=ROOM, id="r-1")
    text = script(replace(change, after={"room_name": "A", "room_description": "b"}))
    simulator = Simulator(seed)
    with running(simulator) as url:
        done = against(url, text, tmp_path)
    assert done.returncode == 1
    assert "stopped: live holds room_type play_policy" in done.stderr.replace(" view_mode", "")
    assert simulator.handle(Request(method="GET", path=f"/v1/{'0' * 32}/smart-live-rooms/r-1")).json()["play_policy"]


@needs_curl
def test_what_the_plan_means_to_clear_does_not_stop_it(tmp_path):
    seed = {"smart_live_rooms": [{"room_id": "r-1", "room_name": "A", "priv_data": "x"}]}
    cleared = FieldChange(path="priv_data", op=FieldOp.REMOVE, before="x")
    with running(Simulator(seed)) as url:
        text = script(replace(update("A", cleared, kind=ROOM, id="r-1"), after={"room_name": "A"}))
        done = against(url, text, tmp_path)
    assert "priv_data" not in done.stderr
