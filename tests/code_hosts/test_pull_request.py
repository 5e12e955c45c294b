"""A pull request played through: a repository with a base and a head, a live side that drifted, and the one comment."""

import subprocess

import pytest

from tests.support.command_line import reconciler
from tests.support.fake_hosts import TOKEN, Host, serving

PROJECT = """
name: shop
manifests: [rooms, groups]
environments:
  production: {endpoint: "simulator:live.yaml"}
"""

LIVE = """
smart_live_rooms:
  - {room_id: r-1, room_name: Morning, room_description: Green teas., priv_data: changed by hand}
interaction_rule_groups:
  - group_id: g-1
    group_name: Prices
    interaction_rules:
      - rule_name: price
        event_type: 1
        hit_condition: {relation: OR, tags: [{tag: content, match: REGEX, value: price}]}
        trigger: {time_window: 90, reply_mode: SYSTEM_REPLY, reply_texts: [It is 88.]}
"""

ROOM = """
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata: {name: Morning}
spec:
  room_description: Green teas.
  priv_data: as declared
"""

GROUP = """
apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata: {name: Prices}
spec:
  interaction_rules:
    - rule_name: price
      event_type: 1
      hit_condition: {relation: OR, tags: [{tag: content, match: REGEX, value: price}]}
      trigger: {time_window: 30, reply_mode: SYSTEM_REPLY, reply_texts: [It is 88.]}
"""


class Repository:
    """A git repository with one project in it."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments):
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost", *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True, timeout=30)
        return done.stdout.strip()

    def commit(self, **files):
        for name, text in files.items():
            path = self.folder / name.replace("__", "/").replace("_yaml", ".yaml")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", "x")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "repository")
    made.commit(reconciler_yaml=PROJECT, live_yaml=LIVE, rooms__morning_yaml=ROOM, groups__prices_yaml=GROUP)
    made.git("switch", "--quiet", "-c", "branch")
    return made


@pytest.fixture
def host():
    with serving(Host(login="github-actions[bot]", knows_user=False)) as running:
        yield running


def job(repository, host, tmp_path):
    """What the pull request's job does: plan against the base, then comment."""
    plan = tmp_path / "plan.json"
    planned = reconciler(
        "-C", repository.folder, "plan", "--base", "main", "--detailed-exitcode", "--report", f"json={plan}"
    )
    assert planned.code == 2, planned.err
    variables = {
        "GITHUB_REPOSITORY": "shop/rooms",
        "GITHUB_API_URL": host.url,
        "GITHUB_REF": "refs/pull/5/merge",
        "GITHUB_TOKEN": TOKEN,
    }
    commented = reconciler("comment", plan, variables=variables)
    assert commented.code == 0, commented.err
    return commented.out.split()[0]


def sections(text):
    """The comment's parts by their titles."""
    parts = text.replace("\r\n", "\n").split("\n#### ")
    return {part.split("\n")[0]: part for part in parts[1:]}


def test_the_comment_tells_the_authors_changes_and_apart_the_drift(repository, host, tmp_path):
    repository.commit(rooms__morning_yaml=ROOM.replace("Green teas.", "Green and white teas."))
    assert job(repository, host, tmp_path) == "created"
    told = sections(host.comments[0]["body"])
    mine = told["This pull request"]
    drift = told["Drift: changed outside the manifests"]
    assert "room_description" in mine
    assert "priv_data" not in mine
    assert "time_window" not in mine
    assert "priv_data" in drift
    assert "time_window" in drift
    assert "room_description" not in drift


def test_a_second_run_changes_nothing_and_a_new_commit_updates_in_place(repository, host, tmp_path):
    repository.commit(rooms__morning_yaml=ROOM.replace("Green teas.", "Green and white teas."))
    assert job(repository, host, tmp_path) == "created"
    host.calls.clear()
    assert job(repository, host, tmp_path) == "unchanged"
    assert host.writes == []
    repository.commit(rooms__morning_yaml=ROOM.replace("Green teas.", "Green, white and dark teas."))
    assert job(repository, host, tmp_path) == "updated"
    assert len(host.comments) == 1
    assert "Green, white and dark teas." in host.comments[0]["body"]


def test_a_field_that_both_moved_is_a_conflict(repository, host, tmp_path):
    repository.commit(rooms__morning_yaml=ROOM.replace("as declared", "as the author wants it"))
    job(repository, host, tmp_path)
    told = sections(host.comments[0]["body"])
    conflict = told["Conflicts: the manifests and the live side changed, to different values"]
    assert 'was `"as declared"`, live `"changed by hand"`, manifest `"as the author wants it"`' in conflict


def test_a_pull_request_that_changes_nothing_is_shown_only_the_drift(repository, host, tmp_path):
    repository.commit(README_md="hello")
    job(repository, host, tmp_path)
    told = sections(host.comments[0]["body"])
    assert "This pull request" not in told
    assert "Drift: changed outside the manifests" in told


def test_the_trusted_job_after_a_forks_finds_the_request_by_its_commit(repository, host, tmp_path):
    head = repository.commit(rooms__morning_yaml=ROOM.replace("Green teas.", "White teas."))
    plan = tmp_path / "plan.json"
    snapshot = tmp_path / "live.json"
    assert reconciler("-C", repository.folder, "snapshot", "-o", snapshot).code == 0
    planned = reconciler(
        *("-C", repository.folder, "plan", "--untrusted", "--live", snapshot, "--base", "main"),
        *("--report", f"json={plan}"),
    )
    assert planned.code == 0, planned.err
    event = tmp_path / "event.json"
    event.write_text(
        f'{{"workflow_run": {{"head_branch": "branch", "head_sha": "{head}",'
        ' "head_repository": {"owner": {"login": "stranger"}}}}'
    )
    pulls = f'[{{"number": 4, "head": {{"sha": "{"0" * 40}"}}}}, {{"number": 9, "head": {{"sha": "{head}"}}}}]'
    host.twist = lambda method, path: (200, pulls.encode()) if "/pulls?" in path else None
    variables = {
        "GITHUB_REPOSITORY": "shop/rooms",
        "GITHUB_API_URL": host.url,
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_TOKEN": TOKEN,
    }
    commented = reconciler("comment", plan, variables=variables)
    assert commented.code == 0, commented.err
    assert any("head=stranger%3Abranch" in path for _, path in host.calls)
    assert any(path == "/repos/shop/rooms/issues/9/comments" for method, path in host.calls if method == "POST")
    assert "White teas." in host.comments[0]["body"]

    host.twist = lambda method, path: (200, b"[]") if "/pulls?" in path else None
    assert reconciler("comment", plan, variables=variables).code == 1
