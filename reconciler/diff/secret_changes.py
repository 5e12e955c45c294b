"""Secrets in a plan: never shown, compared by keyed digests alone."""

from collections.abc import Callable, Mapping

from reconciler.diff.attribution import BaseUnmanaged, BaseValue, lookup
from reconciler.diff.compare.collector import SecretJudge, SecretStatus, nothing_known
from reconciler.model.field_path import FieldPath, printed
from reconciler.model.json_types import Json
from reconciler.redaction import same_digest, secret_digest
from reconciler.semantics.compiled_field import CompiledField

SecretValue = Callable[[str], str | None]
"""Returns the value of a named secret where this run has it, else None."""


def judge(
    node: CompiledField, applied: Mapping[str, Json] | None, key: bytes, secret: SecretValue | None
) -> SecretJudge:
    """Return the judge of one object's secrets, based on its ledger record."""
    if applied is None:
        return nothing_known

    def status_of(steps: FieldPath, value: Json) -> SecretStatus:
        base = lookup(node, applied, tuple(map(printed, steps)))
        if base is None or isinstance(base, BaseUnmanaged):
            return SecretStatus.CHANGED
        return _verdict(_each(value), _each(base), key, secret)

    return status_of


def _each(value: BaseValue) -> list[Mapping[str, Json]]:
    parts = value if isinstance(value, list) else [value]
    return [part if isinstance(part, Mapping) else {} for part in parts]


def _verdict(
    wanted: list[Mapping[str, Json]], base: list[Mapping[str, Json]], key: bytes, secret: SecretValue | None
) -> SecretStatus:
    if len(wanted) != len(base):
        return SecretStatus.CHANGED
    found = {_one(want, was, key, secret) for want, was in zip(wanted, base, strict=True)}
    if SecretStatus.CHANGED in found:
        return SecretStatus.CHANGED
    return SecretStatus.UNKNOWN if SecretStatus.UNKNOWN in found else SecretStatus.SAME


def _one(want: Mapping[str, Json], was: Mapping[str, Json], key: bytes, secret: SecretValue | None) -> SecretStatus:
    name, remembered = want.get("secret"), was.get("digest")
    value = secret(name) if secret and isinstance(name, str) else None
    if value is not None and key and remembered:
        return SecretStatus.SAME if same_digest(secret_digest(key, value), str(remembered)) else SecretStatus.CHANGED
    return SecretStatus.UNKNOWN if name == was.get("secret") else SecretStatus.CHANGED
