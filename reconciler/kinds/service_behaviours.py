"""Behaviours of the service that are not documented: one named choice each, the harsher one by default.

The simulator plays each choice as its seed asks, `doctor` answers with one of them, and the documentation lists them:
all three read this table.
"""

from collections.abc import Mapping

from reconciler.late_methods import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Undocumented behaviour: its name in a seed, its choices (the default first), and its description."""

    name: str
    choices: tuple[str, ...]
    doc: str

    @property
    def default(self) -> str:
        """Harsher choice."""
        return self.choices[0]


def _choice(name: str, choices: str, doc: str) -> Behaviour:
    return Behaviour(name=name, choices=tuple(choices.split()), doc=doc)


BEHAVIOURS = (
    _choice(
        "list_details", "hidden nulled emptied shown", "how the list answers the fields newer deployments leave out"
    ),
    _choice("put", "replace merge", "whether PUT erases the top-level fields its body leaves out"),
    _choice("names", "repeatable unique", "whether a second object of one name is refused"),
    _choice("count", "objects children", "whether a list's count counts its objects or the items inside them"),
    _choice("child_put", "resets keeps", "whether a per-rule PUT resets what its body cannot say (enabled)"),
    _choice("child_ids", "reissued kept", "whether a PUT of the parent gives items new ids"),
    _choice("child_stamp", "kept renewed", "whether a per-rule write renews the update_time of the parent"),
    _choice("confirmation", "voided kept", "whether a PUT takes back the confirmation of a room"),
    _choice("secrets", "clear stars empty", "how show returns sensitive fields"),
    _choice("signed_urls", "changing stable", "whether material URLs carry a signature that differs at every read"),
    _choice("view_mode", "derived kept", "whether the service derives view_mode from video_config"),
    _choice("overridable", "kept ignored", "whether fields the service may override keep what was sent"),
    _choice("doubtful_changes", "applied ignored refused", "what a PUT does to a field no page says can be changed"),
    _choice("delete_missing", "400 404", "the status of deleting or updating what is not there"),
    _choice("show_missing", "404 400", "the status of showing what is not there"),
    _choice("foreign", "listed hidden", "whether other tenants' shared and public templates are in the list"),
    _choice("unknown_keys", "keep drop refuse", "what becomes of body keys that no page documents"),
    _choice("unknown_in_list", "shown hidden", "whether the list carries fields that no page documents"),
    _choice("name_filter", "fuzzy exact", "how a name filter matches where the page does not say"),
    _choice("order", "create_desc create_asc update_desc update_asc shuffled", "the order of a list"),
    _choice("ties", "stable shuffled", "whether objects of one time keep their order from page to page"),
    _choice("validate", "types name", "what a write's body is checked for beside the name"),
    _choice("on_air", "allowed refused", "whether an object with a running job can be updated or deleted"),
    _choice("defaults", "filled absent everywhere", "whether answers spell out documented defaults"),
    _choice("whitespace", "kept trimmed", "whether texts are trimmed when they are stored"),
    _choice("newlines", "kept lf", "whether CR LF becomes LF when a text is stored"),
    _choice("sets", "kept reordered", "whether lists without a meaningful order come back in another one"),
    _choice("times", "kept offset millis lower", "how instants are spelled in answers"),
    _choice("numbers", "kept text", "whether whole numbers come back as text"),
)

CHOICES: Mapping[str, Behaviour] = {behaviour.name: behaviour for behaviour in BEHAVIOURS}
