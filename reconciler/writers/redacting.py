"""Wraps every writer: secrets are redacted from its result before it is shown, journalled or recorded."""

from dataclasses import replace
from typing import cast

from reconciler.interfaces import Writer, WriteRequest, WriteResult
from reconciler.redaction import SecretRedactor


class RedactingWriter:
    """Writer (interfaces.Writer) with redacted warnings; an id that holds a secret counts as none."""

    def __init__(self, writer: Writer, redactor: SecretRedactor) -> None:
        self._writer = writer
        self._redactor = redactor
        self.applies = writer.applies

    def write(self, task: WriteRequest) -> WriteResult:
        """Apply one change."""
        written: object = self._writer.write(task)
        if not isinstance(written, WriteResult) or not isinstance(written.id, str):
            return cast(WriteResult, written)  # invalid results of a plugin are refused by the pipeline
        known = task.change.id
        object_id = "" if written.id != known and self._redactor.tainted([written.id]) else written.id
        return replace(written, id=object_id, warnings=self._redactor.value(written.warnings))

    def close(self) -> None:
        """Close the writer."""
        self._writer.close()
