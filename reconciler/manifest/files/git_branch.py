"""Commits edited files on top of a commit, without a work tree; commits of this tool carry a seal.

A branch that a person committed to is recognised by it: the seal covers the tree, the parents and the edits of a
commit, so that an amended commit, a merge and a commit on top have none that fits.
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reconciler.errors import ReconcilerError, UsageError
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.files.git_command import Repository
from reconciler.strings import escape_control, normalize_name

_TRAILER = late_pattern(r"^Reconciler-(Owner|Edits|Seal): ([^\n]{1,300})$", re.MULTILINE)
_NO_BLOB = "-"
_CONFIG = "[core]\n repositoryformatversion = 1\n bare = true\n[extensions]\n objectformat = {form}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitMessage:
    """Subject and body of a commit, and its owner: the command and the environment that it was made for."""

    subject: str
    body: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCommit:
    """Commit at the tip of a branch: `owner` and `edits` are those of this tool, empty where the seal does not fit."""

    id: str
    owner: str = ""
    edits: str = ""


def check_branch_name(repository: Repository, name: str) -> None:
    """Raise UsageError (E_BRANCH_NAME) unless a text is the short name of a branch."""
    wrong = (
        name.startswith(("-", "+", "refs/", "heads/", "remotes/", "tags/")) or normalize_name(name).casefold() == "head"
    )
    refused = UsageError(
        f"{escape_control(name)[:100]!r} is no name of a branch",
        code="E_BRANCH_NAME",
        hint="write its short name, as in reconciler/accept-production",
    )
    if wrong or not name.isprintable():
        raise refused
    try:
        repository.run("check-ref-format", f"refs/heads/{name}")
    except ReconcilerError:
        raise refused from None


def is_same_branch(one: str, other: str) -> bool:
    """Tell whether two names are one branch for some host: letter case and Unicode forms do not count."""
    return normalize_name(one).casefold() == normalize_name(other).casefold()


def current_branches(repository: Repository) -> frozenset[str]:
    """Return the branches that are checked out, in this work tree and in the others of its repository."""
    lines = repository.run("worktree", "list", "--porcelain", "-z").decode("utf-8", "surrogateescape").split("\0")
    return frozenset(line.removeprefix("branch refs/heads/") for line in lines if line.startswith("branch refs/heads/"))


@contextmanager
def scratch_repository(repository: Repository) -> Iterator[Repository]:
    """Yield an empty bare repository that reads the objects of another one, for the length of a `with`.

    It has none of the other's configuration, hooks, branches and remotes.
    """
    where = ("rev-parse", "--path-format=absolute", "--git-path")
    objects = os.fsdecode(repository.run(*where, "objects").rstrip(b"\n"))
    shallow = Path(os.fsdecode(repository.run(*where, "shallow").rstrip(b"\n")))
    form = repository.run("rev-parse", "--show-object-format").decode("ascii").strip()
    with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
        top = Path(folder)
        made = Repository(top / "git", top)
        (made.git_dir / "objects/info").mkdir(parents=True)
        (made.git_dir / "refs").mkdir()
        (made.git_dir / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        (made.git_dir / "config").write_text(_CONFIG.format(form=form), encoding="ascii")
        (made.git_dir / "objects/info/alternates").write_bytes(os.fsencode(objects) + b"\n")
        if shallow.is_file():
            (made.git_dir / "shallow").write_bytes(shallow.read_bytes())
        yield made


def edits_digest(repository: Repository, base: str, files: Mapping[str, bytes]) -> str:
    """Return the digest of what edits replace, and by what: equal for the same edits on top of another commit."""
    rows = [(path, _blob(repository, base, path)[1], hashlib.sha256(data).hexdigest()) for path, data in files.items()]
    return hashlib.sha256(json.dumps(sorted(rows)).encode("utf-8", "surrogatepass")).hexdigest()


def commit_files(
    repository: Repository,
    base: str,
    files: Mapping[str, bytes],
    message: CommitMessage,
    identity: Mapping[str, str],
) -> str:
    """Commit files, by their path from the top of the repository, on top of a commit; return the new commit.

    No branch is moved. `identity` are git's variables of the author and the committer.
    """
    with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
        index = {"GIT_INDEX_FILE": os.path.join(folder, "index")}
        repository.run("read-tree", base, more=index)
        rows = b""
        for path, data in files.items():
            blob = repository.run("hash-object", "-w", "--stdin", "--no-filters", data=data).decode("ascii").strip()
            mode = _blob(repository, base, path)[0]
            rows += f"{mode} {blob}\t".encode("ascii") + os.fsencode(path) + b"\0"
        repository.run("update-index", "--add", "-z", "--index-info", data=rows, more=index)
        tree = repository.run("write-tree", more=index).decode("ascii").strip()
    edits = edits_digest(repository, base, files)
    trailers = {"Owner": message.owner, "Edits": edits, "Seal": _seal(tree, [base], message.owner, edits)}
    lines = "".join(f"Reconciler-{name}: {value}\n" for name, value in trailers.items())
    text = f"{message.subject}\n\n{message.body.strip()}\n\n{lines}"
    made = repository.run(
        "commit-tree", tree, "-p", base, data=text.encode("utf-8", "backslashreplace"), more={**identity}
    )
    return made.decode("ascii").strip()


def sealed_commit(repository: Repository, commit: str) -> SealedCommit:
    """Return a commit with the owner and the edits of its message, where its seal fits."""
    text = repository.run("cat-file", "commit", commit).decode("utf-8", "replace")
    head, _, message = text.partition("\n\n")
    facts = [line.split(" ", 1) for line in head.split("\n") if " " in line]
    tree = next((value for name, value in facts if name == "tree"), "")
    parents = [value for name, value in facts if name == "parent"]
    told = dict(_TRAILER.findall(message))
    owner, edits = told.get("Owner", ""), told.get("Edits", "")
    if told.get("Seal") != _seal(tree, parents, owner, edits):
        return SealedCommit(id=commit)
    return SealedCommit(id=commit, owner=owner, edits=edits)


def identity_of(repository: Repository, variables: Mapping[str, str]) -> dict[str, str]:
    """Return git's variables of the author and committer: the operator's, else those that are configured."""
    home = (
        {"HOME": variables["HOME"], "GIT_CONFIG_GLOBAL": f"{variables['HOME']}/.gitconfig"}
        if variables.get("HOME")
        else {}
    )
    name = _configured(repository, "user.name", home) or "reconciler"
    mail = _configured(repository, "user.email", home) or "reconciler@localhost"
    found: dict[str, str] = {}
    for who in ("AUTHOR", "COMMITTER"):
        found[f"GIT_{who}_NAME"] = variables.get(f"GIT_{who}_NAME") or name
        found[f"GIT_{who}_EMAIL"] = variables.get(f"GIT_{who}_EMAIL") or mail
    return found


def _configured(repository: Repository, name: str, home: Mapping[str, str]) -> str:
    try:
        return repository.run("config", "--get", name, more=home).decode("utf-8", "replace").strip()
    except ReconcilerError:  # not set
        return ""


def _seal(tree: str, parents: list[str], owner: str, edits: str) -> str:
    return hashlib.sha256(json.dumps([tree, parents, owner, edits]).encode()).hexdigest()


def _blob(repository: Repository, commit: str, path: str) -> tuple[str, str]:
    """Return the mode and the object of a file in a commit; those of a new file where there is none."""
    listed = repository.run("ls-tree", "-z", "--full-tree", commit, "--", path)
    facts = listed.split(b"\t", 1)[0].decode("ascii").split()
    return (facts[0], facts[2]) if facts else ("100644", _NO_BLOB)
