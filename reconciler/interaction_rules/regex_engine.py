"""Runs patterns of rules with a bound on time: google-re2 where it is installed, else `re` for what is provably cheap.

Nothing here runs a pattern without a linear-time guarantee (RE2) or a proven bound on the steps (`re` on the portable
subset, whose unbounded repeats are at most three and never nested): patterns come from pull requests.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any, NamedTuple

from reconciler.interaction_rules.pattern_tree import FOLDING, LINE_BREAKS, ParsedPattern
from reconciler.interaction_rules.portable_regex import parse_pattern

MOST_STEPS = 5_000_000
"""Bound on the steps of one search by `re`: pattern length times text length to the power of unbounded repeats + 1."""


@cache
def _re2() -> Any:
    """Return google-re2, or None where the extra `rules` is not installed; a rule of plain texts needs no engine."""
    try:
        import re2
    except ImportError:
        return None
    return re2


class _Prepared(NamedTuple):
    """Prepared pattern. `texts` are those for which it stands, where they are plain and few."""

    parsed: ParsedPattern
    texts: tuple[str, ...] | None
    portable: bool
    line_sensitive: bool
    folds: bool


@lru_cache(maxsize=8192)
def _prepared(source: str, insensitive: bool) -> _Prepared:
    parsed = parse_pattern(source)
    return _Prepared(
        parsed=parsed,
        texts=None if insensitive else parsed.texts,
        portable=parsed.portable and not (insensitive and parsed.cased),
        line_sensitive=parsed.line_sensitive,
        folds=insensitive or parsed.ignore_case,
    )


def pattern_verdict(source: str, text: str, *, mode: str, engine: str, case: str) -> bool | None:
    """Return whether a pattern is found in a text (`mode` search) or is all of it (full); None where it is not known.

    `engine` is a value of the setting `regex_engine`: beyond the portable subset only `re2` is computed, and only where
    google-re2 is installed. `case` is `sensitive` or `insensitive`.
    """
    insensitive = case == "insensitive"
    if engine == "re2" and _re2() is not None:
        compiled = _compiled_re2(source, insensitive)
        return compiled is not None and _re2_verdict(compiled, text, mode)
    known = _prepared(source, insensitive)
    if known.parsed.invalid:
        return False
    if not known.portable or _read_differently(text, lines=known.line_sensitive, folds=known.folds):
        return None
    if known.texts is not None:
        return text in known.texts if mode == "full" else any(part in text for part in known.texts)
    if _re2() is not None:
        compiled = _compiled_re2(source, insensitive)
        return None if compiled is None else _re2_verdict(compiled, text, mode)
    if len(source) * max(1, len(text)) ** (known.parsed.unbounded + 1) > MOST_STEPS:
        return None
    compiled = _compiled_re(source, insensitive)
    return None if compiled is None else bool(compiled.search(text) if mode == "search" else compiled.fullmatch(text))


def _read_differently(text: str, *, lines: bool, folds: bool) -> bool:
    """Whether engines may read a text differently: its line breaks, or letters that fold differently."""
    return (lines and not LINE_BREAKS.isdisjoint(text)) or (folds and not FOLDING.isdisjoint(text))


def _re2_verdict(compiled: Any, text: str, mode: str) -> bool:
    return bool(compiled.search(text) if mode == "search" else compiled.fullmatch(text))


def _options(*, insensitive: bool) -> Any:
    options = _re2().Options()
    options.log_errors = False
    options.case_sensitive = not insensitive
    return options


@lru_cache(maxsize=4096)
def _compiled_re2(source: str, insensitive: bool) -> Any:
    try:
        return _re2().compile(source, _options(insensitive=insensitive))
    except (_re2().error, UnicodeEncodeError):
        return None


@lru_cache(maxsize=4096)
def _compiled_re(source: str, insensitive: bool) -> re.Pattern[str] | None:
    try:
        return re.compile(source, re.IGNORECASE if insensitive else 0)
    except (re.error, OverflowError, RecursionError):
        return None


class PatternSet:
    """All portable patterns of a library, matched in one pass over a text.

    Patterns that stand for plain texts, which most keyword rules do, are looked up by their lengths: no engine is
    needed. The rest is one `re2.Set`; without google-re2 the set does not answer for them. `sources` are those it
    answers for.
    """

    def __init__(self, sources: Iterable[str], *, mode: str, case: str) -> None:
        self._mode, self._insensitive = mode, case == "insensitive"
        self._keywords: dict[str, list[str]] = {}
        rest: list[str] = []
        for source in dict.fromkeys(sources):
            parsed = parse_pattern(source)
            if not parsed.portable or (self._insensitive and parsed.cased):
                continue
            texts = None if self._insensitive else parsed.texts
            if texts is None:
                rest.append(source)
                continue
            for text in texts:
                self._keywords.setdefault(text, []).append(source)
        self._lengths: dict[str, set[int]] = {}
        for text in self._keywords:
            self._lengths.setdefault(text[:1], set()).add(len(text))
        self._firsts = frozenset(self._lengths)
        others: tuple[list[str], Any] = (
            _build_set(rest, mode, insensitive=self._insensitive) if rest and _re2() is not None else ([], None)
        )
        self._others, self._set = others
        self.sources = frozenset(self._others).union(*self._keywords.values())
        self._line_sensitive = any(parse_pattern(source).line_sensitive for source in self._others)
        self._folds = self._insensitive or any(parse_pattern(source).ignore_case for source in self._others)

    def matches(self, text: str) -> set[str] | None:
        """Return the patterns that hit the text, or None where engines disagree on the text."""
        if _read_differently(text, lines=self._line_sensitive, folds=self._folds):
            return None
        hits: set[str] = set()
        if self._mode == "full":
            hits.update(self._keywords.get(text, ()))
        elif not self._firsts.isdisjoint(text) or "" in self._lengths:
            for part in self._parts(text):
                if (known := self._keywords.get(part)) is not None:
                    hits.update(known)
        if self._set is not None:
            hits.update(self._others[number] for number in self._set.Match(text) or ())
        return hits

    def _parts(self, text: str) -> Iterator[str]:
        """Yield the parts of a text that may be keywords: those that begin as one does and are as long."""
        lengths = self._lengths
        if "" in lengths:
            yield ""
        for at, char in enumerate(text):
            if char in lengths:
                for length in lengths[char]:
                    yield text[at : at + length]


def _build_set(sources: list[str], mode: str, *, insensitive: bool) -> tuple[list[str], Any]:
    options = _options(insensitive=insensitive)
    made = _re2().Set.SearchSet(options) if mode == "search" else _re2().Set.FullMatchSet(options)
    kept = []
    for source in sources:
        try:
            made.Add(source)
            kept.append(source)
        except (_re2().error, UnicodeEncodeError):
            continue
    if kept:
        made.Compile()
    return kept, made if kept else None
