"""Read and write clients. The read client cannot send a write; only writers import the write client."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from datetime import datetime
from itertools import compress
from operator import not_
from threading import Condition, Lock

from reconciler.api.allowed_hosts import is_segment, path_segment
from reconciler.api.connection import Connection
from reconciler.api.error_responses import refusal
from reconciler.api.messages import ApiRequest, ApiResponse
from reconciler.api.response_body import decode, is_whole_text, may_hold_half_characters, refuse
from reconciler.api.retry import RetryingSender
from reconciler.api.signing import encode_query
from reconciler.errors import ApiError, TransportError
from reconciler.json_codec import digest
from reconciler.kinds.base.kind import ItemCollection, Kind
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.model.read_result import ApiUsage
from reconciler.timestamps import parse_http_date

MAX_BODY = 12 * 10**6
"""Bytes of a signed call's body (api.md §5.2)."""

_LONGEST = 256
"""Most characters to display of an id or a name in a row that cannot be managed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OddRow:
    """Row of a list that cannot be managed: the reason, and its id and name as far as they can be displayed.

    `name` is None where the row has no readable one. `key` is the same each time the same row is returned.
    """

    reason: str
    id: str
    name: str | None
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One page of a list: its rows as sent, its `count`, None where there is none, and the `length` of its body.

    `odd` are the rows that cannot be managed; they are reported and not changed.
    """

    rows: tuple[dict[str, Json], ...]
    count: int | None = None
    odd: tuple[OddRow, ...] = ()
    length: int = 0

    @property
    def size(self) -> int:
        """Number of list positions that the page covers."""
        return len(self.rows) + len(self.odd)


Compact = Callable[[Sequence[dict[str, Json]]], None]
"""Makes decoded objects smaller, in place."""


def _as_decoded(objects: Sequence[dict[str, Json]]) -> None:
    pass


MOST_ON_THE_WAY = 2 * 2**20
"""Bytes of the pages that are requested or being decoded at a time; a larger page is alone."""


class PageBudget:
    """Bounds the memory of pages on their way, by the size of the last one: many small ones at once, few large ones."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._last = 0
        self._taken = 0

    @contextmanager
    def page(self) -> Iterator[None]:
        """Wait until a further page fits."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + self._last <= MOST_ON_THE_WAY)
            size = self._last
            self._taken += size
        try:
            yield
        finally:
            with self._changed:
                self._taken -= size
                self._changed.notify_all()

    def came(self, size: int) -> None:
        """Record the size of a page."""
        self._last = size


class ReadClient:
    """Lists and shows objects of one project. Safe to share between threads.

    Where a call is given `compact`, it makes the objects smaller before another response is decoded.
    """

    def __init__(self, connection: Connection) -> None:
        self._sender = RetryingSender(connection)
        self._decoding = Lock()  # one response at a time: a large one takes five times its size while it is decoded
        self._pages = PageBudget()
        self.connection = connection

    def page(
        self,
        kind: Kind,
        *,
        offset: int,
        limit: int,
        filters: Sequence[tuple[str, str]] = (),
        compact: Compact = _as_decoded,
    ) -> ListPage:
        """Return one page of a kind's list. Raises ApiError (E_READ_SCHEMA) for an invalid one."""
        query = [("limit", str(limit)), ("offset", str(offset)), *filters]
        self._sender.meter.add(ApiUsage(pages=1))
        page = self._page(kind, kind.endpoints.collection, query, compact)
        if not offset and not filters:
            self.connection.observer.listed(kind, page.rows)
        return page

    def summary(self, kind: Kind, *, offset: int, limit: int) -> ListPage:
        """Return one page of a kind's summary list, which has the same objects with few fields."""
        query = [("limit", str(limit)), ("offset", str(offset))]
        self._sender.meter.add(ApiUsage(pages=1))
        return self._page(kind, kind.endpoints.summary, query)

    def _page(
        self, kind: Kind, path: str, query: Iterable[tuple[str, str]], compact: Compact = _as_decoded
    ) -> ListPage:
        with self._pages.page():
            body = self._sender.send(_call(self.connection, kind, "GET", path, {}, query=query)).body
            self._pages.came(len(body))
            with self._decoding:
                page = _page(kind, body)
                compact(page.rows)
        if self.connection.redactor.tainted(str(row[kind.id_field]) for row in page.rows):
            refuse("the id of a row holds a secret that we sent")
        return page

    def show(self, kind: Kind, object_id: str, *, compact: Compact = _as_decoded) -> dict[str, Json]:
        """Return one object in full; raises NotFoundError, ForbiddenError or another ApiError."""
        self._sender.meter.add(ApiUsage(shows=1))
        answer = self._sender.send(_call(self.connection, kind, "GET", kind.endpoints.object, {"id": object_id}))
        with self._decoding:
            body = decode(answer.body)
            compact([body])
        if "error_code" in body or body.setdefault(kind.id_field, object_id) != object_id:
            refuse("it is not the object that was asked for")
        return body

    @property
    def usage(self) -> ApiUsage:
        """Usage so far."""
        return self._sender.meter.usage

    @property
    def service_time(self) -> datetime | None:
        """Service's time in its latest response, None where it sent none."""
        return parse_http_date(self._sender.service_date)

    @property
    def service_offset(self) -> float | None:
        """Seconds that the service's clock is ahead of the local one; None while unknown."""
        return self._sender.service_offset

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()


class WriteClient:
    """Creates, updates, deletes and shows objects of one project, for writers.

    Each write raises ApiError when the service refused it, TransportError(sent=True) when the outcome is unknown (a
    lost or unreadable response, or a service error that may follow the commit), and TransportError(sent=False) when it
    certainly was not made. `announced` gives a view of the client that calls a function before each attempt of a write.
    """

    def __init__(self, connection: Connection) -> None:
        self._sender = RetryingSender(connection)
        self._reader = ReadClient(connection)
        self._sending: Callable[[], None] = lambda: None
        self.connection = connection

    def announced(self, sending: Callable[[], None]) -> "WriteClient":
        """Return this client with `sending` called right before each attempt of a write; what it raises ends it."""
        view = copy(self)
        view._sending = sending
        return view

    def show(self, kind: Kind, object_id: str) -> dict[str, Json]:
        """Return one object in full, as ReadClient does."""
        return self._reader.show(kind, object_id)

    def create(self, kind: Kind, body: Mapping[str, Json]) -> dict[str, Json]:
        """Create an object; the response holds its id alone."""
        return self._write(kind, "POST", kind.endpoints.collection, {}, body, answers=kind.id_field)

    def update(self, kind: Kind, object_id: str, body: Mapping[str, Json]) -> dict[str, Json]:
        """Replace an object; the response is the whole object."""
        return self._write(kind, "PUT", kind.endpoints.object, {"id": object_id}, body, answers=kind.id_field)

    def delete(self, kind: Kind, object_id: str) -> None:
        """Delete an object. Raises NotFoundError when it does not exist."""
        self._write(kind, "DELETE", kind.endpoints.object, {"id": object_id})

    def create_item(self, kind: Kind, object_id: str, body: Mapping[str, Json]) -> dict[str, Json]:
        """Add one item to an object's item collection."""
        items = _items(kind)
        return self._write(kind, "POST", items.path, {"id": object_id}, body, answers=items.id_field)

    def update_item(self, kind: Kind, object_id: str, item_id: str, body: Mapping[str, Json]) -> dict[str, Json]:
        """Replace one item of an object's item collection."""
        items, ids = _items(kind), {"id": object_id, "item_id": item_id}
        return self._write(kind, "PUT", items.item_path, ids, body, answers=items.id_field)

    def delete_item(self, kind: Kind, object_id: str, item_id: str) -> None:
        """Remove one item of an object's item collection."""
        self._write(kind, "DELETE", _items(kind).item_path, {"id": object_id, "item_id": item_id})

    @property
    def usage(self) -> ApiUsage:
        """Usage so far."""
        return self._sender.meter.usage + self._reader.usage

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()
        self._reader.close()

    def _write(
        self,
        kind: Kind,
        method: str,
        path: str,
        ids: Mapping[str, str],
        body: Mapping[str, Json] | None = None,
        *,
        answers: str = "",
    ) -> dict[str, Json]:
        """Send a write. After a response with an error and without the id field `answers`, the outcome is unknown."""
        call = _call(self.connection, kind, method, path, ids, body=_encoded(body))
        call = replace(call, sending=self._sending)
        self._sender.meter.add(ApiUsage(writes=1))
        try:
            return _said(self._sender.send(call), answers)
        except ApiError as error:
            if error.code == "E_READ_SCHEMA" or error.status >= 500:
                raise TransportError(
                    f"{call}: the outcome is unknown: {error.message}",
                    code="E_WRITE_UNKNOWN",
                    hint="the next read determines it",
                ) from None
            raise


def _said(answer: ApiResponse, answers: str) -> dict[str, Json]:
    said = decode(answer.body) if answer.body.strip() else {}
    if answers not in said and (found := refusal(answer)).code:
        refuse(f"it is an error: {found}")
    return said


def _items(kind: Kind) -> ItemCollection:
    if kind.item_collection is None:
        raise TypeError(f"{kind.name} has no items that are written one by one")
    return kind.item_collection


def _call(
    connection: Connection,
    kind: Kind,
    method: str,
    path: str,
    ids: Mapping[str, str],
    *,
    query: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> ApiRequest:
    for name, value in {"project_id": connection.project_id, **ids}.items():
        path = path.replace("{" + name + "}", path_segment(value))
    headers = {"X-Project-Id": connection.project_id}
    if connection.app_user_id:
        headers["X-App-UserId"] = connection.app_user_id
    if body:
        headers["Content-Type"] = "application/json"
    return ApiRequest(
        method=method,
        origin=connection.origin,
        path=path,
        query=encode_query(query),
        headers=headers,
        body=body,
        not_found_codes=kind.not_found_codes,
    )


def _encoded(body: Mapping[str, Json] | None) -> bytes:
    if body is None:
        return b""
    data = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    if len(data) > MAX_BODY:
        raise ApiError(
            f"the object takes {len(data)} bytes; a signed call carries at most {MAX_BODY}",
            code="E_BODY_SIZE",
            hint="split it, or move texts into assets",
        )
    return data


def _page(kind: Kind, raw: bytes) -> ListPage:
    body = decode(raw, half_characters=True)
    whole = not may_hold_half_characters(raw)
    rows = body.get(kind.endpoints.items)
    if rows is None and body.get(kind.endpoints.count) == 0 and "error_code" not in body:
        rows = []
    if not isinstance(rows, list):
        refuse(f"it has no list {kind.endpoints.items!r}")
    reasons = [_oddness(kind, row, whole=whole) for row in rows]
    return ListPage(
        rows=tuple(compress(rows, map(not_, reasons))),
        count=_count(kind, body),
        odd=tuple(_odd(kind, row, reason) for row, reason in compress(zip(rows, reasons, strict=True), reasons)),
        length=len(raw),
    )


def _oddness(kind: Kind, row: Json, *, whole: bool) -> str:
    """Return the reason why a row's object cannot be managed, or an empty text."""
    if not isinstance(row, dict):
        return "its row is no object"
    given = row.get(kind.id_field)
    if not isinstance(given, str):
        return f"its {kind.id_field} is {'missing' if given is None else 'no text'}"
    if not is_segment(given):
        return f"its {kind.id_field} cannot be part of an address"
    return "" if whole or is_whole_text(row) else "a text in it holds half a character (a lone surrogate)"


def _odd(kind: Kind, row: Json, reason: str) -> OddRow:
    given = row if isinstance(row, dict) else {}
    name = given.get(kind.name_field)
    return OddRow(
        reason=reason,
        id=_shown(given.get(kind.id_field)),
        name=_shown(name) if isinstance(name, str) and name else None,
        key=digest(row),
    )


def _shown(value: Json) -> str:
    """Convert a value of any type to printable text; a lone surrogate becomes an escape."""
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    return text[:_LONGEST].encode("utf-8", "backslashreplace").decode()


def _count(kind: Kind, body: Mapping[str, Json]) -> int | None:
    count = body.get(kind.endpoints.count)
    if count is None:
        return None
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        refuse(f"its {kind.endpoints.count!r} is no number")
    return count
