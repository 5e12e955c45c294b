"""Secrets of the environment are in no output, and a short value hides nothing else."""

import base64

import pytest

from tests.support.command_line import project, reconciler, room

CANARY = "CANARYcanary0123456789"


@pytest.mark.parametrize(
    "name",
    [
        "HUAWEICLOUD_SDK_AK",
        "HUAWEICLOUD_SDK_SK",
        "STAGING_HUAWEICLOUD_SDK_SECURITY_TOKEN",
        "HW_AUTH_TOKEN",
        "HW_USER_PASSWORD",
        "RECONCILER_SECRET_CALLBACK",
        "RECONCILER_DIGEST_KEY",
        "GITHUB_TOKEN",
    ],
)
@pytest.mark.parametrize(
    "spelling", [str, lambda text: base64.b64encode(text.encode()).decode(), lambda text: text[::-1]]
)
def test_a_secret_that_stands_in_a_manifest_is_masked_in_every_format(tmp_path, name, spelling):
    project(tmp_path, {"rooms/one.yaml": room("One", f"room_description: see {spelling(CANARY)} there")})
    for format_name in ("text", "json", "markdown", "html"):
        run = reconciler("-C", tmp_path, "plan", "--format", format_name, variables={name: CANARY})
        assert run.code == 0, run.err
        assert spelling(CANARY) not in run.out + run.err


@pytest.mark.parametrize("value", ["", "1", "short"])
def test_an_empty_or_short_secret_hides_nothing(tmp_path, value):
    """P021, P022."""
    project(tmp_path, {"rooms/one.yaml": room("One", "room_description: 1 short story")})
    plain = reconciler("-C", tmp_path, "plan", "--format", "json")
    assert reconciler("-C", tmp_path, "plan", "--format", "json", variables={"HUAWEICLOUD_SDK_SK": value}) == plain


def test_a_secret_in_an_error_is_masked_with_debug_too(tmp_path):
    run = reconciler("-C", tmp_path, "--debug", "plan", "-e", CANARY, variables={"HW_AUTH_TOKEN": CANARY})
    assert run.code == 1
    run = reconciler("-C", tmp_path, "--debug", "show", f"{CANARY}.json", variables={"HW_AUTH_TOKEN": CANARY})
    assert run.code == 1
    assert "cannot be read" in run.err
    assert CANARY not in run.err
