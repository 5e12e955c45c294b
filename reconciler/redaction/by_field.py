"""What the field tables call sensitive, redacted by its place, and the digests by which secrets are told apart."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Protocol

from reconciler.model.change import MASK
from reconciler.model.resource import Json


class FieldTree(Protocol):
    """What redaction reads of a field: whether it is sensitive, its fields by name, its item."""

    @property
    def sensitive(self) -> bool:
        """Whether its value must not be shown."""
        ...

    @property
    def children(self) -> "Mapping[str, Any]":
        """The fields of an object."""
        ...

    @property
    def item(self) -> "Any | None":
        """The item of a list."""
        ...


def redact(value: Json) -> Json:
    """Return what may be shown of a sensitive value: null and empty stay, a list is redacted item by item."""
    if value is None or value in ("", [], {}):
        return value
    return [redact(item) for item in value] if isinstance(value, list) else MASK


def redact_fields(field: FieldTree | None, value: Json) -> Json:
    """Return a copy of a value with every sensitive field in it redacted; fields no table knows stay."""
    if field is None:
        return value
    if field.sensitive:
        return redact(value)
    if isinstance(value, Mapping):
        return {name: redact_fields(field.children.get(name), part) for name, part in value.items()}
    if isinstance(value, list) and field.item is not None:
        return [redact_fields(field.item, part) for part in value]
    return value


def is_redacted(value: Json) -> bool:
    """Tell whether a value is our redaction mark."""
    return isinstance(value, str) and value == MASK


def secret_digest(key: bytes, value: str) -> str:
    """Return the digest by which a secret is remembered: of no use without the key."""
    return hmac.new(key, secret_bytes(value), hashlib.sha256).hexdigest()


def same_digest(one: str, other: str) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def secret_bytes(text: str) -> bytes:
    """Return a secret's bytes; what came from the environment undecoded gives its own bytes back."""
    return text.encode("utf-8", "surrogateescape" if is_undecoded(text) else "surrogatepass")


def is_undecoded(text: str) -> bool:
    """Tell whether a text of the environment was no UTF-8: its bytes stand in it as lone surrogates."""
    return any("\udc80" <= char <= "\udcff" for char in text)
