"""What a read of the live side is: complete, or incomplete with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.resource import LiveResource


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """What a plan needs to know of one kind.

    `fields` maps each declared name (and alias) to the top-level fields its manifest manages: the reader asks show
    only for objects whose needed fields the list hides. `pins` does the same by id. `known` are the ids the ledger
    remembers: one that the list lacks is looked up before it may count as gone. `depth` is list, auto or full.
    `name_prefix` and `scope_fields` (the values of a field that are inside) narrow to a scope; names are matched
    exactly on our side.
    """

    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    pins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    depth: str = "auto"
    name_prefix: str = ""
    scope_fields: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """The live objects of one kind. Only a complete one can yield a create or a delete.

    `incomplete` is empty for a complete read, else the reason in words; `code` is then stable (E_READ_INCOMPLETE …).
    `proof` says in words what completeness rests on; `listed` names the top-level fields that the list itself carried.
    """

    kind: str
    resources: tuple[LiveResource, ...] = ()
    incomplete: str = ""
    code: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    proof: str = ""
    listed: frozenset[str] = frozenset()

    @property
    def complete(self) -> bool:
        """Whether the list was proven to be whole."""
        return not self.incomplete


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmRequest:
    """What a plan would create and delete, to be confirmed before it is said: names of creates, ids of deletes."""

    creates: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmResult:
    """The answer to a Doubt.

    `found` are objects that exist after all under a name to be created; `gone` are ids that are no longer there;
    `unsure` maps a name or an id to the reason why it could not be confirmed: that change is held back.
    `incomplete` says why the list turned out not to be whole: no create and no delete counts.
    """

    found: tuple[LiveResource, ...] = ()
    gone: frozenset[str] = frozenset()
    unsure: Mapping[str, str] = field(default_factory=dict)
    incomplete: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiUsage:
    """What reading and writing cost: calls sent, by kind; tries repeated; seconds waited; answers from the cache."""

    requests: int = 0
    pages: int = 0
    shows: int = 0
    writes: int = 0
    retries: int = 0
    waited: float = 0.0
    cache_hits: int = 0

    def __add__(self, other: "ApiUsage") -> "ApiUsage":
        return ApiUsage(
            requests=self.requests + other.requests,
            pages=self.pages + other.pages,
            shows=self.shows + other.shows,
            writes=self.writes + other.writes,
            retries=self.retries + other.retries,
            waited=self.waited + other.waited,
            cache_hits=self.cache_hits + other.cache_hits,
        )
