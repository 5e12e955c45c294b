"""API calls of a plan, in its order: method, path, body, and the values each needs or returns."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache
from importlib.resources import files
from itertools import count
from typing import TypeAlias
from urllib.parse import quote

from reconciler.kinds.base.field import Field
from reconciler.kinds.registry import Kind, kind_named
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.model.change import Action, Change
from reconciler.model.field_path import iter_leaves
from reconciler.model.field_tree import Visit, rewrite
from reconciler.model.json_types import Json, as_object
from reconciler.model.plan import Plan
from reconciler.model.report import Report, ReportOptions
from reconciler.redaction import is_redacted
from reconciler.reports.escaping import comment, document
from reconciler.reports.wording import ACTION_PHRASES, summary_line

_MARK = late_pattern('"\x00([A-Z0-9_]+)"'.replace("\x00", r"\\u0000"))


@dataclass(frozen=True, slots=True)
class Variable:
    """Shell variable in place of a text; `description` describes its value."""

    name: str
    description: str = ""


Body: TypeAlias = Json | Variable | list["Body"] | dict[str, "Body"]
"""Body of a call, with variables in place of texts."""


def words(body: Body) -> str:
    """Quote a body as one shell word; a Variable in it is expanded inside its JSON text."""
    text = document(_marked(body)).rstrip("\n").replace("'", "\\u0027")
    return "'" + _MARK.sub(_expanded, text) + "'"


def _expanded(match: re.Match[str]) -> str:
    return '"\'"$(text "$' + match[1] + '")"\'"'


def _marked(value: Body) -> Json:
    if isinstance(value, Variable):
        return f"\x00{value.name}"
    if isinstance(value, Mapping):
        return {_unmarked(str(key)): _marked(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_marked(part) for part in value]
    return _unmarked(value) if isinstance(value, str) else value


def _unmarked(text: str) -> str:
    """Remove null characters, with which data could imitate a variable; the service refuses them anyway."""
    return text.replace("\x00", "\ufffd")


def sendable(node: Field, value: Json, *, create: bool) -> Json:
    """Remove fields that no request may hold: those the service computes; unknown ones are kept."""

    def visit(field: Field | None, part: Json) -> Json | Visit:
        if field is None:
            return part
        return Visit.INTO if (field.in_create if create else field.in_update) else Visit.DROP

    return rewrite(node, value, visit)


def without_secrets(value: Body, names: Iterable[str], path: str = "") -> Body:
    """Replace every redacted value by a variable; `names` returns a new name for each."""
    supply = iter(names)
    return _unmasked(value, supply, path)


def _unmasked(value: Body, supply: Iterator[str], path: str) -> Body:
    if is_redacted(value):
        return Variable(next(supply), path)
    if isinstance(value, Mapping):
        return {key: _unmasked(part, supply, f"{path}.{key}" if path else str(key)) for key, part in value.items()}
    if isinstance(value, list):
        return [_unmasked(part, supply, f"{path}[{at}]") for at, part in enumerate(value)]
    return value


def variables(value: Body) -> list[Variable]:
    """Return the variables in a body, in its order."""
    return [leaf for _, leaf in iter_leaves(value) if isinstance(leaf, Variable)]


_INDEXED = late_pattern(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptCall:
    """One call of the script. `keeps` are the fields it would erase; `gives` is the variable for its new id."""

    change: Change
    method: str
    path: str
    body: Body = None
    id_field: str = ""
    gives: str = ""
    keeps: tuple[str, ...] = ()


@dataclass(slots=True)
class _VariableNames:
    """Fresh variable names, and the id variable of each object the script creates."""

    created: dict[tuple[str, str], str] = field(default_factory=dict)
    secrets: Iterator[str] = field(default_factory=lambda: (f"SECRET_{number}" for number in count(1)))


def calls_of(plan: Plan) -> Iterator[ScriptCall]:
    """Yield the calls of a plan; what a guard blocks is not among them. Raises PluginError for an unknown kind."""
    names = _VariableNames()
    for change in plan.pending:
        if not change.blocks:
            yield _call(change, kind_named(change.kind), names)


def _call(change: Change, kind: Kind, names: _VariableNames) -> ScriptCall:
    ends = kind.endpoints
    if change.action is Action.DELETE:
        return ScriptCall(change=change, method="DELETE", path=_path(ends.object, change.id))
    body = _body(change, kind, names)
    if change.action is Action.CREATE:
        name = names.created.setdefault((change.kind, change.name), f"NEW_{len(names.created) + 1}")
        return ScriptCall(
            change=change, method="POST", path=_path(ends.collection), body=body, id_field=kind.id_field, gives=name
        )
    return ScriptCall(
        change=change, method="PUT", path=_path(ends.object, change.id), body=body, keeps=_keeps(change, kind, body)
    )


def _path(template: str, object_id: str = "") -> str:
    return template.replace("{project_id}", "$PROJECT_ID").replace("{id}", quote(object_id, safe="", errors="replace"))


def _body(change: Change, kind: Kind, names: _VariableNames) -> Body:
    body = sendable(kind.root, change.after or {}, create=change.action is Action.CREATE)
    return without_secrets(_with_ids(body, change.unknown, kind, names), names.secrets)


def _keeps(change: Change, kind: Kind, body: Body) -> tuple[str, ...]:
    sent = as_object(body)
    moved = {re.split(r"[.\[]", one.path, maxsplit=1)[0] for one in change.fields}
    return tuple(
        name for name, part in kind.top_fields.items() if part.in_update and name not in sent and name not in moved
    )


def _with_ids(body: Body, unknown: tuple[str, ...], kind: Kind, names: _VariableNames) -> Body:
    """Put the ids in that only an earlier call of the script can tell: those of groups that are new in this plan."""
    for path in unknown:
        steps = [int(number) if number else name for name, number in _INDEXED.findall(path)]
        body = _put(body, steps, kind, names, "")
    return body


def _put(value: Body, steps: Sequence[str | int], kind: Kind, names: _VariableNames, at: str) -> Body:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if rest and isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [*value[:step], _put(value[step], rest, kind, names, f"{at}[]"), *value[step + 1 :]]
    if not isinstance(value, Mapping):
        return value
    name = str(step)
    if rest:
        return {**value, name: _put(value.get(name), rest, kind, names, f"{at}.{name}" if at else name)}
    found = _new_id(value, kind, names, at)
    return {**value, name: found} if found else value


def _new_id(item: Mapping[str, Body], kind: Kind, names: _VariableNames, at: str) -> Variable | None:
    for path, other in kind.references.items():
        parent, _, name_field = path.rpartition(".")
        if parent == at and (other, item.get(name_field)) in names.created:
            return Variable(names.created[other, str(item[name_field])], f"the id of {other} {item[name_field]}")
    return None


def report(report: Report, options: ReportOptions) -> str:  # noqa: ARG001 - every reporter has this signature
    """Render the calls of every plan of a report as one script."""
    lines = ["#!/bin/sh", *(line for plan in report.plans for line in _plan(plan))]
    return "\n".join(lines) + "\n"


def _plan(plan: Plan) -> Iterator[str]:
    calls = list(calls_of(plan)) if not plan.errored else []
    yield f"# reconciler: the calls of a plan for {comment(plan.environment)}"
    yield f"# {summary_line(plan)}"
    yield "# Read it before you run it: the lock, the journal and the checks are those of `reconciler apply` alone."
    yield from (f"# error, so nothing is called: {comment(one.code)}" for one in plan.diagnostics if plan.errored)
    yield from (f"# held back: {comment(one.address)}: {comment(one.reason)}" for one in plan.held)
    yield from (f"# blocked, left out: {comment(one.address)}" for one in plan.pending if one.blocks)
    yield ""
    yield _prelude()
    yield from _needed(calls)
    for call in calls:
        yield ""
        yield from _call_lines(call)


def _needed(calls: list[ScriptCall]) -> Iterator[str]:
    needed = [(call, one) for call in calls for one in variables(call.body) if one.name.startswith("SECRET_")]
    for call, one in needed:
        yield f"# {one.name}: {comment(call.change.address)} {comment(one.description)}"
        yield f': "${{{one.name}:?is not set}}"'


def _call_lines(call: ScriptCall) -> Iterator[str]:
    yield f"# {comment(call.change.address)} {ACTION_PHRASES[call.change.action]}"
    yield from (f"# {comment(note)}" for note in call.change.notes)
    if call.keeps:
        yield f'keep "{call.path}" {" ".join(call.keeps)}'
    body = f" {words(call.body)}" if call.body is not None else ""
    plain = f'call {call.method} "{call.path}"{body}'
    if call.gives:
        yield f"{call.gives}=$({plain} | id_of {call.id_field})"
        yield f': "${{{call.gives}:?the answer held no id}}"'
    else:
        yield f"{plain} >/dev/null"


@cache
def _prelude() -> str:
    return (files(__package__) / "shell_prelude.sh").read_text(encoding="utf-8")
