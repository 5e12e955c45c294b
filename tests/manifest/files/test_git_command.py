"""Git runs in one place: it finds the real repository, starts nothing a configuration names, and is told no secret."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from reconciler.errors import ReconcilerError
from reconciler.manifest.files.git_command import OLDEST, find_repository
from reconciler.manifest.files.git_tree import GitTree
from tests.support.command_line import project, reconciler, room

ROOT = Path(__file__).parents[3]
NAMES = {f"GIT_{who}_{what}": "x@example.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
CONTENT = b"the real one\n"
BARE_CONTENT = b"of the committed one\n"


def git(folder: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, cwd=folder, env={**kept, **NAMES}, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def committed(folder: Path, content: bytes = CONTENT, below: str = "project") -> Path:
    """Make a repository with one file in the project folder `below`, committed."""
    (folder / below).mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / below / "a.yaml").write_bytes(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    return folder


def plant_bare_repository(folder: Path, source: Path, witness: Path) -> None:
    """Put what makes a bare repository beside the files of a folder, with a configuration that starts a program."""
    bare = folder.parent / "bare.git"
    git(folder.parent, "clone", "-q", "--bare", str(source), str(bare))
    for path in bare.iterdir():
        target = folder / path.name
        shutil.copytree(path, target) if path.is_dir() else shutil.copy(path, target)
    shutil.rmtree(bare)
    (folder / "refs/heads").mkdir(parents=True, exist_ok=True)
    (folder / "refs/heads/.keep").touch()
    with (folder / "config").open("a") as config:
        config.write(f'[core]\n fsmonitor = "touch {witness}; false"\n worktree = /\n')


@pytest.mark.parametrize("below", ["project", "."], ids=["in a folder", "at the top"])
def test_a_committed_bare_repository_is_not_the_one_that_is_read(tmp_path: Path, below: str) -> None:
    other = committed(tmp_path / "other", BARE_CONTENT)
    repository = committed(tmp_path / "repository", below=below)
    witness = tmp_path / "witness"
    plant_bare_repository(repository / below, other, witness)
    git(repository, "add", "-A", "-f")
    git(repository, "commit", "-q", "-m", "two")
    tree = GitTree(repository / below, "HEAD")
    assert tree.commit == git(repository, "--git-dir=.git", "rev-parse", "HEAD")
    assert tree.read("a.yaml") == CONTENT
    assert not witness.exists()


def test_a_base_is_the_real_ones_from_the_command_line_too(tmp_path: Path) -> None:
    folder = project(tmp_path / "repository", {"rooms/a.yaml": room("Mine")})
    committed(folder, below="notes")
    plant_bare_repository(folder, committed(tmp_path / "other", BARE_CONTENT), tmp_path / "witness")
    done = reconciler("-C", folder, "plan", "--base", "HEAD")
    assert done.code == 0, done.err
    assert not (tmp_path / "witness").exists()


STARTERS = {
    "core.fsmonitor": "{}",
    "core.pager": "{}",
    "core.sshCommand": "{}",
    "core.askPass": "{}",
    "core.editor": "{}",
    "core.gitProxy": "{}",
    "core.hooksPath": "hooks",
    "core.alternateRefsCommand": "{}",
    "credential.helper": "!{}",
    "diff.external": "{}",
    "diff.x.textconv": "{}",
    "filter.x.smudge": "{}",
    "filter.x.clean": "{}",
    "filter.x.process": "{}",
    "filter.x.required": "true",
    "alias.rev-parse": "!{}",
    "alias.ls-tree": "!{}",
    "alias.cat-file": "!{}",
    "uploadpack.packObjectsHook": "{}",
    "remote.origin.uploadpack": "{}",
    "protocol.allow": "always",
    "protocol.ext.allow": "always",
    "protocol.file.allow": "always",
    "core.worktree": "/",
    "core.bare": "true",
}


def test_no_setting_of_the_repository_starts_a_program(tmp_path: Path) -> None:
    repository = committed(tmp_path / "repository")
    witness, program = tmp_path / "witness", tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {witness}\nexit 1\n")
    program.chmod(0o755)
    (repository / ".gitattributes").write_text("* filter=x diff=x\n")
    hooks = repository / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "reference-transaction", "fsmonitor-watchman", "post-checkout"):
        shutil.copy(program, hooks / name)
    included = tmp_path / "included"
    included.write_text("".join(_lines(program)))
    with (repository / ".git/config").open("a") as config:
        config.writelines(_lines(program))
        config.write(f'[include]\n path = {included}\n[includeIf "gitdir:/"]\n path = {included}\n')
    assert GitTree(repository / "project", "HEAD").read("a.yaml") == CONTENT
    assert not witness.exists()


def _lines(program: Path) -> list[str]:
    lines = []
    for key, value in STARTERS.items():
        *section, name = key.split(".")
        sub = f' "{section[1]}"' if len(section) > 1 else ""
        lines.append(f'[{section[0]}{sub}]\n {name} = "{value.format(program)}"\n')
    return lines


@pytest.mark.parametrize(
    "url", ["ext::{program} %S", "{source}", "ssh://nowhere.invalid/x"], ids=["ext", "file", "ssh"]
)
def test_an_object_that_a_partial_clone_lacks_is_an_error_and_is_never_fetched(tmp_path: Path, url: str) -> None:
    source = committed(tmp_path / "source")
    git(source, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{source}", str(clone))
    witness, program = tmp_path / "witness", tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {witness}\nexit 1\n")
    program.chmod(0o755)
    git(clone, "config", "remote.origin.url", url.format(program=program, source=source))
    git(clone, "config", "remote.origin.uploadpack", str(program))
    git(clone, "config", "protocol.ext.allow", "always")
    git(clone, "config", "protocol.file.allow", "always")
    git(clone, "config", "core.sshCommand", str(program))
    (clone / "project").mkdir()
    with pytest.raises(ReconcilerError) as caught:
        GitTree(clone / "project", "HEAD").read("a.yaml")
    assert caught.value.code == "E_GIT"
    assert not witness.exists()


def test_replaced_objects_and_grafts_are_not_seen(tmp_path: Path) -> None:
    repository = committed(tmp_path / "repository")
    first = git(repository, "rev-parse", "HEAD")
    (repository / "project/a.yaml").write_bytes(b"second\n")
    git(repository, "commit", "-q", "-a", "-m", "two")
    second = git(repository, "rev-parse", "HEAD")
    (repository / "project/a.yaml").write_bytes(b"third\n")
    git(repository, "commit", "-q", "-a", "-m", "three")
    third = git(repository, "rev-parse", "HEAD")
    git(repository, "replace", first, second)
    assert GitTree(repository / "project", first).read("a.yaml") == CONTENT
    (repository / ".git/info/grafts").write_text(f"{third} {first}\n")
    assert GitTree(repository / "project", "HEAD~1").commit == second


def test_worktrees_and_submodules_name_their_repository_in_a_file(tmp_path: Path) -> None:
    repository = committed(tmp_path / "repository")
    git(repository, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    assert GitTree(tmp_path / "side/project", "HEAD").read("a.yaml") == CONTENT
    outer = committed(tmp_path / "outer", b"outer\n")
    git(outer, "submodule", "--quiet", "add", str(repository), "part")
    assert (outer / "part/.git").is_file()
    assert GitTree(outer / "part/project", "HEAD").read("a.yaml") == CONTENT
    assert GitTree(outer / "project", "HEAD").read("a.yaml") == b"outer\n"


@pytest.mark.parametrize("what", ["an empty folder", "a file of something else", "a file that names nothing"])
def test_a_dot_git_that_is_no_repository_is_passed_by(tmp_path: Path, what: str) -> None:
    repository = committed(tmp_path / "repository")
    inside = repository / "project/.git"
    if what == "an empty folder":
        inside.mkdir()
    else:
        inside.write_bytes(b"\xff\x00" if "something" in what else b"gitdir: nowhere\n")
    assert find_repository(repository / "project").top == repository.resolve()


@pytest.mark.parametrize("name", ["a b", ":(top)x", "*", "规则", "ünï\n", "-rf"])
def test_the_projects_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    repository = committed(tmp_path / "repository", below=name)
    assert GitTree(repository / name, "HEAD").read("a.yaml") == CONTENT


def test_a_project_reached_through_a_link_is_read_where_it_really_is(tmp_path: Path) -> None:
    repository = committed(tmp_path / "repository")
    (tmp_path / "link").symlink_to(repository / "project")
    assert GitTree(tmp_path / "link", "HEAD").read("a.yaml") == CONTENT


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_strangers_repository_above_the_project_is_refused_and_the_projects_owners_is_not(tmp_path: Path) -> None:
    repository = committed(tmp_path / "repository")
    os.chown(repository / ".git", 4321, 4321)
    with pytest.raises(ReconcilerError, match="belongs to another user"):
        GitTree(repository / "project", "HEAD")
    os.chown(repository / "project", 4321, 4321)
    assert GitTree(repository / "project", "HEAD").read("a.yaml") == CONTENT


def fake_git(folder: Path, body: str) -> Path:
    program = folder / "git"
    folder.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder


ALLOWED = re.compile(r"(PATH|HOME|LC_ALL|PWD|SHLVL|_|OLDPWD|GIT_(?!DIR|ASKPASS|SSH|TRACE)\w+)=")
SECRETS = {
    "HUAWEICLOUD_SDK_AK": "akcanary",
    "HUAWEICLOUD_SDK_SK": "skcanary",
    "RECONCILER_DIGEST_KEY": "digestcanary",
    "RECONCILER_LEDGER": "postgresql://u:ledgercanary@h/d",
    "PGPASSWORD": "pgcanary",
    "GITHUB_TOKEN": "tokencanary",
    "CI_JOB_TOKEN": "tokencanary",
    "GIT_ASKPASS": "askcanary",
    "GIT_SSH_COMMAND": "sshcanary",
    "GIT_DIR": "dircanary",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.canary",
    "GIT_CONFIG_VALUE_0": "configcanary",
    "SSH_AUTH_SOCK": "agentcanary",
    "LD_PRELOAD": "",
    "HOME": "/homecanary",
}


def test_git_is_told_path_and_its_own_limits_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = committed(tmp_path / "repository")
    seen = tmp_path / "seen"
    real = shutil.which("git")
    bin_ = fake_git(tmp_path / "bin", f'env >>{seen}; echo "$@" >>{tmp_path}/arguments; exec {real} "$@"')
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
    assert GitTree(repository / "project", "HEAD").read("a.yaml") == CONTENT
    lines = seen.read_text().splitlines()
    assert [line for line in lines if not ALLOWED.match(line) or "canary" in line] == []
    commands = (tmp_path / "arguments").read_text().splitlines()
    for command in commands[1:]:
        assert "-c safe.bareRepository=explicit" in command
        assert f"--git-dir={repository.resolve()}/.git" in command
    assert len(commands) == 4


@pytest.mark.parametrize("said", ["git version 2.37.9", "git version 1.8.5", "something else"])
def test_a_git_below_the_floor_is_told_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    repository = committed(tmp_path / "repository")
    monkeypatch.setenv("PATH", str(fake_git(tmp_path / "bin", f"echo '{said}'")))
    with pytest.raises(ReconcilerError) as caught:
        GitTree(repository / "project", "HEAD")
    assert caught.value.code == "E_GIT_VERSION"
    assert said in caught.value.message
    assert ".".join(map(str, OLDEST)) in caught.value.hint


def test_no_git_of_the_working_directory_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = committed(tmp_path / "repository")
    witness = tmp_path / "witness"
    fake_git(repository / "project", f"touch {witness}")
    monkeypatch.chdir(repository / "project")
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    assert GitTree(repository / "project", "HEAD").read("a.yaml") == CONTENT
    assert not witness.exists()


def test_without_git_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = committed(tmp_path / "repository")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReconcilerError, match="no git on the PATH"):
        GitTree(repository / "project", "HEAD")


def test_programs_are_started_by_these_modules_alone() -> None:
    starting = re.compile(
        r"\bsubprocess\b|\bos\.(fork|exec\w*|spawn\w*|posix_spawn\w*|system|popen)\(|\bmultiprocessing\b"
    )
    found = {
        str(path.relative_to(ROOT / "reconciler"))
        for path in (ROOT / "reconciler").rglob("*.py")
        if starting.search(path.read_text(encoding="utf-8"))
    }
    assert found == {
        "manifest/files/git_command.py",
        "manifest/template/worker_process.py",
        "writers/command_writer.py",
    }
