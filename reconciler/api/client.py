"""The two clients. The reading one has no way to send a write verb; only writers import the other."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from reconciler.api.allowed_hosts import segment
from reconciler.api.body import decode, refuse
from reconciler.api.call import Answer, Call, http_date
from reconciler.api.connection import Connection
from reconciler.api.refusal import refusal
from reconciler.api.sender import Sender
from reconciler.api.signing import encode_query
from reconciler.errors import ApiError, TransportError
from reconciler.kinds.kind import Kind
from reconciler.model.reading import Usage
from reconciler.model.resource import Json

MAX_BODY = 12 * 10**6
"""Bytes of a signed call's body (api.md §5.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer of a list: its rows as sent, and its `count`, None where there is none."""

    rows: tuple[dict[str, Json], ...]
    count: int | None = None


class ReadClient:
    """Lists and shows objects of one project. Safe to share between threads."""

    def __init__(self, connection: Connection) -> None:
        self._sender = Sender(connection)
        self._decoding = Lock()  # one answer at a time: a large one takes five times its size while it is decoded
        self.connection = connection

    def page(self, kind: Kind, *, offset: int, limit: int, filters: Iterable[tuple[str, str]] = ()) -> Page:
        """Return one page of a kind's list; raises ApiError (E_READ_SCHEMA) unless it is one."""
        query = [("limit", str(limit)), ("offset", str(offset)), *filters]
        self._sender.meter.add(Usage(pages=1))
        body = self._get(kind.endpoints.collection, {}, query)
        rows = _rows(kind, body)
        if self.connection.redactor.tainted(_text(row, kind.id_field) for row in rows):
            refuse("the id of a row holds a secret that we sent")
        return Page(rows=rows, count=_count(kind, body))

    def show(self, kind: Kind, object_id: str) -> dict[str, Json]:
        """Return one object in full; raises NotFoundError, DeniedError or another ApiError."""
        self._sender.meter.add(Usage(shows=1))
        body = self._get(kind.endpoints.item, {"id": object_id})
        if "error_code" in body or body.setdefault(kind.id_field, object_id) != object_id:
            refuse("it is not the object that was asked for")
        return body

    @property
    def usage(self) -> Usage:
        """What was sent so far."""
        return self._sender.meter.usage

    @property
    def service_time(self) -> datetime | None:
        """The service's own time at its latest answer, None where it did not say."""
        return http_date(self._sender.service_date)

    @property
    def service_offset(self) -> float:
        """Seconds that the service's clock is ahead of ours; 0 where it has not said what time it is."""
        return self._sender.service_offset

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()

    def _get(self, path: str, ids: Mapping[str, str], query: Iterable[tuple[str, str]] = ()) -> dict[str, Json]:
        body = self._sender.send(_call(self.connection, "GET", path, ids, query=query)).body
        with self._decoding:
            return decode(body)


class WriteClient:
    """Creates, updates and deletes objects of one project, and shows them: what a writer needs.

    Each write raises ApiError when the service refused it, TransportError(sent=True) when nobody knows (a lost or
    unreadable answer, or a fault of the service that may come after it committed), and TransportError(sent=False) when
    it certainly did not happen.
    """

    def __init__(self, connection: Connection) -> None:
        self._sender = Sender(connection)
        self._reader = ReadClient(connection)
        self.connection = connection

    def show(self, kind: Kind, object_id: str) -> dict[str, Json]:
        """Return one object in full, as ReadClient does."""
        return self._reader.show(kind, object_id)

    def create(self, kind: Kind, body: Mapping[str, Json]) -> dict[str, Json]:
        """Create an object; the answer holds its id alone."""
        return self._write("POST", kind.endpoints.collection, {}, body, answers=kind.id_field)

    def update(self, kind: Kind, object_id: str, body: Mapping[str, Json]) -> dict[str, Json]:
        """Replace an object; the answer is the whole object."""
        return self._write("PUT", kind.endpoints.item, {"id": object_id}, body, answers=kind.id_field)

    def delete(self, kind: Kind, object_id: str) -> None:
        """Delete an object; raises NotFoundError when it is not there."""
        self._write("DELETE", kind.endpoints.item, {"id": object_id})

    def create_child(self, kind: Kind, object_id: str, body: Mapping[str, Json]) -> dict[str, Json]:
        """Add one item to an object's collection of children."""
        ids = {"id": object_id}
        return self._write("POST", kind.endpoints.children, ids, body, answers=kind.endpoints.child_id)

    def update_child(self, kind: Kind, object_id: str, child_id: str, body: Mapping[str, Json]) -> dict[str, Json]:
        """Replace one item of an object's collection of children."""
        ids = {"id": object_id, "child_id": child_id}
        return self._write("PUT", _child(kind), ids, body, answers=kind.endpoints.child_id)

    def delete_child(self, kind: Kind, object_id: str, child_id: str) -> None:
        """Remove one item of an object's collection of children."""
        self._write("DELETE", _child(kind), {"id": object_id, "child_id": child_id})

    @property
    def usage(self) -> Usage:
        """What was sent so far."""
        return self._sender.meter.usage + self._reader.usage

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()
        self._reader.close()

    def _write(
        self,
        method: str,
        path: str,
        ids: Mapping[str, str],
        body: Mapping[str, Json] | None = None,
        *,
        answers: str = "",
    ) -> dict[str, Json]:
        """Send a write. An answer that holds an error and not the id field `answers` leaves open what was done."""
        call = _call(self.connection, method, path, ids, body=_encoded(body))
        self._sender.meter.add(Usage(writes=1))
        try:
            return _said(self._sender.send(call), answers)
        except ApiError as error:
            if error.code == "E_READ_SCHEMA" or error.status >= 500:
                raise TransportError(
                    f"{call}: nobody knows whether it was done: {error.message}",
                    code="E_WRITE_UNKNOWN",
                    hint="the next read settles it",
                ) from None
            raise


def _said(answer: Answer, answers: str) -> dict[str, Json]:
    said = decode(answer.body) if answer.body.strip() else {}
    if answers not in said and (found := refusal(answer)).code:
        refuse(f"it is an error: {found}")
    return said


def _child(kind: Kind) -> str:
    return kind.endpoints.children + "/{child_id}"


def _call(
    connection: Connection,
    method: str,
    path: str,
    ids: Mapping[str, str],
    *,
    query: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Call:
    for name, value in {"project_id": connection.project_id, **ids}.items():
        path = path.replace("{" + name + "}", segment(value))
    headers = {"X-Project-Id": connection.project_id}
    if connection.app_user_id:
        headers["X-App-UserId"] = connection.app_user_id
    if body:
        headers["Content-Type"] = "application/json"
    return Call(
        method=method, origin=connection.origin, path=path, query=encode_query(query), headers=headers, body=body
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


def _rows(kind: Kind, body: Mapping[str, Json]) -> tuple[dict[str, Json], ...]:
    rows = body.get(kind.endpoints.items)
    if rows is None and body.get(kind.endpoints.count) == 0 and "error_code" not in body:
        return ()
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        refuse(f"it has no list {kind.endpoints.items!r}")
    for row in rows:
        segment(_text(row, kind.id_field))
    return tuple(rows)


def _count(kind: Kind, body: Mapping[str, Json]) -> int | None:
    count = body.get(kind.endpoints.count)
    if count is None:
        return None
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        refuse(f"its {kind.endpoints.count!r} is no number")
    return count


def _text(row: Mapping[str, Json], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        refuse(f"a row has no text {name!r}")
    return value
