"""The plan: the ordered changes for one environment, as plain data that every later step reads."""

from dataclasses import field

from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Attribution, Change
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.json_types import Json

W_CACHED = "W_CACHED"
"""Code of the warning that objects come from a read cache which may be stale."""

FORMAT_VERSION = "1.0"
"""Version of the JSON form: a reader ignores unknown keys of the same major version and rejects another one."""


UNKNOWN_WITHOUT_LEDGER = ("destroy", "drift")
"""Counts of a summary that require the ledger: ownership, and the last applied values."""

UNKNOWN_WITH_COMMIT = ("destroy",)
"""The same with a base commit, to which drift is attributed."""

OWNED_UNDECLARED = "owned by this project, not declared"
"""Start of the reason why an owned object that no manifest declares stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmanagedResource:
    """Live object that no manifest declares, or that is never written (`foreign` says why). It is not a change.

    `reason` says why an owned one stays, and what deletes it.
    """

    address: str
    kind: str
    name: str
    id: str
    foreign: str = ""
    owned: bool = False
    reason: str = ""
    values: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredChange:
    """Change that cannot be proposed because the read does not prove it, with the reason."""

    action: Action
    address: str
    kind: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSummary:
    """Counts of a plan; blocked changes are counted in their action too.

    `adopt` counts objects that apply takes ownership of; each is counted in its action too.
    """

    add: int = 0
    change: int = 0
    destroy: int = 0
    unchanged: int = 0
    unmanaged: int = 0
    blocked: int = 0
    held: int = 0
    suppressed: int = 0
    config: int = 0
    drift: int = 0
    conflict: int = 0
    already: int = 0
    pending: int = 0
    unattributed: int = 0
    adopt: int = 0


def is_resource_error(diagnostic: Diagnostic) -> bool:
    """Tell whether a problem excludes only the object it concerns: a failed read, or an ambiguous name."""
    return diagnostic.code == "E_NAME_AMBIGUOUS" or diagnostic.code.startswith("E_READ_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Planned changes of one environment, with the evidence they are based on.

    `changes` holds every declared object, unchanged ones included, and the deletes, in the order of apply. `complete`
    is false when the read or the selection covers only a part. `untrusted` marks a plan of untrusted manifests: it can
    never be applied. `base` is the base of attribution (`ledger`, a commit, or empty). `unknown_counts` names the
    counts of the summary that cannot be determined: they are lower bounds, and a zero means unknown. `destroys`: it
    was made by `destroy`, with nothing declared. `folder` is that of the project in this process, where the caller
    names it; it is part of no report.
    """

    environment: str
    changes: tuple[Change, ...] = ()
    unmanaged: tuple[UnmanagedResource, ...] = ()
    held: tuple[DeferredChange, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    complete: bool = True
    untrusted: bool = False
    base: str = ""
    unknown_counts: tuple[str, ...] = ()
    destroys: bool = False
    folder: str = field(default="", compare=False, repr=False)
    _summary: PlanSummary | None = field(default_factory=lambda: None, init=False, compare=False, repr=False)

    @property
    def errored(self) -> bool:
        """Whether an error ended the plan; an error of a single object makes it partial instead."""
        return any(one.severity is Severity.ERROR and not is_resource_error(one) for one in self.diagnostics)

    @property
    def partial(self) -> bool:
        """Whether something could not be read or planned: an incomplete read, an ambiguous name, a deferred change."""
        return bool(self.held) or any(map(is_resource_error, self.diagnostics))

    @property
    def as_of_cache(self) -> str:
        """How much comes from a cache that may be stale, and how old it is; empty where nothing does."""
        return next((one.message for one in self.diagnostics if one.code == W_CACHED), "")

    @property
    def pending(self) -> tuple[Change, ...]:
        """Changes with an action other than NONE."""
        return tuple(change for change in self.changes if change.action is not Action.NONE)

    @property
    def adopting(self) -> tuple[Change, ...]:
        """Changes, unchanged objects included, by which apply takes ownership of an object."""
        return tuple(change for change in self.changes if change.adopt)

    @property
    def undeclared(self) -> tuple[UnmanagedResource, ...]:
        """Owned objects that no manifest declares and that stay."""
        return tuple(one for one in self.unmanaged if one.owned and not one.foreign)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.pending and not self.held

    def knows(self, count: str) -> bool:
        """Tell whether a count of the summary is exact; a zero among `unknown_counts` is not."""
        return count not in self.unknown_counts or getattr(self.summary(), count) > 0

    def summary(self) -> PlanSummary:
        """Return the counts of the changes by action, and by attribution of their fields, counted once."""
        found = self._summary
        if found is None:
            found = self._counted()
            object.__setattr__(self, "_summary", found)
        return found

    def _counted(self) -> PlanSummary:
        """Count the changes and their fields; a create or delete counts as one field."""
        actions = [change.action for change in self.changes]
        fields = [field.attribution for change in self.changes for field in change.fields]
        fields += [change.attribution for change in self.pending if change.attribution and not change.fields]
        return PlanSummary(
            add=actions.count(Action.CREATE),
            change=actions.count(Action.UPDATE),
            destroy=actions.count(Action.DELETE),
            unchanged=actions.count(Action.NONE),
            unmanaged=sum(1 for item in self.unmanaged if not item.foreign),
            blocked=sum(1 for change in self.changes if change.blocks),
            held=len(self.held),
            suppressed=sum(len(change.suppressed) for change in self.changes),
            adopt=len(self.adopting),
            **({attribution.value: fields.count(attribution) for attribution in Attribution} if fields else {}),
        )
