"""What CI installs is locked by hash, imports nothing of the repository, and sees no credential."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.code_hosts.test_integrations import ACTION, PIPELINES, Runner, jobs
from tests.support import gitlab_runner, locks
from tests.support.ci_files import loaded
from tests.support.command_line import QUICKSTART, ROOT
from tests.support.schemas import errors

CANARY = "credential-canary"
CI_FILES = [ROOT / "action.yml", ROOT / "install/action.yml", ROOT / "templates/reconciler.yml", *PIPELINES]
SCRIPTS = [*CI_FILES, ROOT / "install/install.sh", ROOT / "Dockerfile"]


@pytest.mark.parametrize("path", locks.parts(), ids=lambda path: path.stem)
def test_a_lock_of_an_installation_is_the_part_of_the_whole_lock_that_it_needs(path):
    whole, part = locks.blocks(ROOT / "requirements.lock"), locks.blocks(path)
    assert set(part) == locks.parts()[path][1]
    assert {name: whole[name] for name in part} == part
    assert all("--hash=sha256:" in lines for lines in part.values())


def test_packages_come_from_the_lock_and_python_is_isolated_wherever_it_is_started():
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        for line in re.findall(r"^.*\bpip\b.*\binstall\b.*$", text, flags=re.MULTILINE):
            assert "-I -m pip" in line, (path, line)
        assert "git+https" not in text, path
        for line in re.findall(r"^.*python[\w\"']* -[a-zA-Z].*$", text, flags=re.MULTILINE):
            assert re.search(r"python[\w\"']* -I ", line), (path, line)
    install = (ROOT / "install/install.sh").read_text(encoding="utf-8")
    assert "--require-hashes --only-binary :all: --requirement" in install
    assert "--no-deps --no-build-isolation --no-index" in install


def test_the_image_is_pinned_and_runs_under_an_init():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)", text, flags=re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11-slim-bookworm@sha256:[0-9a-f]{64}", bases[0])
    assert 'ENTRYPOINT ["tini", "--", "reconciler"]' in text
    assert re.search(r"apt-get install .*\btini\b", text)
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", text, flags=re.MULTILINE):
        assert all(f"!{name}" in kept for name in copied.split())


def test_images_of_pipelines_are_named_by_digest():
    for path in (ROOT / "examples/ci/gitlab-ci.yml", ROOT / "examples/ci/kubernetes-cronjob.yaml"):
        images = re.findall(r"(?:image|name): (\S*reconciler\S*/?\S*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        images = [image for image in images if "/" in image]
        assert images
        assert all(image.endswith("@sha256:DIGEST") for image in images)


def fake_python(folder: Path) -> Path:
    """Make a Python that writes down how it was called, and makes virtual environments of itself."""
    folder.mkdir()
    program = folder / "python3"
    program.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$*" >>"$CALLS"\n'
        '[ "$2 $3" != "-m venv" ] || { mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; }\n'
    )
    program.chmod(0o755)
    return program


def install_step(place, tmp_path, **asked):
    """Run the first step of an action with a Python that only writes down how it was called."""
    program = fake_python(tmp_path / "bin")
    action = yaml.safe_load((ROOT / place).read_text(encoding="utf-8"))
    environment = {
        "PATH": f"{program.parent}:/usr/bin:/bin",
        "CALLS": str(tmp_path / "calls"),
        "RUNNER_TEMP": str(tmp_path / "temp dir"),
        "GITHUB_ACTION_PATH": str((ROOT / place).parent),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "ASKED_PYTHON": "python3",
        **asked,
    }
    command = ["bash", "-c", action["runs"]["steps"][0]["run"]]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False
    )
    calls = tmp_path / "calls"
    return done, calls.read_text().splitlines() if calls.exists() else []


@pytest.mark.parametrize("place", ["action.yml", "install/action.yml"])
@pytest.mark.parametrize("extras", [{}, {"ASKED_EXTRAS": ""}, {"ASKED_EXTRAS": "postgres"}])
def test_the_step_that_installs_makes_an_environment_of_its_own(tmp_path, place, extras):
    done, calls = install_step(place, tmp_path, **extras)
    assert done.returncode == 0, done.stderr
    assert calls[0] == f"-I -m venv {tmp_path}/temp dir/reconciler"
    assert calls[1].endswith(f"--require-hashes --only-binary :all: --requirement {ROOT}/requirements-run.lock")
    assert calls[2].endswith(f"--no-deps --no-build-isolation --no-index {ROOT}")
    assert all(call.startswith("-I -m ") for call in calls)


@pytest.mark.parametrize("place", ["action.yml", "install/action.yml"])
def test_further_extras_come_from_locks_of_their_own_in_the_same_installation(tmp_path, place):
    _, calls = install_step(place, tmp_path, ASKED_EXTRAS="postgres, rules,fleet")
    locked = [word for word in calls[1].split() if word.endswith(".lock")]
    names = ("requirements-run.lock", "install/requirements-rules.lock", "install/requirements-fleet.lock")
    assert locked == [f"{ROOT}/{name}" for name in names]
    assert len(calls) == 3


@pytest.mark.parametrize("asked", ["nonsense", "run", "../x", "rules;touch owned", "$(touch owned)", "-r"])
def test_an_extra_that_there_is_not_is_refused_before_anything_is_made(tmp_path, asked):
    done, calls = install_step("action.yml", tmp_path, ASKED_EXTRAS=asked)
    assert done.returncode == 1
    assert "there are postgres, fleet, rules and sim" in done.stderr
    assert calls == []
    assert not list(tmp_path.rglob("owned"))


def test_every_extra_can_be_asked_for_and_a_ledger_in_postgresql_needs_no_asking():
    told = (ROOT / "install/install.sh").read_text(encoding="utf-8")
    for extra in locks.EXTRAS:
        assert extra == locks.ALWAYS or (ROOT / f"install/requirements-{extra}.lock").is_file()
        assert extra in told.partition("there are ")[2].splitlines()[0]
    for place in ("action.yml", "install/action.yml"):
        assert loaded(place)["inputs"]["extras"]["default"] == locks.ALWAYS
    assert {"psycopg", "psycopg-binary"} <= set(locks.blocks(ROOT / "requirements-run.lock"))


def test_the_installing_action_fits_its_schema():
    assert errors("github-actions", loaded("install/action.yml")) == []


def recording(runner: Runner, seen: Path) -> None:
    """Let the runner's Python write its environment down before it starts."""
    program = runner.folder / "temp/reconciler/bin/python"
    program.write_text(program.read_text().replace("exec", f'env >>"{seen}"\nexec'))


def test_credentials_reach_the_step_that_runs_reconciler_and_no_other(tmp_path):
    given = f"HUAWEICLOUD_SDK_AK={CANARY}\n\nRECONCILER_DIGEST_KEY={CANARY}=x y'\nPGPASSWORD={CANARY}\n"
    given += f"SHOP_HW_AUTH_TOKEN={CANARY}\nRECONCILER_LEDGER=\n"
    runner = Runner(tmp_path, QUICKSTART, environment="demo", credentials=given)
    seen = tmp_path / "seen"
    recording(runner, seen)
    done = runner.run("Run reconciler")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = seen.read_text().splitlines()
    assert f"HUAWEICLOUD_SDK_AK={CANARY}" in lines
    assert f"RECONCILER_DIGEST_KEY={CANARY}=x y'" in lines
    assert f"PGPASSWORD={CANARY}" in lines
    assert f"SHOP_HW_AUTH_TOKEN={CANARY}" in lines
    assert not any(line.startswith("RECONCILER_LEDGER") for line in lines)  # a secret that the repository does not have
    assert not any(line.startswith("ASKED_CREDENTIALS") for line in lines)
    assert CANARY not in done.stdout + done.stderr
    for step in ACTION["runs"]["steps"]:
        if step.get("id") != "run":
            assert "credentials" not in str(step)


@pytest.mark.parametrize(
    "given", ["PATH=/x", "LD_PRELOAD=x", "PGHOSTADDR=x", "HUAWEICLOUD_SDK_AK", "x; touch owned", "=x"]
)
def test_a_credential_of_another_name_is_refused_without_its_value(tmp_path, given):
    runner = Runner(tmp_path, QUICKSTART, environment="demo", credentials=f"{given}{CANARY}")
    done = runner.run("Run reconciler")
    assert done.returncode == 1
    assert "credentials takes lines NAME=value" in done.stdout
    assert CANARY not in done.stdout + done.stderr
    assert not list(tmp_path.rglob("owned"))


def test_secrets_stand_on_the_steps_that_run_reconciler():
    for path in PIPELINES:
        for job in loaded(path)["jobs"].values():
            assert "secrets." not in str(job.get("env", ""))
            for step in job["steps"]:
                if "secrets." in str(step):
                    assert "credentials" in step.get("with", {}) or "-I -m reconciler" in step["run"], path
                    assert "install" not in step.get("run", "")


def test_the_comment_on_a_fork_is_made_only_after_a_plan_of_a_fork_that_succeeded():
    (job,) = loaded("examples/ci/github-fork-comment.yml")["jobs"].values()
    condition = " ".join(job["if"].split())
    assert "workflow_run.conclusion == 'success'" in condition
    assert "workflow_run.head_repository.full_name != github.repository" in condition
    assert "--untrusted" in job["steps"][-1]["run"]


OWN = {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7", "CI_MERGE_REQUEST_PROJECT_ID": "7", "CI_PROJECT_ID": "7"}
FORK = OWN | {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "9"}
INSIDE_THE_FORK = FORK | {"CI_PROJECT_ID": "9"}
ALL = {"CI_PIPELINE_SOURCE": "merge_request_event", "GITLAB_TOKEN": "x"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (ALL | OWN, {"reconciler"}),
        (ALL | FORK, {"reconciler fork", "reconciler fork comment"}),
        (ALL | FORK | {"GITLAB_TOKEN": ""}, {"reconciler fork"}),
        (ALL | INSIDE_THE_FORK, {"reconciler fork"}),
        (ALL | OWN | {"CI_PIPELINE_SOURCE": "push"}, set()),
    ],
)
def test_gitlab_takes_one_path_for_a_branch_and_another_for_a_fork(variables, expected):
    running = {name for name, job in jobs().items() if gitlab_runner.asked(variables, job) == "on_success"}
    assert running == expected
    comment = jobs()["reconciler fork comment"]
    assert comment["needs"] == ["reconciler fork"]
    assert comment["variables"]["GIT_STRATEGY"] == "none"


def program_that_records(folder: Path) -> Path:
    """Make a `reconciler` that writes down, by its command, how it was called and what it was told."""
    folder.mkdir()
    program = folder / "reconciler"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >"{folder}/arguments-$1"\nenv >"{folder}/environment-$1"\n')
    program.chmod(0o755)
    return folder


@pytest.fixture
def parent(tmp_path):
    """The project a merge request is for: a branch `live` with a snapshot, to be fetched by its address."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "live.json").write_text("{}")
    names = ("-c", "user.name=x", "-c", "user.email=x@localhost")
    for command in (("init", "-q", "-b", "live"), ("add", "."), (*names, "commit", "-q", "-m", "x")):
        subprocess.run(["git", *command], cwd=work, check=True, timeout=30)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(tmp_path / "parent.git")], check=True, timeout=30)
    return work


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("reconciler", {"plan": ("HUAWEICLOUD_SDK_AK", "RECONCILER_LEDGER"), "comment": ("GITLAB_TOKEN",)}),
        ("reconciler fork", {"plan": ()}),
        ("reconciler fork comment", {"comment": ("GITLAB_TOKEN",)}),
    ],
)
def test_each_call_of_a_gitlab_job_is_told_what_is_for_it_alone(tmp_path, parent, name, calls):
    folder = program_that_records(tmp_path / "bin")
    secrets = dict.fromkeys(("HUAWEICLOUD_SDK_AK", "RECONCILER_LEDGER", "GITLAB_TOKEN", "CI_JOB_TOKEN"), CANARY)
    job = jobs()[name]
    given = {key: str(value).lower() if value is True else str(value) for key, value in job["variables"].items()}
    environment = {
        **given,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "CI_PROJECT_DIR": str(tmp_path),
        "CI_MERGE_REQUEST_PROJECT_URL": str(tmp_path / "parent"),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": "",
        "CI_MERGE_REQUEST_IID": "1",
        "CI_JOB_URL": "https://gitlab.test/job/1",
        "CI_PROJECT_ID": "7",
        "CI_API_V4_URL": "x",
        **secrets,
    }
    command = ["sh", "-eu", "-c", job["script"][0]]
    subprocess.run(command, cwd=parent, env=environment, check=True, timeout=60)
    told = {path.name.removeprefix("environment-"): path.read_text() for path in folder.glob("environment-*")}
    assert {call: tuple(sorted(re.findall(f"^(\\w+)={CANARY}$", text, re.M))) for call, text in told.items()} == calls
    for call in calls:
        arguments = (folder / f"arguments-{call}").read_text().splitlines()
        assert ("--untrusted" in arguments) == (name != "reconciler")
