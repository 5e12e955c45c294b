"""Converts a raw row to a LiveResource: unread fields, owner, and the kept parts of a show."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from reconciler.api.client import OddRow
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.model.resource import LiveResource
from reconciler.semantics.equality import is_empty
from reconciler.strings import normalize_name

Row = dict[str, Json]

ALL: frozenset[str] | None = None
"""For `keep`: every field of the show."""

NOTHING: frozenset[str] = frozenset()


def name_of(kind: Kind, row: Mapping[str, Json]) -> str:
    """Return the name by which a row is matched; a row without one has the empty name."""
    name = row.get(kind.name_field)
    return normalize_name(name) if isinstance(name, str) else ""


def stamp_of(kind: Kind, row: Mapping[str, Json]) -> str:
    """Return the best version field, which changes with each write; a list and a show may have different ones."""
    for name in kind.version_fields:
        if stamp := row.get(name):
            return str(stamp)
    return ""


def is_elsewhere(row: Mapping[str, Json], project_id: str) -> bool:
    """Tell whether a row names another project; a row without a project is managed (groups never have one)."""
    owner = row.get("project_id")
    return bool(project_id) and isinstance(owner, str) and owner not in ("", project_id)


@dataclass(frozen=True, kw_only=True)
class RowMapper:
    """Converts rows of one kind to LiveResource; a row of another project than `project_id` is foreign."""

    kind: Kind
    project_id: str

    def hides(self, row: Mapping[str, Json]) -> frozenset[str]:
        """Return the fields that a list row leaves unknown: absent there is never empty (api.md §1).

        A list omits fields that are not documented for it, and those that newer deployments leave out: without the key,
        as null, or empty.
        """
        return self.kind.hideable if self.kind.hideable.isdisjoint(row) else self.hidden_of(row, self.kind.hideable)

    def hidden_of(self, row: Mapping[str, Json], names: frozenset[str]) -> frozenset[str]:
        """Return those of some fields that a list row leaves unknown; equal sets of many rows are one object."""
        may_hide = self.kind.at_times_listed
        found = frozenset(
            name for name in self.kind.hideable & names if name not in row or (name in may_hide and is_empty(row[name]))
        )
        return self._shared.setdefault(found, found) if found else NOTHING

    def foreign(self, row: Mapping[str, Json]) -> str:
        """Return why an object is never written, or ""."""
        return "it belongs to another project" if is_elsewhere(row, self.project_id) else self.kind.foreign_reason(row)

    def from_list(self, row: Mapping[str, Json]) -> LiveResource:
        """Return an object from its list row alone."""
        return self._live(row, hidden=self.hides(row), foreign=self.foreign(row))

    def from_both(self, row: Mapping[str, Json], full: Mapping[str, Json], keep: frozenset[str] | None) -> LiveResource:
        """Return an object from its list row and its show; of the show only listed, version and `keep` fields.

        Other fields are dropped: each of a hundred rooms may have 5 MB of scenes.
        """
        hides = self.hides(row)
        unseen = NOTHING if keep is None else hides - keep - frozenset(self.kind.version_fields)
        fresh = {name: value for name, value in full.items() if keep is None or name in row or name in hides - unseen}
        return self._live({**row, **fresh}, hidden=unseen, foreign=self.foreign(row), shown=True)

    def from_show(self, full: Mapping[str, Json], keep: frozenset[str] | None = ALL) -> LiveResource:
        """Return an object without a list row: fields that only the list has (its owner, its last job) are unread."""
        skipped = NOTHING if keep is None else self.kind.hideable - keep - frozenset(self.kind.version_fields)
        spec = {name: value for name, value in full.items() if name not in skipped}
        listed_only = (name for name, field in self.kind.top_fields.items() if name not in full and not field.in_show)
        return self._live(spec, hidden=skipped.union(listed_only), foreign=self.kind.foreign_reason(full), shown=True)

    def unknown(self, row: Mapping[str, Json]) -> LiveResource:
        """Return an object that exists but may not be read: its id and name are known, the rest is unread."""
        names = {self.kind.id_field, self.kind.name_field}
        spec = {name: row[name] for name in names if name in row}
        return self._live(spec, hidden=frozenset(self.kind.top_fields) - names, foreign=self.foreign(row))

    def unusable(self, odd: OddRow) -> LiveResource:
        """Return an object with a row that cannot be managed: its displayable parts, and the reason."""
        spec = {self.kind.id_field: odd.id, **({self.kind.name_field: odd.name} if odd.name is not None else {})}
        hidden = frozenset(self.kind.top_fields) - spec.keys()
        return replace(self._live(spec, hidden=hidden, foreign=f"it cannot be managed: {odd.reason}"), unusable=True)

    def _live(
        self, spec: Mapping[str, Json], *, hidden: frozenset[str], foreign: str, shown: bool = False
    ) -> LiveResource:
        return LiveResource(
            kind=self.kind.name,
            name=name_of(self.kind, spec),
            spec=spec,
            id=str(spec.get(self.kind.id_field, "")),
            hidden=hidden,
            stamp=stamp_of(self.kind, spec),
            foreign=foreign,
            shown=shown,
        )

    @cached_property
    def _shared(self) -> dict[frozenset[str], frozenset[str]]:
        return {}
