"""Observations of undocumented behaviours, and the answers that they decide.

An observation votes for a choice of one behaviour, or only counts evidence. A behaviour whose votes disagree, or that
has none, is not observed: an answer never goes beyond the evidence.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field

from reconciler.kinds.service_behaviours import CHOICES
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json

FORMAT_VERSION = "1.0"
NOT_OBSERVED = "not_observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAnswer:
    """Answer for one behaviour: one of its choices, or NOT_OBSERVED, with the counts behind it."""

    behaviour: str
    answer: str
    evidence: Mapping[str, int] = field(default_factory=dict)

    @property
    def observed(self) -> bool:
        """Whether the evidence decides it."""
        return self.answer != NOT_OBSERVED


class Observations:
    """Votes and counts by behaviour."""

    def __init__(self) -> None:
        self._votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def vote(self, behaviour: str, choice: str, **counts: int) -> None:
        """Add an observation that is possible under one choice only. Raises ValueError for an unknown choice."""
        if choice not in CHOICES[behaviour].choices:
            raise ValueError(f"{behaviour} has no choice {choice!r}")
        self._votes[behaviour][choice] += 1
        self.count(behaviour, **counts)

    def count(self, behaviour: str, **counts: int) -> None:
        """Add evidence that decides nothing by itself."""
        self._counts[CHOICES[behaviour].name].update(counts)

    def conclusions(self) -> tuple[ProbeAnswer, ...]:
        """Return an answer for each behaviour of the table, in its order."""
        return tuple(self._answer(name) for name in CHOICES)

    def _answer(self, name: str) -> ProbeAnswer:
        votes = self._votes[name]
        evidence = {**{f"seen_{choice}": number for choice, number in votes.items()}, **self._counts[name]}
        return ProbeAnswer(
            behaviour=name, answer=next(iter(votes)) if len(votes) == 1 else NOT_OBSERVED, evidence=evidence
        )


def answers_json(answers: Iterable[ProbeAnswer], requests: int) -> Json:
    """Return the document of `doctor --format json`."""
    rows: list[Json] = [
        {"behaviour": one.behaviour, "answer": one.answer, "evidence": dict(one.evidence)} for one in answers
    ]
    return {"format_version": FORMAT_VERSION, "answers": rows, "requests": requests}


def seed_of(answers: Iterable[ProbeAnswer]) -> dict[str, Json]:
    """Return the observed answers as a seed without objects, for `simulate --behaves-like`."""
    return {"behaviours": {one.behaviour: one.answer for one in answers if one.observed}}
