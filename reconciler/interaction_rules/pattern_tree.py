"""Syntax tree of a pattern, with the constructs that engines read differently."""

from collections.abc import Iterable, Iterator
from itertools import product
from math import prod

from reconciler.late_methods import dataclass

LINE_BREAKS = frozenset("\r\n\u0085\u2028\u2029")
"""Characters before which engines disagree on `.`, `^` and `$`."""

FOLDING = frozenset("\u017f\u212a\u0130\u0131")
"""Characters that fold to ASCII letters in some engines and not in others."""

_MOST_TEXTS = 16
"""Most texts for which a pattern stands that are compared one by one."""


@dataclass(frozen=True, slots=True)
class Construct:
    """Something outside the portable subset: how it is written, where (offset), and what to write instead."""

    text: str
    offset: int
    spelling: str = ""
    java_refuses: bool = False


@dataclass(frozen=True, slots=True)
class PatternNode:
    """A part of a parsed pattern.

    `type` is literal, any, set, class, empty, assertion, concat, alternation, group or repeat. `text` is a literal's
    character or a set's source; `low` and `high` bound a repeat, `high` None being unbounded.
    """

    type: str
    text: str = ""
    parts: tuple["PatternNode", ...] = ()
    low: int = 1
    high: int | None = 1

    def nullable(self) -> bool:
        """Whether it can match nothing, assertions counted as matching nothing."""
        match self.type:
            case "empty" | "assertion":
                return True
            case "concat" | "group":
                return all(part.nullable() for part in self.parts)
            case "alternation":
                return any(part.nullable() for part in self.parts)
            case "repeat":
                return self.low == 0 or self.parts[0].nullable()
        return False

    def literal(self) -> str | None:
        """Return the text it stands for where it is plain text, else None."""
        if self.type == "literal":
            return self.text
        if self.type in {"concat", "empty"}:
            texts = [part.literal() for part in self.parts]
            return None if None in texts else "".join(text for text in texts if text is not None)
        return None

    def texts(self) -> tuple[str, ...] | None:
        """Return the texts for which it stands, where they are plain and few, else None."""
        if self.type == "literal":
            return (self.text,)
        if self.type not in {"concat", "empty", "alternation", "group", "repeat"}:
            return None
        of_parts = [part.texts() for part in self.parts]
        known = [texts for texts in of_parts if texts is not None]
        if len(known) < len(of_parts):
            return None
        if self.type == "alternation":
            return _few([text for texts in known for text in texts])
        if self.type == "repeat":
            absent = ("",) if self.low == 0 else ()
            return _few([*known[0], *absent]) if self.high == 1 else None
        return _few(map("".join, product(*known))) if prod(map(len, known)) <= _MOST_TEXTS else None

    def walk(self) -> Iterator["PatternNode"]:
        """Yield it and every part inside it."""
        yield self
        for part in self.parts:
            yield from part.walk()


def _few(texts: Iterable[str]) -> tuple[str, ...] | None:
    """Return texts, each once; None where they are many."""
    found = tuple(dict.fromkeys(texts))
    return found if len(found) <= _MOST_TEXTS else None


def cased_letters(source: str) -> str:
    """Return the letters of a pattern that have another case and are not ASCII."""
    return "".join(char for char in source if not char.isascii() and char.lower() != char.upper())


@dataclass(frozen=True, slots=True)
class ParsedPattern:
    """Result of parsing.

    `invalid` says why Java, RE2 and Python all refuse it, or is empty. `outside` are the constructs that are not
    portable, in order. `branches` are the alternatives at top level.
    """

    source: str
    root: PatternNode = PatternNode("empty")
    invalid: str = ""
    outside: tuple[Construct, ...] = ()
    ignore_case: bool = False
    unbounded: int = 0
    slow: bool = False

    @property
    def portable(self) -> bool:
        """Whether every engine reads it alike."""
        return not self.invalid and not self.outside

    @property
    def branches(self) -> tuple[PatternNode, ...]:
        """The alternatives at top level; the whole pattern where there is no bar."""
        return self.root.parts if self.root.type == "alternation" else (self.root,)

    @property
    def literals(self) -> tuple[str, ...] | None:
        """The alternatives where each is plain text, else None."""
        texts = [branch.literal() for branch in self.branches]
        return None if self.ignore_case or None in texts else tuple(text for text in texts if text is not None)

    @property
    def texts(self) -> tuple[str, ...] | None:
        """The texts for which it stands, where each alternative is plain or stands for few plain ones, else None."""
        of_branches = [branch.texts() for branch in self.branches]
        known = [text for texts in of_branches if texts is not None for text in texts]
        return None if self.ignore_case or None in of_branches else tuple(dict.fromkeys(known))

    @property
    def line_sensitive(self) -> bool:
        """Whether it holds `.`, `^` or `$`, which read line breaks differently."""
        return any(node.type in {"any", "assertion"} for node in self.root.walk())

    @property
    def cased(self) -> str:
        """The letters in it that have another case and are not ASCII."""
        return cased_letters(self.source)
