"""GitHub's expressions `${{ … }}`: read, and worked out against contexts, as docs.github.com describes them.

Only what is written there: literals, properties, indices, `!`, comparisons, `&&`, `||`, brackets and functions.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?(?:0x[0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?))"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|[!<>()\[\].,*]))"
)
_INSIDE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}

Functions = Mapping[str, Callable[..., Any]]


class ExpressionError(ValueError):
    """Text that is no expression, or that names what is not there."""


def filled(text: str, contexts: Mapping[str, Any], functions: Functions) -> str:
    """Return a text with each expression in it replaced by its value."""
    return _INSIDE.sub(lambda match: as_text(evaluate(match[1], contexts, functions)), text)


def holds(condition: str, contexts: Mapping[str, Any], functions: Functions) -> bool:
    """Tell whether an `if:` holds; without a function of the status `success()` is asked too."""
    whole = _INSIDE.fullmatch(condition.strip())
    inner = whole[1] if whole else condition
    asks = re.search(r"\b(?:always|success|failure|cancelled)\s*\(", inner)
    return (bool(asks) or bool(functions["success"]())) and truth(evaluate(inner, contexts, functions))


def evaluate(text: str, contexts: Mapping[str, Any], functions: Functions) -> Any:
    """Return the value of one expression."""
    reader = _Reader(text, contexts, {**_FUNCTIONS, **functions})
    value = reader.either()
    reader.end()
    return value


def truth(value: Any) -> bool:
    """Tell whether a value counts as true: null, false, 0, NaN and the empty text do not."""
    if isinstance(value, float) and math.isnan(value):
        return False
    return value not in (None, False, 0, "")


def as_text(value: Any) -> str:
    """Return a value as it is written into a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _number(value: Any) -> float:
    if value is None or value == "":
        return 0.0
    try:
        return float(value) if isinstance(value, bool | int | float | str) else math.nan
    except ValueError:
        return math.nan


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    if isinstance(one, dict | list) or isinstance(other, dict | list):
        return one is other
    if type(one) is type(other):
        return bool(one == other)
    return _number(one) == _number(other)


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, list):
        return any(_equal(one, what) for one in where)
    return as_text(what).casefold() in as_text(where).casefold()


def _formatted(text: str, *values: Any) -> str:
    return re.sub(r"\{(\d+)\}", lambda match: as_text(values[int(match[1])]), text)


def _joined(values: Any, between: str = ",") -> str:
    return between.join(map(as_text, values)) if isinstance(values, list) else as_text(values)


_FUNCTIONS: Functions = {
    "contains": _contains,
    "startswith": lambda text, start: as_text(text).casefold().startswith(as_text(start).casefold()),
    "endswith": lambda text, end: as_text(text).casefold().endswith(as_text(end).casefold()),
    "format": _formatted,
    "join": _joined,
    "tojson": lambda value: json.dumps(value, indent=2),
    "fromjson": json.loads,
}
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda one, other: not _equal(one, other),
    "<": lambda one, other: _number(one) < _number(other),
    ">": lambda one, other: _number(one) > _number(other),
    "<=": lambda one, other: _number(one) <= _number(other),
    ">=": lambda one, other: _number(one) >= _number(other),
}


class _Reader:
    """Reads one expression and works it out on the way."""

    def __init__(self, text: str, contexts: Mapping[str, Any], functions: Functions) -> None:
        self._tokens = list(_tokens(text))
        self._text, self._contexts, self._functions = text, contexts, functions

    def end(self) -> None:
        if self._tokens:
            raise ExpressionError(f"{self._tokens[0][1]!r} is one too many in {self._text!r}")

    def either(self) -> Any:
        value = self._both()
        while self._take("||"):
            other = self._both()
            value = value if truth(value) else other
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._take("&&"):
            other = self._compared()
            value = other if truth(value) else value
        return value

    def _compared(self) -> Any:
        value = self._denied()
        while self._tokens and self._tokens[0][1] in _COMPARED:
            sign = self._tokens.pop(0)[1]
            value = _COMPARED[sign](value, self._denied())
        return value

    def _denied(self) -> Any:
        return not truth(self._denied()) if self._take("!") else self._reached()

    def _reached(self) -> Any:
        value = self._single()
        while self._tokens and self._tokens[0][1] in (".", "["):
            if self._take("."):
                value = _below(value, self._next()[1])
            else:
                self._take("[")
                value = _below(value, self.either())
                self._expect("]")
        return value

    def _single(self) -> Any:
        kind, word = self._next()
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind == "number":
            return float(int(word, 16)) if word.lower().lstrip("-").startswith("0x") else float(word)
        if word == "(":
            value = self.either()
            self._expect(")")
            return value
        if kind != "name":
            raise ExpressionError(f"{word!r} is out of place in {self._text!r}")
        if self._take("("):
            return self._called(word)
        if word in _WORDS:
            return _WORDS[word]
        if word not in self._contexts:
            raise ExpressionError(f"there is no context {word!r} for {self._text!r}")
        return self._contexts[word]

    def _called(self, name: str) -> Any:
        given: list[Any] = []
        while not self._take(")"):
            given.append(self.either())
            self._take(",")
        if name.lower() not in self._functions:
            raise ExpressionError(f"there is no function {name!r} for {self._text!r}")
        return self._functions[name.lower()](*given)

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise ExpressionError(f"{self._text!r} ends too early")
        return self._tokens.pop(0)

    def _take(self, sign: str) -> bool:
        if self._tokens and self._tokens[0] == ("sign", sign):
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise ExpressionError(f"{sign!r} is missing in {self._text!r}")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ExpressionError(f"{text[at:]!r} is no part of an expression")
        yield match.lastgroup, match[match.lastgroup]
        at = match.end()


def _below(value: Any, step: Any) -> Any:
    """Return a property or an item; null where there is none, as GitHub does."""
    if isinstance(value, Mapping):
        return next((found for name, found in value.items() if _equal(name, as_text(step))), None)
    if isinstance(value, list) and not isinstance(step, str) and 0 <= _number(step) < len(value):
        return value[int(_number(step))]
    return None
