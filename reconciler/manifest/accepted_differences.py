"""Differences of one object as changes of its manifest: values to set, and lists with the items they are to have."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import field
from difflib import SequenceMatcher
from itertools import takewhile

from reconciler.kinds.base.field import ListType
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.manifest.edit_writer import EditRefused, shape_refused
from reconciler.manifest.export import ExportableSpec
from reconciler.manifest.list_writer import NewItem, Wanted
from reconciler.model.change import FieldChange, FieldOp, NoValue, Value
from reconciler.model.field_path import ItemKey, parse, printed
from reconciler.model.json_types import Json, as_list, as_object
from reconciler.model.resource import LiveResource
from reconciler.model.source_map import DocumentPath
from reconciler.semantics.compiled_field import CompiledField, compiled, id_beside
from reconciler.semantics.equality import equality_key
from reconciler.semantics.list_keys import all_parts


@dataclass(slots=True, kw_only=True)
class ValueTarget:
    """Value to set at a path of the spec; the last `missing` steps are not declared. `order` is that of the table."""

    path: DocumentPath
    value: Json
    fields: list[FieldChange]
    missing: int = 0
    order: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class ListTarget:
    """List with the items that it is to have."""

    path: DocumentPath
    wanted: Wanted
    fields: list[FieldChange]


@dataclass(slots=True, kw_only=True)
class _ListDraft:
    node: CompiledField
    declared: list[Json]
    live: list[Json]
    fields: list[FieldChange] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    added: list[tuple[int, Json]] = field(default_factory=list)
    replaced: dict[int, Json] = field(default_factory=dict)
    at_live: dict[int, int] = field(default_factory=dict)
    moved: bool = False


class Differences:
    """Converts the differences of one object; `refused` are those without a change of the manifest."""

    def __init__(self, kind: Kind, spec: Mapping[str, Json], live: LiveResource) -> None:
        self.refused: list[tuple[FieldChange, EditRefused]] = []
        self._kind = kind
        self._node = compiled(kind)
        self._spec = spec
        self._live = live
        self._values: dict[DocumentPath, ValueTarget] = {}
        self._lists: dict[DocumentPath, _ListDraft] = {}

    def targets(self, fields: Iterable[FieldChange]) -> list[ValueTarget | ListTarget]:
        """Return what to change, lists last and the deepest of them first."""
        for each in fields:
            try:
                self._refuse(each)
                self._add(each)
            except EditRefused as refusal:
                self.refused.append((each, refusal))
        lists = sorted(self._lists.items(), key=lambda item: -len(item[0]))
        changed = [(path, draft) for path, draft in lists if draft.fields]
        for path, draft in changed:
            self._replacements(path, draft)
        sized = [(path, draft) for path, draft in changed if draft.gone or draft.added or draft.moved]
        return [*self._values.values(), *(self._list(path, draft) for path, draft in sized)]

    def _replacements(self, path: DocumentPath, draft: _ListDraft) -> None:
        """Set the items that are replaced where they are; items of a set pair by what they have in common."""
        if draft.node.mode is ListType.SET:
            _pair_set(draft)
        for index, value in draft.replaced.items():
            declared = draft.declared[index]
            inner = [("", value)]
            if isinstance(value, Mapping) and value and isinstance(declared, Mapping):
                inner = [(name, each) for name, each in value.items() if declared[name] != each]
            for name, each in inner:
                at = (*path, index, name) if name else (*path, index)
                self._values[at] = ValueTarget(path=at, value=each, fields=draft.fields)

    def _refuse(self, each: FieldChange) -> None:
        if each.sensitive:
            raise EditRefused(
                "E_ACCEPT_SECRET",
                "a secret is never accepted",
                hint="change the secret where it is kept, or apply the manifest",
            )
        if each.path == self._kind.name_field:
            message = "the live object has another name"
            hint = "change metadata.name by hand and add the old name to metadata.aliases"
            raise EditRefused("E_ACCEPT_NAME", message, hint=hint)

    def _add(self, each: FieldChange) -> None:
        steps = parse(each.path)
        node: CompiledField = self._node
        declared: Json = self._spec
        live: Json = self._live.spec
        path: DocumentPath = ()
        for number, step in enumerate(steps):
            last = number == len(steps) - 1
            if not step.startswith("["):
                child = node.children.get(step)
                if child is None:
                    raise _derived()
                given = as_object(declared)
                known = step in given
                if not known or (given[step] is None and not last):
                    self._missing(each, node, path, steps[number:], known=known)
                    return
                node, declared, path = child, given[step], (*path, step)
                live = live.get(step) if isinstance(live, Mapping) else None
                continue
            if not isinstance(declared, list) or not isinstance(live, list) or node.item is None:
                break
            draft = self._draft(node, declared, live, path)
            at = self._step(each, draft, step, last=last)
            if at is None:
                return
            index, other = at
            node, declared, path = node.item, declared[index], (*path, index)
            live = live[other] if other is not None and other < len(live) else None
        self._set(each, node, path, each.before)

    def _draft(self, node: CompiledField, declared: list[Json], live: list[Json], path: DocumentPath) -> _ListDraft:
        if path not in self._lists:
            self._lists[path] = _ListDraft(node=node, declared=declared, live=live)
        return self._lists[path]

    def _step(self, each: FieldChange, draft: _ListDraft, step: str, *, last: bool) -> tuple[int, int | None] | None:
        """Follow a step into a list: the declared and the live index; None where the list itself is to change."""
        node = draft.node
        if node.mode is ListType.SET:
            self._of_set(each, draft)
            return None
        names = _steps_of(node, draft.declared)
        if names is None and node.each.plain:
            draft.fields.append(each)
            self._align(draft)
            return None
        have = _steps_of(node, draft.live) or [printed(index) for index in range(len(draft.live))]
        names = names or [printed(index) for index in range(len(draft.declared))]
        if last and each.op is FieldOp.MOVE:
            draft.moved = True
            draft.fields.append(each)
            return None
        if last and each.op is FieldOp.REMOVE:
            draft.added.append((have.index(step) if step in have else len(have), self._item(node, _live_value(each))))
            draft.fields.append(each)
            return None
        if step not in names:
            raise shape_refused(f"the list has no item {step}")
        index = names.index(step)
        if last and each.op is FieldOp.ADD:
            draft.gone.add(index)
            draft.fields.append(each)
            return None
        return index, have.index(step) if step in have else None

    def _of_set(self, each: FieldChange, draft: _ListDraft) -> None:
        item = draft.node.each
        if each.op is FieldOp.REMOVE:
            draft.added.append((len(draft.live), self._item(draft.node, _live_value(each))))
        else:
            wanted = equality_key(item, each.after)
            same = (
                index
                for index, value in enumerate(draft.declared)
                if index not in draft.gone and equality_key(item, value) == wanted
            )
            index = next(same, None)
            if index is None:
                raise shape_refused("the list has no such item")
            draft.gone.add(index)
        draft.fields.append(each)

    @staticmethod
    def _align(draft: _ListDraft) -> None:
        """Pair the single values of two lists; what is replaced in place keeps its place."""
        draft.gone, draft.added, draft.replaced, draft.at_live = set(), [], {}, {}
        ours, theirs = _texts(draft.node, draft.declared), _texts(draft.node, draft.live)
        for tag, first, last, start, end in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
            both = min(last - first, end - start)
            draft.at_live.update({start + step: first + step for step in range(both)})
            if tag != "equal":
                draft.replaced.update({first + step: draft.live[start + step] for step in range(both)})
                draft.gone.update(range(first + both, last))
                draft.added += [(index, draft.live[index]) for index in range(start + both, end)]

    def _item(self, node: CompiledField, value: Json) -> Json:
        return self._declarable(node.each, value, inside_list=True, of=node)

    def _declarable(
        self, node: CompiledField, value: Json, *, inside_list: bool, of: CompiledField | None = None
    ) -> Json:
        """Return a live value as a manifest may declare it. Raises EditRefused for one with a secret."""
        if not isinstance(value, (Mapping, list)):
            return value
        portion = ExportableSpec(self._kind, self._live)
        part = portion.part(node, value, inside_list=inside_list)
        if portion.secrets:
            message = "a secret is part of it, and is never accepted"
            raise EditRefused("E_ACCEPT_SECRET", message, hint="declare it by hand, with {secret: NAME}")
        if isinstance(part, dict) and of is not None:
            server = of.field.list.server_keys if of.field.list else ()
            ids = [beside for index, beside in of.refers if part.get(".".join(of.keys[index])) is not None]
            part = {name: each for name, each in part.items() if name not in server and name not in ids}
        return part

    def _set(self, each: FieldChange, node: CompiledField, path: DocumentPath, live: Value) -> None:
        value = None if isinstance(live, NoValue) else live
        _refuse_signed(node, value)
        if value is None and node.field.required:
            raise EditRefused(
                "E_ACCEPT_REQUIRED",
                "the field is required, and live has none",
                hint="remove what it is part of by hand",
            )
        value = self._declarable(node, value, inside_list=any(isinstance(step, int) for step in path))
        self._values[path] = ValueTarget(path=path, value=value, fields=[each])

    def _missing(
        self, each: FieldChange, node: CompiledField, path: DocumentPath, rest: tuple[str, ...], *, known: bool
    ) -> None:
        """Collect what the manifest does not declare: one new entry of the nearest mapping that it has.

        `known`: the first step is declared as null, which is replaced.
        """
        names = list(takewhile(lambda step: not step.startswith("["), rest))
        inner = node
        for name in names:
            child = inner.children.get(name)
            if child is None or name in _ids_beside(self._kind, inner):
                raise _derived()
            inner = child
        listed = len(names) < len(rest)
        if listed and len(names) + 1 < len(rest):
            raise shape_refused("the manifest does not declare the list")
        value = _live_value(each)
        _refuse_signed(inner, value)
        value = self._item(inner, value) if listed else self._declarable(inner, value, inside_list=False)
        full = (*path, names[0])
        target = self._values.get(full)
        if target is None:
            target = ValueTarget(path=full, value=None, fields=[], missing=int(not known), order=tuple(node.children))
            self._values[full] = target
        target.fields.append(each)
        target.value = _merged_into(target.value, names[1:], value, listed=listed)

    def _list(self, path: DocumentPath, draft: _ListDraft) -> ListTarget:
        kept: list[int | NewItem] = [index for index in range(len(draft.declared)) if index not in draft.gone]
        if draft.moved:
            kept = _reordered(draft, kept)
        if draft.node.mode in (ListType.SET, ListType.MAP):
            wanted: list[int | NewItem] = [*kept, *(NewItem(value) for _, value in sorted(draft.added, key=_first))]
        else:
            wanted = _merged(draft, kept)
        return ListTarget(path=path, wanted=wanted, fields=draft.fields)


def _live_value(each: FieldChange) -> Json:
    return None if isinstance(each.before, NoValue) else each.before


def _first(added: tuple[int, Json]) -> int:
    return added[0]


def _refuse_signed(node: CompiledField, value: Json) -> None:
    """Refuse an address with a query, which is signed for one read."""
    if node.url and isinstance(value, str) and "?" in value:
        message = "the live address is signed for one read"
        raise EditRefused("E_ACCEPT_SIGNED_URL", message, hint="write the address without its query by hand")


def _merged_into(whole: Json, names: list[str], value: Json, *, listed: bool) -> Json:
    """Return a new entry with one more value at a path in it; of a list one more item."""
    if names:
        known = whole if isinstance(whole, dict) else {}
        return {**known, names[0]: _merged_into(known.get(names[0]), names[1:], value, listed=listed)}
    if listed:
        return [*as_list(whole), value]
    return value


def _derived() -> EditRefused:
    hint = "it follows from other fields; change those"
    return EditRefused("E_ACCEPT_DERIVED", "the service assigns this field", hint=hint)


def _ids_beside(kind: Kind, node: CompiledField) -> frozenset[str]:
    """Return the fields of an item that hold the id of an object it names."""
    prefix = f"{node.field.path}." if node.field.path else ""
    return frozenset(id_beside(path.removeprefix(prefix)) for path in kind.references if path.startswith(prefix))


def _steps_of(node: CompiledField, items: list[Json]) -> list[str] | None:
    """Return the printed step of each item of a list with keys; None where it is compared item by item."""
    if node.mode not in (ListType.MAP, ListType.ORDERED_MAP):
        return None
    parts = all_parts(node, items)
    if parts is None:
        return None
    seen: dict[object, int] = {}
    names = []
    for each in parts:
        seen[each] = seen.get(each, 0) + 1
        names.append(printed(ItemKey(each, seen[each])))
    return names


def _reordered(draft: _ListDraft, kept: list[int | NewItem]) -> list[int | NewItem]:
    """Return the items that stay in the order that they have in live."""
    ours, theirs = _steps_of(draft.node, draft.declared), _steps_of(draft.node, draft.live)
    if ours is None or theirs is None:
        return kept
    rank = {step: number for number, step in enumerate(theirs)}
    known = [index for index in kept if isinstance(index, int) and ours[index] in rank]
    ordered = iter(sorted(known, key=lambda index: rank[ours[index]]))
    chosen = set(known)
    return [next(ordered) if index in chosen else index for index in kept]


def _merged(draft: _ListDraft, kept: list[int | NewItem]) -> list[int | NewItem]:
    """Insert new items behind the item that precedes them in live; an equal one that goes elsewhere moves."""
    wanted = list(kept)
    placed: dict[int, int | NewItem] = dict(_paired(draft))
    texts = _texts(draft.node, draft.declared)
    spare = {texts[index]: index for index in sorted(draft.gone, reverse=True)}
    for place, value in sorted(draft.added, key=_first):
        moved = spare.pop(_texts(draft.node, [value])[0], None)
        item = NewItem(value) if moved is None else moved
        before = next((placed[each] for each in range(place - 1, -1, -1) if placed.get(each) in wanted), None)
        wanted.insert(0 if before is None else wanted.index(before) + 1, item)
        placed[place] = item
    return wanted


def _paired(draft: _ListDraft) -> Mapping[int, int]:
    """Return for each live item the declared one that it pairs with."""
    if draft.at_live:
        return draft.at_live
    ours, theirs = _steps_of(draft.node, draft.declared), _steps_of(draft.node, draft.live)
    if ours is not None and theirs is not None:
        number = {step: index for index, step in enumerate(ours)}
        return {place: number[step] for place, step in enumerate(theirs) if step in number}
    return {place: place for place in range(min((place for place, _ in draft.added), default=0))}


def _texts(node: CompiledField, items: list[Json]) -> list[Hashable]:
    return [equality_key(node.each, each) for each in items]


def _pair_set(draft: _ListDraft) -> None:
    """Pair removed with added items of a set: single values in their order, objects that share a value."""
    for index in sorted(draft.gone):
        declared = draft.declared[index]
        for at, (_place, value) in enumerate(draft.added):
            new = _replacement(declared, value)
            if new is not None:
                draft.replaced[index] = new
                draft.gone.discard(index)
                del draft.added[at]
                break


def _replacement(declared: Json, value: Json) -> Json:
    """Return the value that replaces a declared one in place; None where it has another shape."""
    if not isinstance(declared, Mapping) or not isinstance(value, Mapping):
        return None if isinstance(declared, (Mapping, list)) or isinstance(value, (Mapping, list)) else value
    alike = any(declared[name] == value.get(name) for name in declared)
    return dict(value) if alike and set(value) == set(declared) else None
