"""Every ledger entry of the nasty inputs that is about the database; the number of the entry is in the test's name.

L004, L005 and L015 (a ledger gone, old or of another place) are about plans: tests/apply/test_ownership.py. L010 and
L011 are in test_lock. L013 to L018 are about saved plans.
"""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.errors import LedgerError
from reconciler.ledger.database import CommitUnknownError
from reconciler.ledger.sql_ledger import open_ledger
from reconciler.model.run_history import RunRecord
from tests.support.ledger_rows import OWNER, SCOPE, filled, intent, outcome, remembered

ROOT = Path(__file__).parents[2]

FULL = """
import resource, sys
from reconciler.errors import LedgerError
from tests.support.ledger_rows import *
ledger = open_ledger(sys.argv[1])
with ledger.lock(SCOPE, OWNER) as held:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    done = 0
    try:
        for number in range(200):
            held.check()
            ledger.record_intent(SCOPE, "r", intent(f"new{number}"))
            done += 1
    except LedgerError as error:
        print(done, error.code)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


@pytest.mark.parametrize("room", [0, 600, 20_000, 60_000, 100_000])
def test_l001_a_full_disk_is_an_error_before_any_call_and_what_was_kept_is_whole(tmp_path: Path, room: int) -> None:
    path = filled(tmp_path / "ledger.db")
    done = subprocess.run(
        [sys.executable, "-c", FULL, f"sqlite:///{path}", str(room)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    kept, error = done.stdout.split()
    assert error == "E_LEDGER_WRITE"
    past = open_ledger(f"sqlite:///{path}").load_state(SCOPE, OWNER)
    names = [each.operation for each in past.intents]
    assert names == ["open", *(f"new{number}" for number in range(int(kept)))]
    assert len(past.objects) == 20


@pytest.mark.parametrize("damage", ["truncate", "half", "empty", "text"])
def test_l003_a_torn_file_is_refused(tmp_path: Path, damage: str) -> None:
    path = filled(tmp_path / "ledger.db")
    data = path.read_bytes()
    path.write_bytes(
        {"truncate": data[:-700], "half": data[: len(data) // 2], "empty": b"", "text": b"not a database" * 100}[damage]
    )
    ledger = open_ledger(f"sqlite:///{path}")
    if damage == "empty":  # to SQLite that is a database nobody has written to: nothing is owned
        assert not ledger.load_state(SCOPE, OWNER).present
        return
    with pytest.raises(LedgerError) as error:
        ledger.load_state(SCOPE, OWNER)
    assert error.value.code == "E_LEDGER_DAMAGED"


def flipped(path: Path, times: int, seed: int) -> None:
    whole = filled(path / "whole.db")
    expected = open_ledger(f"sqlite:///{whole}").load_state(SCOPE, OWNER)
    dice, data = random.Random(seed), whole.read_bytes()
    for number in range(times):
        place = dice.randrange(len(data))
        damaged = path / "damaged.db"
        damaged.write_bytes(data[:place] + bytes([data[place] ^ (1 << dice.randrange(8))]) + data[place + 1 :])
        try:
            past = open_ledger(f"sqlite:///{damaged}").load_state(SCOPE, OWNER)
        except LedgerError:
            continue
        wrong = [key for key, thing in past.objects.items() if expected.objects.get(key) != thing]
        assert wrong == [], (number, place)
        assert not past.present or past.intents == expected.intents, (number, place)


def test_l003_no_flipped_bit_is_ever_read_as_something_else(tmp_path: Path) -> None:
    flipped(tmp_path, 120, seed=1)


@pytest.mark.deep
def test_l003_five_thousand_flipped_bits(tmp_path: Path) -> None:
    flipped(tmp_path, 5000, seed=2)


def test_l002_killed_in_the_middle_of_a_commit_the_last_commit_stands(tmp_path: Path) -> None:
    path = filled(tmp_path / "ledger.db")
    before = open_ledger(f"sqlite:///{path}").load_state(SCOPE, OWNER)
    script = f"""
import os, sqlite3
connection = sqlite3.connect({str(path)!r}, isolation_level=None)
connection.execute("PRAGMA cache_size=1")
connection.execute("PRAGMA cache_spill=1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE reconciler_objects SET owner = 'half a transaction', last_applied = hex(randomblob(5000))")
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", script], check=False)
    assert (tmp_path / "ledger.db-journal").exists(), "the kill left a hot journal"
    assert open_ledger(f"sqlite:///{path}").load_state(SCOPE, OWNER) == before


def test_l006_nothing_but_the_file_and_its_rollback_journal_is_made(tmp_path: Path) -> None:
    """Network file systems cannot hold the shared memory of a write-ahead log; there is none."""
    path = tmp_path / "ledger.db"
    seen: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.update(entry.name for entry in tmp_path.iterdir())

    watcher = threading.Thread(target=watch)
    watcher.start()
    filled(path)
    done.set()
    watcher.join()
    assert seen <= {"ledger.db", "ledger.db-journal", ".gitignore"}


def test_l006_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LedgerError, match="cannot be used") as error:
        open_ledger(f"sqlite:///{tmp_path}/file/ledger.db").record_intent(SCOPE, "r", intent("a"))
    assert "nothing further was sent" in error.value.hint


@pytest.mark.postgres
def test_l008_the_lock_needs_no_session(postgres_url: str) -> None:
    """Every transaction over another connection, as a pooler in transaction mode hands them out."""
    import psycopg

    ledger = open_ledger(postgres_url)
    with ledger.lock(SCOPE, OWNER) as held:
        for number in range(5):
            with psycopg.connect(postgres_url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            held.check()
            ledger.record_intent(SCOPE, "r", intent(f"op{number}"))
        assert len(ledger.load_state(SCOPE, OWNER).intents) == 5
    ledger.close()


class Dropping:
    """Relays bytes to a PostgreSQL server, and drops the connection where the answer to a COMMIT would come."""

    def __init__(self, port: int, *, commit_arrives: bool) -> None:
        import socket

        self.armed = False
        self._commit_arrives = commit_arrives
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        import socket

        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            threading.Thread(target=self._relay, args=(client, server), daemon=True).start()

    def _relay(self, client: "object", server: "object") -> None:
        import select

        try:
            while True:
                ready, _, _ = select.select([client, server], [], [], 30)
                if not ready:
                    return
                for source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is client and self.armed and b"COMMIT" in data:
                        self.armed = False
                        if self._commit_arrives:
                            server.sendall(data)  # type: ignore[attr-defined]
                            server.recv(65536)  # type: ignore[attr-defined]
                        return
                    (server if source is client else client).sendall(data)  # type: ignore[attr-defined]
        finally:
            client.close()  # type: ignore[attr-defined]
            server.close()  # type: ignore[attr-defined]

    def close(self) -> None:
        self._listener.close()


@pytest.mark.postgres
@pytest.mark.parametrize("commit_arrives", [True, False])
def test_l009_a_lost_answer_to_commit_is_settled_by_reading_back(postgres_url: str, commit_arrives: bool) -> None:
    port = int(postgres_url.rpartition(":")[2].partition("/")[0])
    wire = Dropping(port, commit_arrives=commit_arrives)
    ledger = open_ledger(postgres_url.replace(f":{port}/", f":{wire.port}/"))
    ledger.record_intent(SCOPE, "r", intent("first"))
    wire.armed = True
    ledger.record_intent(SCOPE, "r", intent("second"))
    wire.armed = True
    ledger.record_outcome(SCOPE, "r", intent("second"), outcome("7"), remembered("7"))
    ledger.close()
    wire.close()
    direct = open_ledger(postgres_url)
    assert [each.operation for each in direct.load_state(SCOPE, OWNER).intents] == ["first"]
    assert list(direct.load_state(SCOPE, OWNER).objects) == [("K", "7")]
    assert len(direct.list_entries(SCOPE)) == 2
    direct.close()


@pytest.mark.postgres
def test_a_server_that_is_gone_is_an_error_that_says_so(postgres_url: str) -> None:
    gone = postgres_url.replace(postgres_url.rpartition(":")[2], "1/nothing")
    with pytest.raises(CommitUnknownError, match="cannot be reached") as caught:
        open_ledger(gone).load_state(SCOPE, OWNER)
    assert "PostgreSQL server" in caught.value.hint
    assert "RECONCILER_LEDGER" in caught.value.hint


def test_l004_a_deleted_ledger_owns_nothing(tmp_path: Path) -> None:
    path = filled(tmp_path / "ledger.db")
    assert len(open_ledger(f"sqlite:///{path}").load_state(SCOPE, OWNER).objects) == 20
    os.unlink(path)
    past = open_ledger(f"sqlite:///{path}").load_state(SCOPE, OWNER)
    assert (past.present, past.objects) == (False, {})


def test_a_copy_of_the_file_is_a_copy_of_the_ledger(tmp_path: Path) -> None:
    path = filled(tmp_path / "ledger.db")
    shutil.copy(path, tmp_path / "copy.db")
    assert open_ledger(f"sqlite:///{tmp_path}/copy.db").load_state(SCOPE, OWNER) == open_ledger(
        f"sqlite:///{path}"
    ).load_state(SCOPE, OWNER)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE reconciler_journal SET open = 0 WHERE operation = 'open'",
        "UPDATE reconciler_journal SET scope = '127.0.0.1 p1!' WHERE operation = 'open'",
        "UPDATE reconciler_journal SET intent = CAST(intent AS BLOB) WHERE operation = 'open'",
        "UPDATE reconciler_journal SET run = x'ff' WHERE operation = 'open'",
        "UPDATE reconciler_objects SET owner = CAST(owner AS BLOB)",
        "UPDATE reconciler_objects SET seal = x'00'",
        "UPDATE reconciler_runs SET schema = 'one'",
        "UPDATE reconciler_lease SET digest_key = 'no key'",
        "UPDATE reconciler_lease SET digest_key = x'00ff'",
    ],
)
def test_l003_damage_that_a_query_would_step_over_is_told(tmp_path: Path, damage: str) -> None:
    whole = filled(tmp_path / "ledger.db")
    made = open_ledger(f"sqlite:///{whole}")
    made.start(RunRecord(id="r", scope=SCOPE, owner=OWNER, command="apply"))
    with made.lock(SCOPE, OWNER):
        pass
    made.close()
    with closing(sqlite3.connect(whole)) as connection, connection:
        assert connection.execute(damage).rowcount
    with pytest.raises(LedgerError) as caught:
        open_ledger(f"sqlite:///{whole}").load_state(SCOPE, OWNER)
    assert caught.value.code == "E_LEDGER_DAMAGED"
