"""The calls of a plan, in its order: method, path, body, and what must be known or kept for each."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import quote

from reconciler.kinds import Kind, kind_named
from reconciler.model.change import Action, Change
from reconciler.model.plan import Plan
from reconciler.model.resource import Json
from reconciler.reports.script.body import Variable, sendable, without_secrets

_INDEXED = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to write down. `keeps` are the fields it would erase; `gives` is the variable its new id goes to."""

    change: Change
    method: str
    path: str
    body: Json = None
    id_field: str = ""
    gives: str = ""
    keeps: tuple[str, ...] = ()


@dataclass(slots=True)
class _Names:
    """Fresh variable names, and the id variable of each object the script creates."""

    created: dict[tuple[str, str], str] = field(default_factory=dict)
    secrets: Iterator[str] = field(default_factory=lambda: (f"SECRET_{number}" for number in count(1)))


def calls_of(plan: Plan) -> Iterator[Call]:
    """Yield the calls of a plan; what a guard blocks is not among them. Raises PluginError for an unknown kind."""
    names = _Names()
    for change in plan.pending:
        if not change.blocks:
            yield _call(change, kind_named(change.kind), names)


def _call(change: Change, kind: Kind, names: _Names) -> Call:
    ends = kind.endpoints
    if change.action is Action.DELETE:
        return Call(change=change, method="DELETE", path=_path(ends.item, change.id))
    body = _body(change, kind, names)
    if change.action is Action.CREATE:
        name = names.created.setdefault((change.kind, change.name), f"NEW_{len(names.created) + 1}")
        return Call(
            change=change, method="POST", path=_path(ends.collection), body=body, id_field=kind.id_field, gives=name
        )
    return Call(
        change=change, method="PUT", path=_path(ends.item, change.id), body=body, keeps=_keeps(change, kind, body)
    )


def _path(template: str, object_id: str = "") -> str:
    return template.replace("{project_id}", "$PROJECT_ID").replace("{id}", quote(object_id, safe="", errors="replace"))


def _body(change: Change, kind: Kind, names: _Names) -> Json:
    body = sendable(kind.root, change.after or {}, create=change.action is Action.CREATE)
    body = _with_ids(body, change.unknown, kind, names)
    return without_secrets(body, names.secrets)


def _keeps(change: Change, kind: Kind, body: Mapping[str, Json]) -> tuple[str, ...]:
    moved = {re.split(r"[.\[]", one.path, maxsplit=1)[0] for one in change.fields}
    return tuple(
        name for name, part in kind.root.children.items() if part.in_update and name not in body and name not in moved
    )


def _with_ids(body: Json, unknown: tuple[str, ...], kind: Kind, names: _Names) -> Json:
    """Put the ids in that only an earlier call of the script can tell: those of groups that are new in this plan."""
    for path in unknown:
        steps = [int(number) if number else name for name, number in _INDEXED.findall(path)]
        body = _put(body, steps, kind, names, "")
    return body


def _put(value: Json, steps: list[Any], kind: Kind, names: _Names, at: str) -> Json:
    if len(steps) > 1 and isinstance(value, list) and isinstance(steps[0], int) and steps[0] < len(value):
        changed = _put(value[steps[0]], steps[1:], kind, names, f"{at}[]")
        return [*value[: steps[0]], changed, *value[steps[0] + 1 :]]
    if not isinstance(value, Mapping) or not steps:
        return value
    if len(steps) > 1:
        inner = f"{at}.{steps[0]}" if at else str(steps[0])
        return {**value, steps[0]: _put(value.get(steps[0]), steps[1:], kind, names, inner)}
    found = _new_id(value, kind, names, at)
    return {**value, steps[0]: found} if found else value


def _new_id(item: Mapping[str, Json], kind: Kind, names: _Names, at: str) -> Variable | None:
    for path, other in kind.references.items():
        parent, _, name_field = path.rpartition(".")
        if parent == at and (other, item.get(name_field)) in names.created:
            return Variable(names.created[other, str(item[name_field])], f"the id of {other} {item[name_field]}")
    return None
