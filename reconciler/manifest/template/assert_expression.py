"""Expressions of the project file over plain data, in Jinja's expression language, for `assert:` rules of audits.

They run in this process and are therefore more limited than templates: no loops, no globals but `days_until`, and only
filters and methods with results no larger than their input. The cost of an expression is bounded by its length and by
its object.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from jinja2 import DictLoader, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.parser import Parser

from reconciler.errors import ReconcilerError
from reconciler.late_methods import dataclass
from reconciler.manifest.template.exceptions import LimitError, PrivateNameError, StructureError
from reconciler.manifest.template.filters import TEXT
from reconciler.manifest.template.sandbox import Sandbox
from reconciler.timestamps import date_of

LONGEST = 2_000
"""Most characters of an expression."""

FILTERS = frozenset(
    {"abs", "attr", "count", "d", "default", "first", "float", "int", "items", "join", "last", "length", "list"}
    | {"lower", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select", "selectattr", "sort"}
    | {"string", "sum", "trim", "unique", "upper"}
)
METHODS = frozenset({"endswith", "get", "items", "keys", "lower", "startswith", "strip", "upper", "values"})
FUNCTIONS = frozenset({"days_until"})


class ExpressionError(ReconcilerError):
    """Invalid expression, or one that uses a forbidden feature."""

    default_code = "E_ASSERT_SYNTAX"


class UnknownFieldError(ReconcilerError):
    """The expression uses a field that this object does not have: its result is neither true nor false."""

    default_code = "N_ASSERT_UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """Compiled expression with its source `text`."""

    text: str
    evaluate: Callable[..., Any]

    def holds(self, resource: Mapping[str, Any], today: date) -> bool:
        """Tell whether it is true of an object.

        Raises UnknownFieldError for a field that the object does not have (except in `is defined` and `default`), and
        ExpressionError for any other failure.
        """
        try:
            return bool(self.evaluate(resource=resource, today=today.isoformat(), days_until=partial(_days, today)))
        except UndefinedError as error:
            raise UnknownFieldError(str(error)) from None
        except (
            TemplateError,
            LimitError,
            StructureError,
            ArithmeticError,
            LookupError,
            TypeError,
            ValueError,
        ) as error:
            raise ExpressionError(f"{self.text} cannot be evaluated: {error}", code="W_ASSERT_FAILED") from None


def expression(text: str) -> Expression:
    """Compile an expression over `resource` and `today`. Raises ExpressionError with the problem."""
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression takes at most {LONGEST} characters, this one has {len(text)}")
    sandbox = _Expressions()
    try:
        _check(Parser(sandbox, text, state="variable").parse_expression())
        return Expression(text=text, evaluate=sandbox.compile_expression(text, undefined_to_none=False))
    except TemplateSyntaxError as error:
        raise _wrong(text, error.message or "") from None
    except PrivateNameError as error:
        raise _wrong(text, f"`{error.args[0]}` is a private name") from None
    except (RecursionError, MemoryError, SyntaxError, OverflowError, ValueError):
        raise _wrong(text, "it is nested too deeply, or a number in it is too large") from None


class _Expressions(Sandbox):
    """Restricted sandbox of manifests; `x in y` and similar operators accept plain data only."""

    def __init__(self) -> None:
        super().__init__(DictLoader({}), marking=False)
        self.globals = {}
        self.filters = {name: each for name, each in self.filters.items() if name in FILTERS or name == TEXT}


def _check(tree: nodes.Node) -> None:
    whole = nodes.Output([tree])  # find_all searches below a node only
    for call in whole.find_all(nodes.Call):
        _callable(call)
    for node in whole.find_all(nodes.Getattr):
        if node.attr.startswith("_"):
            raise TemplateSyntaxError(f"names like {node.attr} are not for expressions", node.lineno)


def _callable(call: nodes.Call) -> None:
    """Allow few functions: those that can make a large text from a small one are left out."""
    called = call.node
    known = (isinstance(called, nodes.Name) and called.name in FUNCTIONS) or (
        isinstance(called, nodes.Getattr) and called.attr in METHODS
    )
    if not known:
        raise TemplateSyntaxError(f"only {', '.join(sorted(FUNCTIONS | METHODS))} can be called", call.lineno)


def _days(today: date, time: object) -> int:
    """Return the days from today to a time of the API (2026-11-23T10:00:00Z); negative for a past one."""
    return (date_of(time) - today).days


def _wrong(text: str, why: str) -> ExpressionError:
    return ExpressionError(
        f"the rule {text[:200]!r} is no expression: {why}",
        hint="write one over `resource`, such as resource.room_state != 'BLOCKED'",
    )
