"""Recordings that can be kept in Git: who said it is replaced or left out, what rules look at is kept.

A viewer's id becomes a digest under a key of the run, so that the viewers of one recording stay apart and no two
recordings can be joined. Names, badges and every key that is not documented are left out, and so is content that is no
JSON object. Texts stay, as rules are about them; a viewer's name after `@` in one becomes `@viewer`.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from reconciler.interaction_rules.event import LiveEvent
from reconciler.model.json_types import Json
from reconciler.redaction import keyed_digest

_USER = ("level", "badgeLevel")
_GIFT = ("giftName", "giftNum", "totalValue", "giftValue")
_PLACEHOLDER = "viewer"


def anonymised(events: Sequence[LiveEvent], key: bytes) -> tuple[str, dict[str, int]]:
    """Return the recording as JSONL, one report a line, and how many values of each key were left out."""
    left_out: Counter[str] = Counter()
    names = _names(events)
    lines = []
    for _, batch in groupby(events, key=lambda event: event.batch):
        rows = [_row(event, key, names, left_out) for event in batch]
        whole = rows[0] if len(rows) == 1 else {"total": len(rows), "events": rows}
        lines.append(json.dumps(whole, ensure_ascii=False))
    return "\n".join(lines) + "\n", dict(sorted(left_out.items()))


def viewer_digest(viewer: str, key: bytes) -> str:
    """Return what stands for a viewer's id: the same for the same viewer under one key."""
    return f"viewer-{keyed_digest(key, viewer.encode('utf-8', 'surrogatepass'))[:16]}"


def _names(events: Iterable[LiveEvent]) -> dict[int, frozenset[str]]:
    """Return the names of viewers by their length, the longest first."""
    found = {name for event in events if isinstance(name := _user(event).get("name"), str) and name}
    lengths = sorted({len(name) for name in found}, reverse=True)
    return {length: frozenset(name for name in found if len(name) == length) for length in lengths}


def _user(event: LiveEvent) -> Mapping[str, Json]:
    user = event.content.get("user")
    return user if isinstance(user, Mapping) else {}


def _row(event: LiveEvent, key: bytes, names: Mapping[int, frozenset[str]], left_out: Counter[str]) -> dict[str, Json]:
    if event.undecoded:
        left_out["content that is not JSON"] += 1
        return {"timestamp": event.timestamp, "type": event.type, "content": "not JSON"}
    content: dict[str, Json] = {}
    for name, value in event.content.items():
        match name, value:
            case "user", Mapping():
                content["user"] = _kept(value, _USER, left_out)
                if event.viewer:
                    content["user"] = {"userId": viewer_digest(event.viewer, key), **_kept(value, _USER, Counter())}
            case "gift", Mapping():
                content["gift"] = _kept(value, _GIFT, left_out)
            case "content", str():
                content["content"] = _unaddressed(value, names)
            case "numberOfViewers", int() | float():
                content[name] = value
            case _:
                left_out[name] += 1
    encoded = json.dumps(content, ensure_ascii=False)
    return {"timestamp": event.timestamp, "type": event.type, "content": encoded}


def _kept(value: Mapping[str, Json], keys: tuple[str, ...], left_out: Counter[str]) -> dict[str, Json]:
    left_out.update(name for name in value if name not in keys and name != "userId")
    return {name: value[name] for name in keys if name in value and not isinstance(value[name], Mapping | list)}


def _unaddressed(text: str, names: Mapping[int, frozenset[str]]) -> str:
    return "".join(_parts(text, names)) if "@" in text else text


def _parts(text: str, names: Mapping[int, frozenset[str]]) -> Iterator[str]:
    first, *rest = text.split("@")
    yield first
    for part in rest:
        yield "@"
        length = next((length for length, known in names.items() if part[:length] in known), 0)
        yield _PLACEHOLDER + part[length:] if length else part
