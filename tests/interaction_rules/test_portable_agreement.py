"""The portable subset: Python's `re` and google-re2 agree on random patterns of it, for search and for full match."""

import random
import re

import pytest
import re2

from reconciler.interaction_rules.portable_regex import parse_pattern
from reconciler.interaction_rules.regex_engine import PatternSet, pattern_verdict

ALPHABET = "ab价 1Z😀é"
PIECES = ("a", "b", "价", "1", "\\.", "\\|", "\\(", ".", "[ab]", "[^a价]", "[一-龥]", "[0-9Z]", "[a\\-b]", "😀", "é")


def some_pattern(chance, depth=0):
    sort = chance.random()
    if depth < 3 and sort < 0.2:
        inside = some_pattern(chance, depth + 1)
        return f"({inside})" if sort < 0.1 else f"(?:{inside})"
    if depth < 3 and sort < 0.4:
        return "|".join(some_pattern(chance, depth + 1) or "a" for _ in range(chance.randint(2, 3)))
    pieces = []
    for _ in range(chance.randint(1, 3)):
        piece = chance.choice(PIECES)
        if depth < 2 and chance.random() < 0.2:
            piece = f"(?:{some_pattern(chance, depth + 1)})"
        pieces.append(piece + chance.choice(("", "", "", "?", "*", "+", "{2}", "{1,3}", "*?", "+?", "??", "{0,2}?")))
    return "".join(pieces)


def some_portable_pattern(chance):
    while True:
        pattern = some_pattern(chance)
        pattern = chance.choice(("", "", "^")) + pattern + chance.choice(("", "", "$"))
        if parse_pattern(pattern).portable:
            return pattern


def disagreement(seed):
    chance = random.Random(seed)
    pattern = some_portable_pattern(chance)
    ours, theirs = re.compile(pattern), re2.compile(pattern)
    for _ in range(5):
        text = "".join(chance.choice(ALPHABET) for _ in range(chance.randint(0, 8)))
        for how in ("search", "fullmatch"):
            if bool(getattr(ours, how)(text)) != bool(getattr(theirs, how)(text)):
                return pattern, text, how
    return None


def test_two_engines_agree_on_the_portable_subset():
    assert [found for seed in range(300) if (found := disagreement(seed))] == []


@pytest.mark.deep
def test_two_engines_agree_on_ten_thousand_patterns():
    assert [found for seed in range(10_000) if (found := disagreement(seed))] == []


def some_keywords(chance, depth=0):
    """A pattern without sets and without repeats of more than one, which often stands for few texts."""
    parts = []
    for _ in range(chance.randint(0, 4)):
        part = chance.choice(ALPHABET)
        if depth < 2 and chance.random() < 0.3:
            part = f"({some_keywords(chance, depth + 1)})"
        parts.append(part + chance.choice(("", "", "", "?", "??", "{0,1}", "{1}")))
    return "".join(parts) + (f"|{some_keywords(chance, depth + 1)}" if depth < 2 and chance.random() < 0.4 else "")


def keyword_disagreement(seed):
    """Return a pattern, and a text that either it or google-re2 alone hits; None where there is none."""
    chance = random.Random(seed)
    pattern = some_keywords(chance)
    theirs = re2.compile(pattern)
    for mode in ("search", "full"):
        keywords = PatternSet([pattern], mode=mode, case="sensitive")
        for _ in range(5):
            text = "".join(chance.choice(ALPHABET) for _ in range(chance.randint(0, 6)))
            expected = bool(theirs.search(text) if mode == "search" else theirs.fullmatch(text))
            verdict = pattern_verdict(pattern, text, mode=mode, engine="unknown", case="sensitive")
            if verdict is not expected or keywords.matches(text) != ({pattern} if expected else set()):
                return pattern, text, mode
    return None


def test_a_pattern_that_stands_for_few_texts_hits_what_the_engine_hits():
    seeds = range(300)
    assert sum(parse_pattern(some_keywords(random.Random(seed))).texts is not None for seed in seeds) > 200
    assert [found for seed in seeds if (found := keyword_disagreement(seed))] == []


def test_the_texts_of_a_pattern_are_few():
    assert parse_pattern("pu'?er|普洱").texts == ("pu'er", "puer", "普洱")
    assert parse_pattern("(a|b)(c|d)??").texts == ("ac", "ad", "a", "bc", "bd", "b")
    assert parse_pattern("a?" * 30).texts is None
    assert parse_pattern("|".join(f"word {number}" for number in range(500))).texts is not None


@pytest.mark.deep
def test_ten_thousand_patterns_that_stand_for_few_texts_hit_what_the_engine_hits():
    assert [found for seed in range(10_000) if (found := keyword_disagreement(seed))] == []
