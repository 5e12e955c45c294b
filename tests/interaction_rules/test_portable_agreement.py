"""The portable subset: Python's `re` and google-re2 agree on random patterns of it, for search and for full match."""

import random
import re

import pytest
import re2

from reconciler.interaction_rules.portable_regex import parse_pattern

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
