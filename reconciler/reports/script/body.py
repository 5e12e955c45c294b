"""The JSON body of a call as shell words: data in single quotes, secrets and new ids as variables between them.

An apostrophe can stand only inside a JSON text, where `\\u0027` means the same: so no data can end its quotes.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.kinds.table import Field
from reconciler.model.resource import Json
from reconciler.redaction import is_redacted
from reconciler.reports.gate import document

_MARK = re.compile('"\x00([A-Z0-9_]+)"'.replace("\x00", r"\\u0000"))


@dataclass(frozen=True, slots=True)
class Variable:
    """A shell variable in the place of a text; `told` says what it stands for."""

    name: str
    told: str = ""


def words(body: Json) -> str:
    """Spell a body as one shell word; a Variable in it is expanded inside its JSON text."""
    text = document(_marked(body)).rstrip("\n").replace("'", "\\u0027")
    return "'" + _MARK.sub(_expanded, text) + "'"


def _expanded(match: re.Match[str]) -> str:
    return '"\'"$(text "$' + match[1] + '")"\'"'


def _marked(value: Json) -> Json:
    if isinstance(value, Variable):
        return f"\x00{value.name}"
    if isinstance(value, Mapping):
        return {_unmarked(str(key)): _marked(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_marked(part) for part in value]
    return _unmarked(value) if isinstance(value, str) else value


def _unmarked(text: str) -> str:
    """No data may look like a variable; the service takes no null character anyway."""
    return text.replace("\x00", "\ufffd")


def sendable(node: Field, value: Json, *, create: bool) -> Json:
    """Leave out what no request may hold: the fields the service computes; unknown ones stay."""
    if isinstance(value, Mapping):
        return {
            name: sendable(node.children.get(name, node), part, create=create) if name in node.children else part
            for name, part in value.items()
            if name not in node.children or _takes(node.children[name], create=create)
        }
    if isinstance(value, list) and node.item is not None:
        return [sendable(node.item, part, create=create) for part in value]
    return value


def _takes(field: Field, *, create: bool) -> bool:
    return field.in_create if create else field.in_update


def without_secrets(value: Json, names: Iterable[str], path: str = "") -> Json:
    """Put a variable in the place of every masked value; `names` gives a fresh name for each."""
    supply = iter(names)
    return _unmasked(value, supply, path)


def _unmasked(value: Json, supply: Iterable[str], path: str) -> Json:
    if is_redacted(value):
        return Variable(next(iter(supply)), path)
    if isinstance(value, Mapping):
        return {key: _unmasked(part, supply, f"{path}.{key}" if path else str(key)) for key, part in value.items()}
    if isinstance(value, list):
        return [_unmasked(part, supply, f"{path}[{at}]") for at, part in enumerate(value)]
    return value


def variables(value: Json) -> list[Variable]:
    """List the variables in a body, in its order."""
    if isinstance(value, Variable):
        return [value]
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [found for part in parts for found in variables(part)]
