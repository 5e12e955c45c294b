"""Bodies of a kind's own objects, with which `doctor` measures what the service does."""

from collections.abc import Mapping
from dataclasses import field

from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json

MARKED_TEXT = "  reconciler\r\ndoctor  "
"""Text with blanks around it and a CR LF in it: what is stored of it shows how the service normalizes texts."""

MARKED_ITEMS = ("doctor-1", "doctor-2", "doctor-3")
"""Texts of three items of a list without a meaningful order, in the order in which they are sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeBodies:
    """Bodies beside the name, each valid by the kind's table; an empty one is not probed.

    `plain` uses nothing that an account may lack. `marked` holds MARKED_TEXT in one text and MARKED_ITEMS in one set.
    `overridden` sets fields that the service may override (`server_may_override`). `mistyped` has one value of another
    JSON type than its field. `changed` differs from `plain` in a field that may be immutable (`update_undocumented`).
    `derived` holds a value that contradicts the one which the service may derive; `derivation` names that behaviour.

    For a kind with items that are written one by one: `added_item` is a further one, and `changed_item` the body of a
    call for the one of `plain` that has a value which such a call cannot carry.
    """

    plain: Mapping[str, Json]
    marked: Mapping[str, Json] = field(default_factory=dict)
    overridden: Mapping[str, Json] = field(default_factory=dict)
    mistyped: Mapping[str, Json] = field(default_factory=dict)
    changed: Mapping[str, Json] = field(default_factory=dict)
    derived: Mapping[str, Json] = field(default_factory=dict)
    derivation: str = ""
    added_item: Mapping[str, Json] = field(default_factory=dict)
    changed_item: Mapping[str, Json] = field(default_factory=dict)
