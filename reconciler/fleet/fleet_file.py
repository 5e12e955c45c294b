"""A fleet file: a project a row, each an environment made from one environment of the project file as its template.

CSV with a header, or a YAML list of mappings. A column is a key that distinguishes environments, or `values.NAME`,
which templates see as `values.NAME`. `{column}` in a text of the template is replaced by the row's value (`values:
["values/{region}.yaml"]`), and the result is validated like a written one. A row cannot hold credentials or trust
settings.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from reconciler.errors import ENOUGH, ManifestError, too_many
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.model.diagnostic import Diagnostic, Severity, has_errors
from reconciler.model.json_types import Json, is_blank
from reconciler.model.source_map import Position
from reconciler.project.config import Environment, Project

NAME = late_pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
COLUMNS = ("endpoint", "region", "project_id", "app_user_id", "credentials_prefix", "values", "ledger")
"""Columns of a row beside its `name`; `values` takes several files, separated by blanks."""

_MOST_COLUMNS = 1_000
_MOST_ROWS = 100_000
"""Most rows of a CSV; the cost of a row depends on the number of columns."""

_LONGEST_LINE = 1 << 20
"""Most characters of a line: a thousand columns of a thousand."""

_VALUE = late_pattern(r"values((\.[A-Za-z_][A-Za-z0-9_]*)+)")
_PLACE = late_pattern(r"\{([a-z_][A-Za-z0-9_.]*)\}")
_FIXED = ("assert", "scope", "throttle")
"""Keys of the template that no row can set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFile:
    """A project whose environments are the rows of a fleet file, and what each sets for templates (`--set` words)."""

    project: Project
    sets: Mapping[str, tuple[str, ...]]


def read_fleet_file(project: Project, template: str, path: Path, content: bytes) -> FleetFile:
    """Return the project with the file's rows as environments. Raises ManifestError with every problem."""
    problems: list[Diagnostic] = []
    found: dict[str, Environment] = {}
    sets: dict[str, tuple[str, ...]] = {}
    places: dict[tuple[str | int, ...], Position] = {}
    for line, row in _rows(path, content, problems):
        if len(problems) >= ENOUGH:
            problems.append(too_many(Position(path.name, line, 1)))
            break
        name = str(row.get("name") or "")
        try:
            _check(name, row, found)
            found[name] = _environment(project.environments[template], row)
            sets[name] = tuple(_sets(row))
            places["environments", name] = Position(path.name, line, 1)
        except ValidationError as error:
            said = "; ".join(item["msg"].removeprefix("Value error, ") for item in error.errors())
            problems.append(_problem(path, line, f"{name}: {said}"))
        except ValueError as error:
            problems.append(_problem(path, line, f"{name or 'a row'}: {error}"))
    if not found and not problems:
        problems.append(_problem(path, 1, "there is no row in it"))
    if problems:
        raise ManifestError(f"the fleet file {path.name} is not valid", problems, code="E_FLEET")
    file = replace(project.file, environments=found)
    return FleetFile(project=replace(project, file=file, places=places), sets=sets)


def is_template(environment: Environment) -> bool:
    """Tell whether an environment is only a template: one of its texts has a `{column}`."""
    keys = environment.written()
    texts = (
        text
        for key, value in keys.items()
        if key not in _FIXED
        for text in (value if isinstance(value, list) else [value])
    )
    return any(isinstance(text, str) and _PLACE.search(text) for text in texts)


def _check(name: str, row: Mapping[str, object], found: Mapping[str, Environment]) -> None:
    unknown = sorted(key for key in row if key not in ("name", *COLUMNS) and not _VALUE.fullmatch(key))
    if unknown:
        raise ValueError(f"unknown column {unknown[0]!r}; there are name, {', '.join(COLUMNS)}, values.NAME")
    if not name:
        raise ValueError("it has no name")
    if not NAME.fullmatch(name):
        raise ValueError("a name takes letters, digits, dots, dashes and underscores, 64 at most")
    if name in found:
        raise ValueError("the name is taken by an earlier row")


def _environment(template: Environment, row: Mapping[str, object]) -> Environment:
    keys = {key: value if key in _FIXED else _filled(value, row) for key, value in template.written().items()}
    given = {key: value for key, value in row.items() if key in COLUMNS and not is_blank(value)}
    if isinstance(given.get("values"), str):
        given["values"] = str(given["values"]).split()
    written = {**keys, **given}
    return Environment.accepted(written) or Environment.checked(written)


def _filled(value: Json, row: Mapping[str, object]) -> Json:
    """Replace the columns in the template's texts by the row's values."""
    if isinstance(value, list):
        return [_filled(item, row) for item in value]
    return _PLACE.sub(lambda place: _word(place[1], row), value) if isinstance(value, str) else value


def _word(column: str, row: Mapping[str, object]) -> str:
    word = row.get(column, row.get(f"values.{column}"))
    if word is None:
        raise ValueError(f"the template asks for {{{column}}}, which this row has not")
    if not NAME.fullmatch(str(word)):
        raise ValueError(f"{column} is put into a text of the template and takes letters, digits, dots, dashes only")
    return str(word)


def _sets(row: Mapping[str, object]) -> Iterator[str]:
    """Yield a row's values as `--set` arguments: as JSON, so that each stays one value."""
    for key, value in row.items():
        if found := _VALUE.fullmatch(key):
            yield f"{found[1].removeprefix('.')}:={json.dumps(value, ensure_ascii=False)}"


def _rows(path: Path, content: bytes, problems: list[Diagnostic]) -> Iterator[tuple[int, Mapping[str, object]]]:
    if path.suffix.lower() == ".csv":
        return _table(path, content, problems)
    return _list(path, content, problems)


def _table(path: Path, content: bytes, problems: list[Diagnostic]) -> Iterator[tuple[int, Mapping[str, object]]]:
    head_ends = content.find(b"\n")
    if head_ends > _LONGEST_LINE:
        columns = content.count(b",", 0, head_ends) + 1
        problems.append(_problem(path, 1, f"there are {columns:,} columns; there may be {_MOST_COLUMNS:,}"))
        return
    reader: csv.DictReader[str] | None = None
    try:
        reader = csv.DictReader(_lines(content), strict=True, restkey="(more)")
        head = reader.fieldnames or ()
        if len(head) > _MOST_COLUMNS:
            problems.append(_problem(path, 1, f"there are {len(head):,} columns; there may be {_MOST_COLUMNS:,}"))
            return
        if twice := next((column for column, number in Counter(head).items() if number > 1), None):
            problems.append(_problem(path, 1, f"two columns are called {twice!r}"))
            return
        for number, row in enumerate(reader):
            if number == _MOST_ROWS:
                message = f"there are more than {_MOST_ROWS:,} rows; split the file"
                problems.append(_problem(path, reader.line_num, message))
                return
            yield reader.line_num, {str(key): value for key, value in row.items()}
    except (csv.Error, UnicodeDecodeError) as error:
        line = reader.line_num + 1 if reader is not None else 1
        problems.append(_problem(path, line, f"it is no CSV in UTF-8: {error}"))


def _lines(content: bytes) -> Iterator[str]:
    """Yield the lines of a CSV one by one; raises csv.Error for one that is too long."""
    with io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="") as text:
        while line := text.readline(_LONGEST_LINE + 1):
            if len(line) > _LONGEST_LINE:
                raise csv.Error(f"a line is longer than {_LONGEST_LINE:,} characters")
            yield line


def _list(path: Path, content: bytes, problems: list[Diagnostic]) -> Iterator[tuple[int, Mapping[str, object]]]:
    parsed = parse_yaml(content, path.name)
    problems += [one for one in parsed.diagnostics if has_errors([one])]
    for document in parsed.documents:
        rows = document.value if isinstance(document.value, list) else [document.value]
        for index, row in enumerate(rows):
            line = document.at((index,))[0]
            if isinstance(row, Mapping):
                yield line, row
            else:
                problems.append(_problem(path, line, "a row is a mapping with a name"))


def _problem(path: Path, line: int, message: str) -> Diagnostic:
    return Diagnostic(severity=Severity.ERROR, code="E_FLEET", message=message, position=Position(path.name, line, 1))
