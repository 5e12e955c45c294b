"""One holder at a time, by the database's clock; who was paused past its lease finds out before it writes."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reconciler.errors import LedgerError, LockedError
from reconciler.ledger.sql_ledger import open_ledger

SCOPE, OWNER = "127.0.0.1 p1 ", "shop/production"


def test_the_lock_has_one_holder_and_the_refusal_names_it(url: str) -> None:
    first, second = open_ledger(url), open_ledger(url)
    with first.lock(SCOPE, OWNER) as held:
        with pytest.raises(LockedError) as error, second.lock(SCOPE, "night audit"):
            pass
        assert error.value.exit_code == 4
        assert held.id in str(error.value)
        assert OWNER in str(error.value)
        assert f"process {os.getpid()}" in str(error.value)
        assert f"lock release {held.id}" in error.value.hint
        with second.lock("another scope", OWNER):
            held.check()
    with second.lock(SCOPE, OWNER):
        pass
    assert second.list_locks() == ()


def test_the_list_of_locks_says_who_since_when_and_which_lapsed(url: str) -> None:
    now = [1_000_000_000.0]
    ledger = open_ledger(url, clock=lambda: now[0], lease_seconds=60)
    with ledger.lock(SCOPE, OWNER) as held:
        (holder,) = ledger.list_locks()
        assert (holder.lock_id, holder.scope, holder.owner, holder.epoch) == (held.id, SCOPE, OWNER, 1)
        assert (holder.since, holder.until) == ("2001-09-09T01:46:40Z", "2001-09-09T01:47:40Z")
        assert not holder.lapsed
        now[0] += 61
        assert ledger.list_locks()[0].lapsed


def test_a_lease_is_renewed_by_each_check(url: str) -> None:
    now = [1_000_000_000.0]
    ledger = open_ledger(url, clock=lambda: now[0], lease_seconds=60)
    with ledger.lock(SCOPE, OWNER) as held:
        for _ in range(5):
            now[0] += 59
            held.check()


def test_a_holder_paused_past_its_lease_fails_its_next_check_even_if_nobody_came(url: str) -> None:
    now = [1_000_000_000.0]
    ledger = open_ledger(url, clock=lambda: now[0], lease_seconds=60)
    with ledger.lock(SCOPE, OWNER) as held:
        now[0] += 60
        with pytest.raises(LockedError, match="ran out"):
            held.check()


def test_a_lapsed_lock_goes_to_the_next_and_the_old_holder_neither_writes_nor_frees_it(url: str) -> None:
    now = [1_000_000_000.0]
    first = open_ledger(url, clock=lambda: now[0], lease_seconds=60)
    second = open_ledger(url, clock=lambda: now[0], lease_seconds=60)
    with first.lock(SCOPE, OWNER) as old:
        now[0] += 61
        with second.lock(SCOPE, OWNER) as new:
            assert new.epoch == old.epoch + 1
            with pytest.raises(LockedError, match=new.id):
                old.check()
    with second.lock(SCOPE, OWNER) as new:
        first_again = open_ledger(url)
        assert [holder.lock_id for holder in first_again.list_locks()] == [new.id]


@pytest.mark.parametrize("wrong", ["", "0123456789abcdef", "%", "' OR 1=1 --"])
def test_a_lock_is_released_only_by_its_exact_id(url: str, wrong: str) -> None:
    ledger = open_ledger(url)
    with ledger.lock(SCOPE, OWNER) as held:
        with pytest.raises(LedgerError, match="nothing was released") as error:
            ledger.break_lock(wrong)
        assert error.value.code == "E_LOCK_ID"
        held.check()
        assert ledger.break_lock(held.id).owner == OWNER
        with pytest.raises(LockedError):
            held.check()


HOLD = """
import sys, time
from reconciler.ledger.sql_ledger import open_ledger
from reconciler.errors import LockedError
ledger = open_ledger(sys.argv[1], lease_seconds=float(sys.argv[2]))
with ledger.lock("127.0.0.1 p1 ", "child") as held:
    print("held", flush=True)
    sys.stdin.readline()
    try:
        held.check()
        print("mine", flush=True)
    except LockedError:
        print("lost", flush=True)
"""


@pytest.fixture
def holder(url: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, url, "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process  # type: ignore[misc]
    process.kill()
    process.communicate()


def test_a_stopped_process_has_lost_its_lock_when_it_wakes(url: str, holder: "subprocess.Popen[str]") -> None:
    holder.send_signal(signal.SIGSTOP)
    ledger = open_ledger(url)
    with pytest.raises(LockedError), ledger.lock(SCOPE, OWNER):
        pass
    pause = threading.Event()
    for _ in range(100):
        pause.wait(0.1)
        if ledger.list_locks()[0].lapsed:
            break
    with ledger.lock(SCOPE, OWNER):
        holder.send_signal(signal.SIGCONT)
        assert holder.communicate("\n", timeout=30)[0] == "lost\n"


def test_the_lock_of_a_killed_process_is_free_at_once(url: str, holder: "subprocess.Popen[str]") -> None:
    holder.kill()
    holder.wait()
    with open_ledger(url, lease_seconds=3600).lock(SCOPE, OWNER) as held:
        assert held.epoch == 2


def test_many_who_ask_at_once_are_never_two_inside(url: str) -> None:
    inside: list[int] = []
    most: list[int] = []
    barrier = threading.Barrier(4)

    def ask(number: int) -> None:
        ledger = open_ledger(url)
        barrier.wait(30)
        for _ in range(10):
            try:
                with ledger.lock(SCOPE, f"asker {number}") as held:
                    inside.append(number)
                    most.append(len(inside))
                    held.check()
                    inside.remove(number)
            except LockedError:
                continue
        ledger.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert max(most) == 1


def test_a_database_that_stays_locked_is_a_clear_error_after_a_limit(tmp_path: Path) -> None:
    import sqlite3

    url = f"sqlite:///{tmp_path}/ledger.db"
    open_ledger(url).record_owned(SCOPE, "r", (), {})
    blocker = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    ledger = open_ledger(url, busy_seconds=0.3)
    with pytest.raises(LedgerError, match="stayed locked by another process for") as error:
        ledger.record_owned(SCOPE, "r", (), {})
    assert error.value.code == "E_LEDGER_BUSY"
    blocker.execute("ROLLBACK")
    blocker.close()
    ledger.record_owned(SCOPE, "r", (), {})
