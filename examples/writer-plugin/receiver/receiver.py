"""A receiver to start from: takes a change only if it is signed, fresh and new, then carries it out.

RECONCILER_WRITER_WEBHOOK_KEY is the shared key, RECONCILER_WRITER_URL the API that `carry_out` writes to.
"""

import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

from carry_out import carry_out

FRESH = 300
"""Seconds: an older signature is a replay, or a clock that is off."""


class Receiver:
    """Decides about one request; `seen` remembers the ids of as long as signatures are fresh."""

    def __init__(self, key: bytes, act: Callable[[Any], Any], clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._act = act
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._lock = Lock()

    def receive(self, body: bytes, signature: str) -> tuple[int, Any]:
        """Return the status and the outcome."""
        wanted = "sha256=" + hmac.new(self._key, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, signature):
            return 401, {"status": "failed", "reason": "the signature is wrong"}
        envelope = json.loads(body)
        if abs(self._clock() - envelope["timestamp"]) > FRESH:
            return 401, {"status": "failed", "reason": "the signature is old"}
        if not self._new(envelope["id"]):
            return 409, {"status": "failed", "reason": "this was received before"}
        return self._done(envelope["change"])

    def _done(self, change: Any) -> tuple[int, Any]:
        try:
            return 200, {"status": "applied", **self._act(change)}
        except urllib.error.HTTPError as error:
            return 200, {"status": "failed", "reason": f"the API said HTTP {error.code}"}
        except Exception as error:  # whatever went wrong on the way: nobody knows what was done
            return 500, {"reason": type(error).__name__}

    def _new(self, request_id: str) -> bool:
        with self._lock:
            now = self._clock()
            self._seen = {known: at for known, at in self._seen.items() if now - at <= 2 * FRESH}
            if request_id in self._seen:
                return False
            self._seen[request_id] = now
            return True


def server(receiver: Receiver, port: int = 0) -> ThreadingHTTPServer:
    """Return a server on loopback that hands every POST to the receiver."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, outcome = receiver.receive(body, self.headers.get("X-Reconciler-Signature", ""))
            answer = json.dumps(outcome).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    made = server(Receiver(os.environ["RECONCILER_WRITER_WEBHOOK_KEY"].encode(), carry_out), int(sys.argv[1]))
    sys.stdout.write(f"http://127.0.0.1:{made.server_address[1]}/\n")
    sys.stdout.flush()
    made.serve_forever()
