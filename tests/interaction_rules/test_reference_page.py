"""docs/reference/rules.md and the schemas name every setting and alternative there is."""

from reconciler.interaction_rules.settings import SETTINGS
from tests.support.command_line import ROOT

PAGE = (ROOT / "docs/reference/rules.md").read_text(encoding="utf-8")


def test_the_reference_has_every_setting_with_its_alternatives():
    rows = {line.split("|")[1].strip(" `"): line for line in PAGE.splitlines() if line.startswith("| `")}
    missing = [
        (name, value) for name, values in SETTINGS.items() for value in values if f"`{value}`" not in rows.get(name, "")
    ]
    assert missing == []
