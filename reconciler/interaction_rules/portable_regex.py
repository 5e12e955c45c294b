"""Regular expressions of rules: which part of one every engine reads alike, and what the rest is called.

The service does not name its engine. A pattern inside the portable subset (docs/api/rules.md §8) matches the same on
java.util.regex, RE2 and Python's `re`; anything else is reported with the construct and, where there is one, a portable
spelling. The subset is decided by parsing, never by trying a pattern.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

LINE_BREAKS = frozenset("\r\n\u0085\u2028\u2029")
"""Characters before which engines disagree on `.`, `^` and `$`."""

FOLDING = frozenset("\u017f\u212a\u0130\u0131")
"""Characters that fold to ASCII letters in some engines and not in others."""

MOST_REPEATS = 1000
MOST_UNBOUNDED = 3
_SPECIAL = frozenset("\\^$.|?*+()[{")
_PORTABLE_SPELLING = {
    "\\d": "[0-9]",
    "\\w": "[0-9A-Za-z_]",
    "\\s": "[ ]",
    "\\p{Han}": "[一-龥]",
    "\\p{IsHan}": "[一-龥]",
    "[[:digit:]]": "[0-9]",
}


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

    def walk(self) -> Iterator["PatternNode"]:
        """Yield it and every part inside it."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, slots=True)
class ParsedPattern:
    """What parsing found.

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
    def line_sensitive(self) -> bool:
        """Whether it holds `.`, `^` or `$`, which read line breaks differently."""
        return any(node.type in {"any", "assertion"} for node in self.root.walk())

    @property
    def cased(self) -> str:
        """The letters in it that have another case and are not ASCII."""
        return "".join(char for char in self.source if not char.isascii() and char.lower() != char.upper())

    def undecided_on(self, text: str, *, ignore_case: bool = False) -> str:
        """Return why engines may disagree on this text, or an empty text."""
        if self.line_sensitive and not LINE_BREAKS.isdisjoint(text):
            return "the text holds a line break, which `.`, `^` and `$` treat differently"
        if (ignore_case or self.ignore_case) and not FOLDING.isdisjoint(text):
            return "the text holds a letter that folds differently"
        return ""


class _InvalidPatternError(Exception):
    """The pattern is refused by every engine."""


@dataclass(slots=True)
class _PatternParser:
    source: str
    offset: int = 0
    outside: list[Construct] = field(default_factory=list)
    unbounded: int = 0
    slow: bool = False
    ignore_case: bool = False

    def parse(self) -> PatternNode:
        if self.source.startswith("(?i)"):
            self.ignore_case, self.offset = True, 4
        root = self._alternation(depth=0)
        if self.offset < len(self.source):
            raise _InvalidPatternError("unmatched )")
        if self.ignore_case and (cased := [c for c in self.source if not c.isascii() and c.lower() != c.upper()]):
            self.outside.append(Construct(f"(?i) with {cased[0]}", 0))
        return root

    def _peek(self, text: str) -> bool:
        return self.source.startswith(text, self.offset)

    def _note(self, text: str, *, java_refuses: bool = False, spelling: str = "", offset: int | None = None) -> None:
        place = self.offset if offset is None else offset
        self.outside.append(Construct(text, place, spelling or _PORTABLE_SPELLING.get(text, ""), java_refuses))

    def _alternation(self, depth: int) -> PatternNode:
        if depth > 100:
            raise _InvalidPatternError("groups are nested deeper than 100 levels")
        branches = [self._concat(depth)]
        while self._peek("|"):
            self.offset += 1
            branches.append(self._concat(depth))
        return branches[0] if len(branches) == 1 else PatternNode("alternation", parts=tuple(branches))

    def _concat(self, depth: int) -> PatternNode:
        parts: list[PatternNode] = []
        while self.offset < len(self.source) and self.source[self.offset] not in "|)":
            parts.append(self._quantified(self._atom(depth, first=not parts)))
        if not parts:
            return PatternNode("empty")
        return parts[0] if len(parts) == 1 else PatternNode("concat", parts=tuple(parts))

    def _atom(self, depth: int, *, first: bool) -> PatternNode:
        char = self.source[self.offset]
        if char in "*+?":
            raise _InvalidPatternError(f"nothing to repeat before {char}")
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._set()
        if char == "\\":
            return self._escape()
        self.offset += 1
        if char == ".":
            return PatternNode("any", ".")
        if char == "^":
            if depth or not first:
                self._note("^ that is not first", offset=self.offset - 1)
            return PatternNode("assertion", "^")
        if char == "$":
            if depth or not (self.offset == len(self.source) or self.source[self.offset] == "|"):
                self._note("$ that is not last", offset=self.offset - 1)
            return PatternNode("assertion", "$")
        if char == "{":
            self._note("{", java_refuses=True, spelling="\\{", offset=self.offset - 1)
        return PatternNode("literal", char)

    def _group(self, depth: int) -> PatternNode:
        start = self.offset
        self.offset += 1
        kind = "group"
        if self._peek("?"):
            kind = self._extension(start)
            if kind == "flags":
                return PatternNode("empty")
        inner = self._alternation(depth + 1)
        if not self._peek(")"):
            raise _InvalidPatternError("unclosed group")
        self.offset += 1
        return (
            PatternNode("assertion", self.source[start : self.offset])
            if kind == "look"
            else PatternNode("group", parts=(inner,))
        )

    def _extension(self, start: int) -> str:
        rest = self.source[start:]
        if rest.startswith("(?:"):
            self.offset += 2
            return "group"
        for opening, name in (
            ("(?=", "look-ahead"),
            ("(?!", "look-ahead"),
            ("(?<=", "look-behind"),
            ("(?<!", "look-behind"),
        ):
            if rest.startswith(opening):
                self._note(f"{name} {opening}…)", offset=start)
                self.offset = start + len(opening)
                return "look"
        if rest.startswith("(?>"):
            self._note("atomic group (?>…)", offset=start)
            self.offset += 2
            return "group"
        if found := re.match(r"\(\?P?<(\w+)>", rest):
            self._note("named group", java_refuses="P<" in found[0], spelling="(…)", offset=start)
            self.offset = start + found.end()
            return "group"
        if found := re.match(r"\(\?[a-zA-Z-]*([:)])", rest):
            self._note(f"flags {found[0]}", offset=start)
            self.offset = start + found.end()
            return "group" if found[1] == ":" else "flags"
        raise _InvalidPatternError("unknown group type")

    def _escape(self) -> PatternNode:
        start = self.offset
        if start + 1 >= len(self.source):
            raise _InvalidPatternError("a backslash ends the pattern")
        char = self.source[start + 1]
        self.offset += 2
        if not char.isalnum() and char.isascii():
            return PatternNode("literal", char)
        if char in "pP" and (found := re.match(r"\{[^}]*\}", self.source[self.offset :])):
            self.offset += found.end()
            text = self.source[start : self.offset]
            self._note(text, java_refuses=text == "\\p{Han}", offset=start)
            return PatternNode("class", text)
        if char in "xuU" and (found := re.match(r"\{[0-9A-Fa-f]+\}|[0-9A-Fa-f]{2,8}", self.source[self.offset :])):
            self.offset += found.end()
            text = self.source[start : self.offset]
            self._note(text, spelling="the character itself", offset=start)
            return PatternNode("class", text)
        if char == "Q":
            end = self.source.find("\\E", self.offset)
            self.offset = len(self.source) if end < 0 else end + 2
            self._note("\\Q…\\E", spelling="escaped punctuation", offset=start)
            return PatternNode("class", self.source[start : self.offset])
        self._note("\\" + char, offset=start)
        return PatternNode("assertion" if char in "bBAZzG" else "class", "\\" + char)

    def _set(self) -> PatternNode:
        start = self.offset
        self.offset += 1
        if self._peek("^"):
            self.offset += 1
        if self._peek("]"):
            self._note("] first in a set", spelling="\\]")
            self.offset += 1
        previous: str | None = None
        while not self._peek("]"):
            if self.offset >= len(self.source):
                raise _InvalidPatternError("unclosed [")
            previous = self._set_item(previous)
        self.offset += 1
        return PatternNode("set", self.source[start : self.offset])

    def _set_item(self, previous: str | None) -> str | None:
        """Read one item; returns the literal a following range would start from, or None."""
        start, char = self.offset, self.source[self.offset]
        if found := re.match(r"\[:\^?\w+:\]", self.source[start:]):
            self.offset += found.end()
            self._note(f"[{found[0]}]", offset=start)
            return None
        if char == "[":
            self._note("[ inside a set", spelling="\\[")
        if self._peek("&&") or self._peek("--") or self._peek("~~") or self._peek("||"):
            self._note(f"{self.source[start : start + 2]} inside a set", spelling="\\" + char)
        if char == "-" and previous is not None and not self.source.startswith("]", start + 1):
            self.offset += 1
            self._range_end(previous)
            return None
        if char == "\\":
            node = self._escape()
            return node.text if node.type == "literal" else None
        self.offset += 1
        return char

    def _range_end(self, low: str) -> None:
        if self.offset >= len(self.source):
            raise _InvalidPatternError("unclosed [")
        if self._peek("\\"):
            node = self._escape()
            high = node.text if node.type == "literal" else ""
        else:
            high = self.source[self.offset]
            self.offset += 1
        if high and high < low:
            raise _InvalidPatternError(f"the range {low}-{high} is reversed")

    def _quantified(self, atom: PatternNode) -> PatternNode:
        bounds = self._bounds()
        if bounds is None:
            return atom
        start, (low, high) = self.offset, bounds
        if self._peek("?"):
            self.offset += 1
        elif self._peek("+"):
            self._note("possessive quantifier", offset=start)
            self.offset += 1
        if self._peek("*") or self._peek("+") or self._peek("?"):
            raise _InvalidPatternError("a quantifier follows a quantifier")
        if self._peek("{") and self._bounds() is not None:
            self._note("a quantifier follows a quantifier", offset=start)
        if high is not None and high < low:
            raise _InvalidPatternError(f"the repeat {{{low},{high}}} is reversed")
        if atom.type == "assertion" and atom.text in {"^", "$"}:
            self._note(f"repeated {atom.text}", offset=start)
        node = PatternNode("repeat", parts=(atom,), low=low, high=high)
        if high is None:
            self.unbounded += 1
            if self.unbounded == MOST_UNBOUNDED + 1:
                self._note(f"more than {MOST_UNBOUNDED} unbounded repeats", offset=start)
        if high is None or high > 1:
            self._check_nesting(node, start)
        return node

    def _check_nesting(self, node: PatternNode, start: int) -> None:
        inner = node.parts[0]
        if any(part.type == "repeat" and part.high is None for part in inner.walk()):
            self.slow = True
            self._note("unbounded repeat inside a repeated group", offset=start)
        if _largest(node) > MOST_REPEATS:
            self._note(f"repeat counts that multiply to more than {MOST_REPEATS}", offset=start)

    def _bounds(self) -> tuple[int, int | None] | None:
        for char, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._peek(char):
                self.offset += 1
                return bounds
        found = re.match(r"\{(\d{0,6})(,?)(\d{0,6})\}", self.source[self.offset :])
        if not found or not (found[1] or found[3]):
            return None
        if not found[1] or (found[2] and not found[3]):
            refused = not found[1]
            spelling = f"{{0,{found[3]}}}" if refused else ""
            self._note(found[0], java_refuses=refused, spelling=spelling)
        self.offset += found.end()
        low = int(found[1] or 0)
        if not found[2]:
            return low, low
        return low, int(found[3]) if found[3] else None


def _largest(node: PatternNode) -> int:
    inside = max((_largest(part) for part in node.parts), default=1)
    return inside * max(1, node.low, node.high or 1) if node.type == "repeat" else inside


@lru_cache(maxsize=4096)
def parse_pattern(source: str) -> ParsedPattern:
    """Parse a pattern; never raises. Takes time linear in its length."""
    parser = _PatternParser(source)
    try:
        root = parser.parse()
    except _InvalidPatternError as error:
        return ParsedPattern(source, invalid=str(error), outside=tuple(parser.outside))
    except RecursionError:
        return ParsedPattern(source, invalid="the pattern is nested too deep")
    return ParsedPattern(
        source,
        root=root,
        outside=tuple(sorted(parser.outside, key=lambda item: item.offset)),
        ignore_case=parser.ignore_case,
        unbounded=parser.unbounded,
        slow=parser.slow,
    )
