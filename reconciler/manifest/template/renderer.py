"""Renders templates in one confined child, with the origin of each character and checked structure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.errors import ManifestError, error
from reconciler.late_methods import dataclass
from reconciler.manifest.files.project_tree import ProjectTree
from reconciler.manifest.template import marked_text
from reconciler.manifest.template.exceptions import TemplateFailure
from reconciler.manifest.template.marked_text import TemplateOrigin
from reconciler.manifest.template.template_positions import LineMap
from reconciler.manifest.yaml import characters
from reconciler.model.diagnostic import Diagnostic, RelatedPosition
from reconciler.model.json_types import Json
from reconciler.model.source_map import Position

if TYPE_CHECKING:
    from reconciler.manifest.template.worker_process import WorkerLimits

_STOPPED = 3
"""Files that may exhaust time or memory before the remaining ones of the run are refused."""
_CONTENT = ("E_YAML_ENCODING", "E_YAML_SYNTAX", "E_TEXT_")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedTemplate:
    """Rendered text with its origins; `problems` explain a missing one.

    `marked` is the text with its marks (marked_text.py), `places` their origins. Both texts are the same, unless the
    template reads its own output in a way that marks change. `uses` are the values that a failed expression reads.
    """

    text: str = ""
    lines: LineMap | None = None
    marked: str = ""
    places: tuple[TemplateOrigin, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    uses: tuple[str, ...] = ()

    @property
    def unmarked(self) -> str:
        """Marked text without its marks."""
        return marked_text.unmarked(self.marked)


Answer = Mapping[str, Any]
"""A worker's answer about one template: plain data."""


def render(
    tree: ProjectTree,
    files: Sequence[str],
    context: Mapping[str, Json],
    budget: "WorkerLimits | None" = None,
    *,
    known: Mapping[str, Answer] | None = None,
    keep: Callable[[str, Answer], None] | None = None,
) -> dict[str, RenderedTemplate]:
    """Render these files of the tree with `context`, which is plain data; every file gets a result.

    `known` are the answers of an earlier run, by file; `keep` gets each new one.
    """
    done = {file: _rendered(file, known[file]) for file in files if known and file in known}
    while _stops(done) < _STOPPED and (left := [file for file in files if file not in done]):
        for file, result in _one_child(tree, left, context, budget, keep):
            done[file] = result
            if _stops(done) >= _STOPPED:
                break
    if known and _stops(done):  # which files are refused depends on all of them
        return render(tree, files, context, budget)
    for file in files:
        done.setdefault(file, _stopped(file, "the templates before it took all there was"))
    return {file: done[file] for file in files}


def _stops(done: Mapping[str, RenderedTemplate]) -> int:
    return sum(each.code == "E_TPL_LIMIT" for result in done.values() for each in result.problems)


def _one_child(
    tree: ProjectTree,
    files: Sequence[str],
    context: Mapping[str, Json],
    budget: "WorkerLimits | None",
    keep: Callable[[str, Answer], None] | None,
) -> Iterator[tuple[str, RenderedTemplate]]:
    """Render files until all are done or the child has died of one of them."""
    from reconciler.manifest.template import worker_process  # for start-up: templates that are known need no child
    from reconciler.manifest.template.template_worker import send_rendered  # for start-up: it loads Jinja

    limits = budget or worker_process.WorkerLimits()
    results = worker_process.run(
        lambda channel: send_rendered(channel, files, context, limits), lambda ask: _answer(tree, ask), limits
    )
    try:
        for file in files:
            try:
                result = next(results)
            except worker_process.WorkerDiedError as problem:
                yield file, _stopped(file, str(problem.args[0]))
                return
            made = _rendered(file, result)
            if keep is not None and not made.problems:
                keep(file, result)
            yield file, made
    finally:
        results.close()


def _stopped(file: str, why: str) -> RenderedTemplate:
    hint = "split the file, or render less"
    problem = error("E_TPL_LIMIT", f"rendering was stopped: {why}", Position(file, 1, 1), hint=hint)
    return RenderedTemplate(problems=(problem,))


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
        return RenderedTemplate(problems=(problem,), uses=tuple(map(str, told["uses"])))
    places = tuple(
        TemplateOrigin(each[0], each[1], each[2], each[3], tuple(each[4]), each[5], each[6])
        for each in result["places"]
    )
    marked = result["texts"][0]
    stripped = marked_text.unmarked(marked)
    text = result["texts"][-1] if len(result["texts"]) > 1 else stripped
    lines = LineMap(file, marked, text, places, exact=text == stripped)
    return RenderedTemplate(text=text, lines=lines, marked=marked, places=places)
