"""Waits for what this scope wrote a moment ago, before it is written a second time.

A service that reads from several replicas may show a new object to one read and not to the next. Until the settle
window of a write is over, a read that lacks what was created proves nothing: creating it again would make a twin.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reconciler.apply.context import ApplyContext, read_object
from reconciler.apply.unknown_outcome import until_seen
from reconciler.kinds.base.kind import Kind
from reconciler.model.change import Action, Change
from reconciler.model.json_types import Json
from reconciler.model.ledger_state import WriteIntent
from reconciler.model.outcome import OutcomeStatus
from reconciler.model.resource import DeclaredResource, LiveResource
from reconciler.semantics.equality import fold_name
from reconciler.timestamps import seconds_of


def is_visible_again(site: ApplyContext, kind: Kind, change: Change) -> bool:
    """Tell whether an object to be created is one of a recent write, which a read shows before its window is over."""
    name = fold_name(change.name)
    written = [intent for intent in _applied(site, kind) if fold_name(intent.name) == name]
    return any(_wait(site, kind, intent, change.address, frozenset()) for intent in written)


def shows_more_items(
    site: ApplyContext, kind: Kind, change: Change, declared: DeclaredResource, live: LiveResource
) -> bool:
    """Tell whether items to be added are those of a recent write, which a read shows before its window is over."""
    missing = _keys(kind, declared.spec) - _keys(kind, live.spec)
    for intent in _applied(site, kind) if missing else ():
        written = missing & _keys(kind, intent.body)
        if intent.id == change.id and written and _wait(site, kind, intent, change.address, written):
            return True
    return False


def _applied(site: ApplyContext, kind: Kind) -> Iterator[WriteIntent]:
    """Yield the last recent write of each object of a kind that exists, with its id."""
    last: dict[str, WriteIntent] = {}
    for entry in site.recent():
        outcome = entry.outcome
        if outcome is None or outcome.status is not OutcomeStatus.APPLIED or entry.intent.kind != kind.name:
            continue
        last.pop(outcome.id, None)
        if entry.intent.action is not Action.DELETE:
            last[outcome.id] = entry.intent
    for object_id, intent in last.items():
        yield replace(intent, id=object_id)


def _wait(site: ApplyContext, kind: Kind, intent: WriteIntent, address: str, items: frozenset[str]) -> bool:
    """Wait until a read shows the object with these items; False where the window of its write ends before."""

    def read() -> bool | None:
        live = read_object(site, kind, intent.id)
        return (live is not None and items <= _keys(kind, live.spec)) or None

    return bool(until_seen(site, address, read, since=seconds_of(intent.started) or None))


def _keys(kind: Kind, spec: Json) -> frozenset[str]:
    """Return the keys of the items that can be written one by one."""
    node = kind.top_fields.get(kind.items_field)
    items = spec.get(kind.items_field) if isinstance(spec, Mapping) else None
    if node is None or node.list is None or not isinstance(items, list | tuple):
        return frozenset()
    key = node.list.keys[0]
    return frozenset(item[key] for item in items if isinstance(item, Mapping) and isinstance(item.get(key), str))
