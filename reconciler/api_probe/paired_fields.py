"""Pairs the fields of two values of one kind, such as a body that was sent and the object that was read."""

from collections.abc import Iterator, Mapping
from enum import Enum

from reconciler.kinds.base.field import Field
from reconciler.late_methods import dataclass
from reconciler.model.field_path import iter_leaves
from reconciler.model.json_types import Json


class Absence(Enum):
    """Marker of a field that one side lacks."""

    ABSENT = "absent"


ABSENT = Absence.ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedField:
    """One field of the table with its value on both sides; ABSENT on a side without it."""

    field: Field
    sent: Json | Absence
    read: Json | Absence


def paired_fields(table: Field, sent: Json, read: Json) -> Iterator[PairedField]:
    """Yield every field below `table` that one side has, where both sides have its parent.

    Items of a list pair by key; of a list without keys they do only where both have one item.
    """
    if not isinstance(sent, dict) or not isinstance(read, dict):
        return
    for name, child in table.children.items():
        before, after = sent.get(name, ABSENT), read.get(name, ABSENT)
        if before is ABSENT and after is ABSENT:
            continue
        yield PairedField(field=child, sent=before, read=after)
        yield from paired_fields(child, before, after)
        if child.item is not None:
            for one, other in _items(child, before, after):
                yield PairedField(field=child.item, sent=one, read=other)
                yield from paired_fields(child.item, one, other)


def fields_of(table: Field, value: Json) -> Iterator[PairedField]:
    """Yield every field of one value, list items included."""
    return paired_fields(table, value, value)


def _items(table: Field, sent: Json, read: Json) -> Iterator[tuple[Json, Json]]:
    if not isinstance(sent, list) or not isinstance(read, list):
        return iter(())
    if sent is read:
        return zip(sent, read, strict=True)
    keys = table.list.keys if table.list else ()
    if not keys:
        return iter([(sent[0], read[0])] if len(sent) == len(read) == 1 else [])
    others = {_key(item, keys): item for item in read if isinstance(item, dict)}
    pairs = ((item, others.get(_key(item, keys), ABSENT)) for item in sent if isinstance(item, dict))
    return ((one, other) for one, other in pairs if other is not ABSENT)


def _key(item: Mapping[str, Json], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(item.get(key)) for key in keys)


def texts_of(value: Json | Absence) -> Iterator[str]:
    """Yield every text in a value, in order, whatever the fields around it."""
    return (leaf for _, leaf in iter_leaves(value) if isinstance(leaf, str))
