"""Known secrets redacted wherever they stand in texts and plain data, in whatever spelling a peer may echo them."""

import dataclasses
import re
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from reconciler.model.change import REDACTED
from reconciler.redaction.encodings import Alphabet, Decoder, View, decoders, unfolder
from reconciler.redaction.own_words import is_own_word
from reconciler.redaction.spellings import Spelling, spellings

SHORTEST = 4
"""A shorter secret is redacted only where it stands alone as a word, and `apply` refuses to send it."""

_LONG = 8
"""From this length a match is no accident: shorter ones leave the words of our own formats alone."""

_PART = 6
"""From this length a piece of a secret beside an ellipsis is redacted too: the text was cut before."""

_TORN = 12
"""So many characters between a piece and its ellipsis may be half of an escape that the cut tore apart."""

_INTRODUCE = frozenset("\\%&=")
"""What an escape begins with."""

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
        self._forms: tuple[Spelling, ...] = ()
        self._words: re.Pattern[str] | None = None
        self._starts: dict[str, list[Spelling]] = {}
        self._longest = 0
        self._decoders: tuple[Decoder, ...] = ()
        self._unfold: Decoder | None = None
        self._brief: tuple[Spelling, ...] = ()
        self._grams: dict[str, list[tuple[Spelling, int]]] = {}
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
            found = {form for secret in known if len(secret) >= SHORTEST for form in spellings(secret, SHORTEST)}
            self._forms = tuple(sorted(found, key=lambda form: (-len(form.text), form.text)))
            short = sorted(map(re.escape, (secret for secret in known if len(secret) < SHORTEST)))
            self._words = re.compile(rf"(?<!\w)(?:{'|'.join(short)})(?!\w)") if short else None
            self._brief = tuple(form for form in self._forms if len(form.text) < 2 * _GRAM - 1)
            self._grams = _indexed(self._forms)
            self._longest = max((len(form.text) for form in self._forms), default=0)
            self._starts = {}
            for form in self._forms:
                self._starts.setdefault(form.text[:_PART], []).append(form)
            plain = [form.text for form in self._forms if not form.encoded]
            encoded = [form.text for form in self._forms if form.encoded]
            alphabet = Alphabet([*plain, *sorted(known)], encoded)
            self._decoders, self._unfold = decoders(alphabet), unfolder(alphabet)

    def text(self, text: str) -> str:
        """Return a text with every secret in it replaced by the mark."""
        return _replaced(text, self._spans(text))

    def cut_text(self, text: str) -> str:
        """Return a text of the service, which may have cut it in the middle of a secret, with the mark for secrets."""
        return _replaced(text, _merged([*self._spans(text), *self._at_end(text)]))

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
            spans = (*self._everywhere(view.text), *self._beside_cuts(view.text))
            found += [(*_traced(maps, begin, end), length) for begin, end, length in spans]
        return _merged(found)

    def _decoded(self, text: str) -> Iterator[tuple[View, "tuple[_Source, ...]"]]:
        """Yield the text as each order of decoders reads it, with the way back."""
        seen = {text}
        layer: list[tuple[str, tuple[_Source, ...]]] = [(text, ())]
        for depth in range(_LAYERS):
            above, layer = layer, []
            for shown, maps in above:
                for decode in self._decoders if depth or self._unfold is None else (*self._decoders, self._unfold):
                    view = decode(shown)
                    if view is not None and view.text not in seen and len(seen) < _VIEWS:
                        seen.add(view.text)
                        layer.append((view.text, (*maps, view.source)))
                        yield view, layer[-1][1]

    def _everywhere(self, text: str) -> "Iterator[_Span]":
        """Find short spellings by themselves, and all long ones at once by their pieces at every Nth place."""
        for form in self._brief:
            at = text.find(form.text)
            while at >= 0:
                yield form.span(text, at)
                at = text.find(form.text, at + len(form.text))
        grams = self._grams
        places = range(0, len(text) - _GRAM + 1, _GRAM) if grams else ()
        for at in [at for at in places if text[at : at + _GRAM] in grams]:
            for form, offset in grams[text[at : at + _GRAM]]:
                if at >= offset and text.startswith(form.text, at - offset):
                    yield form.span(text, at - offset)
        if self._words is not None:
            yield from ((found.start(), found.end(), len(found[0])) for found in self._words.finditer(text))

    def _at_end(self, text: str) -> "Iterator[_Span]":
        """Yield the beginning of a secret at the very end of a text, of which enough is there to be no accident."""
        last = len(text.rstrip())
        first = max(0, last - _TAIL)
        shown = text[first:last]
        for read, maps in ((shown, ()), *((view.text, maps) for view, maps in self._decoded(shown))):
            begin, length = self._beginning(read)
            if length and _traced(maps, len(read) - 1, len(read))[1] == len(shown):
                yield first + _traced(maps, begin, begin + 1)[0], last, length

    def _beginning(self, text: str) -> tuple[int, int]:
        """Return where the beginning of a secret stands that a text ends with, and how long the secret is; 0: none."""
        last = len(text)
        # half an escape, or half a character, may be left of what was cut
        torn = (
            at for at in range(max(0, last - _TORN), last) if text[at] in _INTRODUCE or "\x80" <= text[at] <= "\xff"
        )
        for end in (last, *torn):
            for at in range(max(0, end - self._longest), end - _PART):
                for form in self._starts.get(text[at : at + _PART], ()):
                    if end - at >= form.telling(_LONG) and form.text.startswith(text[at:end]):
                        return at, form.length
        return 0, 0

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

_SEPARATOR = "\x00\ufffe\x00"
"""Between texts that are looked through together; no spelling of a secret holds it."""

_GRAM = 4
"""Whatever has nearly twice as many characters holds so many that begin at a multiple of this."""

_TAIL = 1024
"""So much of the end of a text is decoded to find a secret that was cut there."""

_RANDOM = re.compile("[0-9a-fA-F-]{20,}")


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


def _indexed(forms: Iterable[Spelling]) -> dict[str, list[tuple[Spelling, int]]]:
    """Return the pieces by which spellings are found: the first that can begin at such a place, for each beginning."""
    found: dict[str, list[tuple[Spelling, int]]] = {}
    for form in forms:
        for offset in range(_GRAM) if len(form.text) >= 2 * _GRAM - 1 else ():
            found.setdefault(form.text[offset : offset + _GRAM], []).append((form, offset))
    return found


def _parts(secret: str) -> Iterator[str]:
    """Yield a secret as given and without blanks around it, and the long lines of one that has several."""
    yield from {secret, secret.strip()} - {""}
    if "\n" in secret.strip():
        yield from (line.strip() for line in secret.splitlines() if len(line.strip()) >= 2 * _LONG)


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
        pieces += [text[done:begin], REDACTED]
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
