"""What the field tables call sensitive, redacted by its place, and the digests by which secrets are told apart."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Protocol

from reconciler.model.change import REDACTED
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
    return [redact(item) for item in value] if isinstance(value, list) else REDACTED


def redact_fields(field: FieldTree, value: Json) -> Json:
    """Return a value with every sensitive field in it redacted, the same object where there is none.

    Fields that no table knows stay as they are.
    """
    held = _holding(field)
    if held is None or value is None:
        return value
    if field.sensitive:
        return redact(value)
    if isinstance(value, Mapping):
        names = held & value.keys()
        return {**value, **{name: redact_fields(field.children[name], value[name]) for name in names}}
    if isinstance(value, list) and field.item is not None:
        return [redact_fields(field.item, part) for part in value]
    return value


def holds_sensitive(field: FieldTree) -> bool:
    """Tell whether a field, or anything inside it, is sensitive."""
    return _holding(field) is not None


_HOLDING: dict[int, tuple[FieldTree, frozenset[str] | None]] = {}
"""By the identity of a field, which is kept alive: what of it is sensitive."""


def _holding(field: FieldTree) -> frozenset[str] | None:
    """Return the children that are sensitive or hold something that is; None where nothing is."""
    known = _HOLDING.get(id(field))
    if known is None:
        names = frozenset(name for name, child in field.children.items() if _holding(child) is not None)
        inside = field.sensitive or bool(names) or (field.item is not None and _holding(field.item) is not None)
        known = _HOLDING[id(field)] = (field, names if inside else None)
    return known[1]


def is_redacted(value: Json) -> bool:
    """Tell whether a value is our redaction mark."""
    return isinstance(value, str) and value == REDACTED


def reads_masked(value: Json) -> bool:
    """Tell whether the service answered a sensitive value as stars; a list where one of its items is."""
    return any(map(reads_masked, value)) if isinstance(value, list) else isinstance(value, str) and "***" in value


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
