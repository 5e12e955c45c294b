"""Exceptions for refused templates, raised in the rendering child; template_errors.py makes the messages."""

from typing import TypedDict


class FailureOrigin(TypedDict):
    """Position that contributed to a failure, with its description."""

    message: str
    file: str
    line: int
    column: int


class TemplateFailure(TypedDict):
    """Diagnostic as plain data that can leave the rendering process; line and column count from 1."""

    code: str
    message: str
    file: str
    line: int
    column: int
    hint: str
    related: list[FailureOrigin]
    uses: list[str]


class LimitError(Exception):
    """A template exceeds a limit."""


class OutOfTimeError(BaseException):
    """A template used up its time. Not an Exception, which Jinja would treat as a syntax error."""


class StructureError(Exception):
    """The output of an expression leaves its YAML scalar; `place` is the mark of the expression, if known."""

    place = ""


class PrivateNameError(Exception):
    """A template names a private attribute; `args` are the name and the line."""


class ControlCharacterError(Exception):
    """A template contains a control character in a text; `args` are the message and the line."""


class TemplatePathError(Exception):
    """A template names a file that is not permitted."""


class IncludeError(Exception):
    """An included file is not usable; `failure` is the problem in that file."""

    def __init__(self, failure: TemplateFailure) -> None:
        super().__init__(failure["message"])
        self.failure = failure
