"""`accept --branch --open-request`: one request an environment, updated in place; the work tree is not touched."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import git_server
from tests.support.command_line import project, reconciler, room
from tests.support.fake_hosts import TOKEN, Host
from tests.support.git_server import MAY_PUSH

BRANCH = "reconciler/accept-demo"
TEXT = "# the room\n" + room("One", 'room_description: "hello" # said\n  priv_data: mine')
SEED = "{smart_live_rooms: [{room_name: One, room_description: world, priv_data: mine}]}"
HOSTS = ("github", "gitlab")


def git(folder: Path, *words: str) -> str:
    command = [
        "git",
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@example.invalid",
        "-c",
        "protocol.file.allow=always",
        *words,
    ]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


class Team:
    """A project that is cloned from a bare repository, and what its files were before."""

    def __init__(self, folder: Path, default: str = "main", below: str = ".") -> None:
        self.origin, self.clone = folder / "origin.git", folder / "clone"
        self.folder, self.default = self.clone / below, default
        project(self.folder, {"rooms/one.yaml": TEXT}, seed=SEED)
        git(folder, "init", "-q", "--bare", "-b", default, "origin.git")
        git(self.clone, "init", "-q", "-b", default)
        git(self.clone, "remote", "add", "origin", str(self.origin))
        self.commit("first")
        git(self.clone, "push", "-q", "origin", default)
        self.before = self.state()

    def commit(self, subject: str) -> None:
        git(self.clone, "add", "-A")
        git(self.clone, "commit", "-q", "--allow-empty", "-m", subject)

    def state(self) -> tuple[object, ...]:
        files = {path: path.read_bytes() for path in self.folder.rglob("*.yaml")}
        refs = git(self.clone, "for-each-ref")
        index = (self.clone / ".git/index").read_bytes()
        return files, refs, index, (self.clone / ".git/HEAD").read_text(), git(self.clone, "status", "--porcelain")

    def live(self, text: str) -> None:
        """Change the room in the console, which is no file of the project here: the seed is committed as it is."""
        (self.folder / "live.yaml").write_text(SEED.replace("world", text))
        self.commit("live")
        git(self.clone, "push", "-q", "origin", f"HEAD:{self.default}")
        self.before = self.state()

    def accept(self, *words: object, branch: str = BRANCH, variables: dict[str, str] | None = None):
        run = reconciler(
            *("-C", self.folder, "accept", "-e", "demo", "--branch", branch, "--open-request", *words),
            variables=variables,
        )
        assert self.state() == self.before
        assert TOKEN not in run.out + run.err
        return run

    def tip(self, branch: str = BRANCH) -> str:
        return git(self.origin, "rev-parse", f"refs/heads/{branch}")

    def at(self, branch: str = BRANCH, file: str = "rooms/one.yaml") -> str:
        return git(self.origin, "show", f"refs/heads/{branch}:{file}") + "\n"


@pytest.fixture
def team(tmp_path):
    return Team(tmp_path)


@pytest.fixture(params=HOSTS)
def kind(request):
    return request.param


def job(kind: str, host: Host, **more: str) -> dict[str, str]:
    if kind == "github":
        return {"GITHUB_REPOSITORY": "shop/rooms", "GITHUB_API_URL": host.url, "GITHUB_TOKEN": TOKEN, **more}
    return {"CI_PROJECT_ID": "1", "CI_API_V4_URL": f"{host.url}/api/v4", "GITLAB_TOKEN": TOKEN, **more}


def test_a_request_is_opened_with_the_plan_and_one_commit(team, kind, host):
    run = team.accept("--format", "json", variables=job(kind, host))
    assert run.code == 0, run.err
    shape = json.loads(run.out)
    assert shape["request"] == {"number": 1, "url": "https://example.test/requests/1", "status": "created"}
    assert shape["branch"] == {"name": BRANCH, "base": "main", "commit": team.tip(), "pushed": True}
    assert "https://example.test/requests/1" in run.err
    assert team.at() == TEXT.replace('"hello"', '"world"')
    assert git(team.origin, "rev-list", "--count", f"main..refs/heads/{BRANCH}") == "1"
    (opened,) = host.requests
    assert opened["source_branch"] == BRANCH
    assert opened["base"] == {"ref": "main"}
    assert opened["title"] == "Accept live values of demo"
    assert "rooms/one.yaml" in opened["body"]
    assert '`"hello"`' in opened["body"]
    assert '`"world"`' in opened["body"]


def test_a_second_run_writes_nothing_and_other_drift_updates_in_place(team, kind, host):
    variables = job(kind, host)
    team.accept(variables=variables)
    first = team.tip()
    host.calls.clear()
    again = team.accept("--format", "json", variables=variables)
    assert again.code == 0, again.err
    assert json.loads(again.out)["request"]["status"] == "unchanged"
    assert (team.tip(), host.writes) == (first, [])
    team.live("everybody")
    third = team.accept("--format", "json", variables=variables)
    shape = json.loads(third.out)
    assert (shape["request"]["status"], shape["branch"]["pushed"]) == ("updated", True)
    assert len(host.requests) == 1
    assert "everybody" in host.requests[0]["body"]
    assert team.at() == TEXT.replace('"hello"', '"everybody"')
    assert git(team.origin, "rev-list", "--count", f"main..refs/heads/{BRANCH}") == "1"


def test_the_same_edits_on_a_later_commit_are_no_new_commit(team):
    team.accept()
    first = team.tip()
    team.live("world")
    (team.clone / "notes").write_text("x")
    team.commit("notes")
    team.before = team.state()
    assert team.accept().code == 0
    assert team.tip() == first


def test_nothing_to_accept_opens_nothing(team, kind, host):
    team.live("hello")
    run = team.accept(variables=job(kind, host))
    assert (run.code, run.out) == (0, "")
    assert "Nothing to accept" in run.err
    assert host.writes == []


def test_a_dry_run_pushes_nothing(team, kind, host):
    run = team.accept("--dry-run", variables=job(kind, host))
    assert run.code == 0
    assert "+  room_description" in run.out
    assert host.writes == []
    assert BRANCH not in git(team.origin, "for-each-ref")


@pytest.mark.parametrize(("kind", "what"), [("github", "on top"), ("gitlab", "amended"), ("github", "of its own")])
def test_a_branch_that_a_person_committed_to_is_not_overwritten(team, kind, host, what, tmp_path):
    variables = job(kind, host)
    if what != "of its own":
        team.accept(variables=variables)
    theirs = tmp_path / "theirs"
    git(tmp_path, "clone", "-q", str(team.origin), "theirs")
    git(theirs, "checkout", "-q", *(["-b"] if what == "of its own" else []), BRANCH)
    (theirs / "rooms/one.yaml").write_text(TEXT.replace("hello", "theirs"))
    git(theirs, "commit", "-q", "-a", *(["--amend", "--no-edit"] if what == "amended" else ["-m", "x"]))
    git(theirs, "push", "-q", "--force", "origin", BRANCH)
    moved, calls = team.tip(), len(host.writes)
    run = team.accept("--format", "json", variables=variables)
    assert run.code == 2
    assert [each["code"] for each in json.loads(run.out)["refusals"]] == ["E_BRANCH_MOVED"]
    assert json.loads(run.out)["written"] is False
    assert moved[:12] in run.err
    assert (team.tip(), len(host.writes)) == (moved, calls)
    assert team.accept("--force", variables=variables).code == 0
    assert team.at() == TEXT.replace('"hello"', '"world"')


def test_one_environment_has_one_request(team, kind, host):
    variables = job(kind, host)
    team.accept(variables=variables)
    run = team.accept(branch="another", variables=variables)
    assert run.code == 2
    assert "E_REQUEST_ELSEWHERE" in run.err
    assert BRANCH in run.err
    assert "another" not in git(team.origin, "for-each-ref")
    assert len(host.requests) == 1


def test_another_environment_does_not_take_the_branch(team, host):
    variables = job("github", host)
    team.accept(variables=variables)
    text = (team.folder / "reconciler.yaml").read_text() + '  other: {endpoint: "simulator:live.yaml"}\n'
    (team.folder / "reconciler.yaml").write_text(text)
    team.commit("other")
    team.before = team.state()
    words = ("--branch", BRANCH, "--open-request", "--also", 'SmartLiveRoom["One"]')
    run = reconciler("-C", team.folder, "accept", "-e", "other", *words, variables=variables)
    assert run.code == 2
    assert "E_BRANCH_TAKEN" in run.err
    assert len(host.requests) == 1


def test_a_request_of_a_fork_and_one_of_a_person_are_left_alone(team, kind, host):
    variables = job(kind, host)
    team.accept(variables=variables)
    body = host.requests[0]["body"]
    host.requests.clear()
    host.open("elsewhere", body, fork=True)
    host.open("mine", "I write this myself")
    assert team.accept(variables=variables).code == 0
    assert [row["source_branch"] for row in host.requests] == ["elsewhere", "mine", BRANCH]
    assert team.accept(branch="mine", variables=variables).code == 2


@pytest.mark.parametrize(
    ("default", "name", "state"),
    [
        ("main", "MAIN", ""),
        ("main", "main", "unborn HEAD"),
        ("live/läuft#1", "live/läuft#1", "elsewhere"),
        ("trunk", "trunk", "detached"),
        ("trunk", "trunk", "unborn HEAD"),
        ("trunk", "trunk", "shallow"),
    ],
)
def test_the_default_branch_is_never_pushed_to(tmp_path, default, name, state):
    team = Team(tmp_path, default)
    if state == "unborn HEAD":
        git(team.origin, "symbolic-ref", "HEAD", "refs/heads/nothing")
    elif state == "detached":
        git(team.clone, "checkout", "-q", "--detach")
    elif state == "elsewhere":
        git(team.clone, "checkout", "-q", "-b", "feature")
    elif state == "shallow":
        team.commit("second")
        git(team.clone, "push", "-q", "origin", default)
        shutil.rmtree(team.clone)
        git(tmp_path, "clone", "-q", "--depth=1", f"file://{team.origin}", "clone")
    team.before = team.state()
    tip = team.tip(default)
    run = team.accept("--force", branch=name)
    assert run.code == 1
    assert "E_BRANCH_DEFAULT" in run.err
    assert team.tip(default) == tip
    assert len(git(team.origin, "for-each-ref").splitlines()) == 1
    assert team.accept().code == 0
    assert team.at() == TEXT.replace('"hello"', '"world"')


def test_the_host_names_the_default_branch_where_git_does_not(team, kind, host):
    host.default_branch = "production"
    git(team.origin, "symbolic-ref", "HEAD", "refs/heads/nothing")
    run = team.accept(branch="production", variables=job(kind, host))
    assert run.code == 1
    assert "E_BRANCH_DEFAULT" in run.err
    assert host.writes == []


@pytest.mark.parametrize(
    "name", ["-x", "refs/heads/main", "a..b", "HEAD", "a b", "a:main", "+main", "@{-1}", "x\x1b[2J"]
)
def test_what_is_no_name_of_a_branch_is_refused(team, name):
    run = team.accept(branch=name)
    assert run.code == 1
    assert "E_BRANCH_NAME" in run.err
    assert "\x1b" not in run.err


def test_a_project_in_a_folder_is_committed_there(tmp_path):
    team = Team(tmp_path, below="live rooms")
    assert team.accept().code == 0
    assert team.at(file="live rooms/rooms/one.yaml") == TEXT.replace('"hello"', '"world"')


def test_what_is_not_committed_is_not_part_of_it(team):
    (team.folder / "rooms/one.yaml").write_text(TEXT + "# mine\n")
    (team.folder / "rooms/two.yaml").write_text("not: yaml: at: all")
    team.before = team.state()
    assert team.accept().code == 0
    assert team.at() == TEXT.replace('"hello"', '"world"')


def test_a_branch_alone_is_committed_and_not_pushed(team):
    def run(name):
        return reconciler("-C", team.folder, "accept", "-e", "demo", "--branch", name)

    assert run("local").code == 0
    files, _refs, *rest = team.state()
    assert (files, *rest) == (team.before[0], *team.before[2:])
    assert git(team.clone, "show", "local:rooms/one.yaml") + "\n" == TEXT.replace('"hello"', '"world"')
    first = git(team.clone, "rev-parse", "local")
    assert run("local").code == 0
    assert git(team.clone, "rev-parse", "local") == first
    assert len(git(team.origin, "for-each-ref").splitlines()) == 1
    for name in ("main", "feature"):
        git(team.clone, "checkout", "-q", "-B", "feature")
        assert run(name).code == 1


def test_no_hook_and_no_setting_of_the_clone_runs(team, tmp_path):
    witness = tmp_path / "witness"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {witness}\nexit 1\n")
    program.chmod(0o755)
    for name in ("pre-commit", "pre-push", "reference-transaction", "post-index-change", "commit-msg"):
        shutil.copy(program, team.clone / ".git/hooks" / name)
    other = tmp_path / "other.git"
    shutil.copytree(team.origin, other)
    for key in ("core.fsmonitor", "core.sshCommand", "remote.origin.receivepack", "remote.origin.uploadpack"):
        git(team.clone, "config", key, str(program))
    git(team.clone, "config", "credential.helper", f"!{program}")
    git(team.clone, "config", "commit.gpgSign", "true")
    git(team.clone, "config", "gpg.program", str(program))
    git(team.clone, "config", "filter.x.clean", str(program))
    git(team.clone, "config", f"url.{other}.insteadOf", str(team.origin))
    (team.clone / ".git/info").mkdir(exist_ok=True)
    (team.clone / ".git/info/attributes").write_text("* filter=x\n")
    before = {path: path.read_bytes() for path in team.clone.rglob("*") if path.is_file()}
    run = reconciler("-C", team.folder, "accept", "-e", "demo", "--branch", BRANCH, "--open-request")
    assert run.code == 0, run.err
    assert {path: path.read_bytes() for path in team.clone.rglob("*") if path.is_file()} == before
    assert not witness.exists()
    assert team.tip()
    assert BRANCH not in git(other, "for-each-ref")


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c touch% {witness}",
        "-u{witness}",
        "ssh://-oProxyCommand=touch%20{witness}/x",
        "-oProxyCommand=touch {witness}:x",
        "http://example.test/x",
        "rooms/bare.git",
        "",
    ],
)
def test_an_address_that_starts_a_program_or_is_in_the_project_is_refused(team, tmp_path, address):
    witness = tmp_path / "witness"
    git(team.clone, "config", "remote.origin.url", address.format(witness=witness))
    run = reconciler("-C", team.folder, "accept", "-e", "demo", "--branch", BRANCH, "--open-request")
    assert run.code == 1
    assert "E_REMOTE" in run.err
    assert not witness.exists()


def test_a_token_is_sent_to_its_own_host_alone_and_never_shown(team, kind, host, tmp_path):
    """The repository is served over HTTP: the token pushes there, and a stranger's server does not get it."""
    served = tmp_path / "served/shop"
    served.mkdir(parents=True)
    shutil.copytree(team.origin, served / "rooms.git")
    git(served / "rooms.git", "config", "http.receivepack", "true")
    (served / "rooms.git").rename(served / "rooms")
    host.twist = lambda method, path: None
    token = f"{TOKEN}-{MAY_PUSH}"
    with git_server.serving(tmp_path / "served") as server:
        git(team.clone, "config", "remote.origin.url", f"{server.url}/shop/rooms.git")
        team.before = team.state()
        web = {"github": "GITHUB_SERVER_URL", "gitlab": "CI_SERVER_URL"}[kind]
        name = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN"}[kind]
        refused = team.accept(variables=job(kind, host, **{name: token}))
        assert (refused.code, server.pushes) == (1, [])
        assert "E_GIT" in refused.err
        done = team.accept(variables=job(kind, host, **{name: token, web: server.url}))
        assert done.code == 0, done.err
        assert server.pushes
        assert token not in done.err + refused.err


def test_a_host_that_refuses_leaves_a_branch_that_the_next_run_uses(team, kind, host):
    host.twist = lambda method, path: (422, b'{"message": "\\u001b[2J no"}') if method == "POST" else None
    run = team.accept(variables=job(kind, host))
    assert run.code == 1
    assert "\x1b" not in run.err
    first = team.tip()
    host.twist = lambda method, path: None
    assert team.accept(variables=job(kind, host)).code == 0
    assert (team.tip(), len(host.requests)) == (first, 1)


def test_hostile_text_is_inert_in_the_request(tmp_path, kind, host):
    team = Team(tmp_path)
    text = "@everybody <img src=x> [x](https://evil.test)"
    (team.folder / "live.yaml").write_text(SEED.replace("world", f'"{text}"'))
    team.commit("hostile")
    team.before = team.state()
    assert team.accept(variables=job(kind, host)).code == 0
    body = host.requests[0]["body"]
    assert "@everybody" not in body
    assert "](https" not in body


def test_a_request_needs_a_branch_a_token_and_a_repository(team, tmp_path):
    run = reconciler("-C", team.folder, "accept", "-e", "demo", "--open-request")
    assert run.code == 1
    assert "--branch" in run.err
    run = team.accept(variables={"GITHUB_REPOSITORY": "shop/rooms"})
    assert run.code == 1
    assert "GITHUB_TOKEN" in run.err
    lonely = project(tmp_path / "lonely", {"rooms/one.yaml": TEXT}, seed=SEED)
    run = reconciler("-C", lonely, "accept", "-e", "demo", "--branch", "x")
    assert run.code == 1
    assert "git" in run.err


def test_the_author_is_the_operator(team):
    team.accept(variables={"GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "ana@example.invalid", "HOME": os.devnull})
    assert git(team.origin, "log", "-1", "--format=%an <%ae>", BRANCH) == "Ana <ana@example.invalid>"
