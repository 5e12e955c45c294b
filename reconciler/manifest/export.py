"""Exports live objects as manifests, and reports the parts that a manifest cannot hold."""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from reconciler.errors import warning
from reconciler.kinds.base.field import Field, FieldType, ListType
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.manifest.validation import names
from reconciler.manifest.validation.envelope import API_VERSION
from reconciler.manifest.validation.field_errors import check, describe_error
from reconciler.manifest.validation.validator import spelled
from reconciler.manifest.yaml import characters
from reconciler.manifest.yaml.writer import document
from reconciler.model.change import NoValue
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.field_path import iter_leaves
from reconciler.model.field_tree import field_at
from reconciler.model.json_types import Json, as_object, child_of
from reconciler.model.resource import LiveResource
from reconciler.model.source_map import DocumentPath
from reconciler.semantics.compiled_field import CompiledField, compiled
from reconciler.semantics.defaults import effective, is_default
from reconciler.semantics.equality import is_empty
from reconciler.strings import normalize_name

_ROUNDS = 20


class ExportableSpec:
    """Exportable part of one live object.

    After `spec`, `refusal` is why nothing can be declared (or empty), `left_out` the omitted fields, and `secrets` are
    the names that stand for its secrets.
    """

    def __init__(self, kind: Kind, live: LiveResource) -> None:
        self.refusal = ""
        self.left_out: list[str] = []
        self.secrets: list[str] = []
        self._kind = kind
        self._live = live

    def spec(self) -> Mapping[str, Json]:
        """Return the exportable part, in the order of the kind's table."""
        spec = self._object(compiled(self._kind), self._live.spec, inside_list=False)
        unholdable = next(_unholdable(spec), "")
        if not unholdable:
            spec = self._accepted(spec)
        refused = self.refusal
        self.refusal = unholdable or refused or self._contradiction(spec)
        return spec

    def part(self, field: CompiledField, value: Json, *, inside_list: bool) -> Json:
        """Return the exportable part of one value of the object; None where there is none."""
        return self._value(field, value, inside_list=inside_list)

    def _accepted(self, spec: dict[str, Json]) -> dict[str, Json]:
        """Return the spec without parts that its model refuses."""
        for _ in range(_ROUNDS):
            checked, complaints = check(self._kind.model, spec)
            spec = dict(as_object(checked))
            if not complaints:
                break
            for each in complaints:
                field = field_at(self._kind.root, each.path)
                self._leave_out(spec, each.path, describe_error(each, field, ()).message)
        return spec

    def _contradiction(self, spec: Mapping[str, Json]) -> str:
        """Return the problem of the kind's checks, such as two rules of one name, without optional parts."""
        temporary = self._kind.foreign_reason(self._live.spec)
        if temporary:
            return temporary
        for problem in [*self._kind.problems(spec), *names.problems(self._kind, spec)]:
            if problem.severity is Severity.ERROR:
                self._leave_out(spec, problem.path, problem.message)
        return self.refusal

    def _object(self, field: CompiledField, value: Mapping[str, Json], *, inside_list: bool) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for name, child in field.children.items():
            if name not in value or (child.field.path == self._kind.name_field and child.named):
                continue
            part = self._value(child, value[name], inside_list=inside_list)
            needed = child.field.required or child.field.required_when
            if part is not None and (needed or not _absent_means(child, part, inside_list=inside_list)):
                found[name] = part
        return found

    def _value(self, field: CompiledField, value: Json, *, inside_list: bool) -> Json:
        if value is None:
            return None
        if field.type is FieldType.LIST and isinstance(value, list) and field.item is not None:
            return self._list(field, field.item, value)
        if field.sensitive:
            return self._secret(field.field, value)
        if field.url and isinstance(value, str) and "?" in value and not field.field.required:
            return None  # signed for this one read, so not exported
        if field.type is FieldType.OBJECT and isinstance(value, Mapping):
            return self._object(field, value, inside_list=inside_list)
        return value

    def _list(self, field: CompiledField, item: CompiledField, value: list[Json]) -> list[Json]:
        items = [self._value(item, each, inside_list=True) for each in value]
        rule = field.field.list
        if rule is not None and rule.type is ListType.SET:
            return sorted(items, key=str)
        if rule is not None and rule.type is ListType.MAP and len(rule.keys) == 1:
            return sorted(items, key=lambda each: str(each.get(rule.keys[0])) if isinstance(each, Mapping) else "")
        return items

    def _secret(self, field: Field, value: Json) -> Json:
        if is_empty(value):
            return None
        seed = f"{self._live.kind}\0{self._live.name}\0{self._live.id}".encode(errors="surrogatepass")
        base = re.sub(r"[^A-Z0-9]+", "_", field.path.upper()).strip("_")
        name = f"{base}_{hashlib.sha256(seed).hexdigest()[:6].upper()}"
        again = sum(each == name or each.startswith(f"{name}_") for each in self.secrets)
        self.secrets.append(f"{name}_{again + 1}" if again else name)
        return {"secret": self.secrets[-1]}

    def _leave_out(self, spec: Mapping[str, Json], place: DocumentPath, said: str) -> None:
        """Remove the smallest part around a path whose absence means that it is not managed."""
        for length in range(len(place), 0, -1):
            path = place[:length]
            if _droppable(self._kind.root, path) and _holds(spec, path):
                _remove(spec, path)
                self.left_out.append(f"{spelled(path)} is left out: {said}")
                return
        self.refusal = said


def _holds(spec: Json, path: DocumentPath) -> bool:
    """Tell whether a path exists: an absent part cannot be left out, its parent can."""
    for step in path:
        try:
            spec = child_of(spec, step)
        except LookupError:
            return False
    return True


def _absent_means(field: CompiledField, value: Json, *, inside_list: bool) -> bool:
    """Tell whether leaving a field out is equivalent to this value."""
    if effective(field, NoValue.ABSENT, creating=True) is not NoValue.ABSENT:
        return is_default(field, value)
    return not inside_list and not field.documented and is_empty(value)


def _droppable(root: Field, path: DocumentPath) -> bool:
    field = field_at(root, path)
    if field is None or not isinstance(path[-1], str) or field.required or field.defaulted:
        return field is None and isinstance(path[-1], str)
    parent = field_at(root, path[:-2]) if len(path) > 1 and isinstance(path[-2], int) else None
    if parent is None or parent.list is None:
        return True
    return parent.list.type is not ListType.SET and path[-1] not in parent.list.keys


def _remove(spec: Json, path: DocumentPath) -> None:
    """Remove one entry of a new spec; an earlier problem may have removed it already."""
    for step in path[:-1]:
        try:
            spec = child_of(spec, step)
        except LookupError:
            return
    if isinstance(spec, dict):
        spec.pop(path[-1], None)


def _unholdable(value: Json) -> Iterator[str]:
    for path, leaf in iter_leaves(value):
        if isinstance(leaf, str) and (found := characters.forbidden_character(leaf)):
            yield f"{spelled(path)}: {found[1]}, which no manifest can hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """Text of each manifest, one a live object, and the omitted parts."""

    manifests: tuple[tuple[LiveResource, str], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def export_manifests(
    kind: Kind, live: Iterable[LiveResource], *, only: Collection[str] | None = None, command: str = "export"
) -> ExportResult:
    """Write the manifests of live objects of one kind, in the order of their names.

    Defaults, computed and unknown fields are left out, secrets become references. Objects that share a name are pinned
    by id. `only` are the ids of the objects that are written, `command` is named in the files. Foreign objects, and
    those that no manifest can represent, are left out with a diagnostic.
    """
    manifests: list[tuple[LiveResource, str]] = []
    problems: list[Diagnostic] = []
    found = sorted(live, key=lambda each: (each.name, each.id))
    times = Counter(normalize_name(each.name) for each in found if not each.foreign)
    for each in found:
        if only is not None and each.id not in only:
            continue
        refusal = each.foreign or _unnameable(each)
        portion = ExportableSpec(kind, each)
        spec = {} if refusal else portion.spec()
        refusal = refusal or portion.refusal
        problems += [_told(each, message) for message in portion.left_out]
        if refusal:
            problems.append(_left_out(each, refusal))
        else:
            pinned = times[normalize_name(each.name)] > 1
            manifests.append((each, _text(kind, each, spec, portion.secrets, pinned=pinned, command=command)))
    return ExportResult(manifests=tuple(manifests), diagnostics=tuple(problems))


def _text(
    kind: Kind, live: LiveResource, spec: Mapping[str, Json], secrets: Iterable[str], *, pinned: bool, command: str
) -> str:
    metadata: dict[str, Json] = {"name": live.name}
    if pinned:
        metadata["id"] = live.id
    value: dict[str, Json] = {"apiVersion": API_VERSION, "kind": kind.name, "metadata": metadata, "spec": dict(spec)}
    comments = [f"Written by `reconciler {command}`. Fields at their documented default are left out."]
    comments += [f"The secret {name} is read from RECONCILER_SECRET_{name} when it is applied." for name in secrets]
    return document(comments, value)


def _unnameable(live: LiveResource) -> str:
    found = names.problem(live.name) or characters.forbidden_character(live.name)
    return found[1] if found else ""


def _left_out(live: LiveResource, why: str) -> Diagnostic:
    return _told(live, f"it is left out: {why}")


def _told(live: LiveResource, message: str) -> Diagnostic:
    told = warning("W_EXPORT_LEFT_OUT", message)
    return Diagnostic(severity=Severity.WARNING, code=told.code, message=message, address=live.address)
