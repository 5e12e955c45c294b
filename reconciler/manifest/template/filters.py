"""Text form of values inside templates, and the names that filters may look up in them.

In every operation (`~`, join, format, string, a text filter), null and booleans become `null`, `true` and `false`, and
lists, mappings and infinite numbers are errors, exactly as in output.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from string import Formatter
from typing import Any

from jinja2 import Undefined, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS as JINJA
from jinja2.filters import make_attrgetter
from jinja2.nodes import EvalContext
from jinja2.utils import pass_eval_context

from reconciler.manifest.template.exceptions import StructureError

TEXT = "_text"
"""Filter that is applied to each operand of `~`."""

_TEXT_ARGUMENTS: Mapping[str, int] = {
    **dict.fromkeys(("capitalize", "center", "indent", "lower", "striptags", "title", "trim", "truncate", "upper"), 1),
    **dict.fromkeys(("wordcount", "wordwrap"), 1),
    "replace": 3,
}
"""Number of a filter's leading arguments that are texts."""

_ATTRIBUTE_ARGUMENTS: Mapping[str, int] = {
    **dict.fromkeys(("attr", "groupby", "selectattr", "rejectattr", "sum"), 0),
    **dict.fromkeys(("join", "max", "min", "unique"), 1),
    "sort": 2,
}
"""Index of the argument, after the value, that names an attribute; every filter also takes it as `attribute`."""


def written(value: Any) -> str:
    """Return the output text of a plain value. Raises StructureError for one without a YAML scalar form."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        raise StructureError(f"the value is {'not a number' if math.isnan(value) else 'infinite'}")
    if isinstance(value, (int, float, Undefined)):
        return str(value)
    refuse_undefined(value)
    what = "a list" if isinstance(value, (list, tuple)) else "a mapping" if isinstance(value, dict) else "no text"
    raise StructureError(f"the value is {what}")


def refuse_undefined(value: Any) -> None:
    """Raise for an undefined value inside a list, which Jinja would print as the word Undefined."""
    if isinstance(value, Undefined):
        raise UndefinedError(value._undefined_message)
    if isinstance(value, (list, tuple)):
        for item in value:
            refuse_undefined(item)
    if isinstance(value, dict):
        for item in value.values():
            refuse_undefined(item)


def text_filters(names: Iterable[str]) -> dict[str, Callable[..., Any]]:
    """Return Jinja's filters of these names, with values in YAML form and without access to private attributes."""
    found = {name: JINJA[name] for name in names}
    found |= {"join": _join, "format": _format, "string": written, "urlencode": _urlencode}
    found = {name: _of_texts(found[name], _TEXT_ARGUMENTS.get(name, 0)) for name in names if name in found}
    return {name: _checked(name, each) for name, each in found.items()} | {TEXT: written}


def private_attribute(name: str, arguments: Iterable[Any], named: Mapping[str, Any]) -> str:
    """Return the private name that a filter would look up in values; empty if there is none."""
    arguments = list(arguments)
    if name == "map" and arguments and isinstance(arguments[0], str) and "attribute" not in named:
        return private_attribute(arguments[0], arguments[1:], named)
    position = _ATTRIBUTE_ARGUMENTS.get(name)
    asked = [named.get("attribute"), named.get("name") if name == "attr" else None]
    asked += arguments[position : position + 1] if position is not None else []
    steps = [step for each in asked if isinstance(each, str) for step in each.split(".")]
    return next((step for step in steps if step.startswith("_")), "")


def _checked(name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that refuses private names before any other step, also for an empty list."""
    if name not in _ATTRIBUTE_ARGUMENTS and name != "map":
        return filter_
    passed = 1 + hasattr(filter_, "jinja_pass_arg")

    def filtered(*arguments: Any, **named: Any) -> Any:
        private = private_attribute(name, arguments[passed:], named)
        if private:
            raise SecurityError(f"`{private}` is a private name")
        return filter_(*arguments, **named)

    return _like(filter_, filtered)


def _of_texts(filter_: Callable[..., Any], number: int) -> Callable[..., Any]:
    if not number:
        return filter_
    first = int(hasattr(filter_, "jinja_pass_arg"))
    last = first + number

    def filtered(*arguments: Any, **named: Any) -> Any:
        texts = [each if isinstance(each, str) else written(each) for each in arguments[first:last]]
        named = {key: written(each) if key in ("old", "new") else each for key, each in named.items()}
        return filter_(*arguments[:first], *texts, *arguments[last:], **named)

    return _like(filter_, filtered)


def _like(filter_: Callable[..., Any], filtered: Callable[..., Any]) -> Callable[..., Any]:
    for name in ("jinja_pass_arg", "__name__", "__doc__"):
        if hasattr(filter_, name):
            setattr(filtered, name, getattr(filter_, name))
    return filtered


@pass_eval_context
def _join(context: EvalContext, value: Iterable[Any], d: Any = "", attribute: str | int | None = None) -> str:
    if attribute is not None:
        value = map(make_attrgetter(context.environment, attribute), value)
    return written(d).join(map(written, value))


def _format(value: Any, *arguments: Any, **named: Any) -> str:
    """Format with `%`: numbers stay numbers, everything else becomes text."""
    if arguments and named:
        raise TypeError("format takes values by position or by name, not both")
    return written(value) % (
        {key: _formatted(each) for key, each in named.items()} or tuple(map(_formatted, arguments))
    )


def _formatted(value: Any) -> Any:
    text = written(value)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else text


def _urlencode(value: Any) -> str:
    encode: Callable[[Any], str] = JINJA["urlencode"]
    if isinstance(value, Mapping):
        return encode({written(key): written(each) for key, each in value.items()})
    if isinstance(value, (list, tuple)):
        return encode([(written(key), written(each)) for key, each in value])
    return encode(written(value))


class PlainFormatter(Formatter):
    """Implements a text's method `format` on top of a look-up function."""

    def __init__(self, get_field: Callable[..., tuple[Any, str]]) -> None:
        super().__init__()
        self._get_field = get_field

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        """Look a field up."""
        return self._get_field(field_name, args, kwargs)

    def convert_field(self, value: Any, conversion: Any) -> Any:
        """Convert a value for `!s`; the other conversions are Python's."""
        if conversion in ("r", "a"):
            raise SecurityError(f"!{conversion} shows Python's spelling of a value")
        return written(value) if conversion else value

    def format_field(self, value: Any, format_spec: str) -> Any:
        """Format a value."""
        return format(_formatted(value), format_spec)
