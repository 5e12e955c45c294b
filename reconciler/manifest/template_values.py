"""Values for templates: plain YAML files merged in order, then `--set`; each leaf has its origin."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from reconciler.errors import ManifestError, error, warning
from reconciler.late_methods import dataclass
from reconciler.manifest.files.project_tree import ProjectTree, at_key
from reconciler.manifest.set_option import SetError, SetWord, applied, made_name, parsed, shape, unread
from reconciler.manifest.source_positions import Origin
from reconciler.manifest.yaml.block_reader import BlockMarks, BlockReader
from reconciler.manifest.yaml.document import Document, NodePlace
from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.model.diagnostic import Diagnostic, RelatedPosition, has_errors
from reconciler.model.json_types import Json, child_of
from reconciler.model.source_map import DocumentPath, Position

if TYPE_CHECKING:  # Jinja stays unloaded where no file is a template
    from reconciler.manifest.template.renderer import RenderedTemplate

_MOST = 8
"""Most values of which one text is described to be made."""


ValueSource = Callable[[DocumentPath], Position | str | None]
"""Returns the position at which it sets the value at a path, or the words `--set NAME`; None where it does not.

An empty text says that what set the value before is gone.
"""


@dataclass(slots=True)
class TemplateValues:
    """Merged values, each with what set it: `sources` are the documents of values files and the words of `--set`.

    `made` are the words of `--set` whose name is in no values file, where these have nothing that it could be like.
    `later` merges the values once they are read.
    """

    merged: dict[str, Json] = field(default_factory=dict)
    sources: list[ValueSource] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    made: list[tuple[SetWord, DocumentPath]] = field(default_factory=list)
    later: Callable[[], dict[str, Json]] | None = None
    _described: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def data(self) -> dict[str, Json]:
        """The values, which templates have as `values`."""
        if self.later is not None:
            self.merged, self.later = self.later(), None
        return self.merged

    def origin(self, path: DocumentPath) -> str:
        """Return the origin of the value at `path`, or the nearest one around or in it."""
        found = self.decided(path)
        return found if isinstance(found, str) else str(found)

    def position_of(self, path: DocumentPath) -> Position | None:
        """Return the position in a values file that set the value at `path`; None where no file did."""
        found = self.decided(path)
        return None if isinstance(found, str) else found

    def decided(self, path: DocumentPath) -> Position | str:
        """Return the position in a values file that set the value at `path`, or the words `--set NAME`."""
        for length in range(len(path), 0, -1):
            if decided := self.set_by(path[:length]):
                return decided
        return ""

    def set_by(self, path: DocumentPath) -> Position | str | None:
        """Return what the last source says that sets exactly the value at `path`."""
        return next((found for each in reversed(self.sources) if (found := each(path)) is not None), None)

    def used_by(self, template: "RenderedTemplate") -> Origin:
        """Return a function that describes the values of the expressions between two places of rendered text.

        The environment's name is named only where no value is read: there is nothing to edit in it.
        """

        def words(start: NodePlace, end: NodePlace) -> str:
            names = dict.fromkeys(name for place in template.lines.expressions(start, end) for name in place.uses)
            values = [name for name in names if name.partition(".")[0] != "env"]
            told = [self._known(name) for name in (values or [*names])[:_MOST]]
            return f", from {', '.join(told)}" if told else ""

        return words

    def _known(self, name: str) -> str:
        """Describe a value; many places of a template read the same."""
        if name not in self._described:
            self._described[name] = self._told(name)
        return self._described[name]

    def _told(self, name: str) -> str:
        root, _, rest = name.partition(".")
        if root == "env":
            return f"{name} (the environment)"
        where = self.origin(tuple(rest.split("."))) if rest else ""
        return f"{name} ({where})" if where else name


def merge_values(
    tree: ProjectTree,
    files: Iterable[str],
    sets: Iterable[str],
    positions: Mapping[str, Position] | None = None,
    blocks: BlockReader | None = None,
) -> TemplateValues:
    """Read the values files, later ones winning, then the `--set` words; problems are in the result.

    `positions` are those of the keys that hold the paths, by path, where they are known. `blocks` is what the manifests
    of one load are read with as well: they often have the same lines.
    """
    values, known, reader = TemplateValues(), positions or {}, blocks or BlockReader()
    for file in files:
        _file(values, tree, file, known.get(file), reader)
    for word in sets:
        _set(values, word)
    return values


def unread_names(values: TemplateValues, texts: Sequence[str]) -> list[Diagnostic]:
    """Return an error for each name that only `--set` has and that no template of these texts reads."""
    found = [problem for word, made in values.made if (problem := unread(word, made, texts)) is not None]
    return [error(one.code, one.message, values.position_of(one.path), hint=one.hint) for one in found]


def _file(values: TemplateValues, tree: ProjectTree, file: str, key: Position | None, blocks: BlockReader) -> None:
    try:
        read = parse_yaml(tree.read(file), file, blocks=blocks)
    except ManifestError as problem:
        values.problems += at_key(problem.diagnostics, key)
        return
    values.problems += read.diagnostics
    if has_errors(read.diagnostics):
        return
    for document in read.documents:
        if document.value is None:
            continue
        if not isinstance(document.value, dict):
            place = Position(file, *document.start)
            values.problems.append(error("E_YAML_ROOT", "a values file is a mapping of names to values", place))
            continue
        source = _source(file, document)
        _merge(values, values.merged, document.value, (), source)
        values.sources.append(source)


@dataclass(frozen=True, slots=True)
class BlockValues:
    """ValueSource of a document in plain block YAML, whose text shows where a value is."""

    file: str
    marks: BlockMarks = field(repr=False)

    def __call__(self, path: DocumentPath) -> Position | None:
        """Return the position of a value that has keys alone above it: lists are replaced as a whole."""
        keys = [step for step in path if isinstance(step, str)]
        place = self.marks.value_at(keys) if len(keys) == len(path) else None
        return Position(self.file, *place) if place else None


@dataclass(frozen=True, slots=True)
class ParsedValues:
    """ValueSource of any other document."""

    file: str
    document: Document = field(repr=False)

    def __call__(self, path: DocumentPath) -> Position | None:
        """Return the position of a value that has keys alone above it."""
        value = self.document.value
        for step in path:
            if not isinstance(value, dict) or step not in value:
                return None
            value = child_of(value, step)
        return Position(self.file, *self.document.at(path))


def _source(file: str, document: Document) -> BlockValues | ParsedValues:
    marks = document.source_marks
    return BlockValues(file, marks) if isinstance(marks, BlockMarks) else ParsedValues(file, document)


def _merge(
    values: TemplateValues,
    into: dict[str, Json],
    new: Mapping[str, Json],
    base: DocumentPath,
    say: Callable[[DocumentPath], Position | None],
) -> None:
    """Merge mappings key by key; lists and everything else are replaced whole."""
    for key, value in new.items():
        path = (*base, key)
        before = into.get(key)
        if before is not None and value is not None and shape(before) != shape(value):
            values.problems.append(_replaces(path, before, value, say(path), values.position_of(path)))
        if isinstance(value, dict):
            inner: dict[str, Json] = before if isinstance(before, dict) else {}
            into[key] = inner
            _merge(values, inner, value, path, say)
        else:
            into[key] = value


def _replaces(
    path: DocumentPath, before: Json, value: Json, place: Position | None, first: Position | None
) -> Diagnostic:
    message = f"`{'.'.join(map(str, path))}` is {shape(before)} in an earlier values file, and {shape(value)} here"
    related = (RelatedPosition(message="the earlier one", position=first),) if first else ()
    hint = "what the earlier file has below it is gone; null takes a value out without this warning"
    told = warning("W_VALUES_REPLACED", message, place, hint=hint)
    return replace(told, related=related)


def _set(values: TemplateValues, word: str) -> None:
    """Apply `a.b=c`. Raises UsageError for another form."""
    wanted = parsed(word)
    made = None if wanted.adds else made_name(values.merged, wanted, [path for _, path in values.made])
    if made is not None:
        values.made.append((wanted, made))
        wanted = replace(wanted, adds=True)
    try:
        values.merged = applied(values.merged, wanted)
    except SetError as problem:
        place = values.position_of(problem.path)
        values.problems.append(error(problem.code, problem.message, place, hint=problem.hint))
        return
    values.sources.append(WordValues(tuple(map(str, wanted.path)), f"--set {wanted.name}"))


@dataclass(frozen=True, slots=True)
class WordValues:
    """ValueSource of a word of `--set`."""

    steps: DocumentPath
    words: str

    def __call__(self, path: DocumentPath) -> str | None:
        """Return the words for the value that they set, an empty text for those that it replaced."""
        if path[: len(self.steps)] != self.steps:
            return None
        return self.words if path == self.steps else ""
