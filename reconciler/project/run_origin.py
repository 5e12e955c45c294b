"""Origin of an apply for the history: who started it, the checked-out commit, and the digest of its plan."""

import getpass
import os
import platform
from collections.abc import Mapping

from reconciler.errors import ReconcilerError
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.files.git_changes import is_dirty
from reconciler.manifest.files.git_command import find_repository
from reconciler.model.plan import Plan
from reconciler.model.run_history import RunOrigin
from reconciler.planfile.saved_plan import digest
from reconciler.project.config import FILE, Project
from reconciler.project.ledger_access import binding

ACTORS = (
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILD_USER_ID",
    "CIRCLE_USERNAME",
    "BUILD_REQUESTEDFOREMAIL",
    "BUILDKITE_BUILD_CREATOR",
    "DRONE_COMMIT_AUTHOR",
)
"""Variables in which CI services name the account that started a job."""

COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "CIRCLE_SHA1", "BUILD_SOURCEVERSION")
"""Variables in which CI services name the commit of a job."""

_LONGEST = 128


def run_origin(project: Project, environment: str, plan: Plan, variables: Mapping[str, str]) -> RunOrigin:
    """Return the origin of an apply of this plan."""
    return RunOrigin(
        actor=actor(variables), commit=_commit(project, variables), plan=digest(plan, binding(project, environment))
    )


def actor(variables: Mapping[str, str]) -> str:
    """Return the CI account that started this job, else `user@host`."""
    return _first(variables, ACTORS) or f"{_user()}@{platform.node() or 'unknown'}"[:_LONGEST]


def _first(variables: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((value[:_LONGEST] for name in names if (value := variables.get(name, "").strip())), "")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.geteuid()}"


def _commit(project: Project, variables: Mapping[str, str]) -> str:
    """Return the commit that the project's repository has checked out, else that of the CI job; empty without both.

    `-dirty` follows where the project's folder is otherwise than the commit, as `git describe --dirty` says it.
    """
    try:
        commit = find_repository(project.root).run("rev-parse", "--verify", "HEAD").decode("ascii", "replace").strip()
        return f"{commit}-dirty" if is_dirty(project.root, _used(project)) else commit
    except (ReconcilerError, OSError):
        return _first(variables, COMMITS)


def _used(project: Project) -> set[str]:
    """Return the project file, the manifests and the values files that are on the disk."""
    tree = DiskTree(project.root)
    values = {*project.file.values, *(one for place in project.environments.values() for one in place.values)}
    return {FILE, *(file for entry in project.file.manifests for file in tree.manifests(entry)), *values}
