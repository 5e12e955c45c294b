"""What is tried again, what never is, and what is said when nobody knows; the service is one function."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from reconciler.api.allowed_hosts import check_allowed
from reconciler.api.auth import AkSkAuth, PasswordAuth
from reconciler.api.client import ReadClient, WriteClient
from reconciler.api.logins import Logins
from reconciler.errors import (
    ApiError,
    AuthError,
    ForbiddenError,
    HostNotAllowedError,
    NotFoundError,
    RateLimitedError,
    TransportError,
)
from tests.support.reading import GROUP, ROOM, Patient, connection

THROTTLED = httpx.Response(429, json={"error_code": "APIGW.0308", "error_msg": "limit:10"})
DONE = httpx.Response(200, json={"room_id": "one"})


class Service:
    """Gives these answers in turn (the last one for ever), an exception being raised; keeps every request."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def client(make, service, **settings):
    patient = Patient()
    moments = (datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC) for second in range(60))
    given = {"transport": httpx.MockTransport(service), "clock": lambda: next(moments), **settings}
    return make(connection("http://127.0.0.1", patient, **given)), patient


def status(code, error="", message=""):
    return httpx.Response(code, json={"error_code": error, "error_msg": message})


LOST = httpx.ReadError("reset")
UNREACHED = httpx.ConnectError("refused")


@pytest.mark.parametrize("fault", [status(500), status(502), status(503), status(504), LOST, UNREACHED, THROTTLED])
def test_a_read_is_tried_again_after_every_passing_fault_and_signed_anew(fault):
    service = Service(fault, fault, DONE)
    made, patient = client(ReadClient, service, auth=AkSkAuth("AK", "SK"))
    assert made.show(ROOM, "one") == {"room_id": "one"}
    assert len({request.headers["authorization"] for request in service.requests}) == 3
    assert len({request.headers["x-sdk-date"] for request in service.requests}) == 3
    assert made.usage.retries == 2
    assert made.usage.waited == pytest.approx(patient.waited)
    assert patient.waited > 0


@pytest.mark.parametrize("fault", [status(500), LOST, UNREACHED])
def test_a_read_gives_up_after_four_tries(fault):
    service = Service(fault)
    made, _ = client(ReadClient, service)
    with pytest.raises((ApiError, TransportError)):
        made.show(ROOM, "one")
    assert len(service.requests) == 4


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (status(400, "MSS.00000003"), ApiError, "E_API"),
        (status(401, "APIGW.0301"), AuthError, "E_AUTH"),
        (status(400, "MSS.00010008"), AuthError, "E_AUTH"),
        (status(403, "APIGW.0302"), ForbiddenError, "E_READ_DENIED"),
        (status(404, "MSS.1"), NotFoundError, "E_NOT_FOUND"),
        (status(400, "MSS.20010045"), NotFoundError, "E_NOT_FOUND"),
        (status(404, "APIGW.0101"), ApiError, "E_API"),
        (status(404, "APIG.0101"), ApiError, "E_API"),
        (httpx.Response(302, headers={"Location": "https://evil.test/"}), ApiError, "E_REDIRECT"),
        (httpx.Response(304), ApiError, "E_REDIRECT"),
        (httpx.Response(418, text="<html>"), ApiError, "E_API"),
    ],
)
def test_what_will_not_pass_is_said_at_once_with_its_code(answer, kind, code):
    service = Service(answer)
    made, _ = client(ReadClient, service)
    with pytest.raises(kind) as caught:
        made.show(ROOM, "one")
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"error_code": "X.1", "error_msg": "said so"},
        {"errorCode": "X.1", "errorMsg": "said so"},
        {"code": "X.1", "message": "said so"},
        {"error": {"code": "X.1", "message": "said so", "title": "Bad"}},
        {"anything": {"error_code": "X.1", "error_msg": "said so"}},
    ],
)
def test_error_bodies_of_service_gateway_and_iam_are_all_read(body):
    made, _ = client(ReadClient, Service(httpx.Response(400, json=body, headers={"X-Request-Id": "trace-1"})))
    with pytest.raises(ApiError) as caught:
        made.show(ROOM, "one")
    assert "X.1: said so" in caught.value.message
    assert "trace-1" in caught.value.message


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"null", b'{"error": 5}', b"[" * 5000, b"\xff"])
def test_an_error_without_a_readable_body_still_has_its_status(content):
    made, _ = client(ReadClient, Service(httpx.Response(400, content=content)))
    with pytest.raises(ApiError) as caught:
        made.show(ROOM, "one")
    assert "HTTP 400" in caught.value.message


def test_messages_of_the_service_are_short_and_on_one_line():
    made, _ = client(ReadClient, Service(status(400, "X", "a\r\n\x1b[31mb" + "c" * 9000)))
    with pytest.raises(ApiError) as caught:
        made.show(ROOM, "one")
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 800


BODY = {"room_name": "欢迎"}


def writes(made):
    return {
        "create": lambda: made.create(ROOM, BODY),
        "update": lambda: made.update(ROOM, "one", BODY),
        "delete": lambda: made.delete(ROOM, "one"),
        "create_item": lambda: made.create_item(GROUP, "one", {"rule_name": "r"}),
        "update_item": lambda: made.update_item(GROUP, "one", "two", {"rule_name": "r"}),
        "delete_item": lambda: made.delete_item(GROUP, "one", "two"),
    }


WRITES = ["create", "update", "delete", "create_item", "update_item", "delete_item"]


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("fault", [THROTTLED, UNREACHED])
def test_a_write_is_tried_again_only_where_it_cannot_have_been_processed(name, fault):
    service = Service(fault, DONE)
    made, _ = client(WriteClient, service)
    writes(made)[name]()
    assert len(service.requests) == 2
    assert service.requests[0].content == service.requests[1].content


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize(
    "fault",
    [status(500, "MSS.00000004"), status(502), status(504, "APIGW.0201"), LOST, httpx.ReadTimeout("slow")],
)
def test_a_write_whose_end_nobody_knows_is_sent_once_and_said_to_be_unknown(name, fault):
    service = Service(fault)
    made, _ = client(WriteClient, service)
    with pytest.raises(TransportError) as caught:
        writes(made)[name]()
    assert caught.value.sent is True
    assert len(service.requests) == 1


@pytest.mark.parametrize("content", [b"<html>", b"{", b"[]"])
def test_a_write_with_an_answer_that_cannot_be_read_is_unknown_too(content):
    made, _ = client(WriteClient, Service(httpx.Response(200, content=content)))
    with pytest.raises(TransportError) as caught:
        made.create(ROOM, BODY)
    assert caught.value.sent is True


def test_a_write_that_never_left_certainly_did_not_happen():
    made, _ = client(WriteClient, Service(UNREACHED))
    with pytest.raises(TransportError) as caught:
        made.create(ROOM, BODY)
    assert caught.value.sent is False


def test_a_write_refused_as_too_many_by_somebody_else_than_the_gateway_is_not_repeated():
    service = Service(status(429, "MSS.1"))
    made, _ = client(WriteClient, service)
    with pytest.raises(RateLimitedError):
        made.create(ROOM, BODY)
    assert len(service.requests) == 1


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_write_that_is_redirected_sends_its_body_nowhere_else(code):
    service = Service(httpx.Response(code, headers={"Location": "https://evil.test/"}))
    made, _ = client(WriteClient, service)
    with pytest.raises(ApiError) as caught:
        made.create(ROOM, BODY)
    assert caught.value.code == "E_REDIRECT"
    assert [request.url.host for request in service.requests] == ["127.0.0.1"]


def test_a_body_goes_out_as_utf8_json_and_too_large_a_one_not_at_all():
    service = Service(DONE)
    made, _ = client(WriteClient, service)
    made.create(ROOM, BODY)
    assert json.loads(service.requests[0].content) == BODY
    assert service.requests[0].headers["content-type"] == "application/json"
    with pytest.raises(ApiError) as caught:
        made.create(ROOM, {"room_name": "x" * 12_000_001})
    assert caught.value.code == "E_BODY_SIZE"
    assert len(service.requests) == 1


def test_what_is_sent_is_what_is_signed_down_to_the_query():
    service = Service(httpx.Response(200, json={"count": 0, "interaction_rule_groups": []}))
    made, _ = client(ReadClient, service, app_user_id="user-7")
    made.page(GROUP, offset=0, limit=100, filters=[("group_name", "欢迎 a+b~/&=%?#'\"<>|{}^`\\")])
    sent = service.requests[0]
    assert sent.url.query == (
        b"group_name=%E6%AC%A2%E8%BF%8E%20a%2Bb~%2F%26%3D%25%3F%23%27%22%3C%3E%7C%7B%7D%5E%60%5C&limit=100&offset=0"
    )
    assert sent.headers["x-app-userid"] == "user-7"
    assert sent.headers["x-project-id"] == "0" * 32


@pytest.mark.parametrize("object_id", ["../../v3/users", "a/b", "", "a" * 65, "a?b", "é", "a\n", "%2e%2e"])
def test_an_id_that_is_no_id_never_becomes_a_path(object_id):
    service = Service(DONE)
    made, _ = client(WriteClient, service)
    for call in (lambda: made.delete(ROOM, object_id), lambda: made.show(ROOM, object_id)):
        with pytest.raises(HostNotAllowedError) as caught:
            call()
        assert caught.value.code == "E_ID_FORMAT"
    assert not service.requests


def test_the_reading_client_has_no_way_to_write():
    made, _ = client(ReadClient, Service(DONE))
    doors = {name for name in dir(made) if not name.startswith("_")}
    assert doors == {"close", "connection", "page", "service_offset", "service_time", "show", "summary", "usage"}


def test_both_clients_of_a_connection_share_its_pace():
    link = connection("http://127.0.0.1", transport=httpx.MockTransport(Service(DONE)))
    assert ReadClient(link).connection.reads is WriteClient(link).connection.reads


class Dripping:
    """A service whose every try takes so many seconds of the clock, and then is lost or answered."""

    def __init__(self, patient, seconds, answer):
        self.patient, self.seconds, self.answer, self.tries = patient, seconds, answer, []

    def __call__(self, request):
        until = request.extensions["until"]
        self.tries.append(until - self.patient.now)
        ends = self.patient.now + self.seconds
        self.patient.now = min(ends, until)
        if ends > until or self.answer is LOST:
            raise httpx.ReadTimeout("the whole answer took too long")
        return httpx.Response(self.answer.status_code, content=self.answer.content)


def dripping(seconds, answer, **settings):
    patient = Patient()
    service = Dripping(patient, seconds, answer)
    made = ReadClient(connection("http://127.0.0.1", patient, transport=httpx.MockTransport(service), **settings))
    with pytest.raises((TransportError, ApiError)):
        made.show(ROOM, "one")
    return service, patient


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [(LOST, 50.0), (LOST, 119.0), (LOST, 1000.0), (DONE, 1000.0), (status(503), 50.0), (status(500), 119.0)],
)
def test_the_tries_of_one_read_share_one_deadline(answer, seconds):
    service, patient = dripping(seconds, answer)
    assert patient.now - patient.waited <= 120.001
    assert service.tries[0] == 120
    assert service.tries == sorted(service.tries, reverse=True)


def test_a_login_is_part_of_the_deadline_of_the_read_it_is_for():
    patient = Patient()
    service = Dripping(patient, 1000.0, DONE)
    auth = PasswordAuth(
        user="ci", password="p", domain="d", iam=check_allowed("http://127.0.0.1"), project_id="p", logins=Logins()
    )
    settings = {"transport": httpx.MockTransport(service), "auth": auth}
    with pytest.raises(TransportError):
        ReadClient(connection("http://127.0.0.1", patient, **settings)).show(ROOM, "one")
    assert patient.now - patient.waited <= 120.001
