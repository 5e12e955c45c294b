"""Collector of one comparison's side results, besides the differences."""

from collections.abc import Callable
from dataclasses import field
from enum import Enum

from reconciler.late_methods import dataclass
from reconciler.model.change import NoValue, PartialValue, SuppressionReason
from reconciler.model.field_path import FieldPath, FieldStep, printed
from reconciler.model.json_types import Json
from reconciler.semantics.compiled_field import CompiledField
from reconciler.semantics.known_parts import KnownParts


class SecretStatus(Enum):
    """Status of a secret, determined without its value.

    UNKNOWN: it was applied under this name before. NO_BASE: the last applied value is not known.
    """

    SAME = "same"
    CHANGED = "changed"
    UNKNOWN = "unknown"
    NO_BASE = "no base"


SecretJudge = Callable[[FieldPath, Json], SecretStatus]
"""Tells whether the secret of a manifest is the one that was last applied."""


def nothing_known(steps: FieldPath, value: Json) -> SecretStatus:  # noqa: ARG001 - the judge that has no ledger
    """Return the status of secrets without a ledger."""
    return SecretStatus.NO_BASE


@dataclass(slots=True, kw_only=True)
class DiffCollector:
    """The collector of one comparison.

    `known` are the parts that comparisons of the same plan met before.

    `hidden` are suppressed raw differences. `places` maps the printed steps of a list item to its index in the
    manifest. `secrets` and `moves` are differences that are not split further. `defaults` are the printed steps whose
    desired side is a default, `series` those of lists whose items have no keys.
    """

    judge: SecretJudge = nothing_known
    known: KnownParts = field(default_factory=KnownParts)
    hidden: list[tuple[FieldPath, SuppressionReason, str]] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    places: dict[tuple[str, ...], int] = field(default_factory=dict)
    secrets: list[FieldPath] = field(default_factory=list)
    moves: list[tuple[FieldPath, int, int]] = field(default_factory=list)
    defaults: set[tuple[str, ...]] = field(default_factory=set)
    series: set[tuple[str, ...]] = field(default_factory=set)

    @property
    def silent(self) -> bool:
        """Whether the comparison recorded nothing to tell beside its differences."""
        return not (self.hidden or self.notes or self.secrets or self.moves)

    def hide(self, at: FieldPath, rule: SuppressionReason, detail: str = "") -> None:
        """Record a suppressed raw difference and its reason."""
        self.hidden.append((at, rule, detail))

    def record_index(self, at: FieldPath, index: int) -> None:
        """Record the index of a list item in the manifest."""
        self.places[tuple(map(printed, at))] = index

    def default(self, at: FieldPath) -> None:
        """Record that the desired side of a difference is a documented default."""
        self.defaults.add(tuple(map(printed, at)))

    def scratch(self) -> "DiffCollector":
        """Return an empty collector for a comparison that may be discarded."""
        return DiffCollector(judge=self.judge, known=self.known)

    def take(self, other: "DiffCollector") -> None:
        """Merge the results of a scratch collector."""
        self.hidden += other.hidden
        self.notes.update(other.notes)
        self.places.update(other.places)
        self.secrets += other.secrets
        self.moves += other.moves
        self.defaults |= other.defaults
        self.series |= other.series


Pair = tuple[PartialValue, PartialValue]
"""Live and desired, reduced to what differs, with keyed lists as objects by printed step.

ABSENT where one side has nothing.
"""


def put_pair(step: str, pair: Pair, before: dict[str, PartialValue], after: dict[str, PartialValue]) -> None:
    """Put both sides of a difference at a step; an absent side is left out."""
    for side, value in zip((before, after), pair, strict=True):
        if value is not NoValue.ABSENT:
            side[step] = value


Inner = Callable[[CompiledField, Json, Json, FieldPath, DiffCollector], Pair | None]
"""Compares two values that belong together: declared, live, and where they are."""


@dataclass(frozen=True, slots=True)
class ListComparison:
    """Position and item comparison of a list, with the collector of its results."""

    at: FieldPath
    found: DiffCollector
    inner: Inner

    def step(self, step: FieldStep) -> FieldPath:
        """Return the path of an item."""
        return (*self.at, step)

    def tries(self, node: CompiledField, want: Json, have: Json, step: FieldStep) -> DiffCollector | None:
        """Compare two items that may correspond: the result if they are equivalent, else None."""
        scratch = self.found.scratch()
        pair = self.inner(node, want, have, self.step(step), scratch)
        return None if pair is not None or scratch.secrets or scratch.moves else scratch
