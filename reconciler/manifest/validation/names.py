"""Checks names: NFC, visible characters, no confusable ones."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from reconciler.kinds.base.field import Field, FieldRole, FieldType
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.base.problem import SpecProblem
from reconciler.late_patterns import late_pattern
from reconciler.lookalikes import LOOKS_LATIN
from reconciler.manifest.yaml import characters
from reconciler.model.json_types import Json
from reconciler.model.source_map import DocumentPath
from reconciler.strings import compatibility_form, normalize_name

_INVISIBLE = late_pattern(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_JOINERS = frozenset("\u200c\u200d")
_EMOJI_STYLE = frozenset("\ufe0e\ufe0f")
_TAG_BASE, _TAG_END = "\U0001f3f4", "\U000e007f"
_TAGS = "".join(map(chr, range(0xE0020, 0xE007F)))
_LONGEST = 4_096
"""Length from which a name is refused without further checks."""
_NEAR = 64
"""Characters around one that are checked: no emoji has more parts."""


def is_ordinary(name: str) -> bool:
    """Tell whether a name surely has neither a problem nor a warning: ASCII, with no blank at its ends."""
    return name.isascii() and name.isprintable() and name == name.strip() != ""


def problem(name: str) -> tuple[str, str] | None:
    """Return code and message of a forbidden character; None for a valid name."""
    if not name.strip():
        return "E_FIELD_LENGTH", "the name is empty"
    if name.isascii() and name.isprintable():
        return None
    for number, character in enumerate(name[:_LONGEST]):
        if character in "\t\n\r\x85\u2028\u2029":
            return "E_TEXT_CONTROL", f"the name holds the control character {characters.spelled(character)}"
        if _INVISIBLE.match(character) and not _joins(name, number):
            return "E_TEXT_INVISIBLE", f"the name holds the invisible character {characters.spelled(character)}"
    return None


def name_warnings(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield code, message and hint of each warning about a name."""
    if name != name.strip():
        yield "W_NAME_SPACE", f"the name {name!r} begins or ends with a blank", "take it out, unless it is meant"
    mixed = _mixed(name)
    if mixed:
        yield "W_NAME_CONFUSABLE", f"the name {name!r} mixes {mixed}, which look alike", "type it again in one script"


def skeleton(name: str) -> str:
    """Return the skeleton of a name, which is equal for names that look alike."""
    if name.isascii():
        return name.lower()
    return compatibility_form(name).casefold().translate(LOOKS_LATIN)


def _joins(name: str, number: int) -> bool:
    """Tell whether an invisible character is part of an emoji or of a script that needs it."""
    character = name[number]
    before, after = name[max(0, number - 1) : number], name[number + 1 : number + 2]
    if character in _EMOJI_STYLE:
        return bool(before) and (_pictorial(before) or before in "0123456789#*")
    if character in _JOINERS:
        bare = name[max(0, number - _NEAR) : number].rstrip("".join(_EMOJI_STYLE))[-1:]
        return (character == "\u200d" and _pictorial(bare) and _pictorial(after)) or (
            _joined(before) and _joined(after)
        )
    if "\U000e0020" <= character <= _TAG_END:
        start = name[max(0, number - _NEAR) : number].rstrip(_TAGS)
        return start.endswith(_TAG_BASE) and _TAG_END in name[number : number + _NEAR]
    return False


def _pictorial(character: str) -> bool:
    return bool(character) and unicodedata.category(character) in ("So", "Sk", "Sm")


def _joined(character: str) -> bool:
    """Tell whether a letter belongs to a script with joiners (Arabic to Sinhala)."""
    return "\u0600" <= character <= "\u0dff"


def _mixed(name: str) -> str:
    """Return the confusable scripts that one word mixes."""
    if name.isascii():
        return ""
    for word in re.findall(r"[^\W\d_]+", name[:_LONGEST]):
        scripts = {_script(letter) for letter in word} - {""}
        if len(scripts) > 1:
            return " and ".join(sorted(scripts))
    return ""


def _script(letter: str) -> str:
    first = unicodedata.name(letter, "").split(" ", 1)[0].capitalize()
    return first if first in ("Latin", "Cyrillic", "Greek", "Armenian", "Cherokee") else ""


def problems(kind: Kind, spec: Mapping[str, Json]) -> Iterator[SpecProblem]:
    """Yield the problems of the names of list items, such as the rules of a group; paths start in the spec."""
    for name, keys in _named_lists(kind).items():
        items = spec.get(name)
        if isinstance(items, list):
            for key in keys:
                yield from _of_items((name,), key, items)


@cache
def _named_lists(kind: Kind) -> Mapping[str, list[str]]:
    """Return the lists of a kind with named items, with the fields that are names."""
    return {field.name: keys for field in kind.top_fields.values() if (keys := _name_keys(field))}


def _name_keys(field: Field) -> list[str]:
    """Return the fields of a list's items that are names."""
    if field.type is not FieldType.LIST or field.item is None or field.list is None:
        return []
    keys = set(field.list.keys) | {
        child.name for child in field.item.children.values() if child.role is FieldRole.IDENTITY
    }
    return sorted(key for key in keys if key.endswith("_name") and key in field.item.children)


def _of_items(base: DocumentPath, key: str, items: Sequence[Json]) -> Iterator[SpecProblem]:
    spelled: dict[str, str] = {}
    for number, item in enumerate(items):
        value = item.get(key) if isinstance(item, dict) else None
        if not isinstance(value, str) or not value or (value.isascii() and value.isprintable()):
            continue
        path = (*base, number, key)
        found = problem(value)
        if found:
            yield SpecProblem(path, *found)
        if spelled.setdefault(normalize_name(value), value) != value:
            message = f"the name {value!r} is another one of this list, in another Unicode spelling"
            yield SpecProblem(path, "E_NAME_DUPLICATE", message, "rename one, or spell both alike")
