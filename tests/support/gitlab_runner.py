"""Runs pipelines of GitLab CI as its runner does: our component, rules, needs, artifacts, scripts.

Each job's `script:` is executed by bash in a clone of the commit, with the project's variables and those GitLab sets.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.ci_files import component
from tests.support.github_runner import git

COMPONENT = "$CI_SERVER_FQDN/YOUR-GROUP/reconciler/reconciler@REF"
STAGES = ("build", "test", "deploy")
_GLOBAL = {"include", "stages", "variables", "default", "workflow"}
_SECONDS = 120
_WORDS = re.compile(r'\$(?P<name>\w+)|"(?P<text>[^"]*)"|(?P<null>null)|(?P<sign>==|!=|&&|\|\||[()])|\s+')


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """How a job ended: success, failed, manual (waits for somebody); what it printed and was told."""

    status: str
    log: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    artifacts: Path | None = None
    script: tuple[str, ...] = ()


@dataclass
class GitLab:
    """A project on GitLab, and the machine of its runner.

    `servers` are CI_SERVER_URL and CI_API_V4_URL; `image` is the folder of programs that the image has on its PATH;
    `scoped` are further variables, each set for the jobs of one environment.
    """

    folder: Path
    project: str
    servers: Mapping[str, str]
    variables: Mapping[str, str]
    machine: Mapping[str, str]
    image: Path
    scoped: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    pipelines: int = 0

    def run(
        self, config: Mapping[str, Any], about: Mapping[str, str], started: frozenset[str] = frozenset()
    ) -> dict[str, JobResult]:
        """Run a pipeline with these predefined variables; `started` are the manual jobs that somebody starts."""
        self.pipelines += 1
        folder = self.folder / f"pipeline-{self.pipelines}"
        predefined = {
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_SERVER_FQDN": "gitlab.test",
            "CI_REGISTRY": "registry.gitlab.test",
            "CI_PROJECT_URL": f"{self.servers['CI_SERVER_URL']}/{self.project}",
            "CI_MERGE_REQUEST_PROJECT_URL": f"{self.servers['CI_SERVER_URL']}/{self.project}",
            "CI_DEFAULT_BRANCH": "main",
            "CI_JOB_URL": f"{self.servers['CI_SERVER_URL']}/{self.project}/-/jobs/{self.pipelines}",
            **self.servers,
            **about,
        }
        jobs = whole(config)
        results: dict[str, JobResult] = {}
        for stage in STAGES:
            for name in _in_order({n: one for n, one in jobs.items() if one.get("stage", "test") == stage}):
                when = asked({**self.variables, **predefined}, jobs[name])
                if when == "never":
                    continue
                if when == "manual" and name not in started:
                    results[name] = JobResult(status="manual")
                    continue
                if any(results[one].status != "success" for one in jobs[name].get("needs", ()) if one in results):
                    continue
                results[name] = self._ran(folder, name, jobs[name], predefined, results)
        return results

    def _ran(
        self,
        folder: Path,
        name: str,
        job: Mapping[str, Any],
        predefined: Mapping[str, str],
        results: Mapping[str, JobResult],
    ) -> JobResult:
        workspace = folder / name.replace(" ", "-")
        (workspace / "home").mkdir(parents=True)
        project = workspace / "project"
        project.mkdir()
        told = {key: _text(value) for key, value in job.get("variables", {}).items()}
        variables = {
            "PATH": f"{self.image}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(workspace / "home"),
            "LANG": "C.UTF-8",
            **self.machine,
            **predefined,
            "CI_JOB_TOKEN": "job-token-for-tests",
            "CI_PROJECT_DIR": str(project),
            **told,
            **self.variables,
            **self.scoped.get(environment_of(job), {}),
        }
        if told.get("GIT_STRATEGY") != "none":
            depth = () if told.get("GIT_DEPTH") == "0" else ("--depth=20",)
            where = variables.get("CI_MERGE_REQUEST_SOURCE_PROJECT_URL") or predefined["CI_PROJECT_URL"]
            git(project, "init", "--quiet")
            git(project, "remote", "add", "origin", f"{where}.git")
            git(project, "fetch", "--quiet", *depth, "origin", "+refs/heads/*:refs/remotes/origin/*")
            git(project, "checkout", "--quiet", "--detach", predefined["CI_COMMIT_SHA"])
        for one in job.get("needs", results):  # the artifacts of the jobs that are named, or of all earlier ones
            if one in results and (kept := results[one].artifacts):
                shutil.copytree(kept, project, dirs_exist_ok=True)
        script = tuple(job["script"])
        done = subprocess.run(
            ["bash", "-c", "set -eo pipefail\n" + "\n".join(script)],
            cwd=project,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return JobResult(
            status="failed" if done.returncode else "success",
            log=done.stdout,
            variables=variables,
            artifacts=_kept(job.get("artifacts", {}), project, workspace / "artifacts", failed=bool(done.returncode)),
            script=script,
        )


def environment_of(job: Mapping[str, Any]) -> str:
    """Return the environment of a job, whose variables it gets."""
    named = job.get("environment", "")
    return str(named["name"]) if isinstance(named, dict) else str(named)


def whole(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the jobs of a file by name: those of the component it includes, and its own with what they extend."""
    jobs: dict[str, dict[str, Any]] = {}
    for include in config.get("include", ()):
        assert include["component"] == COMPONENT
        jobs |= component(**include["inputs"])
    own = {name: job for name, job in config.items() if name not in _GLOBAL}
    for name, job in own.items():
        if not name.startswith("."):
            jobs[name] = {**own.get(job.get("extends", ""), {}), **job}
    assert all("script" in job for job in jobs.values())
    return jobs


def asked(variables: Mapping[str, str], job: Mapping[str, Any]) -> str:
    """Return when a job runs by its rules: on_success, manual, or never."""
    for rule in job.get("rules", ()):
        assert set(rule) <= {"if", "when"}
        if holds(rule["if"], variables):
            return str(rule.get("when", "on_success"))
    return "never" if "rules" in job else "on_success"


def holds(rule: str, variables: Mapping[str, str]) -> bool:
    """Tell whether a rule's condition holds: comparisons of variables, texts and null, `&&` before `||`, brackets."""
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(rule):
        match = _WORDS.match(rule, at)
        assert match, f"{rule[at:]!r} is no part of a rule"
        if match.lastgroup:
            tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    value = _either(tokens, variables)
    assert not tokens, f"{tokens} is too much in {rule!r}"
    return value


def _either(tokens: list[tuple[str, str]], variables: Mapping[str, str]) -> bool:
    value = _both(tokens, variables)
    while tokens and tokens[0][1] == "||":
        tokens.pop(0)
        value = _both(tokens, variables) or value
    return value


def _both(tokens: list[tuple[str, str]], variables: Mapping[str, str]) -> bool:
    value = _compared(tokens, variables)
    while tokens and tokens[0][1] == "&&":
        tokens.pop(0)
        value = _compared(tokens, variables) and value
    return value


def _compared(tokens: list[tuple[str, str]], variables: Mapping[str, str]) -> bool:
    if tokens[0] == ("sign", "("):
        tokens.pop(0)
        value = _either(tokens, variables)
        assert tokens.pop(0)[1] == ")"
        return value
    one = _operand(tokens.pop(0), variables)
    if tokens and tokens[0][1] in ("==", "!="):
        sign = tokens.pop(0)[1]
        return (one == _operand(tokens.pop(0), variables)) == (sign == "==")
    return bool(one)


def _operand(token: tuple[str, str], variables: Mapping[str, str]) -> str | None:
    kind, word = token
    assert kind in ("name", "text", "null"), f"{word!r} is out of place"
    return variables.get(word) if kind == "name" else word if kind == "text" else None


def _in_order(jobs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the jobs of a stage, each behind those it needs."""
    return sorted(jobs, key=lambda name: (len(set(jobs[name].get("needs", ())) & set(jobs)), list(jobs).index(name)))


def _kept(artifacts: Mapping[str, Any], project: Path, target: Path, *, failed: bool) -> Path | None:
    if not artifacts or (failed and artifacts.get("when", "on_success") == "on_success"):
        return None
    names = [*artifacts.get("paths", ()), *artifacts.get("reports", {}).values()]
    target.mkdir()
    for name in names:
        if (project / name).is_file():
            shutil.copy(project / name, target / name)
    return target


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
