"""Shows what an apply would do, one line of JSON a change; applies nothing."""

import json
from collections.abc import Callable
from typing import Self

from reconciler.interfaces import WriterContext, WriteRequest, WriteResult
from reconciler.writers.change_message import message


class DryRunWriter:
    """The writer `dry_run` (ports.Writer). `emit` gets one line a change."""

    applies = False

    def __init__(self, emit: Callable[[str], object]) -> None:
        self._emit = emit

    @classmethod
    def made(cls, setup: WriterContext) -> Self:
        """Make one for an environment."""
        return cls(setup.emit)

    def write(self, task: WriteRequest) -> WriteResult:
        """Show one change."""
        self._emit(json.dumps(message(task), ensure_ascii=False, sort_keys=True))
        return WriteResult()

    def close(self) -> None:
        """Hold nothing."""
