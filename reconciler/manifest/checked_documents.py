"""What the document cache keeps of one load: rendered templates, and the documents of files without any problem.

A file with a problem, an error or a warning, is read again in every run, so that no message is ever kept. Nor are files
with aliases or merge keys, whose positions need the parsed text.
"""

import hashlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from reconciler.errors import ManifestError
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.manifest.document_cache import DocumentCache
from reconciler.manifest.files.project_tree import ProjectTree
from reconciler.manifest.kept_documents import CheckedDocument, KeptDocument, documents_of, entry_of
from reconciler.manifest.kept_values import values_digest
from reconciler.manifest.program_digest import PACKAGE, code, digest_of, program
from reconciler.manifest.yaml.block_reader import BlockReader, TextPart
from reconciler.model.options import ResourceScope

if TYPE_CHECKING:  # Jinja stays unloaded where no file is a template
    from reconciler.manifest.template.renderer import RenderedTemplate

SourceParts = Sequence[str]
"""What a file's documents follow from: its digest, of a rendered one that of all that its checks read."""


def _place(module: str) -> str:
    """Return the folder of the package that a module belongs to, or the file of one without; empty for neither."""
    package, own = (sys.modules.get(name) for name in (module.partition(".")[0], module))
    folders: list[str] = list(getattr(package, "__path__", ()))
    file: str | None = getattr(own, "__file__", None)
    return folders[0] if folders else file or ""


def kinds_table(kinds: Mapping[str, Kind]) -> str:
    """Return the digest of the kinds' tables, and of the modules that their checks are in."""
    parts: list[object] = []
    for name, kind in kinds.items():
        modules = {kind.model.__module__, *(check.__module__ for check in kind.checks)}
        foreign = {place for place in map(_place, modules) if place and place != PACKAGE}
        checks = [f"{check.__module__}.{getattr(check, '__qualname__', '')}" for check in kind.checks]
        parts += [name, kind.name_field, list(kind.scope_fields), dict(kind.references), checks]
        if kind is not all_kinds().get(name) or foreign:  # the package's own tables are in the digest of its code
            parts += [repr(kind.root), sorted(map(code, foreign))]
    return digest_of(*parts)


@dataclass(slots=True, kw_only=True)
class CheckedDocuments:
    """The cache's part in one load.

    `values`, the files, and `env_name` are what templates read; `kinds` and `scope` are what documents must meet.
    """

    cache: DocumentCache
    tree: ProjectTree
    values: Sequence[str]
    env_name: str
    kinds: Mapping[str, Kind]
    scope: ResourceScope
    blocks: BlockReader
    _bases: dict[str, str] = field(default_factory=dict)

    def rendered(self, files: Mapping[str, str]) -> "dict[str, RenderedTemplate]":
        """Return what was rendered, by file, where each file that a template asked for is still the same."""
        from reconciler.manifest.template.kept_template import template_of  # for start-up: where there are templates

        keys = {file: self._template_key(file, text) for file, text in files.items()}
        found = self.cache.find(keys, lambda _, entry: template_of(entry))
        return {file: made for file, (made, asked) in found.items() if self._are_same(asked)}

    def _are_same(self, asked: Mapping[str, str]) -> bool:
        """Tell whether files are the same, read in the order in which a template asked for them.

        Up to the first that is not, rendering again asks for the same: no file is read that it does not read.
        """
        return all(self._content(name) == digest for name, digest in asked.items())

    def keep_rendered(self, made: "RenderedTemplate", text: str, asked: Iterable[str]) -> None:
        """Keep what became of a template with this text, which asked for these files."""
        from reconciler.manifest.template.kept_template import template_entry  # for start-up, as above

        digests = {name: self._content(name) for name in asked}
        self.cache.add(self._template_key(made.file, text), template_entry(made, digests))

    def _template_key(self, file: str, text: str) -> str:
        base = self._base("template", self._template_base)
        return digest_of(base, file, text)

    def _template_base(self) -> str:
        return digest_of("template", program(self.cache.version), values_digest(self.tree, self.values), self.env_name)

    def _content(self, name: str) -> str:
        """Return the digest of a file that a template names; empty where it cannot be read."""
        try:
            return hashlib.sha256(self.tree.read(name)).hexdigest()
        except ManifestError:
            return ""

    def documents(self, texts: Mapping[str, tuple[SourceParts, TextPart]]) -> dict[str, list[KeptDocument]]:
        """Return the documents of those of the texts whose documents are known, by file; their calls read parts."""
        keys = {file: self._document_key(parts) for file, (parts, _) in texts.items()}
        return self.cache.find(keys, lambda file, entry: documents_of(entry, texts[file][1], self.blocks))

    def keep_documents(self, parts: SourceParts, documents: Sequence[CheckedDocument]) -> None:
        """Keep the documents of a text that no problem was found in."""
        if not any(one.document.aliases or one.document.merges for one in documents):
            self.cache.add(self._document_key(parts), entry_of(documents))

    def _document_key(self, parts: SourceParts) -> str:
        scope = {"name_prefix": self.scope.name_prefix, "fields": {k: sorted(v) for k, v in self.scope.fields.items()}}
        base = self._base(
            "document", lambda: digest_of("document", program(self.cache.version), kinds_table(self.kinds), scope)
        )
        return digest_of(base, *parts)

    def _base(self, name: str, make: Callable[[], str]) -> str:
        if name not in self._bases:
            self._bases[name] = make()
        return self._bases[name]
