"""On a real port: the same service, connections that break for real, control routes, a log without secrets."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import httpx
import pytest

from reconciler.simulator import Simulator, transport
from reconciler.simulator.server import running
from tests.support.service import GROUPS, PROJECT, ROOMS

PATH = f"/v1/{PROJECT}{ROOMS}"
SEED = {"smart_live_rooms": [{"room_name": f"room {number}"} for number in range(12)]}


def get(url, path=PATH, **settings):
    with httpx.Client(base_url=url, timeout=10) as client:
        return client.get(path, **settings)


def test_on_a_port_and_embedded_the_same_requests_get_the_same_answers():
    def session(client):
        made = client.post(PATH, json={"room_name": "欢迎"}).json()["room_id"]
        paths = [
            PATH,
            f"{PATH}?limit=3&offset=2&room_name=%E6%AC%A2",
            f"{PATH}/{made}",
            f"/v1/{PROJECT}{GROUPS}",
            "/nothing",
        ]
        answers = [client.get(path) for path in paths] + [client.delete(f"{PATH}/{made}")]
        return [(answer.status_code, sorted(answer.headers.items()), answer.content) for answer in answers]

    with running(Simulator(SEED)) as url, httpx.Client(base_url=url) as client:
        served = session(client)
    with httpx.Client(transport=transport(Simulator(SEED)), base_url="http://127.0.0.1") as client:
        assert session(client) == served


def test_connections_break_before_within_and_without_the_end_of_an_answer():
    seed = {
        **SEED,
        "faults": [
            {"match": {"operation": "list"}, "nth": 1, "close": True},
            {"match": {"operation": "list"}, "nth": 2, "close_at": 10},
            {"match": {"operation": "list"}, "nth": 3, "close_at": 10, "chunked": True},
            {"match": {"operation": "list"}, "nth": 4, "raw": "HTTP/9 nonsense\r\n\r\n"},
        ],
    }
    with running(Simulator(seed)) as url:
        for _ in range(4):
            with pytest.raises(httpx.TransportError):
                get(url)
        assert get(url).json()["count"] == 12


def test_a_cut_answer_carries_exactly_the_bytes_said():
    with running(Simulator({**SEED, "faults": [{"close_at": 10}]})) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert body == b'{"count":1'
    assert b"content-length: " in head


def test_the_control_routes_inject_heal_edit_question_and_reset():
    with running(Simulator(SEED)) as url, httpx.Client(base_url=url) as client:
        assert client.post("/_control/faults", json=[{"status": 503}]).json() == {"armed": 1}
        assert client.get(PATH).status_code == 503
        assert client.get("/_control/faults").json() == [{"name": "fault 0", "met": 1, "struck": 1}]
        assert client.request("DELETE", "/_control/faults").status_code == 200
        assert client.get(PATH).status_code == 200
        edit = {"kind": "SmartLiveRoom", "name": "room 1", "set": {"priv_data": "console"}}
        changed = client.post("/_control/edit", json=edit).json()["id"]
        assert client.get(f"{PATH}/{changed}").json()["priv_data"] == "console"
        client.post("/_control/edit", json={"kind": "SmartLiveRoom", "insert": {"room_name": "new"}})
        client.post("/_control/edit", json={"kind": "SmartLiveRoom", "name": "room 2", "remove": True})
        stored = client.get("/_control/objects", params={"kind": "SmartLiveRoom"}).json()
        assert {"room 2", "new"} & {room["room_name"] for room in stored} == {"new"}
        model = client.get("/_control/model").json()
        assert [write["action"] for write in model["writes"]] == ["update", "create", "delete"]
        assert model["statuses"]["503"] == 1
        client.post("/_control/reset")
        assert client.get("/_control/model").json()["writes"] == []
        assert client.post("/_control/clock", json={"advance": 60}).json() == {"now": "2026-01-01T00:01:00+00:00"}


def test_a_control_request_that_makes_no_sense_is_answered_with_the_reason():
    with running(Simulator(SEED)) as url, httpx.Client(base_url=url) as client:
        for path, body in (
            ("faults", [{"statsu": 1}]),
            ("faults", "text"),
            ("edit", {"kind": "Nothing", "name": "a"}),
            ("reset", {"smart_live_room": []}),
        ):
            answer = client.post(f"/_control/{path}", json=body)
            assert answer.status_code == 400
            assert answer.json()["problems"]


def test_the_control_routes_refuse_a_project_that_the_seed_does_not_name():
    with running(Simulator({**SEED, "project_id": "a" * 32})) as url, httpx.Client(base_url=url) as client:
        wanted = {"kind": "SmartLiveRoom", "project": "b" * 32}
        for answer in (
            client.post("/_control/edit", json={**wanted, "insert": {"room_name": "a"}}),
            client.get("/_control/objects", params=wanted),
        ):
            assert answer.status_code == 400
            assert "its seed names" in answer.json()["problems"][0]


def test_embedded_there_are_no_control_routes():
    with httpx.Client(transport=transport(Simulator({})), base_url="http://127.0.0.1") as client:
        assert client.get("/_control/model").status_code == 404


def test_the_log_holds_every_request_and_no_secret():
    log = io.StringIO()
    with running(Simulator({}), log=log) as url, httpx.Client(base_url=url) as client:
        headers = {"X-Auth-Token": "canary-token", "Authorization": "canary-signature", "X-Security-Token": "canary"}
        room = {"room_name": "A", "stream_keys": ["canary-key"], "live_event_callback_config": {"key": "canary-key"}}
        client.post(PATH, json=room, headers=headers)
        user = {"name": "ann", "password": "canary-password", "domain": {"name": "acme"}}
        client.post("/v3/auth/tokens", json={"auth": {"identity": {"password": {"user": user}}}})
        client.request("GET", "/nothing?a=%20b", content=b"{ no json canary")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line["method"], line["operation"], line["status"]) for line in lines] == [
        ("POST", "create", 200),
        ("POST", "identity", 201),
        ("GET", "unknown", 404),
    ]
    assert lines[0]["body"]["room_name"] == "A"
    assert lines[2]["query"] == {"a": " b"}
    assert "canary" not in log.getvalue()


def start(tmp_path, *arguments):
    command = [sys.executable, "-m", "reconciler", "simulate", "--port", "0", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_simulate_prints_its_address_first_then_nothing_and_stops_on_a_signal(tmp_path, number):
    (tmp_path / "seed.yaml").write_text("smart_live_rooms: [{room_name: A}]\n", encoding="utf-8")
    process = start(tmp_path, "--seed", "seed.yaml", "--log", "requests.jsonl")
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        assert get(url).json()["count"] == 1
        os.kill(process.pid, number)
        out, error = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, out, error) == (0, "", "")
    logged = (tmp_path / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["path"] for line in logged] == [PATH]


def test_served_by_the_command_time_is_real_so_that_clients_can_sign(tmp_path):
    process = start(tmp_path)
    try:
        assert process.stdout is not None
        date = httpx.get(process.stdout.readline().strip() + PATH).headers["Date"]
        assert abs(parsedate_to_datetime(date).timestamp() - time.time()) < 60
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_it_stops_within_seconds_even_while_somebody_waits_for_a_delayed_answer():
    failures: list[Exception] = []

    def wait(url):
        try:
            get(url)
        except httpx.TransportError as error:
            failures.append(error)

    simulator = Simulator({**SEED, "faults": [{"delay": 60}]})
    with running(simulator) as url:
        waiting = threading.Thread(target=wait, args=(url,))
        waiting.start()
        while not simulator.model.requests:
            time.sleep(0.01)
    waiting.join(timeout=20)
    assert not waiting.is_alive()
    assert len(failures) == 1


def test_many_clients_at_once_are_each_answered():
    service = running(Simulator(SEED))
    with service as url, httpx.Client(base_url=url, timeout=20) as client, ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: client.post(PATH, json={"room_name": f"new {number}"}), range(80)))
        assert {answer.status_code for answer in made} == {200}
        assert len({answer.json()["room_id"] for answer in made}) == 80
        assert client.get(PATH).json()["count"] == 92


def test_without_the_extra_the_command_says_what_to_install(tmp_path):
    (tmp_path / "uvicorn.py").write_text("raise ImportError('none here', name='uvicorn')\n", encoding="utf-8")
    command = [sys.executable, "-m", "reconciler", "simulate"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "needs uvicorn" in done.stderr
    assert "reconciler[sim]" in done.stderr
