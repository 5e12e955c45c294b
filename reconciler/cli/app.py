"""Registers the commands and runs one; global flags are accepted before and after the command."""

import copy
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal

import typer
from typer.main import get_command

from reconciler import __version__
from reconciler.cli import completion
from reconciler.cli.argument_translation import join_against
from reconciler.cli.command_context import ProcessContext
from reconciler.cli.command_types import CommandLine, LazyCommands, ReconcilerCommand, ReconcilerGroup
from reconciler.cli.commands import load_command
from reconciler.cli.error_output import failed_report, report_error
from reconciler.cli.filter_options import FilterOptionsCommand
from reconciler.cli.misplaced_words import stray_environment
from reconciler.cli.output import PARSED, SENT, write_out
from reconciler.cli.process import Interrupted
from reconciler.exit_codes import ExitCode
from reconciler.model.process_clock import ProcessClock
from reconciler.model.report import ReportOptions
from reconciler.project.environment_variables import check_variables, redactor


def _version(asked: bool) -> None:
    if asked:
        write_out(f"reconciler {__version__}")
        raise typer.Exit


def reconciler(
    context: typer.Context,
    *,
    chdir: Annotated[
        list[str] | None, typer.Option("-C", metavar="DIR", help="Run as if started in DIR, like git's.")
    ] = None,
    color: Annotated[
        bool | None, typer.Option("--color/--no-color", help="Colours; by default on a terminal without NO_COLOR.")
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Nothing on stderr but errors.")] = False,
    verbose: Annotated[
        int, typer.Option("-v", "--verbose", count=True, show_default=False, help="More on stderr; repeatable.")
    ] = 0,
    log_format: Annotated[
        Literal["text", "json"], typer.Option("--log-format", help="How stderr is written.")
    ] = "text",
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error, without values.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,  # noqa: ARG001 - its callback answers
) -> None:
    """Keep Huawei Cloud MetaStudio live rooms and interaction rule libraries as they are declared in Git."""
    values = (chdir, color, quiet, verbose, log_format, debug)
    _remember(context, dict(zip(_SHARED, values, strict=True)))
    if context.invoked_subcommand is None:
        write_out(context.get_help())


_SHARED = ("chdir", "color", "quiet", "verbose", "log_format", "debug")
"""Global flags, accepted before and after the command's name."""


def _remember(context: typer.Context, flags: Mapping[str, Any]) -> None:
    start: ProcessContext = context.obj
    for name, value in flags.items():
        if name == "chdir":
            start.flags[name] = [*start.flags.get(name, []), *(value or [])]
        elif value is not None and (value or name not in start.flags) and value != "text":
            start.flags[name] = value


def command_line() -> Any:
    """Return the command line; each of its commands is built when it is named."""
    app = typer.Typer(
        cls=CommandLine,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(reconciler)
    root: Any = get_command(app)
    root.commands = LazyCommands(lambda name: _shared(root, _command(name)))
    return root


def _command(name: str) -> Any:
    """Load and build one command."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    app.callback()(lambda: None)
    command = load_command(name)
    if isinstance(command, typer.Typer):
        app.add_typer(_classed(command), name=name, cls=ReconcilerGroup)
    else:
        app.command(name, cls=FilterOptionsCommand if name == "get" else ReconcilerCommand)(command)
    group: Any = get_command(app)
    return group.commands[name]


def _classed(group: typer.Typer) -> typer.Typer:
    """Give the commands of a group the class of all commands."""
    for info in group.registered_commands:
        info.cls = ReconcilerCommand
    return group


def _shared(root: Any, command: Any) -> Any:
    """Add the global flags to a command and those below it, so that `plan --no-color` equals `--no-color plan`."""
    flags = [parameter for parameter in root.params if parameter.name in _SHARED]
    for one in (command, *getattr(command, "commands", {}).values()):
        one.params.extend(_late(flag) for flag in flags)
    return command


def _late(flag: Any) -> Any:
    late = copy.copy(flag)
    late.expose_value = False
    late.hidden = True

    def store_value(context: typer.Context, _: object, value: Any) -> Any:
        _remember(context, {flag.name: value})
        return value

    late.callback = store_value
    return late


_SILENTLY_INTERRUPTED = 130
"""Exit code of typer after an interruption; no command returns it."""


def run(arguments: Sequence[str], variables: Mapping[str, str], clock: ProcessClock) -> int:
    """Run one command line; every failure ends with a message and an exit code."""
    if completion.is_completion(variables):
        return _completed(variables, clock)
    start = ProcessContext(variables=variables, redactor=redactor(variables), clock=clock)
    before = SENT.documents
    try:
        check_variables(variables)
        code = _commanded(arguments, start)
    except BaseException as error:
        if isinstance(error, SystemExit):
            raise
        if SENT.documents == before:
            _tell_failed(error, arguments, start)
        debug = bool(start.flags.get("debug")) or "--debug" in arguments
        hint = stray_environment(error, arguments, start.flags.get("chdir") or [])
        return report_error(error, start.log(), debug=debug, hint=hint)
    return int(code or ExitCode.FINE)


def _completed(variables: Mapping[str, str], clock: ProcessClock) -> int:
    """Answer a shell that asks for completions; whatever fails, nothing is written to its command line."""
    start = ProcessContext(variables=variables, redactor=redactor(variables), clock=clock)
    with suppress(Exception, SystemExit):
        application = command_line()
        completion.escape_in_bash()
        application([], prog_name="reconciler", standalone_mode=False, obj=start)
    return ExitCode.FINE


def _tell_failed(error: BaseException, arguments: Sequence[str], start: ProcessContext) -> None:
    """Write an error that ended a command as the requested document; a failure of that is reported on stderr."""
    told = failed_report(error, arguments)
    if told is not None:
        with suppress(Exception):
            from reconciler import plugins

            name, report = told
            text = plugins.reporter(name)(start.redactor.value(report), ReportOptions(tool_version=__version__))
            write_out(text, human=False, parsed=name in PARSED)


def _commanded(arguments: Sequence[str], start: ProcessContext) -> int | None:
    code: int | None = command_line()(join_against(arguments), prog_name="reconciler", standalone_mode=False, obj=start)
    if code == _SILENTLY_INTERRUPTED:
        raise Interrupted(signal.SIGINT)
    return code
