"""Applies a ReadRequest to rows: its scope, and the fields it needs."""

from collections.abc import Mapping
from functools import cached_property

from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import Json
from reconciler.model.read_result import ReadRequest
from reconciler.model.resource import LiveResource
from reconciler.readers.live_objects import ALL, NOTHING, Row, RowMapper, name_of
from reconciler.semantics.equality import fold_name, spellings
from reconciler.semantics.scope import outside_field
from reconciler.strings import normalize_name

_PLAIN = late_pattern(r"[\w -]+")

Filters = tuple[tuple[str, str], ...]
"""Query parameters of a list."""


@dataclass(frozen=True, kw_only=True)
class ReadFilter:
    """ReadRequest prepared for checking rows.

    `ids` matter whatever the list returns: those in the ledger, and the pins.
    """

    rows: RowMapper
    wanted: ReadRequest
    by_name: Mapping[str, frozenset[str]]
    ids: frozenset[str]

    @property
    def is_of_a_plan(self) -> bool:
        """Whether particular objects are requested, by name or id, and not all."""
        return bool(self.ids or self.wanted.fields)

    @property
    def filters(self) -> Filters:
        """Parameters of the list: those asked for, and the part of the scope that the service filters by.

        Of the scope that is one value of an exact filter, never a fuzzy name.
        """
        kind, fields = self.rows.kind, self.wanted.scope_fields
        exact = [rule for rule in kind.endpoints.filters if rule.field in kind.scope_fields and rule.match == "exact"]
        single = [(rule.parameter, fields[rule.field]) for rule in exact if len(fields.get(rule.field, ())) == 1]
        return self.wanted.query + tuple((parameter, value) for parameter, values in single for value in values)

    @cached_property
    def may_show(self) -> bool:
        """Whether a row may need a show: most requests are for fields that no list leaves out."""
        if self.wanted.depth in ("list", "full"):
            return self.wanted.depth == "full"
        return any(
            not self.rows.kind.hideable.isdisjoint(fields)
            for fields in {*self.by_name.values(), *self.wanted.pins.values()}
        )

    def covered(self, rows: Mapping[str, Row]) -> Mapping[str, Row]:
        """Return the rows in scope, by id."""
        if not (self.wanted.name_prefix or self.wanted.scope_fields):
            return rows
        return {key: row for key, row in rows.items() if self.covers(row)}

    def covers(self, row: Mapping[str, Json]) -> bool:
        """Tell whether a row is in scope, or has so similar a name that a manifest may declare it.

        A known object stays in scope under any name.
        """
        if row[self.rows.kind.id_field] in self.ids:
            return True
        kind, wanted = self.rows.kind, self.wanted
        if wanted.name_prefix and not self.may_cover(name_of(kind, row)):
            return False
        return not wanted.scope_fields or not outside_field(kind, row, wanted.scope_fields)

    def may_cover(self, name: str | None) -> bool:
        """Tell whether an object with only a readable name may be in scope."""
        return name is None or fold_name(name).startswith(fold_name(self.wanted.name_prefix))

    def fields_to_show(self, row: Mapping[str, Json]) -> frozenset[str] | None:
        """Return the fields to read by show for a row: none, all (None), or those a manifest manages."""
        if not self.may_show:
            return NOTHING
        wanted = ALL if self.wanted.depth == "full" else self.rows.hidden_of(row, self.managed(row))
        return NOTHING if wanted == NOTHING or self.rows.foreign(row) else wanted

    def to_show(self, rows: Mapping[str, Row]) -> frozenset[str]:
        """Return the ids of the rows that leave a field open that is asked for."""
        if not self.may_show:
            return frozenset()
        return frozenset(key for key, row in rows.items() if self.fields_to_show(row) != NOTHING)

    def needs_show(self, row: Mapping[str, Json]) -> bool:
        """Tell whether a row is in scope, and leaves a field open that is asked for."""
        return self.covers(row) and self.fields_to_show(row) != NOTHING

    def made(self, row: Mapping[str, Json] | None, full: Mapping[str, Json]) -> LiveResource:
        """Return an object from its show and its list row, if any, reduced to the needed fields."""
        if row is not None:
            return self.rows.from_both(row, full, self.fields_to_show(row))
        return self.rows.from_show(full, ALL if self.wanted.depth == "full" else self.managed(full))

    def names(self, row: Mapping[str, Json]) -> bool:
        """Tell whether a row has a declared name."""
        return name_of(self.rows.kind, row) in self.by_name

    def managed(self, row: Mapping[str, Json]) -> frozenset[str]:
        """Return the fields that a manifest manages of this row."""
        kind, pins = self.rows.kind, self.wanted.pins
        named = self.by_name.get(name_of(kind, row), NOTHING)
        pinned = pins.get(str(row[kind.id_field]), NOTHING) if pins else NOTHING
        return pinned | named if pinned else named


def need(kind: Kind, wanted: ReadRequest, project_id: str) -> ReadFilter:
    """Prepare a ReadRequest for rows of one kind, read as one project."""
    by_name: dict[str, frozenset[str]] = {}
    for name, fields in wanted.fields.items():
        composed = normalize_name(name)
        known = by_name.get(composed)
        by_name[composed] = fields if known is None else known | fields
    return ReadFilter(
        rows=RowMapper(kind=kind, project_id=project_id),
        wanted=wanted,
        by_name=by_name,
        ids=wanted.known | wanted.pins.keys(),
    )


def name_queries(kind: Kind, name: str) -> tuple[Filters, ...]:
    """Return the queries that together find an object by its name, with any characters; none where none can.

    The treatment of quotes, wildcards and emoji is not documented: where the search matches a part of the name, the
    longest plain part of such a name is searched too. A name that is too long for the parameter is searched by its
    start. The caller selects the results with exactly the name.
    """
    rule = next((rule for rule in kind.endpoints.filters if rule.field == kind.name_field), None)
    if rule is None:
        return ()
    asked = [name] if _fits(name, rule.max_length) else []
    if rule.match == "fuzzy":
        asked += [] if asked else [_start(name, rule.max_length)]
        plain = max(_PLAIN.findall(asked[0]), key=len, default="")
        asked += [plain] if 1 < len(plain) < len(asked[0]) else []
    return tuple(((rule.parameter, text),) for text in asked)


def spelling_queries(kind: Kind, name: str) -> tuple[Filters, ...]:
    """Return the further queries that find objects of a similar name: by its spellings in plain characters."""
    return tuple(dict.fromkeys(query for one in spellings(name) for query in name_queries(kind, one)))


def is_plain(name: str) -> bool:
    """Return whether a search by this name can be trusted alone: it has letters, digits, blanks, `-` and `_` only."""
    return _PLAIN.fullmatch(name) is not None


def _fits(text: str, most: int) -> bool:
    """Return whether a text fits a parameter, in UTF-16 units, since the counting is not documented."""
    return not most or len(text.encode("utf-16-le", "surrogatepass")) // 2 <= most


def _start(text: str, most: int) -> str:
    """Return the longest start of a text that fits."""
    start = text[:most]
    while not _fits(start, most):
        start = start[:-1]
    return start
