"""Connection settings of one project at one endpoint, as a value."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import InitVar, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.api.allowed_hosts import Origin, check_allowed, check_credentials_allowed, path_segment
from reconciler.api.auth import Auth, NoAuth
from reconciler.api.logins import Logins
from reconciler.api.messages import CallObserver
from reconciler.api.rate_limit import RateLimiter
from reconciler.api.transport import DirectTransport
from reconciler.errors import UsageError
from reconciler.late_methods import dataclass
from reconciler.model.read_result import ApiUsage
from reconciler.redaction import SecretRedactor

if TYPE_CHECKING:
    from reconciler.http_library import httpx

READS_PER_SECOND = 5.0
WRITES_PER_SECOND = 1.0
"""Rate that is safe for one tenant of the cloud (api.md §8); loopback and embedded services have no limit."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Address, credentials and rate of requests.

    `base_url` and `allowed_hosts` are checked at once: HostNotAllowedError before any packet, for an address that is
    not allowed (E_URL_HOST) and for credentials to a port of this machine that is not listed (E_AUTH_HOST). A rate of
    None is the default of the host; 0 is no limit. `deadline` is the most seconds that a run waits for a service that
    refuses calls. `transport` replaces the network, as the embedded simulator does. `proxy` and `ca_file` come from the
    operator only. Reading and writing clients made of one Connection share its rate limiters; `pace` is another one to
    the same project whose limiters it shares. `logins` records refused credentials, shared in one process. `redactor`
    holds the secrets of this process, and gets each token that is sent. `observer` sees each attempt. `clock` returns
    the time of day, `monotonic` measures, `jitter` returns a number from 0 to 1.
    """

    base_url: str
    project_id: str
    app_user_id: str = ""
    auth: Auth = field(default_factory=NoAuth)
    reads_per_second: InitVar[float | None] = None
    writes_per_second: InitVar[float | None] = None
    pace: InitVar["Connection | None"] = None
    deadline: float = 3600.0
    parallelism: int = 8
    allowed_hosts: tuple[str, ...] = ()
    proxy: str = field(default="", repr=False)
    ca_file: str = ""
    transport: "httpx.BaseTransport | DirectTransport | None" = field(default=None, repr=False)
    clock: Callable[[], datetime] = field(default=_utc_now, repr=False)
    monotonic: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    jitter: Callable[[], float] = field(default=random.random, repr=False)
    redactor: SecretRedactor = field(default_factory=SecretRedactor, repr=False)
    logins: Logins = field(default_factory=Logins, repr=False)
    observer: CallObserver = field(default_factory=CallObserver, repr=False)
    origin: Origin = field(init=False, repr=False)
    reads: RateLimiter = field(init=False, repr=False)
    writes: RateLimiter = field(init=False, repr=False)

    def __post_init__(
        self, reads_per_second: float | None, writes_per_second: float | None, pace: "Connection | None"
    ) -> None:
        path_segment(self.project_id)
        _check_user(self.app_user_id)
        object.__setattr__(self, "origin", check_allowed(self.base_url, self.allowed_hosts))
        if self.transport is None and not isinstance(self.auth, NoAuth):
            check_credentials_allowed(self.origin, self.allowed_hosts)
        reads = pace.reads if pace else self._gate(reads_per_second, READS_PER_SECOND)
        writes = pace.writes if pace else self._gate(writes_per_second, WRITES_PER_SECOND)
        object.__setattr__(self, "reads", reads)
        object.__setattr__(self, "writes", writes)

    def _gate(self, configured: float | None, default: float) -> RateLimiter:
        free = self.origin.loopback or self.transport is not None
        rate = configured if configured is not None else (0.0 if free else default)
        return RateLimiter(
            rate or None,
            monotonic=self.monotonic,
            sleep=self.sleep,
            deadline=self.deadline,
            advised=self.transport is None or bool(rate),
        )


def _check_user(app_user_id: str) -> None:
    """X-App-UserId takes 1-256 characters and no Chinese (api.md §2); a header takes printable ASCII."""
    if len(app_user_id) > 256 or not (app_user_id.isascii() and app_user_id.isprintable()):
        raise UsageError("app_user_id takes at most 256 plain ASCII characters", hint="see api.md, X-App-UserId")


class UsageCounter:
    """Counter of API usage."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._usage = ApiUsage()

    def add(self, more: ApiUsage) -> None:
        """Add to the counts."""
        with self._lock:
            self._usage += more

    @property
    def usage(self) -> ApiUsage:
        """Total so far."""
        return self._usage
