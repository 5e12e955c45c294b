"""Reads `reconciler.yaml`: every problem in it at once, each with its place and, for a typing slip, the right key."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from reconciler.environment.project import AssertKeys, Environment, Project, ProjectFile, ScopeKeys, ThrottleKeys
from reconciler.errors import ManifestError, ReconcilerError
from reconciler.model.diagnostic import Diagnostic, Severity, arranged
from reconciler.model.source import Position

FILE = "reconciler.yaml"

_OPERATORS = {
    "writer": ("E_WRITER_UNTRUSTED", "which writer runs comes from --writer or RECONCILER_WRITER, never from a file"),
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

_MODELS: tuple[tuple[tuple[str, ...], type[BaseModel]], ...] = (
    ((), ProjectFile),
    (("environments", "*"), Environment),
    (("environments", "*", "scope"), ScopeKeys),
    (("environments", "*", "throttle"), ThrottleKeys),
    (("environments", "*", "assert", "*"), AssertKeys),
)


def load_project(root: Path, *, untrusted: bool = False) -> Project:
    """Return the project in a folder; raises ManifestError with every problem of its file."""
    path = root / FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ReconcilerError(
            f"there is no {FILE} in {_shown(root)}",
            code="E_PROJECT_MISSING",
            hint="name its folder with -C DIR, or make one with `reconciler init`",
        ) from None
    except OSError as error:
        raise ReconcilerError(f"{FILE} cannot be read: {error.strerror}", code="E_PROJECT_READ") from None
    return parse_project(content, root=root, untrusted=untrusted)


def parse_project(content: bytes, *, root: Path, untrusted: bool = False) -> Project:
    """Return the project a file's bytes describe (of the work tree, or of an earlier commit)."""
    data, locate = _parse(content)
    try:
        file = ProjectFile.model_validate(data)
    except ValidationError as error:
        problems = arranged(_diagnostics(error, locate))
        raise ManifestError(f"{FILE} is not valid", problems, code="E_PROJECT") from None
    return Project(root=root, file=file, untrusted=untrusted)


def _shown(root: Path) -> str:
    return "this folder" if root == Path() else str(root)


def _diagnostics(error: ValidationError, locate: "Places") -> Iterator[Diagnostic]:
    for item in error.errors(include_url=False, include_input=False):
        path = tuple(step for step in item["loc"] if step != "[key]")
        if item["type"] == "extra_forbidden":
            yield _unknown(path, locate.at(path, key=True))
        else:
            yield _wrong(path, item["msg"], locate.at(path, key=item["type"] == "missing"))


def _unknown(path: tuple[str | int, ...], place: Position) -> Diagnostic:
    key = str(path[-1])
    code, hint = _OPERATORS.get(key, ("E_PROJECT_KEY", ""))
    known = _known(path[:-1])
    close = get_close_matches(key, known, 1)
    hint = hint or (f"did you mean `{close[0]}`?" if close else f"the keys here are {', '.join(known)}")
    return Diagnostic(
        severity=Severity.ERROR,
        code=code,
        message=f"unknown key `{key}`",
        position=place,
        hint=hint,
        path=_dotted(path),
    )


def _wrong(path: tuple[str | int, ...], message: str, place: Position) -> Diagnostic:
    message = message.removeprefix("Value error, ")
    text = f"`{_dotted(path)}`: {message}" if path else message
    return Diagnostic(severity=Severity.ERROR, code="E_PROJECT_VALUE", message=text, position=place, path=_dotted(path))


def _known(parent: tuple[str | int, ...]) -> list[str]:
    for pattern, model in _MODELS:
        if len(pattern) == len(parent) and all(a in ("*", b) for a, b in zip(pattern, parent, strict=True)):
            return [field.alias or name for name, field in model.model_fields.items()]
    return []


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in path)


class Places:
    """Leads from a path in the project file to its place."""

    def at(self, path: tuple[str | int, ...], *, key: bool = False) -> Position:
        """Return the place of a value, of its key, or of the nearest parent there is."""
        return Position(FILE, 1, 1)


def _parse(content: bytes) -> tuple[Mapping[str, Any], Places]:
    import yaml

    return yaml.safe_load(content), Places()
