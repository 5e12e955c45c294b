"""The service's time and ids: fixed where results must repeat, real where clients sign with real time."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

Clock = Callable[[], datetime]
"""Returns the present, in UTC."""

Ids = Callable[[str], str]
"""Returns the id for a text that is unique in the run; the same text always gets the same id."""

START = datetime(2026, 1, 1, tzinfo=UTC)


class FixedClock:
    """A clock that stands still unless told: it moves on by a second at each write, so that stamps differ."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """Return the time it stands at."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the time on."""
        self._now += timedelta(seconds=seconds)


def real_clock() -> datetime:
    """Return the machine's time."""
    return datetime.now(UTC)


def hashed_ids(text: str) -> str:
    """Return an id in the service's spelling, made from a text alone."""
    digits = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def instant(moment: datetime) -> str:
    """Spell a time as the API does: `2026-01-01T00:00:00Z`, 20 characters."""
    return moment.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def milliseconds(moment: datetime) -> int:
    """Return a time as script_version counts it."""
    return int(moment.timestamp() * 1000)


def http_date(moment: datetime) -> str:
    """Spell a time as the Date header does."""
    return format_datetime(moment, usegmt=True)
