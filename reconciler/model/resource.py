"""Declared and live resources."""

from collections.abc import Mapping
from dataclasses import field

from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.model.source_map import DocumentPath, Position, SourceMap


def address(kind: str, name: str, pinned_id: str = "") -> str:
    """Return an address: `SmartLiveRoom["The Legend of Nature"]`, with `@id` where a name alone is not unique."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    suffix = f"@{pinned_id}" if pinned_id else ""
    return f'{kind}["{quoted}"]{suffix}'


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreRule:
    """An entry of `metadata.lifecycle.ignore_changes`: a path with differences that are neither shown nor applied.

    `path` is written as plans print it (`interaction_rules[price].trigger`, `*` allowed); `expires` is an ISO date from
    which the rule no longer counts, or empty.
    """

    path: str
    reason: str = ""
    expires: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredLint:
    """An entry of `metadata.lifecycle.ignore_lints`: a lint that is not reported, for one rule or for all.

    `expires` is an ISO date from which the entry no longer counts, or empty; `rule` is a rule's name, or empty.
    """

    code: str
    rule: str = ""
    reason: str = ""
    expires: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Resource of one kind with a name and the API's own fields.

    `spec` holds plain JSON values under the API's field names, at full depth. It is never modified in place.
    """

    kind: str
    name: str
    spec: Mapping[str, Json]
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredResource(Resource):
    """Resource that a manifest declares. `id` is `metadata.id`, the pin of a live object, or empty.

    `spec` holds only the keys of the manifest: an absent key is "absent", a None is "cleared" (design: what a field
    says). `address_id` is set where several manifests share kind and name and all carry ids. `file` is the manifest
    file, relative to the project; a position may be in a template that it includes.
    """

    locate: SourceMap
    aliases: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    prevent_destroy: bool = False
    ignore_changes: tuple[IgnoreRule, ...] = ()
    ignore_lints: tuple[IgnoredLint, ...] = ()
    address_id: str = ""
    file: str = ""

    @property
    def address(self) -> str:
        """Address as printed in plans."""
        return address(self.kind, self.name, self.address_id)

    @property
    def position(self) -> Position:
        """Position of the document's `name` line."""
        return self.locate.at(("metadata", "name"))

    def at(self, path: DocumentPath, *, key: bool = False) -> Position:
        """Return the position of `path` inside the spec."""
        return self.locate.at(("spec", *path), key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveResource(Resource):
    """Resource on the live side. `spec` is the raw object as read, unknown and computed fields included.

    `hidden` are the top-level fields that this read did not return: unknown, never empty. `stamp` is the newest of the
    object's version fields. `foreign` is why it is never written (another project, TEMP, shared), or empty. `shown`:
    the read included the show call. `unusable` marks a malformed row that cannot be addressed or sent back (see
    `foreign`); a manifest may still declare that object.
    """

    hidden: frozenset[str] = frozenset()
    stamp: str = ""
    foreign: str = ""
    shown: bool = False
    unusable: bool = False

    @property
    def address(self) -> str:
        """Address by name; several live objects may share it."""
        return address(self.kind, self.name)
