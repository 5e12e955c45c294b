"""From a raw row to a Live: what it hides, whose it is, and which parts of a show are kept."""

import unicodedata
from collections.abc import Mapping

from reconciler.kinds.kind import Kind
from reconciler.model.resource import Json, Live

ALL: frozenset[str] | None = None
"""For `keep`: every field of the show."""


def nfc(name: str) -> str:
    """Return a name as it is matched: composed."""
    return unicodedata.normalize("NFC", name)


def name_of(kind: Kind, row: Mapping[str, Json]) -> str:
    """Return the name a row is matched by; a row without one has the empty name."""
    name = row.get(kind.name_field)
    return nfc(name) if isinstance(name, str) else ""


def stamp_of(kind: Kind, row: Mapping[str, Json]) -> str:
    """Return the best of the marks that change with each write; a list and a show may have different ones."""
    return next((str(row[stamp]) for stamp in kind.stamps if row.get(stamp)), "")


def list_hides(kind: Kind, row: Mapping[str, Json]) -> frozenset[str]:
    """Name the fields a list row leaves unknown: absent there is never empty (api.md §1).

    A list hides what it is not documented to carry, and what newer deployments leave out.
    """
    return frozenset(
        name
        for name, field in kind.root.children.items()
        if name not in row and field.in_show and (not field.in_list or field.list_may_hide)
    )


def from_list(kind: Kind, row: Mapping[str, Json], project_id: str) -> Live:
    """Return an object of which only the list row is known."""
    return _live(kind, row, hidden=list_hides(kind, row), foreign=foreign(kind, row, project_id))


def from_both(
    kind: Kind, row: Mapping[str, Json], full: Mapping[str, Json], keep: frozenset[str] | None, project_id: str
) -> Live:
    """Return an object from its list row and its show; of the show only what the row has, stamps and `keep`.

    What nobody asked for is dropped again: a hundred rooms may bring 5 MB of scenes each.
    """
    hides = list_hides(kind, row)
    unseen = frozenset[str]() if keep is None else hides - keep - frozenset(kind.stamps)
    fresh = {name: value for name, value in full.items() if keep is None or name in row or name in hides - unseen}
    return _live(kind, {**row, **fresh}, hidden=unseen, foreign=foreign(kind, row, project_id), shown=True)


def from_show(kind: Kind, full: Mapping[str, Json]) -> Live:
    """Return an object that no list row is at hand for: what only the list has (its owner, its last job) is hidden."""
    hidden = (name for name, field in kind.root.children.items() if name not in full and not field.in_show)
    return _live(kind, full, hidden=frozenset(hidden), foreign=foreign(kind, full, ""), shown=True)


def unknown(kind: Kind, row: Mapping[str, Json], project_id: str) -> Live:
    """Return an object that exists and may not be looked at: only its id and name are said, the rest is hidden."""
    names = {kind.id_field, kind.name_field}
    spec = {name: row[name] for name in names if name in row}
    return _live(kind, spec, hidden=frozenset(kind.root.children) - names, foreign=foreign(kind, row, project_id))


def _live(kind: Kind, spec: Mapping[str, Json], *, hidden: frozenset[str], foreign: str, shown: bool = False) -> Live:
    return Live(
        kind=kind.name,
        name=name_of(kind, spec),
        spec=spec,
        id=str(spec.get(kind.id_field, "")),
        hidden=hidden,
        stamp=stamp_of(kind, spec),
        foreign=foreign,
        shown=shown,
    )


def foreign(kind: Kind, row: Mapping[str, Json], project_id: str) -> str:
    """Say why an object is never written, or return ""."""
    return "it belongs to another project" if is_elsewhere(row, project_id) else kind.unwritable(row)


def is_elsewhere(row: Mapping[str, Json], project_id: str) -> bool:
    """Tell whether a row names another project; one that names none is ours (groups never do)."""
    owner = row.get("project_id")
    return bool(project_id) and isinstance(owner, str) and owner not in {"", project_id}
