"""A service that echoes what it was sent, in any encoding, on any answer: nothing of it is kept or printed."""

import json
import threading
import time
import urllib.parse as url
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reconciler.model.process_clock import ProcessClock
from tests.support.command_line import project, reconciler
from tests.support.leaks import ENCODINGS, leaks, leaks_in_file

TOKENS = {"long": "token-CANARY-0123456789", "five": "t7@Wx"}
SECRETS = {"LONG": "secret-CANARY-9876543210", "FIVE": "k9Zq!", "ACCENT": "pässwörd-ключ"}
KINDS = (200, 400, 401, 404, 409, 429, 500, "throttled", "object", "broken", "cut", "header", "id", "ends")
"""How the service answers: a status with everything echoed in its body, or what is wrong beside that."""


@contextmanager
def echoing(kind, token, *, writes_only) -> Iterator[str]:
    """Echo every canary in each answer (to writes alone, or to every verb); otherwise lists are empty."""
    said = " ".join(encode(one) for encode in ENCODINGS.values() for one in (token, *SECRETS.values()))
    row = {"room_type": "NORMAL", "room_description": said, "create_time": "2026-11-23T10:00:00Z"}
    rows = [{**row, "room_id": f"a{at}", "room_name": name} for at, name in enumerate(SECRETS)]
    rows.append({**row, "room_id": "b", "room_name": SECRETS["LONG"], "script_id": token})

    class Echo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(200 if writes_only else kind, quiet=writes_only)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(kind)

        do_PUT = do_DELETE = do_POST  # noqa: N815

        def _answer(self, what, *, quiet=False) -> None:
            status = what if isinstance(what, int) else {"header": 400, "ends": 400, "throttled": 429}.get(what, 200)
            body = json.dumps(self._object(what, quiet) if status == 200 else self._refusal(what)).encode()
            if what in ("broken", "cut"):
                body = b'{"error_msg": "' + said.encode()
            self.send_response(status, said.replace("\n", " ").replace("\r", " ") if what == "header" else None)
            self.send_header("Content-Length", str(len(body) + 9 * (what == "cut")))
            if not quiet:
                self.send_header("X-Request-Id", url.quote(said.replace("\n", " ")))
                self.send_header("Content-Type", f"application/json; charset={url.quote(said[:60])}")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = what == "cut"

        def _object(self, what, quiet):
            if self.command != "GET" or "?" not in self.path:
                ids = (SECRETS["ACCENT"], token) if what == "id" else ("a1", "a1")
                made = {**rows[0], "room_id": ids[0], "group_id": ids[1], "group_name": "any"}
                return {**made, "note": said, said: said}
            if "rule-groups" in self.path or quiet or what != "object":
                listed = "interaction_rule_groups" if "rule-groups" in self.path else "smart_live_rooms"
                return {"count": 0, listed: [], **({} if quiet else {"note": said, said: said})}
            return {"count": len(rows), "smart_live_rooms": rows, "note": said}

        def _refusal(self, what):
            code = "APIGW.0308" if what == "throttled" else "MSS.X"
            if what == "ends":
                return {"error_code": code, "error_msg": f"cannot take {SECRETS['LONG'][:-3]}"}
            return {"error_code": code, "error_msg": f"cannot take {said}", said: said, "details": [{said: said}]}

        def log_message(self, *_) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=20)
        server.server_close()


class Hurried:
    """A clock that waits for nothing: who sleeps finds the time gone."""

    def __init__(self) -> None:
        self._gone = 0.0
        self._lock = threading.Lock()

    def value(self) -> ProcessClock:
        return ProcessClock(
            now=lambda: time.time() + self._gone, monotonic=lambda: time.monotonic() + self._gone, sleep=self._sleep
        )

    def _sleep(self, seconds: float) -> None:
        with self._lock:
            self._gone += seconds


def declared(folder, address) -> None:
    """Declare a room for each secret, and one environment at this address."""
    head = {"apiVersion": "metastudio/v1", "kind": "SmartLiveRoom"}
    manifests = {
        f"rooms/{name}.yaml": json.dumps(
            {
                **head,
                "metadata": {"name": name},
                "spec": {"room_description": "hello", "stream_keys": [{"secret": name}]},
            }
        )
        for name in SECRETS
    }
    project(folder, manifests)
    environment = f'{{endpoint: "{address}", auth: token, project_id: "{"0" * 32}", cache: .reconciler/cache.db}}'
    (folder / "reconciler.yaml").write_text(
        f"name: test\nmanifests: [rooms]\nenvironments:\n  demo: {environment}\n", encoding="utf-8"
    )


def variables(address, token) -> dict[str, str]:
    named = {f"RECONCILER_SECRET_{name}": value for name, value in SECRETS.items()}
    return {**named, "HW_AUTH_TOKEN": token, "RECONCILER_ALLOWED_HOSTS": address}


COMMANDS = (
    ["-vv", "--debug", "plan", "--out", "kept.json", "--report", "json=p.json", "--report", "markdown=p.md"],
    ["snapshot", "-o", "live.json"],
    ["-vv", "--log-format", "json", "apply", "--auto-approve", "--adopt", "--report", "html=a.html"],
    ["-vv", "--debug", "apply", "--auto-approve", "--adopt", "--format", "json", "--report", "junit=a.xml"],
    ["history", "--format", "json"],
    ["-vv", "get", "rooms", "-o", "wide"],
    ["get", "rule-groups", "-o", "yaml"],
)


@pytest.mark.parametrize(
    "token",
    [pytest.param(TOKENS["long"], id="long"), pytest.param(TOKENS["five"], id="five", marks=pytest.mark.deep)],
)
@pytest.mark.parametrize("writes_only", [True, False], ids=["writes", "every verb"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_canary_is_in_any_file_or_in_anything_printed(tmp_path, kind, writes_only, token):
    canaries = [token, *SECRETS.values()]
    with echoing(kind, token, writes_only=writes_only) as address:
        declared(tmp_path, address)
        before = set(tmp_path.rglob("*"))
        clock, printed = Hurried().value(), ""
        for command in COMMANDS:
            run = reconciler("-C", tmp_path, *command, variables=variables(address, token), clock=clock)
            printed += run.out + run.err
    made = [path for path in set(tmp_path.rglob("*")) - before if path.is_file()]
    assert "E_INTERNAL" not in printed
    if writes_only:
        assert {".reconciler/ledger.db", "a.html", "p.json", "live.json"} <= {
            path.relative_to(tmp_path).as_posix() for path in made
        }
    assert leaks(printed.encode(), canaries) == [], printed
    assert {path.name: found for path in made if (found := leaks_in_file(path, canaries))} == {}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", [*TOKENS.values(), *SECRETS.values()])
def test_the_witness_reads_every_spelling(encoding, text):
    others = [one for one in (*TOKENS.values(), *SECRETS.values()) if one != text]
    assert leaks(f"before {ENCODINGS[encoding](text)} after".encode(), [text, *others]) == [text]


def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(tmp_path):
    token = SECRETS["ACCENT"]
    with echoing(400, token, writes_only=False) as address:
        declared(tmp_path, address)
        run = reconciler("-C", tmp_path, "-vv", "--debug", "plan", variables=variables(address, token))
    assert run.code != 0
    assert "E_AUTH" in run.err
    assert leaks((run.out + run.err).encode(), [token]) == []
