"""Secrets in a plan: seen by nobody, told apart by keyed digests alone."""

from collections.abc import Callable, Mapping

from reconciler.diff.attribution import BaseValue, NotDeclared, lookup
from reconciler.diff.compare.collector import SecretJudge, Verdict, nothing_known
from reconciler.model.field_path import Steps, printed
from reconciler.model.resource import Json
from reconciler.redaction import same_digest, secret_digest
from reconciler.semantics.compiled_field import CompiledField

SecretValue = Callable[[str], str | None]
"""Returns the value of a named secret, where this run may know it; None where not."""


def judge(
    node: CompiledField, applied: Mapping[str, Json] | None, key: bytes, secret: SecretValue | None
) -> SecretJudge:
    """Return what judges the secrets of one object, by what the ledger remembers of it."""
    if applied is None:
        return nothing_known

    def judged(steps: Steps, value: Json) -> Verdict:
        base = lookup(node, applied, tuple(map(printed, steps)))
        if base is None or isinstance(base, NotDeclared):
            return Verdict.CHANGED
        return _verdict(_each(value), _each(base), key, secret)

    return judged


def _each(value: BaseValue) -> list[Mapping[str, Json]]:
    parts = value if isinstance(value, list) else [value]
    return [part if isinstance(part, Mapping) else {} for part in parts]


def _verdict(
    wanted: list[Mapping[str, Json]], base: list[Mapping[str, Json]], key: bytes, secret: SecretValue | None
) -> Verdict:
    if len(wanted) != len(base):
        return Verdict.CHANGED
    found = {_one(want, was, key, secret) for want, was in zip(wanted, base, strict=True)}
    if Verdict.CHANGED in found:
        return Verdict.CHANGED
    return Verdict.UNKNOWN if Verdict.UNKNOWN in found else Verdict.SAME


def _one(want: Mapping[str, Json], was: Mapping[str, Json], key: bytes, secret: SecretValue | None) -> Verdict:
    name, remembered = want.get("secret"), was.get("digest")
    value = secret(name) if secret and isinstance(name, str) else None
    if value is not None and key and remembered:
        return Verdict.SAME if same_digest(secret_digest(key, value), str(remembered)) else Verdict.CHANGED
    return Verdict.UNKNOWN if name == was.get("secret") else Verdict.CHANGED
