"""A project tree that notes what it answered, so that a later run can tell whether it would be answered the same."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress

from reconciler.errors import ManifestError
from reconciler.manifest.files.project_tree import ProjectTree

Observation = tuple[str, str, str]
"""A question (`read`, `manifests` or `lookalikes`), the path it was asked for, and the digest of the answer."""


class ObservedTree:
    """The files of another tree (see ProjectTree); `observations` are what was asked of it, in order, once each."""

    def __init__(self, tree: ProjectTree) -> None:
        self._tree = tree
        self._seen: dict[tuple[str, str], str] = {}

    @property
    def observations(self) -> list[Observation]:
        """What was asked, and the digests of the answers."""
        return [(question, path, answer) for (question, path), answer in self._seen.items()]

    def read(self, path: str) -> bytes:
        """Return a regular file's bytes."""
        try:
            data = self._tree.read(path)
        except ManifestError as error:
            self._note("read", path, error)
            raise
        self._note("read", path, data)
        return data

    def manifests(self, entry: str) -> tuple[str, ...]:
        """Return the manifest files an entry names, sorted."""
        return self._listed("manifests", entry)

    def lookalikes(self, entry: str) -> tuple[str, ...]:
        """Return the files below a folder with names that resemble manifests, sorted."""
        return self._listed("lookalikes", entry)

    def digests(self) -> Mapping[str, str]:
        """Return the SHA-256 of every file read so far, by path."""
        return self._tree.digests()

    def _listed(self, question: str, entry: str) -> tuple[str, ...]:
        try:
            found = self._tree.manifests(entry) if question == "manifests" else self._tree.lookalikes(entry)
        except ManifestError as error:
            self._note(question, entry, error)
            raise
        self._note(question, entry, "\0".join(found).encode("utf-8", "surrogateescape"))
        return found

    def _note(self, question: str, path: str, answer: bytes | ManifestError) -> None:
        if (question, path) not in self._seen:
            self._seen[question, path] = _digest(answer)


def is_unchanged(tree: ProjectTree, observations: Iterable[Observation]) -> bool:
    """Tell whether a tree gives the same answers to the same questions, up to the first that it does not."""
    now = ObservedTree(tree)
    questions = {"read": now.read, "manifests": now.manifests, "lookalikes": now.lookalikes}
    for question, path, answer in observations:
        with suppress(ManifestError):
            questions[question](path)
        if now.observations[-1] != (question, path, answer):
            return False
    return True


def _digest(answer: bytes | ManifestError) -> str:
    """Return the digest of an answer; of a refusal its code."""
    return hashlib.sha256(answer).hexdigest() if isinstance(answer, bytes) else answer.code
