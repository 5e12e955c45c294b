"""The hooks a repository can use, from a built wheel: their entries, and through pre-commit itself in `make deep`."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.support import locks
from tests.support.browser import required
from tests.support.command_line import ROOT, room
from tests.support.installation import OFFLINE, wheelhouse

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
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, timeout=30).stdout


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def entry(programs, folder, hook):
    """Run a hook as pre-commit does: its entry in the root of the repository, without file names."""
    assert HOOKS[hook]["language"] == "python"
    assert HOOKS[hook]["pass_filenames"] is False
    command = shlex.split(HOOKS[hook]["entry"])
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command, cwd=folder, env={"PATH": path}, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_hook_passes_what_is_right_stops_what_is_not_and_changes_no_file(repository, wheel_programs):
    before, status = files(repository), git(repository, "status", "--porcelain")
    assert entry(wheel_programs, repository, "reconciler-validate").returncode == 0
    after = files(repository)
    assert {path: data for path, data in after.items() if path in before} == before
    assert {path.relative_to(repository).parts[0] for path in after.keys() - before.keys()} == {".reconciler"}
    assert git(repository, "status", "--porcelain") == status
    (repository / "rooms/morning.yaml").write_text(room("Morning", "room_descriptoin: x"))
    done = entry(wheel_programs, repository, "reconciler-validate")
    assert done.returncode == 1
    assert "rooms/morning.yaml:5:3: E_FIELD_UNKNOWN" in done.stdout + done.stderr


def test_the_schema_hook_tells_kept_schemas_that_are_old(repository, wheel_programs):
    shutil.copytree(ROOT / "schemas", repository / "schemas")
    assert entry(wheel_programs, repository, "reconciler-schemas").returncode == 0
    next((repository / "schemas").glob("*.json")).write_text("{}\n")
    assert entry(wheel_programs, repository, "reconciler-schemas").returncode == 1


@pytest.mark.deep
def test_pre_commit_itself_runs_the_hook(repository, tmp_path):
    if importlib.util.find_spec("pre_commit") is None:
        (pytest.fail if required() else pytest.skip)("pre-commit is not installed: it is run from its own package")
    source = tmp_path / "source"
    git(tmp_path, "clone", "--quiet", str(ROOT), str(source))
    git(repository, "-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "--quiet", "-m", "x")
    wheels = wheelhouse(tmp_path / "wheels", locks.parts()[ROOT / "requirements-run.lock"][1])
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
        env={**kept, **OFFLINE, "PIP_FIND_LINKS": str(wheels), "PRE_COMMIT_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout
