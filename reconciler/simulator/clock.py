"""Time and ids of the service: fixed for repeatable results, real where clients sign with real time."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

Clock = Callable[[], datetime]
"""Returns the present, in UTC."""

Ids = Callable[[str], str]
"""Returns the id for a text that is unique in the run; the same text always gives the same id."""

START = datetime(2026, 1, 1, tzinfo=UTC)


class FixedClock:
    """Clock that advances by a second at each write alone, so that version fields differ."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """Return its time."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Continue from a time."""
        self._now = moment

    def advance(self, seconds: float) -> None:
        """Advance the time."""
        self._now += timedelta(seconds=seconds)


def real_clock() -> datetime:
    """Return the machine's time."""
    return datetime.now(UTC)


def hashed_ids(text: str) -> str:
    """Return an id in the service's format, made from a text alone."""
    digits = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def instant(moment: datetime) -> str:
    """Format a time as the API does: `2026-01-01T00:00:00Z`, 20 characters."""
    return moment.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def milliseconds(moment: datetime) -> int:
    """Return a time as script_version counts it."""
    return int(moment.timestamp() * 1000)


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=64)  # time stands between writes
def http_date(moment: datetime) -> str:
    """Format a time as the Date header does."""
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment.year:04} {moment:%H:%M:%S} GMT"
