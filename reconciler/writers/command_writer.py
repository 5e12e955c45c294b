"""Applies changes through a user's program: one change as JSON on stdin, one outcome as JSON on stdout.

The program is named by an argument vector from the operator, never by a repository file, and no text of a manifest is
ever an argument. It gets a clean environment without credentials; its result is verified by reading the API.
"""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Thread
from typing import Self

from reconciler.errors import ApiError, PluginError, TransportError
from reconciler.interfaces import WriterContext, WriteRequest, WriteResult
from reconciler.json_codec import loads_strict, sorted_json
from reconciler.model.json_types import Json
from reconciler.model.options import WRITER_SECONDS
from reconciler.writers.change_message import message

GRACE = 5.0
"""Most seconds for a program to end after it closed its output."""
KILL = 1.0
"""Seconds to wait for a killed program; one that does not end is left behind."""
MAX_OUTPUT = 1 << 20
"""Most bytes of an outcome."""
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""Variables passed to the program; RECONCILER_WRITER_PASS adds others."""


def _words(variables: Mapping[str, str], name: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(variables.get(name, "")))
    except ValueError as error:
        raise PluginError(f"{name} cannot be read: {error}", hint="quote it as for a shell") from None


class CommandWriter:
    """Writer `command` (interfaces.Writer): `argv` is run once a change, without a shell, in `environment` alone.

    The outcome on stdout is `{"status": "applied", "id": "…", "calls": 1, "warnings": []}`, or `{"status": "failed",
    "reason": "…"}`; no or invalid output, a non-zero exit status, or a timeout means an unknown outcome. One change
    takes at most `seconds` in total.
    """

    applies = True

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        seconds: float = WRITER_SECONDS,
        redact: Callable[[str], str] = str,
    ) -> None:
        if not argv:
            raise PluginError(
                "the writer `command` does not know which program to run",
                hint="set RECONCILER_WRITER_COMMAND to it and its arguments, quoted as for a shell",
            )
        self._argv = tuple(argv)
        self._environment = dict(environment)
        self._seconds = seconds
        self._redact = redact

    @classmethod
    def made(cls, setup: WriterContext) -> Self:
        """Create the writer of an environment; the operator sets the program and its variables."""
        variables = setup.variables
        names = (*PASSED_ON, *_words(variables, "RECONCILER_WRITER_PASS"))
        passed = {name: variables[name] for name in names if name in variables}
        command = _words(variables, "RECONCILER_WRITER_COMMAND")
        return cls(command, passed, seconds=setup.seconds, redact=setup.redact)

    def write(self, task: WriteRequest) -> WriteResult:
        """Pass one change to the program and return its outcome, which is verified later."""
        text = sorted_json(message(task), escaped=True)  # all ASCII, so that no text of the live side can break it
        return _outcome(*self._run(text.encode()), self._redact)

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def _run(self, text: bytes) -> tuple[bytes, int]:
        """Return the program's output, at most one byte over the limit, and its exit status."""
        until = time.monotonic() + self._seconds
        process = self._started()
        said: list[bytes] = []
        output = Thread(target=lambda: said.append(_read(process)), daemon=True)
        try:
            Thread(target=_feed, args=(process, text), daemon=True).start()
            output.start()
            output.join(max(0.0, until - time.monotonic()))
            if not said:
                raise TransportError(
                    f"the writer's program took more than {self._seconds:g} s",
                    code="E_WRITER",
                    hint="look whether the change was made; --writer-timeout gives the program more time",
                )
            left = max(0.0, until - time.monotonic())
            return said[0], process.wait(min(GRACE, left)) if len(said[0]) <= MAX_OUTPUT else 0
        except subprocess.TimeoutExpired:
            raise TransportError("the writer's program closed its output and went on", code="E_WRITER") from None
        finally:
            _end(process)

    def _started(self) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(  # noqa: S603 - an argument vector of the operator's, without a shell
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment,
                start_new_session=True,
            )
        except OSError as error:
            reason = f"the writer's program cannot be started: {error.strerror}"
            raise TransportError(reason, code="E_WRITER", sent=False) from error


def _read(process: "subprocess.Popen[bytes]") -> bytes:
    return process.stdout.read(MAX_OUTPUT + 1) if process.stdout else b""


def _feed(process: "subprocess.Popen[bytes]", text: bytes) -> None:
    with suppress(OSError):  # a program that does not read its input may still return an outcome
        if process.stdin:
            process.stdin.write(text)
            process.stdin.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill the program and its children; ones that ended already are left alone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(KILL)


def _outcome(said: bytes, status: int, redact: Callable[[str], str]) -> WriteResult:
    if status != 0:
        raise TransportError(f"the writer's program ended with {status}", code="E_WRITER")
    if len(said) > MAX_OUTPUT:
        raise TransportError(f"the writer's program said more than {MAX_OUTPUT} bytes", code="E_WRITER")
    outcome = _parsed(said)
    if outcome.get("status") == "failed":
        raise ApiError(
            f"the writer's program refused: {redact(_text(outcome, 'reason'))[:500] or 'no reason given'}",
            code="E_WRITER",
        )
    if outcome.get("status") != "applied":
        raise TransportError("the writer's program gave no outcome", code="E_WRITER")
    calls, warnings = outcome.get("calls", 1), outcome.get("warnings", [])
    return WriteResult(
        id=_text(outcome, "id")[:500],
        calls=calls if isinstance(calls, int) and not isinstance(calls, bool) else 1,
        warnings=tuple(redact(str(warning))[:500] for warning in warnings[:20]) if isinstance(warnings, list) else (),
    )


def _parsed(said: bytes) -> dict[str, Json]:
    try:
        value = loads_strict(said)
    except ValueError:
        raise TransportError("the writer's program did not say its outcome in JSON", code="E_WRITER") from None
    return value if isinstance(value, dict) else {}


def _text(outcome: Mapping[str, Json], name: str) -> str:
    value = outcome.get(name)
    return value[:MAX_OUTPUT] if isinstance(value, str) else ""
