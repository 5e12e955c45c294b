"""From a kind's table to routes: no kind is named here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.kinds import Kind
from reconciler.simulator.message import Request

CONFIRM_FIELD = "confirm_state"
"""A kind with this field has the confirm call (api.md §2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call of the API: method, path segments (`{…}` is open), what it does, and to which kind."""

    method: str
    pattern: tuple[str, ...]
    operation: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a request leads: the route and what stood in its open segments."""

    route: Route
    project: str
    id: str = ""
    child: str = ""


def routes(kinds: Mapping[str, Kind]) -> dict[tuple[str, int], list[Route]]:
    """Return every route of the kinds, by method and number of segments."""
    table: dict[tuple[str, int], list[Route]] = {}
    for kind in kinds.values():
        for route in _routes_of(kind):
            table.setdefault((route.method, len(route.pattern)), []).append(route)
    return table


def _routes_of(kind: Kind) -> Iterable[Route]:
    places = kind.endpoints
    calls = [
        ("GET", places.collection, "list"),
        ("POST", places.collection, "create"),
        ("GET", places.item, "show"),
        ("PUT", places.item, "update"),
        ("DELETE", places.item, "delete"),
    ]
    if places.summary:
        calls.append(("GET", places.summary, "summary"))
    if CONFIRM_FIELD in kind.root.children:
        calls.append(("POST", places.item + "/confirm", "confirm"))
    if places.children:
        child = places.children + "/{child}"
        calls += [("POST", places.children, "child_create"), ("PUT", child, "child_update")]
        calls.append(("DELETE", child, "child_delete"))
    for method, path, operation in calls:
        pattern = tuple(path.strip("/").split("/"))
        yield Route(method=method, pattern=pattern, operation=operation, kind=kind.name)


def target_of(table: Mapping[tuple[str, int], list[Route]], request: Request) -> Target | None:
    """Return where a request leads, or None when no call has this method and path."""
    segments = request.segments
    for route in table.get((request.method, len(segments)), ()):
        open_parts = _open_parts(route.pattern, segments)
        if open_parts is not None:
            return Target(route=route, **open_parts)
    return None


def _open_parts(pattern: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for want, have in zip(pattern, segments, strict=True):
        if want.startswith("{"):
            if not have:
                return None
            found[{"{project_id}": "project", "{child}": "child"}.get(want, "id")] = have
        elif want != have:
            return None
    return found
