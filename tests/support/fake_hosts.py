"""GitHub's and GitLab's APIs of comments and requests, as far as we use them, on loopback and in memory."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "token-for-tests-only"


@dataclass
class Host:
    """What a host holds, and what it was asked. `twist` may replace any answer: (method, path) → bytes or a status."""

    login: str = "reconciler-bot"
    comments: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    default_branch: str = "main"
    repository: str = "shop/rooms"
    calls: list[tuple[str, str]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    knows_user: bool = True
    twist: Callable[[str, str], tuple[int, bytes] | None] = lambda method, path: None
    url: str = ""

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [call for call in self.calls if call[0] != "GET"]

    def add(self, body: str, login: str = "", **more: Any) -> dict[str, Any]:
        number = len(self.comments) + 1
        login = login or self.login
        row = {
            "id": number,
            "body": body,
            "user": {"login": login},
            "author": {"username": login},
            "html_url": f"https://example.test/{number}",
            **more,
        }
        self.comments.append(row)
        return row

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = unquote(parts.path)
        if path.endswith("/user"):
            return (200, {"login": self.login, "username": self.login}) if self.knows_user else (403, {"message": "no"})
        if method == "GET" and path.endswith("/pulls") and "head" in query and self.pulls:
            return 200, [pull for pull in self.pulls if pull["head"]["label"] == query["head"]]
        if re.search("/(pulls|merge_requests)(/[0-9]+)?$", path):
            return self.request(method, path, query, body)
        if method == "GET" and re.fullmatch("(/api/v4)?/(repos/[^/]+|projects)/[^/]+(/sub/[^/]+)?", path):
            return 200, {"default_branch": self.default_branch}
        if method == "GET":
            size, page = int(query["per_page"]), int(query["page"])
            return 200, self.comments[size * (page - 1) : size * page]
        if method == "POST":
            return 201, self.add(body["body"])
        row = next(row for row in self.comments if path.endswith(f"/{row['id']}"))
        row["body"] = body["body"].replace("\n", "\r\n")
        return 200, row

    def open(self, branch: str, body: str, *, fork: bool = False, **more: Any) -> dict[str, Any]:
        """Open a request as both hosts show it."""
        number = len(self.requests) + 1
        row = {
            "number": number,
            "iid": number,
            "state": "open",
            "title": "",
            "base": {"ref": "main"},
            "head": {"ref": branch, "repo": {"full_name": "stranger/rooms" if fork else self.repository}},
            "source_branch": branch,
            "source_project_id": 2 if fork else 1,
            "target_project_id": 1,
            "body": body,
            "description": body,
            "html_url": f"https://example.test/requests/{number}",
            "web_url": f"https://example.test/requests/{number}",
            **more,
        }
        self.requests.append(row)
        return row

    def request(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        """List, open or change requests."""
        if method == "GET":
            branch = query.get("source_branch") or query.get("head", ":").split(":", 1)[1]
            rows = [row for row in self.requests if row["state"] == "open" and branch in ("", row["source_branch"])]
            size, page = int(query["per_page"]), int(query["page"])
            return 200, rows[size * (page - 1) : size * page]
        text = body.get("body") or body.get("description")
        if method == "POST":
            branch = body.get("head") or body["source_branch"]
            base = body.get("base") or body["target_branch"]
            return 201, self.open(branch, text, title=body["title"], base={"ref": base})
        row = self.requests[int(path.rsplit("/", 1)[1]) - 1]
        row["body"] = row["description"] = text.replace("\n", "\r\n")
        return 200, row


@contextmanager
def serving(host: Host) -> Iterator[Host]:
    """Serve a host on a free port of loopback for the length of a `with`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10
        wbufsize = 1 << 16

        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            host.calls.append((self.command, self.path))
            host.agents.add(self.headers.get("User-Agent", ""))
            status, data = self.reply(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def reply(self, body: Any) -> tuple[int, bytes]:
            twisted = host.twist(self.command, self.path)
            if twisted:
                return twisted
            if TOKEN not in (self.headers.get("Authorization", "") + self.headers.get("PRIVATE-TOKEN", "")):
                return 401, b'{"message": "Bad credentials"}'
            status, value = host.answer(self.command, self.path, body)
            return status, json.dumps(value).encode()

        do_GET = do_POST = do_PUT = do_PATCH = handle_one  # noqa: N815 - http.server's names

        def log_message(self, *args: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    host.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
