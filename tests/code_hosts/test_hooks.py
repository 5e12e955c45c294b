"""The hooks a repository can use: their entries run on a scratch one, through pre-commit itself in `make deep`."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.browser import required
from tests.support.command_line import ROOT, room

HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
PROJECT = 'name: shop\nmanifests: [rooms]\nenvironments:\n  demo: {endpoint: "simulator:live.yaml"}\n'


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    (folder / "rooms").mkdir(parents=True)
    (folder / "reconciler.yaml").write_text(PROJECT)
    (folder / "live.yaml").write_text("{}\n")
    (folder / "rooms/morning.yaml").write_text(room("Morning"))
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    return folder


def git(folder, *arguments):
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)


def entry(folder, hook):
    """Run a hook as pre-commit does: its entry in the root of the repository, without file names."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = shlex.split(HOOKS[hook]["entry"])
    return subprocess.run(
        command, cwd=folder, env={"PATH": programs}, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_hook_passes_a_repository_that_is_right(repository):
    assert entry(repository, "reconciler-validate").returncode == 0


def test_the_hook_stops_a_commit_that_is_wrong_and_says_where(repository):
    (repository / "rooms/morning.yaml").write_text(room("Morning", "room_descriptoin: x"))
    done = entry(repository, "reconciler-validate")
    assert done.returncode == 1
    assert "rooms/morning.yaml:5:3: E_FIELD_UNKNOWN" in done.stdout + done.stderr


def test_the_hook_changes_no_file(repository):
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    entry(repository, "reconciler-validate")
    assert {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()} == before


def test_the_schema_hook_tells_kept_schemas_that_are_old(repository):
    shutil.copytree(ROOT / "schemas", repository / "schemas")
    assert entry(repository, "reconciler-schemas").returncode == 0
    next((repository / "schemas").glob("*.json")).write_text("{}\n")
    assert entry(repository, "reconciler-schemas").returncode == 1


@pytest.mark.deep
def test_pre_commit_itself_runs_the_hook(repository, tmp_path):
    if importlib.util.find_spec("pre_commit") is None:
        (pytest.fail if required() else pytest.skip)("pre-commit is not installed: it is run from its own package")
    source = tmp_path / "source"
    git(tmp_path, "clone", "--quiet", str(ROOT), str(source))
    git(repository, "-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "--quiet", "-m", "x")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pre_commit",
            "try-repo",
            str(source),
            "reconciler-validate",
            "--all-files",
            "--verbose",
        ],
        cwd=repository,
        env={**kept, "PRE_COMMIT_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout
