"""Edits of kept objects as a colleague makes them in the service's console: `FIELD=VALUE` on an object by its address.

A field is written as plans print it (`interaction_rules[price].trigger.reply_texts[0]`), its value as in a manifest,
typed and checked by the kind's table. `null` clears a field, and takes an item out of its list.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from reconciler.errors import UsageError
from reconciler.kinds.base.field import Field, FieldType
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.validation.field_errors import check, describe_error
from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.manifest.yaml.scalars import typed
from reconciler.model import field_path
from reconciler.model.change import NoValue, Value
from reconciler.model.diagnostic import has_errors
from reconciler.model.field_path import FieldPath, ItemKey, printed, spell
from reconciler.model.field_tree import field_at
from reconciler.model.json_types import Json, as_list, as_object, child_of
from reconciler.model.resource import address
from reconciler.redaction.by_field import is_sensitive, redact
from reconciler.semantics.compiled_field import CompiledField, compiled
from reconciler.semantics.list_keys import KeyValues, all_parts
from reconciler.simulator.service.console_edits import ConsoleEditor
from reconciler.simulator.service.field_shape import FieldShape
from reconciler.simulator.service.object_store import StoredObject
from reconciler.simulator.service.server_assigned import WriteStamp, with_items
from reconciler.simulator.service.simulator import Simulator
from reconciler.strings import abridge, did_you_mean

_QUOTED = ('"', "'")
_NULL = ("null", "~")
_LONGEST = 120
_INDEX = late_pattern(r"\[(\d{1,9})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEdit:
    """One `FIELD=VALUE`: the path in printed steps, and the value as written."""

    steps: tuple[str, ...]
    text: str

    @property
    def path(self) -> str:
        """Path as plans print it."""
        return "".join(step if step.startswith("[") else f".{step}" for step in self.steps).removeprefix(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedField:
    """One edited field, with its value before and after; those of secrets are redacted."""

    path: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveObject:
    """An object of the simulator, with the editor of its kind."""

    address: str
    kind: Kind
    console: ConsoleEditor
    entry: StoredObject


def parse_edit(word: str) -> FieldEdit:
    """Parse `FIELD=VALUE`; an `=` inside the quotes of a key belongs to the key. Raises UsageError."""
    for found in re.finditer("=", word):
        try:
            return FieldEdit(steps=field_path.parse(word[: found.start()]), text=word[found.end() :])
        except ValueError:
            continue
    raise UsageError(
        f"{word!r} is not FIELD=VALUE",
        hint="write the field as plans print it: 'interaction_rules[price].trigger.time_window=60'",
    )


def find_object(simulator: Simulator, project_id: str, wanted: str) -> LiveObject:
    """Return the object of an address, of a name that only one object has, or of an id. Raises UsageError."""
    if reason := simulator.world.unknown_project_reason(project_id):
        raise UsageError(reason.partition(". ")[0], code="E_ADDRESS_UNKNOWN", hint=reason.partition(". ")[2])
    known = list(_objects(simulator, project_id))
    for key in (_by_address, _by_name, _by_id):
        found = [one for one in known if wanted in key(one)]
        if len(found) == 1:
            return found[0]
        if found:
            several = ", ".join(f"{one.address}@{one.entry.id}" for one in found)
            raise UsageError(
                f"{abridge(wanted, _LONGEST)} names {len(found)} objects",
                code="E_ADDRESS_UNKNOWN",
                hint=f"there are {several}",
            )
    listed = f"there are {', '.join(one.address for one in known[:12])}" if known else "there is no object at all"
    hint = did_you_mean(wanted, [text for one in known for text in (one.address, one.entry.name)], listed, quote="")
    raise UsageError(f"nothing live is called {abridge(wanted, _LONGEST)}", code="E_ADDRESS_UNKNOWN", hint=hint)


def _objects(simulator: Simulator, project_id: str) -> Iterator[LiveObject]:
    for name, kind in simulator.world.kinds.items():
        console = simulator.console(name, project_id)
        for entry in console.objects.entries.values():
            yield LiveObject(address=address(name, entry.name), kind=kind, console=console, entry=entry)


def _by_address(one: LiveObject) -> tuple[str, ...]:
    return (one.address, f"{one.address}@{one.entry.id}")


def _by_name(one: LiveObject) -> tuple[str, ...]:
    return (one.entry.name,)


def _by_id(one: LiveObject) -> tuple[str, ...]:
    return (one.entry.id,)


def edit_object(found: LiveObject, edits: Sequence[FieldEdit]) -> tuple[EditedField, ...]:
    """Set fields of an object, all or none; returns those that changed. Raises UsageError."""
    kind, entry, console = found.kind, found.entry, found.console
    body, made = dict(entry.body), []
    for edit in edits:
        if edit.steps == (kind.id_field,):
            raise UsageError(f"the service gives `{kind.id_field}` once: it cannot be edited", code="E_FIELD_READONLY")
        if edit.steps == (kind.name_field,) and edit.text in ("", *_NULL):
            raise UsageError(
                f"`{kind.name_field}` cannot be empty", code="E_FIELD_LENGTH", hint="delete the object with --delete"
            )
        walk = _Walk(kind, edit)
        after = walk.object(kind.root, compiled(kind), body, ())
        if after != body:
            made.append(walk.result())
        body = after
    changed = {name: body.get(name) for name in {**entry.body, **body} if body.get(name) != entry.body.get(name)}
    if changed:
        writing = WriteStamp(
            object_id=entry.id, revision=entry.revision + 1, now=console.world.clock(), ids=console.world.ids
        )
        shape = console.world.shapes[kind.name]
        console.change(
            entry, {name: _numbered(shape, name, value, entry.body, writing) for name, value in changed.items()}
        )
    return tuple(made)


def _numbered(shape: FieldShape, name: str, value: Json, before: Mapping[str, Json], writing: WriteStamp) -> Json:
    """Return a field's new value with what the service assigns inside it, such as the ids of new items."""
    child = shape.children.get(name)
    return value if child is None else with_items(child, value, before.get(name), writing, path=f".{name}")


class _Walk:
    """One edit on its way into an object: the path inside the document, and the value before and after."""

    def __init__(self, kind: Kind, edit: FieldEdit) -> None:
        self._kind, self._edit = kind, edit
        self._raw: list[str | int] = []
        self._field = kind.root
        self._before: Value = NoValue.ABSENT
        self._after: Value = NoValue.ABSENT

    def result(self) -> EditedField:
        """Return the field with its value before and after."""
        before, after = self._before, self._after
        if is_sensitive(self._field):
            before, after = _hidden(before), _hidden(after)
        return EditedField(path=self._edit.path, before=before, after=after)

    def object(
        self, field: Field, node: CompiledField | None, value: Mapping[str, Json], done: FieldPath
    ) -> dict[str, Json]:
        """Return an object with the edit made in one of its fields."""
        step = self._edit.steps[len(done)]
        if step.startswith("["):
            raise self._wrong(done, f"{f'`{spell(done)}`' if done else 'the object'} is no list", "name a field of it")
        child = field.children.get(step)
        if child is None:
            known = list(field.children)
            hint = did_you_mean(step, known, f"the fields here are {', '.join(known)}")
            raise self._wrong(done, f"there is no field `{step}` here", hint, "E_FIELD_UNKNOWN")
        self._raw.append(step)
        inner = node.children.get(step) if node is not None else None
        after = self._inside(child, inner, value.get(step, NoValue.ABSENT), (*done, step))
        rest = {name: item for name, item in value.items() if name != step}
        return rest if isinstance(after, NoValue) else {**value, step: after}

    def _inside(self, field: Field, node: CompiledField | None, value: Value, done: FieldPath) -> Value:
        if len(done) == len(self._edit.steps):
            self._field, self._before = field, value
            self._after = self._value(field)
            return self._after
        present = None if isinstance(value, NoValue) else value
        if field.item is not None:
            return self._list(field.item, node, as_list(present), done)
        if field.type is not FieldType.OBJECT:
            raise self._wrong(done, f"`{spell(done)}` is a single value ({field.type})", "end the path there")
        return self.object(field, node, as_object(present), done)

    def _list(self, item: Field, node: CompiledField | None, items: list[Json], done: FieldPath) -> list[Json]:
        step = self._edit.steps[len(done)]
        at = self._index(node, items, step, done)
        self._raw.append(0)
        inner = node.item if node is not None else None
        value = items[at] if at < len(items) else NoValue.ABSENT
        after = self._inside(item, inner, value, (*done, at))
        return [*items[:at], *([] if isinstance(after, NoValue) else [after]), *items[at + 1 :]]

    def _index(self, node: CompiledField | None, items: list[Json], step: str, done: FieldPath) -> int:
        """Return the index of an item by its key or its number; the number after the last one adds an item."""
        keys = _printed_keys(node, items)
        if step in keys:
            return keys.index(step)
        number = _INDEX.fullmatch(step)
        if number and int(number[1]) <= len(items):
            return int(number[1])
        known = keys or [f"[{index}]" for index in range(len(items))]
        hint = did_you_mean(
            step, known, f"there are {', '.join(known[:12])}" if known else "the list is empty: write [0]"
        )
        raise self._wrong(done, f"`{spell(done)}` has no item {step}", hint, "E_FIELD_UNKNOWN")

    def _value(self, field: Field) -> Value:
        text = self._edit.text
        if text in _NULL:
            return NoValue.ABSENT
        if field.type is FieldType.TEXT:
            value = _parsed(text) if text.startswith(_QUOTED) else text
            value = value if isinstance(value, str) else text
        else:
            value = _retyped(field, _parsed(text))
        return value if is_sensitive(field) else self._checked(value)

    def _checked(self, value: Json) -> Json:
        """Return a value as its field takes it; raises UsageError where a manifest could not hold it either."""
        top = str(self._raw[0])
        model = self._kind.model if top in self._kind.model.model_fields else getattr(self._kind.model, "Answer", None)
        if model is None:
            return value
        whole: Json = value
        for step in reversed(self._raw):
            whole = [whole] if isinstance(step, int) else {step: whole}
        whole, problems = check(model, whole)
        for problem in problems:
            if problem.path[: len(self._raw)] == tuple(self._raw):
                parent = field_at(self._kind.root, problem.path[:-1])
                said = describe_error(
                    problem, field_at(self._kind.root, problem.path), parent.children if parent is not None else ()
                )
                raise UsageError(said.message, code=said.code, hint=said.hint)
        for step in self._raw:
            whole = child_of(whole, step)
        return whole

    def _wrong(self, done: FieldPath, message: str, hint: str, code: str = "") -> UsageError:
        where = f" in `{spell(done)}`" if done else ""
        return UsageError(f"{self._edit.path}: {message}{where if 'here' in message else ''}", code=code, hint=hint)


def _hidden(value: Value) -> Value:
    return value if isinstance(value, NoValue) else redact(value)


def _printed_keys(node: CompiledField | None, items: list[Json]) -> list[str]:
    """Return the steps of a keyed list's items as plans print them; none where they have no keys."""
    found = all_parts(node, items) if node is not None and node.keys else None
    steps: list[str] = []
    seen: Counter[KeyValues] = Counter()
    for parts in found or ():
        seen[parts] += 1
        steps.append(printed(ItemKey(parts, seen[parts])))
    return steps


def _parsed(text: str) -> Json:
    read = parse_yaml(text, "VALUE")
    if has_errors(read.diagnostics) or len(read.documents) > 1:
        return text
    return read.documents[0].value if read.documents else ""


def _retyped(field: Field, value: Json) -> Json:
    """Return a value with plain scalars of its text fields as typed."""
    if field.item is not None and isinstance(value, list):
        return [_retyped(field.item, item) for item in value]
    if isinstance(value, dict):
        inside = field.children
        return {name: _retyped(inside[name], item) if name in inside else item for name, item in value.items()}
    return typed(value) if field.type is FieldType.TEXT and isinstance(value, (bool, int)) else value
