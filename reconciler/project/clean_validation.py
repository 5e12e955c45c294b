"""That an earlier `validate` found no problem, kept in the document cache, with all that it read.

Where every file and folder still gives the same answer, and the same tool is asked the same on the same day, there is
no problem again: nothing is parsed, and neither the parser nor the kinds are loaded. Problems are never kept. A kind of
a plugin may depend on anything, so that nothing is kept beside one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from reconciler.entry_points import registered
from reconciler.errors import ManifestError
from reconciler.manifest.document_cache import DocumentCache
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.files.observed_tree import Observation, ObservedTree, is_unchanged
from reconciler.manifest.files.project_tree import PROJECT_FILE
from reconciler.manifest.program_digest import digest_of, program
from reconciler.model.json_types import Json, require_list, require_text

_QUESTIONS = frozenset({"read", "manifests", "lookalikes"})


class CleanValidation:
    """What the cache knows of one validation: of these environments (none: all) and files, on this day."""

    def __init__(
        self, cache: DocumentCache, root: Path, *, environments: Sequence[str], only: Sequence[str], today: date
    ) -> None:
        kinds = [[each.name, each.value] for each in registered("reconciler.kinds")]
        self._cache = cache
        self._root = root
        self._key = digest_of(
            "validation", program(cache.version), kinds, list(environments), list(only), today.isoformat()
        )
        self._keepable = all(value.startswith("reconciler.") for _, value in kinds)
        self._before = self._project_file()

    def _project_file(self) -> list[Observation]:
        tree = ObservedTree(DiskTree(self._root))
        try:
            tree.read(PROJECT_FILE)
        except ManifestError:
            return []
        return tree.observations

    def is_known(self) -> bool:
        """Tell whether an earlier run read the same, and found no problem."""
        if not self._keepable:
            return False
        found = self._cache.find({"": self._key}, lambda _, entry: _observations(entry))
        return "" in found and is_unchanged(DiskTree(self._root), found[""])

    def record(self, trees: Iterable[ObservedTree]) -> None:
        """Record that this run, which read these trees, found no problem; unless the project file changed meanwhile."""
        if self._keepable and self._before and self._before == self._project_file():
            seen = dict.fromkeys((*self._before, *(one for tree in trees for one in tree.observations)))
            self._cache.add(self._key, {"observations": [list(one) for one in seen]})


def _observations(entry: Mapping[str, Json]) -> list[Observation]:
    """Return what an entry holds. Raises ValueError for another shape."""
    found = [tuple(map(require_text, require_list(one))) for one in require_list(entry["observations"])]
    if not found or any(len(one) != 3 or one[0] not in _QUESTIONS for one in found):
        raise ValueError("no observations")
    return [(question, path, answer) for question, path, answer in found]
