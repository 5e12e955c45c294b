"""Credentials come from the process environment alone, each environment's under its own names."""

from contextlib import contextmanager

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.clock import real_clock
from reconciler.simulator.server import running
from tests.support.command_line import project, reconciler, room
from tests.support.raw_server import http, raw_server, says

CREDENTIALS = {
    "keys": [{"ak": "AKEXAMPLE0000000001", "sk": "skexample00000000000000000000000001"}],
    "users": [{"name": "robot", "password": "password0123456789", "domain": "account"}],
    "tokens": ["token0123456789"],
}
KEYS = {"HUAWEICLOUD_SDK_AK": "AKEXAMPLE0000000001", "HUAWEICLOUD_SDK_SK": "skexample00000000000000000000000001"}
TOKEN = {"HW_AUTH_TOKEN": "token0123456789"}
PASSWORD = {"HW_USER_NAME": "robot", "HW_USER_PASSWORD": "password0123456789", "HW_DOMAIN_NAME": "account"}


@pytest.fixture(scope="module")
def url():
    with running(Simulator({"credentials": CREDENTIALS}, clock=real_clock)) as url:
        yield url


def plan(tmp_path, url, auth, variables, more=""):
    place = f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}", auth: {auth}{more}}}\n'
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place)
    return reconciler("-C", tmp_path, "plan", "-e", "real", variables={"RECONCILER_ALLOWED_HOSTS": url, **variables})


@pytest.mark.parametrize(("auth", "variables"), [("aksk", KEYS), ("token", TOKEN), ("password", PASSWORD)])
def test_each_way_in_works_with_its_variables(tmp_path, url, auth, variables):
    run = plan(tmp_path, url, auth, variables)
    assert run.code == 0, run.err
    assert "1 to add" in run.out


@pytest.mark.parametrize(("auth", "variables"), [("aksk", KEYS), ("token", TOKEN), ("password", PASSWORD)])
def test_a_wrong_secret_is_refused_in_words_and_is_told_nowhere(tmp_path, url, auth, variables):
    wrong = {name: value[::-1] if "NAME" not in name else value for name, value in variables.items()}
    run = plan(tmp_path, url, auth, wrong)
    assert run.code == 1
    assert "E_AUTH" in run.err
    assert not any(value in run.out + run.err for name, value in wrong.items() if "NAME" not in name)


@pytest.mark.parametrize(("auth", "variables"), [("aksk", KEYS), ("token", TOKEN), ("password", PASSWORD)])
def test_missing_variables_are_named_and_nothing_is_sent(tmp_path, url, auth, variables):
    run = plan(tmp_path, url, auth, {}, more=", credentials_prefix: SHOP_")
    assert run.code == 1
    assert "E_AUTH_MISSING" in run.err
    assert all(f"SHOP_{name}" in run.err for name in variables)


def test_a_prefix_keeps_environments_apart(tmp_path, url):
    prefixed = {f"SHOP_{name}": value for name, value in KEYS.items()}
    assert plan(tmp_path, url, "aksk", prefixed, more=", credentials_prefix: SHOP_").code == 0
    assert plan(tmp_path, url, "aksk", KEYS, more=", credentials_prefix: SHOP_").code == 1


@contextmanager
def recording():
    """An API on loopback that lets nobody in and keeps every byte it is sent."""
    with raw_server(says(http(b"{}", status="401 Unauthorized"))) as raw:
        yield raw


@pytest.mark.parametrize(("auth", "variables"), [("aksk", KEYS), ("token", TOKEN), ("password", PASSWORD)])
@pytest.mark.parametrize("source", ["project file", "fleet row"])
def test_a_port_of_this_machine_is_sent_nothing_secret_until_the_operator_names_it(tmp_path, auth, variables, source):
    with recording() as raw:
        url = raw.url.replace("localhost", "127.0.0.1")
        template = url if source == "project file" else "http://127.0.0.1:9"
        place = f'  real: {{endpoint: "{template}", project_id: "{"0" * 32}", auth: {auth}}}\n'
        project(tmp_path, {"rooms/one.yaml": room("One"), "fleet.csv": f"name,endpoint\nnorth,{url}\n"}, more=place)
        for command in (["plan"], ["apply", "--auto-approve"], ["snapshot", "-o", "l.json"], ["audit"]):
            fleet = ["--fleet", "fleet.csv"] if source == "fleet row" else []
            if not fleet or command == ["audit"]:
                others = {"RECONCILER_ALLOWED_HOSTS": url.removeprefix("http://")}
                run = reconciler("-C", tmp_path, *command, "-e", "real", *fleet, variables={**variables, **others})
                assert "E_AUTH_HOST" in run.out + run.err
                assert f"RECONCILER_ALLOWED_HOSTS={url}" in run.out + run.err
    assert raw.received == []


def test_thirty_environments_with_one_wrong_password_make_one_login(tmp_path):
    with recording() as raw:
        url = raw.url.replace("localhost", "127.0.0.1")
        places = [f'  e{n}: {{endpoint: "{url}", project_id: "{n:032}", auth: password}}\n' for n in range(30)]
        project(tmp_path, {"rooms/one.yaml": room("One")}, more="".join(places))
        names = [word for n in range(30) for word in ("-e", f"e{n}")]
        variables = {**PASSWORD, "RECONCILER_ALLOWED_HOSTS": url}
        run = reconciler("-C", tmp_path, "audit", *names, variables=variables)
    assert "E_AUTH" in run.out + run.err
    assert [one.split()[:2] for one in raw.received] == [[b"POST", b"/v3/auth/tokens?nocatalog=true"]]


@pytest.mark.parametrize(("auth", "variables"), [("aksk", KEYS), ("token", TOKEN)])
def test_thirty_environments_with_refused_keys_or_token_send_them_once(tmp_path, auth, variables):
    with recording() as raw:
        url = raw.url.replace("localhost", "127.0.0.1")
        places = [f'  e{n}: {{endpoint: "{url}", project_id: "{n:032}", auth: {auth}}}\n' for n in range(30)]
        project(tmp_path, {"rooms/one.yaml": room("One")}, more="".join(places))
        names = [word for n in range(30) for word in ("-e", f"e{n}")]
        run = reconciler("-C", tmp_path, "audit", *names, variables={**variables, "RECONCILER_ALLOWED_HOSTS": url})
    assert "E_AUTH" in run.out + run.err
    assert "were refused before and are not tried again" in run.out + run.err
    assert len(raw.received) == 1


@pytest.mark.parametrize(
    "address", ["https://evil.test", "http://10.0.0.1", "https://metastudio.cn-north-4.myhuaweicloud.com.evil.test"]
)
def test_another_host_is_refused_before_anything_is_sent(tmp_path, address):
    run = plan(tmp_path, address, "aksk", {**KEYS, "RECONCILER_ALLOWED_HOSTS": ""})
    assert run.code == 1
    assert "E_URL_HOST" in run.err


def test_an_untrusted_plan_takes_a_snapshot_and_no_credentials(tmp_path, url):
    named = {"RECONCILER_ALLOWED_HOSTS": url}
    assert plan(tmp_path, url, "token", TOKEN).code == 0
    taken = reconciler("-C", tmp_path, "snapshot", "-e", "real", "-o", "live.json", variables={**TOKEN, **named})
    assert taken.code == 0, taken.err
    run = reconciler("-C", tmp_path, "plan", "-e", "real", "--untrusted", "--live", "live.json")
    assert run.code == 0, run.err
    assert "1 to add" in run.out
    assert "ignored" in run.err
    refused = reconciler("-C", tmp_path, "plan", "-e", "real", "--untrusted", "--live", "live.json", "--out", "p.json")
    assert refused.code == 1
    assert "E_PLAN_UNTRUSTED" in refused.err
