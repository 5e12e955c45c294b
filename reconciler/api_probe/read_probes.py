"""Read-only probes: lists, summary lists, a few shows, a search by a part of a name, and a show of nothing."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from reconciler.api.client import ListPage, ReadClient
from reconciler.api_probe.list_orders import OrderEvidence
from reconciler.api_probe.observations import Observations
from reconciler.api_probe.paired_fields import fields_of, texts_of
from reconciler.api_probe.request_log import ProbeLimitError, RequestLog
from reconciler.errors import ApiError, AuthError, HostNotAllowedError, ReconcilerError, TransportError
from reconciler.kinds.base.field import FieldType
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.semantics.equality import is_empty, without_query
from reconciler.timestamps import parse_rfc3339

READ_LIMIT = 30
"""Most requests of the read-only part, retries included."""

PAGE = 100
SHOWS = 5
"""Most objects of a kind that are shown."""


@dataclass(slots=True, kw_only=True)
class ReadProbes:
    """Read-only probes of one project, for all kinds. `listed` holds the first page of each kind, `shown` its shows."""

    client: ReadClient
    kinds: Mapping[str, Kind]
    seen: Observations
    orders: OrderEvidence
    log: RequestLog
    listed: dict[str, ListPage] = field(default_factory=dict)
    shown: dict[str, list[Mapping[str, Json]]] = field(default_factory=dict)
    problems: list[ReconcilerError] = field(default_factory=list)

    def run(self) -> None:
        """Send every probe, as far as the limit allows. Raises the first error where no list can be read."""
        self.log.limit = self.log.sent + READ_LIMIT
        try:
            self._lists()
            for step in (self._missing, self._shows, self._searches, self._lists_again, self._summaries):
                for kind in self.kinds.values():
                    if kind.name in self.listed:
                        self._attempt(step, kind)
        except ProbeLimitError as error:
            self.problems.append(error)
        finally:
            self.log.limit = None

    def _attempt(self, step: Callable[[Kind], None], kind: Kind) -> None:
        try:
            step(kind)
        except (ProbeLimitError, AuthError):
            raise
        except ReconcilerError as error:
            self.problems.append(error)

    def _lists(self) -> None:
        errors: list[ReconcilerError] = []
        for kind in self.kinds.values():
            try:
                page = self.listed[kind.name] = self.client.page(kind, offset=0, limit=PAGE)
            except (AuthError, HostNotAllowedError, ProbeLimitError):
                raise
            except TransportError as error:
                if not error.sent:
                    raise
                errors.append(error)
            except ReconcilerError as error:
                errors.append(error)
            else:
                self._note_rows(kind, page)
        if not self.listed and errors:
            raise errors[0]
        self.problems += errors

    def _note_rows(self, kind: Kind, page: ListPage) -> None:
        self.orders.add(kind, page.rows)
        own = self.client.connection.project_id
        for row in page.rows:
            if row.get("project_id", own) not in ("", None, own):
                self.seen.vote("foreign", "listed")
            if row.keys() - kind.top_fields.keys():
                self.seen.vote("unknown_in_list", "shown")
            note_values(kind, row, self.seen)
        names = [row.get(kind.name_field) for row in page.rows]
        self.seen.count("names", listed=len(names), repeated=len(names) - len(set(map(str, names))))
        self.seen.count("foreign", rows=len(page.rows))

    def _missing(self, kind: Kind) -> None:
        vote_missing(self.seen, self.log, "show_missing", lambda: self.client.show(kind, str(uuid.uuid4())))

    def _shows(self, kind: Kind) -> None:
        """Show a few of the project's own objects, those with a secret or an address twice."""
        page = self.listed[kind.name]
        own = self.client.connection.project_id
        rows = [row for row in page.rows if row.get("project_id", own) == own and not kind.foreign_reason(row)]
        for row in rows[:SHOWS]:
            full = self.client.show(kind, str(row[kind.id_field]))
            self.shown.setdefault(kind.name, []).append(full)
            compare_row(kind, row, full, self.seen)
            note_values(kind, full, self.seen)
            note_secrets(kind, full, self.seen)
            if _addresses(kind, full):
                again = self.client.show(kind, str(row[kind.id_field]))
                _compare_addresses(_addresses(kind, full), _addresses(kind, again), self.seen)
        self._count(kind, page, len(rows))

    def _count(self, kind: Kind, page: ListPage, own: int) -> None:
        """Compare the count of a list that is one page with its objects, and with the items in them."""
        items = kind.items_field
        if not items or page.count is None or page.odd or len(page.rows) >= PAGE:
            return
        known = [full.get(items) for full in self.shown.get(kind.name, ())]
        inside = sum(len(value) for value in known if isinstance(value, list))
        self.seen.count("count", count=page.count, objects=len(page.rows), items_of_shown=inside)
        complete = len(known) == own == len(page.rows)
        if page.count == len(page.rows) and (inside > page.count or (complete and inside != page.count)):
            self.seen.vote("count", "objects")
        elif complete and page.count == inside != len(page.rows):
            self.seen.vote("count", "children")

    def _searches(self, kind: Kind) -> None:
        """Search for a part of a name, where the documentation leaves open how the parameter matches."""
        for row in self.listed[kind.name].rows:
            name = row.get(kind.name_field)
            if isinstance(name, str) and len(name) > 1 and name.isascii() and name.isalnum():
                vote_name_filter(self.client, kind, name, str(row[kind.id_field]), self.seen)
                return

    def _lists_again(self, kind: Kind) -> None:
        self.orders.add(kind, self.client.page(kind, offset=0, limit=PAGE).rows)

    def _summaries(self, kind: Kind) -> None:
        if kind.endpoints.summary:
            self.client.summary(kind, offset=0, limit=PAGE)


def vote_missing(seen: Observations, log: RequestLog, behaviour: str, call: Callable[[], object]) -> None:
    """Vote by the status of a call for an object that does not exist; an unpublished API decides nothing."""
    try:
        call()
    except AuthError:
        raise
    except ApiError as error:
        seen.count(behaviour, **{f"status_{error.status}": 1})
        if error.status in (400, 404) and not log.last_code.endswith(".0101"):
            seen.vote(behaviour, str(error.status))


def vote_name_filter(client: ReadClient, kind: Kind, name: str, object_id: str, seen: Observations) -> None:
    """Vote by whether a part of a plain name finds the object of this id, which its whole name finds."""
    rule = next((rule for rule in kind.endpoints.filters if rule.field == kind.name_field), None)
    if rule is None or rule.match != "exact":
        return
    part = name[:-1]
    found = client.page(kind, offset=0, limit=PAGE, filters=[(rule.parameter, part)])
    names = {str(row[kind.id_field]): str(row.get(kind.name_field)) for row in found.rows}
    seen.count("name_filter", searches=1, rows=len(names))
    if any(part.casefold() not in one.casefold() for one in names.values()):
        return  # the parameter filters nothing
    if object_id in names:
        seen.vote("name_filter", "fuzzy")
    elif len(found.rows) < PAGE:
        whole = client.page(kind, offset=0, limit=PAGE, filters=[(rule.parameter, name)])
        if any(row[kind.id_field] == object_id for row in whole.rows):
            seen.vote("name_filter", "exact")


def compare_row(kind: Kind, row: Mapping[str, Json], full: Mapping[str, Json], seen: Observations) -> None:
    """Vote by what a list row has of the fields that its show holds with a value."""
    for name, child in kind.top_fields.items():
        if child.list_may_hide and not is_empty(full.get(name)):
            if name not in row:
                seen.vote("list_details", "hidden")
            elif row[name] is None:
                seen.vote("list_details", "nulled")
            else:
                seen.vote("list_details", "emptied" if is_empty(row[name]) else "shown")
    unknown = full.keys() - kind.top_fields.keys()
    if unknown:
        seen.vote("unknown_in_list", "shown" if unknown & row.keys() else "hidden")


def note_values(kind: Kind, value: Mapping[str, Json], seen: Observations) -> None:
    """Vote by the spelling of numbers and times, as far as what a client may have written cannot explain it."""
    for one in fields_of(kind.root, value):
        if one.field.type is FieldType.INTEGER and type(one.read) is int:
            seen.vote("numbers", "kept")
        elif one.field.name.endswith("_time") and isinstance(one.read, str) and _is_plain_time(one.read):
            seen.vote("times", "kept")


def _is_plain_time(text: str) -> bool:
    """Tell whether a text is spelled as documented, and no end of a day or leap second, which services respell."""
    spelled = len(text) == 20 and text[10] == "T" and text.endswith("Z")
    return spelled and text[11:13] != "24" and text[17:19] != "60" and parse_rfc3339(text) is not None


def note_secrets(kind: Kind, full: Mapping[str, Json], seen: Observations) -> None:
    """Vote by the class of sensitive texts: clear, all stars, or several that are all empty. No value is kept."""
    texts = [text for one in fields_of(kind.root, full) if one.field.sensitive for text in texts_of(one.read)]
    empty = sum(not text for text in texts)
    stars = sum(bool(text) and not text.strip("*") for text in texts)
    clear = len(texts) - empty - stars
    seen.count("secrets", clear=clear, stars=stars, empty=empty)
    if clear:
        seen.vote("secrets", "clear")
    elif stars and not empty:
        seen.vote("secrets", "stars")
    elif empty > 1:
        seen.vote("secrets", "empty")


def _addresses(kind: Kind, full: Mapping[str, Json]) -> list[str]:
    marked = (one.read for one in fields_of(kind.root, full) if one.field.volatile_url)
    return [text for text in marked if isinstance(text, str) and text.startswith(("http://", "https://"))]


def _compare_addresses(before: Sequence[str], after: Sequence[str], seen: Observations) -> None:
    for one, other in zip(before, after, strict=False):
        if one == other:
            seen.vote("signed_urls", "stable")
        elif without_query(one) == without_query(other):
            seen.vote("signed_urls", "changing")
