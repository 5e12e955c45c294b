"""Regular expressions of rules: which part of one every engine reads alike, and what the rest is called.

The service does not name its engine. A pattern inside the portable subset (docs/api/rules.md §8) matches the same on
java.util.regex, RE2 and Python's `re`; anything else is reported with the construct and, where there is one, a portable
spelling. The subset is decided by parsing, never by trying a pattern.
"""

import re
from dataclasses import field
from functools import lru_cache

from reconciler.interaction_rules.pattern_tree import Construct, ParsedPattern, PatternNode, cased_letters
from reconciler.late_methods import dataclass

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
        if self.ignore_case and (cased := cased_letters(self.source)):
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
