"""Terminal colours; the only module with escape sequences."""

from collections.abc import Mapping, Sequence

from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Attribution
from reconciler.reports.wording import GuardGroup

_CODES: Mapping[str, str] = {
    "add": "32",
    "change": "33",
    "remove": "31",
    "quiet": "2",
    "strong": "1",
    "note": "36",
    "removed": "31;4",
    "added": "32;4",
    "alarm": "1;31",
}

ACTION_STYLE = {Action.CREATE: "add", Action.UPDATE: "change", Action.DELETE: "remove", Action.NONE: "quiet"}

MARK_STYLE = {
    Attribution.CONFIG: "note",
    Attribution.DRIFT: "change",
    Attribution.CONFLICT: "alarm",
    Attribution.ALREADY: "quiet",
    Attribution.PENDING: "note",
    Attribution.UNATTRIBUTED: "quiet",
}


class Style:
    """Styles pieces of text, each closed on its own line. Without colour it changes nothing."""

    def __init__(self, *, color: bool) -> None:
        self.color = color

    def __call__(self, name: str, text: str) -> str:
        """Apply the style `name` to `text`."""
        if not self.color or not text:
            return text
        return f"\x1b[{_CODES[name]}m{text}\x1b[0m"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """How the changes of one plan are rendered.

    `marked` adds the attribution of each field. `guards` are rendered below the changes, once for all they block.
    """

    style: Style
    marked: bool = False
    show_defaults: bool = False
    details: bool = False
    guards: Sequence[GuardGroup] = ()
    environment: str = ""
