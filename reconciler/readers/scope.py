"""Which rows a Wanted is about: its scope, and which fields it needs of whom."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.kinds.kind import Kind
from reconciler.model.reading import Wanted
from reconciler.model.resource import Json, Live
from reconciler.readers.rows import ALL, NOTHING, Rows, name_of, nfc

Filters = tuple[tuple[str, str], ...]
"""Query parameters of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A Wanted, made ready to be asked about each row."""

    rows: Rows
    wanted: Wanted
    by_name: Mapping[str, frozenset[str]]

    @property
    def ids(self) -> frozenset[str]:
        """The ids that matter whatever the list says: those the ledger knows, and the pins."""
        return self.wanted.known | self.wanted.pins.keys()

    @property
    def filters(self) -> Filters:
        """What of the scope the service itself can be trusted with: one exact room type, never a fuzzy name."""
        if len(self.wanted.room_types) != 1:
            return ()
        rules = self.rows.kind.endpoints.filters
        exact = [rule.parameter for rule in rules if rule.field == "room_type" and rule.match == "exact"]
        return tuple((parameter, room_type) for parameter in exact for room_type in self.wanted.room_types)

    def covers(self, row: Mapping[str, Json]) -> bool:
        """Tell whether a row is in scope; an object that is known stays in it, whatever it is called by now."""
        if row[self.rows.kind.id_field] in self.ids:
            return True
        named = name_of(self.rows.kind, row).startswith(nfc(self.wanted.name_prefix))
        return named and self._of_type(row)

    def keep(self, row: Mapping[str, Json]) -> frozenset[str] | None:
        """Return the fields to be had from show for a row: none, all (None), or those a manifest manages."""
        if self.wanted.depth == "list" or self.rows.foreign(row):
            return NOTHING
        return ALL if self.wanted.depth == "full" else self.managed(row) & self.rows.hides(row)

    def made(self, row: Mapping[str, Json] | None, full: Mapping[str, Json]) -> Live:
        """Return an object from its show and the list row it may have, reduced to what is needed of it."""
        if row is not None:
            return self.rows.from_both(row, full, self.keep(row))
        return self.rows.from_show(full, ALL if self.wanted.depth == "full" else self.managed(full))

    def _of_type(self, row: Mapping[str, Json]) -> bool:
        """Tell whether a row has one of the room types; kinds that have none are in every scope."""
        field = self.rows.kind.root.children.get("room_type")
        if field is None or not self.wanted.room_types:
            return True
        return row.get("room_type", field.default) in self.wanted.room_types

    def managed(self, row: Mapping[str, Json]) -> frozenset[str]:
        """Return the fields that a manifest manages of this row."""
        pinned = self.wanted.pins.get(str(row[self.rows.kind.id_field]), NOTHING)
        return pinned | self.by_name.get(name_of(self.rows.kind, row), NOTHING)


def need(kind: Kind, wanted: Wanted, project_id: str) -> Need:
    """Make a Wanted ready for rows of one kind, read as one project."""
    by_name: dict[str, frozenset[str]] = {}
    for name, fields in wanted.fields.items():
        by_name[nfc(name)] = by_name.get(nfc(name), NOTHING) | fields
    return Need(rows=Rows(kind=kind, project_id=project_id), wanted=wanted, by_name=by_name)


def name_filter(kind: Kind, name: str) -> Filters:
    """Return the query that narrows a list to a name; nothing where there is none, or the name is too long for it.

    The limits count characters of a sort nobody names: the larger count is taken, in UTF-16 units.
    """
    for rule in kind.endpoints.filters:
        if rule.field == kind.name_field:
            fits = not rule.max_length or len(name.encode("utf-16-le")) // 2 <= rule.max_length
            return ((rule.parameter, name),) if fits else ()
    return ()
