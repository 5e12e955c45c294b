"""Commits edits of manifests to a branch of their own, pushes it, and opens or updates its request at the code host.

The work tree, the index and the branches of the project's repository are not used: edits are of the files as they are
committed, and the commit is made in a scratch repository.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace

from reconciler import __version__
from reconciler.code_hosts.change_requests import ChangeRequests, RequestText, requests_of
from reconciler.code_hosts.ci_job import repository_from
from reconciler.errors import ReconcilerError, UsageError
from reconciler.late_methods import dataclass
from reconciler.manifest.files.git_branch import (
    CommitMessage,
    SealedCommit,
    check_branch_name,
    commit_files,
    current_branches,
    edits_digest,
    identity_of,
    is_same_branch,
    scratch_repository,
    sealed_commit,
)
from reconciler.manifest.files.git_command import Repository, find_repository
from reconciler.manifest.files.git_remote import RemoteRepository, remote_address
from reconciler.manifest.files.git_tree import GitTree
from reconciler.strings import escape_control

CONFLICTS = frozenset({"E_BRANCH_MOVED", "E_BRANCH_TAKEN", "E_REQUEST_ELSEWHERE"})
"""Codes of what stands against a branch or a request; nothing was pushed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchTarget:
    """Where edits go: a branch, pushed with a request where `opens`; `force` replaces what a person committed."""

    name: str
    opens: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchEdits:
    """Edits for a branch: new bytes of project files, the title, and the description within a number of bytes.

    `owner` is the command and the environment, `marker` the first line of the description.
    """

    owner: str
    files: Mapping[str, bytes]
    title: str
    marker: str
    body: Callable[[int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEdits:
    """The branch with the edits: `pushed` is false where it had them already.

    `request` is `created`, `updated` or `unchanged`, with its number and address; empty where none is opened.
    """

    branch: str
    base: str = ""
    commit: str
    pushed: bool
    request: str = ""
    noun: str = ""
    number: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditBranch:
    """A branch that may be written. `tree` has the files that the edits are of, as they are committed."""

    target: BranchTarget
    tree: GitTree
    repository: Repository
    identity: Mapping[str, str]
    remote: RemoteRepository | None = None
    base: str = ""
    tip: str = ""
    host: ChangeRequests | None = field(default=None, repr=False)

    def publish(self, edits: BranchEdits) -> PublishedEdits:
        """Commit the edits, push them, and open or update the request; what is there already stays.

        Raises ReconcilerError, with one of `CONFLICTS` where a person's work would be overwritten.
        """
        known = self._known(edits.owner)
        request = self.host.find(self.target.name, edits.marker) if self.host is not None else None
        prefix = os.path.relpath(os.path.realpath(self.tree.root), self.repository.top)
        files = {os.path.normpath(os.path.join(prefix, name)): data for name, data in edits.files.items()}
        place = self.remote.scratch if self.remote else self.repository
        digest = edits_digest(place, self.tree.commit, files)
        pushed = known.edits != digest or known.owner != edits.owner
        commit = self._committed(place, files, edits, known.id) if pushed else known.id
        done = PublishedEdits(branch=self.target.name, base=self.base, commit=commit, pushed=pushed)
        if self.host is None:
            return done
        body = edits.body(self.host.limit)
        text = RequestText(branch=done.branch, base=done.base, title=edits.title, body=body, marker=edits.marker)
        result = self.host.upsert(request, text)
        return replace(done, request=result.done, noun=self.host.noun, number=result.number, url=result.url)

    def _known(self, owner: str) -> SealedCommit:
        """Return the commit at the branch's tip. Raises ReconcilerError for one of another person."""
        if not self.tip:
            return SealedCommit(id="")
        if self.remote is not None:
            self.remote.fetch(self.target.name, self.tip)
        found = sealed_commit(self.remote.scratch if self.remote else self.repository, self.tip)
        name = escape_control(self.target.name)
        if self.target.force or found.owner == owner:
            return found
        if found.owner:
            message = f"the branch {name} has the edits of {escape_control(found.owner)[:100]}"
            hint = "name another branch with --branch"
            raise ReconcilerError(message, code="E_BRANCH_TAKEN", hint=hint)
        raise ReconcilerError(
            f"the branch {name} has a commit of another person, {self.tip[:12]}: nothing was pushed",
            code="E_BRANCH_MOVED",
            hint="merge the branch or delete it, name another with --branch, or replace it with --force",
        )

    def _committed(self, place: Repository, files: Mapping[str, bytes], edits: BranchEdits, expected: str) -> str:
        """Commit the files, and let the branch point to the commit where it is still the expected one."""
        body = "".join(f"{escape_control(name)}\n" for name in sorted(files))
        message = CommitMessage(subject=escape_control(edits.title), body=body, owner=edits.owner)
        commit = commit_files(place, self.tree.commit, files, message, self.identity)
        if self.remote is not None:
            self.remote.push(commit, self.target.name, expected)
        else:
            none = "0" * len(commit)
            self.repository.run("update-ref", f"refs/heads/{self.target.name}", commit, expected or none)
        return commit


@contextmanager
def open_branch(
    root: str | os.PathLike[str], target: BranchTarget, variables: Mapping[str, str]
) -> Iterator[EditBranch]:
    """Yield a branch that may be written, for the length of a `with`; nothing is written yet.

    Raises ReconcilerError: E_BRANCH_DEFAULT for the default branch, E_BRANCH_NAME for what is no name of a branch,
    E_REMOTE and E_GIT where the remote repository cannot be used.
    """
    repository = find_repository(root)
    check_branch_name(repository, target.name)
    tree = GitTree(root, "HEAD")
    start = EditBranch(target=target, tree=tree, repository=repository, identity=identity_of(repository, variables))
    if not target.opens:
        tips = _local_tips(repository)
        _refuse_default(target, [*current_branches(repository), *_remembered_default(repository), *_usual(tips)])
        yield replace(start, tip=tips.get(target.name, ""))
        return
    address = remote_address(repository)
    place = repository_from(variables, address.host, address.path)
    with scratch_repository(repository) as scratch:
        token = place.login if place and address.origin == place.web else ("", "")
        remote = RemoteRepository(scratch=scratch, address=address, variables=variables, token=token)
        if place is None:
            yield _at_remote(start, remote, None)
            return
        with requests_of(place, agent=f"reconciler/{__version__}") as host:
            yield _at_remote(start, remote, host)


def _at_remote(start: EditBranch, remote: RemoteRepository, host: ChangeRequests | None) -> EditBranch:
    """Return the branch at the remote repository. Raises UsageError for the default one, by every source."""
    name, listed = start.target.name, remote.branches()
    told = [listed.default, *_remembered_default(start.repository)]
    if not listed.default and host is not None:
        told = [host.default_branch(), *told]
    others = [each for each in listed.tips if not is_same_branch(each, name)]
    only = others if len(others) == 1 else [] if others else list(listed.tips)
    known = [each for each in (*told, *_usual(listed.tips), *only) if each]
    if not any(told):
        known += [each for each in current_branches(start.repository) if each in listed.tips]
    _refuse_default(start.target, known)
    if not known:
        hint = "set its HEAD to a branch that is there"
        raise UsageError("the remote repository names no default branch", code="E_BRANCH_DEFAULT", hint=hint)
    return replace(start, remote=remote, base=known[0], tip=listed.tips.get(name, ""), host=host)


def _usual(tips: Iterable[str]) -> list[str]:
    return [name for name in ("main", "master") if name in tips]


def _refuse_default(target: BranchTarget, known: Iterable[str]) -> None:
    for name in known:
        if is_same_branch(name, target.name):
            raise UsageError(
                f"{escape_control(target.name)} is the default branch, or the one that is checked out: it is never "
                "written to",
                code="E_BRANCH_DEFAULT",
                hint="name a branch of its own, as in --branch reconciler/accept-production",
            )


def _remembered_default(repository: Repository) -> list[str]:
    """Return the default branch of `origin`, as the clone remembers it."""
    try:
        found = repository.run("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD").decode("utf-8", "surrogateescape")
    except ReconcilerError:
        return []
    return [found.strip().removeprefix("refs/remotes/origin/")]


def _local_tips(repository: Repository) -> dict[str, str]:
    """Return the commit of each branch of a repository."""
    listed = repository.run("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/")
    rows = [line.split(" ", 1) for line in listed.decode("utf-8", "surrogateescape").splitlines()]
    return {name.removeprefix("refs/heads/"): commit for commit, name in rows}
