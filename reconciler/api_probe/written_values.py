"""Votes by what the service made of the values of a body: texts, sets, numbers, times, defaults, secrets."""

from collections import Counter
from collections.abc import Iterator, Mapping

from reconciler.api_probe.observations import Observations
from reconciler.api_probe.paired_fields import ABSENT, PairedField, paired_fields, texts_of
from reconciler.kinds.base.field import Field, FieldType
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.base.probe_bodies import MARKED_ITEMS, MARKED_TEXT
from reconciler.model.json_types import Json

_WORDS = MARKED_TEXT.split()


def vote_texts(sent: Mapping[str, Json], read: Mapping[str, Json], seen: Observations) -> None:
    """Vote by what became of the marked text, and of the order of the marked items."""
    if MARKED_TEXT in texts_of(sent):
        for text in texts_of(read):
            if text.split() == _WORDS:
                _vote_text(text, seen)
    items = [text for text in texts_of(read) if text in MARKED_ITEMS]
    if MARKED_ITEMS[0] in texts_of(sent) and sorted(items) == sorted(MARKED_ITEMS):
        seen.vote("sets", "kept" if tuple(items) == MARKED_ITEMS else "reordered")


def _vote_text(text: str, seen: Observations) -> None:
    before, after = MARKED_TEXT[: -len(MARKED_TEXT.lstrip())], MARKED_TEXT[len(MARKED_TEXT.rstrip()) :]
    if text == text.strip():
        seen.vote("whitespace", "trimmed")
    elif text.startswith(before) and text.endswith(after):
        seen.vote("whitespace", "kept")
    inner = text.strip()
    if inner == MARKED_TEXT.strip():
        seen.vote("newlines", "kept")
    elif inner == MARKED_TEXT.strip().replace("\r\n", "\n"):
        seen.vote("newlines", "lf")


def vote_values(kind: Kind, sent: Mapping[str, Json], read: Mapping[str, Json], seen: Observations) -> None:
    """Vote by each field of a body and its response."""
    pairs = list(paired_fields(kind.root, dict(sent), dict(read)))
    for one in pairs:
        _vote_number(one, seen)
        _vote_overridable(one, seen)
        _vote_secret(one, seen)
    for name in ("create_time", "update_time"):
        _vote_time(read.get(name), seen)


def _vote_number(one: PairedField, seen: Observations) -> None:
    if one.field.type is not FieldType.INTEGER or type(one.sent) is not int:
        return
    if type(one.read) is int:
        seen.vote("numbers", "kept")
    elif one.read == str(one.sent):
        seen.vote("numbers", "text")


def _vote_overridable(one: PairedField, seen: Observations) -> None:
    """Vote by a flag that the service may override, sent with a value that is not what an absent one means."""
    if one.field.server_may_override and one.field.type is FieldType.BOOLEAN and one.sent is True:
        seen.vote("overridable", "kept" if one.read is True else "ignored")


def _vote_secret(one: PairedField, seen: Observations) -> None:
    if not one.field.sensitive or one.sent is ABSENT:
        return
    for text, other in zip(texts_of(one.sent), texts_of(one.read), strict=False):
        if other == text:
            seen.vote("secrets", "clear", written=1)
        elif not other or not other.strip("*"):
            seen.vote("secrets", "stars" if other else "empty", written=1)


def _vote_time(text: Json, seen: Observations) -> None:
    """Vote by the spelling of a time that the service assigned."""
    if not isinstance(text, str) or len(text) < 20:
        return
    if text.endswith("Z") and len(text) in (20, 24):
        seen.vote("times", "kept" if len(text) == 20 else "millis")
    elif text == text.lower() and text.endswith("z"):
        seen.vote("times", "lower")
    elif text[-6] in "+-":
        seen.vote("times", "offset")


def vote_defaults(kind: Kind, sent: Mapping[str, Json], read: Mapping[str, Json], seen: Observations) -> None:
    """Vote by the documented defaults of a new object, of fields that its body left out.

    Where a kind has objects that hold nothing but defaults, one that was not sent and is read means `everywhere`.
    """
    states = Counter(_default_states(kind.root, dict(sent), dict(read)))
    whole = [name for name, child in kind.top_fields.items() if _is_all_default(child) and name not in sent]
    seen.count("defaults", spelled_out=states[True], absent=states[False])
    if states[False] and not states[True]:
        seen.vote("defaults", "absent")
    elif states[True] and not states[False] and whole:
        everywhere = any(isinstance(read.get(name), dict) for name in whole)
        seen.vote("defaults", "everywhere" if everywhere else "filled")


def _default_states(table: Field, sent: Json, read: Json) -> Iterator[bool]:
    """Yield for each defaulted field that was not sent whether it is read, where both sides have its parent."""
    if isinstance(sent, dict) and isinstance(read, dict):
        yield from (name in read for name, child in table.children.items() if child.defaulted and name not in sent)
        for one in paired_fields(table, sent, read):
            yield from (
                name in one.read
                for name, child in one.field.children.items()
                if isinstance(one.sent, dict)
                and isinstance(one.read, dict)
                and child.defaulted
                and name not in one.sent
            )


def _is_all_default(table: Field) -> bool:
    """Tell whether a service could make this object from documented defaults alone."""
    children = table.children.values()
    return table.writable and any(one.defaulted for one in children) and not any(one.required for one in children)
