"""Swapped names: where the service keeps names unique, one object is first renamed to a temporary name."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.apply.context import ApplyContext, read_object
from reconciler.apply.execute_change import ChangeResult, execute_change
from reconciler.diff.full_spec import live_state
from reconciler.model.change import Action, Change
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.resource import DeclaredResource, address
from reconciler.strings import normalize_name

REFUSED = "E_API"
"""Code of a change that the service refused; which service code means a taken name is not documented."""


def holder_of(change: Change, later: Sequence[Change], outcome: Outcome) -> Change | None:
    """Return the later rename that holds the name of a refused one; None where that is not the cause."""
    if outcome.status is not OutcomeStatus.FAILED or outcome.code != REFUSED or change.action is Action.DELETE:
        return None
    taken = address(change.kind, normalize_name(change.name))
    return next((other for other in later if other.previous_address == taken and other.kind == change.kind), None)


def step_aside(
    site: ApplyContext, change: Change, declared: DeclaredResource, references: Mapping[str, str]
) -> tuple[ChangeResult, Change | None]:
    """Give an object that is to be renamed a temporary name; return its change from then on.

    All other declared fields are written with it. A run that ends in between leaves the temporary name to the next
    plan, which matches the object by its id.
    """
    temporary = replace(declared, name=_temporary(site, declared), aliases=())
    aside = replace(change, name=temporary.name, address=temporary.address)
    carried = execute_change(site, aside, temporary, references)
    if carried.error is not None or carried.outcome.status is not OutcomeStatus.APPLIED:
        return carried, None
    kind = site.kinds[change.kind]
    live = read_object(site, kind, change.id)
    if live is None:
        return carried, None
    return carried, replace(change, before_fingerprint=live_state(kind, declared, live))


def _temporary(site: ApplyContext, declared: DeclaredResource) -> str:
    """Return a name that no other object has: the declared one, cut to leave room, and random letters."""
    field = site.kinds[declared.kind].top_fields.get(site.kinds[declared.kind].name_field)
    longest = (field.max_length if field else None) or 64
    suffix = f"-{secrets.token_hex(4)}"
    return declared.name[: longest - len(suffix)] + suffix
