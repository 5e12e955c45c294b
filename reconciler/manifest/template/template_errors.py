"""Converts exceptions inside a template to plain data: the code, the message, and the template's own line."""

import re
from collections.abc import Iterator, Sequence
from types import TracebackType

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from reconciler.manifest.template import marked_text
from reconciler.manifest.template.exceptions import (
    ControlCharacterError,
    FailureOrigin,
    IncludeError,
    LimitError,
    OutOfTimeError,
    PrivateNameError,
    StructureError,
    TemplateFailure,
    TemplatePathError,
)
from reconciler.manifest.template.marked_text import TemplateOrigin

_TOJSON = "write {{ … | tojson }}: it makes one YAML value of anything"
_LARGE = "split the file, or render less"


def failure(problem: BaseException, file: str, places: Sequence[TemplateOrigin]) -> TemplateFailure:
    """Return the failure for an exception raised while compiling or rendering `file`; `places` are its origins."""
    if isinstance(problem, IncludeError):
        return problem.failure
    where, line = _where(problem, file)
    code, message, hint = _words(problem)
    place = _expression(problem, where, line, places)
    if place and isinstance(problem, StructureError):
        message = f"the value of `{place.expression}`: {message}"
    failed: TemplateFailure = {
        "code": code,
        "message": message,
        "file": where,
        "line": place.line if place else line,
        "column": place.column if place else 1,
        "hint": hint,
        "related": [],
        "uses": list(place.uses if place else ()),
    }
    call = _call(problem)
    return _called(failed, call, _expression(None, *call, places)) if call else failed


def _called(failed: TemplateFailure, call: tuple[str, int], place: TemplateOrigin | None) -> TemplateFailure:
    """Move a failure inside a macro to the call of the macro, which is the line to correct."""
    inside: FailureOrigin = {
        "message": "inside this macro",
        "file": failed["file"],
        "line": failed["line"],
        "column": failed["column"],
    }
    message = f"{failed['message']}, in the macro at {failed['file']}:{failed['line']}, called from {call[0]}:{call[1]}"
    uses = list(dict.fromkeys([*failed["uses"], *(place.uses if place else ())]))
    called: TemplateFailure = {**failed, "file": call[0], "line": call[1], "column": 1, "message": message}
    if place:
        called["line"], called["column"] = place.line, place.column
    called["related"], called["uses"] = [inside], uses
    return called


def _call(problem: BaseException) -> tuple[str, int] | None:
    """Return the call of the failed macro, outside of macros; None where no macro failed."""
    frames = list(_template_frames(problem))
    if not frames or frames[-1][2] != "macro":
        return None
    return next(((file, line) for file, line, function in reversed(frames) if function != "macro"), None)


def _expression(
    problem: BaseException | None, file: str, line: int, places: Sequence[TemplateOrigin]
) -> TemplateOrigin | None:
    """Return the failed expression: the one that raised, or the one on the line with the missing name."""
    found = marked_text.PLACE.match(getattr(problem, "place", ""))
    if found:
        return places[marked_text.number(found[1])]
    written = [each for each in places if each.expression and not each.is_statement]
    near = [each for each in written if each.file == file and _reaches(each, line)]
    names = re.findall(r"[`']([^`']+)[`']", str(problem)) if isinstance(problem, UndefinedError) else []
    named = [each for each in near if any(name in each.expression for name in names)]
    return next(iter(named or near), None)


def _reaches(place: TemplateOrigin, line: int) -> bool:
    return place.line <= line <= place.line + place.expression.count("\n")


def _words(problem: BaseException) -> tuple[str, str, str]:
    said = str(problem)
    if isinstance(problem, TemplatePathError):
        return "E_TPL_PATH", said, "templates read files of the project only, by paths from its root"
    if isinstance(problem, (PrivateNameError, ControlCharacterError)):
        return _own(problem)
    if isinstance(problem, SecurityError):
        said = "a value that is not plain data cannot be called" if " at 0x" in said else said
        return "E_TPL_SECURITY", f"the template may not do this: {said}", ""
    if isinstance(problem, UndefinedError):
        return "E_TPL_UNDEFINED", said, "give it in a values file or with --set, or use | default(…)"
    if isinstance(problem, TemplateNotFound):
        return "E_TPL_PATH", f"there is no template {said!r} in the project", "paths start at the project's root"
    if isinstance(problem, TemplateSyntaxError):
        return "E_TPL_SYNTAX", f"the template cannot be understood: {problem.message}", ""
    if isinstance(problem, StructureError):
        return "E_TPL_STRUCTURE", f"{said}, which cannot stand in a text", _TOJSON
    if isinstance(problem, (LimitError, OverflowError)):
        return "E_TPL_LIMIT", f"the template asks for too much: {said}", _LARGE
    if isinstance(problem, OutOfTimeError):
        return "E_TPL_LIMIT", "the template takes too long", _LARGE
    if isinstance(problem, (MemoryError, RecursionError)):
        what = "memory" if isinstance(problem, MemoryError) else f"depth: {_cycle(problem)}"
        return "E_TPL_LIMIT", f"the template needs too much {what}", _LARGE
    if isinstance(problem, SyntaxError):
        return "E_TPL_LIMIT", "the template nests too many blocks", "use macros or includes"
    if isinstance(problem, TemplateError):
        return "E_TPL_ERROR", f"the template fails: {said}", ""
    said = said if " at 0x" not in said else "a value cannot be used like that"
    return "E_TPL_ERROR", f"the template fails: {said or type(problem).__name__}", ""


def _cycle(problem: BaseException) -> str:
    """Name the template that includes or calls itself, from the traceback, innermost last."""
    names: list[str] = []
    for name, _line, _function in _template_frames(problem):
        if names[-1:] != [name]:
            names.append(name)
    before = next((number for number in range(len(names) - 2, -1, -1) if names[number] == names[-1]), None)
    if before is not None:
        return " → ".join(names[before:])
    return f"{names[-1]} includes or calls itself" if names else "something includes or calls itself"


def _own(problem: PrivateNameError | ControlCharacterError) -> tuple[str, str, str]:
    if isinstance(problem, PrivateNameError):
        message = f"the template may not do this: `{problem.args[0]}` is a private name"
        return "E_TPL_SECURITY", message, "names never start with an underscore"
    return "E_TEXT_CONTROL", f"the template holds the control character {problem.args[0]}", "leave it out"


def _where(problem: BaseException, file: str) -> tuple[str, int]:
    """Return template and line: the innermost template frame of the traceback."""
    if isinstance(problem, TemplateSyntaxError):
        return problem.name or file, max(problem.lineno, 1)
    frames = list(_template_frames(problem))
    place = frames[-1][:2] if frames else (file, 1)
    if isinstance(problem, (PrivateNameError, ControlCharacterError)):
        return _compiling(problem) or place[0], problem.args[1]
    return place


def _template_frames(problem: BaseException) -> Iterator[tuple[str, int, str]]:
    """Yield template, line and function of each template frame of the traceback, the innermost last."""
    frames: TracebackType | None = problem.__traceback__
    while frames is not None:
        template = frames.tb_frame.f_globals.get("__jinja_template__")
        if template is not None and template.name:
            line = max(template.get_corresponding_lineno(frames.tb_lineno), 1)
            yield template.name, line, frames.tb_frame.f_code.co_name
        frames = frames.tb_next


def _compiling(problem: BaseException) -> str:
    """Return the name of the template that was being compiled."""
    name = ""
    frames = problem.__traceback__
    while frames is not None:
        if frames.tb_frame.f_code.co_name == "compile" and isinstance(frames.tb_frame.f_locals.get("name"), str):
            name = frames.tb_frame.f_locals["name"]
        frames = frames.tb_next
    return name
