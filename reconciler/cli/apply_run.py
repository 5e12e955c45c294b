"""Steps of an apply: recover, plan, show, confirm, execute, report."""

import json
import secrets
import sys
from contextlib import ExitStack
from dataclasses import asdict, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from reconciler.cli.apply_progress import ApplyProgress
from reconciler.cli.command_context import CommandContext
from reconciler.cli.lock_timeout import LockWait
from reconciler.cli.output import (
    HUMAN,
    OutputOptions,
    check_report_files,
    one_line,
    progress,
    render_report,
    tell_files,
    write_out,
    write_report,
)
from reconciler.cli.process import StopSignal, stopping
from reconciler.cli.request_builder import note_rates, plan_report
from reconciler.errors import UsageError
from reconciler.exit_codes import ExitCode, most_severe
from reconciler.late_methods import dataclass
from reconciler.model.desired_state import DesiredState
from reconciler.model.json_types import Json
from reconciler.model.options import WRITER_SECONDS, GuardOverrides, PlanOptions
from reconciler.model.outcome import ApplyEvent, Progress
from reconciler.model.plan import Plan
from reconciler.model.report import Report
from reconciler.reports.escaping import one_document
from reconciler.strings import count

if TYPE_CHECKING:
    from reconciler.apply.context import RunCallbacks
    from reconciler.apply.runner import ApplyResult
    from reconciler.interfaces import Writer
    from reconciler.ledger.sql_ledger import SqlLedger
    from reconciler.planfile.saved_plan import Binding, Saved
    from reconciler.project.config import Project
    from reconciler.project.environment_session import EnvironmentSession
    from reconciler.project.plan_environment import PlanRequest


_FORGOTTEN = (
    "This environment's simulator lives in memory: what was applied is gone with this command.\n"
    "To keep it, write `simulator: {seed: FILE, state: .reconciler/simulator.json}` in place of `endpoint`."
)

_RUNS = 100_000
"""Most runs that are searched for the use of a saved plan, which is valid for a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRequest:
    """Options of an apply: saved plan, approval, writer.

    `adopt` takes ownership of declared objects without an owner (true), excludes them (false), or asks (None).
    `destroy` plans with an empty desired side.
    """

    kept: "Saved | None" = None
    auto_approve: bool = False
    adopt: bool | None = None
    destroy: bool = False
    expect: str = ""
    skip_stale: bool = False
    writer: str = "http"
    writer_seconds: float = WRITER_SECONDS
    overrides: GuardOverrides = field(default_factory=GuardOverrides)
    lock_timeout: float = 0.0

    @property
    def command(self) -> str:
        """Name of the command that asks."""
        return "destroy" if self.destroy else "apply"


def run_apply(
    session: CommandContext,
    project: "Project",
    name: str,
    *,
    ask: "PlanRequest",
    wish: ApplyRequest,
    how: OutputOptions,
) -> int:
    """Apply one environment's plan and return the exit code."""
    from reconciler.project.declared_state import load_declared
    from reconciler.project.destroy import check_prune, empty_desired
    from reconciler.project.environment_session import check_secrets, open_environment
    from reconciler.project.environment_summary import environment_summary
    from reconciler.project.plan_environment import PlanResult

    check_report_files(session, how)
    manifest = load_declared(project, name, ask.sets, cache=ask.documents)
    if not manifest.valid:
        where = environment_summary(project, name, ask.access, applies=True)
        write_report(
            session, plan_report(wish.command, PlanResult(environment=name, manifest=manifest, where=where)), how
        )
        return ExitCode.ERROR
    destroyed = None
    if wish.destroy:
        check_prune(project, name)
        destroyed = manifest
        manifest, ask = empty_desired(manifest, ask)
    check_secrets(manifest, session.variables)
    with open_environment(project, name, ask.access) as opened:
        run = _ApplyRun(
            session=session, opened=opened, manifest=manifest, ask=ask, wish=wish, how=how, destroyed=destroyed
        )
        code = run.go()
    if ask.documents is not None:
        ask.documents.finish()
    return code


@dataclass(slots=True, kw_only=True)
class _ApplyRun:
    """State that the steps of one apply share; `destroyed` are the manifests that a destroy leaves out."""

    session: CommandContext
    opened: "EnvironmentSession"
    manifest: DesiredState
    ask: "PlanRequest"
    wish: ApplyRequest
    how: OutputOptions
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    left_out: bool = False
    destroyed: DesiredState | None = None
    displays: ExitStack = field(default_factory=ExitStack)

    def go(self) -> int:
        from reconciler.project.project_identity import check_unshared

        ledger = self.opened.ledger()
        check_unshared(self.opened.project, self.opened.name, ledger.load_state(self.opened.scope, self.opened.owner))
        self._check_kept(ledger)
        writer = self.opened.writer(self.wish.writer, self._show, seconds=self.wish.writer_seconds)
        wanted = self._wanted(local=ledger.local)
        wait = LockWait(seconds=self.wish.lock_timeout, say=self.session.note)
        with stopping(self.session.say) as stop, self.displays:
            code, plan, applied = wait.call(
                lambda: self._tried(ledger, writer, wanted, stop),
                lambda: ledger.lock(self.opened.scope, self.opened.owner),
            )
            with stop.gently():
                return code if applied is None else self._done(plan, applied, shown=self._needs_asking(plan, writer))

    def _tried(
        self, ledger: "SqlLedger", writer: "Writer", wanted: PlanOptions, stop: StopSignal
    ) -> tuple[int, Plan, "ApplyResult | None"]:
        """Plan, confirm and apply once. Raises LockedError where the lock is not available, before any write."""
        clock = self.session.clock
        hooks: RunCallbacks = {
            "stop": stop,
            "progress": self._progress(),
            "clock": clock.now,
            "sleep": clock.sleep,
            "settle": self.opened.settle_policy(),
        }
        with stop.gently():
            self._recover(ledger, writer, wanted, hooks)
        nothing = Plan(environment=self.opened.name)
        if stop():
            return self._nothing(ExitCode.PARTIAL), nothing, None
        with progress(self.session, f"Reading {self.opened.name}"):
            planned = self._planned(wanted)
        plan = self._checked(planned)
        if plan.errored:
            write_report(self.session, self._plan_report(plan), self.how)
            return ExitCode.ERROR, plan, None
        if self._needs_asking(plan, writer) and not self._agreed(plan):
            return self._nothing(ExitCode.ERROR), plan, None
        with stop.gently():
            return ExitCode.FINE, plan, self._applied(plan, ledger, writer, wanted, hooks)

    def _planned(self, wanted: PlanOptions) -> Plan:
        from reconciler.project.destroy import destroy_plan
        from reconciler.project.plan_environment import plan_opened

        plan = plan_opened(self.opened, self.manifest, self.ask, settings=wanted)
        return plan if self.destroyed is None else destroy_plan(plan, self.destroyed)

    @staticmethod
    def _needs_asking(plan: Plan, writer: "Writer") -> bool:
        """Whether a plan changes the live side or ownership."""
        return bool(plan.pending or (plan.adopting and writer.applies))

    def _nothing(self, code: ExitCode) -> ExitCode:
        self.session.say(f"Nothing was {'destroyed' if self.wish.destroy else 'applied'}.")
        return code

    def _wanted(self, *, local: bool) -> PlanOptions:
        """Return the options of the plan; a warning tells where nothing is deleted because the ledger is temporary."""
        from reconciler.project.ledger_access import is_lost_with_job
        from reconciler.project.plan_environment import apply_options

        opened = self.opened
        if is_lost_with_job(opened.project, opened.environment, opened.access.variables, local=local):
            self.session.say(
                "Warning: this is CI and the ledger is a local file: what was applied is forgotten with this disk."
            )
            self.session.say(
                "  Nothing will be deleted. Name a shared ledger: RECONCILER_LEDGER=postgresql://… for this job."
            )
        return apply_options(opened, self.ask, local=local)

    def _recover(self, ledger: "SqlLedger", writer: "Writer", wanted: PlanOptions, hooks: "RunCallbacks") -> None:
        from reconciler.apply.recovery import recover

        if not writer.applies:
            return
        scope, owner = self.opened.scope, self.opened.owner
        settled = recover(
            self.opened.reader, writer, ledger, scope=scope, owner=owner, run=self.id, settings=wanted, **hooks
        )
        for outcome in settled:
            self.session.note(f"Settled from an earlier run: {one_line(outcome.address)}: {one_line(outcome.reason)}")

    @property
    def _where(self) -> dict[str, str]:
        from reconciler.project.environment_summary import environment_summary

        opened = self.opened
        return {opened.name: environment_summary(opened.project, opened.name, opened.access, applies=True)}

    @property
    def _human(self) -> OutputOptions:
        """Return the options of the text on stdout, without the files that are written once."""
        return OutputOptions(show_defaults=self.how.show_defaults)

    def _plan_report(self, plan: Plan) -> Report:
        return Report(
            command="destroy" if self.wish.destroy else "plan",
            plans=(plan,),
            sources=self.manifest.sources,
            where=self._where,
        )

    @property
    def _binding(self) -> "Binding":
        from reconciler.project.ledger_access import binding

        return binding(self.opened.project, self.opened.name)

    def _check_kept(self, ledger: "SqlLedger") -> None:
        """Refuse a saved plan of another target, expired or used, before any read."""
        from reconciler.planfile import saved_plan

        kept = self.wish.kept
        if kept is not None:
            used = partial(_spent, ledger, self.opened.scope)
            saved_plan.check(kept, self._binding, now=datetime.now(UTC), used=used)
            self.id = kept.use

    def _checked(self, plan: Plan) -> Plan:
        """Keep only the changes of a saved or reviewed plan. Raises PlanError where it does not match."""
        from reconciler.diff.deletion_guards import recounted
        from reconciler.planfile import staleness

        if self.wish.expect:
            staleness.expected(plan, self._binding, self.wish.expect)
        if self.wish.kept is None:
            return self._adopting(plan)
        met = staleness.accepted(self.wish.kept.plan, plan, skip_stale=self.wish.skip_stale)
        for address in dict.fromkeys(change.address for change in (*met.stale, *met.extra)):
            self.session.say(f"Left out, not as the kept plan shows it: {one_line(address)}")
        self.left_out = bool(met.stale)
        return recounted(self._adopting(met.plan))

    def _adopting(self, plan: Plan) -> Plan:
        from reconciler.planfile.adoption import without_adoption

        return without_adoption(plan) if self.wish.adopt is False else plan

    def _agreed(self, plan: Plan) -> bool:
        """Show the plan, and ask. Raises BlockedError before the question, where it would be in vain."""
        from reconciler.diff.deletion_guards import check_guards, without_allowed

        if self.how.format == HUMAN:
            write_report(self.session, self._plan_report(without_allowed(plan, self.wish.overrides)), self._human)
            check_guards(plan, self.wish.overrides)
        agreed = self.wish.auto_approve or self.wish.kept is not None or (self.wish.adopt and not plan.pending)
        return bool(agreed) or self._asked(self._question(plan), shown=self.how.format == HUMAN)

    def _question(self, plan: Plan) -> str:
        if self.destroyed is not None:
            return f"Destroy {count(len(plan.pending), 'object')} of {self.opened.name}"
        return _question(plan, self.opened.name)

    def _asked(self, question: str, *, shown: bool) -> bool:
        """Ask for confirmation at the terminal, after the plan was shown; only `yes` confirms."""
        hint = "pass --auto-approve" if self.wish.destroy else "pass --auto-approve or a saved plan (plan --out)"
        if not sys.stdin.isatty():
            raise UsageError("confirmation required, but stdin is not a terminal", code="E_NO_TERMINAL", hint=hint)
        if not shown:
            raise UsageError("only --format text shows the plan before it asks", code="E_NOT_SHOWN", hint=hint)
        self.session.log.ask(f"{one_line(question)}? Only 'yes' is accepted: ")
        return sys.stdin.readline().strip() == "yes"

    def _applied(
        self, plan: Plan, ledger: "SqlLedger", writer: "Writer", wanted: PlanOptions, hooks: "RunCallbacks"
    ) -> "ApplyResult":
        from reconciler.apply.runner import apply
        from reconciler.project.run_origin import run_origin

        return apply(
            plan,
            self.manifest,
            self.opened.reader,
            writer,
            ledger,
            scope=self.opened.scope,
            owner=self.opened.owner,
            run=self.id,
            settings=wanted,
            overrides=self.wish.overrides,
            origin=run_origin(self.opened.project, self.opened.name, plan, self.session.variables),
            **hooks,
        )

    def _done(self, plan: Plan, applied: "ApplyResult", *, shown: bool) -> int:
        from reconciler.planner import exit_code

        report = Report(
            command=self.wish.command,
            plans=(plan,),
            outcomes=(*applied.recovered, *applied.outcomes),
            adopted=applied.adopted,
            usage=self.opened.usage,
            sources=self.manifest.sources,
            where=self._where,
            rates={self.opened.name: self.opened.rates} if self.opened.rates else {},
        )
        self._tell(report, shown=shown)
        note_rates(self.session, report)
        tell_files(self.session, report, self.how)
        if self.opened.environment.transient and applied.outcomes:
            self.session.note(_FORGOTTEN)
        if applied.error is not None:
            raise applied.error
        return most_severe((applied.exit_code, exit_code(plan), ExitCode.PARTIAL if self.left_out else ExitCode.FINE))

    def _tell(self, report: Report, *, shown: bool) -> None:
        """Report the result: only the outcomes where the plan was shown, in an event stream as the last event."""
        if self.how.format == HUMAN:
            write_report(self.session, replace(report, plans=(), where={}) if shown else report, self._human)
        elif self.how.format == "json":
            last = {"type": "report", **json.loads(render_report(self.session, report, "json"))}
            write_out(one_document(last), human=False, parsed=True)
        else:
            write_report(self.session, report, replace(self.how, files=()))

    def _emit(self, shape: Json) -> None:
        write_out(one_document(self.session.redactor.value(shape)), human=False, parsed=True)

    def _show(self, line: str) -> None:
        """Print the output of a writer: JSON as JSON, anything else as a line of text."""
        try:
            self._emit(json.loads(line))
        except ValueError:
            write_out(self.session.redactor.text(line))

    def _progress(self) -> Progress:
        if self.how.format == "json":
            return lambda event: write_out(
                one_document(self.session.redactor.value(_plain(event))), human=False, parsed=True
            )
        return ApplyProgress(self.session, self.displays)


def _spent(ledger: "SqlLedger", scope: str, use: str) -> bool:
    """Tell whether a saved plan was applied before: its use is the id of the run that applied it."""
    return any(run.id == use for run in ledger.list_runs(scope, _RUNS))


def _plain(event: ApplyEvent) -> dict[str, Json]:
    shape = asdict(event)
    shape["type"] = str(shape.pop("step"))
    return {key: value for key, value in shape.items() if value not in ("", None)}


def _question(plan: Plan, environment: str) -> str:
    """`Apply 2 changes to prod and own 3 live objects`: the changes, the environment, and the objects to adopt."""
    adopt = f"own {count(len(plan.adopting), 'live object')}" if plan.adopting else ""
    if not plan.pending:
        return f"{adopt.capitalize()} in {environment}"
    apply = f"Apply {count(len(plan.pending), 'change')} to {environment}"
    return f"{apply} and {adopt}" if adopt else apply
