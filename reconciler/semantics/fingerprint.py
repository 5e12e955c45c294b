"""Fingerprints of the managed part of an object: digests of its normal form.

Two reads of one state have the same fingerprint, independent of depth, order and spelling; so do a snapshot and the
live side. Of a secret only its presence counts.
"""

from collections.abc import Iterable, Mapping

from reconciler.json_codec import digest
from reconciler.model.json_types import Json
from reconciler.semantics.compiled_field import CompiledField
from reconciler.semantics.equality import normalize


def fingerprint(field: CompiledField, value: Json) -> str:
    """Return the digest of a value's normal form: equal for equivalent values, and for no others."""
    return _digest(normalize(field, value))


def live_fingerprint(root: CompiledField, live: Mapping[str, Json], names: Iterable[str] | None = None) -> str:
    """Return the digest of some top-level fields of a live object, by default of all that a manifest may declare.

    It depends on the live object and the names alone, so an unchanged object keeps it.
    """
    children = root.children
    parts = {
        name: normalize(children[name], live.get(name))
        for name in (children if names is None else set(names) & children.keys())
    }
    return _digest({name: part for name, part in parts.items() if part is not None})


def managed_names(root: CompiledField, spec: Mapping[str, Json]) -> frozenset[str]:
    """Return the top-level fields that a spec manages: declared ones, and absent ones that have a default."""
    return root.default_names.union(spec)


def _digest(normal: Json) -> str:
    return digest(normal)
