"""Known secrets redacted wherever they stand in texts and plain data, in whatever spelling a peer may echo them."""

import base64
import dataclasses
import re
import threading
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from reconciler.model.change import MASK
from reconciler.redaction.by_field import is_undecoded, secret_bytes
from reconciler.redaction.encodings import Alphabet, Decoder, View, decoders
from reconciler.redaction.own_words import is_own_word

SHORTEST = 4
"""A shorter secret is redacted only where it stands alone as a word, and `apply` refuses to send it."""

_LONG = 8
"""From this length a match is no accident: shorter ones leave the words of our own formats alone."""

_PART = 6
"""From this length a piece of a secret beside an ellipsis is redacted too: the text was cut before."""

_TORN = 12
"""So many characters between a piece and its ellipsis may be half of an escape that the cut tore apart."""

_LAYERS = 4
_VIEWS = 64
"""How many encodings around each other are looked through, and how many readings of one text."""


class SecretRedactor:
    """Replaces known secrets in any text or plain data. It shows none of them, not in its repr either.

    `add` takes a secret that is learned later, as a token that was fetched. Safe to share between threads.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._secrets: frozenset[str] = frozenset()
        self._forms: tuple[_Form, ...] = ()
        self._words: re.Pattern[str] | None = None
        self._decoders: tuple[Decoder, ...] = ()
        self._pairs: dict[str, list[tuple[_Form, int]]] = {}
        self.add(*secrets)

    def __repr__(self) -> str:
        return "SecretRedactor(...)"

    def __reduce__(self) -> tuple[type["SecretRedactor"], tuple[()]]:
        """Pickle as an empty one: secrets never leave the process, and who receives it adds its own."""
        return (SecretRedactor, ())

    def add(self, *secrets: str) -> None:
        """Redact these from now on too."""
        with self._lock:
            known = self._secrets | {part for secret in secrets for part in _parts(secret)}
            if known == self._secrets:
                return
            self._secrets = known
            found = {form for secret in known if len(secret) >= SHORTEST for form in _forms(secret)}
            self._forms = tuple(sorted(found, key=lambda form: (-len(form.text), form.text)))
            short = sorted(map(re.escape, (secret for secret in known if len(secret) < SHORTEST)))
            self._words = re.compile(rf"(?<!\w)(?:{'|'.join(short)})(?!\w)") if short else None
            pairs: dict[str, list[tuple[_Form, int]]] = {}
            for form in self._forms:
                for offset in range(len(form.text) - 1):
                    pairs.setdefault(form.text[offset : offset + 2], []).append((form, offset))
            self._pairs = pairs
            self._decoders = decoders(Alphabet([form.text for form in self._forms] + sorted(known)))

    def text(self, text: str) -> str:
        """Return a text with every secret in it replaced by the mark."""
        return _replaced(text, self._spans(text))

    def holds(self, text: str, *, at_least: int = SHORTEST) -> bool:
        """Tell whether a text holds a secret of at least so many characters."""
        return any(length >= at_least for _, _, length in self._spans(text))

    def tainted(self, identifiers: Iterable[str]) -> bool:
        """Tell whether one of some ids holds a secret; a few characters of a hexadecimal one are no secret."""
        joined = _SEPARATOR.join(identifiers)
        if not self._spans(joined):
            return False
        return any(self.holds(one, at_least=_LONG if _RANDOM.fullmatch(one) else 1) for one in joined.split(_SEPARATOR))

    def value(self, value: Any, *, at_least: int = 1) -> Any:
        """Return a copy of plain data or of our dataclasses with every text in it redacted.

        Words of our own formats (names of fields and kinds, diagnostic codes, fingerprints) are no place for a secret
        and stay, so that a short secret cannot destroy the structure of a plan.
        """
        if not self._secrets:
            return value
        texts = list(dict.fromkeys(_texts(value)))
        joined, starts, at = _SEPARATOR.join(texts), [], 0
        for text in texts:
            starts.append(at)
            at += len(text) + len(_SEPARATOR)
        hit: dict[int, list[_Span]] = {}
        for begin, end, length in self._spans(joined):
            if length < at_least:
                continue
            first = bisect_right(starts, begin) - 1
            for index in range(first, bisect_right(starts, max(begin, end - 1))):
                low, high = begin - starts[index], end - starts[index]
                if low < len(texts[index]) and high > 0:
                    hit.setdefault(index, []).append((max(0, low), min(high, len(texts[index])), length))
        if not hit:
            return value
        changed = {
            texts[index]: replaced
            for index, spans in hit.items()
            if (replaced := _kept(texts[index], spans)) != texts[index]
        }
        return _walk(value, changed)

    def _spans(self, text: str) -> "list[_Span]":
        """Return where secrets are, in order and without overlaps, with the length of the longest of each."""
        if not self._secrets or not text:
            return []
        found = [*self._everywhere(text), *self._beside_cuts(text)]
        for view, maps in self._decoded(text):
            spans = (*self._at_marks(view), *self._beside_cuts(view.text))
            found += [(*_traced(maps, begin, end), length) for begin, end, length in spans]
        return _merged(found)

    def _decoded(self, text: str) -> Iterator[tuple[View, "tuple[_Source, ...]"]]:
        """Yield the text as each order of decoders reads it, with the way back."""
        seen = {text}
        layer: list[tuple[str, tuple[_Source, ...]]] = [(text, ())]
        for _ in range(_LAYERS):
            above, layer = layer, []
            for shown, maps in above:
                for decode in self._decoders:
                    view = decode(shown)
                    if view is not None and view.text not in seen and len(seen) < _VIEWS:
                        seen.add(view.text)
                        layer.append((view.text, (*maps, view.source)))
                        yield view, layer[-1][1]

    def _everywhere(self, text: str) -> "Iterator[_Span]":
        for form in self._forms:
            at = text.find(form.text)
            while at >= 0:
                yield form.span(text, at)
                at = text.find(form.text, at + len(form.text))
        if self._words is not None:
            yield from ((found.start(), found.end(), len(found[0])) for found in self._words.finditer(text))

    def _at_marks(self, view: View) -> "Iterator[_Span]":
        """Look where something was decoded: anything else was found in the layer outside."""
        text = view.text
        for mark in view.marks:
            for at in (mark - 1, mark):
                for form, offset in self._pairs.get(text[at : at + 2], ()) if at >= 0 else ():
                    if at >= offset and text.startswith(form.text, at - offset):
                        yield form.span(text, at - offset)
        if self._words is not None:
            yield from ((found.start(), found.end(), len(found[0])) for found in self._words.finditer(text))

    def _beside_cuts(self, text: str) -> "Iterator[_Span]":
        """Yield the beginning of a secret before an ellipsis and the end of one behind it."""
        for cut in _ELLIPSIS.finditer(text) if "…" in text or "..." in text else ():
            for form in self._forms:
                if len(form.text) < _LONG:
                    break
                before = text[max(0, cut.start() - len(form.text) - _TORN) : cut.start()]
                behind = text[cut.end() : cut.end() + len(form.text) + _TORN]
                if part := _part(form.text, before):
                    yield cut.start() - part, cut.start(), form.length
                if part := _part(form.text[::-1], behind[::-1]):
                    yield cut.end(), cut.end() + part, form.length


_Span = tuple[int, int, int]
_Source = Callable[[int, int], tuple[int, int]]

_SEPARATOR = "\x00\n\x00"
_RANDOM = re.compile("[0-9a-fA-F-]{20,}")


@dataclasses.dataclass(frozen=True, slots=True)
class _Form:
    """One spelling that is found as it is; `before` and `after`: its neighbour holds some bits of the secret too."""

    text: str
    length: int
    before: bool = False
    after: bool = False

    def span(self, text: str, at: int) -> _Span:
        """Return the whole of what is found at a place."""
        end = at + len(self.text)
        begin = at - 1 if self.before and at and text[at - 1] in _BASE64 else at
        return begin, end + 1 if self.after and text[end : end + 1] in _BASE64_OR_END else end, self.length


_ELLIPSIS = re.compile(r"\s*(?:…|\.{3,})\s*")


def _part(whole: str, text: str) -> int:
    """Return how much of the end of a text is the beginning of another, torn escapes included; 0: nothing."""
    at = text.find(whole[:_PART])
    while at >= 0:
        same = next((n for n, pair in enumerate(zip(whole, text[at:], strict=False)) if pair[0] != pair[1]), len(whole))
        if len(text) - at - same <= _TORN:
            return len(text) - at
        at = text.find(whole[:_PART], at + 1)
    return 0


def _parts(secret: str) -> Iterator[str]:
    """Yield a secret as given and without blanks around it, and the long lines of one that has several."""
    yield from {secret, secret.strip()} - {""}
    if "\n" in secret.strip():
        yield from (line.strip() for line in secret.splitlines() if len(line.strip()) >= 2 * _LONG)


def _forms(secret: str) -> Iterator[_Form]:
    raw, length = secret_bytes(secret), len(secret)
    literal = {
        secret,
        secret.replace(" ", "+"),
        raw.decode("latin-1"),
        *(unicodedata.normalize(form, secret) for form in ("NFC", "NFD")),
    }
    if is_undecoded(secret):
        literal.add(raw.decode("utf-8", "replace"))
    if length >= _LONG:
        literal.add(secret[::-1])
    yield from (_Form(text, length) for text in literal if len(text) >= SHORTEST)
    yield from (_Form(text, length) for text in (raw.hex(), raw.hex().upper()))
    for text in dict.fromkeys((secret, secret.replace("\n", "\r\n"))):
        yield from _base64_forms(secret_bytes(text), length)


def _base64_forms(raw: bytes, length: int) -> Iterator[_Form]:
    """Yield the characters of base64 that a secret decides alone, at each of the three places it can begin."""
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode()
        first, last = -(-8 * offset // 6), 8 * (offset + len(raw)) // 6
        whole = encoded[first:last]
        if len(whole) < SHORTEST:
            continue
        ragged = bool(8 * (offset + len(raw)) % 6)
        for text in dict.fromkeys((whole, whole.translate(_URL_SAFE))):
            yield _Form(text, length, before=offset > 0, after=ragged)


_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
_BASE64_OR_END = _BASE64 | {"="}
_URL_SAFE = str.maketrans("+/", "-_")


def _traced(maps: tuple[_Source, ...], begin: int, end: int) -> tuple[int, int]:
    for source in reversed(maps):
        begin, end = source(begin, end)
    return begin, end


def _merged(spans: list[_Span]) -> list[_Span]:
    merged: list[_Span] = []
    for begin, end, length in sorted(spans):
        if merged and begin < merged[-1][1]:
            last = merged[-1]
            merged[-1] = (last[0], max(last[1], end), max(last[2], length))
        else:
            merged.append((begin, end, length))
    return merged


def _replaced(text: str, spans: Iterable[_Span]) -> str:
    pieces, done = [], 0
    for begin, end, _ in spans:
        pieces += [text[done:begin], MASK]
        done = end
    return "".join((*pieces, text[done:]))


def _kept(text: str, spans: list[_Span]) -> str:
    """Return a text of plain data with its secrets replaced; short ones leave the words of our formats alone."""
    if any(length < _LONG for _, _, length in spans):
        spans = [span for span in _merged(spans) if span[2] >= _LONG or not is_own_word(text, span[0], span[1])]
    return _replaced(text, _merged(spans))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if not isinstance(value, Enum) and value:
            yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, (list, tuple, frozenset)):
        for item in value:
            yield from _texts(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            if field.init:
                yield from _texts(getattr(value, field.name))


def _walk(value: Any, changed: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return value if isinstance(value, Enum) else changed.get(value, value)
    if isinstance(value, Mapping):
        return {_walk(key, changed): _walk(item, changed) for key, item in value.items()}
    if isinstance(value, (list, tuple, frozenset)):
        return type(value)(_walk(item, changed) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _walk(getattr(value, f.name), changed) for f in dataclasses.fields(value) if f.init}
        return dataclasses.replace(value, **fields)
    return value
