"""Size limits of a file (E_YAML_SIZE, E_YAML_DEPTH, E_YAML_LIMIT)."""

import re

from reconciler.late_methods import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlLimits:
    """Limits of one file.

    `size` is in bytes (in characters for rendered text), `scalar` the characters of one text. `nodes` is the most
    events of the parser (a key, a value, the start and the end of a list or mapping), and `documents` the most
    documents: both bound the cost of parsing, 2 µs and 100 bytes an event, 10 µs and 400 bytes a document. `depth` is
    the nesting, aliases followed. `anchors` is the most anchors; `shared` the most values that all aliases together
    expand to; `merges` the nesting of merged mappings.
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
"""Limits of rendered text: the renderer limits its size, these limit the cost of parsing it."""

_KEY = r"""(?:[A-Za-z_][\w./-]*+|"[^"\\\r\n]*+"|'[^'\r\n]*+')"""
_VALUE = r"""(?:[\w./][^\r\n]*+|"[^"\\\r\n]*+"|'[^'\r\n]*+')"""
_KEY_LINE = rf"(?:[ \r\n]++|#[^\r\n]*+(?=[\r\n]))*+(?:- ++)?+{_KEY}:(?: ++{_VALUE})?+ *+[\r\n]"
_WORD = r"[-+.\w]++(?=[ \r\n]*+(?:[,}\]]|:[ \r\n]))"
_TEXT = r""""(?:[^"\\\r\n]|\\[^\r\n])*+"[ \r\n]*+(?::|(?=[,}\]]))"""
_SCALAR_IN_BRACKETS = rf"(?:[ \r\n{{}}\[\],]++|:(?=[ \r\n]))*+(?:{_TEXT}|{_WORD})"


def end_of_surplus(text: str, limits: YamlLimits) -> int | None:
    """Return the offset at which a text certainly exceeds the event limit; None where only a parser can decide.

    It counts lines of one key each, or the scalars of JSON, from the start without a gap, so that no quoted or block
    text is open before any of them. A line is two events and a scalar is one, or there is a syntax error: no valid text
    is refused, and far too large ones cost a tenth of parsing.
    """
    least = limits.nodes // 2 + 1
    found = re.match(rf"(?:{_KEY_LINE}){{{least}}}", text) if len(text) > 4 * least else None
    if found is None and text.lstrip(" \r\n")[:1] in ("{", "["):
        found = re.match(rf"(?:{_SCALAR_IN_BRACKETS}){{{limits.nodes + 1}}}", text)
    return found.end() if found else None
