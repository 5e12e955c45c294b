"""Names inside a project: relative, with forward slashes, one spelling each, and nothing unprintable in them."""

import unicodedata

from reconciler.errors import ManifestError
from reconciler.manifest import gate
from reconciler.manifest.problem import refused
from reconciler.model.source import Position

SUFFIXES = (".yaml", ".yml")


def checked(path: str) -> tuple[str, ...]:
    """Return the steps of a project-relative path.

    Raises ManifestError: E_PATH for one that leads elsewhere, E_PATH_HIDDEN for one through a name that begins with a
    dot (`.git`, `.env`): those hold what a program keeps for itself, and no project has its manifests there.
    """
    steps = tuple(step for step in path.split("/") if step not in ("", "."))
    if path.startswith("/") or "\\" in path or ".." in steps or "\0" in path:
        raise refused(
            "E_PATH", f"the path {shown(path)} leads out of the project", hint="paths start at the project file"
        )
    for step in steps:
        check_name(step, path)
        if step.startswith("."):
            raise refused(
                "E_PATH_HIDDEN",
                f"the path {shown(path)} leads to {shown(step)}: names that begin with a dot are never read",
                hint="keep the file under a name without a dot at its beginning",
            )
    return steps


def check_name(name: str, path: str) -> None:
    """Raise ManifestError (E_PATH_NAME) for a name that cannot be shown as it is."""
    bad = next((each for each in name if not each.isprintable() and each != "\u3000"), None)
    if bad is not None:
        what = f"the character {gate.spelled(bad)}"
        if unicodedata.category(bad) == "Cs":
            what = "bytes that are not UTF-8"
        raise refused("E_PATH_NAME", f"the file name {shown(path)} holds {what}", hint="rename the file")


def shown(path: str) -> str:
    """Spell a path so that it can be shown whatever it holds."""
    return ascii(path) if not path.isprintable() else f"'{path}'"


def symlink(path: str) -> ManifestError:
    """Return the error for a symbolic link."""
    message = f"{shown(path)} is a symbolic link"
    return refused("E_PATH_SYMLINK", message, Position(path, 1, 1), hint="put the file itself there")


def missing(path: str) -> ManifestError:
    """Return the error for something that is not there."""
    return refused("E_PATH_MISSING", f"there is no {shown(path)}", Position(path, 1, 1), hint="mind the spelling")


def irregular(path: str) -> ManifestError:
    """Return the error for a device, a pipe or a socket."""
    return refused("E_PATH_TYPE", f"{shown(path)} is no regular file", Position(path, 1, 1))


def too_large(path: str, limit: int) -> ManifestError:
    """Return the error for a file above the cap."""
    message = f"{shown(path)} is larger than {limit} bytes"
    return refused("E_YAML_SIZE", message, Position(path, 1, 1), hint="split it")


def is_manifest(name: str) -> bool:
    """Tell whether a file in a manifests folder is one: hidden files are not."""
    return name.endswith(SUFFIXES) and not name.startswith(".")


def is_lookalike(name: str) -> bool:
    """Tell whether a file's name says that it is the template of a manifest, which manifests need not say."""
    return name.endswith(tuple(f"{suffix}.j2" for suffix in SUFFIXES)) and not name.startswith(".")
