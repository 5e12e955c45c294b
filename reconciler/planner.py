"""Makes plans from manifests and a reader: build read requests, read, compare, confirm, compare again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.diff.diff_inputs import Unsure
from reconciler.diff.differ import diff
from reconciler.diff.secret_changes import SecretValue
from reconciler.exit_codes import ExitCode
from reconciler.interfaces import Reader
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.model.change import Action, Attribution
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Diagnostic, Severity, sort_diagnostics
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import PlanOptions
from reconciler.model.plan import Plan
from reconciler.model.read_result import ConfirmRequest, ConfirmResult, ReadRequest, ReadResult
from reconciler.model.resource import DeclaredResource, LiveResource
from reconciler.semantics.compiled_field import compiled
from reconciler.strings import count
from reconciler.threads import parallel_map


def make_plan(
    manifest: DesiredState,
    reader: Reader,
    past: LedgerState,
    settings: PlanOptions,
    *,
    base: DesiredState | None = None,
    base_name: str = "",
    kinds: Mapping[str, Kind] | None = None,
    secret: SecretValue | None = None,
    parallelism: int | None = None,
) -> Plan:
    """Plan one environment; nothing is written anywhere. At most `parallelism` kinds are read at once.

    Manifests with errors give a plan that holds the errors and no changes. Raises ReconcilerError where nothing of the
    live side can be read.
    """
    known = kinds if kinds is not None else all_kinds()
    if not manifest.valid:
        problems = sort_diagnostics(manifest.diagnostics)
        return Plan(
            environment=settings.environment, diagnostics=problems, complete=False, untrusted=manifest.untrusted
        )
    needs = build_read_requests(manifest.resources, past, settings, known)
    readings = read_all(reader, known, needs, parallelism=parallelism)

    def compare(seen: Mapping[str, ReadResult], unsure: Unsure) -> Plan:
        return diff(
            manifest, seen, past, settings, base=base, base_name=base_name, kinds=known, unsure=unsure, secret=secret
        )

    first = compare(readings, {})
    doubts = changes_to_confirm(first, readings, manifest.resources)
    if not doubts:
        return first
    answers = {name: reader.confirm(known[name], doubt) for name, doubt in doubts.items()}
    settled = {name: merge_confirmation(reading, answers.get(name)) for name, reading in readings.items()}
    return compare(settled, {name: answer.unsure for name, answer in answers.items()})


def build_read_requests(
    resources: Iterable[DeclaredResource], past: LedgerState, settings: PlanOptions, kinds: Mapping[str, Kind]
) -> dict[str, ReadRequest]:
    """Return for each kind the fields that its manifests manage, and the ids in the ledger."""
    fields: dict[str, dict[str, frozenset[str]]] = {name: {} for name in kinds}
    pins: dict[str, dict[str, frozenset[str]]] = {name: {} for name in kinds}
    shared: dict[tuple[str, ...], frozenset[str]] = {}
    for declared in resources:
        if declared.kind not in kinds:
            continue
        managed = (declared.kind, *declared.spec)
        needs = shared.get(managed)
        if needs is None:
            needs = shared[managed] = compiled(kinds[declared.kind]).default_names.union(declared.spec)
        named = fields[declared.kind]
        for name in (declared.name, *declared.aliases):
            known_needs = named.setdefault(name, needs)
            if known_needs is not needs:
                named[name] = known_needs | needs
        if declared.id:
            pins[declared.kind][declared.id] = needs
    known = _remembered(resources, past, pins, fields)
    return {
        name: ReadRequest(
            fields=fields[name],
            pins=pins[name],
            known=frozenset(known[name]),
            depth=settings.depth,
            name_prefix=settings.scope.name_prefix,
            scope_fields=settings.scope.fields,
        )
        for name in kinds
    }


def _remembered(
    resources: Iterable[DeclaredResource],
    past: LedgerState,
    pins: dict[str, dict[str, frozenset[str]]],
    fields: dict[str, dict[str, frozenset[str]]],
) -> dict[str, set[str]]:
    """Return the ids in the ledger; one that keeps its address under another live name is read in full too."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    if not past.objects:
        return known
    needs = {one.address: fields[one.kind][one.name] for one in resources if one.kind in fields}
    for (kind, object_id), remembered in past.objects.items():
        if not past.knows(remembered):
            continue
        known[kind].add(object_id)
        if kind in pins and remembered.address in needs and object_id not in pins[kind]:
            pins[kind][object_id] = needs[remembered.address]
    return known


def read_all(
    reader: Reader, kinds: Mapping[str, Kind], needs: Mapping[str, ReadRequest], *, parallelism: int | None = None
) -> dict[str, ReadResult]:
    """Read all kinds concurrently, at most `parallelism` at once; one after another, none after a failure."""
    with parallel_map(max(1, min(len(kinds), parallelism or len(kinds)))) as spread:
        readings = spread(lambda name: reader.read(kinds[name], needs[name]), kinds)
        return dict(zip(kinds, readings, strict=True))


def changes_to_confirm(
    plan: Plan, readings: Mapping[str, ReadResult], resources: Iterable[DeclaredResource]
) -> dict[str, ConfirmRequest]:
    """Return what the first comparison would create or delete; a list alone does not prove either."""
    creates: defaultdict[str, set[str]] = defaultdict(set)
    deletes: defaultdict[str, set[str]] = defaultdict(set)
    aliases = {one.address: one.aliases for one in resources if one.aliases}
    for change in plan.changes:
        if change.action is Action.CREATE:
            creates[change.kind].update({change.name, *aliases.get(change.address, ())})
        elif change.action is Action.DELETE:
            deletes[change.kind].add(change.id)
    return {
        kind: ConfirmRequest(creates=frozenset(creates[kind]), deletes=frozenset(deletes[kind]))
        for kind, reading in readings.items()
        if reading.complete and (creates[kind] or deletes[kind])
    }


def merge_confirmation(reading: ReadResult, answer: ConfirmResult | None) -> ReadResult:
    """Return the read result, updated with the objects that confirmation found or did not find."""
    if answer is None:
        return reading
    if answer.incomplete:
        reading = replace(reading, incomplete=answer.incomplete, code="E_READ_INCOMPLETE", proof="")
    seen = {live.id for live in reading.resources}
    deleted = {live.id: live for live in answer.deleted}
    kept = [_in_full(live, deleted.get(live.id)) for live in reading.resources if live.id not in answer.gone]
    return replace(reading, resources=(*kept, *(live for live in answer.found if live.id not in seen)))


def _in_full(live: LiveResource, shown: LiveResource | None) -> LiveResource:
    """Return a live object with what its show holds beside its list row."""
    if shown is None:
        return live
    spec = {**live.spec, **shown.spec}
    return replace(live, spec=spec, hidden=live.hidden - shown.spec.keys(), shown=True)


def exit_code(plans: Plan | Iterable[Plan], *, detailed: bool = False, fail_on: str | Iterable[str] = "") -> int:
    """Return the exit code for one plan or many: 1 over 3 over 2 over 0.

    1: a plan has an error. 3: a read is incomplete, a name is ambiguous, a change is deferred, or `fail_on` asks for
    drift that nothing tells. 2: with `detailed`,
    there are changes; with `fail_on` (classes of attribution), there are some of these classes. A selection by --target
    or -l does not count as incomplete. Guards block at apply only.
    """
    several = [plans] if isinstance(plans, Plan) else list(plans)
    if any(one.errored for one in several):
        return ExitCode.ERROR
    if any(one.partial or _unseen(one) for one in several):
        return ExitCode.PARTIAL
    classes = _classes(fail_on)
    if any(drift_unknown(one, fail_on) for one in several):
        return ExitCode.PARTIAL
    if classes and any(_has(one, classes) for one in several):
        return ExitCode.CHANGES
    return ExitCode.CHANGES if detailed and not classes and any(one.pending for one in several) else ExitCode.FINE


def drift_unknown(plan: Plan, fail_on: str | Iterable[str]) -> Diagnostic | None:
    """Return the problem of a plan that is asked for drift, and whose differences may be drift or not."""
    number = plan.summary().unattributed
    if "drift" not in plan.unknown_counts or not number or Attribution.DRIFT not in _classes(fail_on):
        return None
    return Diagnostic(
        severity=Severity.WARNING,
        code="W_DRIFT_UNKNOWN",
        message=f"whether {plan.environment} drifted is unknown: no ledger was read, so that "
        f"{count(number, 'difference has', 'differences have')} no base",
        hint="name the ledger that apply writes (`ledger:` in reconciler.yaml, RECONCILER_LEDGER), or a --base commit",
        address=f"environment {plan.environment}",
    )


def _unseen(plan: Plan) -> bool:
    """Whether the plan is incomplete for a reason other than a selection."""
    chosen = any(one.code == "W_PARTIAL" for one in plan.diagnostics)
    hidden = any(one.rule.name == "HIDDEN" for change in plan.changes for one in change.suppressed)
    return hidden or bool(plan.as_of_cache) or (not plan.complete and not chosen)


def _classes(fail_on: str | Iterable[str]) -> frozenset[Attribution]:
    names = fail_on.split(",") if isinstance(fail_on, str) else fail_on
    return frozenset(Attribution(str(name).strip()) for name in names if str(name).strip())


def _has(plan: Plan, classes: frozenset[Attribution]) -> bool:
    summary = plan.summary()
    return any(getattr(summary, one.value) for one in classes)
