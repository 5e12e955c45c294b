"""Lints of a declared resource as diagnostics: at their source lines, without those that the resource ignores."""

from collections.abc import Iterator
from datetime import date

from reconciler.interaction_rules.lint_finding import LintFinding
from reconciler.interaction_rules.rule_lints import lint_rules
from reconciler.kinds.registry import all_kinds
from reconciler.model.diagnostic import Diagnostic, RelatedPosition, Severity
from reconciler.model.json_types import as_list
from reconciler.model.resource import DeclaredResource, IgnoredLint


def resource_lints(resource: DeclaredResource, today: date) -> tuple[Diagnostic, ...]:
    """Return the findings of a resource's rules; none for a kind without rules.

    Entries of `ignore_lints` hide findings and are counted (N_LINT_IGNORED); an entry that hides nothing, or is past
    its date, is a warning (W_LINT_IGNORE_UNUSED, W_LINT_IGNORE_EXPIRED).
    """
    if not isinstance(resource.spec.get("interaction_rules"), list):
        return ()
    room = bool(all_kinds()[resource.kind].depends_on) if resource.kind in all_kinds() else False
    found = lint_rules(resource.spec, room=room)
    active = [entry for entry in resource.ignore_lints if not _expired(entry, today)]
    used: dict[IgnoredLint, int] = {}
    shown: list[Diagnostic] = []
    for finding in found:
        entry = next((one for one in active if _hides(one, finding, resource)), None)
        if entry is None:
            shown.append(_diagnostic(finding, resource))
        else:
            used[entry] = used.get(entry, 0) + 1
    shown.extend(_about_entries(resource, used, today))
    return tuple(shown)


def _expired(entry: IgnoredLint, today: date) -> bool:
    return bool(entry.expires) and today.isoformat() >= entry.expires


def _hides(entry: IgnoredLint, finding: LintFinding, resource: DeclaredResource) -> bool:
    if entry.code != finding.code:
        return False
    if not entry.rule:
        return True
    index = finding.path[1] if len(finding.path) > 1 else None
    rules = as_list(resource.spec["interaction_rules"])
    rule = rules[index] if isinstance(index, int) and index < len(rules) else None
    return isinstance(rule, dict) and rule.get("rule_name") == entry.rule


def _diagnostic(finding: LintFinding, resource: DeclaredResource) -> Diagnostic:
    related: tuple[RelatedPosition, ...] = ()
    if finding.related is not None:
        related = (RelatedPosition(message="the other place", position=resource.at(finding.related)),)
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in ("spec", *finding.path))
    return Diagnostic(
        severity=finding.severity,
        code=finding.code,
        message=finding.message,
        position=resource.at(finding.path),
        hint=finding.hint,
        address=resource.address,
        path=path.removeprefix("."),
        related=related,
    )


def _about_entries(resource: DeclaredResource, used: dict[IgnoredLint, int], today: date) -> Iterator[Diagnostic]:
    for entry in resource.ignore_lints:
        if _expired(entry, today):
            code, message, hint = "W_LINT_IGNORE_EXPIRED", f"ignore_lints: {entry.code} expired on {entry.expires}", ""
        elif entry not in used:
            code, message = "W_LINT_IGNORE_UNUSED", f"ignore_lints: {entry.code} hides nothing"
            hint = "remove the entry"
        else:
            continue
        yield Diagnostic(
            severity=Severity.WARNING,
            code=code,
            message=message,
            position=entry.position,
            hint=hint or "remove the entry, or move its date",
            address=resource.address,
        )
    if used:
        count = sum(used.values())
        yield Diagnostic(
            severity=Severity.NOTE,
            code="N_LINT_IGNORED",
            message=f"{count} finding{'s are' if count > 1 else ' is'} hidden by ignore_lints",
            position=resource.position,
            address=resource.address,
        )
