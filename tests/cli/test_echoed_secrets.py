"""A service that echoes what it was sent, in any encoding, on any answer: nothing of it is kept or printed."""

import base64
import html
import json
import quopri
import threading
import urllib.parse as url
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reconciler.redaction import SecretRedactor
from tests.support.command_line import project, reconciler

TOKEN = "token-CANARY-0123456789"
SECRETS = {"LONG": "secret-CANARY-9876543210", "FIVE": "k9Zq!", "ACCENT": "pässwörd-ключ"}
CANARIES = [TOKEN, *SECRETS.values()]
ENCODINGS = {
    "raw": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "html": lambda text: "".join(f"&#{ord(char)};" for char in html.escape(text)),
    "percent": lambda text: url.quote(text, safe="").lower(),
    "base64": lambda text: base64.b64encode(f"u:{text}".encode()).decode(),
    "quoted-printable": lambda text: quopri.encodestring(text.encode()).decode(),
}
CASES = [
    *((True, kind) for kind in (400, 401, 404, 409, "header")),
    *((False, kind) for kind in (200, 400, 401, 404, 409, "broken", "header", "id")),
]
"""Whether only writes are answered so, or every verb, and how. What leaves a write open is waited for too long here."""


@contextmanager
def echoing(kind, *, writes_only) -> Iterator[str]:
    """Serve empty lists, and echo every canary in each answer (to writes alone, or to every verb)."""
    said = " ".join(encode(one) for encode in ENCODINGS.values() for one in CANARIES)

    class Echo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(200 if writes_only else kind)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(kind)

        do_PUT = do_DELETE = do_POST  # noqa: N815

        def _answer(self, what) -> None:
            rows = "interaction_rule_groups" if "rule-groups" in self.path else "smart_live_rooms"
            listed = {"count": 0, rows: []} if self.command == "GET" else {"room_id": "a1", "group_id": "a1"}
            error = {"error_code": "MSS.X", "error_msg": f"cannot take {said}", said: said}
            status = what if isinstance(what, int) else 400 if what == "header" else 200
            body = json.dumps({**listed, "note": said, said: said} if status == 200 else error).encode()
            if what == "broken":
                body = b'{"error_msg": "' + said.encode()
            if what == "id":
                body = json.dumps({**listed, "room_id": CANARIES[2], "group_id": TOKEN}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Request-Id", url.quote(said.replace("\n", " ")))
            self.end_headers()
            self.wfile.write(body)

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


@pytest.mark.parametrize(("writes_only", "kind"), CASES)
def test_no_canary_is_in_any_file_or_in_anything_printed(tmp_path, writes_only, kind):
    manifests = {
        f"rooms/{name}.yaml": json.dumps(
            {
                "apiVersion": "metastudio/v1",
                "kind": "SmartLiveRoom",
                "metadata": {"name": name},
                "spec": {"room_description": "hello", "stream_keys": [{"secret": name}]},
            }
        )
        for name in SECRETS
    }
    variables = {f"RECONCILER_SECRET_{name}": value for name, value in SECRETS.items()}
    with echoing(kind, writes_only=writes_only) as address:
        project(tmp_path, manifests)
        environment = f'{{endpoint: "{address}", auth: token, project_id: "{"0" * 32}", cache: .reconciler/cache.db}}'
        (tmp_path / "reconciler.yaml").write_text(
            f"name: test\nmanifests: [rooms]\nenvironments:\n  demo: {environment}\n", encoding="utf-8"
        )
        before = set(tmp_path.rglob("*"))
        variables |= {"HW_AUTH_TOKEN": TOKEN, "RECONCILER_ALLOWED_HOSTS": address}
        printed = ""
        for command in (
            ["-vv", "--debug", "plan", "--report", "json=p.json", "--report", "markdown=p.md"],
            ["snapshot", "-o", "live.json"],
            ["-vv", "--log-format", "json", "apply", "--auto-approve", "--report", "html=a.html"],
            ["history", "--format", "json"],
        ):
            if "apply" in command and kind in (200, "id"):
                continue  # a write that is not seen in the list is waited for
            run = reconciler("-C", tmp_path, *command, variables=variables)
            printed += run.out + run.err
    if writes_only:
        assert "failed" in printed
        assert "(sensitive value)" in _text(tmp_path / ".reconciler/ledger.db") or kind == "header"
    redactor = SecretRedactor(CANARIES)
    assert not redactor.holds(printed), redactor.text(printed)
    for path in set(tmp_path.rglob("*")) - before:
        if path.is_file():
            assert not redactor.holds(_text(path)), path


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")
