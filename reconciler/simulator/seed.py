"""Seed: the initial objects and the behaviour of the service, from a YAML or JSON file or from plain data."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path as FilePath

from reconciler.errors import ManifestError, ReconcilerError
from reconciler.kinds.registry import Kind, all_kinds
from reconciler.late_methods import dataclass
from reconciler.manifest.files.project_tree import SEED, read_file
from reconciler.manifest.yaml.block_reader import BlockReader
from reconciler.manifest.yaml.document import Document
from reconciler.manifest.yaml.limits import YamlLimits
from reconciler.manifest.yaml.parser import ParsedFile, parse_yaml
from reconciler.manifest.yaml.scalars import typed
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.json_types import Json, as_list, as_object
from reconciler.model.source_map import DocumentPath, Position
from reconciler.simulator.behaviours import CHOICES, select_behaviours
from reconciler.simulator.clock import START
from reconciler.simulator.faults.fault import Fault, faults_of
from reconciler.simulator.gateway.authentication import Credentials, credentials_of
from reconciler.simulator.gateway.gateway import RequestLimits, limits_of
from reconciler.simulator.seed_check import SeedChecker, SeedProblem
from reconciler.simulator.service.field_shape import FieldShape, rewritten, shape_of
from reconciler.simulator.service.object_store import FirstObjects, SeedObjects

DEFAULT_PROJECT = "0" * 32

LARGE = YamlLimits(size=SEED, scalar=16 << 20)
"""A seed in JSON may hold a hundred thousand rooms; one in YAML has the budget of a manifest."""

SETTINGS = ("project_id", "projects", "behaviours", "credentials", "limits", "faults", "clock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """Validated seed: bodies by project and kind, and the settings as values.

    `shared` has the bodies by kind of a seed without `project_id`: every project that `projects` does not name begins
    with them. It is None where the seed names all its projects. `written` is the seed as plain data. `firsts` are the
    objects that simulators with the usual kinds, clock and ids have stored of it.
    """

    written: Mapping[str, Json]

    objects: Mapping[str, SeedObjects]
    shared: SeedObjects | None
    own_project: str
    choices: Mapping[str, str]
    credentials: Credentials
    limits: RequestLimits
    faults: tuple[Fault, ...]
    start: datetime
    firsts: FirstObjects = field(default_factory=dict, compare=False, repr=False)


def load_seed(source: str | FilePath | bytes, name: str = "") -> Mapping[str, Json]:
    """Return the plain data of a seed file (or of its bytes, called `name` in messages), checked.

    Raises ManifestError with every problem and its file:line. A text field keeps a plain YAML scalar as typed.
    """
    content, file = (source, name or "seed") if isinstance(source, bytes) else _content(FilePath(source), name)
    return loaded_seed(content, file).written


def loaded_seed(content: bytes, file: str) -> Seed:
    """Return the seed of a file's bytes, as `load_seed` does; equal ones are one object, which nothing changes."""
    return _loaded(content, file, tuple(all_kinds().values()))


@lru_cache(maxsize=8)  # the environments of a fleet share few seeds, and nothing changes what a seed holds
def _loaded(content: bytes, file: str, kinds: tuple[Kind, ...]) -> Seed:
    by_name = {kind.name: kind for kind in kinds}
    seed, document = (_json(content) if file.endswith(".json") else None), None
    if seed is None:
        document = _document(parse_yaml(content, file, limits=LARGE, blocks=BlockReader()))
        seed = document.value if document and document.value is not None else {}
    check = SeedChecker()
    checked(seed, by_name, check)
    if check.problems:
        raise _refused(check.problems, file, document or _places(content, file))
    return checked_seed(_typed(as_object(seed), by_name), by_name)


def checked_seed(seed: Mapping[str, Json], kinds: Mapping[str, Kind]) -> Seed:
    """Return a seed's settings as values; raises ManifestError with every problem."""
    check = SeedChecker()
    result = checked(seed, kinds, check)
    if check.problems:
        raise _refused(check.problems, "", None)
    return result


def checked(seed: Json, kinds: Mapping[str, Kind], check: SeedChecker) -> Seed:
    """Parse a seed, recording its problems in `check`."""
    items = {kind.endpoints.items: kind.name for kind in kinds.values()}
    top = check.mapping(seed, (), (*items, *SETTINGS))
    own = check.text(top.get("project_id"), ("project_id",))
    first = _objects(top, items, (), check)
    objects = {own: first} if own else {}
    for project, inside in check.mapping(top.get("projects"), ("projects",)).items():
        path = ("projects", project)
        objects[str(project)] = _objects(check.mapping(inside, path, items), items, path, check)
    return Seed(
        written=top,
        objects=objects,
        shared=first if not own and (first or not objects) else None,
        own_project=own or DEFAULT_PROJECT,
        choices=_choices(top, check),
        credentials=credentials_of(top.get("credentials"), check),
        limits=limits_of(top.get("limits"), check),
        faults=faults_of(top.get("faults"), check),
        start=_start(top.get("clock"), check),
    )


def _objects(
    part: Mapping[str, Json], items: Mapping[str, str], path: DocumentPath, check: SeedChecker
) -> dict[str, list[Mapping[str, Json]]]:
    found: dict[str, list[Mapping[str, Json]]] = {}
    for key, kind in items.items():
        bodies = check.listed(part.get(key), (*path, key))
        for index, body in enumerate(bodies):
            if not isinstance(body, dict):
                check.wrong((*path, key, index), f"an object of {key} must be a mapping of keys to values")
        if bodies:
            found[kind] = [body for body in bodies if isinstance(body, dict)]
    return found


def _choices(top: Mapping[str, Json], check: SeedChecker) -> Mapping[str, str]:
    wishes = check.mapping(top.get("behaviours"), ("behaviours",), CHOICES)
    made = {
        name: check.word(wish, ("behaviours", name), CHOICES[name].choices, CHOICES[name].default)
        for name, wish in wishes.items()
    }
    return select_behaviours(made)


def _start(value: Json, check: SeedChecker) -> datetime:
    text = check.text(value, ("clock",))
    if not text:
        return START
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        check.wrong(("clock",), f"clock cannot be read as a time: {text!r}", "write it as 2026-01-01T00:00:00Z")
        return START
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _content(path: FilePath, name: str) -> tuple[bytes, str]:
    file = name or str(path)
    try:
        return read_file(path, SEED), file
    except ReconcilerError as error:
        code = "E_SEED" if error.code == "E_READ_FILE" else error.code
        raise ManifestError(
            f"the seed: {error.message}", (), code=code, hint="check the path of the seed file"
        ) from None


def _json(content: bytes) -> Json:
    """Return the value of JSON text, or None for other text, which the YAML parser reports with a position."""
    try:
        value: Json = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value


def _places(content: bytes, file: str) -> Document | None:
    """Parse JSON as YAML for the position of each value; None for one that is too large for that."""
    try:
        return _document(parse_yaml(content, file, limits=LARGE, blocks=BlockReader()))
    except ManifestError:
        return None


def _document(parsed: ParsedFile) -> Document | None:
    errors = [each for each in parsed.diagnostics if each.severity is Severity.ERROR]
    if not errors and len(parsed.documents) > 1:
        place = Position(parsed.file, *parsed.documents[1].start)
        errors = [Diagnostic(severity=Severity.ERROR, code="E_SEED", message="a seed is one document", position=place)]
    if errors:
        raise ManifestError(f"the seed {parsed.file} cannot be used", errors, code="E_SEED")
    return parsed.documents[0] if parsed.documents else None


def _refused(problems: Iterable[SeedProblem], file: str, document: Document | None) -> ManifestError:
    diagnostics = [
        Diagnostic(
            severity=Severity.ERROR,
            code="E_SEED",
            message=problem.message,
            hint=problem.hint,
            position=Position(file, *document.at(problem.path, key=True)) if document else None,
        )
        for problem in problems
    ]
    if file:
        return ManifestError(f"the seed {file} cannot be used", diagnostics, code="E_SEED")
    first = diagnostics[0]
    return ManifestError(f"the seed cannot be used: {first.message}", diagnostics, code="E_SEED", hint=first.hint)


def _typed(seed: Mapping[str, Json], kinds: Mapping[str, Kind]) -> Mapping[str, Json]:
    """Return the seed with plain scalars of text fields as typed."""
    shapes = {kind.endpoints.items: shape_of(kind) for kind in kinds.values()}
    projects = {name: _typed(as_object(inside), kinds) for name, inside in as_object(seed.get("projects")).items()}
    bodies = {
        key: [_with_texts(shape, body) for body in as_list(seed.get(key))]
        for key, shape in shapes.items()
        if key in seed
    }
    return {**seed, **bodies, **({"projects": projects} if projects else {})}


def _with_texts(shape: FieldShape, body: Json) -> Json:
    return rewritten(shape, body, "text", lambda _field, value, _path: _text(value))


def _text(value: Json) -> Json:
    return typed(value) if isinstance(value, (bool, int)) else value
