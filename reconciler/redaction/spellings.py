"""Spellings of a secret that are searched directly: raw, hex, base32 and base64, of UTF-8 and UTF-16, nested twice."""

import base64
import dataclasses
from collections.abc import Callable, Iterator

from reconciler.late_patterns import late_pattern
from reconciler.redaction.by_field import is_undecoded, secret_bytes
from reconciler.strings import decomposed, normalize_name

_LONG = 8
"""Length from which the reversed secret is searched too."""

_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
_BASE64_OR_END = _BASE64 | {"="}
_URL_SAFE = str.maketrans("+/", "-_")
_ORIGIN = late_pattern(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*/?")

Span = tuple[int, int, int]
"""Start and end of a secret in a text, and its own length."""


@dataclasses.dataclass(frozen=True, slots=True)
class Spelling:
    """One spelling; `before` and `after`: the neighbouring character holds some bits of the secret too.

    `length` is that of the secret. `known` is the number of leading characters that are not secret: the address of a
    server in a URL. `encoded`: its letters and digits are rarely escaped again.
    """

    text: str
    length: int
    before: bool = False
    after: bool = False
    known: int = 0
    encoded: bool = False

    def span(self, text: str, at: int) -> Span:
        """Return the full span of a match at an offset."""
        end = at + len(self.text)
        begin = at - 1 if self.before and at and text[at - 1] in _BASE64 else at
        return begin, end + 1 if self.after and text[end : end + 1] in _BASE64_OR_END else end, self.length

    def telling(self, least: int) -> int:
        """Return the length of the prefix that contains this many secret characters."""
        return self.known + -(-least * len(self.text) // self.length)


def spellings(secret: str, shortest: int) -> Iterator[Spelling]:
    """Yield each spelling of a secret with at least this length."""
    raw, length = secret_bytes(secret), len(secret)
    literal = {
        secret,
        secret.replace(" ", "+"),
        raw.decode("latin-1"),
        normalize_name(secret),
        decomposed(secret),
    }
    if is_undecoded(secret):
        literal.add(raw.decode("utf-8", "replace"))
    origin = _ORIGIN.match(secret)
    known = origin.end() if origin else 0
    for text in literal:
        if len(text) >= shortest:
            yield Spelling(text, length, known=known if text.startswith(secret[:known]) else len(text))
    if length >= _LONG:
        yield Spelling(secret[::-1], length, known=length)
    little, big = (secret.encode(name, "surrogatepass") for name in ("utf-16-le", "utf-16-be"))
    wide = {little.removesuffix(b"\0"), big.removeprefix(b"\0")}
    if length >= shortest:
        yield from (Spelling(text.decode("latin-1"), length, known=2 * known) for text in wide)
    for one in (raw, *wide):
        share = known * len(one) // length
        for number in (one.hex(), one.hex().upper()):
            yield Spelling(number, length, known=2 * share, encoded=one is not raw)
    for one in dict.fromkeys((raw, secret_bytes(secret.replace("\n", "\r\n")), little, big)):
        first = list(_in_groups(one, length, shortest, _BASE64_GROUPS, encoded=one in (little, big)))
        yield from first
        yield from _in_groups(one, length, shortest, _BASE32_GROUPS)
        if one is not raw:
            continue
        for inner in dict.fromkeys((*(form.text for form in first), raw.hex(), raw.hex().upper())):
            yield from _in_groups(inner.encode(), length, shortest, _BASE64_GROUPS)


@dataclasses.dataclass(frozen=True, slots=True)
class _Groups:
    """Encoding of groups of bytes: `size` bytes a group, `bits` a character, and its spellings of one text."""

    size: int
    bits: int
    encode: Callable[[bytes], bytes]
    spelled: Callable[[str], tuple[str, ...]]


_BASE64_GROUPS = _Groups(3, 6, base64.b64encode, lambda text: (text, text.translate(_URL_SAFE)))
_BASE32_GROUPS = _Groups(5, 5, base64.b32encode, lambda text: (text, text.lower()))


def _in_groups(raw: bytes, length: int, shortest: int, groups: _Groups, *, encoded: bool = True) -> Iterator[Spelling]:
    """Yield the characters that the secret alone determines, for each offset in a group."""
    for offset in range(groups.size):
        padded = groups.encode(b"\0" * offset + raw).decode()
        first, last = -(-8 * offset // groups.bits), 8 * (offset + len(raw)) // groups.bits
        whole = padded[first:last]
        if len(whole) < shortest:
            continue
        before, after = bool(8 * offset % groups.bits), bool(8 * (offset + len(raw)) % groups.bits)
        for text in dict.fromkeys(groups.spelled(whole)):
            yield Spelling(text, length, before=before, after=after, encoded=encoded)
