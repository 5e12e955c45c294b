"""Every script line of the example for GitLab and of its component is executed, and the containers of the cron job."""

import json
import shlex
import subprocess

import pytest
import yaml

from tests.support.ci_files import EXAMPLES, loaded
from tests.support.fake_hosts import TOKEN
from tests.support.github_runner import git
from tests.support.gitlab_runner import asked, whole
from tests.support.pipeline_stage import DIGEST_KEY, READER, WRITER

# each test runs several pipelines of several processes: on a busy machine that takes its time
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900)]

CONFIG = loaded("examples/ci/gitlab-ci.yml")
JOBS = whole(CONFIG)
PROJECT, FORK = "7", "9"


class Team:
    """A stage, and what its pipelines came to."""

    def __init__(self, stage):
        self.stage, self.logs, self.artifacts = stage, [], []

    def run(self, about, *, started=(), **variables):
        host = self.stage.gitlab(**variables)
        host.folder /= str(len(self.logs))
        results = host.run(CONFIG, about, frozenset(started))
        self.logs += [result.log for result in results.values()]
        folders = [result.artifacts for result in results.values() if result.artifacts]
        self.artifacts += [path for folder in folders for path in folder.iterdir()]
        return results

    def merge_request(self, event, *, fork=False, inside=PROJECT):
        pull = event.payload["pull_request"]
        return {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_COMMIT_SHA": event.sha,
            "CI_PROJECT_ID": inside,
            "CI_MERGE_REQUEST_IID": str(pull["number"]),
            "CI_MERGE_REQUEST_PROJECT_ID": PROJECT,
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": FORK if fork else PROJECT,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": pull["base"]["sha"],
        }

    @staticmethod
    def pushed(event):
        return {
            "CI_PIPELINE_SOURCE": "push",
            "CI_COMMIT_SHA": event.sha,
            "CI_COMMIT_BRANCH": "main",
            "CI_PROJECT_ID": PROJECT,
        }

    def scheduled(self):
        return {**self.pushed(self.stage.event("schedule")), "CI_PIPELINE_SOURCE": "schedule"}


@pytest.fixture
def team(gitlab):
    """A team. Whatever it runs, no secret is in a log, a comment or an artifact."""
    made = Team(gitlab)
    yield made
    told = "".join(made.logs) + json.dumps(gitlab.host.comments)
    told += "".join(path.read_text(encoding="utf-8") for path in made.artifacts)
    assert [secret for secret in gitlab.secrets if secret in told] == []


def statuses(results):
    return {name: result.status for name, result in results.items()}


def logs(results):
    return "\n".join(f"--- {name}\n{result.log}" for name, result in results.items())


def test_the_jobs_are_those_that_are_executed_here():
    assert set(JOBS) == {
        *("reconciler", "reconciler fork", "reconciler fork comment"),
        *("plan merged", "apply", "audit", "snapshot"),
    }


def test_an_apply_waits_for_somebody_who_starts_it():
    about = {"CI_PIPELINE_SOURCE": "push", "CI_DEFAULT_BRANCH": "main"}
    assert asked({**about, "CI_COMMIT_BRANCH": "main"}, JOBS["apply"]) == "manual"
    assert asked({**about, "CI_COMMIT_BRANCH": "other"}, JOBS["apply"]) == "never"


def test_what_was_merged_is_applied_and_a_merge_request_is_planned_with_the_ledger_and_commented(team, gitlab):
    applied = team.run(team.pushed(gitlab.pushed()), started=["apply"])
    assert statuses(applied) == {"plan merged": "success", "apply": "success"}, logs(applied)
    assert gitlab.live == {"Morning": "Green teas."}

    gitlab.edit("Morning", "Changed by hand.")
    gitlab.room("Evening", "Dark teas.")
    results = team.run(team.merge_request(gitlab.pull_request("feature")), GITLAB_TOKEN=TOKEN)
    assert statuses(results) == {"reconciler": "success"}, logs(results)
    (comment,) = gitlab.host.comments
    mine, drift = comment["body"].split("#### Drift: changed outside the manifests")
    assert "Dark teas." in mine
    assert "Changed by hand." in drift
    assert ("POST", "/api/v4/projects/7/merge_requests/1/notes") in gitlab.host.writes
    kept = {path.name for path in results["reconciler"].artifacts.iterdir()}
    assert kept == {"plan.json", "plan.html", "plan.xml", "plan-quality.json", "plan-counts.json"}
    assert {method for key, method in gitlab.service.asked if key == READER[0]} == {"GET"}
    assert (WRITER[0], "POST") in gitlab.service.asked


def test_the_audits_of_gitlab_and_of_the_cluster_fail_for_drift(team, gitlab, installation, tmp_path):
    gitlab.apply()
    gitlab.edit("Morning", "Changed by hand.")
    results = team.run(team.scheduled())
    assert statuses(results) == {"audit": "failed"}, logs(results)
    assert {path.name for path in results["audit"].artifacts.iterdir()} == {"audit.html", "audit.xml"}
    done = cron_job(gitlab, installation, tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Changed by hand." in done.stdout
    assert all(json.loads(line) for line in done.stderr.splitlines())
    assert gitlab.service.asked == {(READER[0], "GET")}


def test_a_merge_request_of_a_fork_is_planned_without_a_variable_and_commented_by_a_job_apart(team, gitlab):
    gitlab.edit("Morning", "Changed by hand.")
    gitlab.pushed()
    kept = team.run(team.scheduled(), SNAPSHOT="1", SNAPSHOT_TOKEN="contents-write-for-tests-only")
    assert statuses(kept) == {"snapshot": "success"}, logs(kept)
    assert gitlab.git.pushes == ["snapshot"]

    gitlab.room("Evening", "Teas of a stranger.")
    event = gitlab.pull_request("feature", fork=True)
    before = set(gitlab.service.asked)
    inside = team.run(team.merge_request(event, fork=True, inside=FORK))
    assert statuses(inside) == {"reconciler fork": "success"}, logs(inside)
    assert gitlab.host.comments == []
    results = team.run(team.merge_request(event, fork=True), GITLAB_TOKEN=TOKEN)
    assert statuses(results) == {"reconciler fork": "success", "reconciler fork comment": "success"}, logs(results)
    assert gitlab.service.asked == before
    (comment,) = gitlab.host.comments
    assert "Teas of a stranger." in comment["body"]
    assert "untrusted" in comment["body"].lower()


def test_a_merge_request_of_a_fork_that_is_wrong_gets_no_comment(team, gitlab):
    gitlab.pushed()
    origin = gitlab.git.folder / "shop/live"
    git(origin, "update-ref", "refs/heads/live", gitlab.event("").sha)
    event = gitlab.pull_request("feature", fork=True)
    results = team.run(team.merge_request(event, fork=True), GITLAB_TOKEN=TOKEN)
    assert statuses(results) == {"reconciler fork": "failed"}
    assert gitlab.host.comments == []


def cron_job(stage, installation, tmp_path):
    """Run the containers of the cron job one after the other: its folders are made here, its clone is the stage's."""
    text = (EXAMPLES / "kubernetes-cronjob.yaml").read_text(encoding="utf-8")
    text = text.replace("https://git.example.com/live/manifests.git", f"{stage.git.url}/shop/live.git")
    job = yaml.safe_load(text.replace("/project", str(tmp_path / "project")))
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (tmp_path / "project").mkdir()
    secret = {
        "HUAWEICLOUD_SDK_AK": READER[0],
        "HUAWEICLOUD_SDK_SK": READER[1],
        "RECONCILER_LEDGER": stage.ledger.writer,
        "RECONCILER_DIGEST_KEY": DIGEST_KEY,
    }
    base = {
        "PATH": f"{installation.programs}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "RECONCILER_ALLOWED_HOSTS": stage.url,
    }
    (container,) = pod["containers"]
    (source,) = container["envFrom"]
    assert set(source["secretRef"]) == {"name"}
    entry = json.loads((EXAMPLES.parents[1] / "Dockerfile").read_text().partition("ENTRYPOINT ")[2].splitlines()[0])
    assert entry == ["tini", "--", "reconciler"]
    commands = [(one["command"], base) for one in pod["initContainers"]]
    commands.append((["reconciler", *map(str, container["args"])], {**base, **secret}))
    for command, variables in commands:
        done = subprocess.run(
            command, env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0 or command is commands[-1][0], shlex.join(command) + done.stderr
    return done
