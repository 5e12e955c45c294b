"""Lints of manifests: a comment that truncates a value, template syntax never rendered, files that are not read."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from reconciler.errors import ENOUGH, ManifestError, warning
from reconciler.late_patterns import late_pattern
from reconciler.manifest.files.project_tree import SUFFIXES, ProjectTree, manifest_name
from reconciler.manifest.yaml import pyyaml
from reconciler.manifest.yaml.event_source import parser_for
from reconciler.manifest.yaml.parser import PositionOf
from reconciler.model.diagnostic import Diagnostic, has_errors
from reconciler.model.source_map import Position

_CUT = late_pattern(r"\S[ \t]+#(?=\S)")
_MARKER = late_pattern(r"\{\{|\{%")
_BREAK = late_pattern(r"\r\n|\r|\n")


def warnings(text: str, where: PositionOf, *, templated: bool) -> Iterator[Diagnostic]:
    """Check a parsed text; of many warnings the first ENOUGH are returned."""
    yield from islice(_warnings(text, where, templated=templated), ENOUGH)


def _warnings(text: str, where: PositionOf, *, templated: bool) -> Iterator[Diagnostic]:
    if "#" in text and (" #" in text or "\t#" in text) and _CUT.search(text):
        yield from _cuts(text, where)
    if templated and ("{{" in text or "{%" in text):
        for line, column in _places(_MARKER, text):
            yield warning(
                "W_TPL_MARKER",
                "template syntax is left after rendering",
                where(line, column),
                hint="it stays as it is: text is never rendered twice",
            )


def _cuts(text: str, where: PositionOf) -> Iterator[Diagnostic]:
    """Warn of a `#` behind a blank, which starts a comment: `场次 #3` is `场次`. `# ` with a blank is intended."""
    ends = {found.start() + 1 for found in _CUT.finditer(text)}
    for event in _plain_scalars(text):
        if event.end_mark.index in ends:
            mark = event.start_mark
            yield warning(
                "W_YAML_COMMENT",
                f"the text ends at `{event.value[-20:]}`: what follows the blank is a comment",
                where(mark.line + 1, mark.column + 1),
                hint="put the text in quotes if the # belongs to it",
            )


def _plain_scalars(text: str) -> Iterator[Any]:
    try:
        parser = parser_for(text)
        while type(event := parser.get_event()) is not pyyaml.StreamEndEvent:
            if type(event) is pyyaml.ScalarEvent and event.implicit[0]:
                yield event
    except (pyyaml.YAMLError, ValueError, RecursionError):  # already reported by the parser
        return


def _places(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    for number, line in enumerate(_BREAK.split(text), 1):
        for found in pattern.finditer(line):
            yield number, found.start() + 1


def unread_files(tree: ProjectTree, entries: Iterable[str], met: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Warn of each file below `entries` that resembles a manifest, was not read, and is named in no file.

    After errors (`met`) there is no warning: a failed template may include it.
    """
    if has_errors(each for each in met if each.code != "E_PATH_EMPTY"):
        return
    for file in dict.fromkeys(_lookalikes(tree, entries)):
        if file not in tree.digests() and not _named(tree, file):
            yield _unread(file)


def _unread(file: str) -> Diagnostic:
    meant = manifest_name(file)
    if file.lower().endswith(SUFFIXES):
        message = f"{file!r} is not read: manifests end in .yaml or .yml, in lower case"
        return warning("W_FILE_ENDING", message, Position(file, 1, 1), hint=f"rename it to {meant}")
    message = f"{file!r} declares nothing: manifests end in .yaml or .yml, and no template reads this one"
    hint = f"rename it to {meant}: every manifest may be a template"
    return warning("W_TPL_UNREAD", message, Position(file, 1, 1), hint=hint)


def _lookalikes(tree: ProjectTree, entries: Iterable[str]) -> Iterator[str]:
    for entry in entries:
        try:
            yield from tree.lookalikes(entry)
        except ManifestError:
            continue  # already reported


def _named(tree: ProjectTree, file: str) -> bool:
    """Tell whether a file names it, perhaps for another environment."""
    name = file.rsplit("/", 1)[-1].encode()
    return any(name in tree.read(each) for each in tree.digests())
