"""Around every writer: what its answer says loses our secrets before it is shown, journalled or remembered."""

from dataclasses import replace
from typing import Any, cast

from reconciler.interfaces import Writer, WriteRequest, WriteResult
from reconciler.redaction import SecretRedactor


class RedactingWriter:
    """A writer (ports.Writer) whose warnings hold no secret; an id that holds one counts as none."""

    def __init__(self, writer: Writer, redactor: SecretRedactor) -> None:
        self._writer = writer
        self._redactor = redactor
        self.applies = writer.applies

    def write(self, task: WriteRequest) -> WriteResult:
        """Carry out one change."""
        written: Any = self._writer.write(task)
        if not isinstance(written, WriteResult) or not isinstance(written.id, str):
            return cast(WriteResult, written)  # what a plugin made up is refused by the pipeline
        known = task.change.id
        object_id = "" if written.id != known and self._redactor.tainted([written.id]) else written.id
        return replace(written, id=object_id, warnings=self._redactor.value(written.warnings))

    def close(self) -> None:
        """Close the writer."""
        self._writer.close()
