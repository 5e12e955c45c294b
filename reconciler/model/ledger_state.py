"""Recorded state of the ledger, as values that planning reads and never writes."""

from collections.abc import Callable, Mapping
from dataclasses import field

from reconciler.late_methods import dataclass
from reconciler.model.change import Action
from reconciler.model.json_types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRecord:
    """Record of one object in this scope.

    `last_applied` is the managed part as it was last applied, defaults filled in, secrets as keyed digests; None when
    it was never applied. `protected` keeps `prevent_destroy` after its manifest is gone. `stuck` names the
    fields the service did not keep, `stuck_as` the fingerprints (live, desired) at that time: the same write is not
    sent again. `unkept` maps each of their paths to a digest of the value that the service had instead, on `unkept_on`.
    `drift_first` and `drift_last` are the first and last time it was seen to drift.
    """

    kind: str
    id: str
    name: str
    address: str
    owner: str
    last_applied: Json = None
    protected: bool = False
    stuck: tuple[str, ...] = ()
    stuck_as: tuple[str, str] = ("", "")
    unkept: Mapping[str, str] = field(default_factory=dict)
    unkept_on: str = ""
    drift_first: str = ""
    drift_last: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteIntent:
    """Write that was begun without a recorded outcome; no create of that name is allowed until it is resolved.

    `started` is UTC as in the API (`2026-11-23T10:00:00Z`). `body` is what the manifest declared (secrets by name
    only): an object found later counts as created by it only where its listed fields equal it. `body_digest` covers the
    same. `owner` began it and owns the object. `answered`: the service reported success (a create then has its `id`),
    but no read confirms it yet. `started` is by the service's clock, where that is known. `fields` are the paths that
    the change is about, for the history.
    """

    operation: str
    action: Action
    kind: str
    name: str
    id: str = ""
    address: str = ""
    started: str = ""
    body_digest: str = ""
    body: Json = None
    owner: str = ""
    answered: bool = False
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectIdentity:
    """Identity of a project: its `id` (or empty), its name, and its repository's root commits.

    An owner is an id and an environment, spelled `ID/ENVIRONMENT`; a project without an id goes by its name.
    """

    id: str = ""
    name: str = ""
    roots: Callable[[], frozenset[str]] = frozenset

    def owner(self, environment: str) -> str:
        """Return the owner of what is applied in an environment."""
        return f"{self.id or self.name}/{environment}"

    def name_of(self, owner: str) -> str:
        """Return the display name of an owner in this project; the owner itself where it is another project's."""
        mine, _, environment = owner.rpartition("/")
        return f"{self.name}/{environment}" if self.id and mine == self.id else owner

    def former(self, owner: str) -> str:
        """Return the name of an owner in ledgers from before the project had an id; empty where there is none."""
        name = self.name_of(owner)
        return name if name != owner else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """The ledger's view of one scope. `present` is false where there is no ledger: then nothing is owned.

    `former` is the owner's name from before its project had an id: its objects are read as owned, never deleted.
    `names` holds the display name of each owner, `roots` the root commits of the repositories that were seen with it.
    `adopts`: an apply would take ownership of what is declared and live.

    `objects` is keyed by (kind, id). `sweeps` holds how many objects of each kind the last complete read found.
    `digest_key` makes the keyed digests of secrets; empty when there is none.
    """

    present: bool = False
    owner: str = ""
    former: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    roots: Mapping[str, frozenset[str]] = field(default_factory=dict)
    adopts: bool = False
    objects: Mapping[tuple[str, str], ObjectRecord] = field(default_factory=dict)
    intents: tuple[WriteIntent, ...] = ()
    sweeps: Mapping[str, int] = field(default_factory=dict)
    digest_key: bytes = field(default=b"", repr=False)

    def owns(self, thing: ObjectRecord | None) -> bool:
        """Whether this owner owns an object; only owned objects are ever deleted."""
        return thing is not None and thing.owner == self.owner

    def knows(self, thing: ObjectRecord | None) -> bool:
        """Whether the record of an object is this owner's, or that of its former name."""
        return thing is not None and thing.owner in (self.owner, self.former or self.owner)

    def name_of(self, owner: str) -> str:
        """Return the display name of an owner."""
        return self.names.get(owner, owner)
