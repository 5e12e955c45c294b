"""Comments are found again by marker and author, updated in place, and never written when nothing changed."""

import json

import pytest

from reconciler.code_hosts.ci_job import PullRequestRef, place_from
from reconciler.code_hosts.comments import upsert_comment
from reconciler.errors import ApiError, ReconcilerError, UsageError
from tests.support.fake_hosts import TOKEN, Host, serving

MARKER = "<!-- reconciler production -->"
BODY = f"{MARKER}\n### reconciler plan: `production`\n\n**Plan: 1 to add, 0 to change, 0 to destroy.**\n"
HOSTS = ("github", "gitlab")


@pytest.fixture(params=HOSTS)
def kind(request):
    return request.param


def place(kind, host, **more):
    repository = "shop/rooms" if kind == "github" else "shop/sub/rooms"
    return PullRequestRef(
        **{"host": kind, "api": host.url, "repository": repository, "number": 7, "token": TOKEN, **more}
    )


def told(kind, host, body=BODY, **more):
    return upsert_comment(place(kind, host, **more), body, MARKER, sleep=lambda seconds: None)


def test_the_first_run_creates_one_comment(kind, host):
    assert told(kind, host).done == "created"
    assert [row["body"] for row in host.comments] == [BODY]


def test_a_second_run_with_the_same_text_writes_nothing(kind, host):
    told(kind, host)
    host.calls.clear()
    assert told(kind, host).done == "unchanged"
    assert host.writes == []


def test_another_text_updates_the_same_comment(kind, host):
    first = told(kind, host)
    second = told(kind, host, BODY + "more\n")
    assert (second.done, second.id) == ("updated", first.id)
    assert len(host.comments) == 1


def test_line_ends_a_host_changed_are_no_difference(kind, host):
    told(kind, host)
    told(kind, host, BODY + "more\n")
    assert told(kind, host, BODY + "more\n").done == "unchanged"


def test_the_comment_is_found_behind_many_others(kind, host):
    for number in range(250):
        host.add(f"remark {number}", login="somebody")
    host.add(BODY)
    assert told(kind, host).done == "unchanged"
    assert len([call for call in host.calls if "page=" in call[1]]) == 3


def test_all_pages_are_read_before_a_comment_is_created(kind, host):
    for number in range(200):
        host.add(f"remark {number}", login="somebody")
    assert told(kind, host).done == "created"
    assert len([call for call in host.calls if "page=" in call[1]]) == 3


def test_somebody_elses_comment_with_our_marker_is_left_alone(kind, host):
    host.add(BODY.replace("1 to add", "0 to add"), login="mallory")
    assert told(kind, host).done == "created"
    assert host.comments[0]["user"]["login"] == "mallory"
    assert "0 to add" in host.comments[0]["body"]


def test_a_comment_that_quotes_the_marker_is_not_ours(kind, host):
    host.add(f"> {BODY}")
    assert told(kind, host).done == "created"


def test_each_environment_has_a_comment_of_its_own(kind, host):
    other = "<!-- reconciler staging -->"
    told(kind, host)
    upsert_comment(place(kind, host), BODY.replace(MARKER, other), other)
    assert len(host.comments) == 2


def test_a_job_token_that_may_not_ask_who_it_is_comments_as_the_job():
    with serving(Host(login="github-actions[bot]", knows_user=False)) as host:
        assert told("github", host).done == "created"
        assert told("github", host).done == "unchanged"


def test_an_author_that_is_named_is_not_asked_for(kind, host):
    told(kind, host, author="reconciler-bot")
    assert not any(call[1].endswith("/user") for call in host.calls)


def test_notes_of_the_system_are_not_ours(host):
    host.add(BODY, system=True)
    assert told("gitlab", host).done == "created"


def test_a_host_below_a_path_is_spoken_to_below_it(host):
    told("github", host, api=f"{host.url}/api/v3")
    assert all(path.startswith("/api/v3/") for _, path in host.calls)


def test_a_project_of_gitlab_is_one_segment_of_the_path(host):
    told("gitlab", host)
    assert any("/projects/shop%2Fsub%2Frooms/merge_requests/7/notes" in path for _, path in host.calls)


def test_every_call_says_who_it_is(kind, host):
    told(kind, host)
    assert host.agents == {"reconciler"}


def test_a_refused_token_is_an_error_that_does_not_show_it(kind, host):
    with pytest.raises(ReconcilerError) as caught:
        told(kind, host, token="another-secret-token")
    assert "another-secret-token" not in f"{caught.value!r} {caught.value.hint}"
    assert "another-secret-token" not in repr(place(kind, host, token="another-secret-token"))
    assert host.writes == []


HOSTILE = {
    "an object": b'{"message": "hello"}',
    "a page": b"<html>log in</html>",
    "nothing": b"",
    "a list of texts": b'["a"]',
    "deep": b"[" * 100_000,
    "no number": json.dumps(
        [{"body": BODY, "user": {"login": "reconciler-bot"}, "author": {"username": "reconciler-bot"}}]
    ).encode(),
    "half a character": b'[{"id": 1, "body": "\\ud800"}]',
}


@pytest.mark.parametrize("answer", [pytest.param(value, id=name) for name, value in HOSTILE.items()])
def test_a_list_that_is_none_is_refused_and_nothing_is_written(kind, host, answer):
    host.twist = lambda method, path: (200, answer) if "page=" in path else None
    if b"ud800" in answer:
        assert told(kind, host).done == "created"
        return
    with pytest.raises(ApiError):
        told(kind, host)
    assert host.writes == []


def test_a_list_without_end_is_given_up(kind, host):
    page = json.dumps([{"id": 1, "body": "x"}] * 100).encode()
    host.twist = lambda method, path: (200, page) if "page=" in path else None
    with pytest.raises(ApiError, match="nothing was written"):
        told(kind, host)
    assert len(host.calls) < 110
    assert host.writes == []


def test_a_redirect_is_not_followed(kind, host):
    host.twist = lambda method, path: (302, b"") if "page=" in path else None
    with pytest.raises(ApiError):
        told(kind, host)
    assert host.writes == []


def test_only_a_body_with_its_marker_and_within_the_limit_is_posted(kind, host):
    with pytest.raises(UsageError, match="marker"):
        told(kind, host, "no marker")
    with pytest.raises(UsageError, match="bytes"):
        told(kind, host, MARKER + "界" * 400_000)
    assert host.calls == []


def test_a_place_is_found_in_a_github_job(tmp_path):
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 12}}')
    job = {"GITHUB_REPOSITORY": "shop/rooms", "GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": "https://ghe.test/api/v3"}
    assert place_from({**job, "GITHUB_REF": "refs/pull/9/merge"}).number == 9
    assert place_from({**job, "GITHUB_EVENT_PATH": str(event)}).number == 12
    assert place_from(job, number=3).api == "https://ghe.test/api/v3"
    with pytest.raises(UsageError, match="no pull request"):
        place_from({**job, "GITHUB_REF": "refs/heads/main"})


def test_a_place_is_found_in_a_gitlab_job():
    job = {"CI_PROJECT_ID": "42", "GITLAB_TOKEN": TOKEN, "CI_MERGE_REQUEST_IID": "5"}
    assert place_from(job) == PullRequestRef(
        host="gitlab", api="https://gitlab.com/api/v4", repository="42", number=5, token=TOKEN
    )
    with pytest.raises(UsageError, match="no merge request"):
        place_from({**job, "CI_MERGE_REQUEST_IID": ""})


@pytest.mark.parametrize("repository", ["", "a", "a/b/c", "../b", "a/..", "a/b?x=1", "a/b#c", "a b/c"])
def test_a_repository_that_is_none_is_refused(repository):
    with pytest.raises(UsageError):
        PullRequestRef(host="github", api="https://api.github.com", repository=repository, number=1, token=TOKEN)


@pytest.mark.parametrize("token", ["", "a\r\nX-Other: b", "密"])
def test_a_token_that_cannot_be_a_header_is_refused(token):
    with pytest.raises(UsageError):
        PullRequestRef(host="github", api="https://api.github.com", repository="a/b", number=1, token=token)


@pytest.mark.parametrize("api", ["http://ghe.test", "ftp://x", "https://a@b/", "https://x/?q", "nonsense"])
def test_an_api_that_is_no_plain_https_address_is_refused(api):
    with pytest.raises(ReconcilerError):
        upsert_comment(
            PullRequestRef(host="github", api=api, repository="a/b", number=1, token=TOKEN, author="a"), BODY, MARKER
        )


def test_outside_of_a_job_one_is_told_what_to_set():
    with pytest.raises(UsageError, match="neither"):
        place_from({})
