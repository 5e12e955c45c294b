"""Credentials are checked as the gateway and IAM check them (api.md §5)."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.simulator import Request, Simulator
from reconciler.simulator.messages import Response

AK, SK = "TESTAKEXAMPLE0000001", "testskexample000000000000000000000000001"
PROJECT = "0123456789abcdef0123456789abcdef"
HOST = "metastudio.cn-north-4.myhuaweicloud.com"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ROOM = "26f06524-4f75-4b3a-a853-b649a21aaf66"
GROUPS = "smart-live-interaction-rule-groups"
WIDE = "content-type;host;x-project-id;x-sdk-date"

VECTORS = {
    "A": (
        "GET",
        "smart-live-rooms",
        "limit=100&offset=0",
        b"",
        WIDE,
        "dbf6aff6b1ea7327cbff5c0f0fbd7dd0eb00ff0fdd3e218e207562d3c6de5a76",
    ),
    "B": (
        "GET",
        GROUPS,
        "group_name=%E6%AC%A2%E8%BF%8E%20a%2Bb~%2F&limit=100&offset=0",
        b"",
        WIDE,
        "fe5d4446c19163cf029fb18eed27baac68ea1631ce044f259aa774b99e5faa58",
    ),
    "C": (
        "PUT",
        f"{GROUPS}/{ROOM}",
        "",
        b'{"group_name": "welcome"}',
        WIDE,
        "faa83166e493e18ac888723891697a4e3811c4142330c8536963d06f72cb4ddd",
    ),
    "D": (
        "DELETE",
        f"smart-live-rooms/{ROOM}",
        "",
        b"",
        "host;x-sdk-date",
        "d6b657308c43aa842d55ba1a49940bbf8d4c88df6e89eb99805262c2eef2ff76",
    ),
}
"""The test vectors of api.md §5.2."""


def signed(case: str = "A", **changes: str) -> Request:
    method, path, query, body, names, signature = VECTORS[case]
    headers = {
        "Host": HOST,
        "Content-Type": "application/json",
        "X-Project-Id": PROJECT,
        "X-Sdk-Date": "20260102T030405Z",
        "Authorization": f"SDK-HMAC-SHA256 Access={AK}, SignedHeaders={names}, Signature={signature}",
        **changes,
    }
    return Request(method=method, path=f"/v1/{PROJECT}/{path}", query=query, headers=tuple(headers.items()), body=body)


def simulator(now: datetime = NOW, **credentials: object) -> Simulator:
    return Simulator({"project_id": PROJECT, "credentials": credentials or {"ak": AK, "sk": SK}}, clock=lambda: now)


def code(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json()["error_code"]


@pytest.mark.parametrize("case", VECTORS)
def test_each_documented_vector_is_let_through(case):
    answer = simulator().handle(signed(case))
    assert answer.status in {200, 400}  # C and D name objects that are not there: that is the service's answer
    assert "APIGW" not in answer.body.decode()


@pytest.mark.parametrize(
    "change",
    [
        {"Content-Type": "text/plain"},
        {"Host": "elsewhere"},
        {"Authorization": f"SDK-HMAC-SHA256 Access={AK}, SignedHeaders={WIDE}, Signature={'0' * 64}"},
        {"Authorization": f"SDK-HMAC-SHA256 Access=NOBODY, SignedHeaders={WIDE}, Signature={'0' * 64}"},
        {"Authorization": f"SDK-HMAC-SHA256 Access={AK}, SignedHeaders=host, Signature={'0' * 64}"},
        {"Authorization": "SDK-HMAC-SHA256 nonsense"},
        {"Authorization": ""},
    ],
)
def test_a_request_that_is_not_what_was_signed_gets_401(change):
    assert code(simulator().handle(signed("A", **change))) == (401, "APIGW.0301")


def test_a_wrong_secret_is_told_the_gateways_canonical_request_with_bars_and_never_the_secret():
    answer = simulator(ak=AK, sk="another-secret").handle(signed("A"))
    message = answer.json()["error_msg"]
    assert f"canonicalRequest:GET|/v1/{PROJECT}/smart-live-rooms/|limit=100&offset=0|content-type:" in message
    assert "another-secret" not in message


@pytest.mark.parametrize(("minutes", "expected"), [(14, 200), (-14, 200), (16, 401), (-16, 401)])
def test_fifteen_minutes_of_skew_are_too_much_and_the_date_header_says_what_time_it_is(minutes, expected):
    now = NOW + timedelta(minutes=minutes)
    answer = simulator(now).handle(signed("A"))
    assert answer.status == expected
    assert answer.header("Date") == now.strftime("%a, %d %b %Y %H:%M:%S GMT")
    if expected == 401:
        assert answer.json()["error_code"] == "APIGW.0303"


def test_temporary_credentials_need_their_token_signed_too():
    keyed = simulator(ak=AK, sk=SK, security_token="temporary")
    assert code(keyed.handle(signed("A"))) == (401, "APIGW.0301")
    assert code(keyed.handle(signed("A", **{"X-Security-Token": "temporary"}))) == (401, "APIGW.0301")


def listing(token: str, project: str = PROJECT) -> Request:
    return Request(method="GET", path=f"/v1/{project}/smart-live-rooms", headers=(("X-Auth-Token", token),))


def login(password: str = "right", **scope: str) -> Request:
    user = {"name": "ann", "password": password, "domain": {"name": "acme"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, **({"scope": {"project": scope}} if scope else {})}}
    return Request(method="POST", path="/v3/auth/tokens", query="nocatalog=true", body=json.dumps(body).encode())


USERS = [{"name": "ann", "password": "right", "domain": "acme"}]


def test_iam_gives_a_token_for_a_password_and_the_service_takes_it_until_it_expires():
    clock = [NOW]
    seed = {"project_id": PROJECT, "credentials": {"users": USERS, "token_seconds": 60}}
    service = Simulator(seed, clock=lambda: clock[0])
    answer = service.handle(login(name="cn-north-4"))
    assert answer.status == 201
    assert answer.json()["token"]["expires_at"] == "2026-01-02T03:05:05.000000Z"
    token = answer.header("X-Subject-Token")
    assert service.handle(listing(token)).status == 200
    assert code(service.handle(listing(token, "f" * 32))) == (400, "MSS.00010009")
    clock[0] += timedelta(seconds=61)
    assert code(service.handle(listing(token))) == (401, "APIGW.0307")
    assert service.handle(listing(service.handle(login(name="cn-north-4")).header("X-Subject-Token"))).status == 200


def test_iam_refuses_a_wrong_password_in_its_own_words():
    answer = simulator(users=USERS).handle(login("wrong", name="cn-north-4"))
    assert answer.status == 401
    assert set(answer.json()["error"]) == {"code", "message", "title"}
    assert simulator(users=USERS).handle(Request(method="POST", path="/v3/auth/tokens", body=b"{}")).status == 400


def test_iam_tells_the_project_id_of_a_region_name():
    request = Request(method="GET", path="/v3/projects", query="name=cn-north-4")
    projects = Simulator({"project_id": PROJECT}).handle(request).json()["projects"]
    assert [(project["id"], project["name"]) for project in projects] == [(PROJECT, "cn-north-4")]


def test_a_given_token_is_taken_and_any_other_is_refused():
    service = simulator(tokens=["given"])
    assert service.handle(listing("given")).status == 200
    assert code(service.handle(listing("forged"))) == (401, "APIGW.0301")
    assert code(service.handle(Request(method="GET", path=f"/v1/{PROJECT}/smart-live-rooms"))) == (401, "APIGW.0301")


def test_with_no_credentials_in_the_seed_anybody_may_call():
    assert Simulator({}).handle(listing("whatever")).status == 200


def test_secrets_are_in_no_repr():
    from reconciler.simulator.gateway.authentication import AccessKey, Credentials, User

    key, user = AccessKey(ak="a", sk="sk-canary", security_token="st-canary"), User(name="n", password="pw-canary")
    assert "canary" not in repr(Credentials(keys={"a": key}, users=(user,), tokens=frozenset({"tk-canary"})))
