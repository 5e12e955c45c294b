"""What MkDocs asks while it builds the site: the order of the pages, and the repository's files that pages link to.

A page is a Markdown file below docs/, and is in the navigation by being in one of the folders of `SECTIONS`. Links are
written as on a code host, relative to the file: a link that leaves docs/ leads to a copy of that file in the site. A
link to nothing is a warning, which `mkdocs build --strict` fails for.
"""

import logging
import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files, InclusionLevel

ROOT = Path(__file__).parents[2]
SECTIONS = (
    ("Home", ("index.md",)),
    ("Tutorial", ("tutorial.md",)),
    ("How to", ("how-to/install.md", "how-to/init.md", "how-to/validate.md", "how-to/plan.md", "how-to/apply.md",
                "how-to/templates.md", "how-to/ci.md", "how-to/*.md")),
    ("Concepts", ("concepts/fields.md", "concepts/*.md")),
    ("Reference", ("reference/coming-from.md", "reference/commands.md", "reference/project-file.md",
                   "reference/kinds/*.md", "reference/*.md")),
    ("API", ("api/*.md",)),
    ("Project", ("limits.md", "figures.md", "repository/SECURITY.md", "architecture.md", "decisions/*.md", "*.md",
                 "repository/CONTRIBUTING.md", "repository/CHANGELOG.md")),
    ("中文", ("zh/*.md",)),
)  # fmt: skip
"""Titles of the navigation, each with patterns of its pages: a page stands where it matches first."""

TOP_LEVEL = ("SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")
"""Pages that a code host wants at the top of the repository."""

LINK = re.compile(r"(\]\()(?!\w+:|#|/)([^)#\s]+)((?:#[^)\s]*)?\))")
FENCE = re.compile(r"^( *)(```|~~~).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
LIST_ITEM = re.compile(r"^(?:[-*+]|\d+\.) ")
ELSEWHERE = re.compile(r"https://unpkg\.com/[\w./@-]*")
log = logging.getLogger("mkdocs.hooks.site")


def on_config(config: Any) -> Any:
    """Write the navigation: every page of the folders of `SECTIONS`, once."""
    docs = Path(config.docs_dir)
    taken: set[str] = set()
    nav: list[Any] = []
    for title, patterns in SECTIONS:
        pages = list(dict.fromkeys(page for pattern in patterns for page in _pages(docs, pattern) if page not in taken))
        taken.update(pages)
        if pages:
            nav.append({title: pages[0] if len(pages) == 1 else pages})
    config.nav = nav
    return config


def _pages(docs: Path, pattern: str) -> list[str]:
    if pattern.startswith("repository/"):
        return [pattern]
    found = [path.relative_to(docs).as_posix() for path in docs.glob(pattern)]
    return sorted(found, key=lambda page: (not page.endswith(("README.md", "index.md")), page))


def on_files(files: Files, config: Any) -> Files:
    """Add the files of the repository that pages link to, and those that these link to in their turn."""
    waiting = [f"docs/{file.src_uri}" for file in files.documentation_pages() if file.inclusion.is_included()]
    waiting += TOP_LEVEL
    seen = set(waiting)
    while waiting:
        name = waiting.pop()
        if not name.startswith("docs/"):
            level = InclusionLevel.INCLUDED if name in TOP_LEVEL else InclusionLevel.NOT_IN_NAV
            path = str(ROOT / name)
            files.append(File.generated(config, f"repository/{name}", abs_src_path=path, inclusion=level))
        if name.endswith(".md"):
            linked = set(_linked(name, (ROOT / name).read_text(encoding="utf-8"))) - seen
            waiting += sorted(one for one in linked if not one.startswith("docs/"))
            seen |= linked
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links to where their file is in the site, and part lists from the paragraphs above them."""
    here = page.file.src_uri

    def led(match: re.Match[str]) -> str:
        target = _target(_source(here), match[2])
        if target is None:
            log.warning("%s links to %r, which is not in the repository", _source(here), match[2])
            return match[0]
        return f"{match[1]}{posixpath.relpath(_place(target), posixpath.dirname(here) or '.')}{match[3]}"

    return _outside_fences(markdown, lambda text: _lists_apart(LINK.sub(led, text)))


def on_post_build(config: Any, **_: Any) -> None:
    """Take out of the theme's scripts what they would load from another host: diagrams, and help for old browsers."""
    for script in Path(config.site_dir).rglob("*.js"):
        text = script.read_text(encoding="utf-8")
        script.write_text(ELSEWHERE.sub("", text), encoding="utf-8")


def _linked(name: str, markdown: str) -> Iterator[str]:
    for match in LINK.finditer(FENCE.sub("", markdown)):
        if target := _target(name, match[2]):
            yield target


def _target(name: str, link: str) -> str | None:
    """Return the file of the repository that a link of a file leads to, or None; a folder is its README.md."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(name), link))
    if target == "README.md":
        return "docs/index.md"
    if (ROOT / target).is_dir():
        target = f"{target}/README.md"
    return target if not target.startswith("..") and (ROOT / target).is_file() else None


def _source(uri: str) -> str:
    """Return the file of the repository that a page of the site is made from."""
    return uri.removeprefix("repository/") if uri.startswith("repository/") else f"docs/{uri}"


def _place(name: str) -> str:
    """Return where a file of the repository is in the site."""
    return name.removeprefix("docs/") if name.startswith("docs/") else f"repository/{name}"


def _outside_fences(markdown: str, change: Callable[[str], str]) -> str:
    parts, end = [], 0
    for fence in FENCE.finditer(markdown):
        parts += [change(markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, change(markdown[end:])])


def _lists_apart(text: str) -> str:
    """Put an empty line before a list that follows a paragraph: code hosts need none, Python-Markdown does."""
    lines: list[str] = []
    for line in text.split("\n"):
        above = lines[-1] if lines else ""
        if LIST_ITEM.match(line) and above.strip() and not LIST_ITEM.match(above) and not above.startswith(" "):
            lines.append("")
        lines.append(line)
    return "\n".join(lines)
