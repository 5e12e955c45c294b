"""Runs git commands; no other module runs git.

The repository is located without git: folders named like one (HEAD, objects, refs) can be committed into a project, and
git would use the configuration of the first one. The repository's configuration cannot start a program: no hook, file
system monitor, pager, credential helper or transport. Of the operator's variables git gets PATH alone; a push also gets
those that files/git_remote.py lists.
"""

import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from threading import Timer
from typing import NamedTuple

from reconciler.errors import ReconcilerError

OLDEST = (2, 38)
"""First git version with `safe.bareRepository` (git 2.38 release notes)."""
LARGEST_OUTPUT = 256 << 20
"""Most bytes of one command's output."""
_PATIENCE = 60.0
_LARGEST_LINK = 4096

_SETTINGS = (
    "safe.bareRepository=explicit",
    "protocol.allow=never",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.commitGraph=false",
    "core.alternateRefsCommand=",
    "gc.auto=0",
    "maintenance.auto=false",
)
_VARIABLES = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # an empty list: overrides protocol.NAME.allow of a repository's file
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_LITERAL_PATHSPECS": "1",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
}


class Repository(NamedTuple):
    """A git directory, and the top of the work tree whose `.git` named it."""

    git_dir: Path
    top: Path

    def run(
        self, *arguments: str, data: bytes = b"", more: Mapping[str, str] | None = None, seconds: float = _PATIENCE
    ) -> bytes:
        """Return the output of one command that reads `data`. Raises ReconcilerError (E_GIT) when it fails.

        `more` are variables beside the fixed ones, or in place of them; each is the caller's responsibility.
        """
        program = _program(_search_path())
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        where = [f"--git-dir={self.git_dir}", f"--work-tree={self.top}"]
        command = [program, "--no-pager", *settings, *where, *arguments]
        return _output(command, cwd=self.git_dir, name=arguments[0], data=data, more=more or {}, seconds=seconds)


def find_repository(folder: str | os.PathLike[str]) -> Repository:
    """Return the repository whose work tree holds a folder; raises ReconcilerError (E_GIT) where there is none.

    Only the name `.git` counts: a folder, or the file that a worktree or a submodule has in its place. No commit can
    hold either.
    """
    start = Path(os.path.realpath(folder))
    for top in (start, *start.parents):
        named = top / ".git"
        git_dir = _linked(named) if named.is_file() else named
        if git_dir is not None and _is_git_dir(git_dir):
            _check_owner(named, git_dir, start)
            return Repository(Path(os.path.realpath(git_dir)), top)
    raise ReconcilerError(
        f"not a git repository, nor inside one: {start}", code="E_GIT", hint="run it in a clone, or leave --base out"
    )


def root_commits(folder: str | os.PathLike[str]) -> frozenset[str]:
    """Return the first commits of the history that a folder's repository has checked out.

    They identify a repository independent of its name and location. Empty where they are unknown: no repository, no
    commit, a shallow clone.
    """
    try:
        repository = find_repository(folder)
        if repository.run("rev-parse", "--is-shallow-repository").strip() != b"false":
            return frozenset()
        return frozenset(repository.run("rev-list", "--max-parents=0", "HEAD", "--").decode("ascii").split())
    except (ReconcilerError, OSError):
        return frozenset()


def _linked(file: Path) -> Path | None:
    """Return the directory that a `.git` file names (gitrepository-layout(5)), or None where it names none."""
    with file.open("rb") as opened:
        content = opened.read(_LARGEST_LINK)
    if not content.startswith(b"gitdir: "):
        return None
    return file.parent / os.fsdecode(content.removeprefix(b"gitdir: ").rstrip(b"\r\n"))


def _is_git_dir(path: Path) -> bool:
    head = path / "HEAD"
    return (head.is_file() or head.is_symlink()) and ((path / "objects").is_dir() or (path / "commondir").is_file())


def _check_owner(named: Path, git_dir: Path, folder: Path) -> None:
    """Refuse a repository above the project that belongs to another user than the project, this process or root."""
    trusted = {0, os.geteuid(), folder.stat().st_uid}
    for path in (named, git_dir):
        if path.stat().st_uid not in trusted:
            raise ReconcilerError(
                f"the repository {path} belongs to another user than {folder}",
                code="E_GIT",
                hint="change its owner, or move the project out of that repository",
            )


def _search_path() -> str:
    """Return the absolute folders of PATH: a program is never run from the working directory."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if os.path.isabs(folder))


@functools.cache
def _program(search_path: str) -> str:
    """Return git's path. Raises ReconcilerError where there is none, or a version that is too old."""
    program = shutil.which("git", path=search_path)
    if program is None:
        raise ReconcilerError("there is no git on the PATH", code="E_GIT", hint="install git 2.38 or later")
    said = _output([program, "version"], cwd=Path("/"), name="version").decode("utf-8", "replace").strip()
    found = re.match(r"git version (\d+)\.(\d+)", said)
    if not found or (int(found[1]), int(found[2])) < OLDEST:
        raise ReconcilerError(
            f"{program} is too old: {said[:80]}",
            code="E_GIT_VERSION",
            hint=f"install git {'.'.join(map(str, OLDEST))} or later",
        )
    return program


def _output(
    command: list[str],
    *,
    cwd: Path,
    name: str,
    data: bytes = b"",
    more: Mapping[str, str] | None = None,
    seconds: float = _PATIENCE,
) -> bytes:
    """Run a command to its end, within limits of time and output."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(data)
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - an argument vector of ours; revisions stand behind --end-of-options
                command,
                cwd=cwd,
                env={"PATH": _search_path(), **_VARIABLES, **(more or {})},
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=said,
            )
        except OSError as error:
            raise ReconcilerError(f"git cannot be run: {error}", code="E_GIT", hint="install git") from error
        with process:
            timer = Timer(seconds, process.kill)
            timer.daemon = True
            timer.start()
            try:
                output = process.stdout.read(LARGEST_OUTPUT + 1) if process.stdout else b""
                if len(output) > LARGEST_OUTPUT:
                    raise ReconcilerError(f"git {name} writes more than {LARGEST_OUTPUT:,} bytes", code="E_GIT")
                status = process.wait()
            finally:
                timer.cancel()
                process.kill()
        said.seek(0)
        reason = said.read(_LARGEST_LINK).decode("utf-8", "replace").strip()
    if status:
        raise ReconcilerError(f"git {name} failed: {reason or f'status {status}'}", code="E_GIT")
    return output
