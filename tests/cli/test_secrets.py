"""Secrets of the environment are in no output, and a short value hides nothing else."""

import base64

import pytest

from tests.support.command_line import project, reconciler, room

NAMES = (
    "HUAWEICLOUD_SDK_AK",
    "HUAWEICLOUD_SDK_SK",
    "STAGING_HUAWEICLOUD_SDK_SECURITY_TOKEN",
    "HW_AUTH_TOKEN",
    "HW_USER_PASSWORD",
    "RECONCILER_SECRET_CALLBACK",
    "RECONCILER_DIGEST_KEY",
    "GITHUB_TOKEN",
    "GITLAB_TOKEN",
    "PGPASSWORD",
)
CANARIES = {name: f"CANARY{name.lower().replace('_', '')}0123456789" for name in NAMES}
SPELLINGS = (
    str,
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: text[::-1],
    lambda text: text.encode().hex(),
)


@pytest.mark.parametrize(
    "format_name", ["text", "json", "markdown", "html", "sarif", "junit", "gitlab", "github", "script"]
)
def test_a_secret_that_stands_in_a_manifest_is_masked_in_every_format(tmp_path, format_name):
    spelled = [spelling(canary) for canary in CANARIES.values() for spelling in SPELLINGS]
    manifests = {f"rooms/{n}.yaml": room(f"Room {n}", f"priv_data: see {one} there") for n, one in enumerate(spelled)}
    project(tmp_path, manifests)
    run = reconciler("-C", tmp_path, "-vv", "plan", "--format", format_name, variables=CANARIES)
    assert run.code == 0, run.err
    assert [one for one in spelled if one in run.out + run.err] == []


@pytest.mark.parametrize("value", ["", "1", "short"])
def test_an_empty_or_short_secret_hides_nothing(tmp_path, value):
    """P021, P022."""
    project(tmp_path, {"rooms/one.yaml": room("One", "room_description: 1 short story")})
    plain = reconciler("-C", tmp_path, "plan", "--format", "json")
    assert reconciler("-C", tmp_path, "plan", "--format", "json", variables={"HUAWEICLOUD_SDK_SK": value}) == plain


def test_a_secret_in_an_error_is_masked_with_debug_too(tmp_path):
    canary = CANARIES["HW_AUTH_TOKEN"]
    run = reconciler("-C", tmp_path, "--debug", "show", f"{canary}.json", variables=CANARIES)
    assert run.code == 1
    assert "cannot be read" in run.err
    assert canary not in run.err
