"""Name and id of a project file, and how an `id` is added to its text: comments, order and layout stay."""

import re
from pathlib import Path

from reconciler.errors import ReconcilerError, UsageError
from reconciler.late_patterns import late_pattern
from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.model.json_types import Json
from reconciler.project.config import FILE, NAME_PATTERN
from reconciler.project.config_file import load_bytes

_HEAD = 4096
"""Characters of a file in which its first brace is searched."""
NAME = late_pattern(NAME_PATTERN)
_ID = late_pattern(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def read_project_file(folder: Path) -> str:
    """Return the text of a folder's project file. Raises ReconcilerError where it cannot be read."""
    try:
        return load_bytes(folder).decode("utf-8")
    except UnicodeDecodeError:
        raise ReconcilerError(f"{FILE} is not UTF-8", code="E_PROJECT_READ", hint="save it as UTF-8") from None


def known_id(folder: Path) -> str:
    """Return the id in a folder's project file; empty where there is no such file, or no id in it."""
    return _known(folder, "id", _ID)


def known_name(folder: Path) -> str:
    """Return the name in a folder's project file; empty where there is no such file, or no name in it."""
    return _known(folder, "name", NAME)


def usable_name(folder: Path) -> str:
    """Return a project's name made from that of its folder."""
    letters = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name).strip("-._")
    return letters[:64] or "my-rooms"


def _known(folder: Path, key: str, form: re.Pattern[str]) -> str:
    try:
        found = _value(read_project_file(folder))
    except ReconcilerError:
        return ""
    text = str(found.get(key, "")) if isinstance(found, dict) else ""
    return text if form.fullmatch(text) else ""


def add_id(text: str, project_id: str) -> str:
    """Return a project file's text with the id, beside the name or before all else.

    Raises UsageError (E_EXISTS) where it has one, ReconcilerError where no position for it is found.
    """
    value = _value(text)
    if isinstance(value, dict) and "id" in value:
        raise UsageError(f"{FILE} has an id already: {value['id']}", code="E_EXISTS", hint="take that line out first")
    for changed in _candidates(text, project_id):
        if isinstance(value, dict) and _value(changed) == {**value, "id": project_id}:
            return changed
    raise ReconcilerError(
        f"no place for an id can be found in {FILE}", code="E_PROJECT_ID", hint=f"add this line:  id: {project_id}"
    )


def _candidates(text: str, project_id: str) -> list[str]:
    """Return texts with the id at likely positions, the best first; parsing decides which is right."""
    lines = text.splitlines(keepends=True)
    ending = next((end for end in ("\r\n", "\n", "\r") if end in text), "\n")
    line = f"id: {project_id}{ending}"
    names = [number for number, one in enumerate(lines) if re.match(r"\ufeff?([\"']?)name\1\s*:", one)]
    after = [
        "".join((*lines[: number + 1], line, *lines[number + 1 :])) for number in names if lines[number][-1:] in "\r\n"
    ]
    keys = [number for number, one in enumerate(lines) if re.match(r"[\w\"']", one)]
    before = ["".join((*lines[:number], line, *lines[number:])) for number in keys]
    flow = [_after_brace(text, found.end(), project_id) for found in re.finditer(r"\{", text[:_HEAD])]
    head, bare = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    return [*after, *before, *flow, f"{head}{line}{bare}"]


def _after_brace(text: str, at: int, project_id: str) -> str:
    rest = text[at:].lstrip()
    gap = text[at : len(text) - len(rest)]
    return f'{text[:at]}{gap}"id": "{project_id}",{gap or " "}{rest}'


def _value(text: str) -> Json:
    documents = parse_yaml(text.encode("utf-8"), FILE).documents
    return documents[0].value if len(documents) == 1 else None
