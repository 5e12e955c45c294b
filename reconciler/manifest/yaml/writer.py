"""Writes plain data as idiomatic YAML that every parser reads alike.

A text is plain only where YAML 1.1, YAML 1.2 and this package agree on it; text of several lines is a literal block;
ambiguous text is in double quotes. Template syntax is escaped, so that no file becomes a template.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import Json, as_list

_PLAIN = late_pattern(r"[^\W\d_](?:[\w ./+@()，。！？、；：“”‘’（）《》…—·-]*[\w.)。！？”’）》…])?")
WORDS = frozenset(["yes", "no", "on", "off", "y", "n", "true", "false", "null", "none", "nan", "inf"])
_BLOCK = late_pattern(
    "[^\x00-\x08\x0b-\x1f\x7f-\xa0\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3000\ufeff\ufff0-\uffff]*"
)
_ESCAPED = late_pattern(
    "[\x7f-\xa0\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff]|\\{(?=[{%#])"
)
_WIDE = late_pattern("[\ud800-\udfff]")
_TEMPLATE = late_pattern(r"\{[{%#]")
_INDENT = "  "


def lines(value: Json, depth: int = 0) -> Iterator[str]:
    """Yield the lines of a mapping or list in block style; the caller writes the text before them."""
    margin = _INDENT * depth
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _entry(f"{margin}{text(key)}:", item, depth)
    else:
        for item in as_list(value):
            yield from _item(margin, item, depth)


def _entry(head: str, value: Json, depth: int) -> Iterator[str]:
    if isinstance(value, (Mapping, list)) and value:
        yield head
        yield from lines(value, depth + 1)
    elif isinstance(value, str) and _fits_block(value):
        yield from _block(head, value, _INDENT * (depth + 1))
    else:
        yield f"{head} {scalar(value)}"


def _item(margin: str, value: Json, depth: int) -> Iterator[str]:
    if isinstance(value, (Mapping, list)) and value:
        first, *rest = lines(value, depth + 1)
        yield f"{margin}- {first.lstrip(' ')}"
        yield from rest
    elif isinstance(value, str) and _fits_block(value):
        yield from _block(f"{margin}-", value, _INDENT * (depth + 1))
    else:
        yield f"{margin}- {scalar(value)}"


def scalar(value: Json) -> str:
    """Format one value on one line."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list):
        return "[]"
    return json.dumps(value)


def text(value: str) -> str:
    """Format a text on one line: plain where that is safe, else in double quotes."""
    return value if is_plain_word(value) else quoted(value)


def is_plain_word(value: str) -> bool:
    """Tell whether every parser reads a text as itself without quotes, by its characters alone."""
    return bool(_PLAIN.fullmatch(value)) and "  " not in value and value.casefold() not in WORDS


def quoted(value: str) -> str:
    """Format a text in double quotes, on one line."""
    return _ESCAPED.sub(_escape, json.dumps(value, ensure_ascii=False))


def _escape(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}" if ord(found[0]) < 0x100 else f"\\u{ord(found[0]):04x}"


def _fits_block(value: str) -> bool:
    """Tell whether a literal block can represent exactly this text."""
    return (
        "\n" in value.strip("\n")
        and value[0] not in " \t\n"
        and _BLOCK.fullmatch(value) is not None
        and _TEMPLATE.search(value) is None
        and not value.rstrip("\n")[-1].isspace()
    )


def _block(head: str, value: str, margin: str) -> Iterator[str]:
    body = value.rstrip("\n")
    ends = len(value) - len(body)
    yield f"{head} |{'-' if ends == 0 else '' if ends == 1 else '+'}"
    for line in (*body.split("\n"), *[""] * (ends - 1)):
        yield f"{margin}{line}" if line else ""


def document(comments: Iterable[str], value: Mapping[str, Json]) -> str:
    """Return a file's text: comment lines, then the mapping."""
    return "\n".join((*(f"# {line}" for line in comments), *lines(value), ""))
