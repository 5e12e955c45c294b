"""Choices of the simulator among the undocumented behaviours, whose table is shared with `doctor`."""

from collections.abc import Mapping

from reconciler.kinds.service_behaviours import BEHAVIOURS, CHOICES, Behaviour
from reconciler.model.json_types import Json

__all__ = ["BEHAVIOURS", "CHOICES", "Behaviour", "select_behaviours"]


def select_behaviours(wishes: Mapping[str, Json]) -> dict[str, str]:
    """Return every behaviour's choice; the seed's choices are already validated."""
    return {name: str(wishes.get(name, behaviour.default)) for name, behaviour in CHOICES.items()}
