"""Encodings of a secret, decoded one layer at a time with a mapping back to the source.

A decoder decodes only relevant parts: escapes of characters in secrets, beside their neighbours in secrets, and first
characters of an inner layer. So a large text without such an escape is not decoded.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator

from reconciler.redaction.alphabet import LINE_BREAKS, Alphabet, Escape, character_class, pattern_behind

Decoder = Callable[[str], "View | None"]
"""Decodes one kind of escapes; None where a text contains no relevant one."""


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


def decoders(alphabet: Alphabet) -> tuple[Decoder, ...]:
    """Return the decoder of each encoding: JSON and similar, HTML, URLs, e-mail, and line breaks."""
    octets = _hexadecimal((byte for char in alphabet.characters for byte in _utf8(char)), 2)
    made = (
        (_backslash_pattern(alphabet.characters), "\\", _backslash),
        (_entity_pattern(alphabet.characters), "&", _entity(alphabet.characters)),
        (rf"%{octets}(?:%{octets})*", "%", _octets),
        (rf"%u{_hexadecimal(map(ord, alphabet.characters), 4)}", "%u", _unicode),
        (rf"=(?:{octets}(?:={octets})*|[ \t]*\r?\n)", "=", _quoted_printable),
        (pattern_behind(LINE_BREAKS, "[A-Za-z0-9+/_-]{60}") + r"(?:(?<=\n)[ \t]*)?", "", _wrapped),
    )
    return tuple(_decoder(re.compile(pattern), clue, decode, alphabet) for pattern, clue, decode in made)


def unfolder(alphabet: Alphabet) -> Decoder:
    """Return the decoder of line breaks, escaped or not, that were inserted by folding, with their indentation."""

    def view(text: str) -> View | None:
        found = alphabet.folds(text) if "\n" in text or "\\n" in text else []
        return View(text, found, alphabet.reach) if found else None

    return view


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
        "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in start) + character_class(ends)
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
    signs = character_class(char for char in characters if not (char.isalnum() or char.isspace()))
    letters = character_class(name for char, name in _NAMED.items() if char in characters)
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
    from html.entities import html5  # for start-up: a process without secrets decodes nothing

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
    """Match a run of `%XX` or `=XX`: characters of UTF-8, or single bytes."""
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
    """Match a line break inside base64, raw or escaped: the line before it is long and holds nothing else."""
    yield 0, len(text), ""
