"""Validates one parsed document and converts it to a declared resource, with all its problems at once."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple

from reconciler.errors import ENOUGH, error, too_many, warning
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.base.problem import SpecProblem
from reconciler.manifest.validation import names
from reconciler.manifest.validation.envelope import Envelope
from reconciler.manifest.validation.field_errors import FieldMessage, IsPlainScalar, ModelError, check, describe_error
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.field_tree import field_at
from reconciler.model.json_types import Json, JsonObject, as_object
from reconciler.model.options import ResourceScope
from reconciler.model.resource import DeclaredResource, IgnoredLint, IgnoreRule, address
from reconciler.model.source_map import DocumentPath, SourceMap
from reconciler.strings import did_you_mean, normalize_name

_ENVELOPE: Mapping[DocumentPath, tuple[str, ...]] = {
    (): ("apiVersion", "kind", "metadata", "spec"),
    ("metadata",): ("name", "id", "aliases", "labels", "lifecycle"),
    ("metadata", "lifecycle"): ("prevent_destroy", "ignore_changes", "ignore_lints"),
}
_IGNORED = ("path", "code", "rule", "reason", "expires")
_FULL_WIDTH = "\uff1a"


class ValidationResult(NamedTuple):
    """Result of one document; `resource` is None where kind and name are invalid. `metadata` has its texts as typed."""

    resource: DeclaredResource | None
    problems: tuple[Diagnostic, ...]
    metadata: Mapping[str, Json] = {}


class CheckedSpecs:
    """Specs of one load without a problem: equal ones are one object (block_reader), which is checked once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], JsonObject] = {}

    def know(self, kind: Kind, spec: JsonObject) -> bool:
        """Tell whether a spec has no problem."""
        return self._known.get((kind.name, id(spec))) is spec

    def add(self, kind: Kind, spec: JsonObject) -> None:
        """Note a spec without a problem, whose texts are as they were read."""
        self._known[kind.name, id(spec)] = spec


def validate(
    value: Json,
    locate: SourceMap,
    kinds: Mapping[str, Kind],
    scope: ResourceScope,
    plain: IsPlainScalar = lambda _path: True,
    *,
    file: str = "",
    widest: int | None = None,
    specs: CheckedSpecs | None = None,
) -> ValidationResult:
    """Validate one document of a file and make its resource.

    `plain` tells which scalars are written without quotes; `widest` is the most entries of a list or mapping in it,
    where that is known. `specs` are those that were validated before.
    """
    if not isinstance(value, dict):
        return ValidationResult(None, (_root(value, locate),))
    checked, complaints = check(Envelope, value, widest=widest)
    value = as_object(checked)
    problems = _told(complaints, lambda each: _envelope_problem(each, locate)) if complaints else []
    kind = _kind(value.get("kind"), kinds)
    if kind is None:
        unknown = value.get("kind")
        if isinstance(unknown, str):
            problems.append(_no_kind(unknown, kinds, locate))
        return ValidationResult(None, tuple(problems))
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    spec = as_object(value.get("spec"))
    found: Sequence[Diagnostic] = ()
    if specs is None or not specs.know(kind, spec):
        declared = spec
        spec, found = _spec_problems(kind, declared, locate, plain, widest)
        if specs is not None and spec is declared and not found:
            specs.add(kind, spec)
    if found:
        where = address(kind.name, name) if isinstance(name, str) else ""
        problems += [_addressed(each, where) for each in found]
    if not isinstance(metadata, dict) or not isinstance(name, str):
        return ValidationResult(None, tuple(problems))
    resource = declared_resource(kind, name, metadata, spec, locate, file=file)
    problems += _identity_problems(resource, kind, scope)
    return ValidationResult(resource, tuple(problems), metadata)


def _kind(name: Json, kinds: Mapping[str, Kind]) -> Kind | None:
    return kinds.get(name) if isinstance(name, str) else None


def _root(value: Json, locate: SourceMap) -> Diagnostic:
    what = "a list" if isinstance(value, list) else "a single value"
    hint = "a manifest starts with apiVersion, kind, metadata and spec"
    if isinstance(value, str) and _FULL_WIDTH in value:
        hint = "the colon is the full-width one (U+FF1A): YAML needs `: `, the plain colon and a blank"
    return error("E_YAML_ROOT", f"the document is {what}, not a mapping", locate.at(()), hint=hint)


def _no_kind(name: str, kinds: Mapping[str, Kind], locate: SourceMap) -> Diagnostic:
    hint = did_you_mean(name, kinds, f"the kinds are {', '.join(kinds)}")
    return error("E_KIND_UNKNOWN", f"there is no kind {name!r}", locate.at(("kind",)), hint=hint)


def _told(complaints: Sequence[ModelError], say: Callable[[ModelError], Diagnostic]) -> list[Diagnostic]:
    """Return the messages of problems up to a limit: each costs a search for suggestions."""
    problems = [say(each) for each in complaints[:ENOUGH]]
    if len(complaints) > ENOUGH:
        problems.append(too_many(say(complaints[ENOUGH]).position))
    return problems


def _envelope_problem(complaint: ModelError, locate: SourceMap) -> Diagnostic:
    parent = complaint.path[:-1]
    siblings = _ENVELOPE.get(parent, _IGNORED)
    return _problem(complaint.path, describe_error(complaint, None, siblings), locate)


def _spec_problems(
    kind: Kind, declared: JsonObject, locate: SourceMap, plain: IsPlainScalar, widest: int | None
) -> tuple[JsonObject, list[Diagnostic]]:
    """Return the spec with its texts as typed, and its problems."""
    checked, complaints = check(kind.model, declared, lambda path: plain(("spec", *path)), widest=widest)
    spec = as_object(checked)
    problems = _told(complaints, lambda each: _field_problem(kind, each, locate)) if complaints else []
    stated = [*islice(kind.problems(spec), ENOUGH), *islice(names.problems(kind, spec), ENOUGH)]
    if stated:
        problems += [_checked(each, locate) for each in stated]
    return spec, problems


def _field_problem(kind: Kind, complaint: ModelError, locate: SourceMap) -> Diagnostic:
    field, parent = field_at(kind.root, complaint.path), field_at(kind.root, complaint.path[:-1])
    siblings = [child.name for child in parent.children.values() if child.writable] if parent else []
    if field is None and parent is not None and parent.sensitive:
        field, siblings = parent, ["secret"]  # inside {secret: NAME}
    said = describe_error(complaint, field, siblings)
    if complaint.path == (kind.name_field,):
        said = FieldMessage(
            "E_FIELD_UNKNOWN", f"`{kind.name_field}` is not written here", "it is metadata.name", at_key=True
        )
    return _problem(("spec", *complaint.path), said, locate)


def _problem(path: DocumentPath, said: FieldMessage, locate: SourceMap) -> Diagnostic:
    position = locate.at(path, key=said.at_key)
    return Diagnostic(
        severity=Severity.ERROR,
        code=said.code,
        message=said.message,
        position=position,
        hint=said.hint,
        path=spelled(path),
    )


def _checked(problem: SpecProblem, locate: SourceMap) -> Diagnostic:
    path = ("spec", *problem.path)
    return Diagnostic(
        severity=problem.severity,
        code=problem.code,
        message=problem.message,
        position=locate.at(path),
        hint=problem.hint,
        path=spelled(path),
    )


def spelled(path: DocumentPath) -> str:
    """Format a path for messages: spec.interaction_rules[3].trigger."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _addressed(problem: Diagnostic, where: str) -> Diagnostic:
    return Diagnostic(
        severity=problem.severity,
        code=problem.code,
        message=problem.message,
        position=problem.position,
        hint=problem.hint,
        address=where,
        path=problem.path,
        related=problem.related,
    )


def declared_resource(
    kind: Kind, name: str, metadata: Mapping[str, Json], spec: Mapping[str, Json], locate: SourceMap, *, file: str
) -> DeclaredResource:
    """Return the resource of a document of a file with these checked parts."""
    if len(metadata) == 1:  # the name alone, as in most documents
        return DeclaredResource(kind=kind.name, name=normalize_name(name), spec=spec, locate=locate, file=file)
    lifecycle = as_object(metadata.get("lifecycle"))
    pinned = metadata.get("id")
    labels, aliases = metadata.get("labels"), metadata.get("aliases")
    return DeclaredResource(
        kind=kind.name,
        name=normalize_name(name),
        spec=spec,
        id=pinned if isinstance(pinned, str) else "",
        locate=locate,
        aliases=tuple(normalize_name(each) for each in aliases if isinstance(each, str))
        if isinstance(aliases, list)
        else (),
        labels={key: text for key, text in labels.items() if isinstance(text, str)} if isinstance(labels, dict) else {},
        prevent_destroy=lifecycle.get("prevent_destroy") is True,
        ignore_changes=_ignored(lifecycle.get("ignore_changes"), locate),
        ignore_lints=_ignored_lints(lifecycle.get("ignore_lints"), locate),
        file=file,
    )


def _ignored_lints(entries: Json, locate: SourceMap) -> tuple[IgnoredLint, ...]:
    return tuple(
        IgnoredLint(
            code=entry["code"],
            rule=entry.get("rule") or "",
            reason=entry.get("reason") or "",
            expires=entry.get("expires") or "",
            position=locate.at(("metadata", "lifecycle", "ignore_lints", number)),
        )
        for number, entry in enumerate(entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("code"), str)
    )


def _ignored(rules: Json, locate: SourceMap) -> tuple[IgnoreRule, ...]:
    base = ("metadata", "lifecycle", "ignore_changes")
    return tuple(
        IgnoreRule(
            path=rule["path"].removeprefix("spec."),
            reason=rule.get("reason") or "",
            expires=rule.get("expires") or "",
            position=locate.at((*base, number)),
        )
        for number, rule in enumerate(rules if isinstance(rules, list) else [])
        if isinstance(rule, dict) and isinstance(rule.get("path"), str)
    )


def _identity_problems(resource: DeclaredResource, kind: Kind, scope: ResourceScope) -> list[Diagnostic]:
    """Check the name and the aliases, and the environment's scope."""
    problems = _name_problems(resource.name, ("metadata", "name"), kind, resource)
    for number, alias in enumerate(resource.aliases):
        problems += _name_problems(alias, ("metadata", "aliases", number), kind, resource)
    if scope.name_prefix and not resource.name.startswith(normalize_name(scope.name_prefix)):
        message = f"the name {resource.name!r} does not start with {scope.name_prefix!r}"
        hint = "this environment's scope looks after such names only"
        problems.append(error("E_SCOPE", message, resource.position, hint=hint))
    if scope.fields:
        problems += _outside_fields(resource, kind, scope)
    return [_addressed(each, resource.address) for each in problems]


def _outside_fields(resource: DeclaredResource, kind: Kind, scope: ResourceScope) -> list[Diagnostic]:
    """Return the problem of a field whose value is not one that the environment manages."""
    from reconciler.semantics.scope import outside_field  # for start-up: few environments have such a scope

    field = outside_field(kind, resource.spec, scope.fields)
    if not field:
        return []
    message = f"`{field}` is outside the scope of this environment"
    hint = f"this environment manages {field} {', '.join(sorted(scope.fields[field]))} only"
    return [error("E_SCOPE", message, resource.at((field,)), hint=hint)]


def _name_problems(name: str, path: DocumentPath, kind: Kind, resource: DeclaredResource) -> list[Diagnostic]:
    """Check a name; its position is computed only for a problem."""
    longest = kind.name_length
    if names.is_ordinary(name) and (longest is None or len(name) <= longest):
        return []
    place = partial(resource.locate.at, path)
    found = names.problem(name)
    problems = [error(*found, place())] if found else []
    if longest is not None and len(name) > longest:
        message = f"the name is {len(name)} characters long; it may have at most {longest}"
        problems.append(error("E_FIELD_LENGTH", message, place()))
    problems += [warning(code, message, place(), hint=hint) for code, message, hint in names.name_warnings(name)]
    return problems
