"""Logins at IAM and first calls with keys or a token: a refused credential is not tried again.

An account is locked after a few wrong passwords, and thirty environments with one wrong password would try it thirty
times. Until a credential is accepted, only one login with it is in progress; all others wait for its result.
"""

import secrets
import threading
from collections.abc import Callable
from typing import TypeVar

from reconciler.api.allowed_hosts import Origin
from reconciler.errors import AuthError, TransportError
from reconciler.redaction import keyed_digest

Found = TypeVar("Found")

_SALT = secrets.token_bytes(32)
"""Salt of this process, so that digests of credentials cannot be compared across processes."""

REFUSED = 401
"""Status of a refused credential; 403 and 404 may concern the project it is used for."""


class _Flight:
    """Login in progress, and its error."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.lost: TransportError | None = None


class Logins:
    """Known results of credentials at their IAM. Threads and environments of a process share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._accepted: set[str] = set()
        self._refused: dict[str, AuthError] = {}
        self._flights: dict[str, _Flight] = {}

    def call(self, origin: Origin, credential: tuple[str, ...], send: Callable[[], Found]) -> Found:
        """Return the response of `send` with a credential that is sent with each call.

        As `login`; but where it was accepted before, a refusal concerns that call alone. No credential: just send.
        """
        if not credential:
            return send()
        with self._lock:
            accepted = _digest(origin, credential) in self._accepted
        return send() if accepted else self.login(origin, credential, send)

    def login(self, origin: Origin, credential: tuple[str, ...], fetch: Callable[[], Found]) -> Found:
        """Return the result of `fetch` with a credential, without waiting where it was accepted before.

        Raises AuthError without a call where the credential was refused before. A login without a response fails for
        all that waited; each retries by itself.
        """
        key = _digest(origin, credential)
        while True:
            with self._lock:
                if known := self._refused.get(key):
                    raise _again(known)
                flight, mine = self._flights.get(key), False
                if flight is None:
                    flight, mine = _Flight(), True
                    if key not in self._accepted:
                        self._flights[key] = flight
            if mine:
                return self._tried(key, flight, fetch)
            flight.landed.wait()
            if flight.lost is not None:
                lost = flight.lost
                raise TransportError(lost.message, code=lost.code, hint=lost.hint, sent=False)

    def _tried(self, key: str, flight: _Flight, fetch: Callable[[], Found]) -> Found:
        try:
            found = fetch()
        except AuthError as error:
            if error.status == REFUSED:
                with self._lock:
                    self._refused[key] = error
            raise
        except TransportError as error:
            flight.lost = error
            raise
        else:
            with self._lock:
                self._accepted.add(key)
            return found
        finally:
            with self._lock:
                if self._flights.get(key) is flight:
                    del self._flights[key]
            flight.landed.set()


LOGINS = Logins()
"""Logins of this process."""


def _digest(origin: Origin, credential: tuple[str, ...]) -> str:
    text = "\0".join((str(origin), *(f"{len(part)}:{part}" for part in credential)))
    return keyed_digest(_SALT, text.encode("utf-8", "surrogatepass"))


def _again(error: AuthError) -> AuthError:
    message = f"{error.message}; the same credentials were refused before and are not tried again"
    return AuthError(message, code=error.code, hint=error.hint, status=error.status)
