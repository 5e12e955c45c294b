"""Secrets of the environment are in no output, and a short value hides nothing else."""

import base64
import json

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


@pytest.mark.parametrize(("value", "hidden"), [("", False), ("1", True), ("short", True), ("name", False)])
def test_a_short_secret_is_masked_and_the_structure_of_a_plan_stays(tmp_path, value, hidden):
    """P021, P022."""
    project(tmp_path, {"rooms/one.yaml": room("One", "room_description: 1 short story")})
    plain = json.loads(reconciler("-C", tmp_path, "plan", "--format", "json").out)
    run = reconciler("-C", tmp_path, "plan", "--format", "json", variables={"HUAWEICLOUD_SDK_SK": value})
    plan = json.loads(run.out)
    told = plan["resource_changes"][0]["change"]["after"]["room_description"]
    assert plan.keys() == plain.keys()
    assert plan["resource_changes"][0]["fingerprints"] == plain["resource_changes"][0]["fingerprints"]
    assert (value not in told) if hidden else (told == "1 short story")


NOT_UTF8 = b"caf\xe9-long-password".decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("name", [*NAMES, "RECONCILER_PROXY", "RECONCILER_ALLOWED_HOSTS", "HOME", "ELSE"])
@pytest.mark.parametrize(
    "command", [["--version"], ["validate"], ["plan"], ["render"], ["history"], ["schema", "plan"]]
)
def test_a_variable_that_is_not_utf_8_ends_no_command_in_a_traceback(tmp_path, name, command):
    """X010."""
    project(tmp_path, {"rooms/one.yaml": room("One")})
    run = reconciler("-C", tmp_path, "--debug", *command, variables={name: NOT_UTF8})
    assert "Traceback" not in run.err + run.out
    assert "E_INTERNAL" not in run.err
    assert "long-password" not in run.err + run.out


@pytest.mark.parametrize(("value", "code"), [("abc", "E_SECRET_SHORT"), (NOT_UTF8, "E_SECRET_ENCODING")])
def test_apply_refuses_a_secret_that_must_not_be_sent_and_names_its_variable(tmp_path, value, code):
    project(tmp_path, {"rooms/one.yaml": room("One", "live_event_callback_config: {live_event_type_callback_url: x}")})
    (tmp_path / "rooms/one.yaml").write_text(room("One", "stream_keys: [{secret: KEY}]"))
    run = reconciler("-C", tmp_path, "apply", "--auto-approve", variables={"RECONCILER_SECRET_KEY": value})
    assert run.code == 1
    assert code in run.err
    assert "RECONCILER_SECRET_KEY" in run.err
    assert value not in run.err + run.out


def test_a_ledger_in_postgresql_needs_the_operators_key_before_anything_is_sent(tmp_path):
    project(tmp_path, {"rooms/one.yaml": room("One")})
    for command in (["plan"], ["apply", "--auto-approve"]):
        run = reconciler("-C", tmp_path, *command, variables={"RECONCILER_LEDGER": "postgresql://u@127.0.0.1:1/d"})
        assert run.code == 1
        assert "E_LEDGER_KEY" in run.err
        assert "RECONCILER_DIGEST_KEY" in run.err


def test_a_secret_in_an_error_is_masked_with_debug_too(tmp_path):
    canary = CANARIES["HW_AUTH_TOKEN"]
    run = reconciler("-C", tmp_path, "--debug", "show", f"{canary}.json", variables=CANARIES)
    assert run.code == 1
    assert "cannot be read" in run.err
    assert canary not in run.err
