"""Options of a plan, from the project file and the command line."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date

from reconciler.late_methods import dataclass

WRITER_SECONDS = 120.0
"""Default limit in seconds for one change in a writer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceScope:
    """Which objects an environment manages; a manifest outside of it is an error, a live object outside is left alone.

    `fields` maps a scope field of a kind (`room_type`) to the values that are inside; no entry takes all.
    """

    name_prefix: str = ""
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Part of the manifests that a plan covers; anything but the default makes the plan partial.

    `targets` and `excludes` are addresses, names or globs. `labels` and `files` select manifests, never live objects;
    a file is relative to the project, and a folder means all manifests in it. `with_dependencies` chooses the objects
    that selected manifests refer to as well.
    """

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    with_dependencies: bool = False
    files: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether anything is left out."""
        return bool(self.targets or self.excludes or self.labels or self.files)

    def has_file(self, file: str) -> bool:
        """Tell whether a manifest file is one of `files`, or in one of these folders; without any, all are."""
        return not self.files or any(is_in(file, one) for one in self.files)


def is_in(file: str, entry: str) -> bool:
    """Tell whether a project-relative file is an entry or, where that is a folder, in it."""
    return entry in {file, "."} or file.startswith(f"{entry}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardOverrides:
    """Guards that the operator overrides at apply; each names the object or the number, never "everything".

    `deletes` must equal the plan's number of deletes. `live` names rooms on air that may be deleted. `empty` and
    `collapsed` accept an empty desired and a collapsed live side.
    """

    deletes: int | None = None
    live: frozenset[str] = frozenset()
    empty: bool = False
    collapsed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """Options of the plan of one environment.

    `project_id` is the project whose objects are managed; empty manages the objects of all. `prune` is `none` or
    `owned`; `unpruned` names what would delete the owned objects that no manifest declares. `protect` are address
    patterns that are never deleted. `depth` is list, auto or full. `today` decides which rules have expired: it is an
    input, so that the same inputs give the same plan.
    """

    environment: str
    project_id: str = ""
    prune: str = "none"
    unpruned: str = ""
    scope: ResourceScope = field(default_factory=ResourceScope)
    selection: Selection = field(default_factory=Selection)
    protect: tuple[str, ...] = ()
    depth: str = "auto"
    today: date = date(1970, 1, 1)
    untrusted: bool = False
