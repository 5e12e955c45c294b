"""Word-level differences of two texts, in bounded time, for text and HTML."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from enum import StrEnum

from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern

_TOKEN = late_pattern(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})|[A-Za-z0-9_À-ɏ]+|\s+|.", re.DOTALL)
"""Token: the escape of a character, a word, blanks, or one character."""
_MOST_TOKENS = 1_200
"""Most tokens to align; beyond it only the common start and end are found, since the matcher is quadratic."""
_LONG_RUN = 60
"""Length from which words are compared letter by letter at both ends."""


class DiffSide(StrEnum):
    """Side of a piece of text: both, the old one, the new one."""

    SAME = "same"
    OLD = "old"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """A run of text that both sides share, or only one has."""

    side: DiffSide
    text: str


def compare(old: str, new: str) -> tuple[DiffPiece, ...]:
    """Split two texts into pieces, in order; each side is its own pieces joined with the shared ones.

    A word counts as one token; so does each character of a script without spaces.
    """
    old_tokens, new_tokens = _TOKEN.findall(old), _TOKEN.findall(new)
    start = _common(old_tokens, new_tokens)
    end = _common(old_tokens[start:][::-1], new_tokens[start:][::-1])
    before, after = old_tokens[start : len(old_tokens) - end], new_tokens[start : len(new_tokens) - end]
    pieces = [
        DiffPiece(DiffSide.SAME, "".join(old_tokens[:start])),
        *_middle(before, after),
        DiffPiece(DiffSide.SAME, "".join(old_tokens[len(old_tokens) - end :])),
    ]
    return tuple(_joined([piece for piece in pieces if piece.text]))


def _joined(pieces: list[DiffPiece]) -> list[DiffPiece]:
    """Join differing words in a row to one run: a blank between them belongs to both sides."""
    runs: list[DiffPiece] = []
    old = new = ""
    for at, piece in enumerate(pieces):
        between = old or new
        if piece.side is DiffSide.SAME and not (between and piece.text.isspace() and at < len(pieces) - 1):
            runs += [DiffPiece(DiffSide.OLD, old), DiffPiece(DiffSide.NEW, new), piece]
            old = new = ""
        else:
            old += piece.text if piece.side is not DiffSide.NEW else ""
            new += piece.text if piece.side is not DiffSide.OLD else ""
    return [run for run in [*runs, DiffPiece(DiffSide.OLD, old), DiffPiece(DiffSide.NEW, new)] if run.text]


def _middle(before: list[str], after: list[str]) -> list[DiffPiece]:
    if len(before) + len(after) > _MOST_TOKENS:
        return _inside("".join(before), "".join(after))
    pieces = []
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(DiffPiece(DiffSide.SAME, "".join(before[old_from:old_to])))
            continue
        pieces += _inside("".join(before[old_from:old_to]), "".join(after[new_from:new_to]))
    return pieces


def _inside(old: str, new: str) -> list[DiffPiece]:
    """Split replaced text; of long runs without a blank the common ends are shared text."""
    if min(len(old), len(new)) <= _LONG_RUN:
        return [DiffPiece(DiffSide.OLD, old), DiffPiece(DiffSide.NEW, new)]
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    return [
        DiffPiece(DiffSide.SAME, old[:start]),
        DiffPiece(DiffSide.OLD, old[start : len(old) - end]),
        DiffPiece(DiffSide.NEW, new[start : len(new) - end]),
        DiffPiece(DiffSide.SAME, old[len(old) - end :]),
    ]


def only_blanks_differ(old: str, new: str) -> bool:
    """Tell whether two different texts differ in blanks and line breaks only."""
    return old != new and "".join(old.split()) == "".join(new.split())


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def elided(piece: DiffPiece, first: bool, last: bool, keep: int = 30) -> str:
    """Shorten a shared piece to its ends at a difference; `first` and `last` have only one such end."""
    text = piece.text
    if piece.side is not DiffSide.SAME or len(text) <= 2 * keep + 8:
        return text
    head = "" if first else text[:keep]
    tail = "" if last else text[-keep:]
    return f"{head}…{tail}"
