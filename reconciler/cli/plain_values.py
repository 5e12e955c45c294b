"""Values of the command line that need no conversion: the parser's own converter would import pydantic for each.

A text stays a text, a default is already what its annotation says. Everything else goes to the parser's converter,
whose messages stay.
"""

from typing import Any, Literal, get_args, get_origin


class PlainValues:
    """Converter of one parameter. The parser asks for it by a call; its own is made when it is needed."""

    def __init__(self, parameter: Any) -> None:
        self._parameter = parameter
        self._convert = parameter.get_runtime_param

    def __call__(self) -> "PlainValues":
        """Return the converter."""
        return self

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value as the parameter's annotation says; the parser calls this with these names."""
        kind = self._parameter.type_descriptor
        many = param.multiple or param.nargs == -1
        if value is None:
            return () if many else None
        if kind.parameter_info.parser is None:
            if many and isinstance(value, (list, tuple)) and get_origin(kind.annotation) is list:
                (inner,) = get_args(kind.annotation)
                if all(_is_plain(item, inner, param) for item in value):
                    return list(value)
            elif not many and _is_plain(value, kind.annotation, param):
                return value
        return self._convert().coerce(value, param=param, ctx=ctx)


def keep_plain_values(parameters: list[Any]) -> list[Any]:
    """Return the parameters of a command, whose plain values are no longer converted."""
    for parameter in parameters:
        found = getattr(parameter, "get_runtime_param", None)
        if found is not None and not isinstance(found, PlainValues):
            parameter.get_runtime_param = PlainValues(parameter)
    return parameters


def _is_plain(value: Any, annotation: Any, parameter: Any) -> bool:
    """Tell whether a value already has the type that an annotation names, and the parameter's limits allow it."""
    if get_origin(annotation) is Literal:
        return isinstance(value, str) and value in get_args(annotation)
    if annotation in (int, float):
        least, most = getattr(parameter, "min", None), getattr(parameter, "max", None)
        within = (least is None or value >= least) and (most is None or value <= most) if _is_number(value) else False
        return type(value) is annotation and within
    return annotation is str and type(value) is str


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))
