"""Which escapes of a text can be a part of a secret, by the characters around them.

Four characters side by side must be in a spelling of a secret, as far as they can be read yet: beside another escape,
or a line break that may be a fold, the rest is taken to fit.
"""

import re
from collections.abc import Iterable

from reconciler.late_patterns import late_pattern

Escape = tuple[int, int, str]
"""Start, end and character of an escape; the character is empty for an inserted line break."""

INTRODUCES = frozenset("\\%&=#;")
"""First characters, or all characters, of an inner layer of escapes."""


class Alphabet:
    """Characters of the secrets, and pairs of neighbouring ones.

    In `plain` spellings any character may be escaped, in the `encoded` ones only those other than letters and digits.
    """

    def __init__(self, plain: Iterable[str], encoded: Iterable[str] = ()) -> None:
        known, more = tuple(plain), tuple(encoded)
        inside = _pairs(more)
        self.characters = INTRODUCES.union(*known, (char for text in more for char in text if not char.isalnum()))
        self.reach = max(8 * max(map(len, known), default=0), max(map(len, more), default=0))
        self._pairs = _pairs(known) | {pair for pair in inside if not pair.isalnum()}
        self._folded = self._pairs | inside
        self._alone = {text for text in known if len(text) == 1}
        self._words = any(len(text) < _WINDOW for text in known)  # found as words: their neighbours count too
        self._fitting: dict[tuple[int, str], bool] = {}  # by the text around an escape
        self._sizes = sorted({min(_WINDOW, len(text)) for text in (*known, *more)})
        self._parts = {
            text[at : at + size]
            for text in (*known, *more)
            for size in range(1, _WINDOW + 1)
            for at in range(len(text) - size + 1)
        }
        self._breaks = _break_pattern({pair[0] for pair in self._folded} | _ESCAPED_ENDS)

    def folds(self, text: str) -> list[Escape]:
        """Return the line breaks that can be in the middle of a secret, or beside an escape that is."""
        spans = (one.span() for one in self._breaks.finditer(text))
        found = [(begin, end, "") for begin, end in spans]
        return [
            (begin, end, "")
            for at, (begin, end, _) in enumerate(found)
            if (
                text[begin - 1 : begin] + text[end : end + 1] in self._folded
                or _BEGINS.match(text, end)
                or (text[begin - 1 : begin] in _ESCAPED_ENDS and _ENDS.search(text, max(0, begin - 12), begin))
            )
            and self._fits(text, found, at)
        ]

    def matters(self, text: str, escapes: list[Escape]) -> list[Escape]:
        """Return the escapes that can be a part of a secret or of an inner escape, by their neighbours."""
        kept = []
        last, done, introduced = len(escapes) - 1, 0, _LONGEST_ESCAPE
        for at, (begin, end, decoded) in enumerate(escapes):
            before = escapes[at - 1][2] if at and escapes[at - 1][1] == begin else text[begin - 1 : begin]
            introduced += 1 + begin - done
            done = end
            joined = at < last and escapes[at + 1][0] == end
            after = escapes[at + 1][2] if joined else text[end : end + 1]
            if (
                (decoded in INTRODUCES and (joined or _BEGINS.match(decoded + text[end : end + 4])))
                or (decoded in _INNER and (before.isalnum() or before == "&"))
                or (
                    (
                        decoded in self._alone
                        or before + decoded in self._pairs
                        or decoded + after in self._pairs
                        or "" in (before, after)
                        or (decoded == "" and before + after in self._folded)
                        or _BEGINS.match(text, end)
                        or _ENDS.search(text, max(0, begin - 12), begin)
                    )
                    and (introduced < _LONGEST_ESCAPE or self._fits(text, escapes, at))
                )
            ):
                kept.append((begin, end, decoded))
            if decoded in INTRODUCES:
                introduced = 0
        return kept

    def _fits(self, text: str, escapes: list[Escape], at: int) -> bool:
        """Tell whether some characters around an escape, as far as they can be read yet, are a part of a secret."""
        begin, end, _ = escapes[at]
        if self._words:
            return True
        low = max(0, begin - 2 * _FAR, text.rfind("\n", max(0, begin - 2 * _FAR), begin))
        high = text.find("\n", end, end + 2 * _FAR)
        around = (begin - low, text[low : high + 1 if high >= 0 else end + 2 * _FAR])
        known = self._fitting.get(around)
        if known is None:
            if len(self._fitting) >= _REMEMBERED:
                self._fitting.clear()
            known = self._fitting[around] = self._looks_fitting(text, escapes, at)
        return known

    def _looks_fitting(self, text: str, escapes: list[Escape], at: int) -> bool:
        decoded = escapes[at][2]
        if _BEGUN.search(text, max(0, escapes[at][0] - _LONGEST_ESCAPE), escapes[at][0]):
            return True
        before, more_before = _before(text, escapes, at)
        after, more_after = _after(text, escapes, at)
        for size in self._sizes:
            for left in range(0 if decoded else 1, size):
                right = size - left - len(decoded)
                if (left > len(before) and not more_before) or (right > len(after) and not more_after):
                    continue
                part = before[max(0, len(before) - left) :] + decoded + after[:right]
                if not part or part in self._parts:
                    return True
        return False


_WINDOW = 4
"""Whatever of a secret is worth hiding has so many characters side by side, each escape of it among such."""

_INNER = frozenset({"", "#", ";"})
"""What an inner escape may contain: a part of an entity, a soft line break."""


def _before(text: str, escapes: list[Escape], at: int) -> tuple[str, bool]:
    """Return the characters before an escape up to one that is not read yet, and whether there is such a one."""
    begin, index, found = escapes[at][0], at - 1, ""
    place = begin
    near = _INTRODUCED.search(text, max(0, place - _LONGEST_ESCAPE), place) is not None
    while len(found) < _WINDOW - 1:
        if begin - place >= _FAR:
            return found, True
        if index >= 0 and escapes[index][1] == place:
            if escapes[index][2] in INTRODUCES:
                return found, True
            found = escapes[index][2] + found
            place, index = escapes[index][0], index - 1
            continue
        if place == 0:
            return found, False
        last = text[place - 1]
        if last in _UNREAD or (last in " \t" and _INDENTED.search(text, max(0, place - _FAR), place)):
            return found, True
        if near and _UNREAD_ENDS.search(text, max(0, place - _LONGEST_ESCAPE), place):
            return found, True
        found = last + found
        place -= 1
    return found, False


def _after(text: str, escapes: list[Escape], at: int) -> tuple[str, bool]:
    """Return the characters after an escape up to one that is not read yet, and whether there is such a one."""
    end, index, found = escapes[at][1], at + 1, ""
    place = end
    while len(found) < _WINDOW - 1:
        if index < len(escapes) and escapes[index][0] == place:
            if escapes[index][2] in INTRODUCES:
                return found, True
            found += escapes[index][2]
            place, index = escapes[index][1], index + 1
        elif place - end >= _FAR or text[place : place + 1] in _UNREAD:
            return found, place < len(text)
        else:
            found += text[place]
            place += 1
    return found, False


_UNREAD = frozenset({"", *INTRODUCES, "\r", "\n"})
"""Where a text is not read yet: other escapes, and line breaks, which may be folds."""

_FAR = 24
"""Beyond so many characters nothing is read to judge an escape: twice as many decide, up to the end of a line."""

_REMEMBERED = 2000

_INDENTED = late_pattern(r"(?:\A|\n|\\n|[ \t]{16})[ \t]+\Z")
_BEGUN = late_pattern(
    r"(?:\\(?:u\{?[0-9A-Fa-f]*|U[0-9A-Fa-f]{0,7}|x[0-9A-Fa-f]?|[0-7]{0,2})|&[#A-Za-z][0-9A-Za-z]*"
    r"|[%=](?:u?[0-9A-Fa-f]{0,3})|[\\%&=])\Z"
)
"""The beginning of an escape: what follows may be the rest, escaped itself."""

_LONGEST_ESCAPE = 20
_INTRODUCED = late_pattern(r"[\\%&=#;}]")
_UNREAD_ENDS = late_pattern(
    r"(?:(?:[\\;]|[%=](?:25)*5[cC]|[\\%]u005[cC]|\\x5[cC])"  # a backslash, escaped itself or not
    r"(?:\S|[0-7]{3}|u(?:[0-9A-Fa-f]{4}|\{[0-9A-Fa-f]+\})|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2})"
    r"|(?:[%=;](?:25)*|[%=]3[dD]|[\\%]u00(?:25|3[dD]))u?(?:[0-9A-Fa-f]{2}){1,2})\Z"
)
"""How an escape ends whose characters cannot be taken for those of a secret, where its beginning may be escaped too."""

_ESCAPED_ENDS = frozenset(";0123456789abcdefABCDEFnrt\"'/\\}")
_BEGINS = late_pattern(r"\\[^\s]|%(?:[0-9A-Fa-f%]|u)|&[#A-Za-z]|=(?:[0-9A-Fa-f]{2}|\r?\n)")
_ENDS = late_pattern(r"(?:\\(?:[^\s\w]|[nrtbf]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|[%=][0-9A-Fa-f]{2}|&#?\w{1,8};)\Z")
"""Start and end of another escape; beside it, the characters of the text are not yet those of a secret."""


LINE_BREAKS = (r"\n", r"\r\n", r"\\n", r"\\r\\n")
"""A line break, itself or escaped."""


def pattern_behind(breaks: Iterable[str], before: str) -> str:
    """Return a pattern of line breaks after something of fixed width, searched for by the break."""
    return rf"(?:{'|'.join(f'{one}(?<={before}{one})' for one in breaks)})"


def _break_pattern(before: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of line breaks, with the indentation behind them, after some characters or before an escape."""
    return re.compile(
        rf"{pattern_behind(LINE_BREAKS, character_class(before))}[ \t]*|(?:{'|'.join(LINE_BREAKS)})[ \t]*(?=[\\%&=])"
    )


def character_class(members: Iterable[str]) -> str:
    """Return a pattern for one of some characters, which matches nothing where there are none."""
    characters = sorted(members)
    return f"[{''.join(map(re.escape, characters))}]" if characters else "(?!)"


def _pairs(texts: Iterable[str]) -> set[str]:
    return {text[at : at + 2] for text in texts for at in range(len(text) - 1)}
