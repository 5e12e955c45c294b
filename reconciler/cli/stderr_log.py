"""What is told beside the report, on stderr: lines for people, or JSON lines for programs; masked like the report."""

import json
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.redaction import SecretRedactor
from reconciler.strings import escape_output

ROOT = "reconciler"
"""The logger of everything of ours; other libraries' loggers stay silent, since they may tell headers."""

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


@dataclass(frozen=True, slots=True, kw_only=True)
class StderrLog:
    """Where lines go: `form` is text or json."""

    redactor: SecretRedactor
    form: str = "text"

    def say(self, text: str, level: str = "info") -> None:
        """Write one line to stderr, whatever its encoding can hold."""
        masked = self.redactor.text(text)
        if self.form == "json":
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            masked = json.dumps({"time": now, "level": level, "message": masked.strip()}).replace("##", "#\\u0023")
        else:
            masked = escape_output(masked)
        with suppress(OSError):  # a full or closed stderr is no reason to stop between two writes; the code still tells
            _write(masked + "\n")

    def ask(self, question: str) -> None:
        """Write a question to the terminal on stderr: the answer is typed behind it."""
        _write("\n" + escape_output(self.redactor.text(question)))
        sys.stderr.flush()


def _write(text: str) -> None:
    encoding = sys.stderr.encoding or "ascii"
    sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))


class _Handler(logging.Handler):
    def __init__(self, log: StderrLog) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.say(record.getMessage(), record.levelname.lower())


def listen(log: StderrLog, verbose: int) -> Callable[[], None]:
    """Tell what our own modules log, as much as `-v` asks for; returns what ends it."""
    logger, handler, before = logging.getLogger(ROOT), _Handler(log), logging.getLogger(ROOT).level
    logger.addHandler(handler)
    logger.setLevel(_LEVELS[min(verbose, len(_LEVELS) - 1)])
    logger.propagate = False

    def end() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    return end
