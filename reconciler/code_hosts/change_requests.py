"""Opens or updates one pull or merge request, identified by the marker in its description."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from reconciler.code_hosts.ci_job import HostedRepository
from reconciler.code_hosts.github import PullRequests
from reconciler.code_hosts.gitlab import MergeRequests
from reconciler.code_hosts.host_client import HostClient, OpenRequest, same_text, web_address
from reconciler.errors import ApiError, ReconcilerError
from reconciler.late_methods import dataclass
from reconciler.strings import escape_control


class RequestHost(Protocol):
    """Requests API of one host."""

    limit: int
    noun: str

    def default_branch(self) -> str:
        """Return the repository's default branch."""
        ...

    def open_requests(self, branch: str = "") -> Iterator[OpenRequest]:
        """Yield the open requests from the repository's own branches, of one branch or all."""
        ...

    def create(self, branch: str, base: str, title: str, body: str) -> OpenRequest:
        """Open a request."""
        ...

    def update(self, number: int, body: str) -> OpenRequest:
        """Replace a request's description."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestText:
    """What a request is about: its branches, its title, and its description, which begins with its marker."""

    branch: str
    base: str
    title: str
    body: str
    marker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestResult:
    """Result: `created`, `updated` or `unchanged`; the request's number and its address on the web."""

    done: str
    number: int
    url: str = ""


class ChangeRequests:
    """The requests of one repository."""

    def __init__(self, host: RequestHost) -> None:
        self._host = host

    @property
    def noun(self) -> str:
        """Return what the host calls them."""
        return self._host.noun

    @property
    def limit(self) -> int:
        """Return the most bytes of a description."""
        return self._host.limit

    def default_branch(self) -> str:
        """Return the default branch as the host names it; empty where the token may not read it."""
        try:
            return self._host.default_branch()
        except ApiError as problem:
            if problem.status in (403, 404):
                return ""
            raise

    def find(self, branch: str, marker: str) -> OpenRequest | None:
        """Return the open request of a branch.

        Raises ReconcilerError: E_REQUEST_ELSEWHERE where another branch has the open request with this marker,
        E_BRANCH_TAKEN where the branch has an open request without it.
        """
        of_branch = list(self._host.open_requests(branch))
        ours = next((each for each in of_branch if each.body.startswith(marker)), None)
        if ours is not None:
            return ours
        for found in of_branch:
            raise ReconcilerError(
                f"the branch {escape_control(branch)} has {self.noun} {found.number}, which is not of this command and "
                "environment",
                code="E_BRANCH_TAKEN",
                hint="name another branch with --branch",
            )
        for found in self._host.open_requests():
            if found.body.startswith(marker) and found.branch != branch:
                raise ReconcilerError(
                    f"{self.noun} {found.number} is open for this environment, from the branch "
                    f"{escape_control(found.branch)}",
                    code="E_REQUEST_ELSEWHERE",
                    hint="pass that branch with --branch, or close the request",
                )
        return None

    def upsert(self, known: OpenRequest | None, text: RequestText) -> RequestResult:
        """Open a request, or let the open one have this description; its title stays."""
        if known is None:
            made = self._host.create(text.branch, text.base, text.title, text.body)
            return RequestResult(done="created", number=made.number, url=web_address(made.url))
        if same_text(known.body, text.body):
            return RequestResult(done="unchanged", number=known.number, url=web_address(known.url))
        made = self._host.update(known.number, text.body)
        return RequestResult(done="updated", number=made.number, url=web_address(made.url or known.url))


@contextmanager
def requests_of(place: HostedRepository, *, agent: str = "reconciler", **seams: Any) -> Iterator[ChangeRequests]:
    """Yield the requests of a repository for the length of a `with`; `seams` are those of Connection."""
    kind: type[PullRequests] | type[MergeRequests] = PullRequests if place.host == "github" else MergeRequests
    headers: Mapping[str, str] = kind.credentials(place.token)
    client = HostClient(place.api, headers, agent, **seams)
    try:
        yield ChangeRequests(kind(client, place))
    finally:
        client.close()
