"""Who we are, against the simulated gateway and its IAM over HTTP; and that no credential is ever shown."""

import threading
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from reconciler.api.allowed_hosts import check_allowed
from reconciler.api.auth import AkSkAuth, NoAuth, PasswordAuth, TokenAuth
from reconciler.api.client import ReadClient, WriteClient
from reconciler.api.connection import Connection
from reconciler.api.logins import Logins
from reconciler.api.messages import ApiRequest, ApiResponse
from reconciler.errors import AuthError, HostNotAllowedError, ReconcilerError, TransportError
from reconciler.model.read_result import ReadRequest
from reconciler.simulator import Simulator, transport
from reconciler.simulator.server import running
from tests.support.reading import PROJECT, ROOM, connection, reader, rooms

AK, SK = "TESTAKEXAMPLE0000001", "canary-secret-key-0123456789"
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
IAM = check_allowed("http://localhost")
CALL = ApiRequest(method="GET", origin=IAM, path="/v1/p/smart-live-rooms")


def simulator(**credentials):
    return Simulator({"smart_live_rooms": rooms(3), "credentials": credentials})


def read_with(service, auth, **settings):
    with running(service) as url:
        made = auth(url) if callable(auth) else auth
        return reader(url, auth=made, clock=service.clock, allowed_hosts=(url,), **settings).read(ROOM, ReadRequest())


def password(url, **wrong):
    given = {"user": "ci", "password": "canary-password", "domain": "shop", **wrong}
    return PasswordAuth(**given, iam=check_allowed(url), project_id=PROJECT)


@pytest.mark.parametrize(
    ("credentials", "auth"),
    [
        ({"ak": AK, "sk": SK}, AkSkAuth(AK, SK)),
        ({"ak": AK, "sk": SK, "security_token": "canary-token"}, AkSkAuth(AK, SK, security_token="canary-token")),
        ({"tokens": ["canary-token"]}, TokenAuth("canary-token")),
        ({"users": [{"name": "ci", "password": "canary-password", "domain": "shop"}]}, password),
    ],
    ids=["keys", "temporary keys", "token", "password"],
)
def test_each_way_of_proving_who_we_are_is_let_in(credentials, auth):
    assert len(read_with(simulator(**credentials), auth).resources) == 3


@pytest.mark.parametrize(
    ("credentials", "auth"),
    [
        ({"ak": AK, "sk": SK}, AkSkAuth(AK, SK + "x")),
        ({"ak": AK, "sk": SK}, AkSkAuth("other", SK)),
        ({"ak": AK, "sk": SK, "security_token": "canary-token"}, AkSkAuth(AK, SK)),
        ({"ak": AK, "sk": SK}, NoAuth()),
        ({"tokens": ["canary-token"]}, TokenAuth("another-token")),
        ({"users": [{"name": "ci", "password": "canary-password"}]}, lambda url: password(url, password="wrong-one")),
    ],
    ids=["wrong secret", "wrong key", "no security token", "nothing", "wrong token", "wrong password"],
)
def test_each_wrong_credential_is_refused_and_not_quoted(credentials, auth):
    with pytest.raises(AuthError) as caught:
        read_with(simulator(**credentials), auth)
    assert caught.value.code == "E_AUTH"
    assert caught.value.hint
    assert "canary" not in caught.value.message + caught.value.hint


def test_a_token_from_iam_is_fetched_once_for_all_threads():
    asked = []

    def ask(call):
        asked.append(call)
        body = b'{"token": {"expires_at": "2026-01-02T00:00:00.000000Z"}}'
        return ApiResponse(status=201, headers={"x-subject-token": "fetched"}, body=body)

    auth = password("http://localhost")
    threads = [threading.Thread(target=auth.headers, args=(CALL, MOMENT, ask)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1
    assert auth.headers(CALL, MOMENT, ask) == {"X-Auth-Token": "fetched"}
    assert asked[0].url == "http://localhost/v3/auth/tokens?nocatalog=true"
    assert b'"scope": {"project": {"id": "' in asked[0].body


def test_a_token_from_iam_is_renewed_before_it_expires():
    tokens = iter(["first", "second"])

    def ask(call):
        body = b'{"token": {"expires_at": "2026-01-01T01:00:00.000000Z"}}'
        return ApiResponse(status=201, headers={"x-subject-token": next(tokens)}, body=body)

    auth = password("http://localhost")
    assert auth.headers(CALL, MOMENT, ask)["X-Auth-Token"] == "first"
    assert auth.headers(CALL, MOMENT + timedelta(minutes=44), ask)["X-Auth-Token"] == "first"
    assert auth.headers(CALL, MOMENT + timedelta(minutes=46), ask)["X-Auth-Token"] == "second"


def test_a_refused_token_is_renewed_once_however_many_threads_were_refused_with_it():
    tokens = iter(["first", "second", "third"])

    def ask(call):
        return ApiResponse(status=201, headers={"x-subject-token": next(tokens)}, body=b"{}")

    auth = password("http://localhost")
    used = auth.headers(CALL, MOMENT, ask)
    assert auth.renew(used)
    assert auth.headers(CALL, MOMENT, ask)["X-Auth-Token"] == "second"
    assert auth.renew(used)
    assert auth.headers(CALL, MOMENT, ask)["X-Auth-Token"] == "second"


def test_a_token_that_is_refused_again_after_its_renewal_ends_it():
    requests = []

    def refusing(request):
        requests.append(request.url.path)
        if request.url.path == "/v3/auth/tokens":
            return httpx.Response(201, headers={"X-Subject-Token": "token"}, json={})
        return httpx.Response(401, json={"error_code": "APIGW.0307", "error_msg": "expired"})

    link = connection("http://localhost", transport=httpx.MockTransport(refusing), auth=password("http://localhost"))
    with pytest.raises(AuthError):
        ReadClient(link).show(ROOM, "one")
    assert [path.rsplit("/", 1)[1] for path in requests] == ["tokens", "one", "tokens", "one"]


def test_iam_is_asked_at_its_own_address_and_nowhere_else():
    hosts = []

    def answering(request):
        hosts.append(request.url.host)
        if request.url.path == "/v3/auth/tokens":
            return httpx.Response(201, headers={"X-Subject-Token": "token"}, json={})
        return httpx.Response(200, json={"room_id": "one"})

    auth = password("https://iam.cn-north-4.myhuaweicloud.com")
    link = connection(
        "https://metastudio.cn-north-4.myhuaweicloud.com", transport=httpx.MockTransport(answering), auth=auth
    )
    ReadClient(link).show(ROOM, "one")
    assert hosts == ["iam.cn-north-4.myhuaweicloud.com", "metastudio.cn-north-4.myhuaweicloud.com"]


def test_iam_that_answers_nonsense_gives_no_token():
    link = connection(
        "http://localhost",
        transport=httpx.MockTransport(lambda request: httpx.Response(200, text="<html>")),
        auth=password("http://localhost"),
    )
    with pytest.raises(AuthError):
        ReadClient(link).show(ROOM, "one")


@pytest.mark.parametrize(
    "make",
    [
        lambda: TokenAuth(""),
        lambda: AkSkAuth("", SK),
        lambda: AkSkAuth(AK, ""),
        lambda: password("http://localhost", password=""),
    ],
)
def test_an_empty_credential_is_said_to_be_missing(make):
    with pytest.raises(AuthError) as caught:
        make()
    assert "HW_" in caught.value.hint or "HUAWEICLOUD_" in caught.value.hint


@pytest.mark.parametrize(
    "auth", [TokenAuth("canary-1"), AkSkAuth(AK, "canary-2", security_token="canary-3"), password("http://localhost")]
)
def test_no_repr_shows_a_credential(auth):
    link = connection("http://localhost", auth=auth, transport=transport(simulator()), proxy="http://u:canary@proxy")
    shown = repr([auth, link, CALL, ReadClient(link), vars(CALL) if hasattr(CALL, "__dict__") else ""])
    assert "canary" not in shown


def test_no_exception_carries_a_credential_in_any_of_its_parts():
    """A request that fails in every way there is; the traceback's text, its notes and its chain are all searched."""
    import traceback

    faults = [
        httpx.ReadError("x"),
        httpx.ConnectError("x"),
        httpx.Response(500),
        httpx.Response(401),
        httpx.Response(200),
    ]
    for fault in faults:

        def failing(request, fault=fault):
            if isinstance(fault, Exception):
                raise fault
            return httpx.Response(fault.status_code, content=b"{")

        auth = AkSkAuth(AK, "canary-secret", security_token="canary-token")
        link = connection("http://localhost", auth=auth, transport=httpx.MockTransport(failing))
        with pytest.raises(ReconcilerError) as caught:
            ReadClient(link).show(ROOM, "one")
        told = "".join(traceback.format_exception(caught.value))
        assert "canary" not in told + repr(caught.value) + repr(caught.value.__dict__)


@pytest.mark.parametrize("text", ["canary\nX-Evil: 1", "canary\u20ac", "canary\0", "canary\x7f"])
@pytest.mark.parametrize(
    "make", [TokenAuth, lambda text: AkSkAuth(text, "sk"), lambda text: AkSkAuth("ak", "sk", security_token=text)]
)
def test_a_credential_that_no_header_can_carry_is_refused_without_being_shown(make, text):
    with pytest.raises(AuthError) as caught:
        make(text)
    assert "canary" not in caught.value.message


def test_blanks_around_a_credential_do_not_count():
    assert TokenAuth(" token\n").headers(CALL, MOMENT, None) == {"X-Auth-Token": "token"}
    spaced, plain = AkSkAuth(f" {AK}\n", f"{SK}\n"), AkSkAuth(AK, SK)
    assert spaced.headers(CALL, MOMENT, None) == plain.headers(CALL, MOMENT, None)


@pytest.mark.parametrize("fault", [httpx.Response(503), httpx.Response(429), httpx.ReadTimeout("slow")])
def test_iam_that_is_down_for_a_moment_is_asked_again_and_a_write_it_was_for_has_not_been_sent(fault):
    answers, writes = [fault, fault], []

    def answering(request):
        if request.url.path != "/v3/auth/tokens":
            writes.append(request)
            return httpx.Response(200, json={"room_id": "one"})
        answer = answers.pop() if answers else httpx.Response(201, headers={"X-Subject-Token": "token"}, json={})
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client():
        auth = password("http://localhost")
        return WriteClient(connection("http://localhost", transport=httpx.MockTransport(answering), auth=auth))

    assert client().create(ROOM, {"room_name": "x"}) == {"room_id": "one"}
    answers[:] = [fault] * 50
    with pytest.raises(TransportError) as caught:
        client().create(ROOM, {"room_name": "x"})
    assert caught.value.sent is False
    assert len(writes) == 1


AUTHS = {
    "token": TokenAuth("canary-token"),
    "keys": AkSkAuth(AK, "canary-secret", security_token="canary-token"),
    "password": PasswordAuth(
        user="ci", password="canary-password", domain="shop", iam=check_allowed("http://localhost"), project_id=PROJECT
    ),
}


@pytest.mark.parametrize("auth", AUTHS.values(), ids=AUTHS)
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080", "http://127.0.0.1"]
)
@pytest.mark.parametrize("listed", [(), ("127.0.0.1:8080", "localhost", "http://127.0.0.1:8081", "https://127.0.0.1")])
def test_a_port_of_this_machine_gets_no_credentials_unless_its_origin_is_named(auth, url, listed):
    with pytest.raises(HostNotAllowedError) as caught:
        Connection(base_url=url, project_id=PROJECT, auth=auth, allowed_hosts=listed)
    assert caught.value.code == "E_AUTH_HOST"
    assert f"RECONCILER_ALLOWED_HOSTS={check_allowed(url)}" in caught.value.hint
    assert Connection(base_url=url, project_id=PROJECT, auth=auth, allowed_hosts=(*listed, url)).auth is auth
    assert Connection(base_url=url, project_id=PROJECT, allowed_hosts=listed).origin.loopback


class Iam:
    """An IAM that gives these statuses in turn (the last one for ever) and keeps each call."""

    def __init__(self, *statuses):
        self.statuses, self.asked, self._lock = list(statuses), [], threading.Lock()

    def __call__(self, call):
        with self._lock:
            self.asked.append(call)
            status = self.statuses[min(len(self.asked), len(self.statuses)) - 1]
        token = {"x-subject-token": "token"} if status == 201 else {}
        return ApiResponse(status=status, headers=token, body=b"{}")


def logged_in(service, logins, count=30, tries=2, **wrong):
    """Ask for a token in so many projects at once, as often for each; return what each try came to."""
    found = []

    def ask(number):
        given = {"user": "ci", "password": "wrong", "domain": "shop", "iam": IAM, **wrong}
        auth = PasswordAuth(**given, project_id=f"p{number}", logins=logins)
        for _ in range(tries):
            try:
                found.append(auth.headers(CALL, MOMENT, service)["X-Auth-Token"])
            except ReconcilerError as error:
                found.append((error.code, getattr(error, "status", 0)))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_thirty_projects_with_one_wrong_password_make_one_login():
    iam = Iam(401)
    assert set(logged_in(iam, Logins())) == {("E_AUTH", 401)}
    assert len(iam.asked) == 1


def test_a_credential_that_is_accepted_logs_in_for_each_project():
    iam = Iam(201)
    assert logged_in(iam, Logins(), tries=1) == ["token"] * 30
    assert len(iam.asked) == 30


def test_another_credential_or_another_iam_is_asked_by_itself():
    iam, logins = Iam(401), Logins()
    for wrong in (
        {},
        {"user": "other"},
        {"password": "other"},
        {"domain": "other"},
        {"iam": check_allowed("http://[::1]")},
    ):
        logged_in(iam, logins, count=3, **wrong)
    logged_in(iam, logins, count=3, user="c", password="iwrong")
    assert len(iam.asked) == 6


def test_a_refusal_that_is_about_the_project_or_the_moment_does_not_condemn_the_credential():
    logins = Logins()
    assert set(logged_in(Iam(403), logins, count=3)) == {("E_AUTH", 403)}
    assert set(logged_in(Iam(503), logins, count=3)) == {("E_AUTH_UNAVAILABLE", 0)}
    assert set(logged_in(Iam(201), logins, count=3)) == {"token"}


def test_a_password_that_changed_meanwhile_is_refused_once_too():
    iam, logins = Iam(201, 401), Logins()
    assert logged_in(iam, logins, count=1, tries=1) == ["token"]
    assert logged_in(iam, logins, count=1) == [("E_AUTH", 401)] * 2
    assert len(iam.asked) == 2
