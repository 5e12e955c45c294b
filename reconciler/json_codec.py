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
_PLAIN = bytes(set(range(256)) - set(b'[]{}:"'))
_ALIKE = bytes.maketrans(b"{}", b"[]")


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
    marks = _marks(raw)
    if _is_deeper(marks, max_depth):
        raise DepthError(f"nested more than {max_depth} deep")
    text = data.decode("utf-8", "surrogatepass" if surrogates else "strict") if isinstance(data, bytes) else data
    try:
        value, keys = _decoded(text)
    except ValueError:
        return _decoded_by_pairs(text)
    return value if keys == marks.count(b":") else _decoded_by_pairs(text)


def loads_object(data: bytes | str, *, max_depth: int = MAX_DEPTH) -> dict[str, Json]:
    """Decode a JSON object as `loads_strict` does. Raises ValueError for any other value too."""
    value = loads_strict(data, max_depth=max_depth)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the text is wrong, not the argument
    return value


def _marks(raw: bytes) -> bytes:
    """Return the brackets and colons of JSON outside its strings: each key is followed by a colon, and nothing else is.

    Of a text that is cut inside a string, or is no JSON, these are the ones before it.
    """
    plain = _ESCAPE.sub(b"", raw) if b"\\" in raw else raw
    left = plain.translate(None, _PLAIN).replace(b'""', b"")  # nearly every string holds none of them
    return b"".join(left.split(b'"')[::2])


def _is_deeper(marks: bytes, most: int) -> bool:
    """Tell whether brackets nest deeper than `most`: removes the innermost ones once a level, which is fast.

    A text that is cut or no JSON leaves brackets without a partner: the decoder refuses it, unless they are too many.
    """
    brackets = marks.translate(_ALIKE, b":")
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
