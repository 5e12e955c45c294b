"""Makes the picture of a replay in docs/how-to/rules.md: `python -m tests.support.rules_picture [FILE]`.

A copy of the quickstart's rules, three words of them changed, is replayed over 5,000 generated events; the page is
photographed by headless Chromium.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.command_line import QUICKSTART, ROOT, reconciler

PICTURE = ROOT / "docs" / "how-to" / "rules-replay.png"
SUBJECT = 'InteractionRuleGroup["Tea house questions"]'
ASSUMED = (
    "semantics: {dispatch: first, tie: declared-order, regex_mode: search, window_scope: rule, window_edge: closed}\n"
)
WORDS = {"龙井|longjing": "龙井", "茉莉|jasmine": "茉莉|jasmine|hello"}


def replayed_page(folder: Path, count: int = 5_000) -> Path:
    """Write the page of a replay into a folder and return its path."""
    shop = folder / "shop"
    shutil.copytree(QUICKSTART, shop, ignore=shutil.ignore_patterns(".reconciler"))
    with (shop / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write(ASSUMED)
    command = ("-C", shop, "events", "generate", "-e", "demo", "--subject", SUBJECT, "--count", str(count), "-o")
    assert reconciler(*command, str(shop / "made.jsonl")).code == 0
    values = shop / "values" / "common.yaml"
    text = values.read_text(encoding="utf-8")
    for old, new in WORDS.items():
        assert old in text
        text = text.replace(old, new)
    values.write_text(text, encoding="utf-8")
    page = shop / "replay.html"
    run = reconciler("-C", shop, "replay", "made.jsonl", "-e", "demo", "--subject", SUBJECT, "--report", f"html={page}")
    assert run.code == 0, run.err
    return page


def photograph(page: Path, picture: Path, *, width: int = 1200, height: int = 1500, dark: bool = False) -> None:
    """Take a picture of a page."""
    command = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", f"--screenshot={picture}"]
    command += [f"--window-size={width},{height}", *(["--blink-settings=preferredColorScheme=0"] if dark else [])]
    subprocess.run([*command, page.as_uri()], check=True, capture_output=True, timeout=120)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        photograph(replayed_page(Path(made)), Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
