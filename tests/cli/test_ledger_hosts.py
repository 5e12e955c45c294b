"""A ledger named by a project file or a fleet row: its server hears of nothing until the operator allows it."""

import json

import pytest

from tests.support.command_line import project, reconciler, room
from tests.support.fake_postgres import fake_postgres

pytest.importorskip("psycopg")

CANARY = "canary-0123456789"


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("PGPASSWORD", CANARY)


@pytest.fixture
def server():
    with fake_postgres() as server:
        yield server


def folder(tmp_path, url, name="demo"):
    place = f'  away: {{endpoint: "simulator:live.yaml", ledger: "{url}"}}\n'
    return project(tmp_path, {"rooms/one.yaml": room("One")}, more=place)


@pytest.mark.parametrize(
    "command",
    [
        ("plan", "-e", "away"),
        ("apply", "-e", "away", "--auto-approve"),
        ("audit", "-e", "away"),
        ("history", "-e", "away"),
        ("history", "prune", "--keep", "1", "-e", "away"),
        ("history", "resolve", "x", "--not-created", "-e", "away"),
        ("lock", "list", "-e", "away"),
        ("lock", "release", "x", "-e", "away"),
        ("explain", "-e", "away", 'SmartLiveRoom["One"]'),
    ],
)
@pytest.mark.parametrize("query", ["", "?passfile=/dev/null", "?host=127.0.0.1"])
def test_no_command_speaks_to_the_server_of_a_project_file(tmp_path, server, command, query):
    folder(tmp_path, f"postgresql://u@127.0.0.1:{server.port}/db{query}")
    run = reconciler("-C", tmp_path, *command, variables={"PGPASSWORD": CANARY})
    assert server.connections == 0
    assert run.code in {1, 3}, run.out
    assert ("E_URL_HOST" if not query else "E_LEDGER_URL") in run.out + run.err
    assert CANARY not in run.out + run.err


def test_no_command_speaks_to_the_server_of_a_fleet_row(tmp_path, server):
    folder(tmp_path, "sqlite:///.reconciler/a.db")
    rows = f"name,ledger\nnorth,postgresql://u@127.0.0.1:{server.port}/db\nsouth,\n"
    (tmp_path / "fleet.csv").write_text(rows)
    run = reconciler("-C", tmp_path, "audit", "-e", "demo", "--fleet", "fleet.csv", "--format", "json")
    assert server.connections == 0
    assert "E_URL_HOST" in run.out + run.err
    assert {one["environment"] for one in json.loads(run.out)["plans"]} >= {"south"}


@pytest.mark.parametrize("allowed", ["127.0.0.1", "https://127.0.0.1:PORT", "http://127.0.0.1:PORT", "127.0.0.1:1"])
def test_an_entry_for_another_port_or_protocol_allows_no_database(tmp_path, server, allowed):
    folder(tmp_path, f"postgresql://u@127.0.0.1:{server.port}/db")
    listed = allowed.replace("PORT", str(server.port))
    run = reconciler("-C", tmp_path, "plan", "-e", "away", variables={"RECONCILER_ALLOWED_HOSTS": listed})
    assert server.connections == 0
    assert "E_URL_HOST" in run.err
    assert f"RECONCILER_ALLOWED_HOSTS=127.0.0.1:{server.port}" in run.err


def test_the_operator_allows_a_server_by_name(tmp_path, server):
    folder(tmp_path, f"postgresql://u@127.0.0.1:{server.port}/db")
    variables = {"RECONCILER_ALLOWED_HOSTS": f"127.0.0.1:{server.port}", "RECONCILER_DIGEST_KEY": "k" * 40}
    run = reconciler("-C", tmp_path, "plan", "-e", "away", variables=variables)
    assert CANARY.encode() in server.everything
    assert "E_LEDGER_LOST" in run.err


def test_the_operators_ledger_wins_over_every_other(tmp_path, server):
    folder(tmp_path, f"postgresql://u@127.0.0.1:{server.port}/db")
    variables = {"RECONCILER_LEDGER": "sqlite:///.reconciler/mine.db"}
    for environment in ("away", "demo"):
        run = reconciler("-C", tmp_path, "apply", "-e", environment, "--auto-approve", variables=variables)
        assert run.code == 0, run.err
        assert "1" in reconciler("-C", tmp_path, "history", "-e", environment, variables=variables).out
    assert (tmp_path / ".reconciler/mine.db").is_file()
    assert server.connections == 0


def test_the_password_in_the_operators_url_is_told_nowhere(tmp_path, server):
    folder(tmp_path, "sqlite:///.reconciler/a.db")
    url = f"postgresql://u:canary%2Dsecret@127.0.0.1:{server.port}/db"
    variables = {"RECONCILER_LEDGER": url, "RECONCILER_DIGEST_KEY": "k" * 40}
    run = reconciler("-C", tmp_path, "plan", "-e", "away", variables=variables)
    assert b"canary-secret" in server.everything
    assert "canary" not in run.out + run.err


@pytest.mark.parametrize("url", ["mysql://u:canary@h/db", "sqlite+aiosqlite:///x.db", "postgresql+asyncpg://h/db", "x"])
@pytest.mark.parametrize("operator", [True, False])
def test_another_database_is_refused_and_its_url_is_not_quoted(tmp_path, url, operator):
    folder(tmp_path, "sqlite:///.reconciler/a.db" if operator else url)
    variables = {"RECONCILER_LEDGER": url} if operator else {}
    run = reconciler("-C", tmp_path, "plan", "-e", "away", variables=variables)
    assert run.code == 1
    assert "E_LEDGER_URL" in run.err or "E_PROJECT_VALUE" in run.err  # where a file may be, the project file is told
    assert "canary" not in run.err
