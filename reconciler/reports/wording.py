"""Sentences that all human formats share, in Terraform's words; independent of formats."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.late_methods import dataclass
from reconciler.model.change import (
    Action,
    Attribution,
    Change,
    FieldChange,
    GuardViolation,
    SuppressedDifference,
    SuppressionReason,
    most_severe,
)
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.plan import OWNED_UNDECLARED, Plan, UnmanagedResource
from reconciler.reports.escaping import shell_word
from reconciler.strings import count

ACTION_PHRASES = {
    Action.CREATE: "will be created",
    Action.UPDATE: "will be updated in-place",
    Action.DELETE: "will be destroyed",
    Action.NONE: "is in step",
}

LEGEND = {Action.CREATE: "create", Action.UPDATE: "update in-place", Action.DELETE: "destroy"}

ATTRIBUTION_PHRASES = {
    Attribution.CONFIG: "the manifests changed",
    Attribution.DRIFT: "changed outside the manifests",
    Attribution.CONFLICT: "both changed, to different values",
    Attribution.ALREADY: "both changed, to the same value",
    Attribution.PENDING: "merged before, not applied yet",
    Attribution.UNATTRIBUTED: "no base to attribute the change to",
}

UNTRUSTED = "Planned from untrusted manifests: it cannot be applied."
_COUNTED = {"destroy": "deletes", "drift": "drift"}


def summary_line(plan: Plan) -> str:
    """`Plan: 1 to add, 2 to change, 0 to destroy.`, or with the counts that are unknown.

    `3 to adopt` follows where apply takes ownership of objects.
    """
    summary = plan.summary()
    counts = [f"{summary.add:,} to add", f"{summary.change:,} to change"]
    if plan.knows("destroy"):
        counts.append(f"{summary.destroy:,} to destroy")
    if summary.adopt:
        counts.append(f"{summary.adopt:,} to adopt")
    return _with_unknown(f"Plan: {', '.join(counts)}.", plan)


def figure(plan: Plan, count: str) -> str:
    """Return a count of the summary for a table; `?` where it is not known."""
    return f"{getattr(plan.summary(), count):,}" if plan.knows(count) else "?"


def unknown_line(plan: Plan) -> str:
    """`Deletes and drift are unknown: no ledger was read.`, or nothing."""
    words = [word for name, word in _COUNTED.items() if name in plan.unknown_counts]
    if not words:
        return ""
    more = "further " if any(getattr(plan.summary(), name) for name in plan.unknown_counts) else ""
    told = f"{more}{' and '.join(words)} {'are' if 'deletes' in words else 'is'} unknown: no ledger was read."
    return told[0].upper() + told[1:] + _by_commit(plan)


def _by_commit(plan: Plan) -> str:
    """Name the other cause of drift where a commit alone is the base."""
    if plan.knows("drift") and plan.summary().drift and not accepting_environment(plan):
        return f" Against {plan.base} alone, drift may be what was merged and not applied yet."
    return ""


def _with_unknown(sentence: str, plan: Plan) -> str:
    return " ".join(filter(None, (sentence, unknown_line(plan))))


def in_step(plan: Plan) -> str:
    """Return the sentence for a plan without changes, or for one that covers only a part."""
    if plan.errored:
        return "No changes could be planned: see the errors."
    if plan.destroys:
        return nothing_to_destroy(plan) + (" This plan is incomplete." if plan.partial else "")
    left_out = [one.message for one in plan.diagnostics if one.code == "W_PARTIAL"]
    said = "No changes. The live side matches the manifests."
    if plan.undeclared:
        said = f"No changes to what is declared; {_undeclared(len(plan.undeclared))}, and stays."
    if left_out and not plan.partial and not plan.as_of_cache:
        said = f"No changes in what was chosen; {'; '.join(left_out)}."
    elif plan.as_of_cache:
        said = f"Nothing to change {plan.as_of_cache}. This plan is incomplete."
    elif not plan.complete:
        said = "No changes in what could be read. This plan is incomplete."
    return f"{said} {summary_line(plan)}" if plan.adopting else _with_unknown(said, plan)


def _undeclared(number: int) -> str:
    return f"{count(number, 'live object is', 'live objects are')} owned by this project and not declared"


def nothing_to_destroy(plan: Plan) -> str:
    """Return why a plan of `destroy` deletes nothing."""
    if plan.undeclared:
        why = f"{count(len(plan.undeclared), 'owned object')} left out"
    else:
        why = f"the ledger knows no object that {plan.environment} owns"
    others = sum(1 for one in plan.unmanaged if not one.owned and not one.foreign)
    rest = f"; not owned, and left alone: {count(others, 'live object')}" if others else ""
    return f"No objects to destroy: {why}{rest}."


@dataclass(frozen=True, slots=True)
class UnmanagedGroup:
    """Live objects that are no changes for the same reason."""

    title: str
    members: tuple[UnmanagedResource, ...]


def unmanaged_groups(*plans: Plan) -> list[UnmanagedGroup]:
    """Group the live objects that stay: owned ones by the reason, those without an owner, and foreign ones."""
    destroys = any(plan.destroys for plan in plans)
    every = [one for plan in plans for one in plan.unmanaged]
    owned = _by_reason(one for plan in plans for one in plan.undeclared)
    others = [one for one in every if not one.owned and not one.foreign]
    foreign = [one for one in every if one.foreign]
    rest = "not owned, left alone" if destroys else "not in the manifests, left alone"
    named = [(f"{count(len(these), 'live object')} {why or OWNED_UNDECLARED}", these) for why, these in owned.items()]
    if destroys:
        named = [(f"{count(len(these), 'owned object')} left out", these) for these in owned.values()]
    found = [
        *named,
        (f"{count(len(others), 'live object')} {rest}", others),
        (f"{count(len(foreign), 'foreign live object')}, never written", foreign),
    ]
    return [UnmanagedGroup(title, tuple(these)) for title, these in found if these]


def _by_reason(owned: Iterable[UnmanagedResource]) -> dict[str, list[UnmanagedResource]]:
    """Group owned objects by the reason why they stay."""
    groups: dict[str, list[UnmanagedResource]] = {}
    for one in owned:
        groups.setdefault(one.reason, []).append(one)
    return groups


def attributed(plan: Plan) -> bool:
    """Whether attribution is known in this plan."""
    return bool(plan.base)


def source_of(plan: Plan) -> str:
    """Name the source of changed manifests: this pull request, or the manifests."""
    return "The manifests" if plan.base in {"", "ledger"} else "This pull request"


def attribution_of(change: Change) -> Attribution | None:
    """Return the change's own attribution, else that of its fields."""
    return change.attribution or most_severe(field.attribution for field in change.fields)


def origin(field: FieldChange) -> str:
    """Return the origin of a field's desired value: its reason, with its position unless that is included."""
    place = str(field.position) if field.position else ""
    if not place or place in field.reason:
        return field.reason
    return f"{place}; {field.reason}" if field.reason else place


def environment_line(name: str, where: Mapping[str, str]) -> str:
    """`Environment: prod (cn-north-4, project 2222…, ledger .reconciler/ledger.db)`, or the name alone."""
    described = where.get(name, "")
    return f"Environment: {name} ({described})" if described else f"Environment: {name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardGroup:
    """Changes that one guard blocks for the same reason; `allow` are the flags that allow them."""

    code: str
    message: str
    allow: str
    changes: tuple[Change, ...]

    @property
    def size(self) -> str:
        """`12 deletes`, or `3 changes` where the actions differ."""
        actions = {change.action for change in self.changes}
        return count(len(self.changes), _BLOCKED_NOUNS[actions.pop()] if len(actions) == 1 else "change")


_BLOCKED_NOUNS = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.DELETE: "delete",
    Action.NONE: "change",
}


def refusing(plan: Plan) -> str:
    """`apply would refuse`, or the same of the command that made the plan."""
    return f"{'destroy' if plan.destroys else 'apply'} would refuse"


def guard_groups(plan: Plan) -> list[GuardGroup]:
    """Group what guards block by guard and reason, in the order of the changes."""
    found: dict[tuple[str, str], list[tuple[Change, GuardViolation]]] = {}
    for change in plan.changes:
        for block in change.blocks:
            found.setdefault((block.code, block.message), []).append((change, block))
    return [
        GuardGroup(
            code=code,
            message=message,
            allow=" ".join(dict.fromkeys(block.allow for _, block in blocked if block.allow)),
            changes=tuple(change for change, _ in blocked),
        )
        for (code, message), blocked in found.items()
    ]


def shared_guards(plan: Plan) -> list[GuardGroup]:
    """Return the guards that block several changes, which are rendered once for all of them."""
    return [group for group in guard_groups(plan) if len(group.changes) > 1]


def own_blocks(change: Change, shared: Iterable[GuardGroup]) -> tuple[GuardViolation, ...]:
    """Return the guards that block this change alone."""
    common = {(group.code, group.message) for group in shared}
    return tuple(block for block in change.blocks if (block.code, block.message) not in common)


def accepting_environment(plan: Plan) -> str:
    """Return the environment of the commands that accept drift; empty where a commit alone is the base.

    What live has may then be older than what was merged, and a command to accept it would take that back.
    """
    by_commit = bool(plan.unknown_counts) and "drift" not in plan.unknown_counts
    return "" if by_commit else plan.environment


def accept_command(environment: str, change: Change, field: FieldChange) -> str:
    """Return the command that accepts a drifted field; empty for what is no drift, for secrets, and for refusals."""
    only = {Attribution.DRIFT: "", Attribution.CONFLICT: " --only conflict"}.get(field.attribution)
    if only is None or field.accept_refusal or field.sensitive or change.action is not Action.UPDATE or not environment:
        return ""
    words = map(shell_word, (change.address, field.path))
    return f"reconciler accept {' '.join(words)} -e {shell_word(environment)}{only}"


def by_kind(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Group by kind, both in the given order."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.kind, []).append(change)
    return groups


_NOTABLE = frozenset({SuppressionReason.IGNORED, SuppressionReason.HIDDEN, SuppressionReason.SECRET})
"""Suppressions to show in any case: by a rule of the user, or because a value is unknown."""


def suppressed(change: Change, *, details: bool) -> tuple[SuppressedDifference, ...]:
    """Return the suppressed differences to show; without `details` those of a user's rule or an unknown value."""
    return tuple(one for one in change.suppressed if details or one.rule in _NOTABLE)


def suppressed_line(changes: Iterable[Change], *, details: bool) -> str:
    """`3 differences suppressed: 2 hidden from the list, 1 ignore_changes`, or nothing."""
    some = (change for change in changes if change.suppressed)
    counts = Counter(one.rule.value for change in some for one in suppressed(change, details=details))
    if not counts:
        return ""
    rules = ", ".join(f"{number:,} {rule}" for rule, number in counts.items())
    return f"{count(sum(counts.values()), 'difference')} suppressed: {rules}"


def validity(diagnostics: Sequence[Diagnostic]) -> str:
    """Summarize a validation: `Success! The manifests are valid.`, or the number of problems."""
    errors = sum(1 for one in diagnostics if one.severity is Severity.ERROR)
    warnings = sum(1 for one in diagnostics if one.severity is Severity.WARNING)
    tail = f", {count(warnings, 'warning')}" if warnings else ""
    return f"{count(errors, 'error')}{tail}." if errors else f"Success! The manifests are valid{tail}."


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyCounts:
    """Counts of an apply's outcomes."""

    added: int = 0
    changed: int = 0
    destroyed: int = 0
    failed: int = 0
    unknown: int = 0
    skipped: int = 0
    adopted: int = 0

    @property
    def complete(self) -> bool:
        """Whether every change was applied."""
        return not (self.failed or self.unknown or self.skipped)


_DONE = {Action.CREATE: "added", Action.UPDATE: "changed", Action.DELETE: "destroyed"}
_NOT_DONE = {OutcomeStatus.FAILED: "failed", OutcomeStatus.UNKNOWN: "unknown", OutcomeStatus.SKIPPED: "skipped"}


def done(outcomes: Sequence[Outcome], adopted: int = 0) -> ApplyCounts:
    """Count outcomes; the figures are of outcomes, never of the plan."""
    result = ApplyCounts(adopted=adopted)
    for outcome in outcomes:
        name = _DONE.get(outcome.action) if outcome.status is OutcomeStatus.APPLIED else _NOT_DONE[outcome.status]
        if name:
            result = replace(result, **{name: getattr(result, name) + 1})
    return result


def apply_line(counts: ApplyCounts, command: str = "apply") -> str:
    """Return `Apply complete! Resources: 1 added, 2 changed, 0 destroyed.`, or the counts of the rest.

    Of the command `destroy` it is `Destroy complete! Resources: 3 destroyed.`
    """
    if command == "destroy":
        return _finished("Destroy", f"Resources: {counts.destroyed:,} destroyed", counts)
    did = f"Resources: {counts.added:,} added, {counts.changed:,} changed, {counts.destroyed:,} destroyed"
    did += f", {counts.adopted:,} adopted" if counts.adopted else ""
    return _finished("Apply", did, counts)


def _finished(what: str, did: str, counts: ApplyCounts) -> str:
    if counts.complete:
        return f"{what} complete! {did}."
    rest = ((counts.failed, "failed"), (counts.unknown, "unknown"), (counts.skipped, "skipped"))
    return f"{what} incomplete. {did}; " + ", ".join(f"{number:,} {word}" for number, word in rest if number) + "."
