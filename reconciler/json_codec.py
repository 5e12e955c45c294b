"""JSON at every boundary: strict decoding, one canonical text, digests.

>>> canonical_json({"b": [1, 1.5], "a": None})
b'{"a":null,"b":[1,1.5]}'
>>> loads_strict('{"a": 1, "a": 2}')
Traceback (most recent call last):
ValueError: a key is repeated
"""

import hashlib
import json
import math
import re
from typing import NoReturn

from reconciler.model.json_types import Json

MAX_DEPTH = 64
"""Levels of arrays and objects inside each other, unless a caller allows more."""

_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"')
_PLAIN = bytes(set(range(256)) - set(b'[]{}"'))
_ALIKE = bytes.maketrans(b"{}", b"[]")
_BLANKS = b" \t\r\n"


class DepthError(ValueError):
    """JSON text that is nested too deep."""


def canonical_json(value: Json) -> bytes:
    """Return the canonical JSON of a value: true, 1, 1.0 and "1" differ, the order of keys is ignored."""
    return _CANONICAL(value).encode()


def digest(value: Json) -> str:
    """Return the SHA-256 digest of a value's canonical JSON, in hex."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def ledger_digest(value: Json) -> str:
    """Return the digest that ledgers store: of the JSON with sorted keys and blanks after `,` and `:`.

    Rows of every version carry it, so its bytes never change; everything else takes `digest`.
    """
    return hashlib.sha256(sorted_json(value, escaped=True).encode()).hexdigest()


def sorted_json(value: Json, *, escaped: bool = False, indent: int | None = None) -> str:
    """Return JSON for people and programs, with sorted keys; `escaped` writes it in ASCII alone."""
    return json.dumps(value, ensure_ascii=escaped, sort_keys=True, indent=indent)


def loads_strict(data: bytes | str, *, max_depth: int = MAX_DEPTH, surrogates: bool = False) -> Json:
    """Decode JSON. Raises ValueError for repeated keys, NaN, infinite or too long numbers, and anything but UTF-8.

    Raises DepthError for more than `max_depth` levels, before anything is decoded. With `surrogates`, bytes that encode
    half a character are decoded too.
    """
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    plain = _ESCAPE.sub(b"", raw) if b"\\" in raw else raw
    if _is_deeper(plain, max_depth):
        raise DepthError(f"nested more than {max_depth} deep")
    text = data.decode("utf-8", "surrogatepass" if surrogates else "strict") if isinstance(data, bytes) else data
    try:
        value, keys = _decoded(text)
    except ValueError:
        return _decoded_by_pairs(text)
    return value if keys == _most_keys(plain) else _decoded_by_pairs(text)


def loads_object(data: bytes | str, *, max_depth: int = MAX_DEPTH) -> dict[str, Json]:
    """Decode a JSON object as `loads_strict` does. Raises ValueError for any other value too."""
    value = loads_strict(data, max_depth=max_depth)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the text is wrong, not the argument
    return value


def _is_deeper(text: bytes, most: int) -> bool:
    """Tell whether brackets nest deeper than `most`: removes the innermost ones once a level, which is fast.

    The text is without its escapes. One that is cut or no JSON leaves brackets without a partner: the decoder refuses
    it, unless they are too many.
    """
    left = text.translate(None, _PLAIN).replace(b'""', b"")  # nearly every string holds no bracket
    brackets = _STRING.sub(b"", left).partition(b'"')[0].translate(_ALIKE)
    for _ in range(most):
        peeled = brackets.replace(b"[]", b"")
        if len(peeled) == len(brackets):
            break
        brackets = peeled
    return b"[]" in brackets or brackets.count(b"[") > most


def _decoded(text: str) -> tuple[Json, int]:
    """Decode JSON, of a repeated key the last; return the number of keys in all objects too."""
    objects: list[dict[str, Json]] = []

    def count(found: dict[str, Json]) -> dict[str, Json]:
        objects.append(found)
        return found

    value: Json = json.loads(text, object_hook=count, parse_constant=_refuse_constant, parse_float=_finite)
    return value, sum(map(len, objects))


def _most_keys(text: bytes) -> int:
    """Return a number that JSON has no more keys than, of its text without escapes: of the colons that follow a quote.

    Each key is followed by a colon, with nothing but blanks between; a text that begins with a colon is such a place
    too. Where as many keys are in the decoded objects, none of them is repeated.
    """
    return text.translate(None, _BLANKS).count(b'":')


def _decoded_by_pairs(text: str) -> Json:
    """Decode JSON with a look at the keys of each object, which takes twice as long."""
    value: Json = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite)
    return value


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


_CANONICAL = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode
