"""Renders templates in one confined child, with the origin of each character and checked structure."""

import codecs
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from jinja2 import BaseLoader, Environment, TemplateNotFound
from jinja2.exceptions import SecurityError

from reconciler.errors import ManifestError, error
from reconciler.late_methods import dataclass
from reconciler.manifest.files.project_tree import ProjectTree
from reconciler.manifest.template import marked_text, worker_process
from reconciler.manifest.template.exceptions import IncludeError, LimitError, TemplateFailure, TemplatePathError
from reconciler.manifest.template.instrumentation import TemplateOrigin
from reconciler.manifest.template.sandbox import Sandbox
from reconciler.manifest.template.template_errors import failure
from reconciler.manifest.template.template_positions import LineMap
from reconciler.manifest.template.worker_process import WorkerLimits
from reconciler.manifest.yaml import characters
from reconciler.model.diagnostic import Diagnostic, RelatedPosition
from reconciler.model.json_types import Json
from reconciler.model.source_map import Position

_STOPPED = 3
"""Files that may exhaust time or memory before the remaining ones of the run are refused."""
_LOADED = (textwrap, codecs.lookup("unicode_escape"))
"""Modules that Jinja imports on first use, which is too late in a child that cannot open files."""
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
    budget: WorkerLimits | None = None,
    *,
    known: Mapping[str, Answer] | None = None,
    keep: Callable[[str, Answer], None] | None = None,
) -> dict[str, RenderedTemplate]:
    """Render these files of the tree with `context`, which is plain data; every file gets a result.

    `known` are the answers of an earlier run, by file; `keep` gets each new one.
    """
    budget = budget or WorkerLimits()
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
    budget: WorkerLimits,
    keep: Callable[[str, Answer], None] | None,
) -> Iterator[tuple[str, RenderedTemplate]]:
    """Render files until all are done or the child has died of one of them."""
    results = worker_process.run(
        lambda channel: _work(channel, files, context, budget), lambda ask: _answer(tree, ask), budget
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


# Child side.


def _work(
    channel: worker_process.WorkerChannel, files: Iterable[str], context: Mapping[str, Json], budget: WorkerLimits
) -> None:
    loader = AskingLoader(channel)
    for file in files:
        channel.send(_result(file, loader, context, budget))


def _result(file: str, loader: "AskingLoader", context: Mapping[str, Json], budget: WorkerLimits) -> dict[str, Any]:
    sandbox = Sandbox(loader)
    loader.asked.clear()
    try:
        with worker_process.time_limit(budget):
            texts = [rendered(sandbox, file, context, budget.output)]
            if sandbox.table.captures:
                texts.append(rendered(Sandbox(loader, marking=False), file, context, budget.output))
    except BaseException as problem:  # errors of a template are returned, not raised
        return {"failure": failure(problem, file, sandbox.table.places)}
    return {"places": sandbox.table.places, "texts": texts, "asked": list(loader.asked)}


def rendered(sandbox: Sandbox, file: str, context: Mapping[str, Json], most: int) -> str:
    """Compile and render one template. Raises Jinja's exceptions, LimitError for too much output."""
    refuse_objects(context)
    parts: list[str] = []
    length = 0
    for part in sandbox.get_template(file).generate(context):
        parts.append(part)
        length += len(part)
        if length > most:
            raise LimitError(f"more than {most} characters")
    return "".join(parts)


def refuse_objects(value: Any) -> None:
    """Raise SecurityError unless a value is plain data, since templates can read attributes of any object."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            refuse_objects(key)
            refuse_objects(item)
    elif isinstance(value, list):
        for item in value:
            refuse_objects(item)
    elif value is not None and type(value) not in (str, int, float, bool):
        raise SecurityError(f"the context holds a {type(value).__name__}, which is no plain data")


class AskingLoader(BaseLoader):
    """Requests templates from the parent, once each; `asked` are those that the file at hand names."""

    def __init__(self, channel: worker_process.WorkerChannel) -> None:
        self._channel = channel
        self._known: dict[str, str] = {}
        self.asked: dict[str, None] = {}

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:  # noqa: ARG002 - jinja2's signature
        """Return a template's text. Raises TemplatePathError, IncludeError or TemplateNotFound."""
        self.asked[template] = None
        if template not in self._known:
            reply = self._channel.ask({"ask": template})
            _raise_refusal(reply, template)
            self._known[template] = reply["text"]
        return self._known[template], template, None


def _raise_refusal(reply: Mapping[str, Any], template: str) -> None:
    if "failure" in reply:
        raise IncludeError(reply["failure"])
    if reply.get("code") == "E_PATH_MISSING":
        raise TemplateNotFound(template)
    if "code" in reply:
        raise TemplatePathError(reply["message"])


# Parent side.


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
