"""Adds the position of a key in the project file, or of a fleet row, to errors about the path in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from reconciler.errors import ManifestError, ReconcilerError
from reconciler.manifest.files import project_tree
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.source_map import Position
from reconciler.project.config import Project


@contextmanager
def named_at(place: Position | None) -> Iterator[None]:
    """Add the position of a key to errors about the path that the key holds."""
    try:
        yield
    except ReconcilerError as error:
        if place is not None and isinstance(error, ManifestError) and error.diagnostics:
            error.diagnostics = tuple(replace(one, position=place) for one in error.diagnostics)
        elif place is not None:
            error.name_place(str(place))
        raise


def at_their_keys(
    project: Project, keys: Mapping[tuple[str, ...], Sequence[str]], found: Iterable[Diagnostic]
) -> list[Diagnostic]:
    """Return diagnostics, those about a path in a list of the project at the position of its list item.

    `keys` are the texts of each list by the path to it.
    """
    names = {text: project.place(*way, number) for way, texts in keys.items() for number, text in enumerate(texts)}
    return [replace(one, position=_place(one, names) or one.position) for one in found]


def _place(one: Diagnostic, names: Mapping[str, Position | None]) -> Position | None:
    """Return the key with the path that a diagnostic concerns; None for other diagnostics."""
    if not _is_about_path(one.code):
        return None
    file = one.position.file if one.position is not None else ""
    for text, place in names.items():
        spellings = {text, _normal(text)}
        told = any(spelled in one.message for name in spellings for spelled in (project_tree.shown(name), repr(name)))
        if (told and file in ("", *spellings)) or (file and _normal(text).startswith(f"{file}/")):
            return place
    return None


def _normal(text: str) -> str:
    return "/".join(step for step in text.split("/") if step not in ("", "."))


def _is_about_path(code: str) -> bool:
    return code.startswith("E_PATH") or code == "E_YAML_SIZE"
