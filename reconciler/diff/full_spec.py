"""Full spec of one declared object as plain JSON: with its name and defaults, without unknown values."""

from collections.abc import Callable, Collection, Mapping

from reconciler.kinds.base.kind import Kind
from reconciler.model.json_types import Json, as_object
from reconciler.model.resource import DeclaredResource, LiveResource
from reconciler.semantics.compiled_field import compiled
from reconciler.semantics.defaults import fill_defaults
from reconciler.semantics.fingerprint import live_fingerprint, managed_names

Digest = Callable[[str], str]
"""Returns the keyed digest of a secret's value by the secret's name."""


def full_spec(kind: Kind, declared: DeclaredResource) -> dict[str, Json]:
    """Return the declared spec with the object's name in it, as a request body needs it."""
    return {kind.name_field: declared.name, **declared.spec}


def live_state(kind: Kind, declared: DeclaredResource, live: LiveResource, unseen: Collection[str] = ()) -> str:
    """Return the fingerprint of the managed part of a live object; `unseen` are fields that were not read.

    It depends on the names of the declared fields and on the live object alone: while neither changes, each read of the
    object gives the same one.
    """
    node = compiled(kind)
    return live_fingerprint(node, live.spec, managed_names(node, full_spec(kind, declared)).difference(unseen))


def managed_fields(kind: Kind, spec: Mapping[str, Json], *, digest: Digest | None = None) -> dict[str, Json]:
    """Return the managed part of an object: its fields, with omitted defaults filled in, for the ledger.

    A cleared field stays None unless it has a default. A secret keeps its name; with `digest` its keyed digest is
    added: `{"secret": NAME, "digest": …}`. Never its value.
    """
    return dict(as_object(fill_defaults(compiled(kind), spec, secret=lambda value: _digested(value, digest))))


def _digested(value: Json, digest: Digest | None) -> Json:
    if isinstance(value, list):
        return [_digested(part, digest) for part in value]
    name = as_object(value).get("secret")
    if isinstance(name, str):
        return {"secret": name, "digest": digest(name)} if digest else {"secret": name}
    return value if value in ("", None) else {"secret": ""}
