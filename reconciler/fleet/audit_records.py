"""Records of an audit in a ledger: a row for each completed environment, and the times of drift.

They are written to the ledger of the run's flag, else to the ledgers that environments name or have; an audit creates
none. A row holds the whole result, so that an interrupted run continues with the environments that have none, and still
reports all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from reconciler.errors import LedgerError
from reconciler.fleet.environment_result import EnvironmentResult
from reconciler.fleet.result_row import decode_result, encode_result, row_text
from reconciler.late_methods import dataclass
from reconciler.ledger.sql_ledger import AuditHistory, open_audits
from reconciler.model.change import Action, Attribution, Change
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.plan import Plan, is_resource_error
from reconciler.model.run_history import AuditRecord, DriftRecord
from reconciler.project.config import Project
from reconciler.project.ledger_access import LedgerLocation, ledger_location
from reconciler.redaction import SecretRedactor

_COUNTS = (Attribution.DRIFT, Attribution.CONFLICT, Attribution.UNATTRIBUTED)
"""Attributions that are recorded as drift, unknown ones included; changes from Git wait for an apply."""


def audit_record(owner: str, one: EnvironmentResult, result: str) -> AuditRecord:
    """Return the record of one environment."""
    plan = one.plan
    if plan is None or plan.errored:
        return AuditRecord(owner=owner, result=result, looked=False)
    return AuditRecord(
        owner=owner,
        result=result,
        differs=dict(item for change in plan.changes for item in _differing(change)),
        everything=plan.complete,
        seen=frozenset(change.address for change in plan.changes if change.id),
        doubtful=_doubtful(plan),
    )


def _differing(change: Change) -> list[tuple[tuple[str, str], str]]:
    if change.action is Action.UPDATE:
        moved = [field for field in change.fields if field.attribution in _COUNTS]
        return [((change.address, field.path), field.attribution.value) for field in moved]
    if change.action is Action.CREATE and change.attribution in _COUNTS:
        return [((change.address, ""), change.attribution.value)]
    return []


def _doubtful(plan: Plan) -> frozenset[str]:
    """Return the objects with an unknown state in this audit."""
    ambiguous = (one.address for one in plan.diagnostics if one.address and is_resource_error(one))
    return frozenset((*ambiguous, *(one.address for one in plan.held)))


@dataclass(slots=True, kw_only=True)
class AuditRecorder:
    """The ledgers of an audit, each opened once.

    `url` is the operator's, for all; `redactor` is applied to all records; `variables` are the process environment.
    """

    project: Project
    url: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    redactor: SecretRedactor = field(default_factory=SecretRedactor, repr=False)
    opened: dict[LedgerLocation, AuditHistory] = field(default_factory=dict)

    def recordable(self, name: str) -> bool:
        """Whether an environment's results are recorded in a ledger."""
        return self._location(name) is not None

    def record(self, run: str, some: Sequence[EnvironmentResult]) -> tuple[EnvironmentResult, ...]:
        """Record the results of some environments; a failure is added to their results, and the audit continues."""
        by_place: dict[LedgerLocation | None, list[EnvironmentResult]] = {}
        for one in some:
            by_place.setdefault(self._location(one.environment), []).append(one)
        return tuple(one for place, group in by_place.items() for one in self._kept(place, run, group))

    def done(self, run: str, names: Sequence[str]) -> dict[str, EnvironmentResult]:
        """Return the recorded results of a run, by environment."""
        places = self._locations(names)
        rows = {owner: text for place in places for owner, text in self._ledger(place).done(run).items()}
        known = {name: rows.get(self.project.owner(name)) for name in names}
        return {name: decode_result(name, text) for name, text in known.items() if text is not None}

    def drift(self, names: Sequence[str]) -> tuple[DriftRecord, ...]:
        """Return all recorded drift of these environments: open drift first, oldest first.

        A ledger that cannot be read adds nothing: `keep` has reported it for its environments.
        """
        owners = {self.project.owner(name) for name in names}
        everything = (one for place in self._locations(names) for one in self._drift(place))
        found = (one for one in everything if one.owner in owners)
        return tuple(sorted(found, key=lambda one: (not one.open, one.since, one.owner, one.address, one.path)))

    def close(self) -> None:
        """Close every ledger."""
        for ledger in self.opened.values():
            ledger.close()

    def _kept(
        self, place: LedgerLocation | None, run: str, some: Sequence[EnvironmentResult]
    ) -> Sequence[EnvironmentResult]:
        if place is None:
            return some
        try:
            self._ledger(place).record(
                run, [audit_record(self.project.owner(one.environment), one, self._text(one)) for one in some]
            )
        except LedgerError as error:
            return [replace(one, findings=(*one.findings, _unrecorded(one.environment, error))) for one in some]
        return some

    def _drift(self, place: LedgerLocation) -> tuple[DriftRecord, ...]:
        try:
            return self._ledger(place).drift(f"{self.project.identity.id or self.project.name}/")
        except LedgerError:
            return ()

    def _text(self, one: EnvironmentResult) -> str:
        if one.row and not self.redactor.has_secrets:
            return one.row
        return row_text(self.redactor.value(encode_result(one)))

    def _location(self, name: str) -> LedgerLocation | None:
        if self.project.untrusted:
            return None
        return ledger_location(self.project, name, self.variables, self.url)

    def _locations(self, names: Sequence[str]) -> tuple[LedgerLocation, ...]:
        return tuple(dict.fromkeys(place for place in map(self._location, names) if place))

    def _ledger(self, place: LedgerLocation) -> AuditHistory:
        if place not in self.opened:
            trust = place.trust(self.variables)
            self.opened[place] = open_audits(place.url, root=self.project.root, trust=trust)
        return self.opened[place]


def _unrecorded(name: str, error: LedgerError) -> Diagnostic:
    return Diagnostic(
        severity=Severity.WARNING,
        code="W_AUDIT_UNRECORDED",
        message=f"{name}: what was found could not be kept: {error.message}",
        hint=error.hint,
    )
