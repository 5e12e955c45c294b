"""Desired state: the manifests as read and validated."""

from collections.abc import Mapping
from dataclasses import field

from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic, has_errors
from reconciler.model.resource import DeclaredResource
from reconciler.model.source_map import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredState:
    """The resources of all manifest files of one environment, and every problem found in them.

    `resources` are in the order they are written. `rendered` maps a file to its text after templates (the same text
    where it has none). `sources` holds the source line of each position in a diagnostic. `digest` covers the bytes of
    every file and value used.
    """

    resources: tuple[DeclaredResource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    rendered: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[Position, str] = field(default_factory=dict)
    digest: str = ""
    untrusted: bool = False

    @property
    def valid(self) -> bool:
        """Whether a plan may be made from it; one invalid file prevents that, so that no object seems removed."""
        return not has_errors(self.diagnostics)
