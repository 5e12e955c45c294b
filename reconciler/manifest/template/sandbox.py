"""Jinja environment of manifests: immutable, strict, limited to plain data, deterministic."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple, NoReturn

from jinja2 import BaseLoader, StrictUndefined, Template, Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter

from reconciler.late_patterns import late_pattern
from reconciler.manifest.template import marked_text
from reconciler.manifest.template.exceptions import LimitError, PrivateNameError, StructureError, TemplatePathError
from reconciler.manifest.template.filters import (
    TEXT,
    PlainFormatter,
    private_attribute,
    refuse_undefined,
    text_filters,
    written,
)
from reconciler.manifest.template.instrumentation import OUTPUT, OriginTable, mark, nodes_below
from reconciler.manifest.template.marked_text import (
    CompleteNode,
    MarkedString,
    TemplateOrigin,
    concat,
    keeping_marks,
    plain,
)
from reconciler.strings import did_you_mean

FILTERS = frozenset(
    {"abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "filesizeformat", "first"}
    | {"float", "format", "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max"}
    | {"min", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice", "sort"}
    | {"string", "striptags", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode"}
    | {"wordcount", "wordwrap"}
)
GLOBALS = frozenset({"range", "dict", "namespace", "cycler", "joiner"})

LARGEST = 1_000_000
"""Most elements of a text or list that an operator may make."""

_SAFE = late_pattern(r"\w(?:[\w ./+@%&!*|>=~$^();<，。！？、；：“”‘’（）《》…—·-]*[^\W]|[。！？”’）》…]?)?")
_ESCAPED = late_pattern(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\ud800-\udfff]"
)


class SuggestingUndefined(StrictUndefined):
    """Undefined value: any use is an error that suggests a similar name."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint or not isinstance(self._undefined_obj, Mapping):
            return str(super()._undefined_message)
        close = did_you_mean(str(self._undefined_name), map(str, self._undefined_obj))
        return f"there is no `{self._undefined_name}` here" + (f": {close}" if close else "")


@cache
def _common_filters() -> Mapping[str, Callable[..., Any]]:
    """Return the filters that do not depend on a sandbox."""
    return {name: keeping_marks(each) for name, each in text_filters(FILTERS).items()}


class CompiledTemplate(NamedTuple):
    """Code of a template, the origins that it added to the table, and whether a template there can read its output."""

    code: Any
    places: tuple[TemplateOrigin, ...]
    captures: bool


CompiledTemplates = dict[tuple[object, ...], CompiledTemplate]
"""Templates by all that their code follows from: the text, its names, the marks, and what the table held before."""

_MOST_COMPILED = 64
"""Most templates whose code is kept: the memory of the process that renders is limited."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Compiles templates with marks (see marked_text.py), or without when `marking` is off.

    Both give the same text; `table` collects the origins of every compiled template. `compiled` keeps their code for
    other sandboxes.
    """

    intercepted_binops = frozenset({"*", "**", "%"})
    concat = staticmethod(concat)

    def __init__(self, loader: BaseLoader, *, marking: bool = True, compiled: CompiledTemplates | None = None) -> None:
        super().__init__(
            loader=loader,
            undefined=SuggestingUndefined,
            autoescape=False,
            optimized=False,
            keep_trailing_newline=True,
            cache_size=-1,
        )
        self.marking = marking
        self.table = OriginTable()
        self._compiled = {} if compiled is None else compiled
        self.globals = {name: value for name, value in self.globals.items() if name in GLOBALS}
        self.filters = dict(_common_filters())
        self.filters.update({"tojson": self.to_json, "safe": _same})
        self.filters[OUTPUT] = _marked_output if marking else _plain_output

    def compile(
        self, source: Any, name: str | None = None, filename: str | None = None, *rest: Any, **named: Any
    ) -> Any:
        """Compile a template's source, marked; its code is that of another sandbox whose table held the same before."""
        if not isinstance(source, str):
            return super().compile(source, name, filename, *rest, **named)
        table, first = self.table, len(self.table.places)
        key = (source, name, filename, rest, *named.items(), self.marking, first, table.captures)
        known = self._compiled.get(key)
        if known is not None:
            table.places += known.places
            table.captures = known.captures
            return known.code
        tree = self._marked(source, name, filename)
        code = super().compile(tree, name, filename, *rest, **named)
        if len(self._compiled) < _MOST_COMPILED:
            self._compiled[key] = CompiledTemplate(code, tuple(table.places[first:]), table.captures)
        return code

    def _marked(self, text: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = self.parse(text, name, filename)
        for each in nodes_below(tree):
            if isinstance(each, (nodes.Import, nodes.FromImport)):
                each.with_context = True
        return mark(self, tree, text, name or "", self.table, visible=self.marking)

    def _generate(self, source: nodes.Template, *rest: Any, **named: Any) -> Any:
        """Refuse private names and apply the text form to operands of `~`, in templates and in single expressions."""
        below = nodes_below(source)
        _refuse_private(below)
        joined = [each for each in below if isinstance(each, nodes.Concat)]
        for concat_ in joined:
            concat_.nodes = [_spelled(each) for each in concat_.nodes]
        if joined or source.environment is not self:
            source.set_environment(self)
        return super()._generate(source, *rest, **named)

    def handle_exception(self, source: str | None = None) -> NoReturn:  # noqa: ARG002 - jinja2's signature
        """Let the exception pass unchanged: its traceback has the template's line."""
        raise  # noqa: PLE0704 - called while one is being handled

    def to_json(self, value: Any, indent: int | None = None) -> CompleteNode:
        """Return a value as one YAML node: JSON, with escapes only for characters that are invalid in manifests."""
        if indent is not None and indent > 16:
            raise LimitError("an indent of more than 16 blanks")
        if self.table.captures:
            value = _plain_tree(value)
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, default=_no_json)
        return CompleteNode(_ESCAPED.sub(_escape, text))

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:  # noqa: A002 - jinja2's name
        """Return a template; its name must be a text."""
        return super().get_template(_named(name), parent, globals)

    def select_template(self, names: Any, parent: str | None = None, globals: Any = None) -> Template:  # noqa: A002 - as above
        """Return the first existing template."""
        return super().select_template([_named(name) for name in names], parent, globals)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look a name up; keys of a mapping take precedence over its methods."""
        if isinstance(obj, dict) and attribute in obj and not attribute.startswith("_"):
            return obj[attribute]
        _refuse_private_name(attribute)
        return super().getattr(plain(obj), attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Look an item up."""
        _refuse_private_name(argument)
        return super().getitem(plain(obj), argument)

    def wrap_str_format(self, value: Any) -> Any:
        """Return the replacement of a text's methods `format` and `format_map`; None for every other value."""
        name = getattr(value, "__name__", "")
        if super().wrap_str_format(value) is None:
            return None
        text = value.__self__
        formatter = PlainFormatter(SandboxedFormatter(self).get_field)

        def formatted(*arguments: Any, **named: Any) -> str:
            if name == "format_map":
                arguments, named = (), dict(*arguments)
            return str(formatter.vformat(plain(text), arguments, named))

        return formatted

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Exclude bytes, which could make characters that are invalid in manifests."""
        return attr not in ("encode", "to_bytes") and super().is_safe_attribute(obj, attr, value)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refuse operators with a huge result before they run."""
        _check_size(operator, left, right)
        return super().call_binop(context, operator, plain(left), plain(right))


@pass_context
def _marked_output(_context: Context, value: Any, place: str, calls: bool = False) -> str:
    """Return the output of an expression with its marks: the plain text of a scalar, or a whole node.

    It takes the context so that Jinja never evaluates it while compiling, where a limit error would have no line.
    """
    if type(value) is str and _SAFE.fullmatch(value) and value != "null":
        return place + value
    if type(value) is int and value >= 0:
        return place + str(value)
    text = _written_at(value, place)
    if isinstance(value, MarkedString) or marked_text.NUMBER in text:
        return _called(text, marked_text.as_call(place)) if calls else text
    if isinstance(value, CompleteNode) and text.startswith(('"', "[", "{")):
        return f"{place}{marked_text.NODE}{text}{marked_text.NODE_END}"
    if isinstance(value, CompleteNode) or (_SAFE.fullmatch(text) and not isinstance(value, str)):
        return place + text
    return _guarded(text, place)


def _called(text: str, call: str) -> str:
    """Put the mark of a call before its output; blank lines stay unmarked, since filters treat them differently."""
    raw = "".join(("", text))
    written_ = raw.lstrip()
    return MarkedString(raw[: len(raw) - len(written_)] + call + written_) if written_ else text


@pass_context
def _plain_output(_context: Context, value: Any, place: str, calls: bool = False) -> str:  # noqa: ARG001
    return _written_at(value, place)


def _written_at(value: Any, place: str) -> str:
    try:
        return written(value)
    except StructureError as problem:
        problem.place = place
        raise


def _named(name: Any) -> str:
    if isinstance(name, Undefined):
        str(name)
    if not isinstance(name, str):
        raise TemplatePathError("a template's name must be a text")
    return str(plain(name))


def _guarded(text: str, place: str) -> str:
    core = text.strip()
    if not core:
        return f"{place}{marked_text.OPEN}{text}{marked_text.CLOSE}" if "\n" in text else text
    start = text.index(core)
    return f"{text[:start]}{place}{marked_text.OPEN}{core}{marked_text.CLOSE}{text[start + len(core) :]}"


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _no_json(value: Any) -> Any:
    """Raise for a value without a JSON form."""
    refuse_undefined(value)
    raise StructureError("the value holds what is no plain data")


def _plain_tree(value: Any) -> Any:
    if isinstance(value, dict):
        return {plain(key): _plain_tree(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain_tree(item) for item in value]
    return plain(value)


def _same(value: Any) -> Any:
    """Implement the filter `safe`: output is never escaped here, so the value is returned unchanged."""
    return value


def _check_size(operator: str, left: Any, right: Any) -> None:
    if operator == "%" and isinstance(left, str):
        raise SecurityError("formatting with % is not allowed; join texts with ~")
    if operator == "**" and isinstance(left, int) and isinstance(right, int) and _huge_power(left, right):
        raise LimitError("a power too large")
    if operator == "*":
        for one, other in ((left, right), (right, left)):
            if isinstance(one, (str, list, tuple)) and isinstance(other, int) and len(one) * other > LARGEST:
                raise LimitError(f"a text or list of more than {LARGEST} items")


def _huge_power(base: int, exponent: int) -> bool:
    return abs(exponent) * max(base.bit_length(), 1) > 4096


def _spelled(node: nodes.Expr) -> nodes.Expr:
    return nodes.Filter(node, TEXT, [], [], None, None, lineno=node.lineno)


def _refuse_private_name(name: Any) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(f"`{name}` is a private name")


def _refuse_private(below: Iterable[nodes.Node]) -> None:
    """Refuse names with a leading underscore, which access Python's internals."""
    for node in below:
        name: Any = None
        if isinstance(node, nodes.Getattr):
            name = node.attr
        elif isinstance(node, nodes.Getitem):
            name = getattr(node.arg, "value", None)
        elif isinstance(node, nodes.Filter) and node.name != OUTPUT:
            arguments = [getattr(each, "value", None) for each in node.args]
            keywords: list[Any] = list(node.kwargs)
            named = {each.key: getattr(each.value, "value", None) for each in keywords}
            name = private_attribute(node.name, arguments, named)
        if isinstance(name, str) and name.startswith("_"):
            raise PrivateNameError(name, node.lineno)
