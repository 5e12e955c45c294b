"""`ignore_changes`: differences that a manifest excludes from plan and apply, and warnings for unused rules."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import field
from datetime import date

from reconciler.kinds.base.field import Field, FieldType
from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.field_path import WILD, FieldPath, covers, parse, printed
from reconciler.model.resource import DeclaredResource, IgnoreRule
from reconciler.strings import closest

Pattern = tuple[str, ...]


def matches(patterns: Sequence[Pattern], at: FieldPath) -> bool:
    """Tell whether a path or a prefix of it is ignored."""
    if not patterns:
        return False
    steps = tuple(map(printed, at))
    return any(covers(pattern, steps) for pattern in patterns)


def matches_items(patterns: Sequence[Pattern], at: FieldPath) -> bool:
    """Tell whether any item of the list at a path is ignored: without keys, that is the whole list."""
    steps = tuple(map(printed, at))
    return any(len(pattern) == len(steps) + 1 and covers(pattern[:-1], steps) for pattern in patterns)


@dataclass(slots=True, kw_only=True)
class ActiveIgnoreRules:
    """Rules of one manifest that apply today, and which of them suppressed something."""

    rules: list[tuple[Pattern, IgnoreRule]] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    used: set[Pattern] = field(default_factory=set)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Active patterns."""
        return tuple(pattern for pattern, _ in self.rules)

    def rule_for(self, steps: tuple[str, ...], series: Collection[tuple[str, ...]] = ()) -> IgnoreRule | None:
        """Return the rule that suppresses a difference at these printed steps, and record its use.

        `series` are the lists whose items have no keys: a rule for one item suppresses the whole list.
        """
        around = [one for one in series if steps[: len(one)] == one]
        for pattern, rule in self.rules:
            if covers(pattern, steps) or any(matches_items((pattern,), one) for one in around):
                self.used.add(pattern)
                return rule
        return None

    def unused(self, declared: DeclaredResource) -> Iterable[Diagnostic]:
        """Return a warning for each rule that suppressed nothing."""
        for pattern, rule in self.rules:
            if pattern not in self.used:
                text = f"ignore_changes {rule.path}: hides no difference"
                yield _warning("W_IGNORE_UNUSED", text, rule, declared, "take the rule out if it is no longer needed")


_NO_RULES = ActiveIgnoreRules()
"""The rules of every manifest without any: nothing is recorded of them."""


def ignoring(declared: DeclaredResource, today: date, root: Field) -> ActiveIgnoreRules:
    """Parse a manifest's rules; expired and invalid ones become warnings and do not apply."""
    if not declared.ignore_changes:
        return _NO_RULES
    result = ActiveIgnoreRules()
    for rule in declared.ignore_changes:
        if rule.expires and rule.expires <= today.isoformat():
            text = f"ignore_changes {rule.path}: expired on {rule.expires}, so it no longer hides anything"
            hint = "take the rule out, or give it a later date"
            result.diagnostics.append(_warning("W_IGNORE_EXPIRED", text, rule, declared, hint))
            continue
        try:
            pattern = parse(rule.path)
        except ValueError as error:
            hint = "write it as plans print it: interaction_rules[price].trigger"
            result.diagnostics.append(_warning("W_IGNORE_PATH", f"ignore_changes: {error}", rule, declared, hint))
            continue
        wrong = misspelt(pattern, root)
        if wrong is None:
            result.rules.append((pattern, rule))
        else:
            text = f"ignore_changes {rule.path}: {wrong[0]}"
            result.diagnostics.append(_warning("W_IGNORE_PATH", text, rule, declared, wrong[1]))
    return result


def unusable_rules(declared: DeclaredResource, today: date) -> list[Diagnostic]:
    """Return a warning for each expired or unmatched rule of a manifest; no live object is needed for that."""
    kind = all_kinds().get(declared.kind)
    return ignoring(declared, today, kind.root).diagnostics if kind is not None else []


def misspelt(pattern: Pattern, root: Field) -> tuple[str, str] | None:
    """Return the problem with the first step that the kind has no field for, and the fix; None for a valid path.

    Steps below a field that the kind does not describe further are accepted.
    """
    field = root
    for at, step in enumerate(pattern):
        before, after = pattern[:at], pattern[at + 1 :]
        where = f"`{_joined(before)}`" if before else "the object"
        if field.item is not None:
            if step != WILD and not step.startswith("["):
                return f"{where} is a list", f"write {_joined((*before, '[*]', step, *after))}"
            field = field.item
        elif not field.children:
            if before and field.type not in (FieldType.OBJECT, FieldType.LIST):
                return f"{where} has nothing inside it", f"write {_joined(before)}"
            return None
        elif step == WILD:
            return None
        elif step in field.children:
            field = field.children[step]
        else:
            close = closest(step, field.children)
            known = ", ".join(field.children)
            hint = f"did you mean {_joined((*before, close[0], *after))}?" if close else f"there are {known}"
            return f"{where} has no field `{step}`", hint
    return None


def _joined(steps: Sequence[str]) -> str:
    return "".join(step if step.startswith("[") or not at else f".{step}" for at, step in enumerate(steps))


def _warning(code: str, message: str, rule: IgnoreRule, declared: DeclaredResource, hint: str) -> Diagnostic:
    where = rule.position or declared.position
    return Diagnostic(
        severity=Severity.WARNING, code=code, message=message, position=where, hint=hint, address=declared.address
    )
