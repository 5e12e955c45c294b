"""Redacts sensitive fields by path, and makes the digests that identify secrets."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Set
from typing import Protocol

from reconciler.late_patterns import late_pattern
from reconciler.model.change import REDACTED
from reconciler.model.field_tree import FieldNode, map_parts, walk_fields
from reconciler.model.json_types import Json


class FieldTree(FieldNode, Protocol):
    """Part of a field that redaction reads: its name, whether it is sensitive, and the fields inside it."""

    @property
    def name(self) -> str:
        """Its name in the object that has it."""
        ...

    @property
    def sensitive(self) -> bool:
        """Whether its value is redacted."""
        ...


def redact(value: Json) -> Json:
    """Return a redacted sensitive value: null and empty are kept, a list is redacted item by item."""
    if value is None or value in ("", [], {}):
        return value
    return [redact(item) for item in value] if isinstance(value, list) else REDACTED


def redact_fields(field: FieldTree | None, value: Json) -> Json:
    """Return a value with every sensitive field in it redacted, the same object where there is none.

    Fields that are in no table, None here, are kept.
    """
    if field is None or value is None:
        return value
    if field.sensitive:
        return redact(value)
    if isinstance(value, (dict, Mapping)):
        return value if _holding_parts(field).isdisjoint(value) else map_parts(field, value, redact_fields)
    return map_parts(field, value, redact_fields) if holds_sensitive(field) else value


def is_sensitive(field: FieldTree) -> bool:
    """Tell whether the value of a field is a secret, or a list of them."""
    return field.sensitive or (field.item is not None and bool(field.item.sensitive))


def sensitive_names(fields: Iterable[FieldTree]) -> frozenset[str]:
    """Return the names of the sensitive fields among some."""
    return frozenset(field.name for field in fields if field.sensitive)


def follows_sensitive_key(text: str, at: int, names: Set[str]) -> bool:
    """Tell whether the key of a sensitive field is the last before a place of a YAML or JSON text."""
    keys = _KEY.findall(text, max(0, at - _NEAR), at)
    return bool(keys) and keys[-1] in names


_KEY = late_pattern(r"([A-Za-z_]+)[\"']?[ \t]*:")
_NEAR = 400


def redact_from(line: str, column: int) -> str:
    """Return a source line with everything from a column on, counted from 1, redacted."""
    return line[: column - 1] + REDACTED


def redacted_presence(value: Json) -> Json:
    """Return what of a secret takes part in equality: whether there is one, in a list how many."""
    if isinstance(value, list):
        return [REDACTED for part in value if part is not None and part not in ("", [], {})]
    return None if value is None or value in ("", [], {}) else REDACTED


def redaction_shape(value: Json) -> Json:
    """Return a mask of a value's shape, true where it is redacted; False where nothing is."""
    if value is None or isinstance(value, str | int):
        return is_redacted(value)
    if isinstance(value, Mapping):
        marks = {name: mark for name, part in value.items() if (mark := redaction_shape(part)) is not False}
        return marks or False
    if isinstance(value, list):
        listed = [redaction_shape(part) for part in value]
        return listed if any(mark is not False for mark in listed) else False
    return False


def holds_sensitive(field: FieldTree) -> bool:
    """Tell whether a field, or anything inside it, is sensitive."""
    known = _HOLDING.get(id(field))
    if known is None:
        holds = field.sensitive or any(inside.sensitive for inside in walk_fields(field))
        known = _HOLDING[id(field)] = (field, holds)
    return known[1]


def _holding_parts(field: FieldTree) -> frozenset[str]:
    """Return the names of the fields directly inside an object that are sensitive, or hold something that is."""
    known = _HOLDING_PARTS.get(id(field))
    if known is None:
        names = frozenset(name for name, child in field.children.items() if holds_sensitive(child))
        known = _HOLDING_PARTS[id(field)] = (field, names)
    return known[1]


_HOLDING: dict[int, tuple[FieldTree, bool]] = {}
"""Whether a field holds something sensitive, by the identity of the field, which is kept alive."""

_HOLDING_PARTS: dict[int, tuple[FieldTree, frozenset[str]]] = {}
"""Names of the parts of a field that hold something sensitive, by the identity of the field, which is kept alive."""


def is_redacted(value: object) -> bool:
    """Tell whether a value is the redaction mark."""
    return isinstance(value, str) and value == REDACTED


def reads_masked(value: Json) -> bool:
    """Tell whether the service returned a sensitive value as stars; for a list, whether one of its items is."""
    return any(map(reads_masked, value)) if isinstance(value, list) else isinstance(value, str) and "***" in value


def secret_digest(key: bytes, value: str) -> str:
    """Return the digest that is recorded for a secret; it cannot be reversed without the key."""
    return keyed_digest(key, secret_bytes(value))


def keyed_digest(key: bytes, content: bytes) -> str:
    """Return the HMAC-SHA256 of some content, in hex."""
    return hmac.digest(key, content, hashlib.sha256).hex()


def same_digest(one: str, other: str) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def secret_bytes(text: str) -> bytes:
    """Return a secret's bytes; undecodable bytes of the environment are restored."""
    return text.encode("utf-8", "surrogateescape" if is_undecoded(text) else "surrogatepass")


def is_undecoded(text: str) -> bool:
    """Tell whether a text of the environment was not UTF-8: its bytes are lone surrogates."""
    return any("\udc80" <= char <= "\udcff" for char in text)
