"""Redacts known secrets by value in texts and plain data, in any encoding that a peer may echo."""

import dataclasses
import re
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from itertools import compress, count
from typing import TYPE_CHECKING, Any

from reconciler.late_patterns import late_pattern
from reconciler.model.change import REDACTED
from reconciler.redaction.own_words import is_own_word

if TYPE_CHECKING:
    from reconciler.redaction.encodings import Decoder, View
    from reconciler.redaction.spellings import Spelling

SHORTEST = 4
"""Length below which a secret is redacted only as a separate word, and `apply` refuses to send it."""

_LONG = 8
"""Length from which a match is no coincidence: shorter ones are kept in words of the tool's own formats."""

_PART = 6
"""Length from which a part of a secret beside an ellipsis is redacted too: the text was truncated."""

_TORN = 12
"""Most characters between a part and its ellipsis that may be a truncated escape."""

_INTRODUCE = frozenset("\\%&=")
"""First characters of escapes."""

_LAYERS = 4
_VIEWS = 64
"""Most nested encodings that are decoded, and most decoded forms of one text."""


class SecretRedactor:
    """Replaces known secrets in any text or plain data. Its repr holds none of them.

    `add` adds a later secret, such as a fetched token. Safe to share between threads.
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
        """Pickle without secrets, which never leave the process; the receiver adds its own."""
        return (SecretRedactor, ())

    def add(self, *secrets: str) -> None:
        """Add secrets to redact."""
        with self._lock:
            known = self._secrets | {part for secret in secrets for part in _parts(secret)}
            if known == self._secrets:
                return
            from reconciler.redaction.alphabet import Alphabet  # for start-up: many runs have no secrets
            from reconciler.redaction.encodings import decoders, unfolder
            from reconciler.redaction.spellings import spellings

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

    @property
    def has_secrets(self) -> bool:
        """Whether there is any secret to redact."""
        return bool(self._secrets)

    def text(self, text: str) -> str:
        """Return a text with every secret in it replaced by the mark."""
        return _replaced(text, self._spans(text))

    def cut_text(self, text: str) -> str:
        """Redact a text of the service that may be truncated within a secret."""
        return _replaced(text, _merged([*self._spans(text), *self._at_end(text)]))

    def holds(self, text: str, *, at_least: int = SHORTEST) -> bool:
        """Tell whether a text contains a secret of at least this length."""
        return any(length >= at_least for _, _, length in self._spans(text))

    def tainted(self, identifiers: Iterable[str]) -> bool:
        """Tell whether one of some ids contains a secret; a few characters of a hexadecimal one do not count."""
        joined = _SEPARATOR.join(identifiers)
        if not self._spans(joined):
            return False
        return any(self.holds(one, at_least=_LONG if _RANDOM.fullmatch(one) else 1) for one in joined.split(_SEPARATOR))

    def value(self, value: Any, *, at_least: int = 1) -> Any:
        """Return a copy of plain data or of the package's dataclasses with every text in it redacted.

        Words of the tool's own formats (names of fields and kinds, diagnostic codes, fingerprints) are kept, so that a
        short secret cannot destroy the structure of a plan.
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
        """Return the spans of secrets, in order and without overlaps, with the length of the longest secret of each."""
        if not self._secrets or not text:
            return []
        found = [*self._everywhere(text), *self._beside_cuts(text)]
        for view, maps in self._decoded(text):
            spans = (*self._everywhere(view.text), *self._beside_cuts(view.text))
            found += [(*_traced(maps, begin, end), length) for begin, end, length in spans]
        return _merged(found)

    def _decoded(self, text: str) -> "Iterator[tuple[View, tuple[_Source, ...]]]":
        """Yield the text as decoded by each order of decoders, with the mapping back."""
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
        """Find short spellings one by one, and all long ones at once by their pieces at every Nth offset."""
        for form in self._brief:
            at = text.find(form.text)
            while at >= 0:
                yield form.span(text, at)
                at = text.find(form.text, at + len(form.text))
        grams = self._grams
        pieces = _PIECES.findall(text) if grams else ()
        for at in compress(count(0, _GRAM), map(grams.__contains__, pieces)):
            for form, offset in grams[text[at : at + _GRAM]]:
                if at >= offset and text.startswith(form.text, at - offset):
                    yield form.span(text, at - offset)
        if self._words is not None:
            yield from ((found.start(), found.end(), len(found[0])) for found in self._words.finditer(text))

    def _at_end(self, text: str) -> "Iterator[_Span]":
        """Yield a prefix of a secret at the very end of a text, where it is long enough."""
        last = len(text.rstrip())
        first = max(0, last - _TAIL)
        shown = text[first:last]
        for read, maps in ((shown, ()), *((view.text, maps) for view, maps in self._decoded(shown))):
            begin, length = self._beginning(read)
            if length and _traced(maps, len(read) - 1, len(read))[1] == len(shown):
                yield first + _traced(maps, begin, begin + 1)[0], last, length

    def _beginning(self, text: str) -> tuple[int, int]:
        """Return the offset of a secret's prefix that ends a text, and the secret's length; 0: none."""
        last = len(text)
        # half an escape, or half a character, may be left at the cut
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
        """Yield a prefix of a secret before an ellipsis and a suffix of one behind it."""
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
"""Separator of texts that are searched together; no spelling of a secret contains it."""

_GRAM = 4
"""Length of the pieces: a spelling of nearly twice this length contains one at a multiple of it."""

_PIECES = late_pattern(f"(?s:.{{{_GRAM}}})")

_TAIL = 1024
"""Characters at the end of a text that are decoded to find a truncated secret."""

_RANDOM = late_pattern("[0-9a-fA-F-]{20,}")


_ELLIPSIS = late_pattern(r"\s*(?:…|\.{3,})\s*")


def _part(whole: str, text: str) -> int:
    """Return the length of a text's end that is a prefix of another, truncated escapes included; 0: none."""
    at = text.find(whole[:_PART])
    while at >= 0:
        same = next((n for n, pair in enumerate(zip(whole, text[at:], strict=False)) if pair[0] != pair[1]), len(whole))
        if len(text) - at - same <= _TORN:
            return len(text) - at
        at = text.find(whole[:_PART], at + 1)
    return 0


def _indexed(forms: "Iterable[Spelling]") -> "dict[str, list[tuple[Spelling, int]]]":
    """Return the pieces by which spellings are found: for each offset the first that can begin there."""
    found: dict[str, list[tuple[Spelling, int]]] = {}
    for form in forms:
        for offset in range(_GRAM) if len(form.text) >= 2 * _GRAM - 1 else ():
            found.setdefault(form.text[offset : offset + _GRAM], []).append((form, offset))
    return found


def _parts(secret: str) -> Iterator[str]:
    """Yield a secret as given and without surrounding blanks, and the long lines of one that has several."""
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
    """Return a text of plain data with its secrets replaced; short ones are kept in words of the tool's formats."""
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
