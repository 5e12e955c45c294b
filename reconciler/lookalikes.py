"""Characters and texts that look alike: their common form, and escapes that show where two texts differ."""

import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from reconciler.late_patterns import late_pattern
from reconciler.strings import compatibility_form, decomposed, normalize_name, spell_escape

LOOKS_LATIN = str.maketrans(
    "аеорсухіјѕԁһԛԝөνοαρτυκιօոսհɑıАВЕКМНОРСТУХІЈЅԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧՕ",
    "aeopcyxijsdhqwevoaptukionuhaiABEKMHOPCTYXIJSQWABEZHIKMNOPTYXO",
)
"""Letters of the Cyrillic, Greek and Armenian scripts that look like Latin ones."""

_SIGNS = str.maketrans("‐‑‒–—―−‘’‛′ʼ“”‟″∕⁄∶•・", "-------'''''\"\"\"\"//:··")
"""Dashes, quotation marks and dots, with the ASCII character that they resemble."""

_SHOWN_APART = ("<super>", "<sub>", "<fraction>", "<circle>", "<square>", "<vertical>")
"""Compatibility forms that are visibly different from the plain character: ², ½, ①."""

_SINGLE = late_pattern(r"[\u2e80-\ua4cf\uac00-\ud7ff]|\W")
"""Characters that form a word of their own: signs, and scripts without spaces."""

_MOST = 1_200
"""Most words to align; of longer texts only the common start and end are compared, since the matcher is quadratic."""
_AROUND = 64
"""Most characters before and behind a difference that may belong to its word."""

Clusters = tuple[str, ...]


def apart(first: str, second: str) -> tuple[str, str]:
    """Return two texts with escapes for characters that differ but look the same: `cafe\\u0301` beside `café`.

    Visible differences and all other characters stay unescaped.
    """
    if first == second or (first.isascii() and second.isascii()):
        return first, second
    start = _word_start(first, _common(first, second))
    end = _word_start(first[::-1], _common(first[start:][::-1], second[start:][::-1]))
    stop, other_stop = len(first) - end, len(second) - end
    old, new = _told(list(_words(first[start:stop])), list(_words(second[start:other_stop])))
    return first[:start] + old + first[stop:], second[:start] + new + second[other_stop:]


def quoted_apart(first: str, second: str) -> tuple[str, str]:
    """Return two names in quotes, with escapes for all but letters and digits of ASCII in the part that differs."""
    start = _common(first, second)
    end = _common(first[start:][::-1], second[start:][::-1])
    return _quoted(first, start, end), _quoted(second, start, end)


def _quoted(name: str, start: int, end: int) -> str:
    stop = len(name) - end
    middle = (char if char.isascii() and char.isalnum() else spell_escape(char) for char in name[start:stop])
    return f'"{name[:start]}{"".join(middle)}{name[stop:]}"'


def _common(left: Sequence[object], right: Sequence[object]) -> int:
    """Return the length of the common start."""
    most = min(len(left), len(right))
    return next((at for at in range(most) if left[at] != right[at]), most)


def _word_start(text: str, at: int) -> int:
    """Return the start of the word around an index, or an index some characters before."""
    stop = max(0, at - _AROUND)
    while at > stop and text[at - 1] not in " \n":
        at -= 1
    return at


def _words(text: str) -> Iterator[Clusters]:
    """Split a text into words, each as its characters with the marks that are drawn on them."""
    clusters: list[str] = []
    for char in text:
        if clusters and not char.isascii() and _is_drawn_on(char):
            clusters[-1] += char
        else:
            clusters.append(char)
    for single, run in groupby(clusters, lambda each: _SINGLE.match(_look(each)) is not None):
        if single:
            yield from ((each,) for each in run)
        else:
            yield tuple(run)


def _is_drawn_on(char: str) -> bool:
    """Tell whether a character is combined with the one before it: marks, and the vowels and finals of Hangul."""
    return unicodedata.category(char) in {"Mn", "Me", "Cf"} or "\u1160" <= char <= "\u11ff"


def _look(cluster: str) -> str:
    """Return the common form of a character and its marks, which equals that of all lookalikes."""
    if cluster.isascii():
        return cluster
    seen = "".join(char for char in cluster if not _is_unseen(char))
    if not seen:
        return ""
    if unicodedata.decomposition(seen[:1]).startswith(_SHOWN_APART):
        return seen
    plain = decomposed(compatibility_form(seen))
    return plain.translate(LOOKS_LATIN).translate(_SIGNS)


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f" or char == "\u034f"


def _told(old: list[Clusters], new: list[Clusters]) -> tuple[str, str]:
    """Return two runs of words, with escapes in the words that look alike and differ."""
    looks = [tuple("".join(map(_look, word)) for word in words) for words in (old, new)]
    for at, other in _pairs(*looks):
        if old[at] != new[other]:
            old[at], new[other] = _escaped(old[at], new[other]), _escaped(new[other], old[at])
    return "".join(map("".join, old)), "".join(map("".join, new))


def _pairs(old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Yield the index pairs of words that look alike."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    yield from ((at, at) for at in range(start))
    yield from ((len(old) - at, len(new) - at) for at in range(1, end + 1))
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    if before and after and len(before) + len(after) <= _MOST:
        for at, other, size in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
            yield from ((start + at + step, start + other + step) for step in range(size))


def _escaped(word: Clusters, other: Clusters) -> Clusters:
    """Escape the characters of a word that its lookalike does not have; a composed letter is the plain one of two."""
    lined_up = len(word) == len(other)
    return tuple(
        each
        if each.isascii() or (each == other[at] if lined_up else each in other) or _is_plain(each, other, at, lined_up)
        else "".join(char if char.isascii() else spell_escape(char) for char in each)
        for at, each in enumerate(word)
    )


def _is_plain(cluster: str, other: Clusters, at: int, lined_up: bool) -> bool:
    return len(cluster) == 1 and lined_up and normalize_name(other[at]) == cluster
