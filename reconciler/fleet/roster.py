"""A fleet file: a project a row, each an environment made from one environment of the project file as its template.

CSV with a header, or a YAML list of mappings. Columns are the keys of an environment that tell places apart; nothing
that is trusted, and no credential, can stand in one.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from reconciler.environment.project import Environment, Project
from reconciler.errors import ManifestError
from reconciler.manifest.parse import parse_yaml
from reconciler.model.diagnostic import Diagnostic, Severity, has_errors
from reconciler.model.source import Position

COLUMNS = ("endpoint", "region", "project_id", "app_user_id", "credentials_prefix", "values", "ledger")
"""What a row may say beside its `name`; `values` takes several files, separated by blanks."""


def roster(project: Project, template: str, path: Path, content: bytes) -> Project:
    """Return the project with the file's rows for environments; raises ManifestError with every problem."""
    problems: list[Diagnostic] = []
    found: dict[str, Environment] = {}
    for line, row in _rows(path, content, problems):
        name = str(row.get("name") or "")
        problem = _wrong(name, row, found)
        if not problem:
            try:
                found[name] = _environment(project.environments[template], row)
                continue
            except ValidationError as error:
                problem = "; ".join(item["msg"].removeprefix("Value error, ") for item in error.errors())
        problems.append(_problem(path, line, f"{name or 'a row'}: {problem}"))
    if not found and not problems:
        problems.append(_problem(path, 1, "there is no row in it"))
    if problems:
        raise ManifestError(f"the fleet file {path.name} is not valid", problems, code="E_FLEET")
    return project.model_copy(update={"file": project.file.model_copy(update={"environments": found})})


def _wrong(name: str, row: Mapping[str, object], found: Mapping[str, Environment]) -> str:
    unknown = sorted(str(key) for key in row if key not in ("name", *COLUMNS))
    if unknown:
        return f"unknown column {unknown[0]!r}; there are name, {', '.join(COLUMNS)}"
    if not name:
        return "it has no name"
    return "the name is taken by an earlier row" if name in found else ""


def _environment(template: Environment, row: Mapping[str, object]) -> Environment:
    keys = template.model_dump(by_alias=True, exclude_unset=True)
    given = {key: value for key, value in row.items() if key in COLUMNS and value not in (None, "")}
    if isinstance(given.get("values"), str):
        given["values"] = str(given["values"]).split()
    return Environment.model_validate({**keys, **given})


def _rows(path: Path, content: bytes, problems: list[Diagnostic]) -> Iterator[tuple[int, Mapping[str, object]]]:
    if path.suffix.lower() == ".csv":
        return _table(path, content, problems)
    return _list(path, content, problems)


def _table(path: Path, content: bytes, problems: list[Diagnostic]) -> Iterator[tuple[int, Mapping[str, object]]]:
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True, restkey="(more)")
        for row in reader:
            yield reader.line_num, {str(key): value for key, value in row.items()}
    except (csv.Error, UnicodeDecodeError) as error:
        problems.append(_problem(path, 1, f"it is no CSV in UTF-8: {error}"))


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
