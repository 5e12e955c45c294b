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

    def folds(self, text: str, breaks: re.Pattern[str]) -> list[Escape]:
        """Return the line breaks that can be in the middle of a secret, or beside an escape that is."""
        found = [one.span() for one in breaks.finditer(text)]
        return [
            (begin, end, "")
            for begin, end in found
            if text[begin - 1 : begin] + text[end : end + 1] in self._folded
            or _BEGINS.match(text, end)
            or (text[begin - 1 : begin] in _ESCAPED_ENDS and _ENDS.search(text, max(0, begin - 12), begin))
        ]

    def matters(self, text: str, escapes: list[Escape]) -> list[Escape]:
        """Return the escapes that can be a part of a secret or of an inner escape, by their neighbours."""
        kept = []
        last = len(escapes) - 1
        for at, (begin, end, decoded) in enumerate(escapes):
            before = escapes[at - 1][2] if at and escapes[at - 1][1] == begin else text[begin - 1 : begin]
            joined = at < last and escapes[at + 1][0] == end
            after = escapes[at + 1][2] if joined else text[end : end + 1]
            if (
                decoded in self._alone
                or before + decoded in self._pairs
                or decoded + after in self._pairs
                or "" in (before, after)
                or (decoded == "" and before + after in self._folded)
                or (decoded in _INTRODUCES and (joined or _BEGINS.match(decoded + text[end : end + 4])))
                or (decoded in "#;" and (before.isalnum() or before == "&"))
                or _BEGINS.match(text, end)
                or _ENDS.search(text, max(0, begin - 12), begin)
            ):
                kept.append((begin, end, decoded))
        return kept


_ESCAPED_ENDS = frozenset(";0123456789abcdefABCDEFnrt\"'/\\")
_BEGINS = re.compile(r"\\[^\s]|%(?:[0-9A-Fa-f%]|u)|&[#A-Za-z]|=(?:[0-9A-Fa-f]{2}|\r?\n)")
_ENDS = re.compile(r"(?:\\(?:[^\s\w]|[nrtbf]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|[%=][0-9A-Fa-f]{2}|&#?\w{1,8};)\Z")
"""Start and end of another escape; beside it, the characters of the text are not yet those of a secret."""


def decoders(alphabet: Alphabet) -> tuple[Decoder, ...]:
    """Return the decoder of each encoding: JSON and similar, HTML, URLs, e-mail, and line breaks."""
    octets = "|".join(sorted({f"{byte:02x}" for char in alphabet.characters for byte in _utf8(char)}))
    made = (
        (_backslash_pattern(alphabet.characters), "\\", _backslash),
        (_entity_pattern(alphabet.characters), "&", _entity(alphabet.characters)),
        (rf"%(?i:{octets})(?:%(?i:{octets}))*", "%", _octets),
        (rf"%u(?i:{'|'.join(_hex(alphabet.characters, 4))})", "%u", _unicode),
        (rf"=(?:(?i:{octets})(?:=(?i:{octets}))*|[ \t]*\r?\n)", "=", _quoted_printable),
        (r"[A-Za-z0-9+/_-]{60}(?P<end>\r?\n[ \t]*|(?:\\r)?\\n)", "", _wrapped),
    )
    return tuple(_decoder(re.compile(pattern), clue, decode, alphabet) for pattern, clue, decode in made)


_BREAKS = re.compile(r"\r?\n[ \t]*|(?:\\r)?\\n[ \t]*")


def unfolder(alphabet: Alphabet) -> Decoder:
    """Return the decoder of line breaks, escaped or not, that were inserted by folding, with their indentation."""

    def view(text: str) -> View | None:
        found = alphabet.folds(text, _BREAKS) if "\n" in text or "\\n" in text else []
        return View(text, found, alphabet.reach) if found else None

    return view


def _pairs(texts: Iterable[str]) -> set[str]:
    return {text[at : at + 2] for text in texts for at in range(len(text) - 1)}


def _decoder(
    escapes: re.Pattern[str], clue: str, decode: Callable[[re.Match[str]], Iterable[Escape]], alphabet: Alphabet
) -> Decoder:
    def view(text: str) -> View | None:
        if clue not in text:
            return None
        found = [one for match in escapes.finditer(text) for one in decode(match)]
        found = alphabet.matters(text, found)
        return View(text, found, alphabet.reach) if found else None

    return view


_NAMED = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f", "\v": "v", "\a": "a", "\0": "0", "\x1b": "e"}
_NAMES = {name: char for char, name in _NAMED.items()}


def _hex(characters: Iterable[str], width: int) -> list[str]:
    """Return a pattern for the code points in hex, with at least or (from 2) exactly this many digits."""
    return sorted(f"{ord(char):0{width}x}" for char in characters if width == 1 or ord(char) < 16**width) or ["(?!)"]


def _pair(char: str) -> str:
    raw = char.encode("utf-16-be").hex()
    return rf"{raw[:4]}\\u{raw[4:]}"


def _backslash_pattern(characters: frozenset[str]) -> str:
    """Match escapes of JSON, Python, JavaScript and C; a surrogate pair is one character."""
    pairs = [_pair(char) for char in sorted(characters) if ord(char) > 0xFFFF] or ["(?!)"]
    octal = sorted(f"{ord(char):03o}" for char in characters if ord(char) < 0o400) or ["(?!)"]
    signs = "".join(re.escape(char) for char in sorted(characters) if not (char.isalnum() or char.isspace()))
    letters = "".join(sorted(name for char, name in _NAMED.items() if char in characters))
    return (
        rf"\\(?:(?:{'|'.join(octal)})|[{signs}{letters}]"
        rf"|u(?:(?i:{'|'.join(pairs)})|(?i:{'|'.join(_hex(characters, 4))})"
        rf"|\{{0*(?i:{'|'.join(_hex(characters, 1))})\}})"
        rf"|U(?i:{'|'.join(_hex(characters, 8))})|x(?i:{'|'.join(_hex(characters, 2))}))"
    )


def _backslash(match: re.Match[str]) -> Iterator[Escape]:
    text = match[0]
    if len(text) == 12 and text[6] == "\\":
        decoded = bytes.fromhex(text.replace("\\u", "").replace("\\U", "")).decode("utf-16-be", "surrogatepass")
    elif text[1] in "uUx" and len(text) > 2:
        decoded = chr(int(text[2:].strip("{}"), 16))
    elif len(text) == 4:
        decoded = chr(int(text[1:], 8))
    else:
        decoded = _NAMES.get(text[1:], text[1:])
    yield match.start(), match.end(), decoded


def _named_entities(characters: frozenset[str]) -> dict[str, str]:
    return {name.rstrip(";"): char for name, char in html5.items() if char in characters}


def _entity_pattern(characters: frozenset[str]) -> str:
    decimal = "|".join(sorted(str(ord(char)) for char in characters))
    hexadecimal = "|".join(sorted(f"{ord(char):x}" for char in characters))
    names = "|".join(sorted(_named_entities(characters), key=lambda name: (-len(name), name))) or "(?!)"
    return rf"&(?:#0*(?:{decimal})(?![0-9]);?|#[xX]0*(?i:{hexadecimal})(?![0-9A-Fa-f]);?|(?:{names})(?![A-Za-z0-9]);?)"


def _entity(characters: frozenset[str]) -> Callable[[re.Match[str]], Iterator[Escape]]:
    named = _named_entities(characters)

    def decode(match: re.Match[str]) -> Iterator[Escape]:
        body = match[0][1:].rstrip(";")
        number = int(body[2:], 16) if body[:2] in ("#x", "#X") else int(body[1:]) if body[0] == "#" else -1
        yield match.start(), match.end(), named[body] if number < 0 else chr(number)

    return decode


def _octets(match: re.Match[str]) -> Iterator[Escape]:
    """Match a run of `%XX` or `=XX`: characters of UTF-8, or single bytes."""
    text = match[0]
    raw = bytes(int(text[at + 1 : at + 3], 16) for at in range(0, len(text), 3))
    at = 0
    while at < len(raw):
        size, decoded = _character(raw[at : at + 4])
        yield match.start() + 3 * at, match.start() + 3 * (at + size), decoded
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


def _unicode(match: re.Match[str]) -> Iterator[Escape]:
    yield match.start(), match.end(), chr(int(match[0][2:], 16))


def _quoted_printable(match: re.Match[str]) -> Iterator[Escape]:
    if match[0][-1] == "\n":
        yield match.start(), match.end(), ""
    else:
        yield from _octets(match)


def _wrapped(match: re.Match[str]) -> Iterator[Escape]:
    """Match a line break inside base64, raw or escaped: the line before it is long and holds nothing else."""
    yield match.start("end"), match.end("end"), ""
