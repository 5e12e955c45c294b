"""Loads resources from files: read, render, parse, validate, check for collisions."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import field, replace
from functools import lru_cache, partial
from itertools import islice
from typing import TYPE_CHECKING

from reconciler.errors import ENOUGH, ManifestError, error, too_many
from reconciler.json_codec import digest
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest import lint
from reconciler.manifest.checked_documents import CheckedDocuments
from reconciler.manifest.document_cache import DocumentCache
from reconciler.manifest.files.project_tree import ProjectTree, at_key
from reconciler.manifest.kept_documents import CheckedDocument, KeptDocument
from reconciler.manifest.kept_values import known_values
from reconciler.manifest.loaded_text import LoadedText, TextsByFile, is_template, structure_violations
from reconciler.manifest.source_positions import DocumentLocator, SourceLines, excerpts, line_of
from reconciler.manifest.template_values import TemplateValues, merge_values, unread_names
from reconciler.manifest.text_lines import TextLines
from reconciler.manifest.validation.collisions import find_collisions
from reconciler.manifest.validation.validator import CheckedSpecs, declared_resource, validate
from reconciler.manifest.yaml import characters
from reconciler.manifest.yaml.block_reader import BlockReader
from reconciler.manifest.yaml.limits import LIMITS, RENDERED
from reconciler.manifest.yaml.parser import in_file, parse_yaml
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Diagnostic, Severity, has_errors, sort_diagnostics
from reconciler.model.json_types import Json
from reconciler.model.options import ResourceScope, is_in
from reconciler.model.resource import DeclaredResource
from reconciler.model.source_map import Position
from reconciler.redaction import sensitive_names

if TYPE_CHECKING:  # it stays unloaded where no file is a template
    from reconciler.manifest.template.rendering_child import RenderingChild


def deduplicate(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return them sorted; those with one code at one position become one, with their number."""
    groups: dict[tuple[object, ...], list[Diagnostic]] = {}
    found = sort_diagnostics(diagnostics)
    wrong = {each.position for each in found if each.severity is Severity.ERROR}
    for each in found:
        if each.code == "W_YAML_BOOL" and each.position in wrong:
            continue  # the problem at this position describes it better
        key = (each.code, each.position) if each.position else (each,)
        groups.setdefault(key, []).append(each)
    return sort_diagnostics(_told(group) for group in groups.values())


def _told(group: list[Diagnostic]) -> Diagnostic:
    first = group[0]
    more = len(group) - 1
    return replace(first, message=f"{first.message} (and {more} more like it from this place)") if more else first


_BESIDE = 16
"""Most files that are read beside a template, in the time that the next one takes to render."""
_COMMENT = late_pattern(r"(?:^|\s)#")


def load(
    tree: ProjectTree,
    *,
    entries: Sequence[str],
    values: Sequence[str] = (),
    sets: Sequence[str] = (),
    env_name: str = "",
    scope: ResourceScope | None = None,
    untrusted: bool = False,
    positions: Mapping[str, Position] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    only: Sequence[str] = (),
    cache: DocumentCache | None = None,
    child: "RenderingChild | None" = None,
) -> DesiredState:
    """Return what the manifests of one environment declare, with every problem found.

    `entries` are project-relative files or folders (recursive), `values` project-relative files (later wins), `sets`
    the words of `--set`. `untrusted` is only passed through: templates render confined in any case. `positions` are
    those of the keys that hold the paths, by path, for problems about a path. With `only`, files or folders, the others
    are read as well, but their problems are not among the result's. `cache` holds what earlier runs found without a
    problem; it is left alone with `sets`, which are not for a file to keep, and with `untrusted`; its `finish` writes
    what this run found. `child` renders the templates of several loads. Raises UsageError for a malformed `--set` word
    alone.
    """
    cached = cache if not sets and not untrusted else None
    blocks = BlockReader()
    if cached:
        given = known_values(cached, tree, values, positions, blocks)
    else:
        given = merge_values(tree, values, sets, positions, blocks)
    loading = _Loading(problems=list(given.problems), positions=positions or {}, only=only, blocks=blocks, child=child)
    known = all_kinds() if kinds is None else kinds
    inside = scope or ResourceScope()
    if cached:
        loading.checked = CheckedDocuments(
            cache=cached,
            tree=tree,
            values=values,
            env_name=env_name,
            kinds=known,
            scope=inside,
            blocks=loading.blocks,
        )
    files = loading.files(tree, entries)
    texts = loading.read_all(loading.texts(tree, files, given, env_name), known, inside)
    loading.problems += _unread_names(tree, given, values)
    loading.add_positioned(lint.unread_files(tree, entries, loading.problems))
    resources, collisions = find_collisions([one for file in files for one in loading.resources.get(file, ())])
    loading.add_positioned(collisions)
    diagnostics = deduplicate(loading.problems)
    return DesiredState(
        resources=resources,
        diagnostics=diagnostics,
        rendered=TextsByFile({file: texts[file] for file in files if file in texts}),
        sources=excerpts(tree, diagnostics),
        digest=source_digest(tree, sets, env_name),
        untrusted=untrusted,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedDocuments:
    """Documents that are not manifests, each with its positions; `excerpt` returns the lines."""

    documents: tuple[tuple[Json, DocumentLocator], ...]
    diagnostics: tuple[Diagnostic, ...]
    excerpt: Callable[[Iterable[Diagnostic]], Mapping[Position, str]]


def load_documents(
    tree: ProjectTree,
    *,
    entries: Sequence[str],
    values: Sequence[str] = (),
    sets: Sequence[str] = (),
    env_name: str = "",
    positions: Mapping[str, Position] | None = None,
) -> LoadedDocuments:
    """Render and parse files as `load` does, and return their documents without converting them to resources."""
    given = merge_values(tree, values, sets, positions)
    loading = _Loading(problems=list(given.problems), positions=positions or {})
    files = loading.files(tree, entries)
    texts = {text.file: text for group in loading.texts(tree, files, given, env_name) for text in group}
    loading.problems += _unread_names(tree, given, values)
    documents = tuple(found for file in files if file in texts for found in loading.documents(texts[file], frozenset))
    return LoadedDocuments(
        documents=documents, diagnostics=tuple(deduplicate(loading.problems)), excerpt=partial(excerpts, tree)
    )


def _unread_names(tree: ProjectTree, given: TemplateValues, values: Sequence[str]) -> list[Diagnostic]:
    """Return the problems of names that only `--set` has, by the text of every other file that was read."""
    if not given.made:
        return []
    files = [file for file in tree.digests() if file not in values]
    return unread_names(given, [tree.read(file).decode("utf-8", "replace") for file in files])


@dataclass(slots=True)
class _Loading:
    """State of one load; `entries` are the entries that files belong to, by file."""

    problems: list[Diagnostic] = field(default_factory=list)
    positions: Mapping[str, Position] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    resources: dict[str, list[DeclaredResource]] = field(default_factory=dict)
    only: Sequence[str] = ()
    checked: CheckedDocuments | None = None
    met: int = 0
    blocks: BlockReader = field(default_factory=BlockReader)
    specs: CheckedSpecs = field(default_factory=CheckedSpecs)
    child: "RenderingChild | None" = None

    def add(self, file: str, problems: Iterable[Diagnostic]) -> None:
        """Keep the problems of a file, where it is one of those that were asked for; `met` counts all."""
        found = tuple(problems)
        if found:
            self.met += len(found)
            self.problems += found if self._wanted(file) else ()

    def add_positioned(self, problems: Iterable[Diagnostic]) -> None:
        """Keep the problems with a position in a file that was asked for."""
        for problem in problems:
            positions = (problem.position, *(one.position for one in problem.related))
            if any(self._wanted(one.file) for one in positions if one is not None):
                self.problems.append(problem)

    def _wanted(self, file: str) -> bool:
        return not self.only or any(is_in(file, one) for one in self.only)

    def files(self, tree: ProjectTree, entries: Iterable[str]) -> list[str]:
        """Return every manifest file once; an entry without any is an error."""
        for entry in entries:
            try:
                files = tree.manifests(entry)
            except ManifestError as problem:
                self.add(entry, at_key(problem.diagnostics, self.positions.get(entry)))
                continue
            if not files:
                self.add(entry, at_key([_no_manifest(entry)], self.positions.get(entry)))
            self.entries |= {file: entry for file in files if file not in self.entries}
        return list(self.entries)

    def texts(
        self, tree: ProjectTree, files: Iterable[str], given: TemplateValues, env_name: str
    ) -> Iterator[Sequence[LoadedText]]:
        """Yield the text of each file, templates rendered; an unreadable file is a problem.

        They come in groups, a template and other files, since the next template is rendered while a group is read.
        """
        sources = dict(self._sources(tree, files))
        templates = {file: text for file, text in sources.items() if is_template(text)}
        others, digests = [file for file in sources if file not in templates], tree.digests()
        plain = (
            LoadedText(file=file, plain=sources[file], where=in_file(file), digest=digests[file]) for file in others
        )
        for rendered in self._rendered(tree, templates, given, env_name) if templates else ():
            yield [rendered, *islice(plain, _BESIDE)]
        yield list(plain)

    def _sources(self, tree: ProjectTree, files: Iterable[str]) -> Iterator[tuple[str, str]]:
        for file in files:
            try:
                text = characters.decode(tree.read(file), file)
                characters.check_text(text, file)
            except ManifestError as problem:
                self.add(file, at_key(problem.diagnostics, self.positions.get(self.entries.get(file, ""))))
                continue
            yield file, text

    def _rendered(
        self, tree: ProjectTree, templates: Mapping[str, str], given: TemplateValues, env_name: str
    ) -> Iterator[LoadedText]:
        """Render templates; skipped where the values could not be read, to avoid follow-up errors."""
        from reconciler.manifest.template.rendered_problems import RenderedPlaces
        from reconciler.manifest.template.renderer import Rendering

        if has_errors(given.problems):
            return
        checked = self.checked
        known = checked.rendered(templates) if checked else {}
        keep = (lambda made, asked: checked.keep_rendered(made, templates[made.file], asked)) if checked else None
        context = partial(_context, given, env_name)
        rendering = Rendering(tree=tree, context=context, texts=templates, keep=keep, child=self.child)
        for result in rendering.each(list(templates), known):
            self.add(result.file, [_explained(tree, given, problem, result.uses) for problem in result.problems])
            if result.texts and not has_errors(result.problems):
                places = RenderedPlaces(result, given)
                yield LoadedText(
                    file=result.file,
                    where=places.at,
                    origin=given.used_by(result),
                    rendered=result,
                    values=given,
                    explained=places.explained,
                )

    def read_all(
        self, groups: Iterable[Sequence[LoadedText]], kinds: Mapping[str, Kind], scope: ResourceScope
    ) -> dict[str, LoadedText]:
        """Read each file, unless an earlier run read the same and found no problem; return them by name."""
        done: dict[str, LoadedText] = {}
        for texts in groups:
            known = {}
            if self.checked:
                known = self.checked.documents({text.file: (text.parts, text.part) for text in texts})
            for text in texts:
                if text.file in known:
                    self._take(text, known[text.file], kinds)
                else:
                    self.read(text, kinds, scope)
                done[text.file] = text
        self.blocks.forget()
        return done

    def read(self, text: LoadedText, kinds: Mapping[str, Kind], scope: ResourceScope) -> None:
        """Parse one file and check each of its documents."""
        clean: list[CheckedDocument] = []
        met = self.met
        for value, locate in self.documents(text, partial(_secret_names, tuple(kinds.values()))):
            widest = locate.document.widest
            resource, found, metadata = validate(
                value, locate, kinds, scope, locate.plain, file=text.file, widest=widest, specs=self.specs
            )
            self.add(text.file, text.explained(found))
            if resource is not None:
                self.resources.setdefault(text.file, []).append(resource)
                clean.append(
                    CheckedDocument(document=locate.document, kind=resource.kind, metadata=metadata, spec=resource.spec)
                )
        if self.checked is not None and self.met == met:
            self.checked.keep_documents(text.parts, clean)

    def _take(self, text: LoadedText, known: Iterable[KeptDocument], kinds: Mapping[str, Kind]) -> None:
        """Make the resources of documents that were checked before."""
        file, where, origin = text.file, text.where, text.origin
        lines, source = SourceLines(text.lines), text.source(text.read)
        self.resources[file] = [
            declared_resource(
                kinds[kind],
                str(metadata["name"]),
                metadata,
                spec,
                DocumentLocator(document, where, origin, lines, source),
                file=file,
            )
            for document, kind, metadata, spec in known
        ]
        self.add(file, text.explained(()))

    def documents(self, text: LoadedText, sensitive: Callable[[], Set[str]]) -> Iterator[tuple[Json, DocumentLocator]]:
        """Parse one file and yield its documents, up to as many problems as are shown."""
        limits = RENDERED if text.templated else LIMITS
        parsed = parse_yaml(text.text, text.file, where=text.where, limits=limits, blocks=self.blocks)
        violations = structure_violations(text, parsed, sensitive)
        if violations:
            self.add(text.file, text.explained(violations))
            return
        self.add(text.file, text.explained(parsed.diagnostics))
        self.add(text.file, lint.warnings(parsed.text, text.where, templated=text.templated))
        declared = [document for document in parsed.documents if document.value is not None]
        if not declared and not text.templated and not has_errors(parsed.diagnostics):
            self.add(text.file, (_empty(text.file),))
        lines = SourceLines(lambda: TextLines(parsed.text))
        source = text.source(lambda: parsed.text)
        met = len(self.problems)
        for document in declared:
            if len(self.problems) - met >= ENOUGH:
                self.add(text.file, (too_many(text.where(*document.start)),))
                break
            yield document.value, DocumentLocator(document, text.where, text.origin, lines, source)


@lru_cache(maxsize=8)
def _secret_names(kinds: tuple[Kind, ...]) -> Set[str]:
    """Return the names of all sensitive fields of some kinds."""
    return sensitive_names(field for kind in kinds for field in kind.fields.values())


def _context(given: TemplateValues, env_name: str) -> dict[str, Json]:
    """Return what templates read."""
    return {"values": given.data, "env": {"name": env_name}}


def _explained(tree: ProjectTree, given: TemplateValues, problem: Diagnostic, uses: Iterable[str]) -> Diagnostic:
    """Add to a template's problem the values it read, and the note that YAML comments are rendered too."""
    from reconciler.manifest.template.rendered_problems import value_places

    related = value_places(given, uses)
    hint, place = problem.hint, problem.position
    if place and problem.code in ("E_TPL_UNDEFINED", "E_TPL_SYNTAX"):
        line = line_of(tree, place)
        if problem.code == "E_TPL_SYNTAX" and "end of comment" in problem.message:
            place = replace(place, column=line.rfind("{#") + 1 or 1)
            hint = "`{#` begins a comment of Jinja, up to `#}`: write {{ '{#' }} where the text has it"
        elif _COMMENT.search(line[: place.column - 1] or line):
            hint = "Jinja is rendered in YAML comments too: take it out, or write it between {# and #}"
    return replace(problem, position=place, hint=hint, related=(*problem.related, *related))


def _no_manifest(entry: str) -> Diagnostic:
    hint = (
        "put a manifest there, or take the entry out of `manifests`; an empty folder is never read as an empty side: "
        "to delete what it declared, put the manifest back and run `reconciler destroy`"
    )
    return error("E_PATH_EMPTY", f"there is no manifest in {entry!r}", Position(entry, 1, 1), hint=hint)


def _empty(file: str) -> Diagnostic:
    return error("E_YAML_EMPTY", "the file declares nothing", Position(file, 1, 1), hint="fill it, or delete it")


def source_digest(tree: ProjectTree, sets: Sequence[str], env_name: str) -> str:
    """Return the digest of every file that was read, of the words of `--set`, and of the environment's name."""
    return digest([dict(tree.digests()), list(sets), env_name])
