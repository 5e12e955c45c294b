"""Runs workflows of GitHub Actions as its runner does: triggers, jobs, steps, expressions, and our own actions.

Every `run:` step is executed by bash. Actions of this repository run step by step from their files; of other people's
there are stand-ins for checkout and the artifacts, which copy folders. An action without a stand-in is an error.
"""

import fnmatch
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.ci_files import OWN, loaded
from tests.support.command_line import ROOT
from tests.support.fake_hosts import TOKEN
from tests.support.git_server import MAY_PUSH
from tests.support.github_expressions import filled, holds, truth

REF = f"{OWN}@REF"
SECONDS = 120
"""Longest run of one step."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What starts workflows: its name and payload, the commit it is about, and whether it is a fork's."""

    name: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    ref: str = "refs/heads/main"
    sha: str = ""
    changed: tuple[str, ...] = ()
    fork: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step that ran: of which action (empty for a job's own), its name and outcome, its output, and its variables."""

    job: str
    action: str
    name: str
    outcome: str
    log: str
    variables: Mapping[str, str] = field(repr=False)
    script: str = ""


@dataclass
class Result:
    """What a run of a workflow came to."""

    id: int
    jobs: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    summary: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    folder: Path = Path()

    @property
    def log(self) -> str:
        return "".join(f"--- {step.job}: {step.name}: {step.outcome}\n{step.log}" for step in self.steps)

    @property
    def conclusion(self) -> str:
        """Return success, failure or skipped, as GitHub tells the run."""
        found = set(self.jobs.values())
        return "failure" if "failure" in found else "success" if "success" in found else "skipped"


@dataclass
class GitHub:
    """A repository on GitHub, and the machine that runs its workflows.

    `servers` are GITHUB_SERVER_URL and GITHUB_API_URL; `machine` what is set on the runner itself; `python` a folder
    with the `python3` to start from.
    """

    folder: Path
    repository: str
    servers: Mapping[str, str]
    secrets: Mapping[str, str]
    machine: Mapping[str, str]
    python: Path
    artifacts: dict[int, dict[str, Path]] = field(default_factory=dict)
    runs: int = 0

    def run(
        self, workflow: Mapping[str, Any], event: Event, meanwhile: Callable[[], None] | None = None
    ) -> Result | None:
        """Run a workflow for an event; None where it does not start it.

        `meanwhile` is what happens while a job with an `environment` waits for its reviewers, who then approve.
        """
        if not triggered(workflow["on"], event):
            return None
        self.runs += 1
        result = Result(self.runs, folder=self.folder / f"run-{self.runs}")
        self.artifacts[result.id] = {}
        left = dict(workflow["jobs"])
        while left:
            name = next(name for name, job in left.items() if not set(_needs(job)) & set(left))
            job = left.pop(name)
            if meanwhile is not None and "environment" in job:
                meanwhile()
            _JobRun(self, workflow, event, result, name, job).go()
        return result


def triggered(on: Any, event: Event) -> bool:
    """Tell whether an event starts a workflow: its name, branches, paths, workflows and types are as asked."""
    asked = on if isinstance(on, dict) else dict.fromkeys([on] if isinstance(on, str) else on)
    if event.name not in asked:
        return False
    wanted = asked[event.name]
    if not isinstance(wanted, dict):
        return True
    known = {"branches", "paths", "workflows", "types"}
    assert set(wanted) <= known, f"what is {set(wanted) - known}?"
    run = event.payload.get("workflow_run", {})
    base = event.payload.get("pull_request", {}).get("base", {}).get("ref")
    branch = base or event.ref.removeprefix("refs/heads/")
    return (
        _matches(wanted.get("branches"), [branch])
        and _matches(wanted.get("paths"), event.changed)
        and ("workflows" not in wanted or run.get("name") in wanted["workflows"])
        and ("types" not in wanted or event.payload.get("action") in wanted["types"])
    )


def _matches(patterns: list[str] | None, names: Any) -> bool:
    return patterns is None or any(fnmatch.fnmatch(name, pattern) for name in names for pattern in patterns)


def _needs(job: Mapping[str, Any]) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else needs


class _JobRun:
    """One job: its contexts, its files, its steps one after the other."""

    def __init__(
        self,
        github: GitHub,
        workflow: Mapping[str, Any],
        event: Event,
        result: Result,
        name: str,
        job: Mapping[str, Any],
    ) -> None:
        self.github, self.event, self.result, self.name, self.job = github, event, result, name, job
        folder = result.folder / name
        self.workspace, self.temp = folder / "workspace", folder / "temp"
        for made in (self.workspace, self.temp, folder / "home"):
            made.mkdir(parents=True)
        self.may = job.get("permissions", workflow.get("permissions", {}))
        self.failed = False
        self.outcomes: dict[str, dict[str, Any]] = {}
        self.added: dict[str, str] = {}
        self.files = {
            name: folder / name.lower()
            for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_EVENT_PATH")
        }
        self.files["GITHUB_EVENT_PATH"].write_text(json.dumps(event.payload), encoding="utf-8")
        self.files["GITHUB_STEP_SUMMARY"].touch()
        self.contexts = self._contexts()
        self.env = {**workflow.get("env", {}), **job.get("env", {})}
        for text in (workflow.get("concurrency"), job.get("concurrency"), workflow.get("run-name")):
            self._all_filled(text)

    def go(self) -> None:
        """Run the job, unless its condition does not hold or what it needs did not succeed."""
        needed = [self.result.jobs[name] for name in _needs(self.job)]
        status = {
            "success": lambda: all(one == "success" for one in needed),
            "failure": lambda: "failure" in needed,
            "always": lambda: True,
            "cancelled": lambda: False,
        }
        if not holds(str(self.job.get("if", "success()")), self.contexts, status):
            self.result.jobs[self.name] = "skipped"
            return
        for step in self.job["steps"]:
            self._step(step, self.contexts, self.outcomes, action="")
        self.result.outputs[self.name] = {
            name: self._filled(text, self.contexts) for name, text in self.job.get("outputs", {}).items()
        }
        self.result.summary += self.files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        self.result.jobs[self.name] = "failure" if self.failed else "success"

    @property
    def _token(self) -> str:
        """Return the job's token, which can do what the job's permissions say; a fork's may only read."""
        if self.event.fork and self.event.name == "pull_request":
            return "read-only"
        rights = [TOKEN] if self.may.get("pull-requests") == "write" else []
        return "+".join(rights + ([MAY_PUSH] if self.may.get("contents") == "write" else [])) or "read-only"

    def _contexts(self) -> dict[str, Any]:
        event = self.event
        return {
            "github": {
                "event_name": event.name,
                "event": event.payload,
                "ref": event.ref,
                "sha": event.sha,
                "repository": self.github.repository,
                "run_id": str(self.result.id),
                "token": self._token,
                "workspace": str(self.workspace),
                **{name.removeprefix("GITHUB_").lower(): value for name, value in self.github.servers.items()},
            },
            "runner": {"temp": str(self.temp), "os": "Linux"},
            "secrets": {} if event.fork and event.name == "pull_request" else dict(self.github.secrets),
            "steps": self.outcomes,
            "needs": {
                name: {"result": self.result.jobs[name], "outputs": self.result.outputs.get(name, {})}
                for name in _needs(self.job)
            },
            "vars": {},
            "env": {},
            "job": {"status": "success"},
        }

    @property
    def _status(self) -> dict[str, Callable[[], bool]]:
        return {
            "success": lambda: not self.failed,
            "failure": lambda: self.failed,
            "always": lambda: True,
            "cancelled": lambda: False,
        }

    def _filled(self, value: Any, contexts: Mapping[str, Any]) -> str:
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        return filled(text, contexts, self._status)

    def _all_filled(self, value: Any) -> None:
        """Work out every expression in a part of the file that has no effect here: it must be one."""
        for text in value.values() if isinstance(value, dict) else [value]:
            self._filled(text, self.contexts)

    def _step(
        self, step: Mapping[str, Any], contexts: dict[str, Any], outcomes: dict[str, dict[str, Any]], action: str
    ) -> None:
        known = {"name", "id", "if", "uses", "with", "run", "shell", "env"}
        assert set(step) <= known, f"what is {set(step) - known}?"
        name = str(step.get("name", step.get("uses", "run")))
        if not holds(str(step.get("if", "success()")), contexts, self._status):
            self.result.steps.append(
                Step(job=self.name, action=action, name=name, outcome="skipped", log="", variables={})
            )
            return
        outputs: dict[str, str] = {}
        if "uses" in step:
            given = {key: self._filled(value, contexts) for key, value in step.get("with", {}).items()}
            outputs = self._used(str(step["uses"]), given)
        else:
            assert not action or "shell" in step, f"a composite action's step needs `shell`: {name}"
            variables = {key: self._filled(value, contexts) for key, value in step.get("env", {}).items()}
            outputs = self._ran(step, name, action, {**self._variables(contexts), **variables})
        if "id" in step:
            outcomes[step["id"]] = {"outputs": outputs}

    def _variables(self, contexts: Mapping[str, Any]) -> dict[str, str]:
        github = contexts["github"]
        return {
            "PATH": f"{self.github.python}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.workspace.parent / "home"),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": self.event.name,
            "GITHUB_REF": self.event.ref,
            "GITHUB_SHA": self.event.sha,
            "GITHUB_REPOSITORY": self.github.repository,
            "GITHUB_RUN_ID": github["run_id"],
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
            "RUNNER_OS": "Linux",
            **({"GITHUB_ACTION_PATH": github["action_path"]} if "action_path" in github else {}),
            **{key: str(file) for key, file in self.files.items()},
            **self.github.servers,
            **self.github.machine,
            **{key: self._filled(value, contexts) for key, value in self.env.items()},
            **self.added,
        }

    def _ran(self, step: Mapping[str, Any], name: str, action: str, variables: Mapping[str, str]) -> dict[str, str]:
        """Execute a step's script by bash, and read what it wrote for later steps."""
        for file in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH"):
            self.files[file].write_text("", encoding="utf-8")
        assert step.get("shell", "bash") == "bash"
        script = self.temp / "script.sh"
        script.write_text(str(step["run"]), encoding="utf-8")
        strict = ["--noprofile", "--norc", "-eo", "pipefail"] if "shell" in step else ["-e"]
        done = subprocess.run(
            ["bash", *strict, str(script)],
            cwd=self.workspace,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        outcome = "failure" if done.returncode else "success"
        self.failed |= bool(done.returncode)
        self.result.steps.append(
            Step(
                job=self.name,
                action=action,
                name=name,
                outcome=outcome,
                log=done.stdout,
                variables=variables,
                script=str(step["run"]),
            )
        )
        assert not self.files["GITHUB_PATH"].read_text(encoding="utf-8")
        self.added |= assignments(self.files["GITHUB_ENV"].read_text(encoding="utf-8"))
        return assignments(self.files["GITHUB_OUTPUT"].read_text(encoding="utf-8"))

    def _used(self, uses: str, given: dict[str, str]) -> dict[str, str]:
        if uses.startswith(OWN):
            return self._own_action(uses.removeprefix(OWN).split("@")[0], given)
        stand_in = {
            "actions/checkout": self._checked_out,
            "actions/upload-artifact": self._uploaded,
            "actions/download-artifact": self._downloaded,
        }[uses.split("@")[0]]
        stand_in(given)
        self.result.steps.append(
            Step(job=self.name, action="", name=uses.split("@")[0], outcome="success", log="", variables=given)
        )
        return {}

    def _own_action(self, place: str, given: dict[str, str]) -> dict[str, str]:
        """Run the steps of an action of this repository, with contexts of its own."""
        folder = ROOT / place.strip("/")
        action = loaded(folder / "action.yml")
        unknown = set(given) - set(action["inputs"])
        assert not unknown, f"the action has no input {unknown}"
        outer = {**self.contexts, "github": {**self.contexts["github"], "action_path": str(folder)}}
        inputs = {
            name: given.get(name, self._filled(declared.get("default", ""), outer))
            for name, declared in action["inputs"].items()
        }
        outcomes: dict[str, dict[str, Any]] = {}
        # an action sees neither the secrets nor the other steps of the job
        inner = {**outer, "inputs": inputs, "steps": outcomes, "secrets": {}, "needs": {}}
        for step in action["runs"]["steps"]:
            self._step(step, inner, outcomes, action=place or "/")
        return {name: self._filled(one["value"], inner) for name, one in action.get("outputs", {}).items()}

    def _checked_out(self, given: dict[str, str]) -> None:
        unknown = set(given) - {"fetch-depth", "persist-credentials"}
        assert not unknown, f"the stand-in for checkout does not know {unknown}"
        assert given.get("persist-credentials") == "false"
        depth = [] if given.get("fetch-depth") == "0" else ["--depth=1"]
        where = f"{self.github.servers['GITHUB_SERVER_URL']}/{self.github.repository}"
        refs = ["+refs/heads/*:refs/remotes/origin/*"] if not depth else []
        for command in (
            ["init", "--quiet"],
            ["remote", "add", "origin", where],
            ["fetch", "--quiet", "--no-tags", *depth, "origin", *refs, f"+{self.event.sha}:refs/remotes/checked/out"],
            ["checkout", "--quiet", "--detach", self.event.sha]
            if self.event.name == "pull_request"
            else ["checkout", "--quiet", "-B", self.event.ref.removeprefix("refs/heads/"), self.event.sha],
        ):
            git(self.workspace, *command)

    def _uploaded(self, given: dict[str, str]) -> None:
        kept = self.github.artifacts[self.result.id]
        assert given["name"] not in kept, "an artifact of one name is uploaded once"
        source, target = Path(given["path"]), self.result.folder / "artifacts" / given["name"]
        target.mkdir(parents=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)
        kept[given["name"]] = target

    def _downloaded(self, given: dict[str, str]) -> None:
        if "run-id" in given:
            assert self.may.get("actions") == "read"
            assert truth(given.get("github-token", ""))
        source = self.github.artifacts[int(given.get("run-id", self.result.id))][given["name"]]
        shutil.copytree(source, given["path"], dirs_exist_ok=True)


def assignments(text: str) -> dict[str, str]:
    """Read what a step wrote to GITHUB_OUTPUT or GITHUB_ENV: `name=value`, or `name<<END` and lines up to it."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if match := re.fullmatch(r"([\w-]+)<<(\S+)", line):
            found[match[1]] = "\n".join(iter(lambda end=match[2]: _until(next(lines), end), None))
        else:
            name, sign, value = line.partition("=")
            assert sign, f"{line!r} is no assignment"
            found[name] = value
    return found


def _until(line: str, end: str) -> str | None:
    return None if line == end else line


def git(folder: Path, *arguments: str) -> str:
    """Run git, which must succeed, without anybody's settings."""
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    names = ("-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *names, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout.strip()
