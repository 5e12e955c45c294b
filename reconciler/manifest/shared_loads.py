"""Loads the manifests of many environments of one project, and those without templates once for all of them.

The environments of a fleet differ in values, while files without templates read none: their resources and problems are
the same wherever the entries, the scope and the trust are. A load that follows from more than that is made anew: of
files with templates, of values with a problem, and where a file looks like a manifest that is not read, which the
values files of an environment may name.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.late_methods import dataclass
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.files.project_tree import ProjectTree
from reconciler.manifest.files.shared_files import SharedFiles
from reconciler.manifest.loaded_text import is_template
from reconciler.manifest.loader import load, source_digest
from reconciler.manifest.template_values import merge_values
from reconciler.model.desired_state import DesiredState
from reconciler.model.options import ResourceScope
from reconciler.model.source_map import Position

if TYPE_CHECKING:
    from reconciler.manifest.document_cache import DocumentCache


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlainLoad:
    """Result of files without templates, and the files that it follows from."""

    state: DesiredState
    files: tuple[str, ...]


class SharedLoads:
    """The loads of one run below one folder: its files are read once, so that all environments see the same."""

    def __init__(self, root: Path) -> None:
        self.files = SharedFiles(DiskTree(root))
        self._plain: dict[tuple[object, ...], _PlainLoad | None] = {}
        self._lock = threading.Lock()

    def load(
        self,
        tree: ProjectTree,
        *,
        entries: Sequence[str],
        values: Sequence[str] = (),
        sets: Sequence[str] = (),
        env_name: str = "",
        scope: ResourceScope,
        untrusted: bool = False,
        positions: Mapping[str, Position],
        only: Sequence[str] = (),
        cache: "DocumentCache | None" = None,
    ) -> DesiredState:
        """Return what `loader.load` returns; `tree` is a view of the files."""

        def made() -> DesiredState:
            return load(
                tree,
                entries=entries,
                values=values,
                sets=sets,
                env_name=env_name,
                scope=scope,
                untrusted=untrusted,
                positions=positions,
                only=only,
                cache=cache,
            )

        given = merge_values(tree, values, sets, positions)
        if given.problems or given.made:
            return made()
        places = tuple(positions.get(entry) for entry in entries)
        within = (scope.name_prefix, *sorted((name, tuple(sorted(found))) for name, found in scope.fields.items()))
        key = (*entries, places, within, untrusted, *only)
        with self._lock:
            if key not in self._plain:
                state = made()
                self._plain[key] = _plain_load(tree, state, entries)
                return state
            known = self._plain[key]
        if known is None:
            return made()
        for file in known.files:
            tree.read(file)
        return replace(known.state, digest=source_digest(tree, sets, env_name))


def _plain_load(tree: ProjectTree, state: DesiredState, entries: Sequence[str]) -> _PlainLoad | None:
    """Return a load that follows from its files alone; None for any other."""
    if not state.valid or any(tree.lookalikes(entry) for entry in entries):
        return None
    files = tuple(state.rendered)
    if any(is_template(tree.read(file).decode("utf-8", "replace")) for file in files):
        return None
    return _PlainLoad(state=state, files=files)
