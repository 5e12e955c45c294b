"""Values files without a problem: while they are unchanged, a later run parses them for a template to render alone.

A values file with a problem, an error or a warning, is read in every run.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import index
from typing import Any

from reconciler.errors import ManifestError
from reconciler.manifest.document_cache import DocumentCache
from reconciler.manifest.files.project_tree import ProjectTree
from reconciler.manifest.program_digest import digest_of, program
from reconciler.manifest.template_values import BlockValues, TemplateValues, merge_values
from reconciler.manifest.yaml import characters
from reconciler.manifest.yaml.block_reader import BlockMarks, BlockReader, BlockSpan, parts_of, plain_text
from reconciler.model.json_types import Json, require_list, require_text
from reconciler.model.source_map import DocumentPath, Position

_Spans = Sequence[tuple[str, BlockSpan]]
"""Documents that set values, in the order of merging: each one's file, and its part of that."""


def known_values(
    cache: DocumentCache,
    tree: ProjectTree,
    files: Sequence[str],
    positions: Mapping[str, Position] | None,
    blocks: BlockReader,
) -> TemplateValues:
    """Return what `merge_values` does of these files, parsed later where an earlier run found no problem in them."""
    if not files:
        return TemplateValues()
    try:
        key = digest_of("values", program(cache.version), values_digest(tree, files))
    except ManifestError:
        return merge_values(tree, files, (), positions, blocks)
    found = cache.find({"": key}, lambda _, entry: _spans(entry))
    if found:
        return _parsed_later(tree, files, found[""])
    values = merge_values(tree, files, (), positions, blocks)
    if not values.problems:
        spans = [(each.file, each.marks.span) for each in values.sources if isinstance(each, BlockValues)]
        documents: Json = [[file, *span] for file, span in spans]
        cache.add(key, {"documents": documents if len(spans) == len(values.sources) else None})
    return values


def values_digest(tree: ProjectTree, files: Iterable[str]) -> str:
    """Return the digest of values files. Raises ManifestError for one that cannot be read."""
    return digest_of([[file, hashlib.sha256(tree.read(file)).hexdigest()] for file in files])


def _parsed_later(tree: ProjectTree, files: Sequence[str], spans: _Spans | None) -> TemplateValues:
    """Return the values of files without a problem; `spans` are None where a value is found by its position alone."""
    values = TemplateValues()

    @lru_cache(maxsize=1)
    def parsed() -> TemplateValues:
        return merge_values(tree, files, ())

    def at(path: DocumentPath) -> Position | str | None:
        return parsed().set_by(path)

    @lru_cache(maxsize=len(files))
    def text(file: str) -> str:
        return plain_text(characters.decode(tree.read(file), file))

    def source(file: str, span: BlockSpan) -> BlockValues:
        return BlockValues(file, BlockMarks(reader, parts_of(lambda: text(file)), span))

    reader = BlockReader()
    values.later = lambda: parsed().merged
    values.sources = [at] if spans is None else [source(*each) for each in spans]
    return values


def _spans(entry: Mapping[str, Json]) -> _Spans | None:
    """Return the documents of an entry. Raises ValueError, LookupError or TypeError for another shape."""
    if entry["documents"] is None:
        return None
    rows: list[Any] = require_list(entry["documents"])
    return [(require_text(file), BlockSpan(*map(index, span))) for file, *span in rows]
