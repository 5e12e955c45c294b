"""How often a tenant may call: token buckets, refilled by the service's clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.resource import Json
from reconciler.simulator.check import Check
from reconciler.simulator.message import Refusal

KNOWN = ("requests", "reads", "writes", "burst", "retry_after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Calls a second for each project: of all calls together, of reads and of writes; 0 for no limit.

    `burst` is how many calls may come at once (a second's worth where it is 0). `retry_after` goes into the answer's
    Retry-After header, none where it is empty: the API documents none (api.md §8).
    """

    requests: float = 0.0
    reads: float = 0.0
    writes: float = 0.0
    burst: float = 0.0
    retry_after: str = ""


def limits_of(value: Json, check: Check) -> Limits:
    """Read a seed's `limits`."""
    given = check.mapping(value, ("limits",), KNOWN)
    rates = {name: check.number(given.get(name), ("limits", name)) for name in KNOWN[:-1]}
    return Limits(**rates, retry_after=check.text(given.get("retry_after"), ("limits", "retry_after")))


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: datetime


@dataclass(slots=True)
class Throttle:
    """The buckets of every project."""

    limits: Limits
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def admit(self, project: str, method: str, now: datetime) -> None:
        """Take one call out of the project's buckets, or refuse with 429 and APIGW.0308."""
        rates: Mapping[str, float] = {
            "requests": self.limits.requests,
            "reads" if method == "GET" else "writes": self.limits.reads if method == "GET" else self.limits.writes,
        }
        for name, rate in rates.items():
            if rate and not self._take((project, name), rate, now):
                policy = f"policy user over ratelimit,limit:{rate:g},time:1 second"
                headers = (("Retry-After", self.limits.retry_after),) if self.limits.retry_after else ()
                raise Refusal(429, "APIGW.0308", f"The throttling threshold has been reached: {policy}", headers)

    def _take(self, key: tuple[str, str], rate: float, now: datetime) -> bool:
        size = self.limits.burst or max(rate, 1.0)
        bucket = self._buckets.setdefault(key, _Bucket(size, now))
        passed = max(0.0, (now - bucket.at).total_seconds())
        bucket.tokens, bucket.at = min(size, bucket.tokens + passed * rate), now
        if bucket.tokens < 1.0 - 1e-9:
            return False
        bucket.tokens -= 1.0
        return True
