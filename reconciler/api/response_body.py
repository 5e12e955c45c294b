"""Decodes the bytes of a response to a JSON object, with all limits enforced before decoding.

A response is untrusted: at most 64 MiB decoded, at most 100 times the bytes received, 64 levels deep, strict UTF-8
whatever its headers say, no repeated keys, no NaN.
"""

import json
import re
import zlib
from typing import Any, NoReturn

from reconciler.errors import ApiError
from reconciler.json_codec import MAX_DEPTH, DepthError, loads_strict
from reconciler.model.json_types import Json

MAX_BYTES = 64 * 2**20
MAX_RATIO = 100
RATIO_FROM = 2**20
"""Decoded size below which the compression ratio is not limited; a short list may compress a hundredfold."""

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class BodyDecoder:
    """Decodes the raw chunks of a body; refuses early what is too large."""

    def __init__(self, encoding: str) -> None:
        self._decoder = _decoder(encoding.strip().lower())
        self._pieces: list[bytes] = []
        self._raw = 0
        self._size = 0

    def feed(self, piece: bytes) -> None:
        """Add one chunk as received."""
        self._raw += len(piece)
        while piece:
            decoded, piece = self._decoded(piece)
            self._size += len(decoded)
            self._check()
            self._pieces.append(decoded)

    def finish(self) -> bytes:
        """Return the whole body. Raises ApiError when its compressed stream ends early or has trailing data."""
        if self._decoder is not None and self._raw and (not self._decoder.eof or self._decoder.unused_data):
            refuse("the compressed body does not end where it should")
        return b"".join(self._pieces)

    def _decoded(self, piece: bytes) -> tuple[bytes, bytes]:
        if self._decoder is None:
            return piece, b""
        try:
            decoded = self._decoder.decompress(piece, 2**20)
        except zlib.error:
            refuse("the compressed body is damaged")
        return decoded, self._decoder.unconsumed_tail

    def _check(self) -> None:
        if self._size > MAX_BYTES:
            refuse(f"the body is larger than {MAX_BYTES} bytes")
        if self._size > RATIO_FROM and self._size > MAX_RATIO * self._raw:
            refuse(f"the body grows more than {MAX_RATIO} times when it is unpacked")


def decode(body: bytes, *, half_characters: bool = False, max_depth: int = MAX_DEPTH) -> dict[str, Json]:
    """Return the JSON object in `body`; raises ApiError (E_READ_SCHEMA) for anything else, and never quotes it.

    A lone surrogate in a text is refused unless `half_characters` says that the caller looks for it.
    """
    try:
        value = loads_strict(body, max_depth=max_depth, surrogates=half_characters)
    except DepthError as error:
        refuse(f"the body is {error}")
    except ValueError as error:
        refuse(f"the body is no JSON ({type(error).__name__})" if body else "the body is empty")
    if not isinstance(value, dict):
        refuse("the body is no JSON object")
    if not half_characters and _names_surrogate(body) and not is_whole_text(value):
        refuse("a text holds half a character (a lone surrogate)")
    return value


def may_hold_half_characters(body: bytes) -> bool:
    """Tell whether a text in a body may hold a lone surrogate, escaped or in its bytes; most bodies have no escape."""
    if _names_surrogate(body):
        return True
    if body.isascii():
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _names_surrogate(body: bytes) -> bool:
    return b"\\" in body and _SURROGATE.search(body) is not None


def is_whole_text(value: Json) -> bool:
    """Return whether no text in a value holds a lone surrogate, which no request can carry."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def refuse(reason: str) -> NoReturn:
    """Raise the error for a response that is not in the service's form."""
    raise ApiError(
        f"the answer was refused: {reason}",
        code="E_READ_SCHEMA",
        hint="this is not what the service is documented to send: look for a proxy or a login page in between",
    )


def _decoder(encoding: str) -> Any:
    if encoding in {"", "identity"}:
        return None
    if encoding not in {"gzip", "deflate"}:
        refuse(f"the content encoding {encoding[:40]!r} was not asked for")
    return zlib.decompressobj(wbits=47)  # gzip or zlib, distinguished by their first bytes
