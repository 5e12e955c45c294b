"""Replays of recordings in a project: the subjects, and their rules before and after."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from reconciler.errors import ManifestError, ReconcilerError, UsageError
from reconciler.interaction_rules.event import (
    LARGEST_RECORDING,
    MOST_CHARACTERS,
    LiveEvent,
    RecordingProblem,
    read_events,
)
from reconciler.interaction_rules.prepared_rule import EvaluatedRule, prepare_rules
from reconciler.interaction_rules.replay import ReplayResult
from reconciler.interaction_rules.replay import replay as replay_events
from reconciler.interaction_rules.settings import Semantics
from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.manifest.files.project_tree import read_file
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.json_types import Json
from reconciler.model.plan import Plan
from reconciler.model.read_result import ReadRequest
from reconciler.model.resource import DeclaredResource
from reconciler.model.source_map import Position
from reconciler.project.config import Project
from reconciler.project.declared_state import scope_of
from reconciler.project.environment_session import open_environment
from reconciler.project.plan_environment import PlanRequest, base_manifest
from reconciler.project.rule_tests import rules_of
from reconciler.strings import count

RULES = "interaction_rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """Rules to compare the manifests' rules with: `source` is none, live, base, plan or snapshot.

    `argument` is the revision of base, or the file of plan and snapshot.
    """

    source: str = "live"
    argument: str = ""

    @classmethod
    def parse(cls, text: str) -> "Against":
        """Parse `--against`. Raises UsageError."""
        source, _, argument = text.partition(" ")
        if source in {"none", "live"} and not argument:
            return cls(source=source)
        if source in {"base", "plan", "snapshot"} and argument:
            return cls(source=source, argument=argument)
        hint = "use none, live, base REV, plan FILE or snapshot FILE"
        raise UsageError(f"--against {text!r} is not a source of earlier rules", hint=hint)


def read_recording(paths: Iterable[Path]) -> tuple[LiveEvent, ...]:
    """Return the events of recordings, one after another; raises ManifestError with every problem at its line."""
    events: list[LiveEvent] = []
    diagnostics: list[Diagnostic] = []
    for path in paths:
        text, problems = _recording_text(path)
        if not problems:
            found, problems = read_events(text)
            place, batches = len(events), events[-1].batch + 1 if events else 0
            events += [replace(one, index=place + one.index, batch=batches + one.batch) for one in found]
        diagnostics += [_problem(path, one) for one in problems]
    if diagnostics:
        first = diagnostics[0].position
        where = f"{first.file}:{first.line}: " if first else ""
        message = f"{where}{count(len(diagnostics), 'problem')} of a recording"
        raise ManifestError(message, diagnostics, code="E_EVENTS", hint="write one event a line, or a report body")
    return tuple(events)


def _problem(path: Path, problem: RecordingProblem) -> Diagnostic:
    position = Position(str(path), problem.line)
    return Diagnostic(severity=Severity.ERROR, code="E_EVENTS", message=problem.message, position=position)


def _recording_text(path: Path) -> tuple[str, tuple[RecordingProblem, ...]]:
    data = read_file(path, LARGEST_RECORDING)
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return "", (RecordingProblem(line, "not UTF-8: save it as UTF-8"),)


def replay_subjects(manifest: DesiredState, named: Sequence[str]) -> tuple[DeclaredResource, ...]:
    """Return the resources whose rules are replayed: those named, else the only room, else the only library."""
    holders = [one for one in manifest.resources if RULES in all_kinds()[one.kind].fields]
    if named:
        known = {one.address: one for one in holders}
        unknown = [address for address in named if address not in known]
        if unknown:
            raise UsageError(f"no manifest declares {unknown[0]}", hint=f"use one of {', '.join(known)}")
        return tuple(known[address] for address in dict.fromkeys(named))
    rooms = [one for one in holders if all_kinds()[one.kind].depends_on]
    for choice in (rooms, [one for one in holders if one not in rooms]):
        if len(choice) == 1:
            return tuple(choice)
        if choice:
            break
    hint = f"choose with --subject: {', '.join(one.address for one in holders) or 'nothing holds rules'}"
    raise UsageError("which rules are replayed is not clear", code="E_SUBJECT_NEEDED", hint=hint)


def replay_rules(
    project: Project,
    environment: str,
    ask: PlanRequest,
    subjects: Sequence[DeclaredResource],
    *,
    events: Sequence[LiveEvent],
    against: Against,
    plan: Plan | None = None,
) -> ReplayResult:
    """Replay a recording through the earlier and the declared rules of each subject. Raises ReconcilerError."""
    before = None
    if against.source != "none":
        before = _before(project, environment, ask, subjects, against=against, plan=plan)
    return replay_subjects_of(project, subjects, before, events)


def replay_subjects_of(
    project: Project,
    subjects: Sequence[DeclaredResource],
    before: Mapping[str, tuple[EvaluatedRule, ...]] | None,
    events: Sequence[LiveEvent],
) -> ReplayResult:
    """Replay a recording through each subject's rules, those of `before` by address; None means no comparison."""
    semantics = Semantics.assume(project.file.semantics)
    rows = tuple(
        row
        for subject in subjects
        for row in replay_events(
            None if before is None else before.get(subject.address, ()),
            rules_of(subject),
            events,
            semantics,
            subject=subject.address,
        )
    )
    return ReplayResult(events=rows, warnings=tuple(_warnings(events, semantics)))


def _warnings(events: Sequence[LiveEvent], semantics: Semantics) -> Iterable[str]:
    undecoded = sum(event.undecoded for event in events)
    if undecoded:
        yield f"{count(undecoded, 'event')} without content that is a JSON object: none of their fields resolves"
    if long := sum(event.longest_text > MOST_CHARACTERS for event in events):
        yield f"{count(long, 'event')} with a text over {MOST_CHARACTERS:,} characters, which the service refuses"
    descending = any(two.timestamp < one.timestamp for one, two in pairwise(events))
    if descending and semantics["event_order"] == "array":
        yield "timestamps are not ascending: events are taken in the order of the file (event_order: array)"


def _before(
    project: Project,
    environment: str,
    ask: PlanRequest,
    subjects: Sequence[DeclaredResource],
    *,
    against: Against,
    plan: Plan | None,
) -> dict[str, tuple[EvaluatedRule, ...]]:
    if against.source == "base":
        manifest = base_manifest(project, environment, ask)
        return {one.address: rules_of(one) for one in manifest.resources}
    if against.source == "plan" and plan is not None:
        return rules_before(plan, subjects)
    if against.source in {"live", "snapshot"}:
        return _live_rules(project, environment, ask, subjects)
    return {}


def rules_before(plan: Plan, subjects: Sequence[DeclaredResource]) -> dict[str, tuple[EvaluatedRule, ...]]:
    """Return the live rules according to a plan, by address; the declared ones where it changes nothing."""
    changed = {change.address: _rules(change.before) for change in plan.changes}
    return {one.address: changed.get(one.address, rules_of(one)) for one in subjects}


def _live_rules(
    project: Project, environment: str, ask: PlanRequest, subjects: Sequence[DeclaredResource]
) -> dict[str, tuple[EvaluatedRule, ...]]:
    found: dict[str, tuple[EvaluatedRule, ...]] = {}
    scope = scope_of(project.environments[environment])
    with open_environment(project, environment, ask.access) as opened:
        for name in dict.fromkeys(one.kind for one in subjects):
            fields = {one.name: frozenset({RULES}) for one in subjects if one.kind == name}
            wanted = ReadRequest(fields=fields, name_prefix=scope.name_prefix, scope_fields=scope.fields)
            reading = opened.reader.read(all_kinds()[name], wanted)
            if not reading.complete:
                raise ReconcilerError(f"{name}: {reading.incomplete}", code=reading.code or "E_READ_INCOMPLETE")
            for live in reading.resources:
                if live.name in fields and not live.foreign:
                    found[live.address] = _rules(live.spec)
    return found


def _rules(spec: Json) -> tuple[EvaluatedRule, ...]:
    rules = spec.get(RULES) if isinstance(spec, Mapping) else None
    return prepare_rules(rules if isinstance(rules, list) else ())
