"""Describes one live object: every field, its lists in words, its owner, and its last changes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.errors import LedgerError, NotFoundError, UsageError
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds, kind_called, kind_named
from reconciler.model.desired_state import DesiredState
from reconciler.model.json_types import Json, as_object
from reconciler.model.ledger_state import LedgerState
from reconciler.model.listed_object import ListedObject, ObjectChange, ObjectDescription, ObjectList
from reconciler.model.resource import DeclaredResource
from reconciler.model.run_history import JournalEntry
from reconciler.project.config import Project
from reconciler.project.declared_state import load_declared
from reconciler.project.environment_session import EnvironmentSession, LiveAccess, open_environment
from reconciler.project.live_listing import ListRequest, list_opened
from reconciler.redaction import redact_fields
from reconciler.strings import closest

LAST_CHANGES = 10
_ENTRIES = 10_000
"""Most journal entries among which the changes of an object are looked for, the newest first."""


def describe_object(
    project: Project, name: str, access: LiveAccess, words: Sequence[str], sets: tuple[str, ...] = ()
) -> ObjectDescription:
    """Describe the object that an address, a name or an id names; a word for its kind may come first.

    Raises UsageError for words that name several objects, NotFoundError for those that name none.
    """
    kinds, asked = _kinds(words)
    manifest = load_declared(project, name, sets)
    with open_environment(project, name, access) as opened:
        lists = [list_opened(opened, manifest, ListRequest(kind=kind)) for kind in kinds]
        found = _one_of(asked, lists, manifest)
        full = opened.access.redactor.value(opened.reader.show(kind_named(found.kind), found.id))
        if full is None:
            raise NotFoundError(f"{found.address} ({found.id}) was deleted while it was read", hint="list it again")
        return _described(opened, _merged(found, full.spec, full.hidden), lists, manifest)


def _kinds(words: Sequence[str]) -> tuple[tuple[Kind, ...], str]:
    """Return the kinds that words may mean, and the address, name or id among them."""
    if len(words) == 2:
        return (kind_called(words[0]),), words[1]
    if len(words) != 1:
        raise UsageError("describe takes one object", hint="""write describe 'SmartLiveRoom["Morning"]' or room NAME""")
    kind = all_kinds().get(words[0].partition("[")[0])
    return ((kind,) if kind is not None else tuple(all_kinds().values())), words[0]


def _one_of(asked: str, lists: Sequence[ObjectList], manifest: DesiredState) -> ListedObject:
    everything = [one for listed in lists for one in listed.objects]
    by_precision = (
        [one for one in everything if f"{one.address}@{one.id}" == asked],
        [one for one in everything if one.declared_as == asked],
        [one for one in everything if one.address == asked],
        [one for one in everything if asked in (one.id, one.name)],
    )
    found = next((some for some in by_precision if some), [])
    if len(found) == 1:
        return found[0]
    if found:
        listed = " or ".join(f"{one.kind} {one.id}" for one in found)
        raise UsageError(f"{asked} names {len(found)} objects", code="E_NAME_AMBIGUOUS", hint=f"describe {listed}")
    raise _missing(asked, lists, everything, manifest.resources)


def _missing(
    asked: str, lists: Sequence[ObjectList], everything: Sequence[ListedObject], declared: Iterable[DeclaredResource]
) -> NotFoundError:
    doubt = next((one.incomplete for one in lists if one.incomplete), "")
    unseen = f"; the list is not proven to be complete: {doubt}" if doubt else ""
    manifest = next((one for one in declared if asked in (one.address, one.name)), None)
    if manifest is not None:
        hint = f"it is declared at {manifest.position}: `reconciler plan` shows whether it is to be created"
        return NotFoundError(f"no live object is {asked}{unseen}", hint=hint)
    near = closest(asked, [word for one in everything for word in (one.address, one.name)])
    hint = f"did you mean {near[0]}?" if near else f"{_listing()} lists the objects"
    return NotFoundError(f"no live object is {asked}{unseen}", hint=hint)


def _listing() -> str:
    """Return the commands that list the objects of each kind."""
    return " or ".join(f"`reconciler get {kind.plural_word}`" for kind in all_kinds().values())


def _merged(found: ListedObject, full: Json, hidden: frozenset[str]) -> ListedObject:
    """Return the object with the fields of the row and of the show: each has some that the other lacks."""
    values = {**found.values, **as_object(redact_fields(kind_named(found.kind).root, full))}
    return replace(found, values=values, hidden=hidden & found.hidden)


def _described(
    opened: EnvironmentSession, one: ListedObject, lists: Sequence[ObjectList], manifest: DesiredState
) -> ObjectDescription:
    declared = next((item for item in manifest.resources if one.declared_as and item.address == one.declared_as), None)
    past, changes = _recorded(opened, one)
    record = past.objects.get((one.kind, one.id))
    return ObjectDescription(
        object=one,
        sentences=_sentences(kind_named(one.kind), one),
        changes=changes,
        labels=declared.labels if declared else {},
        aliases=declared.aliases if declared else (),
        protected=bool((declared and declared.prevent_destroy) or (record and record.protected)),
        drift_since=record.drift_first if record else "",
        incomplete=next((listed.incomplete for listed in lists if listed.incomplete), ""),
        diagnostics=tuple(problem for listed in lists for problem in listed.diagnostics),
    )


def _sentences(kind: Kind, one: ListedObject) -> dict[str, tuple[str, ...]]:
    lists = {path: one.values.get(path) for path in kind.sentences}
    return {
        path: tuple(kind.sentences[path](item) for item in items if isinstance(item, dict))
        for path, items in lists.items()
        if isinstance(items, list) and items
    }


def _recorded(opened: EnvironmentSession, one: ListedObject) -> tuple[LedgerState, tuple[ObjectChange, ...]]:
    """Return the ledger's state and the object's last changes; nothing where it cannot be read."""
    try:
        past = opened.ledger_state()
        if not past.present:
            return past, ()
        entries = opened.ledger().list_entries(opened.scope, limit=_ENTRIES)
    except LedgerError:
        return LedgerState(owner=opened.owner), ()
    mine = [entry for entry in entries if _is_of(entry, one)]
    return past, tuple(_change(entry) for entry in mine[:LAST_CHANGES])


def _is_of(entry: JournalEntry, one: ListedObject) -> bool:
    ids = {entry.intent.id, entry.outcome.id if entry.outcome else ""} - {""}
    return entry.intent.kind == one.kind and (one.id in ids or (not ids and entry.intent.name == one.name))


def _change(entry: JournalEntry) -> ObjectChange:
    return ObjectChange(
        started=entry.intent.started,
        action=entry.intent.action.value,
        status=entry.outcome.status.value if entry.outcome else "",
        run=entry.run,
        reason=entry.outcome.reason if entry.outcome else "",
        ended=entry.ended,
    )
