"""Rate limits that a service states in its responses: header fields of several spellings, and the text of a refusal.

Understood are the gateway of the cloud (`X-Apig-RateLimit-api: remain:9,limit:10,time:10 second`, and the same words in
the message of a 429, api.md §8), the fields `RateLimit` and `RateLimit-Policy` of the IETF draft in both their forms,
and the older `RateLimit-Limit`, `-Remaining` and `-Reset` with and without `X-`, also by window (`-Limit-Minute`).
What cannot be read is ignored: a header is advice, and only a refusal is certain.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.timestamps import parse_http_date

_LONGEST = 1000
"""Characters of a header that are read."""
_MOST = 16
"""Limits of a response that are read."""
_EPOCH = 10.0**9
"""A reset from here on is a moment in seconds since 1970, and from a thousand times that in milliseconds."""
_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0}
_PREFIXES = ("ratelimit", "x-ratelimit", "x-rate-limit", "rate-limit")
_NUMBER = late_pattern(r"[0-9]{1,15}(?:\.[0-9]{1,6})?")
_GATEWAY = late_pattern(
    r"(?:remain:\s*(?P<remaining>[0-9]{1,15}),\s*)?limit:\s*(?P<limit>[0-9]{1,15}(?:\.[0-9]{1,6})?),\s*"
    r"time:\s*(?P<number>[0-9]{1,9})?\s*(?P<unit>second|minute|hour|day)s?",
    re.IGNORECASE,
)
_MEMBER = late_pattern(r'\s*(?:"(?P<name>[^"\\]*)"|(?P<token>[^\s;,="]+))(?P<parameters>(?:\s*;[^,]*)?)\s*(?:,|$)')
_PARAMETER = late_pattern(r";\s*([a-z*][a-z0-9_.*-]*)=\s*(\"[^\"]*\"|[^\s;]*)", re.IGNORECASE)
_PAIR = late_pattern(r"\b(limit|remaining|reset)=\s*([0-9]{1,15})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedLimit:
    """One limit: `limit` calls in `window` seconds, `remaining` of them for `reset` seconds; None where not stated."""

    limit: float | None = None
    window: float | None = None
    remaining: float | None = None
    reset: float | None = None

    @property
    def rate(self) -> float | None:
        """Calls a second that it allows in the long run."""
        return self.limit / self.window if self.limit is not None and self.window else None

    @property
    def is_burst(self) -> bool:
        """Whether it may be used up at once, since the remaining calls are stated and the window is long."""
        return self.remaining is not None and (self.reset is not None or self.window is not None)

    @property
    def wait(self) -> float:
        """Seconds until a call is allowed again; 0 while some remain."""
        if self.remaining is None or self.remaining >= 1:
            return 0.0
        return self.reset if self.reset is not None else self.window or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedLimits:
    """All limits that one response states."""

    limits: tuple[StatedLimit, ...] = ()

    @property
    def rate(self) -> float | None:
        """Least rate that a limit allows in the long run; None where none states one."""
        return min((one.rate for one in self.limits if one.rate is not None), default=None)

    @property
    def even_rate(self) -> float | None:
        """Rate to keep evenly: the least of those limits that last a second, or of which the rest is not stated."""
        even = [one for one in self.limits if not one.is_burst or (one.window or 0.0) <= 1.0]
        return min((one.rate for one in even if one.rate is not None), default=None)

    @property
    def wait(self) -> float:
        """Seconds until all limits allow a call again."""
        return max((one.wait for one in self.limits), default=0.0)


def stated_limits(headers: Mapping[str, str], now: datetime, message: str = "") -> StatedLimits:
    """Return the limits in a response's headers (lower-case names), and in the message of a refusal.

    A moment in a header is relative to `now`, by the service's clock.
    """
    said = {name: value[:_LONGEST] for name, value in headers.items() if "ratelimit" in name or "rate-limit" in name}
    if not said and not message:
        return StatedLimits()
    found = [*_of_the_gateway(said, message), *_of_policies(said), *_of_single_fields(said, now)]
    return StatedLimits(limits=tuple(found[:_MOST]))


def _of_the_gateway(headers: Mapping[str, str], message: str) -> Iterator[StatedLimit]:
    for text in [*(value for name, value in headers.items() if name.startswith("x-apig-")), message[:_LONGEST]]:
        match = _GATEWAY.search(text)
        if match is not None:
            window = float(match["number"] or 1) * _SECONDS[match["unit"].lower()]
            yield StatedLimit(limit=float(match["limit"]), window=window, remaining=_number(match["remaining"]))


def _of_policies(headers: Mapping[str, str]) -> Iterator[StatedLimit]:
    """Yield the policies of `RateLimit-Policy`, with what `RateLimit` says remains of the policy of that name."""
    policies = _members(headers.get("ratelimit-policy", ""))
    left = _members(headers.get("ratelimit", ""))
    for name in {**policies, **left}:
        policy, counter = policies.get(name, {}), left.get(name, {})
        limit = policy.get("q") or (name if _NUMBER.fullmatch(name) else "")
        if policy.get("qu", "requests") != "requests":
            continue
        yield StatedLimit(
            limit=_number(limit),
            window=_number(policy.get("w")),
            remaining=_number(counter.get("r")),
            reset=_number(counter.get("t")),
        )
    pairs = {name.lower(): float(number) for name, number in _PAIR.findall(headers.get("ratelimit", ""))}
    if pairs:
        yield StatedLimit(limit=pairs.get("limit"), remaining=pairs.get("remaining"), reset=pairs.get("reset"))


def _members(text: str) -> dict[str, dict[str, str]]:
    """Return the members of a structured list that have parameters, by their value; the first of each."""
    found: dict[str, dict[str, str]] = {}
    for match in _MEMBER.finditer(text):
        name = match["name"] if match["name"] is not None else match["token"]
        parameters = {key.lower(): value.strip('"') for key, value in _PARAMETER.findall(match["parameters"])}
        if parameters:
            found.setdefault(name, parameters)
    return found


def _of_single_fields(headers: Mapping[str, str], now: datetime) -> Iterator[StatedLimit]:
    """Yield what fields for limit, remaining and reset say together, for each spelling and window."""
    windows = {"": None, **{f"-{unit}": seconds for unit, seconds in _SECONDS.items()}}
    for prefix in _PREFIXES:
        for suffix, window in windows.items():
            limit = headers.get(f"{prefix}-limit{suffix}", "")
            remaining = headers.get(f"{prefix}-remaining{suffix}", "")
            reset = headers.get(f"{prefix}-reset{suffix}", "")
            if not (limit or remaining):
                continue
            for name, parameters in _members(limit).items():  # `10, 10;w=1` of the earlier drafts
                yield StatedLimit(limit=_number(name), window=_number(parameters.get("w")))
            yield StatedLimit(
                limit=_number(limit.partition(",")[0].partition(";")[0]),
                window=window,
                remaining=_number(remaining),
                reset=_until(reset, now),
            )


def _number(text: str | None) -> float | None:
    """Return a plain number; None for anything else."""
    text = (text or "").strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def _until(text: str, now: datetime) -> float | None:
    """Return the seconds of a reset: a number of them, a moment since 1970, or a date."""
    number = _number(text.strip().removesuffix("s"))
    if number is None:
        moment = parse_http_date(text)
        return max(0.0, (moment - now).total_seconds()) if moment else None
    if number < _EPOCH:
        return number
    return max(0.0, (number if number < 1000 * _EPOCH else number / 1000) - now.timestamp())
