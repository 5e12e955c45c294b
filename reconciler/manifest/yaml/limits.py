"""How large a file may be, in every direction, before it is refused (E_YAML_SIZE, E_YAML_DEPTH, E_YAML_LIMIT)."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlLimits:
    """Caps on one file.

    `size` is in bytes (in characters for rendered text), `scalar` the characters of one text. `nodes` is how many
    events the parser may meet (a key, a value, the beginning and the end of a list or mapping), and `documents` how
    many there may be: both bound what reading costs, 2 µs and 100 bytes an event, 10 µs and 400 bytes a document.
    `depth` is the levels inside each other, aliases followed. `anchors` may be named; `shared` is how many values all
    aliases together may stand for; `merges` how often a merged mapping may itself be merged, and again.
    """

    size: int = 8 << 20
    scalar: int = 1 << 20
    nodes: int = 200_000
    documents: int = 20_000
    depth: int = 64
    anchors: int = 1_000
    shared: int = 100_000
    merges: int = 8


LIMITS = YamlLimits()

RENDERED = YamlLimits(size=64 << 20)
"""For text that templates made: its size was bounded where it was made; what it costs to read is bounded here."""

_KEY = r"""(?:[A-Za-z_][\w./-]*+|"[^"\\\r\n]*+"|'[^'\r\n]*+')"""
_VALUE = r"""(?:[\w./][^\r\n]*+|"[^"\\\r\n]*+"|'[^'\r\n]*+')"""
_KEY_LINE = rf"(?:[ \r\n]++|#[^\r\n]*+(?=[\r\n]))*+(?:- ++)?+{_KEY}:(?: ++{_VALUE})?+ *+[\r\n]"
_WORD = r"[-+.\w]++(?=[ \r\n]*+(?:[,}\]]|:[ \r\n]))"
_TEXT = r""""(?:[^"\\\r\n]|\\[^\r\n])*+"[ \r\n]*+(?::|(?=[,}\]]))"""
_SCALAR_IN_BRACKETS = rf"(?:[ \r\n{{}}\[\],]++|:(?=[ \r\n]))*+(?:{_TEXT}|{_WORD})"


def end_of_surplus(text: str, limits: YamlLimits) -> int | None:
    """Return where a text surely holds more events than it may; None where only a parser can say it.

    Read are lines of one key each, or the scalars of JSON, from the beginning on and without a gap, so that no quoted
    or block text is open before any of them. A line is two events and a scalar is one, or there is a syntax error:
    nothing that a parser takes is refused, and what is far too much costs a tenth of parsing it.
    """
    least = limits.nodes // 2 + 1
    found = re.match(rf"(?:{_KEY_LINE}){{{least}}}", text) if len(text) > 4 * least else None
    if found is None and text.lstrip(" \r\n")[:1] in ("{", "["):
        found = re.match(rf"(?:{_SCALAR_IN_BRACKETS}){{{limits.nodes + 1}}}", text)
    return found.end() if found else None
