"""Which rows a Wanted is about: its scope, and which fields it needs of whom."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.kinds.kind import Kind
from reconciler.model.reading import Wanted
from reconciler.model.resource import Json
from reconciler.readers.rows import ALL, foreign, list_hides, name_of, nfc

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A Wanted, made ready to be asked for each row."""

    kind: Kind
    wanted: Wanted
    by_name: Mapping[str, frozenset[str]]

    @property
    def ids(self) -> frozenset[str]:
        """The ids that matter whatever the list says: those the ledger knows, and the pins."""
        return self.wanted.known | self.wanted.pins.keys()

    def covers(self, row: Mapping[str, Json]) -> bool:
        """Tell whether a row is in scope; an object that is known stays in it, whatever it is called by now."""
        if row[self.kind.id_field] in self.ids:
            return True
        named = name_of(self.kind, row).startswith(nfc(self.wanted.name_prefix))
        return named and (not self.wanted.room_types or _room_type(self.kind, row) in self.wanted.room_types)

    def fields(self, row: Mapping[str, Json]) -> frozenset[str]:
        """Return the fields that a manifest manages of this row."""
        pinned = self.wanted.pins.get(str(row[self.kind.id_field]), NOTHING)
        return pinned | self.by_name.get(name_of(self.kind, row), NOTHING)

    def keep(self, row: Mapping[str, Json], project_id: str) -> frozenset[str] | None:
        """Return the fields to be had from show for a row: none, all (None), or those a manifest manages."""
        if self.wanted.depth == "list" or foreign(self.kind, row, project_id):
            return NOTHING
        return ALL if self.wanted.depth == "full" else self.fields(row) & list_hides(self.kind, row)


def need(kind: Kind, wanted: Wanted) -> Need:
    """Make a Wanted ready."""
    by_name: dict[str, frozenset[str]] = {}
    for name, fields in wanted.fields.items():
        by_name[nfc(name)] = by_name.get(nfc(name), NOTHING) | fields
    return Need(kind=kind, wanted=wanted, by_name=by_name)


def _room_type(kind: Kind, row: Mapping[str, Json]) -> Json:
    field = kind.root.children.get("room_type")
    return row.get("room_type", field.default if field else None)
