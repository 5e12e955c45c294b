"""Takes every picture of the documents: `python -m tests.support.pictures [terminal|reports|replay|site]`, or all.

Terminals are recorded on a pseudo-terminal and drawn as SVG; pages of reports and of the site are photographed by
headless Chromium, without a network.
"""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support import report_samples, rules_picture
from tests.support.browser import chromium
from tests.support.command_line import ROOT
from tests.support.terminal_picture import drawing, recorded, screen

IMAGES = ROOT / "docs/images"
PROGRAM = Path(sys.executable).with_name("reconciler")
EDIT = ("simulate", "edit", 'SmartLiveRoom["Morning show"]', "room_description=On air at nine.")


def variables() -> dict[str, str]:
    """Return the environment of the recorded commands: a terminal with colours, and nobody's credentials."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nowhere",
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "USER": "mei",
    }


def run(*words: str, folder: Path = ROOT, answers: tuple[str, ...] = ()) -> str:
    """Return what a terminal shows of one command: the prompt with the command line, and what it wrote."""
    said = recorded((str(PROGRAM), *words), folder=folder, variables=variables(), answers=answers)
    return f"\x1b[32m$\x1b[0m \x1b[1mreconciler {' '.join(map(quoted, words))}\x1b[0m\r\n{said}"


def quoted(word: str) -> str:
    """Return a word as somebody types it."""
    return f"'{word}'" if set(word) & set(' "[') else word


def terminals() -> None:
    """Draw a plan, an apply that is confirmed, and a plan that finds drift."""
    draw("terminal-plan", run("-C", "examples/quickstart", "plan", "-e", "demo"), "A plan in a terminal")
    with tempfile.TemporaryDirectory() as scratch:
        run("init", "my-rooms", "--name", "my-rooms", folder=Path(scratch))
        folder = Path(scratch) / "my-rooms"
        draw(
            "terminal-apply",
            run("apply", folder=folder, answers=("yes",)),
            "An apply in a terminal, confirmed with yes",
        )
        draw("terminal-drift", run(*EDIT, folder=folder) + run("plan", folder=folder), "A plan that finds drift")


def draw(name: str, said: str, title: str) -> None:
    """Write one terminal's picture."""
    (IMAGES / f"{name}.svg").write_text(drawing(screen(said), title=title), encoding="utf-8")


def replay() -> None:
    """Photograph the page of a replay."""
    with tempfile.TemporaryDirectory() as made:
        rules_picture.photograph(rules_picture.replayed_page(Path(made)), rules_picture.PICTURE)


@contextmanager
def served_site() -> Iterator[str]:
    """Build the site, serve it on loopback, and return its address."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(ROOT / "docs/site/mkdocs.yml")]
        subprocess.run([*command, "-d", folder], check=True, capture_output=True, timeout=240)
        with serving(Path(folder)) as address:
            yield address


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of loopback and return its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


def site() -> None:
    """Photograph the site: its home, a search, and a reference in the dark."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    with tempfile.TemporaryDirectory() as scratch, served_site() as address, chromium(Path(scratch) / "p") as browser:
        browser.set_window_size(1240, 900)
        browser.get(address)
        browser.save_screenshot(str(IMAGES / "site-home.png"))
        browser.get(f"{address}?q=drift")
        WebDriverWait(browser, 30).until(lambda one: one.find_elements(By.CSS_SELECTOR, ".md-search-result__item a"))
        browser.save_screenshot(str(IMAGES / "site-search.png"))
        browser.get(f"{address}reference/diagnostics/")
        browser.find_element(By.CSS_SELECTOR, "label[title=Dark]").click()
        browser.save_screenshot(str(IMAGES / "site-dark.png"))


PICTURES: dict[str, Callable[[], None]] = {
    "terminal": terminals,
    "reports": lambda: report_samples.main(IMAGES),
    "replay": replay,
    "site": site,
}


if __name__ == "__main__":
    for chosen in sys.argv[1:] or PICTURES:
        PICTURES[chosen]()
        sys.stdout.write(f"took {chosen}\n")
