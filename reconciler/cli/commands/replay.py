"""`replay`: a recording of viewers' events through the earlier and the declared rules."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli import options
from reconciler.cli.exits import Exit
from reconciler.cli.files import write_file
from reconciler.cli.output import problems, tell, tell_files, told, write_out
from reconciler.cli.planning import asked, chosen, project
from reconciler.cli.session import session
from reconciler.errors import UsageError
from reconciler.model.report import Report

if TYPE_CHECKING:
    from reconciler.interaction_rules.event import LiveEvent
    from reconciler.interaction_rules.replay import EventComparison, ReplayResult
    from reconciler.model.plan import Plan

MOST_PAIRS = 40
EXAMPLES = 3
NOT_SIMULATED = (
    "Not simulated: the speech queue, content review, what a model or a callback receiver answers, random choice. "
    "This evaluator does not claim to be the service: docs/api/rules.md."
)


def replay(
    context: typer.Context,
    *,
    files: Annotated[list[str], typer.Argument(metavar="EVENTS...", help="Recordings: JSONL, or report bodies.")],
    environment: options.Env = "",
    against: Annotated[
        str,
        typer.Option(
            "--against", metavar="SOURCE", help="Earlier rules: none, live, base REV, plan FILE or snapshot FILE."
        ),
    ] = "live",
    subject: Annotated[
        list[str] | None, typer.Option("--subject", metavar="ADDRESS", help="Whose rules; repeatable.")
    ] = None,
    fail_on: Annotated[str, typer.Option("--fail-on", metavar="changed", help="Exit 2 where an event changes.")] = "",
    show_text: Annotated[bool, typer.Option("--show-text", help="Show comments in examples.")] = False,
    format_: options.Format = "text",
    report: options.Reports = None,
    set_: options.Sets = None,
    today: options.Today = "",
    parallelism: options.Parallelism = 8,
) -> int:
    """Show what viewers' events lead to before and after the manifests are applied."""
    from reconciler.environment.planning import declared
    from reconciler.environment.rule_replay import Against, read_recording, replay_rules, replay_subjects
    from reconciler.interaction_rules.replay import replay_json

    run = session(context)
    if fail_on not in {"", "changed"}:
        raise UsageError(f"--fail-on {fail_on!r} is not known here", hint="use --fail-on changed")
    source = Against.parse(against)
    how = told("text" if format_ == "json" else format_, [one for one in report or () if not one.startswith("json=")])
    events = read_recording(run.path(file) for file in files)
    whole = project(run)
    name = chosen(whole, environment)
    manifest = declared(whole, name, tuple(set_ or ()))
    if not manifest.valid:
        problems(run, manifest.diagnostics)
        return Exit.ERROR
    ask = asked(
        run,
        sets=set_,
        base=source.argument if source.source == "base" else "",
        live=source.argument if source.source == "snapshot" else "",
        today=today,
        parallelism=parallelism,
    )
    plan = _plan(run.path(source.argument), run.variables) if source.source == "plan" else None
    subjects = replay_subjects(manifest, subject or ())
    result = replay_rules(whole, name, ask, subjects, events=events, against=source, plan=plan)
    for warning in result.warnings:
        run.say(f"Warning: {warning}")
    shape = json.dumps(replay_json(result, subjects=len(subjects) > 1), ensure_ascii=False, indent=1)
    for item in report or ():
        if item.startswith("json="):
            write_file(run.root, item.removeprefix("json="), run.redactor.text(shape))
    tables = list(replay_tables(result, events, show_text=show_text))
    if format_ == "json":
        write_out(run.redactor.text(shape), human=False, parsed=True)
        tell_files(run, Report(command="replay", extra={"tables": tables}), how)
    else:
        tell(run, Report(command="replay", extra={"tables": tables}), how)
    changed = any(event.change not in {"", "same"} for event in result.events)
    return Exit.CHANGES if fail_on and changed else Exit.FINE


def _plan(path: Path, variables: Mapping[str, str]) -> "Plan":
    from reconciler.environment.variables import digest_key
    from reconciler.manifest.files.project_tree import SAVED, read_file
    from reconciler.pipeline import saved

    plans = saved.read_plans(read_file(path, SAVED), key=digest_key(variables))
    if len(plans) != 1:
        raise UsageError("--against plan takes a plan of one environment", hint="keep one with plan --out FILE")
    return plans[0]


def replay_tables(result: "ReplayResult", events: Sequence["LiveEvent"], *, show_text: bool) -> list[dict[str, Any]]:
    """Return a replay as tables: the summary, what differs by rule, and the settings that results turn on."""
    rows = result.events
    if not any(event.change for event in rows):
        return [_alone(rows), _settings(result)]
    counts = result.counts()
    words = {"same": "same", "changed": "another reply", "silent": "silent now", "answered": "answered now"}
    said = ", ".join(f"{count:,} {words[name]}" for name, count in counts.items())
    depends = result.depends_on()
    turns = "; " + ", ".join(f"{n:,} depend on {name}" for name, n in depends.items()) if depends else ""
    note = f"{len(rows):,} events: {said}{turns}."
    summary = [
        [words[name], f"{count:,}", f"{sum(bool(e.direct) for e in rows if e.change == name):,}"]
        for name, count in counts.items()
    ]
    head = {"title": "Replay", "columns": ["Result", "Events", "Direct"], "rows": summary, "note": note}
    return [head, _by_rule(rows, events, show_text=show_text), _settings(result)]


def _alone(rows: Sequence["EventComparison"]) -> dict[str, Any]:
    fired = Counter(event.from_to[1] for event in rows)
    table = [[name, f"{count:,}"] for name, count in fired.most_common(MOST_PAIRS)]
    return {"title": "Replay", "columns": ["Rules", "Events"], "rows": table, "note": f"{len(rows):,} events."}


def _by_rule(rows: Sequence["EventComparison"], events: Sequence["LiveEvent"], *, show_text: bool) -> dict[str, Any]:
    groups: defaultdict[tuple[str, str], list[EventComparison]] = defaultdict(list)
    for event in rows:
        if event.change not in {"", "same"}:
            groups[event.from_to].append(event)
    table = []
    for (before, after), found in sorted(groups.items(), key=lambda item: -len(item[1]))[:MOST_PAIRS]:
        direct = sum(bool(event.direct) for event in found)
        first = sorted(found, key=lambda event: not event.direct)[:EXAMPLES]
        shown = ", ".join(_example(event, events, show_text=show_text) for event in first)
        table.append([before, after, f"{direct:,}", f"{len(found) - direct:,}", shown])
    more = len(groups) - len(table)
    note = f"and {more:,} more pairs. " if more > 0 else ""
    columns = ["Before", "After", "Direct", "Knock-on", "Examples"]
    return {"title": "What differs", "columns": columns, "rows": table, "note": note if table else "Nothing differs."}


def _example(event: "EventComparison", events: Sequence["LiveEvent"], *, show_text: bool) -> str:
    text = events[event.index].content.get("content") if show_text else None
    return f"event {event.index}" + (f" {text!r}" if isinstance(text, str) else "")


def _settings(result: "ReplayResult") -> dict[str, Any]:
    table = [[name, f"{count:,}"] for name, count in result.depends_on().items()]
    columns = ["Setting", "Events that turn on it"]
    return {"title": "What is not documented", "columns": columns, "rows": table, "note": NOT_SIMULATED}


def join_against(arguments: Sequence[str]) -> list[str]:
    """Join `--against base REV` (and plan FILE, snapshot FILE) into one argument, as the command takes it."""
    joined: list[str] = []
    items = iter(arguments)
    for item in items:
        joined.append(item)
        if item == "--against" and (source := next(items, None)) is not None:
            two = source in {"base", "plan", "snapshot"}
            joined.append(f"{source} {next(items, '')}".strip() if two else source)
        elif item in {"--against=base", "--against=plan", "--against=snapshot"}:
            joined[-1] = f"{item} {next(items, '')}".strip()
    return joined
