"""Behaviour of a kind in the simulator that its table does not state: plain callables, read by the simulator alone."""

from collections.abc import Callable, Mapping
from dataclasses import field

from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json

Row = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """Field that the service may compute from others; the service behaviour of that name decides whether it does.

    `derive` returns a body with the field computed, unchanged where the other fields are incomplete.
    """

    field: str
    derive: Callable[[dict[str, Json]], dict[str, Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Confirmation of an object by a call of its own (api.md §2), below its path.

    `field` holds the state: `states` by the action that the call names, `unconfirmed` after an update. The call also
    names the `version` that it confirms.
    """

    field: str
    states: Mapping[str, str]
    unconfirmed: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedKind:
    """What a kind does in the simulator beside its table.

    `filters` maps a parameter of the list that filters by no field to a function of a row and the request's project: it
    returns the values of the parameter that keep the row.
    """

    derivation: Derivation | None = None
    confirmation: Confirmation | None = None
    filters: Mapping[str, Callable[[Row, str], frozenset[str]]] = field(default_factory=dict)
