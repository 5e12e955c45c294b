"""GitHub: pull requests and their comments (docs.github.com, REST: "Pulls", "Issue comments")."""

from collections.abc import Iterator, Mapping

from reconciler.code_hosts.ci_job import HostedRepository, PullRequestRef
from reconciler.code_hosts.host_client import PER_PAGE, HostClient, OpenRequest, id_of, paginate, rows, text_of
from reconciler.errors import ApiError, UsageError
from reconciler.model.json_types import Json

_JOB_LOGIN = "github-actions[bot]"
"""Login of comments by a job's own token, which may not query its login."""


class GitHub:
    """Lists and writes the comments of one pull request."""

    limit = 65_536

    def __init__(self, client: HostClient, place: PullRequestRef) -> None:
        self._client = client
        self._repository = f"/repos/{place.repository}/issues"
        number = place.number or _number_of(client, place)
        self._comments = f"{self._repository}/{number}/comments"

    @staticmethod
    def credentials(token: str) -> Mapping[str, str]:
        """Return the headers of every call."""
        return {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"}

    def author(self) -> str:
        """Return the token's login; a job's token is refused this query."""
        try:
            found = self._client.get("/user")
        except ApiError as error:
            if error.status in {401, 403, 404}:
                return _JOB_LOGIN
            raise
        return text_of(found if isinstance(found, dict) else {}, "login") or _JOB_LOGIN

    def comments(self) -> Iterator[Mapping[str, Json]]:
        """Yield every comment, the oldest first."""
        return paginate(self._client, self._comments)

    def author_of(self, comment: Mapping[str, Json]) -> str:
        """Return the login under a comment."""
        return text_of(comment, "user", "login")

    def create(self, body: str) -> Mapping[str, Json]:
        """Add a comment."""
        return rows([self._client.write("POST", self._comments, {"body": body})])[0]

    def update(self, number: int, body: str) -> Mapping[str, Json]:
        """Replace a comment's text."""
        return rows([self._client.write("PATCH", f"{self._repository}/comments/{number}", {"body": body})])[0]


class PullRequests:
    """Open pull requests of one repository, from its own branches."""

    limit = 65_536
    noun = "pull request"

    def __init__(self, client: HostClient, place: HostedRepository) -> None:
        self._client = client
        self._repository = place.repository
        self._pulls = f"/repos/{place.repository}/pulls"

    credentials = GitHub.credentials

    def default_branch(self) -> str:
        """Return the repository's default branch."""
        return text_of(rows([self._client.get(f"/repos/{self._repository}")])[0], "default_branch")

    def open_requests(self, branch: str = "") -> Iterator[OpenRequest]:
        """Yield the open requests, of one branch or all; those from forks are left out."""
        head = {"head": f"{self._repository.split('/')[0]}:{branch}"} if branch else {}
        for row in paginate(self._client, self._pulls, noun="pull requests", state="open", **head):
            origin = text_of(row, "head", "repo", "full_name") or self._repository
            if origin.casefold() == self._repository.casefold() and branch in (
                "",
                text_of(row, "head", "ref") or branch,
            ):
                yield _request(row)

    def create(self, branch: str, base: str, title: str, body: str) -> OpenRequest:
        """Open a request."""
        shape = {"title": title, "head": branch, "base": base, "body": body}
        return _request(rows([self._client.write("POST", self._pulls, shape)])[0])

    def update(self, number: int, body: str) -> OpenRequest:
        """Replace a request's description."""
        return _request(rows([self._client.write("PATCH", f"{self._pulls}/{number}", {"body": body})])[0])


def _request(row: Mapping[str, Json]) -> OpenRequest:
    return OpenRequest(
        number=id_of(row, "number"),
        branch=text_of(row, "head", "ref"),
        body=text_of(row, "body"),
        url=text_of(row, "html_url"),
    )


def _number_of(client: HostClient, place: PullRequestRef) -> int:
    """Return the open pull request of a branch; its head must be the commit that started the job."""
    for pull in rows(client.get(f"/repos/{place.repository}/pulls", state="open", head=place.head, per_page=PER_PAGE)):
        number = pull.get("number")
        if text_of(pull, "head", "sha") == place.commit and isinstance(number, int):
            return number
    raise UsageError(
        f"no open pull request has {place.head[:200]} at {place.commit[:40]} as its head: nothing to comment on",
        hint="a newer commit was pushed, or the request is closed",
    )
