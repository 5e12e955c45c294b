"""Times and dates as text: RFC 3339, ISO 8601, HTTP dates, the compact stamp of a signed request, dates of days.

Every time is written in UTC. The simulator has its own implementation, since it is the witness of this one.

    >>> format_rfc3339(parse_rfc3339("2026-11-23T12:00:00+02:00"))
    '2026-11-23T10:00:00Z'
    >>> parse_rfc3339("2026-11-23 10:00") is None
    True
    >>> parse_date("2026-11-23"), parse_date("soon")
    (datetime.date(2026, 11, 23), None)
"""

import re
from datetime import UTC, date, datetime, timedelta

from reconciler.late_patterns import late_pattern

_RFC3339 = late_pattern(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_DATE_LENGTH = len("2026-11-23")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HTTP_DATE = late_pattern(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ({'|'.join(_MONTHS)}) ([1-9]\d{{3}}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII
)
"""The form that a service sends; older ones are read by the mail package."""


def utc(seconds: float) -> datetime:
    """Return the time at a number of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def format_rfc3339(moment: datetime | float) -> str:
    """Format a time, or seconds since 1970, as the API does: `2026-11-23T10:00:00Z`, whole seconds."""
    return _in_utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_compact(moment: datetime | float) -> str:
    """Format a time as X-Sdk-Date does: `20261123T100000Z`."""
    return _in_utc(moment).strftime("%Y%m%dT%H%M%SZ")


def parse_rfc3339(text: str) -> datetime | None:
    """Parse an RFC 3339 text to a time in UTC; None for any other text.

    `24:00:00` and a leap second become the next instant.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    day, hour, minute, second, fraction, _, sign, off_hour, off_minute = match.groups()
    if int(hour) > 24 or int(minute) > 59 or int(second) > 60 or (hour == "24" and (minute, second) != ("00", "00")):
        return None
    try:
        start = datetime.fromisoformat(day).replace(tzinfo=UTC)
        offset = timedelta(hours=int(off_hour or 0), minutes=int(off_minute or 0))
        since = timedelta(hours=int(hour), minutes=int(minute), seconds=int(second) + float(fraction or 0))
        return start + since + (offset if sign == "-" else -offset)
    except (ValueError, OverflowError):
        return None


def parse_iso8601(text: object) -> datetime | None:
    """Parse any time of ISO 8601; one without a zone is in UTC. None for anything else.

    For times that are displayed or waited for. Whether two values of a field are equal is decided by `parse_rfc3339`.
    """
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def seconds_of(text: object) -> float | None:
    """Return the seconds since 1970 of a time of ISO 8601; None for anything else."""
    moment = parse_iso8601(text)
    return None if moment is None else moment.timestamp()


def parse_http_date(text: str) -> datetime | None:
    """Parse a Date or Retry-After header (RFC 9110 §5.6.7); None for anything but a date."""
    try:
        if found := _HTTP_DATE.fullmatch(text):
            day, month, *rest = found.groups()
            year, hour, minute, second = map(int, rest)
            return datetime(year, _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    from email.utils import parsedate_to_datetime  # for start-up: it loads the mail package

    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_date(text: str) -> date | None:
    """Parse a date without a time: `2026-11-23`; None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def date_of(text: object) -> date:
    """Return the date of a time of the API (`2026-11-23T10:00:00Z`), or of a date. Raises ValueError."""
    return date.fromisoformat(str(text)[:_DATE_LENGTH])


def _in_utc(moment: datetime | float) -> datetime:
    return moment.astimezone(UTC) if isinstance(moment, datetime) else utc(moment)
