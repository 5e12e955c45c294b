"""What a template can be refused for, as exceptions inside the child that renders; failures.py finds the words."""

from typing import TypedDict


class FailureOrigin(TypedDict):
    """A place that had a part in a failure, and what it is."""

    message: str
    file: str
    line: int
    column: int


class TemplateFailure(TypedDict):
    """A diagnostic as plain data, so that it can leave the process that renders; line and column count from 1."""

    code: str
    message: str
    file: str
    line: int
    column: int
    hint: str
    related: list[FailureOrigin]
    uses: list[str]


class LimitError(Exception):
    """A template asks for more than it may have."""


class OutOfTimeError(BaseException):
    """A template used up its time. No Exception: Jinja takes any of those for a mistake in the text it is reading."""


class StructureError(Exception):
    """An expression's output cannot be kept inside one YAML scalar; `place` is the mark of the expression, if known."""

    place = ""


class PrivateNameError(Exception):
    """A template names a private attribute; `args` are the name and the line."""


class ControlCharacterError(Exception):
    """A template holds a control character in one of its own texts; `args` are the message and the line."""


class TemplatePathError(Exception):
    """A template names a file it may not have."""


class IncludeError(Exception):
    """An included file cannot be used; `failure` leads into that file."""

    def __init__(self, failure: TemplateFailure) -> None:
        super().__init__(failure["message"])
        self.failure = failure
