"""A writer that sends each change to a webhook: signed, with an id and a time, and believed only once read back."""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

from reconciler.errors import ApiError, PluginError, TransportError
from reconciler.interfaces import WriterContext, WriteRequest, WriteResult
from reconciler.writers.change_message import message

SECONDS = 60.0
MAX_ANSWER = 1 << 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class WebhookWriter:
    """One POST a change. Order, journal, lock and verification are the pipeline's."""

    applies = True

    def __init__(self, url: str, key: str, *, clock: Callable[[], float] = time.time) -> None:
        self._url = _checked(url)
        if len(key) < 16:
            raise PluginError("the webhook's key is missing or short", hint="set RECONCILER_WRITER_WEBHOOK_KEY")
        self._key = key.encode()
        self._clock = clock

    @classmethod
    def made(cls, setup: WriterContext) -> Self:
        """Make one for an environment: address and key are the operator's, never the repository's."""
        variables = setup.variables
        url = variables.get("RECONCILER_WRITER_WEBHOOK_URL", "")
        return cls(url, variables.get("RECONCILER_WRITER_WEBHOOK_KEY", ""))

    def write(self, task: WriteRequest) -> WriteResult:
        """Send one change; raises ApiError when it was refused, TransportError when nobody knows."""
        envelope = {"id": secrets.token_hex(16), "timestamp": int(self._clock()), "change": message(task)}
        body = json.dumps(envelope, ensure_ascii=False, sort_keys=True).encode()
        status, answer = self._post(body, sign(self._key, body))
        if status >= 500:
            raise TransportError(f"the webhook answered HTTP {status}: nobody knows what it did")
        if status != 200:
            raise ApiError(f"the webhook refused the change: HTTP {status}", code="E_WEBHOOK", status=status)
        return _outcome(answer)

    def close(self) -> None:
        """Hold nothing."""

    def _post(self, body: bytes, signature: str) -> tuple[int, bytes]:
        secure = self._url.scheme == "https"
        connection = (HTTPSConnection if secure else HTTPConnection)(self._url.netloc, timeout=SECONDS)
        headers = {"Content-Type": "application/json", "X-Reconciler-Signature": signature}
        path = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        try:
            connection.connect()
        except OSError as error:
            raise TransportError(f"the webhook cannot be reached: {error}", sent=False) from error
        try:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()  # a redirect is an answer like any other: nothing is sent elsewhere
            return response.status, response.read(MAX_ANSWER)
        except (OSError, HTTPException) as error:
            raise TransportError(f"the webhook gave no answer: {error}") from error
        finally:
            connection.close()


def sign(key: bytes, body: bytes) -> str:
    """Return the signature of exactly these bytes."""
    return "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()


def _checked(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return parts
    raise PluginError("the webhook's address must be https", hint="set RECONCILER_WRITER_WEBHOOK_URL")


def _outcome(answer: bytes) -> WriteResult:
    try:
        outcome: Any = json.loads(answer)
    except (ValueError, RecursionError):
        raise TransportError("the webhook's answer is no JSON: nobody knows what it did") from None
    if not isinstance(outcome, dict) or outcome.get("status") not in ("applied", "failed"):
        raise TransportError("the webhook's answer is no outcome: nobody knows what it did")
    if outcome["status"] == "failed":
        raise ApiError(f"the webhook refused the change: {str(outcome.get('reason', ''))[:500]}", code="E_WEBHOOK")
    return WriteResult(id=str(outcome.get("id", "")), calls=1)
