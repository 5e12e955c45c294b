"""GitLab: comments of a merge request are its notes (docs.gitlab.com, REST, "Notes API")."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from reconciler.code_hosts.ci_job import PullRequestRef
from reconciler.code_hosts.host_client import HostClient, paginate, rows, text_of
from reconciler.errors import ApiError
from reconciler.model.json_types import Json


class GitLab:
    """Lists and writes the notes of one merge request; system notes are excluded."""

    limit = 1_000_000

    def __init__(self, client: HostClient, place: PullRequestRef) -> None:
        self._client = client
        self._notes = f"/projects/{quote(place.repository, safe='')}/merge_requests/{place.number}/notes"

    @staticmethod
    def credentials(token: str) -> Mapping[str, str]:
        """Return the headers of every call."""
        return {"PRIVATE-TOKEN": token}

    def author(self) -> str:
        """Return the token's user name."""
        found = self._client.get("/user")
        name = text_of(found if isinstance(found, dict) else {}, "username")
        if not name:
            raise ApiError(
                "GitLab does not say whose token this is", code="E_READ_SCHEMA", hint="name it with --author"
            )
        return name

    def comments(self) -> Iterator[Mapping[str, Json]]:
        """Yield every note that a person or a token wrote, the oldest first."""
        notes = paginate(self._client, self._notes, sort="asc", order_by="created_at")
        return (note for note in notes if note.get("system") is not True)

    def author_of(self, comment: Mapping[str, Json]) -> str:
        """Return the user name under a note."""
        return text_of(comment, "author", "username")

    def create(self, body: str) -> Mapping[str, Json]:
        """Add a note."""
        return rows([self._client.write("POST", self._notes, {"body": body})])[0]

    def update(self, number: int, body: str) -> Mapping[str, Json]:
        """Replace a note's text."""
        return rows([self._client.write("PUT", f"{self._notes}/{number}", {"body": body})])[0]
