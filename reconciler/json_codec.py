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
from sys import intern
from typing import NoReturn

from reconciler.model.json_types import Json

MAX_DEPTH = 64
"""Levels of arrays and objects inside each other, unless a caller allows more."""

_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"')
_PLAIN = bytes(set(range(256)) - set(b'[]{}"'))
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
    if _is_deeper(raw, max_depth):
        raise DepthError(f"nested more than {max_depth} deep")
    text = data.decode("utf-8", "surrogatepass" if surrogates else "strict") if isinstance(data, bytes) else data
    value: Json = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite)
    return value


def loads_object(data: bytes | str, *, max_depth: int = MAX_DEPTH) -> dict[str, Json]:
    """Decode a JSON object as `loads_strict` does. Raises ValueError for any other value too."""
    value = loads_strict(data, max_depth=max_depth)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the text is wrong, not the argument
    return value


def _is_deeper(body: bytes, most: int) -> bool:
    """Tell whether brackets nest deeper than `most`: removes the innermost ones once a level, which is fast.

    Text that is cut or no JSON leaves brackets without a partner: the decoder refuses it, unless they are too many.
    """
    text = _ESCAPE.sub(b"", body) if b"\\" in body else body
    left = text.translate(None, _PLAIN).replace(b'""', b"")  # nearly every string holds no bracket
    brackets = _STRING.sub(b"", left).partition(b'"')[0].translate(_ALIKE)
    for _ in range(most):
        peeled = brackets.replace(b"[]", b"")
        if len(peeled) == len(brackets):
            break
        brackets = peeled
    return b"[]" in brackets or brackets.count(b"[") > most


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object whose texts are shared with all equal ones: thousands of objects repeat a few hundred."""
    found = {name: intern(value) if value.__class__ is str else value for name, value in pairs}
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
