"""`ignore_changes`: which differences a manifest does not want shown or applied, and which rules did nothing."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from reconciler.diff.paths import Steps, covers, parse, printed
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.resource import Declared, IgnoreRule

Pattern = tuple[str, ...]


def matches(patterns: Sequence[Pattern], at: Steps) -> bool:
    """Tell whether a path, or something above it, is ignored."""
    if not patterns:
        return False
    steps = tuple(map(printed, at))
    return any(covers(pattern, steps) for pattern in patterns)


def matches_items(patterns: Sequence[Pattern], at: Steps) -> bool:
    """Tell whether any item of the list at a path is ignored: without keys, that is the whole list."""
    steps = tuple(map(printed, at))
    return any(len(pattern) == len(steps) + 1 and covers(pattern[:-1], steps) for pattern in patterns)


@dataclass(slots=True, kw_only=True)
class Ignoring:
    """The rules of one manifest that count today, and which of them hid something."""

    rules: list[tuple[Pattern, IgnoreRule]] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    used: set[Pattern] = field(default_factory=set)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns that count."""
        return tuple(pattern for pattern, _ in self.rules)

    def rule_for(self, steps: tuple[str, ...], series: Collection[tuple[str, ...]] = ()) -> IgnoreRule | None:
        """Return the rule that hides a difference at these printed steps, and remember that it did.

        `series` are the lists whose items have no keys: a rule for one item hides the whole of such a list.
        """
        around = [one for one in series if steps[: len(one)] == one]
        for pattern, rule in self.rules:
            if covers(pattern, steps) or any(matches_items((pattern,), one) for one in around):
                self.used.add(pattern)
                return rule
        return None

    def unused(self, declared: Declared) -> Iterable[Diagnostic]:
        """Return a warning for each rule that hid nothing."""
        for pattern, rule in self.rules:
            if pattern not in self.used:
                text = f"ignore_changes {rule.path}: hides no difference"
                yield _warning("W_IGNORE_UNUSED", text, rule, declared, "take the rule out if it is no longer needed")


def ignoring(declared: Declared, today: date) -> Ignoring:
    """Read a manifest's rules; expired and unreadable ones become warnings and do not count."""
    result = Ignoring()
    for rule in declared.ignore_changes:
        if rule.expires and rule.expires <= today.isoformat():
            text = f"ignore_changes {rule.path}: expired on {rule.expires}, so it no longer hides anything"
            hint = "take the rule out, or give it a later date"
            result.diagnostics.append(_warning("W_IGNORE_EXPIRED", text, rule, declared, hint))
            continue
        try:
            result.rules.append((parse(rule.path), rule))
        except ValueError as error:
            hint = "write it as plans print it: interaction_rules[price].trigger"
            result.diagnostics.append(_warning("W_IGNORE_PATH", f"ignore_changes: {error}", rule, declared, hint))
    return result


def _warning(code: str, message: str, rule: IgnoreRule, declared: Declared, hint: str) -> Diagnostic:
    where = rule.position or declared.position
    return Diagnostic(
        severity=Severity.WARNING, code=code, message=message, position=where, hint=hint, address=declared.address
    )
