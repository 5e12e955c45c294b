"""Opening an environment: what is ours, whose ledger it is, and what a snapshot cannot do."""

from pathlib import Path

import pytest

from reconciler.errors import AuthError, LedgerError, UsageError
from reconciler.project.config_file import load_project, parse_project
from reconciler.project.environment_session import LiveAccess, open_environment
from reconciler.project.environment_variables import CredentialLookup, check_variables, named_secrets, redactor
from reconciler.project.ledger_access import load_ledger_state, scope_key
from tests.support.command_line import project, reconciler, room

PROJECT = "0" * 32


def parsed(text):
    return parse_project(f"name: shop\nmanifests: [rooms]\nenvironments:\n{text}".encode(), root=Path())


def test_two_prefixes_of_one_project_share_one_scope_and_another_user_does_not():
    keys = f"region: cn-north-4, project_id: {PROJECT}"
    found = parsed(
        f"  a: {{{keys}, scope: {{name_prefix: a-}}}}\n  b: {{{keys}}}\n  c: {{{keys}, app_user_id: c}}\n"
    ).environments
    assert scope_key(found["a"]) == scope_key(found["b"]) != scope_key(found["c"])
    assert PROJECT in scope_key(found["a"])


def test_the_owner_is_project_and_environment():
    assert parsed('  a: {endpoint: "simulator:x"}\n').owner("a") == "shop/a"


def test_no_ledger_is_opened_or_made_where_none_was_written(tmp_path):
    project(tmp_path, {"rooms/one.yaml": room("One")})
    whole = load_project(tmp_path)
    assert not load_ledger_state(whole, "demo", {}).present
    assert sorted(path.name for path in tmp_path.iterdir()) == ["live.yaml", "reconciler.yaml", "rooms"]


def test_a_snapshot_cannot_be_written_to(tmp_path):
    project(tmp_path, {"rooms/one.yaml": room("One")})
    assert reconciler("-C", tmp_path, "snapshot", "-o", "live.json").code == 0
    access = LiveAccess(variables={}, live=tmp_path / "live.json")
    with open_environment(load_project(tmp_path), "demo", access) as opened, pytest.raises(UsageError):
        opened.writer("http", print)


def test_an_untrusted_project_has_neither_endpoint_nor_ledger(tmp_path):
    project(tmp_path, {"rooms/one.yaml": room("One")})
    whole = load_project(tmp_path, untrusted=True)
    with pytest.raises(UsageError, match="--live"):
        open_environment(whole, "demo", LiveAccess(variables={}))
    assert reconciler("-C", tmp_path, "snapshot", "-o", "live.json").code == 0
    with (
        open_environment(whole, "demo", LiveAccess(variables={}, live=tmp_path / "live.json")) as opened,
        pytest.raises(LedgerError),
    ):
        opened.ledger()


def test_credentials_of_one_prefix_are_never_those_of_another():
    variables = CredentialLookup(values={"HW_AUTH_TOKEN": "plain", "B_HW_AUTH_TOKEN": "b"}, prefix="B_")
    assert variables.need("HW_AUTH_TOKEN") == ("b",)
    with pytest.raises(AuthError, match="C_HW_AUTH_TOKEN"):
        CredentialLookup(values=variables.values, prefix="C_").need("HW_AUTH_TOKEN")


def test_secrets_are_in_no_repr():
    access = LiveAccess(variables={"HW_AUTH_TOKEN": "canary0123"})
    assert "canary" not in repr(access) + repr(CredentialLookup(values=access.variables)) + repr(
        redactor(access.variables)
    )


def test_named_secrets_are_those_with_the_prefix_and_a_value():
    assert named_secrets({"RECONCILER_SECRET_KEY": "v", "RECONCILER_SECRET_EMPTY": "", "KEY": "x"}) == {"KEY": "v"}


@pytest.mark.parametrize("name", ["RECONCILER_WRITR", "RECONCILER_SK", "RECONCILER_"])
def test_an_unknown_variable_of_ours_is_refused(name):
    with pytest.raises(UsageError, match=name):
        check_variables({name: "x"})


@pytest.mark.parametrize("name", ["RECONCILER_WRITER", "RECONCILER_SECRET_A", "RECONCILER_WRITER_URL", "PATH"])
def test_a_known_variable_is_taken(name):
    check_variables({name: "x"})
