"""Git repositories over HTTP on loopback, by git's own `http-backend`: read by everybody, pushed to with a right."""

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

MAY_PUSH = "contents-write"
"""What the password of a request holds that may push."""


@dataclass
class GitServer:
    """The folder of the bare repositories, and the users whose pushes were let through."""

    folder: Path
    url: str = ""
    pushes: list[str] = field(default_factory=list)
    refused: int = 0


@contextmanager
def serving(folder: Path) -> Iterator[GitServer]:
    """Serve a folder's repositories, `shop/live` as `/shop/live` and `/shop/live.git`, for the length of a `with`."""
    hosted = GitServer(folder)

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if "git-receive-pack" in self.path and not self._may_push():
                hosted.refused += 1
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.end_headers()
                return
            head, body = self._asked(parts.path, parts.query).split(b"\r\n\r\n", 1)
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - http.server's name

        def _may_push(self) -> bool:
            kind, _, text = self.headers.get("Authorization", "").partition(" ")
            user, _, password = base64.b64decode(text).decode().partition(":")
            if kind == "Basic" and MAY_PUSH in password:
                hosted.pushes += [user] if self.command == "POST" else []
                return True
            return False

        def _asked(self, path: str, query: str) -> bytes:
            owner, name, *rest = path.strip("/").split("/")
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            environment = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "PATH_INFO": "/".join(["", owner, name.removesuffix(".git"), *rest]),
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(sent)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "REMOTE_USER": "pusher",
                "REMOTE_ADDR": "127.0.0.1",
            }
            command = ["git", "-c", "safe.directory=*", "http-backend"]
            done = subprocess.run(command, input=sent, env=environment, stdout=subprocess.PIPE, timeout=30, check=True)
            return done.stdout

        def log_message(self, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    hosted.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hosted
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
