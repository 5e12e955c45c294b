"""Log on stderr beside the report: lines for people, or JSON lines for programs; redacted like the report."""

import json
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from reconciler.late_methods import dataclass
from reconciler.redaction import SecretRedactor
from reconciler.strings import escape_output

ROOT = "reconciler"
"""Logger of the package; other libraries' loggers stay silent, since they may log headers."""

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


@dataclass(frozen=True, slots=True, kw_only=True)
class StderrLog:
    """Target of log lines: `form` is text or json."""

    redactor: SecretRedactor
    form: str = "text"

    def say(self, text: str, level: str = "info") -> None:
        """Write one line to stderr, in any encoding."""
        masked = self.redactor.text(text)
        if self.form == "json":
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            masked = json.dumps({"time": now, "level": level, "message": masked.strip()}).replace("##", "#\\u0023")
        else:
            masked = escape_output(masked)
        with suppress(OSError):  # a full or closed stderr must not stop a run between two writes
            _write(masked + "\n")

    def ask(self, question: str) -> None:
        """Write a question to the terminal on stderr; the answer is typed after it."""
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
    """Write the log of the package's modules, at the level of `-v`; returns a function that ends it."""
    logger, handler, before = logging.getLogger(ROOT), _Handler(log), logging.getLogger(ROOT).level
    logger.addHandler(handler)
    logger.setLevel(_LEVELS[min(verbose, len(_LEVELS) - 1)])
    logger.propagate = False

    def end() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    return end
