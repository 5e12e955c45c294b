"""GitHub: comments of a pull request are those of its issue (docs.github.com, REST, "Issue comments")."""

from collections.abc import Iterator, Mapping

from reconciler.errors import ApiError
from reconciler.hosts.door import Door, every, rows, text_of
from reconciler.hosts.place import Place
from reconciler.model.resource import Json

_JOB_LOGIN = "github-actions[bot]"
"""Under what a job's own token comments: that token may not ask who it is."""


class GitHub:
    """Lists and writes the comments of one pull request."""

    limit = 65_536

    def __init__(self, door: Door, place: Place) -> None:
        self._door = door
        self._repository = f"/repos/{place.repository}/issues"
        self._comments = f"{self._repository}/{place.number}/comments"

    @staticmethod
    def credentials(token: str) -> Mapping[str, str]:
        """Return the headers of every call."""
        return {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"}

    def author(self) -> str:
        """Return the token's login; a job's token is refused this question."""
        try:
            found = self._door.get("/user")
        except ApiError as error:
            if error.status in {401, 403, 404}:
                return _JOB_LOGIN
            raise
        return text_of(found if isinstance(found, dict) else {}, "login") or _JOB_LOGIN

    def comments(self) -> Iterator[Mapping[str, Json]]:
        """Yield every comment, the oldest first."""
        return every(self._door, self._comments)

    def author_of(self, comment: Mapping[str, Json]) -> str:
        """Return the login under a comment."""
        return text_of(comment, "user", "login")

    def create(self, body: str) -> Mapping[str, Json]:
        """Add a comment."""
        return rows([self._door.write("POST", self._comments, {"body": body})])[0]

    def update(self, number: int, body: str) -> Mapping[str, Json]:
        """Replace a comment's text."""
        return rows([self._door.write("PATCH", f"{self._repository}/comments/{number}", {"body": body})])[0]
