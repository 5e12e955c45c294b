"""Every step of every example for GitHub is executed: own branch and fork, from a pull request to what is live."""

import copy
import json

import pytest

from tests.support.ci_files import EXAMPLES, OWN, loaded
from tests.support.github_runner import git
from tests.support.pipeline_stage import READER, WRITER

# each test runs several pipelines of several processes: on a busy machine that takes its time
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900)]

WORKFLOWS = {path.stem.removeprefix("github-"): loaded(path) for path in sorted(EXAMPLES.glob("github-*.yml"))}


class Team:
    """A stage, and what its workflows came to."""

    def __init__(self, stage):
        self.stage, self.host, self.results = stage, stage.github(), []

    def run(self, name, event, conclusion="success", *, complete=True, meanwhile=None):
        """Run an example; the event must start it, and it must end like this, with every step of it executed."""
        workflow = name if isinstance(name, dict) else WORKFLOWS[name]
        result = self.host.run(workflow, event, meanwhile)
        assert result is not None, f"{event.name} does not start {name}"
        assert result.conclusion == conclusion, result.log
        self.results.append(result)
        if conclusion == "success" and complete:
            executed = [step.script for step in result.steps if step.script]
            assert sorted(executed) == sorted(scripts(workflow))
        return result

    def artifact(self, result, name, file):
        return json.loads((self.host.artifacts[result.id][name] / file).read_text(encoding="utf-8"))


def scripts(workflow):
    """Yield the script of each `run:` step of a workflow, and of the actions of this repository that it uses."""
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if "run" in step:
                yield step["run"]
            elif step["uses"].startswith(OWN):
                folder = step["uses"].removeprefix(OWN).split("@")[0].strip("/")
                for inner in loaded(f"{folder or '.'}/action.yml")["runs"]["steps"]:
                    if "inputs.comment" not in inner.get("if", "") or step["with"].get("comment") == "true":
                        yield inner["run"]


@pytest.fixture
def team(github):
    """A team. Whatever it runs, no secret is in a log, a summary, a comment or an artifact."""
    made = Team(github)
    yield made
    told = "".join(result.log + result.summary for result in made.results) + json.dumps(github.host.comments)
    for folder in (one for artifacts in made.host.artifacts.values() for one in artifacts.values()):
        told += "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    assert [secret for secret in github.secrets if secret in told] == []


def workflow_run(event, result):
    """Return the payload of a run that starts after the one of a fork's plan."""
    head = event.payload["pull_request"]["head"]
    return {
        "action": "completed",
        "workflow_run": {
            "id": result.id,
            "name": "fork plan",
            "event": event.name,
            "conclusion": result.conclusion,
            "head_branch": head["ref"],
            "head_sha": head["sha"],
            "head_repository": head["repo"],
            "html_url": f"https://github.test/shop/live/actions/runs/{result.id}",
        },
    }


def test_the_examples_are_those_that_are_executed_here():
    assert set(WORKFLOWS) == {
        *("accept", "apply", "audit", "fork-comment", "fork-plan", "pull-request", "reviewed-apply", "snapshot"),
    }


def test_an_own_branch_is_planned_with_the_ledger_and_commented_and_then_applied(team, github):
    team.run("apply", github.pushed())
    assert github.live == {"Morning": "Green teas."}
    github.edit("Morning", "Changed by hand.")
    github.room("Evening", "Dark teas.")
    planned = team.run("pull-request", github.pull_request("feature"))
    (comment,) = github.host.comments
    mine, drift = comment["body"].split("#### Drift: changed outside the manifests")
    assert "Dark teas." in mine
    assert "Changed by hand." in drift
    assert ("POST", "/repos/shop/live/issues/1/comments") in github.host.writes
    assert "**Plan: 1 to add, 1 to change, 0 to destroy" in planned.summary
    assert team.artifact(planned, "plan", "plan.json")["unknown_counts"] == []
    assert github.live == {"Morning": "Changed by hand."}

    # with the shared ledger a later job knows what an earlier one made: what leaves Git is deleted
    (github.work / "live/rooms/morning.yaml").unlink()
    applied = team.run("apply", github.pushed())
    assert github.live == {"Evening": "Dark teas."}
    assert "this is CI" not in applied.log

    # the user that plans has only read; the one that writes is the apply's
    assert {method for key, method in github.service.asked if key == READER[0]} == {"GET"}
    assert {"POST", "DELETE"} <= {method for key, method in github.service.asked if key == WRITER[0]}


@pytest.mark.parametrize(("line", "conclusion"), [("PGPASSWORD=${{ secrets.PASSWORD }}", "success"), ("", "failure")])
def test_where_the_project_file_names_the_ledger_the_action_is_given_its_password(team, github, line, conclusion):
    github.pushed()
    github.project(ledger=github.ledger.open)
    workflow = copy.deepcopy(WORKFLOWS["pull-request"])
    given = workflow["jobs"]["plan"]["steps"][1]["with"]
    named = "RECONCILER_LEDGER=${{ secrets.LEDGER_READER_URL }}"
    assert named in given["credentials"]
    given["credentials"] = given["credentials"].replace(named, line)
    team.host.secrets = {**team.host.secrets, "PASSWORD": github.ledger.password}
    result = team.run(workflow, github.pull_request("named"), conclusion)
    assert ("E_LEDGER" in result.log) == (conclusion == "failure")


def test_a_pull_request_that_is_wrong_fails_at_the_place_and_gets_no_comment(team, github):
    github.write("rooms/morning.yaml", "kind: Nonsense\n")
    failed = team.run("pull-request", github.pull_request("wrong"), "failure")
    assert "::error file=live/rooms/morning.yaml,line=1" in failed.log
    assert github.host.comments == []


@pytest.mark.deep
def test_a_conflict_fails_the_pull_request_and_is_told_in_its_comment(team, github):
    team.run("apply", github.pushed())
    github.edit("Morning", "Changed by hand.")
    github.room("Morning", "Another text.")
    event = github.pull_request("conflict")
    team.run("pull-request", event, "failure")
    assert "Conflicts" in github.host.comments[0]["body"]
    writes = len(github.host.writes)
    team.run("pull-request", event, "failure")
    assert len(github.host.writes) == writes


def test_a_fork_is_planned_without_credentials_and_commented_by_a_job_apart(team, github):
    github.edit("Morning", "Changed by hand.")
    github.pushed()
    team.run("snapshot", github.event("schedule"))
    team.run("snapshot", github.event("workflow_dispatch"))
    origin = github.git.folder / "shop/live"
    assert "Changed by hand." in git(origin, "show", "live:live.json")
    assert git(origin, "rev-list", "--count", "live") == "1"
    assert set(github.git.pushes) == {"x-access-token"}

    github.room("Evening", "Teas of a stranger.")
    asked = set(github.service.asked)
    event = github.pull_request("feature", fork=True)
    team.run("pull-request", event, "skipped")
    planned = team.run("fork-plan", event)
    assert github.service.asked == asked
    plan = team.artifact(planned, "fork-plan", "plan.json")
    assert plan["untrusted"] is True
    assert "destroy" in plan["unknown_counts"]
    assert github.host.comments == []

    team.run("fork-comment", github.event("workflow_run", **workflow_run(event, planned)))
    (comment,) = github.host.comments
    assert "Teas of a stranger." in comment["body"]
    assert "untrusted" in comment["body"].lower()
    assert ("POST", "/repos/shop/live/issues/1/comments") in github.host.writes


def test_a_fork_whose_plan_fails_and_an_own_branch_get_no_comment_of_a_fork(team, github):
    github.pushed()
    team.run("snapshot", github.event("schedule"))
    github.write("rooms/morning.yaml", "kind: Nonsense\n")
    event = github.pull_request("wrong", fork=True)
    failed = team.run("fork-plan", event, "failure")
    assert team.host.artifacts[failed.id] == {}
    team.run("fork-comment", github.event("workflow_run", **workflow_run(event, failed)), "skipped")
    own = github.pull_request("own")
    skipped = team.run("fork-plan", own, "skipped")
    team.run("fork-comment", github.event("workflow_run", **workflow_run(own, skipped)), "skipped")
    assert github.host.comments == []


def test_the_reviewed_plan_is_applied_and_refused_once_live_moved_on(team, github):
    seen = []
    first = team.run("reviewed-apply", github.pushed(), meanwhile=lambda: seen.append(github.live))
    assert seen == [{}]
    assert "Green teas." in first.summary
    assert github.live == {"Morning": "Green teas."}
    assert team.artifact(first, "kept-plan", "plan.json")["saved"]["digest"].startswith("hmac-sha256:")

    github.room("Morning", "White teas.")
    late = team.run(
        "reviewed-apply", github.pushed(), "failure", meanwhile=lambda: github.edit("Morning", "Changed by hand.")
    )
    assert late.jobs == {"plan": "success", "apply": "failure"}
    assert github.live == {"Morning": "Changed by hand."}


@pytest.mark.deep
def test_where_nothing_changes_nobody_is_asked_to_review(team, github):
    team.run("apply", github.pushed())
    github.write("notes.txt", "not a word of rooms\n")
    result = team.run("reviewed-apply", github.pushed(), complete=False)
    assert result.jobs == {"plan": "success", "apply": "skipped"}


def test_the_audit_fails_for_drift_and_the_ledger_keeps_since_when(team, github):
    github.apply()
    github.edit("Morning", "Changed by hand.")
    result = team.run("audit", github.event("schedule"), "failure")
    reports = team.host.artifacts[result.id]["audit"]
    assert {"plan.json", "plan.html"} <= {path.name for path in reports.iterdir()}
    assert "Changed by hand." in result.summary
    assert "First seen" in result.summary


@pytest.mark.deep
def test_the_audit_passes_where_nothing_drifted(team, github):
    team.run("apply", github.pushed())
    team.run("audit", github.event("schedule"))


def test_what_was_changed_by_hand_is_one_pull_request_each_night(team, github):
    github.host.repository = "shop/live"
    team.run("apply", github.pushed())
    night = github.event("schedule")
    assert "Nothing to accept" in team.run("accept", night).log
    github.edit("Morning", "Changed by hand.")
    assert "pull request 1 created" in team.run("accept", night).log
    assert "pull request 1 unchanged" in team.run("accept", night).log
    assert len(github.git.pushes) == 1
    (request,) = github.host.requests
    assert (request["head"]["ref"], request["base"]["ref"]) == ("reconciler/accept-production", "main")
    assert "Changed by hand." in request["body"]
    origin = github.git.folder / "shop/live"
    assert "Changed by hand." in git(origin, "show", "reconciler/accept-production:live/rooms/morning.yaml")
