"""Renders templates in one confined child, with the origin of each character and checked structure."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from reconciler.errors import ManifestError, error
from reconciler.late_methods import dataclass
from reconciler.manifest.files.project_tree import ProjectTree
from reconciler.manifest.program_digest import digest_of
from reconciler.manifest.template import marked_text
from reconciler.manifest.template.exceptions import TemplateFailure
from reconciler.manifest.template.marked_text import TemplateOrigin, UnmarkedLines
from reconciler.manifest.template.rendering_child import RenderingChild, RenderingJob
from reconciler.manifest.template.template_positions import LineMap
from reconciler.manifest.text_lines import TextLines
from reconciler.manifest.yaml import characters
from reconciler.manifest.yaml.block_reader import BlockSpan, parts_of
from reconciler.model.diagnostic import Diagnostic, RelatedPosition
from reconciler.model.json_types import Json
from reconciler.model.source_map import Position

if TYPE_CHECKING:
    from reconciler.manifest.template.worker_process import WorkerLimits

_STOPPED = 3
"""Files that may exhaust time or memory before the remaining ones of the run are refused."""
_CONTENT = ("E_YAML_ENCODING", "E_YAML_SYNTAX", "E_TEXT_")


_LEVEL = 1
"""Level of compression: the fastest, which takes a tenth of what escaping the marks as JSON does."""


class RenderedText:
    """One text of a template; `read` returns it. The cache holds it compressed, since it repeats what a loop wrote."""

    def __init__(self, read: Callable[[], str], compressed: bytes | None = None) -> None:
        self._read = read
        self._compressed = compressed

    @classmethod
    def expanded_later(cls, compressed: bytes) -> "RenderedText":
        """Return the text of compressed bytes, which is expanded whenever it is asked for."""
        return cls(lambda: zlib.decompress(compressed).decode("utf-8", "surrogatepass"), compressed)

    def __call__(self) -> str:
        """Return the text."""
        return self._read()

    @property
    def compressed(self) -> bytes:
        """The text, compressed; this is done once."""
        if self._compressed is None:
            self._compressed = zlib.compress(self._read().encode("utf-8", "surrogatepass"), _LEVEL)
        return self._compressed


@dataclass(frozen=True, kw_only=True)
class RenderedTemplate:
    """Rendered text with its origins; `problems` explain a missing one.

    `texts` return the text with its marks (marked_text.py), whose origins are `places`, and the text without any where
    the template may read its own output in a way that marks change. They are read when they are asked for. `uses` are
    the values that a failed expression reads.
    """

    file: str
    texts: Sequence[RenderedText] = ()
    places: tuple[TemplateOrigin, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    uses: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Digest of the texts and places, of which the compressed texts are read: they are a fraction as long."""
        return digest_of(*(hashlib.sha256(each.compressed).hexdigest() for each in self.texts), self.places)

    @cached_property
    def marked(self) -> str:
        """Text with its marks."""
        return self.texts[0]() if self.texts else ""

    @cached_property
    def unmarked(self) -> str:
        """Marked text without its marks."""
        return marked_text.unmarked_whole(self.marked)

    @cached_property
    def text(self) -> str:
        """Text that is parsed."""
        return self.texts[-1]() if len(self.texts) > 1 else self.unmarked

    @cached_property
    def text_lines(self) -> Sequence[str]:
        """The text, split at line feeds; where it is the marked text, each line is made where it is asked for."""
        marked = self.lines.marked_lines
        if len(self.texts) > 1 or not isinstance(marked, TextLines):  # a mark may be inside a line break
            return self.text.split("\n")
        return UnmarkedLines(marked)

    def part(self, span: BlockSpan) -> str:
        """Return the part of the text that a document was read from, with line feeds alone."""
        lines = self.text_lines
        if isinstance(lines, UnmarkedLines):
            return lines.part(span.line, span.end - span.start)
        return parts_of(lambda: self.text)(span)

    @cached_property
    def lines(self) -> LineMap:
        """Map of the text to the template."""
        is_exact = len(self.texts) < 2 or self.text == self.unmarked
        return LineMap(self.file, self.marked, None if is_exact else self.text, self.places)


Keep = Callable[[RenderedTemplate, Sequence[str]], None]
"""Gets a template that rendered, and the files that it asked for."""


def render(
    tree: ProjectTree,
    files: Sequence[str],
    context: Callable[[], Mapping[str, Json]],
    budget: "WorkerLimits | None" = None,
    *,
    known: Mapping[str, RenderedTemplate] | None = None,
    keep: Keep | None = None,
) -> dict[str, RenderedTemplate]:
    """Render these files of the tree with what `context` returns, which is plain data; every file gets a result.

    `known` are the results of an earlier run, by file; `keep` gets each new one.
    """
    rendering = Rendering(tree=tree, context=context, budget=budget, keep=keep)
    return {one.file: one for one in rendering.each(files, known or {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What templates are rendered with (see `render`); of those with their checked text in `texts` no child asks.

    `child` is one that renders for other loads too; without, each one is started here.
    """

    tree: ProjectTree
    context: Callable[[], Mapping[str, Json]]
    budget: "WorkerLimits | None" = None
    texts: Mapping[str, str] = field(default_factory=dict)
    keep: Keep | None = None
    child: RenderingChild | None = None

    def each(self, files: Sequence[str], known: Mapping[str, RenderedTemplate]) -> Iterator[RenderedTemplate]:
        """Yield the result of each file in their order; while one is looked at, the child renders the next."""
        done = {file: known[file] for file in files if file in known}
        if done:
            done.update((one.file, one) for one in self._new([file for file in files if file not in done]))
        if done and not _stops(done.values()):
            yield from (done[file] for file in files)
        else:  # which files are refused depends on all of them
            yield from self._new(files)

    def _new(self, files: Sequence[str]) -> Iterator[RenderedTemplate]:
        """Render files, in another child behind one that a file ends, up to the number that refuses the rest.

        What fails in a child that rendered before this load is not yielded, and rendered again in another.
        """
        left, stops = list(files), 0
        while left and stops < _STOPPED:
            for result in self._one_child(list(left)):
                left.remove(result.file)
                stops += _stops([result])
                yield result
                if stops >= _STOPPED:
                    break
        for file in left:
            yield _stopped(file, "the templates before it took all there was")

    def _one_child(self, files: Sequence[str]) -> Iterator[RenderedTemplate]:
        """Render files until all are done or the child has failed with one of them."""
        from reconciler.manifest.template.worker_process import WorkerDiedError  # for start-up, as in rendering_child

        child = self.child or RenderingChild(self.budget)
        is_reused, is_done = child.is_reused, False
        results = child.results(RenderingJob(files, self.context(), self.texts), partial(_answer, self.tree))
        try:
            for file in files:
                try:
                    result = next(results)
                except WorkerDiedError as problem:
                    if not is_reused:
                        yield _stopped(file, str(problem.args[0]))
                    return
                made = _rendered(file, result)
                if made.problems and is_reused:
                    return
                if self.keep is not None and not made.problems:
                    self.keep(made, list(result["asked"]))
                yield made
            with suppress(WorkerDiedError):
                is_done = next(results, None) is None
        finally:
            results.close()
            if child is not self.child or not is_done:
                child.close()


def _stops(results: Iterable[RenderedTemplate]) -> int:
    return sum(each.code == "E_TPL_LIMIT" for result in results for each in result.problems)


def _stopped(file: str, why: str) -> RenderedTemplate:
    hint = "split the file, or render less"
    problem = error("E_TPL_LIMIT", f"rendering was stopped: {why}", Position(file, 1, 1), hint=hint)
    return RenderedTemplate(file=file, problems=(problem,))


def _answer(tree: ProjectTree, ask: Mapping[str, Any]) -> dict[str, Any]:
    name = str(ask.get("ask"))
    try:
        text = characters.decode(tree.read(name), name)
        characters.check_text(text, name)
    except ManifestError as problem:
        return _refusal(problem, name)
    return {"text": text}


def _refusal(problem: ManifestError, name: str) -> dict[str, Any]:
    if not problem.code.startswith(_CONTENT):
        return {"code": problem.code, "message": problem.message}
    where = problem.diagnostics[0].position or Position(name, 1, 1)
    told: TemplateFailure = {
        "code": problem.code,
        "message": problem.message,
        "file": where.file,
        "line": where.line,
        "column": where.column,
        "hint": problem.hint,
        "related": [],
        "uses": [],
    }
    return {"failure": told}


def _rendered(file: str, result: Mapping[str, Any]) -> RenderedTemplate:
    if "failure" in result:
        told = result["failure"]
        position = Position(str(told["file"]), int(told["line"]), int(told["column"]))
        related = tuple(
            RelatedPosition(
                message=str(each["message"]), position=Position(str(each["file"]), each["line"], each["column"])
            )
            for each in told["related"]
        )
        problem = error(told["code"], told["message"], position, hint=told["hint"], related=related)
        return RenderedTemplate(file=file, problems=(problem,), uses=tuple(map(str, told["uses"])))
    texts = [RenderedText(partial(str, text)) for text in result["texts"]]
    return RenderedTemplate(file=file, texts=texts, places=origins(result["places"]))


def origins(rows: Iterable[Sequence[Any]]) -> tuple[TemplateOrigin, ...]:
    """Return the origins of a worker's answer, which are rows of their fields."""
    return tuple(TemplateOrigin(each[0], each[1], each[2], each[3], tuple(each[4]), each[5], each[6]) for each in rows)
