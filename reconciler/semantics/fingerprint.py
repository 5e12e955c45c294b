"""Fingerprints of the managed part of an object: digests of its normal form.

Two reads of one state, by whatever depth, order or spelling, have one fingerprint; so have a snapshot and the live
side. Of a secret only its presence takes part.
"""

import hashlib
from collections.abc import Iterable, Mapping

from reconciler.model.resource import Json
from reconciler.semantics.compiled_field import CompiledField
from reconciler.semantics.equality import canonical_json, normalize


def fingerprint(field: CompiledField, value: Json) -> str:
    """Return the digest of a value's normal form: equal for equivalent values, and for no others."""
    return _digest(normalize(field, value))


def live_fingerprint(root: CompiledField, live: Mapping[str, Json], names: Iterable[str]) -> str:
    """Return the digest of some top-level fields of a live object.

    It depends on the live object and on the names alone, so that a later read of an unchanged object has the same.
    """
    children = root.children
    parts = {name: normalize(children[name], live.get(name)) for name in set(names) & children.keys()}
    return _digest({name: part for name, part in parts.items() if part is not None})


def managed_names(root: CompiledField, spec: Mapping[str, Json]) -> frozenset[str]:
    """Return the top-level fields that a spec manages: those it states, and those whose absence means a default."""
    return root.default_names.union(spec)


def _digest(normal: Json) -> str:
    return hashlib.sha256(canonical_json(normal).encode()).hexdigest()
