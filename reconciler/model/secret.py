"""Masking by value: known secrets never leave, in whatever spelling; masking by path is the differ's."""

import base64
import dataclasses
import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any
from urllib.parse import quote

from reconciler.model.change import MASK

MIN_LENGTH = 8
"""Shorter values are not masked by value: they would eat identifiers and plain words (an SK is 40 long)."""


class Masker:
    """Replaces each known secret in any text with the mask: plain, base64, URL-encoded, hex, JSON-escaped, reversed.

    Values shorter than `MIN_LENGTH` are skipped. It never shows what it hides, not in its repr either.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {text for secret in secrets if len(secret) >= MIN_LENGTH for text in _spellings(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __repr__(self) -> str:
        return "Masker(...)"

    def text(self, text: str) -> str:
        """Return `text` with every known secret masked."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """Return a copy of plain data or of our dataclasses with every text in it masked; keys too."""
        if self._pattern is None:
            return value
        return self._walk(value)

    def _walk(self, value: Any) -> Any:
        if isinstance(value, str) and not isinstance(value, Enum):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self._walk(key): self._walk(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, frozenset)):
            return type(value)(self._walk(item) for item in value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {f.name: self._walk(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
            return dataclasses.replace(value, **fields)
        return value


def _spellings(secret: str) -> set[str]:
    raw = secret.encode()
    encoded = base64.b64encode(raw).decode()
    escaped = secret.replace("\\", "\\\\").replace('"', '\\"')
    forms = {
        secret,
        encoded,
        encoded.rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        quote(secret, safe=""),
        "".join(f"%{byte:02X}" if not chr(byte).isalnum() else chr(byte) for byte in raw),
        raw.hex(),
        raw.hex().upper(),
        escaped,
        secret[::-1],
    }
    return {form for form in forms if len(form) >= MIN_LENGTH}
