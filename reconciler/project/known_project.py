"""A project file without problems, kept in the document cache: a file with the same bytes is not checked again.

Nothing is kept of a file with a problem, so that every message is made anew. Nor of one with aliases or merge keys,
whose positions need the parsed text, nor of one with an address that holds a user's name or a password.
"""

import hashlib
import re
from array import array
from collections.abc import Mapping

from reconciler.kinds.registry import all_kinds
from reconciler.manifest.checked_documents import kinds_table
from reconciler.manifest.document_cache import DocumentCache
from reconciler.manifest.program_digest import digest_of, program
from reconciler.manifest.yaml.document import Document
from reconciler.model.json_types import Json, require_list, require_object
from reconciler.project.config import ProjectFile

_CREDENTIALS = re.compile(rb"://[^\s/?#]*@")


class KnownProject:
    """What the cache knows of a project file with these bytes."""

    def __init__(self, cache: DocumentCache, content: bytes) -> None:
        self._cache = cache
        self._content = content
        self._key = digest_of(
            "project", program(cache.version), kinds_table(all_kinds()), hashlib.sha256(content).hexdigest()
        )

    def find(self) -> tuple[Document, ProjectFile] | None:
        """Return the document and the keys that an earlier run found; None where there was none, or a problem."""
        return self._cache.find({"": self._key}, lambda _, entry: _entry(entry)).get("")

    def record(self, document: Document, file: ProjectFile) -> None:
        """Keep a file that has no problem."""
        if not document.aliases and not document.merges and not _CREDENTIALS.search(self._content):
            entry = {"value": document.value, "marks": list(document.positions), "keys": file.written()}
            self._cache.add(self._key, entry)


def _entry(entry: Mapping[str, Json]) -> tuple[Document, ProjectFile]:
    marks = array("Q", [mark for mark in require_list(entry["marks"]) if isinstance(mark, int)])
    return Document(value=entry["value"], source_marks=marks), ProjectFile.restored(require_object(entry["keys"]))
