"""Read requests and results: complete, or incomplete with the reason."""

from collections.abc import Mapping
from dataclasses import field

from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.resource import LiveResource


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """Request to read one kind.

    `fields` maps each declared name (and alias) to the top-level fields its manifest manages: the reader asks show
    only for objects whose needed fields the list hides. `pins` does the same by id. `known` are the ids the ledger
    remembers: one that the list lacks is looked up before it may count as gone. `depth` is list, auto or full.
    `name_prefix` and `scope_fields` (the values of a field that are inside) narrow to a scope; names are matched
    exactly on our side. `query` are further parameters of the list, sent as they are: the result is what the service
    answers to them.
    """

    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    pins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    depth: str = "auto"
    name_prefix: str = ""
    scope_fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedShows:
    """Shows that were taken from a cache which is not proven: their number, and when the oldest was read (UTC)."""

    hits: int = 0
    oldest: str = ""

    def __add__(self, other: "CachedShows") -> "CachedShows":
        oldest = min(filter(None, (self.oldest, other.oldest)), default="")
        return CachedShows(hits=self.hits + other.hits, oldest=oldest)

    def __str__(self) -> str:
        return f"as of the cache, hits {self.hits}, oldest {self.oldest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """The live objects of one kind. Only a complete one can yield a create or a delete.

    `incomplete` is empty for a complete read, else the reason as text; `code` is then stable (E_READ_INCOMPLETE …).
    `proof` describes the evidence of completeness; `listed` names the top-level fields that the list itself carried.
    `cached` are shows from a cache that may be stale: a plan of them is not complete.
    """

    kind: str
    resources: tuple[LiveResource, ...] = ()
    incomplete: str = ""
    code: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    proof: str = ""
    listed: frozenset[str] = frozenset()
    cached: CachedShows = field(default_factory=CachedShows)

    @property
    def complete(self) -> bool:
        """Whether the list was proven complete."""
        return not self.incomplete


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmRequest:
    """Creates and deletes of a plan to be confirmed by a second read: names of creates, ids of deletes."""

    creates: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmResult:
    """Result of a ConfirmRequest.

    `found` are objects that do exist under a name to be created; `gone` are ids that no longer exist; `unsure` maps a
    name or an id to the reason why it could not be confirmed: that change is deferred. `incomplete` is the reason why
    the list is not complete: then no create or delete is confirmed. `deleted` are the objects to delete, in full where
    the reader has read them for this.
    """

    found: tuple[LiveResource, ...] = ()
    gone: frozenset[str] = frozenset()
    unsure: Mapping[str, str] = field(default_factory=dict)
    incomplete: str = ""
    deleted: tuple[LiveResource, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiUsage:
    """API usage of reads and writes: calls by kind, retries, seconds waited, cache hits.

    `least` is the number of requests without which a read is not possible: full pages, one show for each object whose
    needed fields neither the list nor the cache has, and one request for each create and delete to confirm.
    """

    requests: int = 0
    pages: int = 0
    shows: int = 0
    writes: int = 0
    retries: int = 0
    waited: float = 0.0
    cache_hits: int = 0
    least: int = 0

    def __add__(self, other: "ApiUsage") -> "ApiUsage":
        return ApiUsage(
            requests=self.requests + other.requests,
            pages=self.pages + other.pages,
            shows=self.shows + other.shows,
            writes=self.writes + other.writes,
            retries=self.retries + other.retries,
            waited=self.waited + other.waited,
            cache_hits=self.cache_hits + other.cache_hits,
            least=self.least + other.least,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RateUse:
    """Calls a second of one run: at present, at most by the setting, and at first; 0 is no limit.

    `refused` counts the calls that the service refused for their rate, `stated` is the rate that it states itself.
    """

    per_second: float
    setting: float = 0.0
    started: float = 0.0
    refused: int = 0
    stated: float | None = None

    @property
    def is_learnt(self) -> bool:
        """Whether anything but the setting decided the rate."""
        return bool(self.refused or self.stated is not None or self.started != self.setting)

    def __str__(self) -> str:
        parts = [f"setting {self.setting:g}" if self.setting else "no setting"]
        if self.started != self.setting:
            parts.append(f"began at {self.started:.3g} as earlier runs learnt")
        if self.stated is not None:
            parts.append(f"the service states {self.stated:.3g}")
        if self.refused:
            parts.append(f"{self.refused:,} refused")
        return f"{self.per_second:.3g} a second ({', '.join(parts)})"
