"""The planning commands as a person runs them, against a served service: they only read, and they tell no secret."""

import base64
import json
from urllib.parse import quote

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.clock import real_clock
from reconciler.simulator.server import running
from tests.support.command_line import reconciler
from tests.support.reading import PROJECT
from tests.support.shop import CANARIES, seed

AK, SK = "CANARYKEY00000000001", "canary-secret-key-0123456789abcdef"
TOKEN, PASSWORD = "canary-given-token-42", "canary-iam-password-7"
VARIABLES = {
    "HUAWEICLOUD_SDK_AK": AK,
    "HUAWEICLOUD_SDK_SK": SK,
    "HW_AUTH_TOKEN": TOKEN,
    "HW_USER_NAME": "ci",
    "HW_USER_PASSWORD": PASSWORD,
    "HW_DOMAIN_NAME": "shop",
    "RECONCILER_SECRET_KEY": "canary-desired-secret-9",
    "RECONCILER_DIGEST_KEY": "canary-digest-key-0123",
}
NEVER = (SK, TOKEN, PASSWORD, "canary-desired-secret-9", "canary-digest-key-0123", *CANARIES.values())

ROOMS = """
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata: {name: secret room}
spec:
  video_config: {width: 1920, height: 1080, bitrate: 3000}
  stream_keys: [{secret: KEY}]
---
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata: {name: new room}
spec: {room_description: new}
"""
COMMANDS = {
    "validate": ("validate",),
    "render": ("render",),
    "plan": ("plan", "--format", "json"),
    "plan full": ("plan", "--depth", "full", "--out", "kept.json"),
    "plan list": ("plan", "--depth", "list"),
    "explain": ("explain", 'SmartLiveRoom["secret room"]'),
    "audit": ("audit", "--refresh", "full"),
    "snapshot": ("snapshot", "-o", "live.json"),
    "export": ("export", "-o", "exported"),
}


def write_project(folder, url, auth="aksk"):
    (folder / "rooms").mkdir()
    (folder / "rooms" / "rooms.yaml").write_text(ROOMS)
    environment = f"{{endpoint: '{url}', project_id: '{PROJECT}', auth: {auth}, cache: .reconciler/cache.db}}"
    text = f"name: shop\nmanifests: [rooms]\nenvironments:\n  test: {environment}\n"
    (folder / "reconciler.yaml").write_text(text)


def named(url):
    return {**VARIABLES, "RECONCILER_ALLOWED_HOSTS": url}


def service(**more):
    credentials = {"ak": AK, "sk": SK, "tokens": [TOKEN], "users": [{"name": "ci", "password": PASSWORD}]}
    return Simulator(seed(credentials=credentials, **more), clock=real_clock)


def spellings(secret):
    raw = secret.encode()
    return {
        secret,
        base64.b64encode(raw).decode().rstrip("="),
        quote(secret, safe=""),
        raw.hex(),
        json.dumps(secret)[1:-1],
        secret[::-1],
    }


def leaks(text):
    return [secret for secret in NEVER for spelling in spellings(secret) if spelling in text]


def all_files(folder):
    return {path: path.read_bytes().decode("utf-8", "replace") for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_planning_command_sends_no_write_verb_though_any_would_fail(tmp_path, command):
    refusing = [{"match": {"method": verb}, "status": 500, "commit": "before"} for verb in ("POST", "PUT", "DELETE")]
    simulator = Simulator(seed(faults=refusing))
    log = Log()
    with running(simulator, log=log) as url:
        write_project(tmp_path, url, auth="none")
        run = reconciler("-C", tmp_path, *command)
    assert run.code in {0, 2, 3}, run.err
    assert {entry["method"] for entry in log.entries} <= {"GET"}
    assert not simulator.model.writes
    assert bool(log.entries) is (command[0] not in {"validate", "render"})


class Log:
    """A request log that is kept in memory."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    @property
    def entries(self):
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.mark.parametrize(
    ("command", "auth"),
    [
        *((command, "aksk") for command in COMMANDS.values()),
        (COMMANDS["plan"], "token"),
        (COMMANDS["plan"], "password"),
    ],
)
def test_no_secret_is_told_by_any_planning_command_not_even_when_asked_for_more(tmp_path, command, auth):
    with running(service()) as url:
        write_project(tmp_path, url, auth=auth)
        run = reconciler("-v", "-v", "--debug", "-C", tmp_path, *command, variables=named(url))
    assert run.code in {0, 2, 3}, run.err
    assert not leaks(run.out + run.err)
    assert not {str(path): found for path, text in all_files(tmp_path).items() if (found := leaks(text))}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 401, "body": {"error_code": "APIGW.0301", "error_msg": f"signature of {SK} and {TOKEN}"}},
        {"status": 500, "body": {"error_code": "MSS.00000004", "error_msg": f"no {PASSWORD} {TOKEN}"}},
        {"status": 302, "headers": {"Location": f"https://evil.test/?{TOKEN}"}},
        {"transform": {"html": f"<html>{SK}</html>"}},
        {"close": True},
    ],
    ids=["refused", "failing", "redirected", "login page", "cut"],
)
def test_no_secret_is_told_when_everything_fails_and_the_service_repeats_what_it_was_sent(tmp_path, fault):
    with running(service(faults=[{"match": {"path": "/v1/*"}, **fault}])) as url:
        write_project(tmp_path, url, auth="password")
        run = reconciler("-v", "-v", "--debug", "-C", tmp_path, "plan", "--format", "json", variables=named(url))
    assert run.code in {1, 3}
    assert not leaks(run.out + run.err)


def test_a_wrong_secret_is_said_to_be_wrong_and_not_said(tmp_path):
    with running(service()) as url:
        write_project(tmp_path, url)
        run = reconciler("--debug", "-C", tmp_path, "plan", variables={**named(url), "HUAWEICLOUD_SDK_SK": SK + "x"})
    assert run.code == 1
    assert "E_AUTH" in run.out + run.err
    assert not leaks(run.out + run.err)
