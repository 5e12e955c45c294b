"""Text that templates caught on its way out: macro output, call and filter blocks, set blocks, super().

It carries marks. To whatever looks at it (comparisons, lengths, slices, methods) it is the plain text; filters that
turn text into text keep the marks where that can be done.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from reconciler.manifest import marks
from reconciler.manifest.refusals import StructureError


class Whole(str):
    """What `tojson` returns: one YAML node, complete in itself."""

    __slots__ = ()


class Captured(str):
    """Marked text; everything that reads it reads the plain text, only joining and writing it out keep the marks."""

    __slots__ = ()

    @property
    def plain(self) -> str:
        """The text without marks."""
        return marks.unmarked(str.__str__(self))

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
    """Return a captured text without its marks, anything else as it is."""
    return marks.unmarked(value) if isinstance(value, str) and marks.holds_marks(value) else value


def concat(parts: Iterable[str]) -> str:
    """Join what a template wrote: its own text, even where it is blank and has no marks."""
    return Captured("".join(parts))


def keeping_marks(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that treats marked text as the plain text it stands for, and keeps the marks where it can."""

    def filtered(*arguments: Any, **named: Any) -> Any:
        if not any(type(each) is Captured or _marked(each) for each in arguments):
            return filter_(*arguments, **named)
        expected = filter_(*map(plain, arguments), **named)
        if type(expected) is not str:
            return expected
        tried = filter_(*map(_raw, arguments), **named)
        if isinstance(tried, str) and marks.unmarked(tried) == expected:
            return Captured(tried)
        return _by_lines(next(each for each in arguments if _marked(each)), expected)

    for name in ("jinja_pass_arg", "__name__", "__doc__"):
        if hasattr(filter_, name):
            setattr(filtered, name, getattr(filter_, name))
    return filtered


def _marked(value: Any) -> bool:
    return isinstance(value, str) and marks.NUMBER in str.__str__(value)


def _raw(value: Any) -> Any:
    """Return captured text as an ordinary str with its marks."""
    return "".join(("", value)) if isinstance(value, Captured) else value


def _by_lines(marked: str, expected: str) -> str:
    """Give each line of a filter's result the first place of the line it was made from, where lines correspond."""
    if marks.OPEN in str.__str__(marked) or marks.NODE in str.__str__(marked):
        raise StructureError("a filter around this text hides where the values in it end")
    before, after = _raw(marked).split("\n"), expected.split("\n")
    if len(before) != len(after):
        return expected
    return Captured("\n".join(_first(line) + new for line, new in zip(before, after, strict=True)))


def _first(line: str) -> str:
    found = marks.PLACE.search(line)
    return found[0] if found else ""
