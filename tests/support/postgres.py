"""A real PostgreSQL server for tests: made in a folder of its own, on loopback, gone when the tests are over."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER = "ledger"


def programs() -> Path | None:
    """Return the folder of the newest server's programs, None where there is none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not found and (initdb := shutil.which("initdb")):
        found = [Path(initdb).resolve().parent]
    return max(found, default=None, key=lambda path: [int(part) for part in path.parts if part.isdecimal()])


def missing() -> str:
    """Say what keeps the server from being started; empty when nothing does."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "the package psycopg (extra `postgres`)"
    if programs() is None:
        return "a PostgreSQL server: initdb is in no /usr/lib/postgresql/*/bin (package `postgresql`)"
    if os.getuid() == 0 and _other_user() is None:
        return "a user that is not root, to run the PostgreSQL server as"
    return ""


def require() -> None:
    """Skip the test where there is no server, or fail it where every test must run."""
    if piece := missing():
        if os.environ.get("RECONCILER_TEST_NO_SKIP") == "1":
            pytest.fail(f"missing: {piece}")
        pytest.skip(f"missing: {piece}")


@contextmanager
def server(password: str = "") -> Iterator[str]:
    """Give the URL of an empty database on a server of its own; with a password, nobody gets in without it."""
    found = programs()
    assert found is not None
    with tempfile.TemporaryDirectory(prefix="reconciler-pg-") as folder:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        user = _other_user() if os.getuid() == 0 else None
        if user is not None:
            os.chmod(folder, 0o755)
            os.chown(data, user.pw_uid, user.pw_gid)
        asked = ["trust"]
        if password:
            file = Path(folder) / "password"
            file.write_text(password, encoding="utf-8")
            asked = ["scram-sha-256", f"--pwfile={file}"]
        _run([found / "initdb", "-D", data, "-U", USER, "-A", *asked, "-E", "UTF8", "--locale=C", "--no-sync"], user)
        port = _free_port()
        options = f"-h 127.0.0.1 -p {port} -k '' -F -c max_connections=50"
        log = data / "server.log"
        _run([found / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "-t", "30", "start"], user)
        try:
            secret = f":{password}" if password else ""
            yield f"postgresql://{USER}{secret}@127.0.0.1:{port}/postgres"
        finally:
            _run([found / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], user)


def _other_user() -> pwd.struct_passwd | None:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _run(arguments: list[object], user: pwd.struct_passwd | None) -> None:
    who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
    done = subprocess.run(
        list(map(str, arguments)),
        cwd="/",
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
        **who,  # type: ignore[call-overload]
    )
    assert done.returncode == 0, done.stderr.decode()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
