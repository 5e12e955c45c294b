"""Tests of rules: cases of events with what is expected, judged under every reading that a test does not assume.

A case passes only where each alternative of every setting that is not assumed gives what is expected; where some do and
some do not, it is undecided, and names the settings. Documents: docs/how-to/rules.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from reconciler.interaction_rules.evaluator import evaluate
from reconciler.interaction_rules.event import LiveEvent
from reconciler.interaction_rules.prepared_rule import EvaluatedRule
from reconciler.interaction_rules.rule_outcome import EventResult, RuleOutcome
from reconciler.interaction_rules.rule_trace import tags_held, trace
from reconciler.interaction_rules.settings import Semantics
from reconciler.late_methods import dataclass
from reconciler.model.source_map import DocumentPath
from reconciler.strings import did_you_mean


@dataclass(frozen=True, slots=True)
class Expectation:
    """Expected result of one event. `nothing`: no rule fires. A field that is None is not checked."""

    rules: tuple[str, ...] | None = None
    reply: str | None = None
    suppressed: tuple[str, ...] | None = None
    nothing: bool = False

    def met_by(self, outcome: RuleOutcome) -> bool | None:
        """Whether an outcome is what is expected; None where the service chooses among replies at random."""
        if self.nothing:
            return not outcome.fires
        if self.rules is not None and outcome.fires != self.rules and sorted(outcome.fires) != sorted(self.rules):
            return False
        if self.suppressed is not None and not set(self.suppressed) <= set(outcome.suppressed):
            return False
        if self.reply is None:
            return True
        if any(texts and all(text == self.reply for text in texts) for texts in outcome.replies):
            return True
        return None if any(self.reply in texts for texts in outcome.replies) else False

    def __str__(self) -> str:
        if self.nothing:
            return "nothing"
        parts = [f"rules {', '.join(self.rules) or 'none'}"] if self.rules is not None else []
        if self.reply is not None:
            parts.append(f"reply {self.reply!r}")
        if self.suppressed is not None:
            parts.append(f"suppressed {', '.join(self.suppressed)}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCase:
    """One case: its name, its place in the document, its events, and what is expected of which of them."""

    name: str
    path: DocumentPath
    events: tuple[LiveEvent, ...]
    expected: Mapping[int, Expectation]
    scene: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """One RuleTest document: the addresses it is about, what it assumes, and its cases."""

    subjects: tuple[str, ...]
    semantics: Semantics
    cases: tuple[RuleCase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """Result of a case: passed, failed or undecided, with its settings, fired rules and held tags.

    `held` counts events by the places of a rule and its tag.
    """

    name: str
    path: DocumentPath
    subject: str
    result: str
    depends_on: tuple[str, ...] = ()
    message: str = ""
    fired: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[tuple[int, int], int] = field(default_factory=dict)


def run_case(case: RuleCase, rules: Sequence[EvaluatedRule], semantics: Semantics, subject: str) -> CaseResult:
    """Run one case against the rules of one subject."""
    results = evaluate(rules, case.events, semantics, scene=case.scene)
    fired: dict[str, int] = {}
    for result in results:
        for name in {name for outcome in result.outcomes for name in outcome.fires}:
            fired[name] = fired.get(name, 0) + 1
    worst, depends, messages = "passed", [], []
    for index, expectation in sorted(case.expected.items()):
        verdict = _judge(expectation, results[index])
        if verdict == "passed":
            continue
        worst = "failed" if "failed" in (worst, verdict) else "undecided"
        depends += [name for name in results[index].depends_on if name not in depends]
        messages.append(_explain(index, expectation, results[index]))
        messages += [f"  {line}" for line in _unknown_names(expectation, rules, subject)]
        messages += [f"    {line}" for line in trace(rules, case.events, index, semantics, case.scene)]
    return CaseResult(
        name=case.name,
        path=case.path,
        subject=subject,
        result=worst,
        depends_on=tuple(depends) if worst != "passed" else (),
        message="\n".join(messages),
        fired=fired,
        held=tags_held(rules, case.events, semantics, case.scene),
    )


def _unknown_names(expectation: Expectation, rules: Sequence[EvaluatedRule], subject: str) -> Iterator[str]:
    """Yield a line for each rule that is expected and that the subject does not have."""
    known = [rule.name for rule in rules]
    for name in dict.fromkeys((*(expectation.rules or ()), *(expectation.suppressed or ()))):
        if name not in known:
            hint = did_you_mean(name, known, f"it has {', '.join(known[:20]) or 'none'}", quote="")
            yield f"{subject} has no rule {name!r}: {hint}"


def _judge(expectation: Expectation, result: EventResult) -> str:
    if result.undecidable:
        return "undecided"
    met = {expectation.met_by(outcome) for outcome in result.outcomes}
    if met == {True}:
        return "passed"
    return "failed" if met == {False} else "undecided"


def _explain(index: int, expectation: Expectation, result: EventResult) -> str:
    if result.undecidable:
        return f"event {index + 1}: expected {expectation}; too many continuations to decide"
    lines = [f"event {index + 1}: expected {expectation}"]
    lines += [
        f"  got {describe_outcome(outcome)}" for outcome in result.outcomes if expectation.met_by(outcome) is not True
    ]
    if result.depends_on:
        lines.append(f"  depends on {', '.join(result.depends_on)}")
    return "\n".join(lines)


def describe_outcome(outcome: RuleOutcome) -> str:
    """Return an outcome in one line."""
    parts = [
        f"{name}" + (f" saying {' or '.join(map(repr, texts))}" if texts else "")
        for name, texts in zip(outcome.fires, outcome.replies, strict=True)
    ]
    said = " and ".join(parts) or "nothing"
    return said + (f" (suppressed: {', '.join(outcome.suppressed)})" if outcome.suppressed else "")
