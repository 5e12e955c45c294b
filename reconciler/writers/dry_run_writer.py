"""Prints the changes of an apply, one line of JSON each; applies nothing."""

from collections.abc import Callable
from typing import Self

from reconciler.interfaces import WriterContext, WriteRequest, WriteResult
from reconciler.json_codec import sorted_json
from reconciler.writers.change_message import message


class DryRunWriter:
    """Writer `dry_run` (interfaces.Writer). `emit` gets one line a change."""

    applies = False

    def __init__(self, emit: Callable[[str], object]) -> None:
        self._emit = emit

    @classmethod
    def made(cls, setup: WriterContext) -> Self:
        """Create the writer of an environment."""
        return cls(setup.emit)

    def write(self, task: WriteRequest) -> WriteResult:
        """Print one change."""
        self._emit(sorted_json(message(task)))
        return WriteResult()

    def close(self) -> None:
        """Do nothing: there is nothing to close."""
