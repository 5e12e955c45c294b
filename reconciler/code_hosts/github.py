"""GitHub: comments of a pull request are those of its issue (docs.github.com, REST, "Issue comments")."""

from collections.abc import Iterator, Mapping

from reconciler.code_hosts.ci_job import PullRequestRef
from reconciler.code_hosts.host_client import PER_PAGE, HostClient, paginate, rows, text_of
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
