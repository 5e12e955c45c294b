"""Posts or updates one comment, identified by its marker and author; equal text is not written again."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from reconciler.code_hosts.ci_job import PullRequestRef
from reconciler.code_hosts.github import GitHub
from reconciler.code_hosts.gitlab import GitLab
from reconciler.code_hosts.host_client import HostClient, id_of, same_text, text_of, web_address
from reconciler.errors import UsageError
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentResult:
    """Result: `created`, `updated` or `unchanged`; the comment's number and its address on the web."""

    done: str
    id: int
    url: str = ""


class CodeHost(Protocol):
    """Comments API of one host."""

    limit: int

    def author(self) -> str:
        """Return the login of the token's comments."""
        ...

    def comments(self) -> Iterator[Mapping[str, Json]]:
        """Yield every comment of the request, the oldest first."""
        ...

    def author_of(self, comment: Mapping[str, Json]) -> str:
        """Return the login under a comment."""
        ...

    def create(self, body: str) -> Mapping[str, Json]:
        """Add a comment."""
        ...

    def update(self, number: int, body: str) -> Mapping[str, Json]:
        """Replace a comment's text."""
        ...


def upsert_comment(
    place: PullRequestRef, body: str, marker: str, *, agent: str = "reconciler", **seams: Any
) -> CommentResult:
    """Create or update the one comment with `marker` to have `body`; `seams` are those of Connection.

    `body` begins with `marker`. Raises ApiError where the host refuses, UsageError for a body that is too long.
    """
    client, host = _opened(place, agent, seams)
    try:
        return _posted(host, place, body, marker)
    finally:
        client.close()


def _opened(place: PullRequestRef, agent: str, seams: Mapping[str, Json]) -> tuple[HostClient, CodeHost]:
    kind = GitHub if place.host == "github" else GitLab
    client = HostClient(place.api, kind.credentials(place.token), agent, **seams)
    return client, kind(client, place)


def _posted(host: CodeHost, place: PullRequestRef, body: str, marker: str) -> CommentResult:
    if not marker or not body.startswith(marker):
        raise UsageError("a comment begins with its marker", hint="post what `--format markdown` wrote")
    if len(body.encode()) > host.limit:
        raise UsageError(f"the comment takes {len(body.encode()):,} bytes; this host takes {host.limit:,}")
    mine = _mine(host, place.author or host.author(), marker)
    if mine is None:
        made = host.create(body)
        return CommentResult(done="created", id=id_of(made), url=_url(made))
    if same_text(text_of(mine, "body"), body):
        return CommentResult(done="unchanged", id=id_of(mine), url=_url(mine))
    return CommentResult(done="updated", id=id_of(mine), url=_url(host.update(id_of(mine), body)))


def _mine(host: CodeHost, author: str, marker: str) -> Mapping[str, Json] | None:
    for comment in host.comments():
        if text_of(comment, "body").startswith(marker) and host.author_of(comment).lower() == author.lower():
            return comment
    return None


def _url(comment: Mapping[str, Json]) -> str:
    return web_address(text_of(comment, "html_url"))
