"""What the ledger remembers, as values that planning reads; planning never writes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.change import Action
from reconciler.model.resource import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """One object the ledger knows in this scope.

    `last_applied` is the managed part as it was last applied, defaults filled in, secrets as keyed digests; None when
    it was never applied. `protected` keeps `prevent_destroy` after its manifest is gone. `stuck` names the fields the
    service would not keep, `stuck_as` the fingerprints (live, desired) at which it would not: sending the same again is
    pointless. `unkept` maps each of their paths to a digest of what the service had there instead, on `unkept_on`.
    `drift_first` and `drift_last` say since when, and when last, it was seen to drift.
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
class Intent:
    """A write that was begun and whose end nobody recorded: no create of that name until it is settled.

    `started` is UTC as in the API (`2026-11-23T10:00:00Z`). `body` is what the manifest declared (secrets by name
    only): an object found later is taken for ours only where its listed fields equal it. `body_digest` covers the same.
    `owner` is who began it, and owns what comes of it. `answered` tells that the service said it was done (a create
    then has its `id`), and that this was not seen yet. `started` is by the service's clock, where that is known.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The ledger's view of one scope. `present` is false where there is no ledger: then nothing is owned.

    `objects` is keyed by (kind, id). `sweeps` holds how many objects of each kind the last complete read found.
    `digest_key` makes the keyed digests of secrets; empty when there is none.
    """

    present: bool = False
    owner: str = ""
    objects: Mapping[tuple[str, str], Remembered] = field(default_factory=dict)
    intents: tuple[Intent, ...] = ()
    sweeps: Mapping[str, int] = field(default_factory=dict)
    digest_key: bytes = field(default=b"", repr=False)
