"""Files that look like manifests and are none: `rooms/a.yaml.j2` declares nothing unless a template reads it."""

from collections.abc import Iterable, Iterator, Sequence

from reconciler.errors import ManifestError
from reconciler.manifest.problem import warning
from reconciler.manifest.tree import Tree
from reconciler.model.diagnostic import Diagnostic, has_errors
from reconciler.model.source import Position


def warnings(tree: Tree, entries: Iterable[str], met: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Warn of each such file below `entries` that nothing has read and no file that was read names.

    After errors (`met`) nothing is said: a template that failed may have been about to read it.
    """
    if has_errors(each for each in met if each.code != "E_PATH_EMPTY"):
        return
    for file in dict.fromkeys(_lookalikes(tree, entries)):
        if file not in tree.digests() and not _named(tree, file):
            yield warning(
                "W_TPL_UNREAD",
                f"{file!r} declares nothing: manifests end in .yaml or .yml, and no template reads this one",
                Position(file, 1, 1),
                hint=f"rename it to {file.removesuffix('.j2')}: every manifest may be a template",
            )


def _lookalikes(tree: Tree, entries: Iterable[str]) -> Iterator[str]:
    for entry in entries:
        try:
            yield from tree.lookalikes(entry)
        except ManifestError:
            continue  # told already


def _named(tree: Tree, file: str) -> bool:
    """Tell whether a file names it, for another environment maybe."""
    name = file.rsplit("/", 1)[-1].encode()
    return any(name in tree.read(each) for each in tree.digests())
