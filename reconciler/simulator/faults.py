"""Faults as data: which requests, when, and what goes wrong. One seed is one schedule; the seed is the bug report."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.resource import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which requests a fault is about; what is empty matches everything. `path` may hold `*` and `?`."""

    method: str = ""
    path: str = ""
    kind: str = ""
    operation: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Which of the matching requests: the nths (from 1), every so many, or by chance; at most `times` of them."""

    nth: frozenset[int] = frozenset()
    every: int = 0
    probability: float = 1.0
    times: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    """Changes behind the client's back after an answered request: how likely, which, and names it leaves alone."""

    rate: float = 1.0
    actions: tuple[str, ...] = ()
    spare: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change behind the client's back.

    It is done to the object of a name, at a place in the list's order, or, with neither, to the one the request names.
    """

    action: str
    position: int | None = None
    name: str = ""
    body: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """What happens to the answer: its status, headers, body, time and connection.

    `commits` tells whether the operation still happens (a lost answer) or not (a refused request). With `late` it
    happens so many seconds after it was answered: a backend that goes on when the gateway has given up.
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
    """One entry of `faults`. `name` is what logs call it; `seed` decides everything that is left to chance."""

    name: str
    seed: str
    match: Match
    when: When
    wire: Wire
    clock_shift: float = 0.0
    list_lag: int = 0
    stale: float = 0.0
    order: str = ""
    ties: str = ""
    ignore_offset: bool = False
    cap: int | None = None
    short: int = 0
    churn: Churn | None = None
    edits: tuple[Edit, ...] = ()
