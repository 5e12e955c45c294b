"""`doctor`: measures what the service does where its documentation leaves it open."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reconciler import __version__
from reconciler.cli import flags
from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.files import refuse_unwritable, write_file
from reconciler.cli.output import one_line, write_out
from reconciler.cli.request_builder import build_plan_request, project, select_environment
from reconciler.errors import BlockedError, UsageError
from reconciler.exit_codes import ExitCode
from reconciler.model.change import GuardViolation
from reconciler.model.json_types import as_object
from reconciler.reports.escaping import one_document
from reconciler.strings import count, pad

if TYPE_CHECKING:
    from reconciler.api.connection import Connection
    from reconciler.api_probe.observations import ProbeAnswer
    from reconciler.project.service_probe import ServiceMeasurement

_UNCONFIRMED = "E_PROBE_UNCONFIRMED"


def doctor(
    context: typer.Context,
    *,
    environment: flags.Env = "",
    probe_writes: Annotated[
        bool, typer.Option("--probe-writes", help="Create, write and delete a rule group of its own as well.")
    ] = False,
    probe_rooms: Annotated[
        bool, typer.Option("--probe-rooms", help="With --probe-writes: a live room of its own as well.")
    ] = False,
    yes_write_to: Annotated[
        str, typer.Option("--yes-write-to", metavar="PROJECT_ID", help="Do not ask: writes to this project are meant.")
    ] = "",
    output: Annotated[
        str, typer.Option("--output", metavar="FILE", help="Write the answers for `simulate --behaves-like`.")
    ] = "",
    format_: Annotated[Literal["text", "json"], typer.Option("--format", help="How the answers are written.")] = "text",
) -> int:
    """Measure what the service does; nothing of yours is written, and without --probe-writes nothing at all."""
    from reconciler.project.environment_session import open_environment
    from reconciler.project.service_probe import measure_service, probed_kinds

    run = session(context)
    if probe_rooms and not probe_writes:
        raise UsageError("--probe-rooms creates a live room and needs --probe-writes")
    if output:
        refuse_unwritable(run.root, "--output", output)
    whole = project(run)
    access = build_plan_request(run, parallelism=1).access
    with open_environment(whole, select_environment(whole, environment), access) as opened:
        link = opened.connection
        if link is None:
            raise UsageError("a snapshot has no service to measure")
        kinds = probed_kinds(rooms=probe_rooms) if probe_writes else ()
        _announce(run, link, [kind.title.lower() for kind in kinds])
        if kinds:
            _confirm(run, link, yes_write_to)
        measured = measure_service(opened, link, kinds)
    _note_problems(run, measured)
    if output:
        write_file(run.root, output, _seed_text(measured.answers, link, json_text=output.endswith(".json")))
    _write(run, measured, format_)
    return ExitCode.FINE


def _announce(run: CommandContext, link: "Connection", kinds: list[str]) -> None:
    from reconciler.api_probe.probe_objects import PREFIX
    from reconciler.api_probe.read_probes import READ_LIMIT

    run.note(f"Reads of {link.origin}, project {link.project_id}: at most {READ_LIMIT} requests, nothing is written.")
    for kind in kinds:
        run.note(
            f"Then one {kind} named {PREFIX}<random>, and a second one of that name (or of another such name where the "
            "service refuses that): created, written, deleted. Each write is recorded in the ledger before it is sent."
        )


def _confirm(run: CommandContext, link: "Connection", yes_write_to: str) -> None:
    """Ask whether writes to this project are meant. Raises BlockedError (exit 5) unless that is confirmed."""
    allow = f"--yes-write-to {link.project_id}"
    if yes_write_to:
        if yes_write_to != link.project_id:
            raise _unconfirmed(f"--yes-write-to names another project than this environment's {link.project_id}", allow)
        return
    if run.variables.get("CI"):
        raise _unconfirmed("on CI --probe-writes needs the project it writes to", allow)
    if not sys.stdin.isatty():
        raise _unconfirmed("--probe-writes needs a confirmation, and stdin is not a terminal", allow)
    run.log.ask(f"Write to project {link.project_id} at {link.origin}? Only `yes` confirms: ")
    if sys.stdin.readline().strip() != "yes":
        raise _unconfirmed("--probe-writes was not confirmed", allow)


def _unconfirmed(message: str, allow: str) -> BlockedError:
    block = GuardViolation(code=_UNCONFIRMED, message=message, allow=allow)
    return BlockedError("nothing was sent to the service", (block,), code=_UNCONFIRMED)


def _note_problems(run: CommandContext, measured: "ServiceMeasurement") -> None:
    for name in measured.leftovers.removed:
        run.note(f"Removed what an interrupted run left: {name}.")
    for name in measured.leftovers.open:
        run.note(f"Nothing is left of {name} so far; the next `doctor` looks again.")
    for error in measured.problems:
        run.say(one_line(f"{error.code}: {error.message}"))


def _seed_text(answers: "Iterable[ProbeAnswer]", link: "Connection", *, json_text: bool) -> str:
    """Return the observed answers as a seed: JSON, or YAML with its origin in a comment."""
    from reconciler.api_probe.observations import seed_of

    seed = seed_of(answers)
    if json_text:
        return json.dumps(seed, indent=2) + "\n"
    today = datetime.now(UTC).date().isoformat()
    head = f"# Observed by reconciler doctor {__version__} on {today}: {link.origin}, project {link.project_id}\n"
    lines = [f'  {name}: "{answer}"\n' for name, answer in as_object(seed["behaviours"]).items()]
    return head + "behaviours:" + ("\n" + "".join(lines) if lines else " {}\n")


def _write(run: CommandContext, measured: "ServiceMeasurement", format_: str) -> None:
    from reconciler.api_probe.observations import answers_json

    if format_ == "json":
        for fact in measured.facts:
            run.note(one_line(fact))
        document = answers_json(measured.answers, measured.requests)
        write_out(one_document(run.redactor.value(document), indent=2), human=False, parsed=True)
        return
    write_out("\n".join(run.redactor.text(line) for line in _lines(measured)))


def _lines(measured: "ServiceMeasurement") -> Iterator[str]:
    widths = [max(len(text) for text in texts) + 2 for texts in zip(*_columns(measured.answers), strict=True)]
    for columns in _columns(measured.answers):
        yield "".join(pad(text, width) for text, width in zip(columns, widths, strict=True)).rstrip()
    yield ""
    yield from measured.facts
    observed = sum(one.observed for one in measured.answers)
    yield ""
    yield f"{observed} of {count(len(measured.answers), 'behaviour')} observed, {count(measured.requests, 'request')}."


def _columns(answers: "Iterable[ProbeAnswer]") -> Iterator[tuple[str, str, str]]:
    yield "Behaviour", "Answer", "Evidence"
    for one in answers:
        evidence = ", ".join(f"{name} {number}" for name, number in one.evidence.items())
        yield one.behaviour, one.answer if one.observed else "not observed", evidence
