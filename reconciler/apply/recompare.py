"""Compares one object again with its manifest, by the differ itself, so that plan and apply never disagree."""

from collections.abc import Mapping

from reconciler.apply.context import ApplyContext
from reconciler.diff.dependency_order import needs, told_ids
from reconciler.diff.differ import diff
from reconciler.diff.full_spec import managed_fields
from reconciler.errors import PlanError
from reconciler.kinds.base.kind import Kind
from reconciler.model.change import Action, Attribution, Change, FieldChange
from reconciler.model.desired_state import DesiredState
from reconciler.model.json_types import Json
from reconciler.model.ledger_state import LedgerState, ObjectRecord
from reconciler.model.options import PlanOptions
from reconciler.model.plan import Plan
from reconciler.model.read_result import ReadResult
from reconciler.model.resource import DeclaredResource, LiveResource


def compare(
    site: ApplyContext, declared: DeclaredResource, live: LiveResource, references: Mapping[str, str]
) -> Change:
    """Return the change of one live object, as a plan has it.

    Secrets are compared by presence alone, as if the declared value had been applied last. Raises PlanError where the
    object can no longer be compared.
    """
    last = managed_fields(site.kinds[declared.kind], declared.spec)
    mine = _mine(live, site.owner, declared.name, declared.address, last)
    found = _diff(site, (declared,), live, references, mine)
    change = next((change for change in found.changes if change.address == declared.address), None)
    if change is None:
        said = "; ".join(diagnostic.message for diagnostic in found.diagnostics) or "it is another object now"
        raise PlanError(f"it cannot be compared again: {said}", code="E_STALE_OBJECT", hint="plan again")
    return change


def differing(site: ApplyContext, declared: DeclaredResource, live: LiveResource) -> tuple[str, ...]:
    """Return the paths at which a live object, as far as it was read, differs from its manifest.

    References are compared by name: the ids that the names had when it was sent are not recorded. A name whose id the
    live object does not hold gets a placeholder of its own, since ids distinguish objects.
    """
    kind = site.kinds[declared.kind]
    placeholders = {name: f"(id of {name})" for name in needs(kind, declared.spec)}
    references = {**placeholders, **told_ids(kind, live.spec)}
    unknown = set(placeholders.values())
    fields = differences(compare(site, declared, live, references))
    return tuple(dict.fromkeys(field.path for field in fields if not _is_one_of(field.after, unknown)))


def _is_one_of(value: object, unknown: set[str]) -> bool:
    return isinstance(value, str) and value in unknown


def differences(change: Change) -> tuple[FieldChange, ...]:
    """Return the fields that still differ; a change also names those that both sides changed to the same value."""
    return tuple(field for field in change.fields if field.attribution is not Attribution.ALREADY)


def compare_undeclared(site: ApplyContext, live: LiveResource) -> Change:
    """Return the delete of one owned live object, as a plan has it."""
    found = _diff(site, (), live, {}, _mine(live, site.owner, live.name, live.address))
    return next(change for change in found.changes if change.action is Action.DELETE)


def _diff(
    site: ApplyContext,
    declared: tuple[DeclaredResource, ...],
    live: LiveResource,
    references: Mapping[str, str],
    past: LedgerState,
) -> Plan:
    settings = PlanOptions(environment="", prune="owned", today=site.settings.today)
    return diff(
        DesiredState(resources=declared), _readings(live, references, site.kinds), past, settings, kinds=site.kinds
    )


def _mine(live: LiveResource, owner: str, name: str, address: str, last: Json = None) -> LedgerState:
    """Return a ledger state with this one object, so that only its id decides the match."""
    mine = ObjectRecord(kind=live.kind, id=live.id, name=name, address=address, owner=owner, last_applied=last)
    return LedgerState(present=True, owner=owner, objects={(live.kind, live.id): mine})


def _readings(live: LiveResource, references: Mapping[str, str], kinds: Mapping[str, Kind]) -> dict[str, ReadResult]:
    found: dict[str, list[LiveResource]] = {kind: [] for kind in kinds}
    for key, object_id in references.items():
        kind, _, name = key.partition("/")
        if (kind, object_id) != (live.kind, live.id):
            found[kind].append(LiveResource(kind=kind, name=name, id=object_id, spec={}))
    found[live.kind].append(live)
    return {kind: ReadResult(kind=kind, resources=tuple(resources)) for kind, resources in found.items()}
