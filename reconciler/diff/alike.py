"""When two single values mean the same although they are not spelled alike, and by which rule."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta

from reconciler.diff.nodes import Node
from reconciler.model.change import Rule
from reconciler.model.resource import Json

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII)


def equal(left: Json, right: Json) -> bool:
    """Typed equality of two single values: True is not 1, and 1 is not 1.0."""
    return left.__class__ is right.__class__ and bool(left == right)


def tolerance(node: Node, want: Json, have: Json) -> Rule | None:
    """Return the rule by which two unequal single values are alike, or None where they differ."""
    if isinstance(want, str) and isinstance(have, str):
        return _texts(node, want, have)
    if isinstance(want, bool) and isinstance(have, bool):
        return None
    spelled = _spelled(want)
    if spelled is None or isinstance(want, bool) != (isinstance(have, bool) or have in ("true", "false")):
        return None
    return Rule.NUMBER if spelled == _spelled(have) else None


def _texts(node: Node, want: str, have: str) -> Rule | None:
    if node.url and without_query(want) == without_query(have):
        return Rule.URL
    if node.time and instant(want) is not None and instant(want) == instant(have):
        return Rule.TIME
    if node.named and nfc(want) == nfc(have):
        return Rule.TEXT
    return Rule.TEXT if have == tidied(want) else None


def nfc(text: str) -> str:
    """Return a name as names are matched."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def tidied(text: str) -> str:
    """Return a text as the service may keep it: without blanks at its ends, with plain newlines."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def without_query(url: str) -> str:
    """Return an address without what changes at every read."""
    return url.split("?", 1)[0].split("#", 1)[0]


def instant(text: str) -> datetime | None:
    """Return the point in time an RFC 3339 text means; None for anything else, which stays text.

    `24:00:00` and a leap second are the instant after.
    """
    match = _TIME.fullmatch(text)
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


def _spelled(value: Json) -> str | None:
    """Spell a number, a flag or a text that may be one; None for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, (int, float, str)) else None
