"""Loads `reconciler.yaml`: reports all its problems, each with its position and, for a misspelling, the right key."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import ManifestError, ReconcilerError
from reconciler.late_patterns import late_pattern
from reconciler.manifest.files.project_tree import read_below
from reconciler.manifest.yaml.document import Document
from reconciler.manifest.yaml.limits import LIMITS
from reconciler.model.diagnostic import Diagnostic, Severity, has_errors, sort_diagnostics
from reconciler.model.source_map import Position
from reconciler.project.config import (
    FILE,
    AssertKeys,
    Environment,
    Project,
    ProjectFile,
    ScopeKeys,
    SimulatorKeys,
    ThrottleKeys,
)
from reconciler.project.config_model import ConfigModel
from reconciler.project.project_identity import id_hint, missing_ids
from reconciler.strings import did_you_mean

if TYPE_CHECKING:
    from pydantic import ValidationError

    from reconciler.manifest.document_cache import DocumentCache

_OPERATORS = {
    "writer": ("E_WRITER_UNTRUSTED", "which writer runs comes from --writer or RECONCILER_WRITER, never from a file"),
    "room_types": ("E_PROJECT_KEY", "write it as `fields: {room_type: [NORMAL]}`"),
    "writers": ("E_WRITER_UNTRUSTED", "which writer runs comes from --writer or RECONCILER_WRITER, never from a file"),
    "verify": ("E_CONFIG_UNTRUSTED", "TLS verification cannot be turned off"),
    "insecure": ("E_CONFIG_UNTRUSTED", "TLS verification cannot be turned off"),
    "allowed_hosts": ("E_CONFIG_UNTRUSTED", "further hosts are allowed by RECONCILER_ALLOWED_HOSTS only"),
    "proxy": ("E_CONFIG_UNTRUSTED", "a proxy is the operator's to choose"),
    "ak": ("E_CONFIG_UNTRUSTED", "credentials come from the environment: HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"),
    "sk": ("E_CONFIG_UNTRUSTED", "credentials come from the environment: HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"),
    "token": ("E_CONFIG_UNTRUSTED", "a token comes from the environment: HW_AUTH_TOKEN"),
    "password": ("E_CONFIG_UNTRUSTED", "a password comes from the environment: HW_USER_PASSWORD"),
}

_MODELS: tuple[tuple[tuple[str, ...], type[ConfigModel]], ...] = (
    ((), ProjectFile),
    (("environments", "*"), Environment),
    (("environments", "*", "scope"), ScopeKeys),
    (("environments", "*", "simulator"), SimulatorKeys),
    (("environments", "*", "throttle"), ThrottleKeys),
    (("environments", "*", "assert", "*"), AssertKeys),
)


def load_project(root: Path, *, untrusted: bool = False, cache: "DocumentCache | None" = None) -> Project:
    """Return the project in a folder; raises ManifestError with every problem of its file.

    A file that `cache` knows is not checked again, and one without problems is kept there.
    """
    return parse_project(load_bytes(root), root=root, untrusted=untrusted, whole=True, cache=cache)


def load_bytes(root: Path) -> bytes:
    """Return the bytes of a folder's project file. Raises ReconcilerError where it cannot be read."""
    try:
        return read_below(root, FILE, LIMITS.size)
    except ManifestError as error:
        if error.code != "E_PATH_MISSING":
            raise
        raise ReconcilerError(
            f"there is no {FILE} in {_shown(root)}",
            code="E_PROJECT_MISSING",
            hint="name its folder with -C DIR, or make one with `reconciler init`",
        ) from None


def parse_project(
    content: bytes,
    *,
    root: Path,
    untrusted: bool = False,
    whole: bool = False,
    cache: "DocumentCache | None" = None,
) -> Project:
    """Return the project a file's bytes describe (of the work tree, or of an earlier commit).

    With `whole`, the file must have the id that planning and applying require.
    """
    document, file = _known_or_checked(content, cache) if cache is not None else _checked(content)
    project = Project(root=root, file=file, untrusted=untrusted, document=document)
    if whole and (missing := tuple(missing_ids(project))):
        placed = [replace(one, position=Position(FILE, *document.at(_steps(one.path), key=True))) for one in missing]
        raise ManifestError(f"{FILE} is not valid", placed, code="E_PROJECT", hint=id_hint())
    return project


def _known_or_checked(content: bytes, cache: "DocumentCache") -> tuple[Document, ProjectFile]:
    from reconciler.project.known_project import KnownProject

    known = KnownProject(cache, content)
    found = known.find()
    if found is None:
        found = _checked(content)
        known.record(*found)
    return found


def _checked(content: bytes) -> tuple[Document, ProjectFile]:
    """Return the file's document and its keys. Raises ManifestError with every problem."""
    document = _parse(content)
    if (known := ProjectFile.accepted(document.value)) is not None:
        return document, known
    from pydantic import ValidationError  # for start-up: it words the problems

    try:
        return document, ProjectFile.checked(document.value)
    except ValidationError as error:
        problems = sort_diagnostics(_diagnostics(error, document))
        raise ManifestError(f"{FILE} is not valid", problems, code="E_PROJECT") from None


def _steps(path: str) -> tuple[str, ...]:
    """Return the steps of `environments.NAME.KEY`; a name may hold dots."""
    first, _, rest = path.partition(".")
    name, _, key = rest.rpartition(".")
    return (first, name, key)


def _shown(root: Path) -> str:
    return "this folder" if root == Path() else str(root)


def _diagnostics(error: "ValidationError", document: Document) -> Iterator[Diagnostic]:
    for item in error.errors(include_url=False, include_input=False):
        path = tuple(step for step in item["loc"] if step != "[key]")
        unknown = item["type"] == "extra_forbidden"
        place = Position(FILE, *document.at(path, key=unknown or "[key]" in item["loc"]))
        yield _unknown(path, place) if unknown else _wrong(path, item["msg"], place)


def _unknown(path: tuple[str | int, ...], place: Position) -> Diagnostic:
    key = str(path[-1])
    code, hint = _OPERATORS.get(key, ("E_PROJECT_KEY", ""))
    known = _known(path[:-1])
    hint = hint or did_you_mean(key, known, f"the keys here are {', '.join(known)}")
    return Diagnostic(
        severity=Severity.ERROR,
        code=code,
        message=f"unknown key `{key}`",
        position=place,
        hint=hint,
        path=_dotted(path),
    )


_WORDS = (
    (late_pattern(r"^Value error, Invalid isoformat.*"), "must have a date in `expires`, such as 2027-01-01"),
    (late_pattern(r"^Value error, "), ""),
    (late_pattern(r"^Input should be a valid (dictionary|mapping).*"), "must be a mapping"),
    (late_pattern(r"^Input should be a valid string"), "must be text"),
    (late_pattern(r"^Input should be (a valid )?"), "must be "),
    (late_pattern(r"^(List|Dictionary) should have at least 1 item.*"), "must have at least 1 entry"),
    (late_pattern(r"^String should have at (least|most) "), r"must have at \1 "),
    (late_pattern(r"^String should match pattern '\^?(.*?)\$?'"), r"must look like \1"),
)
"""Messages for the validation library's errors."""


def _wrong(path: tuple[str | int, ...], message: str, place: Position) -> Diagnostic:
    for pattern, words in _WORDS:
        message = pattern.sub(words, message)
    text = f"`{_dotted(path)}` {message}" if path else f"the project file {message}"
    return Diagnostic(severity=Severity.ERROR, code="E_PROJECT_VALUE", message=text, position=place, path=_dotted(path))


def _known(parent: tuple[str | int, ...]) -> list[str]:
    for pattern, model in _MODELS:
        if len(pattern) == len(parent) and all(a in ("*", b) for a, b in zip(pattern, parent, strict=True)):
            return [key for _, key, _ in model.key_fields()]
    return []


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in path)


def _parse(content: bytes) -> Document:
    """Return the file's one document. Raises ManifestError with the parser's problems."""
    from reconciler.manifest.yaml.block_reader import BlockReader  # for start-up: what was checked before is not parsed
    from reconciler.manifest.yaml.parser import parse_yaml

    parsed = parse_yaml(content, FILE, blocks=BlockReader())
    if has_errors(parsed.diagnostics):
        raise ManifestError(f"{FILE} is not valid", parsed.diagnostics, code="E_PROJECT")
    if len(parsed.documents) != 1:
        found = Diagnostic(
            severity=Severity.ERROR,
            code="E_PROJECT_EMPTY" if not parsed.documents else "E_PROJECT_DOCUMENTS",
            message=f"a project file is one YAML document, this one holds {len(parsed.documents)}",
            position=Position(FILE, 1, 1),
        )
        raise ManifestError(f"{FILE} is not valid", [found], code="E_PROJECT")
    return parsed.documents[0]
