"""A team's repository with live rooms, the service it is applied to, the ledger, and the host with its runner.

`production` is a simulator on loopback that checks signatures: one user may read, another may write. The repository is
served by git over HTTP; the comments go to a host that holds them in memory.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reconciler.simulator import Request, Response, Simulator
from reconciler.simulator.clock import real_clock
from reconciler.simulator.server import running
from reconciler.simulator.service.console_edits import ConsoleEditor
from tests.support import fake_hosts, git_server
from tests.support.command_line import PROJECT_ID, reconciler
from tests.support.fake_hosts import Host
from tests.support.git_server import GitServer
from tests.support.github_runner import Event, GitHub, git
from tests.support.gitlab_runner import GitLab
from tests.support.installation import OFFLINE, Installation

READER = ("READERAKEXAMPLE00001", "reader-secret-key-for-tests-only-00001")
WRITER = ("WRITERAKEXAMPLE00002", "writer-secret-key-for-tests-only-00002")
DIGEST_KEY = "digest-key-for-tests-only-0000000000003"
STREAM_KEY = "stream-key-for-tests-only-04"
REPOSITORY = "shop/live"

_ROOM = """\
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata: {{name: {name}}}
spec:
  room_description: {text}
"""
_CALLBACK = "  live_event_callback_config: {key: {secret: STREAM_KEY}}\n"
_PROJECT = """\
name: shop
id: {id}
manifests: [rooms]
environments:
  production: {{endpoint: "{url}", project_id: "{project}", auth: aksk, prune: owned{ledger}}}
"""


class Service(Simulator):
    """A simulator that remembers who asked for what: the access key and the method of each request."""

    def __init__(self, seed: dict[str, Any]) -> None:
        self.asked: set[tuple[str, str]] = set()
        super().__init__(seed, clock=real_clock)

    def handle(self, request: Request) -> Response:
        given = next((value for name, value in request.headers if name.lower() == "authorization"), "")
        self.asked.add((given.partition("Access=")[2].partition(",")[0], request.method))
        return super().handle(request)


@dataclass(frozen=True)
class Ledger:
    """The URLs of one database: of a user that may write, and of one that may only read."""

    writer: str = ""
    reader: str = ""

    @property
    def server(self) -> str:
        """Return the host and port."""
        return urlsplit(self.writer).netloc.rpartition("@")[2]

    @property
    def open(self) -> str:
        """Return the reader's URL without its password, as a project file may name it."""
        return self.reader.replace(f":{self.password}@", "@")

    @property
    def password(self) -> str:
        return urlsplit(self.reader).password or ""


@dataclass
class Stage:
    """Everything a pipeline meets."""

    folder: Path
    installation: Installation
    ledger: Ledger
    service: Service
    url: str
    host: Host
    git: GitServer
    work: Path = Path()
    number: int = 0
    python: Path = Path()

    def __post_init__(self) -> None:
        self.work = self.folder / "work"
        self.work.mkdir()
        self.python = self.folder / "python"
        self.installation.again(self.python)
        origin = self.git.folder / REPOSITORY
        origin.mkdir(parents=True)
        git(origin, "init", "--quiet", "--bare")
        git(origin, "config", "http.receivepack", "true")
        git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(self.work, "init", "--quiet")
        git(self.work, "remote", "add", "origin", str(origin))
        self.commit()
        self.project()
        self.room("Morning", "Green teas.", more=_CALLBACK)

    # ------------------------------------------------------------------ what people do

    def project(self, ledger: str = "") -> None:
        """Write the project file."""
        more = f', ledger: "{ledger}"' if ledger else ""
        text = _PROJECT.format(id=PROJECT_ID, url=self.url, project="0" * 32, ledger=more)
        self.write("reconciler.yaml", text)

    def room(self, name: str, text: str, more: str = "") -> None:
        """Write the manifest of one room."""
        self.write(f"rooms/{name.lower()}.yaml", _ROOM.format(name=name, text=text) + more)

    def write(self, name: str, text: str) -> None:
        path = self.work / "live" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self, branch: str = "main") -> str:
        """Commit all of it on a branch, push it, and return the commit."""
        git(self.work, "checkout", "--quiet", "-B", branch)
        git(self.work, "add", "--all")
        git(self.work, "commit", "--quiet", "--allow-empty", "-m", "x")
        git(self.work, "push", "--quiet", "--force", "origin", branch)
        return git(self.work, "rev-parse", "HEAD")

    def apply(self) -> None:
        """Apply what stands in the work tree, as an earlier pipeline did, and commit it on main."""
        self.commit()
        variables = {
            "HUAWEICLOUD_SDK_AK": WRITER[0],
            "HUAWEICLOUD_SDK_SK": WRITER[1],
            "RECONCILER_LEDGER": self.ledger.writer,
            "RECONCILER_DIGEST_KEY": DIGEST_KEY,
            "RECONCILER_SECRET_STREAM_KEY": STREAM_KEY,
            "RECONCILER_ALLOWED_HOSTS": self.url,
        }
        done = reconciler("-C", self.work / "live", "apply", "-e", "production", "--auto-approve", variables=variables)
        assert done.code == 0, done.err
        self.service.asked.clear()

    @property
    def console(self) -> ConsoleEditor:
        """Return the web console, where somebody edits live rooms."""
        return self.service.console("SmartLiveRoom")

    @property
    def live(self) -> dict[str, Any]:
        """Return the descriptions of the rooms that are live, by their names."""
        return {one.name: one.body.get("room_description", "") for one in self.console.objects.entries.values()}

    def edit(self, name: str, text: str) -> None:
        """Change a room's description in the console, or create the room there."""
        found = self.console.objects.named(name)
        if found:
            self.console.change(found[0], {"room_description": text})
        else:
            self.console.insert({"room_name": name, "room_description": text})

    # ------------------------------------------------------------------ GitHub

    def github(self, **secrets: str) -> GitHub:
        """Return the repository as GitHub's, with the secrets that the examples name."""
        return GitHub(
            folder=self.folder / "github",
            repository=REPOSITORY,
            servers={"GITHUB_SERVER_URL": self.git.url, "GITHUB_API_URL": self.host.url},
            secrets={
                "READER_AK": READER[0],
                "READER_SK": READER[1],
                "WRITER_AK": WRITER[0],
                "WRITER_SK": WRITER[1],
                "LEDGER_URL": self.ledger.writer,
                "LEDGER_READER_URL": self.ledger.reader,
                "DIGEST_KEY": DIGEST_KEY,
                "STREAM_KEY": STREAM_KEY,
                **secrets,
            },
            machine={**OFFLINE, "RECONCILER_ALLOWED_HOSTS": f"{self.url},{self.ledger.server}"},
            python=self.python,
        )

    def pull_request(self, branch: str, *, fork: bool = False) -> Event:
        """Open a pull request of what stands in the work tree, and return the event of its commit."""
        base = git(self.work, "rev-parse", "refs/remotes/origin/main")
        head = self.commit(branch)
        self.number += 1
        git(self.work, "push", "--quiet", "origin", f"{head}:refs/pull/{self.number}/merge")
        owner = "stranger" if fork else "shop"
        pull = {
            "number": self.number,
            "head": {
                "ref": branch,
                "sha": head,
                "label": f"{owner}:{branch}",
                "repo": {"full_name": f"{owner}/live", "owner": {"login": owner}},
            },
            "base": {"ref": "main", "sha": base, "repo": {"full_name": REPOSITORY}},
        }
        self.host.pulls.append(pull)
        return Event(
            name="pull_request",
            payload={"action": "opened", "number": self.number, "pull_request": pull},
            ref=f"refs/pull/{self.number}/merge",
            sha=head,
            changed=tuple(git(self.work, "diff", "--name-only", base, head).splitlines()),
            fork=fork,
        )

    def pushed(self) -> Event:
        """Commit on main what stands in the work tree, and return the event."""
        before = git(self.work, "rev-parse", "refs/remotes/origin/main")
        commit = self.commit()
        changed = tuple(git(self.work, "diff", "--name-only", before, commit).splitlines())
        return Event(name="push", sha=commit, changed=changed, payload={"before": before, "after": commit})

    def event(self, name: str, **payload: Any) -> Event:
        """Return another event about main as it is."""
        return Event(name=name, payload=payload, sha=git(self.work, "rev-parse", "refs/remotes/origin/main"))

    # ------------------------------------------------------------------ GitLab

    def gitlab(self, **variables: str) -> GitLab:
        """Return the repository as GitLab's, with the variables that the example names."""
        return GitLab(
            folder=self.folder / "gitlab",
            project=REPOSITORY,
            servers={"CI_SERVER_URL": self.git.url, "CI_API_V4_URL": f"{self.host.url}/api/v4"},
            variables={
                "HUAWEICLOUD_SDK_AK": READER[0],
                "HUAWEICLOUD_SDK_SK": READER[1],
                "RECONCILER_LEDGER": self.ledger.reader,
                "RECONCILER_DIGEST_KEY": DIGEST_KEY,
                **variables,
            },
            scoped={
                "audit": {"RECONCILER_LEDGER": self.ledger.writer},
                "production": {
                    "HUAWEICLOUD_SDK_AK": WRITER[0],
                    "HUAWEICLOUD_SDK_SK": WRITER[1],
                    "RECONCILER_LEDGER": self.ledger.writer,
                    "RECONCILER_SECRET_STREAM_KEY": STREAM_KEY,
                },
            },
            machine={"RECONCILER_ALLOWED_HOSTS": self.url},
            image=self.installation.programs,
        )

    @property
    def secrets(self) -> list[str]:
        """Return every secret value that no log and no artifact may hold."""
        found = [READER[1], WRITER[1], DIGEST_KEY, STREAM_KEY, fake_hosts.TOKEN, self.ledger.password]
        return [*found, *(base64.b64encode(value.encode()).decode() for value in found)]


@contextmanager
def stage(folder: Path, installation: Installation, ledger: Ledger, login: str) -> Iterator[Stage]:
    """Set everything up in a folder for the length of a `with`; `login` is who comments."""
    keys = [{"ak": ak, "sk": sk} for ak, sk in (READER, WRITER)]
    (folder / "hosted").mkdir(parents=True)
    service = Service({"project_id": "0" * 32, "credentials": {"keys": keys}})
    with (
        running(service) as url,
        fake_hosts.serving(Host(login=login, knows_user=not login.endswith("[bot]"))) as host,
        git_server.serving(folder / "hosted") as hosted,
    ):
        yield Stage(folder, installation, ledger, service, url, host, hosted)
