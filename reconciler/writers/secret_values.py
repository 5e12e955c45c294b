"""Secrets in requests: named ones are inserted, redacted ones are never sent."""

from collections.abc import Callable, Mapping
from dataclasses import field

from reconciler.errors import ReconcilerError
from reconciler.kinds.base.field import Field
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.field_tree import Visit, child_at, rewrite
from reconciler.model.json_types import Json, as_object
from reconciler.redaction import is_sensitive, reads_masked, secret_digest
from reconciler.semantics.equality import is_empty


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyWithSecrets:
    """Body ready to be sent, with its secrets by name; neither is in its repr."""

    body: dict[str, Json] = field(repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def insert_secrets(kind: Kind, body: Mapping[str, Json], secret: Callable[[str], str]) -> BodyWithSecrets:
    """Return the body with every `{secret: NAME}` in it replaced by its value."""
    used: dict[str, str] = {}
    return BodyWithSecrets(body=dict(as_object(_filled(kind, body, secret, used))), secrets=used)


def secret_names(kind: Kind, spec: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the names of the secrets that a spec declares."""
    used: dict[str, str] = {}
    _filled(kind, spec, lambda name: name, used)
    return tuple(used)


def digests(sealed: BodyWithSecrets, key: bytes) -> dict[str, str]:
    """Return a keyed digest of each secret that was sent, by its name; none without a key."""
    if not key:
        return {}
    return {name: secret_digest(key, value) for name, value in sealed.secrets.items()}


def refuse_masked(kind: Kind, raw: Mapping[str, Json], body: Mapping[str, Json]) -> None:
    """Raise ReconcilerError where a secret reads back redacted and the body has no value for it.

    Stars would become the secret, and a PUT without it may erase it: only the manifest can declare it again.
    """
    path = _unsaid(kind.root, raw, body)
    if path:
        raise ReconcilerError(
            f"{path} reads back masked and the manifest does not name it: an update could destroy it",
            code="E_SECRET_MASKED",
            hint=f"declare {path} as {{secret: NAME}}, and set RECONCILER_SECRET_NAME for this run",
        )


def _filled(kind: Kind, value: Json, secret: Callable[[str], str], used: dict[str, str]) -> Json:
    def visit(field: Field | None, part: Json) -> Json | Visit:
        if field is None:
            return part
        if isinstance(part, Mapping) and is_sensitive(field):
            name = str(part["secret"])
            return used.setdefault(name, secret(name))
        return Visit.INTO

    return rewrite(kind.root, value, visit)


def _unsaid(node: Field | None, raw: Json, body: Json) -> str:
    """Return the path of a redacted secret that a body leaves out, or empty."""
    if node is None:
        return ""
    if is_sensitive(node):
        return node.path if reads_masked(raw) and is_empty(body) else ""
    if isinstance(raw, Mapping):
        sent = body if isinstance(body, Mapping) else {}
        return next(
            filter(None, (_unsaid(child_at(node, name), part, sent.get(name)) for name, part in raw.items())), ""
        )
    return ""
