"""Captured output of templates: macro output, call and filter blocks, set blocks, super().

It contains marks. Comparisons, lengths, slices and methods see the plain text; filters from text to text keep the marks
where possible.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, overload

from reconciler.late_patterns import late_pattern
from reconciler.manifest.template.exceptions import StructureError
from reconciler.manifest.text_lines import TextLines


class TemplateOrigin(NamedTuple):
    """Origin of a piece of rendered text; for an expression also its source, and the values it reads.

    `calls`: the following text may come from a macro or another file; `in_macro`: the piece is in a macro.
    """

    file: str
    line: int
    column: int
    expression: str = ""
    uses: tuple[str, ...] = ()
    calls: bool = False
    in_macro: bool = False

    @property
    def is_statement(self) -> bool:
        """Whether it is an include or a call block, which has no output of its own."""
        return self.expression.startswith("{%")


class CompleteNode(str):
    """Result of `tojson`: one complete YAML node."""

    __slots__ = ()


class MarkedString(str):
    """Marked text; every operation sees the plain text, only joining and output keep the marks."""

    __slots__ = ()

    @property
    def plain(self) -> str:
        """Text without marks."""
        return unmarked(str.__str__(self))

    def __eq__(self, other: object) -> bool:
        return bool(self.plain == plain(other))

    def __ne__(self, other: object) -> bool:
        return bool(self.plain != plain(other))

    def __hash__(self) -> int:
        return hash(self.plain)

    def __lt__(self, other: str) -> bool:
        return bool(self.plain < plain(other))

    def __le__(self, other: str) -> bool:
        return bool(self.plain <= plain(other))

    def __gt__(self, other: str) -> bool:
        return bool(self.plain > plain(other))

    def __ge__(self, other: str) -> bool:
        return bool(self.plain >= plain(other))

    def __len__(self) -> int:
        return len(self.plain)

    def __bool__(self) -> bool:
        return bool(self.plain)

    def __contains__(self, other: object) -> bool:
        return plain(other) in self.plain

    def __getitem__(self, index: Any) -> str:
        return self.plain[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self.plain)


def plain(value: Any) -> Any:
    """Return a captured text without its marks, anything else unchanged."""
    return unmarked(value) if isinstance(value, str) and holds_marks(value) else value


def concat(parts: Iterable[str]) -> str:
    """Join the output of a template, blank text without marks included."""
    return MarkedString("".join(parts))


def keeping_marks(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that sees the plain text of marked text, and keeps the marks where possible."""

    def filtered(*arguments: Any, **named: Any) -> Any:
        if not any(type(each) is MarkedString or _marked(each) for each in arguments):
            return filter_(*arguments, **named)
        expected = filter_(*map(plain, arguments), **named)
        if type(expected) is not str:
            return expected
        tried = filter_(*map(_raw, arguments), **named)
        if isinstance(tried, str) and unmarked(tried) == expected:
            return MarkedString(tried)
        return _by_lines(next(each for each in arguments if _marked(each)), expected)

    for name in ("jinja_pass_arg", "__name__", "__doc__"):
        if hasattr(filter_, name):
            setattr(filtered, name, getattr(filter_, name))
    return filtered


def _marked(value: Any) -> bool:
    return isinstance(value, str) and NUMBER in str.__str__(value)


def _raw(value: Any) -> Any:
    """Return captured text as an ordinary str with its marks."""
    return "".join(("", value)) if isinstance(value, MarkedString) else value


def _by_lines(marked: str, expected: str) -> str:
    """Give each line of a filter's result the first origin of its source line, where lines correspond."""
    if OPEN in str.__str__(marked) or NODE in str.__str__(marked):
        raise StructureError("a filter around this text hides where the values in it end")
    before, after = _raw(marked).split("\n"), expected.split("\n")
    if len(before) != len(after):
        return expected
    return MarkedString("\n".join(_first(line) + new for line, new in zip(before, after, strict=True)))


def _first(line: str) -> str:
    found = PLACE.search(line)
    return found[0] if found else ""


NUMBER, END = "\x01", "\x02"
"""Delimiters of the number of an origin."""

OPEN, CLOSE = "\x03", "\x04"
"""Delimiters of an output that must stay inside one scalar."""

NODE, NODE_END = "\x05", "\x06"
"""Delimiters of an output that must be one whole node (the result of `tojson`)."""

_DIGITS = str.maketrans("0123456789", "\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17")
_BACK = str.maketrans("\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17", "0123456789")

PLACE = late_pattern("\x01([\x0e-\x17]{1,9})\x02")
MARK = late_pattern("\x01([\x0e-\x17]{1,9})\x02|([\x03-\x06])|\x01([\x0e-\x17]{1,9})\x01")
_NUMBERED = late_pattern("\x01[\x0e-\x17]{1,9}+[\x01\x02]")
_EDGES = (OPEN, CLOSE, NODE, NODE_END)
_NO_EDGES = str.maketrans(dict.fromkeys(_EDGES))
_ANY = late_pattern("[\x01-\x06\x0e-\x17]")
_CHARACTERS = bytes((*range(1, 7), *range(0x0E, 0x18)))
"""All characters of marks."""
_ONE_DIGIT = bytes.maketrans(bytes(range(0x0E, 0x18)), b"\x0e" * 10)
_NUMBERS = tuple(b"\x01%b\x02" % (b"\x0e" * digits) for digits in (1, 2, 3))
"""Marks of origins with up to so many digits, which are all of most texts, with each digit the same."""


def origin_mark(number: int) -> str:
    """Return the mark of an origin."""
    return f"{NUMBER}{number}{END}".translate(_DIGITS)


def as_call(mark: str) -> str:
    """Return the mark of a call: the following text may come from a macro or another file, with its own origins."""
    return mark[:-1] + NUMBER


def number(digits: str) -> int:
    """Return the number inside a mark."""
    return int(digits.translate(_BACK))


def unmarked(text: str) -> str:
    """Return the text without marks: those that MARK finds, of which a pattern of one kind finds most at once."""
    text = _NUMBERED.sub("", text)
    return text.translate(_NO_EDGES) if any(edge in text for edge in _EDGES) else text


def unmarked_whole(text: str) -> str:
    """Return what `unmarked` does, of a long text in half the time: without all characters that marks are made of.

    That is the same where the marks of origins, none of which can overlap, have all of these but the edges.
    """
    data = text.encode("utf-8", "surrogatepass")
    rest, numbers = data.translate(None, _CHARACTERS), data.translate(_ONE_DIGIT)
    left = len(data) - len(rest) - sum(text.count(edge) for edge in _EDGES if edge in text)
    if left == sum(len(mark) * numbers.count(mark) for mark in _NUMBERS):
        return rest.decode("utf-8", "surrogatepass")
    return unmarked(text)


class UnmarkedLines(Sequence[str]):
    """Lines of a text without marks, which are never in two lines; each is made of its marked line when it is read."""

    def __init__(self, marked: TextLines) -> None:
        self._marked = marked

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """Return one line, or some."""
        found = self._marked[index]
        return unmarked(found) if isinstance(found, str) else [unmarked(line) for line in found]

    def __len__(self) -> int:
        return len(self._marked)

    def part(self, line: int, length: int) -> str:
        """Return as many characters of the text from the start of a line on, whose number is counted from 0."""
        text, start = self._marked.text, self._marked.start(line)
        found: list[str] = []
        missing = length
        while missing > 0 and start < len(text):
            end = text.find("\n", start + missing - 1) + 1 or len(text)
            found.append(unmarked(text[start:end]))
            missing -= len(found[-1])
            start = end
        return "".join(found)[:length]


def holds_marks(text: str) -> bool:
    """Tell whether a text contains anything that could be a mark, or a part of one."""
    return _ANY.search(text) is not None
