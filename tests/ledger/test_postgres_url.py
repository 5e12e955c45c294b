"""A ledger's server is a host like any other: a project file may name it, the operator allows it.

A PostgreSQL server on loopback keeps what it is sent. Every URL is tried as the project file's; the process holds every
secret that libpq finds by itself.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.errors import LedgerError
from reconciler.ledger.sql_ledger import Trust, open_ledger
from tests.support.fake_postgres import fake_postgres

pytest.importorskip("psycopg")

CANARY = "canary-0123456789"

OPENS = """
import sys
from reconciler.errors import LedgerError
from reconciler.ledger.sql_ledger import Trust, open_ledger
operator, allowed, *urls = sys.argv[1:]
for url in urls:
    try:
        trust = Trust(operator=operator == "1", allowed_hosts=allowed)
        open_ledger(url, trust=trust, busy_seconds=2).load_state("s", "o")
        print("E_NONE")
    except LedgerError as error:
        print(error.code, error.message, error.hint)
"""


def opened(folder: Path, *urls: str, allowed: str = "", operator: bool = False, **variables: str) -> list[str]:
    """Open ledgers in a process that holds secrets in all places of libpq's; return what each says."""
    (folder / ".pgpass").write_text(f"*:*:*:*:{CANARY}-passfile\n")
    (folder / ".pgpass").chmod(0o600)
    (folder / "service.conf").write_text(f"[mine]\npassword={CANARY}-service\n")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PGSERVICEFILE": str(folder / "service.conf")}
    arguments = [sys.executable, "-c", OPENS, "1" if operator else "0", allowed, *urls]
    done = subprocess.run(
        arguments, env=environment | variables, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert CANARY not in done.stdout
    return done.stdout.splitlines()


SECRETS = {"variable": {"PGPASSWORD": CANARY}, "password file": {}, "service file": {"PGSERVICE": "mine"}}


URLS = [
    "postgresql://u@127.0.0.1:PORT/db",
    "postgres://u@127.0.0.1:PORT/db",
    "postgresql+psycopg://u@127.0.0.1:PORT/db",
    "postgresql://u:written@127.0.0.1:PORT/db",
    "postgresql://localhost:PORT/db",
    "postgresql://u@127.0.0.1:PORT/db?sslmode=disable",
    "postgresql://allowed.example:5432/db?host=127.0.0.1&port=PORT",
    "postgresql://allowed.example:5432/db?hostaddr=127.0.0.1&port=PORT",
    "postgresql://allowed.example/db?host=127.0.0.1:PORT",
    "postgresql:///db?host=127.0.0.1:PORT",
    "postgresql://allowed.example:5432,127.0.0.1:PORT/db",
    "postgresql://127.0.0.1:PORT,allowed.example:5432/db",
    "postgresql://allowed.example@127.0.0.1:PORT/db",
    "postgresql://u@%31%32%37.0.0.1:PORT/db",
    "postgresql://u@allowed.example%2f@127.0.0.1:PORT/db",
    "postgresql://u@allowed.example\\@127.0.0.1:PORT/db",
    "postgresql://u@LOCALHOST:PORT/db",
    "POSTGRESQL://u@127.0.0.1:PORT/db",
    "postgresql://u@[::ffff:127.0.0.1]:PORT/db",
    "postgresql://u@2130706433:PORT/db",
    "postgresql:///db",
    "postgresql://",
    "postgresql://u@/db?service=mine",
    "postgresql://allowed.example/host=127.0.0.1 port=PORT",
]


@pytest.mark.parametrize("place", SECRETS)
def test_a_server_that_the_operator_has_not_allowed_is_sent_nothing(tmp_path, place):
    with fake_postgres() as server:
        variables = SECRETS[place] | {"PGHOST": "127.0.0.1", "PGHOSTADDR": "127.0.0.1", "PGPORT": str(server.port)}
        urls = [url.replace("PORT", str(server.port)) for url in URLS]
        allowed = f"allowed.example http://127.0.0.1:{server.port} https://127.0.0.1:{server.port} localhost"
        said = opened(tmp_path, *urls, allowed=allowed, **variables)
    assert len(said) == len(urls)
    for url, line in zip(urls, said, strict=True):
        assert line.split()[0] in {"E_URL_HOST", "E_LEDGER_URL"}, (url, line)
        assert "written" not in line
    assert (server.connections, server.everything) == (0, b"")


@pytest.mark.parametrize(
    "key",
    [
        "passfile",
        "service",
        "servicefile",
        "sslkey",
        "sslcert",
        "sslpassword",
        "sslrootcert",
        "sslcrl",
        "host",
        "hostaddr",
        "port",
        "user",
        "password",
        "dbname",
        "options",
        "krbsrvname",
        "gsslib",
        "gssencmode",
        "connect_timeout",
        "load_balance_hosts",
        "sslkeylogfile",
        "requirepeer",
        "oauth_issuer",
        "SSLMODE",
        "fallback_application_name",
    ],
)
def test_a_project_file_may_set_no_parameter_but_the_listed_ones(tmp_path, key):
    with fake_postgres() as server:
        allowed = f"127.0.0.1:{server.port}"
        with pytest.raises(LedgerError, match=f"may not say `{key}`") as caught:
            open_ledger(f"postgresql://{allowed}/db?{key}=x", trust=Trust(operator=False, allowed_hosts=allowed))
    assert caught.value.code == "E_LEDGER_URL"
    assert server.connections == 0


@pytest.mark.parametrize("query", ["sslmode=disable&sslmode=verify-full", "sslmode", "sslmode=", "sslmode=a;host=b"])
def test_a_parameter_has_one_value(query):
    with pytest.raises(LedgerError) as caught:
        open_ledger(f"postgresql://db.example/db?{query}", trust=Trust(operator=False, allowed_hosts="db.example"))
    assert caught.value.code == "E_LEDGER_URL"


@pytest.mark.parametrize("demand", ["cleartext", "md5", "scram"])
@pytest.mark.parametrize("entry", ["127.0.0.1:PORT", "postgresql://127.0.0.1:PORT", "x.example, 127.0.0.1:PORT"])
def test_an_allowed_server_is_logged_in_at_with_the_operators_password(tmp_path, demand, entry):
    with fake_postgres(demand) as server:
        url, entry = f"postgresql://u@127.0.0.1:{server.port}/db", entry.replace("PORT", str(server.port))
        said = opened(tmp_path, url, allowed=entry, PGPASSWORD=CANARY, PGHOSTADDR="192.0.2.1")
    assert said[0].startswith("E_LEDGER_LOST")
    assert "folder" not in "".join(said)
    assert server.startups[0]["user"] == "u"
    assert server.startups[0]["database"] == "db"
    assert (CANARY.encode() in server.everything) == (demand == "cleartext")


def test_the_operators_own_url_is_spoken_to_whole(tmp_path):
    with fake_postgres() as server:
        socket = f"127.0.0.1:{server.port}"
        urls = [
            f"postgresql://u:{CANARY}-url@/db?host={socket}",
            f"postgres://u@{socket}/db?passfile={tmp_path}/.pgpass",
        ]
        opened(tmp_path, *urls, operator=True)
    assert f"{CANARY}-url".encode() in server.everything
    assert f"{CANARY}-passfile".encode() in server.everything


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca"])
def test_beyond_loopback_a_project_file_cannot_weaken_tls(mode):
    with pytest.raises(LedgerError) as caught:
        open_ledger(
            f"postgresql://u@db.example/db?sslmode={mode}", trust=Trust(operator=False, allowed_hosts="db.example")
        )
    assert caught.value.code == "E_LEDGER_TLS"


@pytest.mark.parametrize(
    "url",
    ["mysql://u@h/db", "postgresql+asyncpg://h/db", "postgresql+psycopg2://h/db", "mssql+pyodbc://h/d", "oracle:"],
)
@pytest.mark.parametrize("operator", [True, False])
def test_a_database_or_driver_other_than_ours_is_refused(url, operator):
    with pytest.raises(LedgerError) as caught:
        open_ledger(url, trust=Trust(operator=operator, allowed_hosts="h u"))
    assert caught.value.code == "E_LEDGER_URL"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://HOST:0/db",
        "postgresql://HOST:65536/db",
        "postgresql://user%00@HOST/db",
        "postgresql://user:pass%0aword@HOST/db",
        "postgresql://HOST,other.example/db",
        "postgresql://HOST.EXAMPLE/db",
        "postgresql://%2ftmp%2fsocket/db",
        "postgresql:///db?host=/tmp",
        "postgresql://HOST/db%20host=other",
        "postgresql://HOST/db?%73slmode=disable",
        "postgresql://user@HOST@other.example/db",
        "postgresql://HOST/db\n",
    ],
)
def test_what_is_not_plainly_one_host_and_port_is_refused_whatever_is_allowed(url):
    entries = "db.example:0, db.example:65536, db.example, other.example"
    with pytest.raises(LedgerError) as caught:
        open_ledger(url.replace("HOST", "db.example"), trust=Trust(operator=False, allowed_hosts=entries))
    assert caught.value.code == "E_LEDGER_URL"
