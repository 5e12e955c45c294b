"""`replay`: replays a recording of viewers' events through the earlier and the declared rules."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.files import write_file
from reconciler.cli.output import parse_output_flags, problems, tell_files, write_out, write_report
from reconciler.cli.request_builder import build_plan_request, project, select_environment
from reconciler.errors import UsageError
from reconciler.exit_codes import ExitCode
from reconciler.model.report import Report

if TYPE_CHECKING:
    from reconciler.model.plan import Plan


def replay(
    context: typer.Context,
    *,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="EVENTS...", help="Recordings: JSONL, or report bodies.")
    ] = None,
    environment: flags.Env = "",
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
    anonymise: Annotated[
        tuple[str, str] | None,
        typer.Option("--anonymise", metavar="IN OUT", help="Write a recording without names and ids instead."),
    ] = None,
    show_text: Annotated[bool, typer.Option("--show-text", help="Show comments in examples.")] = False,
    format_: flags.Format = "text",
    report: flags.Reports = None,
    set_: flags.Sets = None,
    today: flags.Today = "",
    parallelism: flags.Parallelism = 8,
) -> int:
    """Show what viewers' events lead to before and after the manifests are applied."""
    from reconciler.interaction_rules.replay import replay_json
    from reconciler.project.declared_state import load_declared
    from reconciler.project.replay_charts import replay_charts, with_figures
    from reconciler.project.replay_tables import replay_tables
    from reconciler.project.rule_replay import Against, read_recording, replay_rules, replay_subjects

    run = session(context)
    if anonymise:
        return _anonymise(run, *anonymise)
    if not files:
        raise UsageError("replay needs a recording", hint="name a file of events; `events generate` makes one")
    if fail_on not in {"", "changed"}:
        raise UsageError(f"--fail-on {fail_on!r} is not known here", hint="use --fail-on changed")
    source = Against.parse(against)
    how = parse_output_flags(
        "text" if format_ == "json" else format_, [one for one in report or () if not one.startswith("json=")]
    )
    events = read_recording(run.path(file) for file in files)
    whole = project(run)
    name = select_environment(whole, environment)
    manifest = load_declared(whole, name, tuple(set_ or ()))
    if not manifest.valid:
        problems(run, manifest.diagnostics)
        return ExitCode.ERROR
    ask = build_plan_request(
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
    told_ = Report(
        command="replay",
        tables=replay_tables(result, events, show_text=show_text),
        charts=replay_charts(result, events),
    )
    told_ = with_figures(told_, result)
    if format_ == "json":
        write_out(run.redactor.text(shape), human=False, parsed=True)
        tell_files(run, told_, how)
    else:
        write_report(run, told_, how)
    return ExitCode.CHANGES if fail_on and result.differs else ExitCode.FINE


def _anonymise(run: CommandContext, source: str, target: str) -> int:
    """Write an anonymised recording, under a key that is discarded when the run ends."""
    from reconciler.interaction_rules.anonymised import anonymised
    from reconciler.project.rule_replay import read_recording

    events = read_recording([run.path(source)])
    text, left_out = anonymised(events, secrets.token_bytes(32))
    write_file(run.root, target, run.redactor.text(text))
    said = ", ".join(f"{count:,} {name}" for name, count in left_out.items()) or "nothing"
    run.note(f"Wrote {len(events):,} events to {run.path(target)}. Left out: {said}.")
    run.note("Viewers' ids are digests, their names are gone. Texts are kept as viewers wrote them: read them.")
    return ExitCode.FINE


def _plan(path: Path, variables: Mapping[str, str]) -> "Plan":
    from reconciler.manifest.files.project_tree import SAVED, read_file
    from reconciler.planfile import saved_plan
    from reconciler.project.environment_variables import digest_key

    plans = saved_plan.read_plans(read_file(path, SAVED), key=digest_key(variables))
    if len(plans) != 1:
        raise UsageError("--against plan takes a plan of one environment", hint="keep one with plan --out FILE")
    return plans[0]
