"""The action, the GitLab component, the hooks, the pipelines: they fit their schemas, and their shell does its work."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.ci_files import EXAMPLES, component, loaded
from tests.support.command_line import QUICKSTART, ROOT
from tests.support.fake_hosts import TOKEN, Host, serving
from tests.support.report_hostile import nasty_texts
from tests.support.schemas import errors

PIPELINES = sorted(EXAMPLES.glob("github-*.yml"))
ACTION = loaded("action.yml")
STEPS_OUTPUTS = set(ACTION["outputs"])
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}


def test_the_action_fits_its_schema():
    assert errors("github-actions", ACTION) == []


@pytest.mark.parametrize("path", PIPELINES, ids=[path.stem for path in PIPELINES])
def test_the_pipelines_fit_their_schema(path):
    assert errors("github-workflows", loaded(path)) == []


def test_the_hooks_fit_their_schema():
    assert errors("pre-commit-hooks", loaded(".pre-commit-hooks.yaml")) == []


def jobs(**inputs):
    """Return the component's jobs by name."""
    return {name: job for name, job in component(image="x", **inputs).items() if "script" in job}


def test_the_gitlab_component_fits_its_schema():
    assert errors("gitlab-ci", component(image="registry.test/reconciler:1")) == []
    assert errors("gitlab-ci", loaded("examples/ci/gitlab-ci.yml")) == []


def test_no_script_has_an_expression_in_it():
    scripts = [step["run"] for step in ACTION["runs"]["steps"]]
    for path in PIPELINES:
        scripts += [step["run"] for job in loaded(path)["jobs"].values() for step in job["steps"] if "run" in step]
    scripts += [line for job in jobs().values() for line in job["script"]]
    assert [script for script in scripts if "${{" in script or "$[[" in script] == []


def test_other_peoples_actions_are_pinned_by_commit():
    own = sorted((ROOT / ".github/workflows").glob("*.yml"))
    assert own
    for path in [ROOT / "action.yml", ROOT / "install/action.yml", *PIPELINES, *own]:
        for name in re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}|YOUR-ORG/reconciler(/install)?@REF", name), name


def test_every_pipeline_says_what_it_may_do():
    for path in PIPELINES:
        assert "permissions" in loaded(path), path
        assert all("timeout-minutes" in job for job in loaded(path)["jobs"].values())


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.y*ml")), ids=lambda path: path.stem)
def test_every_pipeline_shares_a_ledger_with_the_others_or_says_why_not(path):
    text = path.read_text(encoding="utf-8")
    shares = "RECONCILER_LEDGER" in text and "RECONCILER_DIGEST_KEY" in text
    assert shares or re.search(r"^ *#.*\bno ledger: ", text, re.MULTILINE)


def test_the_job_that_reads_a_strangers_manifests_has_no_secret_and_may_not_write():
    text = (ROOT / "examples/ci/github-fork-plan.yml").read_text(encoding="utf-8")
    assert "secrets." not in text
    assert loaded("examples/ci/github-fork-plan.yml")["permissions"] == {"contents": "read"}
    trusted = (ROOT / "examples/ci/github-fork-comment.yml").read_text(encoding="utf-8")
    assert "actions/checkout" not in trusted


@pytest.mark.parametrize("path", [*PIPELINES, ROOT / "action.yml"], ids=lambda path: path.stem)
def test_every_shell_step_is_shell(path):
    whole = loaded(path)
    steps = whole["runs"]["steps"] if "runs" in whole else [s for job in whole["jobs"].values() for s in job["steps"]]
    for step in steps:
        if "run" in step:
            subprocess.run(["bash", "-n"], input=step["run"], text=True, check=True, timeout=20)


def test_the_image_runs_as_nobody_special():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    stages = text.split("\nFROM ")
    assert len(stages) == 3
    assert re.search(r"^USER 10001$", stages[2], re.MULTILINE)
    assert "COPY --from=build" in stages[2]


def test_the_cron_job_is_locked_down():
    job = yaml.safe_load((ROOT / "examples/ci/kubernetes-cronjob.yaml").read_text(encoding="utf-8"))
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in [*pod["initContainers"], *pod["containers"]]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


class Runner:
    """A runner's variables and files, and the action's steps run one by one in them."""

    def __init__(self, folder, project, **inputs):
        self.folder, self.project = folder, project
        self.inputs = {name: given.get("default", "") for name, given in ACTION["inputs"].items()}
        self.inputs |= {"token": TOKEN, "project": str(project), **inputs}
        self.files = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in self.files.values():
            file.touch()
        programs = folder / "temp/reconciler/bin"
        programs.mkdir(parents=True, exist_ok=True)
        for name in ("reconciler", "python"):
            source = Path(sys.executable).parent / name
            if not (programs / name).exists():
                (programs / name).write_text(f'#!/bin/sh\nexec "{source}" "$@"\n')
                (programs / name).chmod(0o755)

    @property
    def outputs(self):
        return dict(line.split("=", 1) for line in self.files["GITHUB_OUTPUT"].read_text().splitlines())

    @property
    def summary(self):
        return self.files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")

    def run(self, name, **variables):
        step = STEPS[name]
        given = {key: self.filled(str(value)) for key, value in step.get("env", {}).items()}
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        files = {key: str(file) for key, file in self.files.items()}
        environment = {**kept, **files, "RUNNER_TEMP": str(self.folder / "temp"), **given, **variables}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            env=environment,
            cwd=self.project,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def filled(self, text):
        known = {f"inputs.{name}": value for name, value in self.inputs.items()}
        known |= {f"steps.run.outputs.{name}": value for name, value in self.outputs.items()}
        known |= {"github.server_url": "https://host.test", "github.repository": "a/b", "github.run_id": "1"}
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: known.get(match[1], ""), text)


def test_the_action_plans_and_tells_its_outputs(tmp_path):
    runner = Runner(tmp_path, QUICKSTART, environment="demo")
    done = runner.run("Run reconciler")
    assert "Plan: 1 to add, 1 to change, 3 to adopt. Deletes and drift are unknown: no ledger was read." in done.stdout
    assert "::notice file=examples/quickstart/rooms/shows.yaml,line=7," in done.stdout
    assert done.returncode == 0, done.stderr
    counts = {name: value for name, value in runner.outputs.items() if name != "reports"}
    assert counts == {
        "exit-code": "2",
        "add": "1",
        "change": "1",
        "destroy": "unknown",
        "drift": "unknown",
        "conflict": "0",
        "changes": "true",
        "planned": "true",
    }
    assert (
        "**Plan: 1 to add, 1 to change, 3 to adopt. Deletes and drift are unknown: no ledger was read.**"
        in runner.summary
    )
    reports = {path.name for path in Path(runner.outputs["reports"]).iterdir()}
    assert {"plan.json", "plan.md", "plan.html", "plan.sarif", "plan.xml"} <= reports
    assert runner.run("Say how it ended").returncode == 0


def test_the_action_fails_for_changes_where_it_is_told_to(tmp_path):
    runner = Runner(tmp_path, QUICKSTART, environment="demo", **{"fail-on": "any"})
    runner.run("Run reconciler")
    assert runner.run("Say how it ended").returncode == 2


def test_the_action_does_not_fail_for_changes_it_is_not_told_of(tmp_path):
    runner = Runner(tmp_path, QUICKSTART, environment="demo", **{"fail-on": "conflict"})
    runner.run("Run reconciler")
    assert runner.outputs["exit-code"] == "0"
    assert runner.run("Say how it ended").returncode == 0


def test_the_action_fails_for_manifests_that_are_wrong(tmp_path):
    project = tmp_path / "project"
    shutil.copytree(QUICKSTART, project)
    (project / "rooms/shows.yaml").write_text("kind: Nonsense\n")
    runner = Runner(tmp_path, project, environment="demo")
    done = runner.run("Run reconciler")
    assert "::error file=rooms/shows.yaml,line=1," in done.stdout
    assert runner.outputs["planned"] == "false"
    assert runner.run("Say how it ended").returncode == 1


@pytest.mark.parametrize("command", ["validate", "audit"])
def test_the_action_runs_the_other_commands(tmp_path, command):
    inputs = {"command": command, "environment": "demo" if command == "audit" else ""}
    runner = Runner(tmp_path, QUICKSTART, **inputs)
    done = runner.run("Run reconciler")
    assert done.returncode == 0, done.stderr
    assert runner.outputs["exit-code"] == ("2" if command == "audit" else "0")
    assert runner.outputs["planned"] == ("true" if command == "audit" else "false")


def test_no_other_command_can_be_asked_for(tmp_path):
    done = Runner(tmp_path, QUICKSTART, command="apply").run("Run reconciler")
    assert done.returncode == 1
    assert "::error title=reconciler::command is" in done.stdout


def test_inputs_are_never_obeyed(tmp_path):
    nasty = "x; touch owned $(touch owned) `touch owned` '\"\n--auto-approve"
    for name in ("environment", "base", "live", "fail-on", "project"):
        runner = Runner(tmp_path, QUICKSTART, environment="demo")
        runner.inputs[name] = nasty
        runner.run("Run reconciler")
        assert not list(tmp_path.rglob("owned"))
        assert not (QUICKSTART / "owned").exists()
        assert runner.outputs["exit-code"] == "1"


def test_hostile_names_write_no_output_of_their_own(tmp_path):
    project = tmp_path / "project"
    shutil.copytree(QUICKSTART, project)
    name = json.dumps(f"a {nasty_texts()['P012']}".replace("\n", " name=evil "))
    document = f"apiVersion: metastudio/v1\nkind: SmartLiveRoom\nmetadata: {{name: {name}}}\n"
    (project / "rooms/evil.yaml").write_text(f"{document}spec: {{room_description: {name}}}\n")
    runner = Runner(tmp_path, project, environment="demo")
    runner.run("Run reconciler")
    assert set(runner.outputs) == {*STEPS_OUTPUTS, "planned"}


def test_the_action_comments_and_updates_in_place(tmp_path):
    with serving(Host(login="github-actions[bot]", knows_user=False)) as host:
        job = {"GITHUB_API_URL": host.url, "GITHUB_REPOSITORY": "a/b", "GITHUB_REF": "refs/pull/3/merge"}
        runner = Runner(tmp_path, QUICKSTART, environment="demo", comment="true")
        runner.run("Run reconciler")
        first = runner.run("Comment on the pull request", **job)
        second = runner.run("Comment on the pull request", **job)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert first.stdout.startswith("created")
    assert second.stdout.startswith("unchanged")
    assert len(host.comments) == 1
    assert host.comments[0]["body"].startswith("<!-- reconciler demo -->")
    assert TOKEN not in first.stdout + first.stderr


class Pipeline:
    """The component's script, run as GitLab's runner does."""

    def __init__(self, folder, **variables):
        self.folder = folder
        programs = Path(sys.executable).parent
        self.variables = {
            "PATH": f"{programs}:/usr/bin:/bin",
            "CI_PROJECT_DIR": str(folder),
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": "",
            "CI_JOB_URL": "https://gitlab.test/job/1",
            "GITLAB_TOKEN": "",
            **variables,
        }

    def run(self, **inputs):
        job = component(image="x", project=str(QUICKSTART), environment="demo", **inputs)["reconciler"]
        given = {name: str(value).lower() if value is True else str(value) for name, value in job["variables"].items()}
        return subprocess.run(
            ["sh", "-eu", "-c", job["script"][0]],
            env={**given, **self.variables},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def test_the_component_plans_reports_and_comments(tmp_path):
    with serving(Host()) as host:
        job = {
            "CI_API_V4_URL": f"{host.url}/api/v4",
            "CI_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_IID": "2",
            "GITLAB_TOKEN": TOKEN,
        }
        first = Pipeline(tmp_path, **job).run()
        second = Pipeline(tmp_path, **job).run()
    assert first.returncode == 0, first.stderr
    assert "created" in first.stdout
    assert "unchanged" in second.stdout
    assert len(host.comments) == 1
    assert json.loads((tmp_path / "plan-counts.json").read_text()) == {"create": 1, "update": 1, "delete": 0}
    assert errors("gitlab-code-quality", json.loads((tmp_path / "plan-quality.json").read_text())) == []


def test_the_component_without_a_token_only_plans(tmp_path):
    done = Pipeline(tmp_path).run()
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "plan.html").exists()
