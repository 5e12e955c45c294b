"""Profile of a service: the answers of `doctor` for one endpoint and project, with their age.

A profile may save reads or tighten a guard. It never allows a delete that would be blocked without it.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from reconciler.late_methods import dataclass

MAX_AGE = 30 * 86_400.0
"""Seconds for which a profile is used."""
_SKEW = 300.0
"""Seconds by which the clocks of two machines with one ledger may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProfile:
    """Observed behaviours (name → choice), when they were measured, and how many seconds ago."""

    answers: Mapping[str, str] = field(default_factory=dict)
    measured: datetime
    age: float = 0.0

    @property
    def is_current(self) -> bool:
        """Whether it is young enough to be used; one of the future is not."""
        return -_SKEW <= self.age <= MAX_AGE

    def shows(self, behaviour: str, choice: str) -> bool:
        """Tell whether a behaviour was observed to be this choice, recently enough."""
        return self.is_current and self.answers.get(behaviour) == choice

    @property
    def renews_versions(self) -> bool:
        """Whether every kind of write was seen to renew the version field of the object, in its list row too."""
        return self.shows("child_stamp", "renewed")

    @property
    def hides_item_writes(self) -> bool:
        """Whether calls for single items were seen to leave the version field of their object alone."""
        return self.shows("child_stamp", "kept")
