"""Encodings of a secret, decoded one layer at a time with a mapping back to the source.

A decoder decodes only relevant parts: escapes of characters in secrets, beside their neighbours in secrets, and first
characters of an inner layer. So a large text without such an escape is not decoded.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from html.entities import html5

Escape = tuple[int, int, str]
"""Start, end and character of an escape; the character is empty for an inserted line break."""

Decoder = Callable[[str], "View | None"]
"""Decodes one kind of escapes; None where a text contains no relevant one."""

_INTRODUCES = frozenset("\\%&=#;")
"""First characters, or all characters, of an inner layer of escapes."""


class View:
    """Neighbourhood of every escape in a text, decoded once, with the source of each part."""

    def __init__(self, source: str, escapes: list[Escape], reach: int) -> None:
        self._from: list[int] = []  # start of each piece in the decoded text
        self._origin: list[tuple[int, int]] = []  # its part of the source
        self._literal: list[bool] = []
        self._pieces: list[str] = []
        self._at = 0
        self.marks: list[int] = []  # decoded positions
        done = None
        for begin, end, decoded in escapes:
            if done is None or begin - done > 2 * reach:
                if done is not None:
                    self._piece(source[done : done + reach], done, literal=True)
                    self._piece("\0\0", done + reach)
                done = max(0, begin - reach)
            self._piece(source[done:begin], done, literal=True)
            self.marks.append(self._at)
            self._piece(decoded, begin, end)
            done = end
        if done is not None:
            self._piece(source[done : done + reach], done, literal=True)
        self.text = "".join(self._pieces)

    def _piece(self, text: str, begin: int, end: int = 0, *, literal: bool = False) -> None:
        if text:
            self._from.append(self._at)
            self._origin.append((begin, end))
            self._literal.append(literal)
            self._pieces.append(text)
            self._at += len(text)

    def source(self, begin: int, end: int) -> tuple[int, int]:
        """Return the source of a part of the decoded text, extended to whole escapes."""
        return self._one(begin)[0], self._one(end - 1)[1]

    def _one(self, at: int) -> tuple[int, int]:
        index = bisect_right(self._from, at) - 1
        begin, end = self._origin[index]
        if not self._literal[index]:
            return begin, end
        offset = begin + at - self._from[index]
        return offset, offset + 1


class Alphabet:
    """Characters of the secrets, and pairs of neighbouring ones.

    In `plain` spellings any character may be escaped, in the `encoded` ones only those other than letters and digits.
    """

    def __init__(self, plain: Iterable[str], encoded: Iterable[str] = ()) -> None:
        known, more = tuple(plain), tuple(encoded)
        inside = _pairs(more)
        self.characters = _INTRODUCES.union(*known, (char for text in more for char in text if not char.isalnum()))
        self.reach = max(8 * max(map(len, known), default=0), max(map(len, more), default=0))
        self._pairs = _pairs(known) | {pair for pair in inside if not pair.isalnum()}
        self._folded = self._pairs | inside
        self._alone = {text for text in known if len(text) == 1}
        self._words = any(len(text) < _WINDOW for text in known)  # found by what stands around them, too
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
        """Return the line breaks that can stand in the middle of a secret, or beside an escape that does."""
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
                (decoded in _INTRODUCES and (joined or _BEGINS.match(decoded + text[end : end + 4])))
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
            if decoded in _INTRODUCES:
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
"""What may stand inside an inner escape: a part of an entity, a soft line break."""


def _before(text: str, escapes: list[Escape], at: int) -> tuple[str, bool]:
    """Return the characters before an escape up to one that is not read yet, and whether there is such a one."""
    begin, index, found = escapes[at][0], at - 1, ""
    place = begin
    near = _INTRODUCED.search(text, max(0, place - _LONGEST_ESCAPE), place) is not None
    while len(found) < _WINDOW - 1:
        if begin - place >= _FAR:
            return found, True
        if index >= 0 and escapes[index][1] == place:
            if escapes[index][2] in _INTRODUCES:
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
            if escapes[index][2] in _INTRODUCES:
                return found, True
            found += escapes[index][2]
            place, index = escapes[index][1], index + 1
        elif place - end >= _FAR or text[place : place + 1] in _UNREAD:
            return found, place < len(text)
        else:
            found += text[place]
            place += 1
    return found, False


_UNREAD = frozenset({"", *_INTRODUCES, "\r", "\n"})
"""Where a text is not read yet: other escapes, and line breaks, which may be folds."""

_FAR = 24
"""Beyond so many characters nothing is read to judge an escape: twice as many decide, up to the end of a line."""

_REMEMBERED = 2000

_INDENTED = re.compile(r"(?:\A|\n|\\n|[ \t]{16})[ \t]+\Z")
_BEGUN = re.compile(
    r"(?:\\(?:u\{?[0-9A-Fa-f]*|U[0-9A-Fa-f]{0,7}|x[0-9A-Fa-f]?|[0-7]{0,2})|&[#A-Za-z][0-9A-Za-z]*"
    r"|[%=](?:u?[0-9A-Fa-f]{0,3})|[\\%&=])\Z"
)
"""The beginning of an escape: what stands behind it may be the rest, escaped itself."""

_LONGEST_ESCAPE = 20
_INTRODUCED = re.compile(r"[\\%&=#;}]")
_UNREAD_ENDS = re.compile(
    r"(?:(?:[\\;]|[%=](?:25)*5[cC]|[\\%]u005[cC]|\\x5[cC])"  # a backslash, escaped itself or not
    r"(?:\S|[0-7]{3}|u(?:[0-9A-Fa-f]{4}|\{[0-9A-Fa-f]+\})|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2})"
    r"|(?:[%=;](?:25)*|[%=]3[dD]|[\\%]u00(?:25|3[dD]))u?(?:[0-9A-Fa-f]{2}){1,2})\Z"
)
"""How an escape ends whose characters cannot be taken for those of a secret, where its beginning may be escaped too."""

_ESCAPED_ENDS = frozenset(";0123456789abcdefABCDEFnrt\"'/\\}")
_BEGINS = re.compile(r"\\[^\s]|%(?:[0-9A-Fa-f%]|u)|&[#A-Za-z]|=(?:[0-9A-Fa-f]{2}|\r?\n)")
_ENDS = re.compile(r"(?:\\(?:[^\s\w]|[nrtbf]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|[%=][0-9A-Fa-f]{2}|&#?\w{1,8};)\Z")
"""Start and end of another escape; beside it, the characters of the text are not yet those of a secret."""


def decoders(alphabet: Alphabet) -> tuple[Decoder, ...]:
    """Return what reads each encoding: JSON and its kin, HTML, URLs, e-mail, and line breaks."""
    octets = _hexadecimal((byte for char in alphabet.characters for byte in _utf8(char)), 2)
    made = (
        (_backslash_pattern(alphabet.characters), "\\", _backslash),
        (_entity_pattern(alphabet.characters), "&", _entity(alphabet.characters)),
        (rf"%{octets}(?:%{octets})*", "%", _octets),
        (rf"%u{_hexadecimal(map(ord, alphabet.characters), 4)}", "%u", _unicode),
        (rf"=(?:{octets}(?:={octets})*|[ \t]*\r?\n)", "=", _quoted_printable),
        (_behind(_BREAKS, "[A-Za-z0-9+/_-]{60}") + r"(?:(?<=\n)[ \t]*)?", "", _wrapped),
    )
    return tuple(_decoder(re.compile(pattern), clue, decode, alphabet) for pattern, clue, decode in made)


_BREAKS = (r"\n", r"\r\n", r"\\n", r"\\r\\n")
"""A line break, itself or escaped."""


def _behind(breaks: Iterable[str], before: str) -> str:
    """Return a pattern of line breaks behind something of fixed width; its beginning is looked for at once."""
    return rf"(?:{'|'.join(f'{one}(?<={before}{one})' for one in breaks)})"


def _break_pattern(before: Iterable[str]) -> re.Pattern[str]:
    """Return what finds line breaks, with the indentation behind them, after some characters or before an escape."""
    return re.compile(rf"{_behind(_BREAKS, _class(before))}[ \t]*|(?:{'|'.join(_BREAKS)})[ \t]*(?=[\\%&=])")


def _class(members: Iterable[str]) -> str:
    characters = sorted(members)
    return f"[{''.join(map(re.escape, characters))}]" if characters else "(?!)"


def unfolder(alphabet: Alphabet) -> Decoder:
    """Return the decoder of line breaks, escaped or not, that were inserted by folding, with their indentation."""

    def view(text: str) -> View | None:
        found = alphabet.folds(text) if "\n" in text or "\\n" in text else []
        return View(text, found, alphabet.reach) if found else None

    return view


def _pairs(texts: Iterable[str]) -> set[str]:
    return {text[at : at + 2] for text in texts for at in range(len(text) - 1)}


def _decoder(
    escapes: re.Pattern[str], clue: str, decode: Callable[[str], Iterable[Escape]], alphabet: Alphabet
) -> Decoder:
    def view(text: str) -> View | None:
        if clue not in text:
            return None
        known: dict[str, list[Escape]] = {}
        found: list[Escape] = []
        for match in escapes.finditer(text):
            whole, start = match[0], match.start()
            inside = known.get(whole)
            if inside is None:
                inside = known[whole] = list(decode(whole))
            for begin, end, decoded in inside:
                found.append((start + begin, start + end, decoded))
        found = alphabet.matters(text, found)
        return View(text, found, alphabet.reach) if found else None

    return view


_NAMED = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f", "\v": "v", "\a": "a", "\0": "0", "\x1b": "e"}
_NAMES = {name: char for char, name in _NAMED.items()}


def _hexadecimal(codes: Iterable[int], width: int) -> str:
    """Return a pattern of numbers in hex of exactly so many digits, in either case; larger numbers are left out."""
    digits: dict[str, set[str]] = {}
    for code in codes:
        if code < 16**width:
            whole = f"{code:0{width}x}"
            digits.setdefault(whole[:-1], set()).update((whole[-1], whole[-1].upper()))
    groups = (
        "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in start) + _class(ends)
        for start, ends in sorted(digits.items())
    )
    return f"(?:{'|'.join(groups) or '(?!)'})"


def _pair(char: str) -> str:
    raw = char.encode("utf-16-be").hex()
    return rf"{raw[:4]}\\u{raw[4:]}"


def _backslash_pattern(characters: frozenset[str]) -> str:
    """Match escapes of JSON, Python, JavaScript and C; a surrogate pair is one character."""
    pairs = [_pair(char) for char in sorted(characters) if ord(char) > 0xFFFF] or ["(?!)"]
    codes = list(map(ord, characters))
    octal = sorted(f"{code:03o}" for code in codes if code < 0o400) or ["(?!)"]
    signs = _class(char for char in characters if not (char.isalnum() or char.isspace()))
    letters = _class(name for char, name in _NAMED.items() if char in characters)
    braced = sorted(f"{code:x}" for code in codes) or ["(?!)"]
    return (
        rf"\\(?:{signs}|u(?:{_hexadecimal(codes, 4)}|\{{0*(?i:{'|'.join(braced)})\}}|(?i:{'|'.join(pairs)}))"
        rf"|(?:{'|'.join(octal)})|{letters}"
        rf"|U{_hexadecimal(codes, 8)}|x{_hexadecimal(codes, 2)})"
    )


def _backslash(text: str) -> Iterator[Escape]:
    if len(text) == 12 and text[6] == "\\":
        decoded = bytes.fromhex(text.replace("\\u", "").replace("\\U", "")).decode("utf-16-be", "surrogatepass")
    elif text[1] in "uUx" and len(text) > 2:
        decoded = chr(int(text[2:].strip("{}"), 16))
    elif len(text) == 4:
        decoded = chr(int(text[1:], 8))
    else:
        decoded = _NAMES.get(text[1:], text[1:])
    yield 0, len(text), decoded


def _named_entities(characters: frozenset[str]) -> dict[str, str]:
    return {name.rstrip(";"): char for name, char in html5.items() if char in characters}


def _entity_pattern(characters: frozenset[str]) -> str:
    decimal = "|".join(sorted(str(ord(char)) for char in characters))
    hexadecimal = "|".join(sorted(f"{ord(char):x}" for char in characters))
    names = "|".join(sorted(_named_entities(characters), key=lambda name: (-len(name), name))) or "(?!)"
    return rf"&(?:#0*(?:{decimal})(?![0-9]);?|#[xX]0*(?i:{hexadecimal})(?![0-9A-Fa-f]);?|(?:{names})(?![A-Za-z0-9]);?)"


def _entity(characters: frozenset[str]) -> Callable[[str], Iterator[Escape]]:
    named = _named_entities(characters)

    def decode(text: str) -> Iterator[Escape]:
        body = text[1:].rstrip(";")
        number = int(body[2:], 16) if body[:2] in ("#x", "#X") else int(body[1:]) if body[0] == "#" else -1
        yield 0, len(text), named[body] if number < 0 else chr(number)

    return decode


def _octets(text: str) -> Iterator[Escape]:
    """A run of `%XX` or `=XX`: characters of UTF-8, and single bytes where it is none."""
    raw = bytes(int(text[at + 1 : at + 3], 16) for at in range(0, len(text), 3))
    at = 0
    while at < len(raw):
        size, decoded = _character(raw[at : at + 4])
        yield 3 * at, 3 * (at + size), decoded
        at += size


def _character(raw: bytes) -> tuple[int, str]:
    if raw[0] < 0x80:
        return 1, chr(raw[0])
    for size in range(2, len(raw) + 1):
        try:
            return size, raw[:size].decode()
        except UnicodeDecodeError:
            continue
    return 1, chr(raw[0])


def _utf8(char: str) -> Iterator[int]:
    yield from char.encode("utf-8", "surrogatepass")
    if ord(char) < 0x100:
        yield ord(char)


def _unicode(text: str) -> Iterator[Escape]:
    yield 0, len(text), chr(int(text[2:], 16))


def _quoted_printable(text: str) -> Iterator[Escape]:
    if text[-1] == "\n":
        yield 0, len(text), ""
    else:
        yield from _octets(text)


def _wrapped(text: str) -> Iterator[Escape]:
    """A line break inside base64, itself or escaped: the line before it is long and holds nothing else."""
    yield 0, len(text), ""
