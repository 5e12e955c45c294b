"""Deletion guards: mark dangerous changes as blocked, with the numbers and the flag that allows them.

Guards never hide changes: the plan is complete, and apply refuses what is still blocked.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.diff.address_patterns import matches_glob
from reconciler.errors import BlockedError
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Change, GuardViolation
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import GuardOverrides
from reconciler.model.plan import Plan
from reconciler.model.resource import DeclaredResource

SMALL = 10
"""Number of owned objects of a kind below which only one may be deleted at a time."""

MOST = 10
"""Most deletes of a kind without a flag, and at most this share of the owned objects:"""

SHARE = 30
"""Per cent, of deletes among owned objects, and of the fall of a live side since the last complete read."""

DELETES = "E_GUARD_DELETES"
EMPTY = "E_GUARD_EMPTY"
COLLAPSED = "E_READ_COLLAPSE"
PROTECTED = "E_GUARD_PROTECTED"
ON_AIR = "E_GUARD_ON_AIR"
REFERENCED = "E_GUARD_REFERENCED"


def limit(owned: int) -> int:
    """Return how many of so many owned objects of a kind may be deleted without a flag."""
    return 1 if owned < SMALL else min(MOST, owned * SHARE // 100)


def collapsed(now: int, before: int) -> bool:
    """Tell whether a live side fell by more than the share; the loss of a single object does not count."""
    return before - now > 1 and (before - now) * 100 > before * SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardInputs:
    """Inputs of the guards.

    `owned` counts the owned live objects of a kind, `seen` all live ones, `declared` the manifests. `protect` are the
    environment's address patterns. `referrers` are the declared objects that refer to a kind and id.
    """

    past: LedgerState
    owned: Mapping[str, int]
    seen: Mapping[str, int]
    declared: int
    protect: Sequence[str]
    kinds: Mapping[str, Kind]
    referrers: Mapping[tuple[str, str], DeclaredResource]


Guard = Callable[[Change], GuardViolation | None]


def apply_guards(changes: Sequence[Change], facts: GuardInputs) -> list[Change]:
    """Return the changes with their guard violations."""
    deletes = Counter(change.kind for change in changes if change.action is Action.DELETE)
    judges: tuple[Guard, ...] = (
        lambda change: _too_many(change, deletes, facts.owned.get(change.kind, 0)),
        lambda change: _empty(change, facts.declared),
        lambda change: _fallen(change, facts.seen.get(change.kind, 0), facts.past.sweeps.get(change.kind, 0)),
        lambda change: _remembered(change, facts.past),
        lambda change: _protected(change, facts.protect),
        lambda change: _on_air(change, facts.kinds[change.kind]),
        lambda change: _referenced(change, facts.referrers),
    )
    return [_judged(change, judges) for change in changes]


def _judged(change: Change, judges: Sequence[Guard]) -> Change:
    if change.action is Action.NONE:
        return change
    blocks = tuple(block for judge in judges if (block := judge(change)) is not None)
    return replace(change, blocks=(*change.blocks, *blocks)) if blocks else change


def _too_many(change: Change, deletes: Counter[str], owned: int) -> GuardViolation | None:
    kind, count, most = change.kind, deletes[change.kind], limit(owned)
    if change.action is not Action.DELETE or count <= most:
        return None
    text = f"{count} of {owned} owned objects of kind {kind} would be deleted; {most} may be ({_why(owned)})"
    rest = f"; with other kinds the plan deletes {deletes.total()}" if deletes.total() > count else ""
    return GuardViolation(code=DELETES, message=text + rest, allow=_allowed(deletes.total()))


def _allowed(deletes: int) -> str:
    return f"--allow-deletes {deletes}"


def recounted(plan: Plan) -> Plan:
    """Return a plan from which changes were left out, with the flag that allows the deletes that it still has."""
    left = plan.summary().destroy

    def corrected(block: GuardViolation) -> GuardViolation:
        if block.code != DELETES or block.allow == _allowed(left):
            return block
        return replace(block, message=f"{block.message}; {left} are left in this plan", allow=_allowed(left))

    changes = (
        replace(change, blocks=tuple(map(corrected, change.blocks))) if change.blocks else change
        for change in plan.changes
    )
    return replace(plan, changes=tuple(changes))


def _why(owned: int) -> str:
    return f"1 where fewer than {SMALL} are owned" if owned < SMALL else f"{SHARE} %, and {MOST} at most"


def _empty(change: Change, declared: int) -> GuardViolation | None:
    if change.action is not Action.DELETE or declared:
        return None
    return GuardViolation(code=EMPTY, message="the manifests declare nothing at all", allow="--allow-empty")


def _fallen(change: Change, now: int, before: int) -> GuardViolation | None:
    if change.action is Action.UPDATE or not collapsed(now, before):
        return None
    text = f"the read found {now} objects of kind {change.kind}, where the last complete one found {before}"
    return GuardViolation(code=COLLAPSED, message=f"{text}: a fall of more than {SHARE} %", allow="--allow-collapsed")


def _remembered(change: Change, past: LedgerState) -> GuardViolation | None:
    remembered = past.objects.get((change.kind, change.id))
    if change.action is not Action.DELETE or remembered is None or not remembered.protected:
        return None
    text = "its manifest said prevent_destroy, and the ledger remembers"
    return GuardViolation(
        code=PROTECTED, message=f"{text}; declare it again without prevent_destroy and apply that first"
    )


def _protected(change: Change, protect: Sequence[str]) -> GuardViolation | None:
    if change.action is not Action.DELETE:
        return None
    pattern = next((one for one in protect if matches_glob(change.address, one)), None)
    if pattern is None:
        return None
    return GuardViolation(code=PROTECTED, message=f"the environment protects {pattern}; change `protect` to allow it")


def _on_air(change: Change, kind: Kind) -> GuardViolation | None:
    if change.action is not Action.DELETE or not isinstance(change.before, Mapping):
        return None
    state = kind.busy_reason(change.before)
    return (
        GuardViolation(code=ON_AIR, message=f"it is on air: {state}", allow=f"--allow-live {quoted(change.name)}")
        if state
        else None
    )


def _referenced(change: Change, referrers: Mapping[tuple[str, str], DeclaredResource]) -> GuardViolation | None:
    user = referrers.get((change.kind, change.id))
    if change.action is not Action.DELETE or user is None:
        return None
    text = f"{user.address} ({user.position}) refers to it; declare it again, or remove the reference first"
    return GuardViolation(code=REFERENCED, message=text)


def quoted(text: str) -> str:
    """Quote a name for a shell, only where necessary."""
    plain = text and all(char.isalnum() or char in "-_.:/@" for char in text)
    return text if plain else "'" + text.replace("'", "'\\''") + "'"


def without_allowed(plan: Plan, overrides: GuardOverrides) -> Plan:
    """Return a plan with the violations alone that are not allowed."""
    deletes = plan.summary().destroy
    changes = (
        replace(one, blocks=tuple(_left(one, overrides, deletes))) if one.blocks else one for one in plan.changes
    )
    return replace(plan, changes=tuple(changes))


def check_guards(plan: Plan, overrides: GuardOverrides) -> None:
    """Raise BlockedError where a guard that is not allowed blocks a change."""
    blocks = find_violations(plan, overrides)
    if blocks:
        number = without_allowed(plan, overrides).summary().blocked
        raise BlockedError(f"guards block {number} of {len(plan.pending)} changes: nothing was done", blocks)


def find_violations(plan: Plan, overrides: GuardOverrides) -> list[GuardViolation]:
    """Return the violations that are not allowed; the allowed number of deletes must be exactly the plan's."""
    return [block for change in without_allowed(plan, overrides).changes for block in change.blocks]


def _left(change: Change, overrides: GuardOverrides, deletes: int) -> Iterator[GuardViolation]:
    given = overrides.deletes
    allowed = {EMPTY: overrides.empty, COLLAPSED: overrides.collapsed, ON_AIR: change.name in overrides.live}
    for block in change.blocks:
        if block.code == DELETES and given is not None:
            if given != deletes:
                yield replace(block, message=f"{block.message}; --allow-deletes {given} is not the plan's number")
        elif not allowed.get(block.code, False):
            yield block
