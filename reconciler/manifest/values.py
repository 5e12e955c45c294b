"""Values for templates: plain YAML files merged in order, then `--set`; each leaf remembers where it came from."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.errors import ManifestError, UsageError
from reconciler.manifest.document import Document
from reconciler.manifest.located import Origin
from reconciler.manifest.parse import parse_yaml
from reconciler.manifest.problem import error
from reconciler.manifest.tree import Tree
from reconciler.model.diagnostic import Diagnostic, has_errors
from reconciler.model.resource import Json
from reconciler.model.source import Path, Position

if TYPE_CHECKING:  # Jinja stays unloaded where no file is a template
    from reconciler.manifest.linemap import LineMap


@dataclass(slots=True)
class Values:
    """The merged values; `origins` leads from a path to the place that decided it: file:line:column, or `--set …`."""

    data: dict[str, Json] = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    def origin(self, path: Path) -> str:
        """Return what decided the value at `path`, or the nearest thing around or in it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return ""

    def used_by(self, lines: "LineMap") -> Origin:
        """Return what says, for a place in rendered text, which values its expression used and where they stand."""

        def words(line: int, column: int) -> str:
            place = lines.place(line, column)
            told = [self._told(name) for name in (place.uses if place else ())]
            return f", from {', '.join(told)}" if told else ""

        return words

    def _told(self, name: str) -> str:
        root, _, rest = name.partition(".")
        if root == "env":
            return f"{name} (the environment)"
        where = self.origin(tuple(rest.split("."))) if rest else ""
        return f"{name} ({where})" if where else name


def merged(tree: Tree, files: Iterable[str], sets: Iterable[str]) -> Values:
    """Read the values files, later ones winning, then the `--set` words; problems are in the result."""
    values = Values()
    for file in files:
        _file(values, tree, file)
    for word in sets:
        _set(values, word)
    return values


def _file(values: Values, tree: Tree, file: str) -> None:
    try:
        parsed = parse_yaml(tree.read(file), file)
    except ManifestError as problem:
        values.problems += problem.diagnostics
        return
    values.problems += parsed.diagnostics
    if has_errors(parsed.diagnostics):
        return
    for document in parsed.documents:
        if document.value is None:
            continue
        if not isinstance(document.value, dict):
            place = Position(file, *document.start)
            values.problems.append(error("E_YAML_ROOT", "a values file is a mapping of names to values", place))
            continue
        _merge(values, values.data, document.value, (), _places(file, document))


def _places(file: str, document: Document) -> Callable[[Path], str]:
    return lambda path: str(Position(file, *document.at(path)))


def _merge(
    values: Values, into: dict[str, Json], new: Mapping[str, Json], base: Path, say: Callable[[Path], str]
) -> None:
    """Merge mappings key by key; lists and everything else are replaced whole."""
    for key, value in new.items():
        path = (*base, key)
        if isinstance(value, dict):
            if not isinstance(into.get(key), dict):
                into[key] = {}
            values.origins[path] = say(path)
            _merge(values, into[key], value, path, say)
        else:
            into[key] = value
            values.origins[path] = say(path)


def _set(values: Values, word: str) -> None:
    """Apply `a.b=c`, the value typed as in YAML; raises UsageError for a word that is not of that form."""
    name, equals, text = word.partition("=")
    steps = name.split(".")
    if not equals or not all(steps):
        raise UsageError(f"--set {word!r} is not KEY=VALUE", hint="as in --set shop.title=Spring")
    parsed = parse_yaml(text, "--set")
    if has_errors(parsed.diagnostics) or len(parsed.documents) > 1:
        raise UsageError(f"--set {name}: the value is no YAML", hint="put text with special characters in quotes")
    value = parsed.documents[0].value if parsed.documents else None
    for step in reversed(steps[1:]):
        value = {step: value}
    _merge(values, values.data, {steps[0]: value}, (), lambda _path: f"--set {name}")
