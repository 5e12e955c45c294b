"""`--set NAME=VALUE`: replaces one value of the merged values, at a name in the values files.

`NAME:=VALUE` may add a name, as the columns of a fleet file do.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from reconciler.errors import UsageError
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.model.diagnostic import has_errors
from reconciler.model.json_types import Json, as_object, child_of
from reconciler.model.source_map import DocumentPath
from reconciler.strings import did_you_mean

_NAME = late_pattern(r"[^.\[\]=]+(?:\.[^.\[\]=]+|\[[0-9]{1,9}\])*")
_STEP = late_pattern(r"\[([0-9]+)\]|[^.\[\]]+")
_EXPRESSION = late_pattern(r"\{[{%].*?[%}]\}", re.DOTALL)
_READ = late_pattern(r"\bvalues(?:\.|\[['\"])(\w+)")
_MOST_NAMES = 12
_QUOTED = ('"', "'", "[", "{")


class SetError(Exception):
    """Name that does not exist: code and message, hint, and the longest existing path."""

    def __init__(self, code: str, message: str, hint: str, path: DocumentPath) -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.path = code, message, hint, path


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWord:
    """A word of `--set`: the name as written, its steps, the value, and whether it may add a name."""

    name: str
    path: DocumentPath
    value: Json
    adds: bool = False


@lru_cache(maxsize=1024)  # the rows of a fleet file repeat values, and nothing changes one
def parsed(word: str) -> SetWord:
    """Parse `a.b[0].c=value`, the value typed as in YAML. Raises UsageError for another form."""
    name, equals, text = word.partition("=")
    name, adds = name.removesuffix(":"), name.endswith(":")
    if not equals or not _NAME.fullmatch(name):
        raise UsageError(f"--set {word!r} is not KEY=VALUE", hint="as in --set shop.title=Spring or list[0].price=9")
    steps = tuple(int(found[1]) if found[1] else found[0] for found in _STEP.finditer(name))
    return SetWord(name=name, path=steps, value=_value(name, text), adds=adds)


def _value(name: str, text: str) -> Json:
    """Return the value; a plain text with a `#` is kept whole, as a command-line argument has no comments."""
    if "#" in text and not text.lstrip().startswith(_QUOTED):
        return text
    read = parse_yaml(text, "--set")
    if has_errors(read.diagnostics) or len(read.documents) > 1:
        raise UsageError(f"--set {name}: the value is no YAML", hint="put text with special characters in quotes")
    return read.documents[0].value if read.documents else None


def applied(data: dict[str, Json], word: SetWord) -> dict[str, Json]:
    """Return the values with one replaced; the argument is not changed. Raises SetError."""
    return dict(as_object(_replaced(data, word, 0)))


def made_name(data: Mapping[str, Json], word: SetWord, earlier: Collection[DocumentPath]) -> DocumentPath | None:
    """Return the name that a word makes where the values files have none at all; None where it replaces a value.

    `earlier` are the names that earlier words made: beside them and below them everything is new.
    """
    here: Json = data
    for depth, step in enumerate(word.path):
        around = word.path[:depth]
        is_new = any(around == made[:-1] or around[: len(made)] == made for made in earlier)
        empty = here is None or here == {}
        if isinstance(step, str) and (empty or (is_new and isinstance(here, Mapping) and step not in here)):
            return word.path[: depth + 1]
        try:
            here = child_of(here, step)
        except LookupError:
            return None
    return None


def unread(word: SetWord, made: DocumentPath, templates: Sequence[str]) -> SetError | None:
    """Return the problem of a name that neither a values file has nor an expression of a template reads."""
    code = [found[0] for text in templates for found in _EXPRESSION.finditer(text)]
    for length in range(len(made), len(word.path) + 1):
        name, around = str(word.path[length - 1]), str(word.path[length - 2]) if length > 1 else "values"
        if isinstance(word.path[length - 1], str) and not _is_read(name, around, code):
            return _never_read(word, word.path[:length], code)
    return None


def _is_read(name: str, around: str, code: Sequence[str]) -> bool:
    """Tell whether an expression has this name, or uses the mapping around it as a whole, with any name."""
    named = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    whole = re.compile(rf"(?<!\w){re.escape(around)}(?!\w)(?!\s*(?:\.\s*(?!items\b|values\b|keys\b)\w|\[\s*['\"]))")
    return any(named.search(text) or whole.search(text) for text in code)


def _never_read(word: SetWord, path: DocumentPath, code: Sequence[str]) -> SetError:
    name = str(path[-1])
    read = list(dict.fromkeys(found[1] for text in code for found in _READ.finditer(text)))
    names = f"the templates read {', '.join(read[:_MOST_NAMES])}" if read else "no template reads any value"
    hint = did_you_mean(name, read, f"write {word.name}:=… to add it; {names}")
    message = f"--set {word.name}: no values file has `{_dotted(path)}`, and no template reads it"
    return SetError("E_SET_UNKNOWN", message, hint, path[:-1])


def _replaced(here: Json, word: SetWord, depth: int) -> Json:
    if depth == len(word.path):
        return _new(here, word)
    step = word.path[depth]
    if isinstance(step, int):
        if not isinstance(here, list):
            raise _clash(word, depth, f"{shape(here)}, no list")
        if step >= len(here):
            message = f"--set {word.name}: the list has {len(here)} items, the last is [{len(here) - 1}]"
            raise SetError("E_SET_UNKNOWN", message, "set the whole list to make it longer", word.path[:depth])
        return [_replaced(item, word, depth + 1) if number == step else item for number, item in enumerate(here)]
    if here is None or (isinstance(here, Mapping) and not here):
        return {step: _replaced(None, word, depth + 1)}
    if not isinstance(here, Mapping):
        raise _clash(word, depth, "a list: [0] is its first item" if isinstance(here, list) else shape(here))
    if step not in here and word.adds:
        return {**here, step: _replaced(None, word, depth + 1)}
    if step not in here:
        message = f"--set {word.name}: the values files have no `{_dotted(word.path[: depth + 1])}`"
        known = f"write {word.name}:=… to add it; the names here are {', '.join(map(str, list(here)[:_MOST_NAMES]))}"
        raise SetError("E_SET_UNKNOWN", message, did_you_mean(step, map(str, here), known), word.path[:depth])
    return {key: _replaced(item, word, depth + 1) if key == step else item for key, item in here.items()}


def _new(here: Json, word: SetWord) -> Json:
    """Return the new value at a path; mappings are merged, and only null changes the type of a value."""
    value = word.value
    if isinstance(here, Mapping) and isinstance(value, dict):
        return {**here, **{key: _new(here.get(key), _inner(word, key, item)) for key, item in value.items()}}
    if here is None or value is None or shape(here) == shape(value):
        return value
    message = f"--set {word.name} is {shape(value)}, but the values files have {shape(here)} there"
    raise SetError("E_SET_TYPE", message, f"give {shape(here)}, or set one value inside it", word.path)


def _inner(word: SetWord, key: str, value: Json) -> SetWord:
    return SetWord(name=f"{word.name}.{key}", path=(*word.path, key), value=value, adds=word.adds)


def _clash(word: SetWord, depth: int, what: str) -> SetError:
    message = f"--set {word.name}: `{_dotted(word.path[:depth])}` is {what}"
    return SetError("E_SET_TYPE", message, "a name leads through mappings (a.b) and lists (a[0])", word.path[:depth])


def shape(value: Json) -> str:
    """Return the type of a value: a mapping, a list, or a single value."""
    return "a mapping" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else "a single value"


def _dotted(path: DocumentPath) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
