"""Lists the live objects of one kind in one environment, by the filters that the service documents.

Filters are sent to the service, and each row is checked where it shows the filtered field. A filter that rows
contradict is reported; the list is then read without it, and the filter is applied to the rows here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.diff.matching import match
from reconciler.errors import LedgerError, ManifestError
from reconciler.kinds.base.kind import Kind, ListFilter
from reconciler.late_methods import dataclass
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Diagnostic, Severity, sort_diagnostics
from reconciler.model.json_types import as_object
from reconciler.model.ledger_state import LedgerState
from reconciler.model.listed_object import AppliedFilter, ListedObject, ObjectList
from reconciler.model.options import Selection
from reconciler.model.read_result import ReadRequest, ReadResult
from reconciler.project.config import Project
from reconciler.project.connection_settings import project_id
from reconciler.project.declared_state import load_declared
from reconciler.project.environment_session import EnvironmentSession, LiveAccess, open_environment, settings
from reconciler.project.project_identity import owner_named
from reconciler.redaction import redact_fields
from reconciler.semantics.list_filters import filter_called, row_matches, value_to_send
from reconciler.strings import count, normalize_name

IGNORED = "W_FILTER_IGNORED"
UNREADABLE = "W_DECLARED_UNKNOWN"
_UNMATCHED = "E_READ_INCOMPLETE"
_FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """Objects to list: a kind, filters of its list with the values to send, and selections made on this side.

    `names` are exact names and ids. `managed` chooses the objects that are managed here, or those that are not; `owner`
    those of one owner in the ledger.
    """

    kind: Kind
    filters: tuple[tuple[ListFilter, str], ...] = ()
    names: tuple[str, ...] = ()
    managed: bool | None = None
    owner: str = ""

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """Parameters of the list."""
        return tuple((rule.parameter, value) for rule, value in self.filters)


def list_request(
    kind: Kind,
    filters: Mapping[str, str],
    *,
    names: Iterable[str] = (),
    managed: bool | None = None,
    owner: str = "",
) -> ListRequest:
    """Check the filters, by their parameters, and return the request. Raises UsageError (E_FILTER)."""
    rules = [(filter_called(kind, name), text) for name, text in filters.items()]
    checked = tuple((rule, value_to_send(rule, text)) for rule, text in rules)
    return ListRequest(kind=kind, filters=checked, names=tuple(dict.fromkeys(names)), managed=managed, owner=owner)


def list_environment(
    project: Project, name: str, access: LiveAccess, ask: ListRequest, sets: tuple[str, ...] = ()
) -> ObjectList:
    """List the objects of one environment. Raises ReconcilerError where nothing can be read."""
    manifest = load_declared(project, name, sets)
    with open_environment(project, name, access) as opened:
        return list_opened(opened, manifest, ask)


def list_opened(opened: EnvironmentSession, manifest: DesiredState, ask: ListRequest) -> ObjectList:
    """List the objects of an environment that is already open."""
    past, problems = _past(opened, ask)
    if not manifest.valid:
        problems = (*problems, _undeclared(manifest, ask))
    found = read_filtered(opened, ask)
    listed = _joined(opened, manifest, past, found, ask)
    owner = _owner(opened, past, ask.owner)
    chosen = [
        one
        for one in listed
        if _is_named(one, ask.names)
        and (ask.managed is None or one.managed is ask.managed)
        and (not owner or _owner_of(past, one) == owner)
    ]
    return ObjectList(
        environment=opened.name,
        kind=ask.kind.name,
        objects=tuple(chosen),
        missing=tuple(name for name in ask.names if not any(_is_named(one, (name,)) for one in listed)),
        incomplete=found.reading.incomplete,
        code=found.reading.code,
        proof=found.reading.proof,
        filters=found.filters,
        diagnostics=sort_diagnostics((*problems, *found.reading.diagnostics, *found.problems)),
        usage=opened.reader.usage,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FilteredRead:
    """Read result of a filtered list: `reading` holds the objects that match as far as their rows show."""

    reading: ReadResult
    filters: tuple[AppliedFilter, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


def read_filtered(opened: EnvironmentSession, ask: ListRequest) -> FilteredRead:
    """Read a list with its filters; one that rows contradict is left out of a second read and applied here."""
    own = "" if opened.project.untrusted else project_id(opened.environment)
    ignored: dict[str, tuple[str, ...]] = {}
    while True:
        sent = tuple(pair for pair in ask.query if pair[0] not in ignored)
        reading = opened.access.redactor.value(opened.reader.read(ask.kind, ReadRequest(depth="list", query=sent)))
        verdicts = {
            (rule.parameter, live.id): row_matches(ask.kind, rule, live, value, own)
            for rule, value in ask.filters
            for live in reading.resources
        }
        wrong = _contradicted(ask, reading, verdicts, ignored)
        if not wrong:
            return _filtered(ask, reading, verdicts, ignored)
        ignored |= wrong


def _contradicted(
    ask: ListRequest,
    reading: ReadResult,
    verdicts: Mapping[tuple[str, str], bool | None],
    ignored: Mapping[str, Sequence[str]],
) -> dict[str, tuple[str, ...]]:
    """Return the filters, beside those known to be ignored, that rows contradict, with the names of those rows."""
    wrong = {
        rule.parameter: tuple(
            live.name or live.id for live in reading.resources if verdicts[rule.parameter, live.id] is False
        )
        for rule, _ in ask.filters
        if rule.parameter not in ignored
    }
    return {parameter: names for parameter, names in wrong.items() if names}


def _filtered(
    ask: ListRequest,
    reading: ReadResult,
    verdicts: Mapping[tuple[str, str], bool | None],
    ignored: Mapping[str, Sequence[str]],
) -> FilteredRead:
    """Apply the ignored filters to the rows; a row that does not show the field is left out, and the list in doubt."""
    kept = [live for live in reading.resources if all(verdicts[name, live.id] is True for name in ignored)]
    open_ones = [
        live
        for live in reading.resources
        if live not in kept and all(verdicts[name, live.id] is not False for name in ignored)
    ]
    doubt = reading.incomplete
    if open_ones and not doubt:
        doubt = (
            f"{count(len(open_ones), 'row')} left out: they do not show whether they match "
            f"{', '.join(ignored)}, which the service ignores"
        )
    checked = {
        rule.parameter: all(verdicts[rule.parameter, live.id] is not None for live in reading.resources)
        for rule, _ in ask.filters
    }
    return FilteredRead(
        reading=replace(
            reading,
            resources=tuple(kept),
            incomplete=doubt,
            code=reading.code or (_UNMATCHED if doubt else ""),
            proof="" if doubt else reading.proof,
        ),
        filters=tuple(
            AppliedFilter(
                parameter=rule.parameter,
                value=value,
                checked=checked[rule.parameter],
                ignored=rule.parameter in ignored,
            )
            for rule, value in ask.filters
        ),
        problems=tuple(_ignored(ask, parameter, names) for parameter, names in ignored.items()),
    )


def _ignored(ask: ListRequest, parameter: str, names: Sequence[str]) -> Diagnostic:
    value = dict(ask.query)[parameter]
    some = ", ".join(f'"{name}"' for name in names[:_FEW]) + (", …" if len(names) > _FEW else "")
    return Diagnostic(
        severity=Severity.WARNING,
        code=IGNORED,
        message=f"the service ignores the filter {parameter}={value}: it listed {count(len(names), 'object')} "
        f"that {'does' if len(names) == 1 else 'do'} not match it ({some})",
        hint="the list was read without this filter, and the filter was applied to what it returned",
    )


def _past(opened: EnvironmentSession, ask: ListRequest) -> tuple[LedgerState, tuple[Diagnostic, ...]]:
    """Return the ledger's state; one that cannot be read is a warning, unless the selection depends on it."""
    try:
        return opened.ledger_state(), ()
    except LedgerError as error:
        if ask.owner or ask.managed is not None:
            raise
        problem = Diagnostic(
            severity=Severity.WARNING, code=error.code, message=f"owners are unknown: {error.message}", hint=error.hint
        )
        return LedgerState(owner=opened.owner), (problem,)


def _undeclared(manifest: DesiredState, ask: ListRequest) -> Diagnostic:
    """Report that invalid manifests do not tell what is declared. Raises ManifestError if the selection needs that."""
    if ask.managed is not None:
        raise ManifestError("the manifests have errors: what is managed is unknown", manifest.diagnostics)
    return Diagnostic(
        severity=Severity.WARNING,
        code=UNREADABLE,
        message="the manifests have errors: where an object is declared may be missing",
        hint="run `reconciler validate`",
    )


def _owner(opened: EnvironmentSession, past: LedgerState, asked: str) -> str:
    """Return the owner that is asked for. Raises LedgerError where there is no ledger, or no such owner."""
    if not asked:
        return ""
    if not past.present:
        raise LedgerError("owners are unknown: there is no ledger", hint="an apply records who owns an object")
    owners = Counter(record.owner for record in past.objects.values())
    return owner_named(opened.project, asked, owners, past.names, opened.owner)


def _owner_of(past: LedgerState, one: ListedObject) -> str:
    record = past.objects.get((one.kind, one.id))
    return record.owner if record is not None else ""


def _joined(
    opened: EnvironmentSession, manifest: DesiredState, past: LedgerState, found: FilteredRead, ask: ListRequest
) -> list[ListedObject]:
    """Join the rows with their manifests, as a plan pairs them, and with their records in the ledger."""
    declared = [one for one in manifest.resources if one.kind == ask.kind.name]
    if ask.filters:
        # another object of the new name may be outside the filters, so that an alias proves nothing
        declared = [replace(one, aliases=()) for one in declared]
    options = settings(opened.project, opened.name, selection=Selection(), depth="list", today=opened.access.today)
    result = match(ask.kind, declared, found.reading, past, options)
    manifests = {live.id: declared[place] for place, live in result.pairs.items()}
    foreign = {live.id: reason for live, reason in result.foreign}
    listed = []
    for live in found.reading.resources:
        theirs, record = manifests.get(live.id), past.objects.get((ask.kind.name, live.id))
        managed = theirs is not None or past.knows(record)
        listed.append(
            ListedObject(
                environment=opened.name,
                kind=ask.kind.name,
                id=live.id,
                name=live.name,
                values=as_object(redact_fields(ask.kind.root, live.spec)),
                hidden=live.hidden,
                declared=theirs.position if theirs else None,
                declared_as=theirs.address if theirs else "",
                managed=managed if managed or manifest.valid else None,
                owner=opened.project.identity.name_of(past.name_of(record.owner)) if record else "",
                foreign=foreign.get(live.id, ""),
            )
        )
    return listed


def _is_named(one: ListedObject, names: Sequence[str]) -> bool:
    """Whether an object has one of these ids, names or addresses; any object where there are none."""
    spelled = {normalize_name(one.name), one.id, one.address, one.address + "@" + one.id}
    return not names or any(normalize_name(name) in spelled for name in names)
