"""Equality: a normal form for every field, and one directed rule.

Two values of a field are equivalent when their normal forms are identical. Text is exact. Numbers, flags, times, names
and addresses have one spelling; empty and default values are left out of an object; the items of a set, and of a list
whose items have keys, are sorted. Equivalence is therefore symmetric and transitive, and equal normal forms have equal
fingerprints (`semantics.fingerprint`).

`suppression_reason` is directed: a service may store a declared text without its surrounding blanks or with plain line
ends, so that a declared and a live text may count as equal although they are not equivalent.

    >>> from reconciler.kinds.registry import kind_named
    >>> from reconciler.semantics.compiled_field import compiled
    >>> room = compiled(kind_named("SmartLiveRoom")).children
    >>> frame_rate, description = room["video_config"].children["frame_rate"], room["room_description"]
    >>> equivalent(frame_rate, "25", 25), equivalent(frame_rate, "25", "30")
    (True, False)
    >>> equivalent(description, "Every evening.\\n", "Every evening.")
    False
    >>> suppression_reason(description, "Every evening.\\n", "Every evening.")
    <SuppressionReason.TEXT: 'text normalised by the service'>
    >>> suppression_reason(description, "Every evening.", "Every evening.\\n") is None
    True
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from reconciler.json_codec import canonical_json
from reconciler.kinds.base.field import FieldType, ListType
from reconciler.late_patterns import late_pattern
from reconciler.model.change import NoValue, SuppressionReason
from reconciler.model.json_types import Json
from reconciler.redaction import redacted_presence
from reconciler.semantics.compiled_field import CompiledField
from reconciler.semantics.list_keys import has_keys
from reconciler.strings import compatibility_form, normalize_name
from reconciler.timestamps import parse_rfc3339

_EMPTY: tuple[Json, ...] = (None, "", [], {})


def is_empty(value: Json) -> bool:
    """Return whether a value is null, an empty text, an empty list or an empty object; 0 and false are not empty."""
    return value in _EMPTY


_NUMBER = late_pattern(r"-?(0|[1-9]\d{0,39})(\.\d{1,40})?", re.ASCII)


def identical(first: object, second: object) -> bool:
    """Return whether two values are the same JSON: true is not 1, and 1 is not 1.0."""
    return first == second and _same_classes(first, second)


_SIMPLE = frozenset({int, bool, type(None)})
"""Classes whose equal values are the same JSON where they have one class."""


def _same_classes(first: object, second: object) -> bool:
    """Tell whether two equal values have the same classes at every place.

    Only numbers of different classes are equal. A text equals texts alone, so that texts are passed over.
    """
    if first.__class__ is dict and second.__class__ is dict:
        return _same_in_objects(first, second)
    if isinstance(first, list) and isinstance(second, list):
        return all(one.__class__ is str or _same_classes(one, other) for one, other in zip(first, second, strict=True))
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return canonical_json(first) == canonical_json(second)
    return first.__class__ is second.__class__ and (first.__class__ is not float or repr(first) == repr(second))


def _same_in_objects(first: Mapping[str, object], second: Mapping[str, object]) -> bool:
    for name, one in first.items():
        simple = one.__class__
        if simple is str:
            continue
        other = second[name]
        if simple in _SIMPLE:
            if other.__class__ is not simple:
                return False
        elif not _same_classes(one, other):
            return False
    return True


def equivalent(field: CompiledField, first: Json, second: Json) -> bool:
    """Return whether two values of a field are equivalent; None is a field that is absent or null."""
    return identical(_stated(field, first), _stated(field, second))


def equivalent_items(item: CompiledField, first: Json, second: Json) -> bool:
    """Return whether two items of a list are equivalent; a null or empty item is an item of its own."""
    return identical(_value(item, first), _value(item, second))


def equality_key(item: CompiledField, value: Json | NoValue) -> Hashable:
    """Return the key that only equivalent items of a list share."""
    return _key(_value(item, value))


def _key(value: Json) -> Hashable:
    """Return a key that only identical values share: texts and null as they are, all else with its class."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return frozenset((name, _key(part)) for name, part in value.items())
    if isinstance(value, Sequence):
        return tuple(map(_key, value))
    return value.__class__, repr(value)


def normalize(field: CompiledField, value: Json) -> Json:
    """Return the normal form of a value; None where the value is equivalent to an absent field."""
    return _stated(field, value)


def normalize_item(item: CompiledField, value: Json | NoValue) -> Json:
    """Return the normal form of an item of a list, which keeps null and empty values."""
    return _value(item, value)


def _stated(field: CompiledField, value: Json) -> Json:
    """Return the normal form of a field's value, None where an absent field is equivalent."""
    part = _value(field, value)
    if field.sensitive or not field.documented:
        return None if is_empty(part) else part
    return None if part is None or identical(part, _normal_default(field)) else part


@lru_cache(maxsize=1024)
def _normal_default(field: CompiledField) -> Json:
    return _value(field, field.default)


def _value(field: CompiledField, value: Json | NoValue) -> Json:
    """Return the normal form of a present value: an item of a list keeps its null."""
    if isinstance(value, NoValue):
        return value.value
    if field.sensitive:
        return redacted_presence(value)
    if value is None or isinstance(value, (str, int, float)):
        return _single(field, value)
    if field.type is FieldType.OBJECT and isinstance(value, Mapping):
        found = ((name, _stated(child, value.get(name))) for name, child in field.children.items())
        return {name: part for name, part in found if part is not None}
    if field.type is FieldType.LIST and isinstance(value, list) and field.item is not None:
        return _list(field, [_value(field.each, part) for part in value], value)
    return _unexpected(value)


def _list(field: CompiledField, parts: list[Json], items: list[Json]) -> Json:
    if field.mode is ListType.SET or (field.mode is ListType.MAP and has_keys(field, items)):
        return sorted(parts, key=canonical_json)
    return parts


def _unexpected(value: Json) -> Json:
    """Return the normal form of an object or list in a field of another type: the value itself."""
    if isinstance(value, Mapping):
        return {name: _unexpected(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_unexpected(part) for part in value]
    return _whole(value)


def _whole(value: Json) -> Json:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _single(field: CompiledField, value: Json) -> Json:
    if isinstance(value, str):
        return _text(field, value)
    if field.type is FieldType.TEXT and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(_whole(value))
    return _whole(value)


def _text(field: CompiledField, text: str) -> Json:
    if field.type is FieldType.BOOLEAN:
        return {"true": True, "false": False}.get(text, text)
    if field.type in (FieldType.INTEGER, FieldType.NUMBER):
        return _number(text)
    if field.url:
        return without_query(text)
    if field.time:
        moment = parse_rfc3339(text)
        return moment.isoformat() if moment else text
    return normalize_name(text) if field.named else text


def _number(text: str) -> Json:
    """Return the number in a decimal text; any other text is returned unchanged."""
    if not _NUMBER.fullmatch(text):
        return text
    exact = Decimal(text)
    return int(exact) if exact == exact.to_integral_value() else float(text)


def suppression_reason(field: CompiledField, declared: Json, live: Json) -> SuppressionReason | None:
    """Return why two unequal scalars, declared and live, count as equal (number format, time zone, URL query …).

    Returns None where they differ. The rule for text is directed: surrounding blanks, final line breaks and CRLF of the
    declared text may be missing in the live one, never the reverse.
    """
    if equivalent(field, declared, live):
        return _spelling(field, declared, live)
    if live is None and not field.documented:
        live = ""
    tidied = field.plain and isinstance(declared, str) and isinstance(live, str) and is_tidied(declared, live)
    return SuppressionReason.TEXT if tidied else None


def _spelling(field: CompiledField, declared: Json, live: Json) -> SuppressionReason:
    if is_empty(declared) or is_empty(live):
        return SuppressionReason.DEFAULT
    if isinstance(declared, str) and isinstance(live, str) and field.type is FieldType.TEXT:
        return SuppressionReason.URL if field.url else SuppressionReason.TIME if field.time else SuppressionReason.TEXT
    return SuppressionReason.NUMBER


def is_tidied(declared: str, live: str) -> bool:
    """Return whether a live text is the declared one with fewer surrounding blanks, or with plain line ends."""
    return any(_is_core(text, live) for text in (declared, _plain_lines(declared)))


def _is_core(text: str, live: str) -> bool:
    core = text.strip()
    if not core:
        return not live
    start = text.index(core)
    at = live.find(core)
    if at < 0:
        return False
    before, after = live[:at], live[at + len(core) :]
    return text[:start].endswith(before) and text[start + len(core) :].startswith(after)


def _plain_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def fold_name(text: str) -> str:
    """Return the folded form of a name, which ignores compatibility forms, letter case and blanks."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(compatibility_form(compatibility_form(text).casefold()).split())


def spellings(name: str) -> tuple[str, ...]:
    """Return the plain spellings that a service with name folding may store, without the name itself."""
    compatible = " ".join(compatibility_form(name).split())
    return tuple(dict.fromkeys(one for one in (compatible, fold_name(name)) if one not in ("", normalize_name(name))))


def without_query(url: str) -> str:
    """Return an address without its query and fragment, which may hold a signature that changes at every read."""
    return url.split("?", 1)[0].split("#", 1)[0]
