"""Finds a repository at a code host, and the request of a comment in it, from the variables of a CI job."""

import re
from collections.abc import Mapping
from dataclasses import field

from reconciler.errors import ReconcilerError, UsageError
from reconciler.json_codec import loads_strict
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.files.project_tree import DOCUMENT, read_file
from reconciler.model.json_types import Json

_REPOSITORY = late_pattern(r"[\w.-]{1,100}/[\w.-]{1,100}", re.ASCII)
_PROJECT = late_pattern(r"[\w./-]{1,300}", re.ASCII)
_PULL_REF = late_pattern(r"refs/pull/([0-9]{1,12})/(?:merge|head)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestRef:
    """One pull request (`host` github) or merge request (gitlab).

    `api` is the base of the host's REST interface. `repository` is owner/name, or GitLab's project id or path. `author`
    is the login of the comments; if empty, the host is asked for that of the token. A trusted job that runs after an
    untrusted one has no number, only the request's `head` (owner:branch) and `commit`, for which the host returns the
    request.
    """

    host: str
    api: str
    repository: str
    number: int = 0
    token: str = field(repr=False)
    author: str = ""
    head: str = ""
    commit: str = ""

    def __post_init__(self) -> None:
        _check_repository(self.host, self.repository)
        if self.number < 1 and not (self.head and self.commit):
            raise UsageError(f"{self.number} is no number of a pull request")
        _check_token(self.token, "comment with", "GITHUB_TOKEN or GITLAB_TOKEN")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedRepository:
    """A repository at a code host (`host` github or gitlab): where requests are opened, and where it is pushed to.

    `web` is the origin of its pages and of git over https, which alone gets the token.
    """

    host: str
    api: str
    web: str
    repository: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        _check_repository(self.host, self.repository)
        name = "GITHUB_TOKEN" if self.host == "github" else "GITLAB_TOKEN"
        _check_token(self.token, "open requests with", name)

    @property
    def login(self) -> tuple[str, str]:
        """Return the user and password of git over https."""
        return ("x-access-token" if self.host == "github" else "oauth2"), self.token


def repository_from(variables: Mapping[str, str], host: str, path: str) -> HostedRepository | None:
    """Return the repository of a job, else the one that a remote's host and path name; None for any other host.

    Raises UsageError where its token is missing.
    """
    if variables.get("GITHUB_REPOSITORY") or host in (_GITHUB, f"ssh.{_GITHUB}"):
        return HostedRepository(
            host="github",
            api=variables.get("GITHUB_API_URL") or "https://api.github.com",
            web=(variables.get("GITHUB_SERVER_URL") or f"https://{_GITHUB}").rstrip("/").lower(),
            repository=variables.get("GITHUB_REPOSITORY") or path,
            token=variables.get("GITHUB_TOKEN", ""),
        )
    if variables.get("CI_PROJECT_ID") or host in (_GITLAB, f"altssh.{_GITLAB}"):
        return HostedRepository(
            host="gitlab",
            api=variables.get("CI_API_V4_URL") or f"https://{_GITLAB}/api/v4",
            web=(variables.get("CI_SERVER_URL") or f"https://{_GITLAB}").rstrip("/").lower(),
            repository=variables.get("CI_PROJECT_ID") or path,
            token=variables.get("GITLAB_TOKEN", ""),
        )
    return None


_GITHUB, _GITLAB = "github.com", "gitlab.com"


def _check_repository(host: str, repository: str) -> None:
    pattern = _REPOSITORY if host == "github" else _PROJECT
    if not pattern.fullmatch(repository) or ".." in repository.split("/"):
        raise UsageError(f"{repository[:100]!r} is no repository", hint="write it as owner/name")


def _check_token(token: str, purpose: str, name: str) -> None:
    if not token or not (token.isascii() and token.isprintable()):
        raise UsageError(f"there is no token to {purpose}", hint=f"set {name} for this step")


def place_from(variables: Mapping[str, str], *, number: int = 0, author: str = "") -> PullRequestRef:
    """Return the request from a job's variables; `number` names it where they do not.

    Raises UsageError where no host is recognised, or no request is there to comment on.
    """
    if variables.get("GITHUB_REPOSITORY"):
        return _github(variables, number, author)
    if variables.get("CI_PROJECT_ID"):
        return PullRequestRef(
            host="gitlab",
            api=variables.get("CI_API_V4_URL") or "https://gitlab.com/api/v4",
            repository=variables["CI_PROJECT_ID"],
            number=number or _digits(variables.get("CI_MERGE_REQUEST_IID", "")),
            token=variables.get("GITLAB_TOKEN", ""),
            author=author,
        )
    raise UsageError(
        "this is neither a GitHub nor a GitLab job",
        hint="set GITHUB_REPOSITORY and GITHUB_TOKEN, or CI_PROJECT_ID and GITLAB_TOKEN",
    )


def _github(variables: Mapping[str, str], number: int, author: str) -> PullRequestRef:
    match = _PULL_REF.fullmatch(variables.get("GITHUB_REF", ""))
    event = _event(variables.get("GITHUB_EVENT_PATH", ""))
    found = number or (int(match[1]) if match else _number(_below(event, "pull_request", "number")))
    head = _below(event, "workflow_run", "head_repository", "owner", "login")
    branch = _below(event, "workflow_run", "head_branch")
    commit = _below(event, "workflow_run", "head_sha")
    after_another = all(isinstance(one, str) and one for one in (head, branch, commit))
    if not found and not after_another:
        raise UsageError("this run belongs to no pull request", hint="name one with --number")
    return PullRequestRef(
        host="github",
        api=variables.get("GITHUB_API_URL") or "https://api.github.com",
        repository=variables["GITHUB_REPOSITORY"],
        number=found,
        token=variables.get("GITHUB_TOKEN", ""),
        author=author,
        head=f"{head}:{branch}" if after_another else "",
        commit=str(commit) if after_another else "",
    )


def _event(path: str) -> Json:
    """Read the event that started the job; empty where it cannot be read."""
    if not path:
        return None
    try:
        return loads_strict(read_file(path, DOCUMENT))
    except (ReconcilerError, ValueError):
        return None


def _below(value: Json, *steps: str) -> Json:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _number(value: Json) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _digits(text: str) -> int:
    if not re.fullmatch("[0-9]{1,12}", text):
        raise UsageError("this run belongs to no merge request", hint="name one with --number")
    return int(text)
