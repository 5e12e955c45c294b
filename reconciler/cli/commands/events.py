"""`events`: recordings of viewers' events for `replay`."""

from typing import Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import session
from reconciler.cli.files import write_file
from reconciler.cli.output import problems, write_out
from reconciler.cli.request_builder import project, select_environment
from reconciler.exit_codes import ExitCode

events = typer.Typer(help="Make recordings of viewers' events.")


@events.callback()
def _group() -> None:
    """Keep `generate` a command of its own."""


@events.command()
def generate(
    context: typer.Context,
    *,
    environment: flags.Env = "",
    subject: Annotated[
        list[str] | None, typer.Option("--subject", metavar="ADDRESS", help="Whose rules; repeatable.")
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, max=1_000_000, metavar="N", help="How many events.")] = 1_000,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="The same seed makes the same recording.")] = 0,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where; stdout by default.")] = "",
    set_: flags.Sets = None,
) -> int:
    """Make a plausible recording from rules: events that match, that nearly match, and that nothing answers."""
    from reconciler.interaction_rules.generated_events import generated_recording
    from reconciler.project.declared_state import load_declared
    from reconciler.project.rule_replay import replay_subjects
    from reconciler.project.rule_tests import rules_of

    run = session(context)
    whole = project(run)
    manifest = load_declared(whole, select_environment(whole, environment), tuple(set_ or ()))
    if not manifest.valid:
        problems(run, manifest.diagnostics)
        return ExitCode.ERROR
    rules = [rule for one in replay_subjects(manifest, subject or ()) for rule in rules_of(one)]
    text = run.redactor.text(generated_recording(rules, count, seed))
    if not output:
        write_out(text, human=False, parsed=True)
        return ExitCode.FINE
    write_file(run.root, output, text)
    run.note(f"Wrote {count:,} events to {run.path(output)}.")
    return ExitCode.FINE
