"""What the confined child does: compiles and renders templates, whose text it asks its parent for."""

import codecs
import textwrap
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from jinja2 import BaseLoader, Environment, TemplateNotFound
from jinja2.exceptions import SecurityError

from reconciler.manifest.template import worker_process
from reconciler.manifest.template.exceptions import IncludeError, LimitError, TemplatePathError
from reconciler.manifest.template.rendering_child import RenderingJob
from reconciler.manifest.template.sandbox import CompiledTemplates, Sandbox
from reconciler.manifest.template.template_errors import failure
from reconciler.manifest.template.worker_process import WorkerLimits
from reconciler.model.json_types import Json

_PLAIN = frozenset({str, int, float, bool, type(None)})
_LOADED = (textwrap, codecs.lookup("unicode_escape"))
"""Modules that Jinja imports on first use, which is too late in a child that cannot open files."""


def serve(job: RenderingJob, budget: WorkerLimits, channel: worker_process.WorkerChannel) -> None:
    """Do a job, then those that the parent sends; the child ends where it waits for one and there is no parent."""
    compiled: CompiledTemplates = {}
    while True:
        _render_job(channel, job, budget, compiled)
        channel.send({"done": True})
        message = channel.receive()
        job = RenderingJob(
            message["files"], message["context"], dict(zip(message["names"], message["texts"], strict=True))
        )


def job_message(job: RenderingJob) -> worker_process.Message:
    """Return the message that asks a child to do another job."""
    names, texts = list(job.texts), list(job.texts.values())
    return {"files": list(job.files), "context": dict(job.context), "names": names, "texts": texts}


def _render_job(
    channel: worker_process.WorkerChannel, job: RenderingJob, budget: WorkerLimits, compiled: "CompiledTemplates"
) -> None:
    """Render each file, and send what came of it: the texts with their places, or the failure."""
    loader = AskingLoader(channel, job.texts)
    data = job.context
    for file in job.files:
        if not isinstance(data, PlainContext):
            with suppress(SecurityError):  # which each file then has
                data = PlainContext.of(job.context)
        channel.send(_result(file, loader, data, budget, compiled))


def _result(
    file: str,
    loader: "AskingLoader",
    context: Mapping[str, Json],
    budget: WorkerLimits,
    compiled: "CompiledTemplates",
) -> dict[str, Any]:
    sandbox = Sandbox(loader, compiled=compiled)
    loader.asked.clear()
    try:
        with worker_process.time_limit(budget):
            texts = [rendered(sandbox, file, context, budget.output)]
            if sandbox.table.captures:
                texts.append(rendered(Sandbox(loader, marking=False, compiled=compiled), file, context, budget.output))
    except BaseException as problem:  # errors of a template are returned, not raised
        return {"failure": failure(problem, file, sandbox.table.places)}
    return {"places": sandbox.table.places, "texts": texts, "asked": list(loader.asked)}


def rendered(sandbox: Sandbox, file: str, context: Mapping[str, Json], most: int) -> str:
    """Compile and render one template. Raises Jinja's exceptions, LimitError for too much output."""
    if not isinstance(context, PlainContext):
        refuse_objects(context)
    parts: list[str] = []
    length = 0
    template = sandbox.get_template(file)
    for part in template.root_render_func(template.new_context(dict(context))):
        parts.append(part)
        length += len(part)
        if length > most:
            raise LimitError(f"more than {most} characters")
    return "".join(parts)


class PlainContext(dict[str, Json]):
    """Context that is known to be plain data: it is checked once, not for each of its files."""

    @classmethod
    def of(cls, context: Mapping[str, Json]) -> "PlainContext":
        """Check a context. Raises SecurityError."""
        refuse_objects(context)
        return cls(context)


def refuse_objects(value: Any) -> None:
    """Raise SecurityError unless a value is plain data, since templates can read attributes of any object."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, (dict, Mapping)):
            parts: tuple[Collection[Any], ...] = (each.keys(), each.values())
        elif isinstance(each, list):
            parts = (each,)
        elif type(each) in _PLAIN:
            continue
        else:
            raise SecurityError(f"the context holds a {type(each).__name__}, which is no plain data")
        for inside in parts:
            if not _PLAIN.issuperset(map(type, inside)):
                left += [one for one in inside if type(one) not in _PLAIN]


class AskingLoader(BaseLoader):
    """Requests templates from the parent, once each unless known; `asked` are those that the file at hand names."""

    def __init__(self, channel: worker_process.WorkerChannel, known: Mapping[str, str]) -> None:
        self._channel = channel
        self._known = dict(known)
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
