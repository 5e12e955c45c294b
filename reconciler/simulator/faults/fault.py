"""Parses faults of a seed or a control request; an unknown key is a problem with a suggestion."""

from collections.abc import Mapping
from dataclasses import field

from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.model.source_map import DocumentPath
from reconciler.simulator.behaviours import CHOICES
from reconciler.simulator.faults.body_transforms import TRANSFORMS
from reconciler.simulator.seed_check import SeedChecker


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMatch:
    """Requests of a fault; an empty part matches everything. `path` may hold `*` and `?`."""

    method: str = ""
    path: str = ""
    kind: str = ""
    operation: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultTrigger:
    """Selection of the matching requests: the nths (from 1), every nth, or by chance; at most `times` of them."""

    nth: frozenset[int] = frozenset()
    every: int = 0
    probability: float = 1.0
    times: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundEdits:
    """Random edits by other users after a request: probability, operations, and names that are excluded."""

    rate: float = 1.0
    actions: tuple[str, ...] = ()
    spare: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleEdit:
    """One edit by another user.

    It is done to the object of a name, at a place in the list's order, or, with neither, to the one the request names.
    """

    action: str
    position: int | None = None
    name: str = ""
    body: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFault:
    """Changes of the response: its status, headers, body, time and connection.

    `commits` tells whether the operation still happens (a lost answer) or not (a refused request). With `late` it
    happens so many seconds after it was answered: a backend that continues after the gateway's timeout.
    """

    commits: bool = True
    late: float = 0.0
    status: int = 0
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: Json = None
    transforms: tuple[tuple[str, Json], ...] = ()
    delay: float = 0.0
    drip: float = 0.0
    close: bool = False
    close_at: int | None = None
    chunked: bool = False
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One entry of `faults`. `name` appears in logs; `seed` determines all random decisions.

    `ignore_filters` are query parameters by which a list does not filter.
    """

    name: str
    seed: str
    match: RequestMatch
    when: FaultTrigger
    wire: ResponseFault
    clock_shift: float = 0.0
    list_lag: int = 0
    stale: float = 0.0
    order: str = ""
    ties: str = ""
    ignore_offset: bool = False
    ignore_filters: frozenset[str] = frozenset()
    cap: int | None = None
    short: int = 0
    churn: BackgroundEdits | None = None
    edits: tuple[ConsoleEdit, ...] = ()


ACTIONS = ("insert", "delete", "touch", "swap")
_MATCH = ("method", "path", "kind", "operation", "project")
_WHEN = ("nth", "every", "probability", "times")
_WIRE = (
    "commit",
    "late",
    "status",
    "headers",
    "body",
    "transform",
    "delay",
    "drip",
    "close",
    "close_at",
    "chunked",
    "raw",
)
_LIST = (
    "clock_shift",
    "list_lag",
    "stale",
    "order",
    "ties",
    "ignore_offset",
    "ignore_filters",
    "cap",
    "short",
    "churn",
    "edits",
)
KEYS = ("name", "seed", "match", *_WHEN, *_WIRE, *_LIST)


def faults_of(value: Json, check: SeedChecker, path: DocumentPath = ("faults",)) -> tuple[Fault, ...]:
    """Read a list of faults."""
    return tuple(_fault(item, (*path, index), check) for index, item in enumerate(check.listed(value, path)))


def _fault(value: Json, path: DocumentPath, check: SeedChecker) -> Fault:
    given = check.mapping(value, path, KEYS)
    number = str(path[-1])
    cap = given.get("cap")
    return Fault(
        name=check.text(given.get("name"), (*path, "name"), f"fault {number}"),
        seed=check.text(given.get("seed"), (*path, "seed"), number),
        match=_match(given.get("match"), (*path, "match"), check),
        when=_when(given, path, check),
        wire=_wire(given, path, check),
        clock_shift=check.number(given.get("clock_shift"), (*path, "clock_shift"), low=-1e9),
        list_lag=int(check.number(given.get("list_lag"), (*path, "list_lag"))),
        stale=check.number(given.get("stale"), (*path, "stale")),
        order=check.word(given.get("order"), (*path, "order"), CHOICES["order"].choices, ""),
        ties=check.word(given.get("ties"), (*path, "ties"), CHOICES["ties"].choices, ""),
        ignore_offset=check.flag(given.get("ignore_offset"), (*path, "ignore_offset")),
        ignore_filters=_filters(given.get("ignore_filters"), (*path, "ignore_filters"), check),
        cap=None if cap is None else int(check.number(cap, (*path, "cap"))),
        short=int(check.number(given.get("short"), (*path, "short"))),
        churn=_churn(given["churn"], (*path, "churn"), check) if "churn" in given else None,
        edits=_edits(given.get("edits"), (*path, "edits"), check),
    )


def _match(value: Json, path: DocumentPath, check: SeedChecker) -> RequestMatch:
    given = check.mapping(value, path, _MATCH)
    return RequestMatch(**{name: check.text(item, (*path, name)) for name, item in given.items()})


def _filters(value: Json, path: DocumentPath, check: SeedChecker) -> frozenset[str]:
    """Read the query parameters that a list ignores, written as a list of their names."""
    known = {rule.parameter for kind in all_kinds().values() for rule in kind.endpoints.filters}
    words = [check.text(word, (*path, index)) for index, word in enumerate(check.listed(value, path))]
    for index, word in enumerate(words):
        if word not in known:
            check.unknown((*path, index), word, known)
    return frozenset(words)


def _when(given: Mapping[str, Json], path: DocumentPath, check: SeedChecker) -> FaultTrigger:
    nth = given.get("nth")
    nths = nth if isinstance(nth, list) else [] if nth is None else [nth]
    return FaultTrigger(
        nth=frozenset(int(check.number(item, (*path, "nth"), low=1)) for item in nths),
        every=int(check.number(given.get("every"), (*path, "every"))),
        probability=check.number(given.get("probability"), (*path, "probability"), 1.0),
        times=int(check.number(given.get("times"), (*path, "times"))),
    )


def _wire(given: Mapping[str, Json], path: DocumentPath, check: SeedChecker) -> ResponseFault:
    status = int(check.number(given.get("status"), (*path, "status")))
    close_at = given.get("close_at")
    headers = check.mapping(given.get("headers"), (*path, "headers"))
    return ResponseFault(
        commits=check.word(given.get("commit"), (*path, "commit"), ("before", "after"), _moment(given)) == "after",
        late=check.number(given.get("late"), (*path, "late")),
        status=status,
        headers={name: None if item is None else str(item) for name, item in headers.items()},
        body=given.get("body"),
        transforms=_transforms(given.get("transform"), (*path, "transform"), check),
        delay=check.number(given.get("delay"), (*path, "delay")),
        drip=check.number(given.get("drip"), (*path, "drip")),
        close=check.flag(given.get("close"), (*path, "close")),
        close_at=None if close_at is None else int(check.number(close_at, (*path, "close_at"))),
        chunked=check.flag(given.get("chunked"), (*path, "chunked")),
        raw=check.text(given.get("raw"), (*path, "raw")),
    )


def _moment(given: Mapping[str, Json]) -> str:
    """Decide whether the operation is committed: a status alone is a refusal, anything else changes the response."""
    return "before" if "status" in given and "late" not in given else "after"


def _transforms(value: Json, path: DocumentPath, check: SeedChecker) -> tuple[tuple[str, Json], ...]:
    found: list[tuple[str, Json]] = []
    for item in value if isinstance(value, list) else [] if value is None else [value]:
        pairs = item.items() if isinstance(item, dict) else [(str(item), None)]
        for name, argument in pairs:
            if name in TRANSFORMS:
                found.append((name, _argument(name, argument, (*path, name), check)))
            else:
                check.unknown((*path, name), str(name), TRANSFORMS)
    return tuple(found)


def _argument(name: str, value: Json, path: DocumentPath, check: SeedChecker) -> Json:
    """Check the argument of a transform that takes a mapping or a number."""
    if name == "set":
        return dict(check.mapping(value, path))
    if name in _SIZED or (name in _SIZED_BY_DEFAULT and value is not None and value is not True):
        return int(check.number(value, path))
    return value


_SIZED = frozenset({"truncate", "pad"})
_SIZED_BY_DEFAULT = frozenset({"nested", "gzip_bomb"})


def _churn(value: Json, path: DocumentPath, check: SeedChecker) -> BackgroundEdits:
    given = check.mapping(value, path, ("rate", "actions", "spare"))
    words = check.listed(given.get("actions"), (*path, "actions")) or ACTIONS
    return BackgroundEdits(
        rate=check.number(given.get("rate"), (*path, "rate"), 1.0),
        actions=tuple(check.word(word, (*path, "actions"), ACTIONS, ACTIONS[0]) for word in words),
        spare=check.text(given.get("spare"), (*path, "spare")),
    )


def _edits(value: Json, path: DocumentPath, check: SeedChecker) -> tuple[ConsoleEdit, ...]:
    return tuple(_edit(item, (*path, index), check) for index, item in enumerate(check.listed(value, path)))


def _edit(value: Json, path: DocumentPath, check: SeedChecker) -> ConsoleEdit:
    given = check.mapping(value, path, ("action", "position", "name", "body"))
    position = given.get("position")
    return ConsoleEdit(
        action=check.word(given.get("action"), (*path, "action"), ACTIONS, "touch"),
        position=None if position is None else int(check.number(position, (*path, "position"))),
        name=check.text(given.get("name"), (*path, "name")),
        body=check.mapping(given.get("body"), (*path, "body")),
    )
