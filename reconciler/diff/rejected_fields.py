"""Values that the service did not keep: a plan reports when they were sent, instead of drift."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.json_codec import ledger_digest
from reconciler.model.change import Attribution, FieldChange, NoValue
from reconciler.model.ledger_state import ObjectRecord

_BLAMES_THE_LIVE_SIDE = frozenset({Attribution.DRIFT, Attribution.CONFLICT, Attribution.UNATTRIBUTED})


def unkept_values(fields: Iterable[FieldChange]) -> dict[str, str]:
    """Return, by path, a digest of the live value in place of each value that was not kept."""
    return {field.path: _digest(field) for field in fields}


def relabelled(fields: Iterable[FieldChange], known: ObjectRecord | None) -> tuple[FieldChange, ...]:
    """Attribute to the manifest a value that the service never kept, where the live value is still the recorded one.

    A value that changed since is attributed as any other.
    """
    if known is None or not known.unkept:
        return tuple(fields)
    return tuple(
        replace(field, attribution=Attribution.CONFIG) if _is_unkept(field, known.unkept) else field for field in fields
    )


def unkept_notes(fields: Iterable[FieldChange], known: ObjectRecord | None) -> Iterator[str]:
    """Return a note for each such value with the time it was sent."""
    if known is not None and known.unkept:
        yield from (
            f"{field.path}: not kept when applied on {known.unkept_on or 'an earlier day'}"
            for field in fields
            if _has(field, known.unkept)
        )


def _is_unkept(field: FieldChange, unkept: Mapping[str, str]) -> bool:
    return field.attribution in _BLAMES_THE_LIVE_SIDE and _has(field, unkept)


def _has(field: FieldChange, unkept: Mapping[str, str]) -> bool:
    return unkept.get(field.path) == _digest(field)


def _digest(field: FieldChange) -> str:
    value = {"missing": field.before.value} if isinstance(field.before, NoValue) else {"value": field.before}
    return ledger_digest(value)
