"""GitLab: merge requests and their notes (docs.gitlab.com, REST: "Merge requests API", "Notes API")."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from reconciler.code_hosts.ci_job import HostedRepository, PullRequestRef
from reconciler.code_hosts.host_client import HostClient, OpenRequest, id_of, paginate, rows, text_of
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


class MergeRequests:
    """Open merge requests of one project, from its own branches."""

    limit = 1_000_000
    noun = "merge request"

    def __init__(self, client: HostClient, place: HostedRepository) -> None:
        self._client = client
        self._project = f"/projects/{quote(place.repository, safe='')}"
        self._requests = f"{self._project}/merge_requests"

    credentials = GitLab.credentials

    def default_branch(self) -> str:
        """Return the project's default branch."""
        return text_of(rows([self._client.get(self._project)])[0], "default_branch")

    def open_requests(self, branch: str = "") -> Iterator[OpenRequest]:
        """Yield the open requests, of one branch or all; those from forks are left out."""
        source = {"source_branch": branch} if branch else {}
        for row in paginate(self._client, self._requests, noun="merge requests", state="opened", **source):
            own = row.get("source_project_id") == row.get("target_project_id")
            if own and branch in ("", text_of(row, "source_branch") or branch):
                yield _request(row)

    def create(self, branch: str, base: str, title: str, body: str) -> OpenRequest:
        """Open a request."""
        shape = {"title": title, "source_branch": branch, "target_branch": base, "description": body}
        return _request(rows([self._client.write("POST", self._requests, shape)])[0])

    def update(self, number: int, body: str) -> OpenRequest:
        """Replace a request's description."""
        return _request(rows([self._client.write("PUT", f"{self._requests}/{number}", {"description": body})])[0])


def _request(row: Mapping[str, Json]) -> OpenRequest:
    return OpenRequest(
        number=id_of(row, "iid"),
        branch=text_of(row, "source_branch"),
        body=text_of(row, "description"),
        url=text_of(row, "web_url"),
    )
