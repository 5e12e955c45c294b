"""The child that renders has nothing to take and cannot outlive its limits."""

import errno
import mmap
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.template import marked_text
from reconciler.manifest.template.exceptions import OutOfTimeError
from reconciler.manifest.template.renderer import render
from reconciler.manifest.template.sandbox import Sandbox
from reconciler.manifest.template.system_calls import restrict_system_calls
from reconciler.manifest.template.template_worker import rendered
from reconciler.manifest.template.worker_process import (
    WorkerChannel,
    WorkerDiedError,
    WorkerLimits,
    WorkerProcess,
    time_limit,
)

QUICK = WorkerLimits(wall=20.0)
CONFINES = os.uname().machine in {"x86_64", "aarch64"} and Path("/proc/sys/kernel/seccomp").exists()
"""Where the child's system calls are limited: what CI and the image run on."""
needs_seccomp = pytest.mark.skipif(not CONFINES, reason="the kernel has no seccomp here, or its numbers are not known")


def results(
    work: Callable[[WorkerChannel], None],
    answer: Any = None,
    budget: WorkerLimits = QUICK,
    restrict: Callable[[], bool] = restrict_system_calls,
) -> list[dict[str, Any]]:
    with closing(WorkerProcess(work, budget, restrict)) as child:
        return list(child.results(answer or (lambda _ask: {})))


def test_results_and_answers_cross_as_plain_data() -> None:
    def work(channel: WorkerChannel) -> None:
        reply = channel.ask({"ask": "a/b"})
        channel.send({"got": reply["text"], "texts": ["场 😀\x01", "\ud800"]})

    (result,) = results(work, lambda ask: {"text": f"<{ask['ask']}>"})
    assert result == {"got": "<a/b>", "texts": ["场 😀\x01", "\ud800"]}


def test_it_has_no_environment_and_opens_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HW_AUTH_TOKEN", "canary")

    def work(channel: WorkerChannel) -> None:
        found: dict[str, Any] = {"environment": dict(os.environ)}
        for name, attempt in (
            ("open", lambda: os.open("/etc/hostname", os.O_RDONLY)),
            ("pipe", os.pipe),
            ("read", lambda: os.read(0, 1)),
        ):
            try:
                found[name] = str(attempt())
            except OSError as problem:
                found[name] = problem.errno
        channel.send(found)

    (result,) = results(work)
    assert result["environment"] == {}
    assert result["open"] == result["pipe"] == (errno.EPERM if CONFINES else errno.EMFILE)
    assert result["read"] == "b''"


def test_memory_ends_where_its_budget_does() -> None:
    def work(channel: WorkerChannel) -> None:
        try:
            kept = bytearray(400 << 20)
        except MemoryError:
            channel.send({"refused": True})
        else:
            channel.send({"refused": False, "size": len(kept)})

    assert results(work)[0]["refused"] is True


def test_a_busy_loop_is_interrupted_with_its_place() -> None:
    def work(channel: WorkerChannel) -> None:
        try:
            with time_limit(WorkerLimits(cpu=0.2)):
                while True:
                    pass
        except OutOfTimeError:
            channel.send({"interrupted": True})

    assert results(work)[0]["interrupted"] is True


def test_a_call_that_nothing_interrupts_is_killed() -> None:
    def work(channel: WorkerChannel) -> None:
        signal.signal(signal.SIGPROF, signal.SIG_IGN)
        with time_limit(WorkerLimits(cpu=0.1, wall=20.0)):
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            while True:
                pass

    with pytest.raises(WorkerDiedError, match="too much time"):
        results(work)


def test_one_that_only_waits_is_ended_by_the_clock_on_the_wall() -> None:
    with pytest.raises(WorkerDiedError, match="too long"):
        results(lambda _channel: time.sleep(3600), budget=WorkerLimits(wall=0.1, patience=0.2))


def test_one_that_the_machine_keeps_waiting_is_waited_for() -> None:
    def work(channel: WorkerChannel) -> None:
        time.sleep(0.4)  # as on a machine too busy to give it any time
        channel.send({"done at last": True})

    assert results(work, budget=WorkerLimits(wall=0.1))[0]["done at last"] is True


def test_one_that_had_its_share_is_ended_by_the_clock_on_the_wall() -> None:
    def work(_channel: WorkerChannel) -> None:
        while True:
            pass

    with pytest.raises(WorkerDiedError, match="too long"):
        results(work, budget=WorkerLimits(cpu=600.0, wall=0.2, fair=0.1, patience=600.0))


def test_on_a_busy_machine_it_stops_by_itself_and_can_say_where() -> None:
    def work(channel: WorkerChannel) -> None:
        try:
            with time_limit(WorkerLimits(cpu=600.0, wall=0.3, fair=0.1)):
                while True:
                    pass
        except OutOfTimeError:
            channel.send({"interrupted": True})

    assert results(work)[0]["interrupted"] is True


@pytest.mark.parametrize("work", [lambda _channel: os._exit(3), lambda _channel: os.kill(os.getpid(), signal.SIGSEGV)])
def test_one_that_dies_is_told(work: Callable[[WorkerChannel], None]) -> None:
    with pytest.raises(WorkerDiedError):
        results(work)


def test_three_files_may_take_all_there_is_and_then_the_run_has_had_enough(tmp_path: Path) -> None:
    bomb = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    files = [f"{number}.yaml" for number in range(5)]
    for file in files:
        (tmp_path / file).write_text("a: {{ 1 }}" if file == "1.yaml" else bomb)
    done = render(DiskTree(tmp_path), files, dict, WorkerLimits(cpu=0.1))
    assert done["1.yaml"].text == "a: 1"
    told = [done[file].problems[0].message for file in files if file != "1.yaml"]
    assert len(told) == 4
    assert all("before it" not in each for each in told[:3])
    assert "before it" in told[3]


@pytest.mark.parametrize("milliseconds", range(10, 60, 5))
def test_wherever_time_runs_out_it_is_told_as_that(tmp_path: Path, milliseconds: int) -> None:
    (tmp_path / "a.yaml").write_text("{{ 'a'" + "~'a'" * 30_000 + " }}")
    (problem,) = render(DiskTree(tmp_path), ["a.yaml"], dict, WorkerLimits(cpu=milliseconds / 1000))["a.yaml"].problems
    assert problem.code == "E_TPL_LIMIT"


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def attempts(folder: Path) -> dict[str, Callable[[], object]]:
    """Return ways to reach out of a process, by name; each has an effect that can be seen where it succeeds."""
    here, parent = str(folder / "file"), os.getpid()
    return {
        "fork": _fork,
        "exec": lambda: os.execv("/bin/true", ["true"]),
        "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "open": lambda: os.open(here, os.O_RDONLY),
        "create": lambda: os.open(here + ".new", os.O_CREAT | os.O_WRONLY),
        "unlink": lambda: os.unlink(here),
        "rename": lambda: os.rename(here, here + ".moved"),
        "link": lambda: os.link(here, here + ".linked"),
        "symlink": lambda: os.symlink(here, here + ".symlinked"),
        "mkdir": lambda: os.mkdir(here + ".d"),
        "rmdir": lambda: os.rmdir(folder / "folder"),
        "truncate": lambda: os.truncate(here, 0),
        "chmod": lambda: os.chmod(here, 0o777),
        "chown": lambda: os.chown(here, 4321, 4321),
        "utime": lambda: os.utime(here, (0, 0)),
        "stat": lambda: os.stat(here),
        "list": lambda: os.listdir(folder),
        "chdir": lambda: os.chdir("/"),
        "signal the parent": lambda: os.kill(parent, signal.SIGUSR1),
        "signal the group": lambda: os.killpg(0, signal.SIGUSR1),
        "limit the parent": lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE, (64, 64)),
        "slow the parent": lambda: os.setpriority(os.PRIO_PROCESS, parent, 19),
        "socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "pipe": os.pipe,
        "memory file": lambda: os.memfd_create("x"),
        "trace": lambda: os.pidfd_open(parent),
        "set user": lambda: os.setuid(os.getuid()),
        "new session": os.setsid,
        "host name": lambda: socket.sethostname("x"),
    }


def _tried(channel: WorkerChannel, name: str, attempt: Callable[[], object]) -> None:
    try:
        attempt()
    except OSError as problem:
        channel.send({"errno": problem.errno})
    else:
        channel.send({"errno": 0})


def _listing(folder: Path) -> list[tuple[str, os.stat_result]]:
    return sorted((path.name, path.lstat()) for path in folder.iterdir())


@needs_seccomp
@pytest.mark.parametrize("name", sorted(attempts(Path())))
def test_it_starts_signals_opens_and_changes_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("content")
    (tmp_path / "folder").mkdir()
    before, limits = _listing(tmp_path), resource.getrlimit(resource.RLIMIT_NOFILE)
    attempt = attempts(tmp_path)[name]
    (result,) = results(lambda channel: _tried(channel, name, attempt))
    assert result["errno"] == errno.EPERM
    assert _listing(tmp_path) == before
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == limits


@needs_seccomp
def test_what_it_may_not_do_stays_so_under_a_limit_that_it_raises_again(tmp_path: Path) -> None:
    def work(channel: WorkerChannel) -> None:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
            resource.setrlimit(resource.RLIMIT_NPROC, (64, 64))
        except (OSError, ValueError):
            pass  # not as root
        _tried(channel, "open", lambda: os.open("/etc/hostname", os.O_RDONLY))

    assert results(work)[0]["errno"] == errno.EPERM


def test_where_the_platform_cannot_confine_it_still_renders_and_opens_nothing() -> None:
    def work(channel: WorkerChannel) -> None:
        _tried(channel, "open", lambda: os.open("/etc/hostname", os.O_RDONLY))
        channel.send(
            {"texts": [rendered(Sandbox(DictLoader({"a": "{{ x }}{{ [3, 1]|sort|join(' ') }}"})), "a", {"x": 1}, 99)]}
        )

    assert restrict_system_calls(machine="an unknown one") is False
    first, second = results(work, restrict=lambda: restrict_system_calls(machine="an unknown one"))
    assert first["errno"] == errno.EMFILE
    assert marked_text.unmarked(second["texts"][0]) == "11 3"


@needs_seccomp
def test_memory_can_still_be_had_and_given_back_under_the_filter() -> None:
    def work(channel: WorkerChannel) -> None:
        for _ in range(20):
            kept = [bytearray(4 << 20) for _ in range(8)]
            del kept
        with mmap.mmap(-1, 1 << 20) as area:
            area[0] = 1
        channel.send({"done in": time.process_time()})

    assert results(work)[0]["done in"] > 0
