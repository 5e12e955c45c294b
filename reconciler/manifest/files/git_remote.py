"""The remote repository of a project: its branches, and pushes to one of them that overwrite only what was seen.

git runs in a scratch repository, so that nothing of the project's configuration takes part: no `insteadOf`, no
credential helper, no ssh command. It speaks https, ssh, local files, and http with this machine. Of the operator's
variables it gets those of ssh, of certificates and of proxies. Credentials are headers in git's environment, never in
an argument, and never sent to where a server redirects.
"""

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from reconciler.errors import ReconcilerError, UsageError
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.files.git_command import Repository
from reconciler.strings import escape_control

_OPERATORS = (
    *("HOME", "SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND"),
    *("GIT_SSL_CAINFO", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"),
)
_SECONDS = 300.0
_SCP = late_pattern(r"(?:[^/:@]+@)?(\[[^\]]+\]|[^/:]+):(?!/)(.+)")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAddress:
    """Address of a remote repository without its credentials, which are `user` and `password`.

    `host` is empty for a folder; `path` is the repository's path on the host, without slashes around it and `.git`.
    """

    url: str
    protocol: str
    host: str = ""
    path: str = ""
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def origin(self) -> str:
        """Return scheme, host and port of an address on the web; empty for another."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}".lower() if self.protocol.startswith("http") else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteBranches:
    """Branches of a remote repository: the commit of each, and the default one, empty where it does not tell."""

    default: str
    tips: Mapping[str, str]


def remote_address(repository: Repository) -> RemoteAddress:
    """Return where a repository is pushed to: its remote `origin`, or the only one it has.

    Raises UsageError (E_REMOTE) without a remote, and for an address that is not used.
    """
    try:
        listed = repository.run("config", "--null", "--get-regexp", r"^remote\..*\.(push)?url$").decode(
            "utf-8", "replace"
        )
    except ReconcilerError:
        listed = ""
    found: dict[str, dict[str, str]] = {}
    for row in listed.split("\0"):
        key, _, value = row.partition("\n")
        name, _, kind = key.removeprefix("remote.").rpartition(".")
        if name:
            found.setdefault(name, {}).setdefault(kind.lower(), value)
    name = "origin" if "origin" in found or len(found) != 1 else next(iter(found))
    urls = found.get(name)
    if not urls:
        hint = "add one: git remote add origin ADDRESS"
        raise UsageError("the repository has no remote origin to push to", code="E_REMOTE", hint=hint)
    return _parsed(urls.get("pushurl") or urls.get("url", ""), repository.top)


def _parsed(text: str, top: Path) -> RemoteAddress:
    shown = escape_control(re.sub(r"//[^/@]*@", "//", text))[:200]
    refused = UsageError(
        f"{shown!r} is no address that is pushed to", code="E_REMOTE", hint="use https, ssh or the path of a repository"
    )
    if not text or not text.isprintable() or text.startswith("-"):
        raise refused
    if "://" in text:
        return _web(text, refused) if not text.startswith("file://") else _folder(text[7:], top)
    scp = _SCP.fullmatch(text)
    if "::" in text or (scp and scp[1].startswith("-")):
        raise refused
    if scp:
        return RemoteAddress(url=text, protocol="ssh", host=scp[1].lower(), path=_plain(scp[2]))
    return _folder(text, top)


def _web(text: str, refused: UsageError) -> RemoteAddress:
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise refused from None
    plain = parts.scheme == "http" and host in _LOOPBACK
    if not host or host.startswith("-") or (parts.scheme not in ("https", "ssh") and not plain):
        raise refused
    shown = f"[{host}]" if ":" in host else host
    place = f"{shown}:{port}" if port else shown
    login = f"{parts.username}@" if parts.scheme == "ssh" and parts.username else ""
    return RemoteAddress(
        url=f"{parts.scheme}://{login}{place}{parts.path}",
        protocol=parts.scheme,
        host=host,
        path=_plain(parts.path),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _folder(text: str, top: Path) -> RemoteAddress:
    """Return the address of a folder, which a commit of the project cannot hold."""
    whole = Path(os.path.realpath(top / text))
    if whole.is_relative_to(os.path.realpath(top)):
        hint = "push to a repository outside the project"
        raise UsageError(f"the remote {escape_control(text)[:200]!r} is inside the project", code="E_REMOTE", hint=hint)
    return RemoteAddress(url=os.fspath(whole), protocol="file", path=_plain(os.fspath(whole)))


def _plain(path: str) -> str:
    return path.strip("/").removesuffix(".git")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRepository:
    """A remote repository, through a scratch one; `token` is the login and password of the code host, or empty."""

    scratch: Repository
    address: RemoteAddress
    variables: Mapping[str, str] = field(repr=False)
    token: tuple[str, str] = field(default=("", ""), repr=False)

    def branches(self) -> RemoteBranches:
        """Return every branch. Raises ReconcilerError (E_GIT)."""
        listed = self._run("ls-remote", "--symref", "--", self.address.url, "HEAD", "refs/heads/*")
        default, tips = "", {}
        for line in listed.decode("utf-8", "surrogateescape").split("\n"):
            fact, _, name = line.partition("\t")
            if name == "HEAD" and fact.startswith("ref: refs/heads/"):
                default = fact.removeprefix("ref: refs/heads/")
            elif name.startswith("refs/heads/"):
                tips[name.removeprefix("refs/heads/")] = fact
        return RemoteBranches(default=default, tips=tips)

    def fetch(self, branch: str, commit: str) -> None:
        """Make the commit of a branch readable in the scratch repository."""
        try:
            self.scratch.run("cat-file", "-e", f"{commit}^{{commit}}")
        except ReconcilerError:
            ref = f"+refs/heads/{branch}:refs/fetched/{commit}"
            self._run(
                "fetch", "--quiet", "--no-tags", "--depth=1", "--no-write-fetch-head", "--", self.address.url, ref
            )

    def push(self, commit: str, branch: str, expected: str) -> None:
        """Let a branch point to a commit; `expected` is the commit that it had, empty for a new one.

        Raises ReconcilerError: E_BRANCH_MOVED where it has another commit by now, E_GIT where the push is refused.
        """
        ref = f"refs/heads/{branch}"
        lease = f"--force-with-lease={ref}:{expected}"
        how = ("--quiet", "--no-verify", "--recurse-submodules=no", lease)
        try:
            self._run("push", *how, "--", self.address.url, f"{commit}:{ref}")
        except ReconcilerError as problem:
            if "(stale info)" in problem.message:
                raise ReconcilerError(
                    f"the branch {escape_control(branch)} was moved meanwhile: nothing was pushed",
                    code="E_BRANCH_MOVED",
                    hint="run it again",
                ) from None
            raise

    def _run(self, *arguments: str) -> bytes:
        more = {name: value for name, value in self.variables.items() if name in _OPERATORS}
        more |= {"GIT_ALLOW_PROTOCOL": self.address.protocol, **self._settings()}
        if self.address.protocol == "ssh":
            more.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
        return self.scratch.run(*arguments, more=more, seconds=_SECONDS)

    def _settings(self) -> dict[str, str]:
        """Return settings in variables, where no other user of the machine sees them."""
        user, password = self.token if self.token[1] else (self.address.user, self.address.password)
        settings = {"http.followRedirects": "false"}
        if password and self.address.origin:
            word = base64.b64encode(f"{user}:{password}".encode("utf-8", "surrogateescape")).decode("ascii")
            settings["http.extraHeader"] = f"Authorization: Basic {word}"
        found = {"GIT_CONFIG_COUNT": str(len(settings))}
        for number, (name, value) in enumerate(settings.items()):
            found |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        return found
