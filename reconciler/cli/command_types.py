"""Classes of the commands and groups: they take words of other tools, and print the help pages."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Literal, get_args, get_origin

from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from reconciler.cli.argument_translation import Options, translate
from reconciler.cli.commands import COMMANDS
from reconciler.cli.help_page import summary, write_page
from reconciler.errors import UsageError
from reconciler.strings import closest


class ReconcilerCommand(TyperCommand):
    """A command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, that of the help page among them."""
        return _with_plain_values(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments after the command's name."""
        return super().parse_args(ctx, _translated(self, ctx, args, stops=False))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        write_page(self, ctx, formatter)


class ReconcilerGroup(TyperGroup):
    """A command with commands below it."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, that of the help page among them."""
        return _with_plain_values(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments up to the name of a command."""
        given = list(args)
        try:
            return super().parse_args(ctx, _translated(self, ctx, args, stops=True))
        except (UsageError, TyperException) as error:
            raise self._early(ctx, given) or error from None

    def _early(self, ctx: Any, given: list[str]) -> UsageError | None:
        from reconciler.cli.misplaced_words import early_option

        commands = {name: partial(self._options_of, ctx, name) for name in self.list_commands(ctx)}
        return early_option(given, _options(self, ctx), commands, ctx.command_path)

    def _options_of(self, ctx: Any, name: str) -> Options:
        command = self.get_command(ctx, name)
        return _options(command, ctx) if command is not None else {}

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        write_page(self, ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the named command. Raises UsageError with what does that here, or a similar name."""
        name = args[0]
        if name not in self.commands and not name.startswith("-") and not ctx.resilient_parsing:
            raise _unknown_command(self, ctx, args)
        return super().resolve_command(ctx, args)

    def summaries(self) -> list[tuple[str, str]]:
        """Return the listed commands, each with the first paragraph of its description."""
        return [(name, summary(command)) for name, command in self.commands.items() if not command.hidden]


class CommandLine(ReconcilerGroup):
    """The program: what its help lists stands in the table of commands, so that none is loaded for it."""

    def summaries(self) -> list[tuple[str, str]]:
        """Return the commands of the table."""
        return [(name, COMMANDS[name].summary) for name in self.commands]


class LazyCommands(Mapping[str, Any]):
    """The commands of the table in the help's order, groups last; each is built when it is first taken."""

    def __init__(self, build: Callable[[str], Any]) -> None:
        self._build = build
        self._built: dict[str, Any] = {}
        self._names = dict.fromkeys(sorted(COMMANDS, key=lambda name: COMMANDS[name].is_group))

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            if name not in self._names:
                raise KeyError(name)
            self._built[name] = self._build(name)
        return self._built[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _translated(command: Any, ctx: Any, args: list[str], *, stops: bool) -> list[str]:
    """Return the arguments in the command's own spelling; what is being completed is left alone where it is refused."""
    try:
        return translate(args, _options(command, ctx), str(ctx.info_name), stops=stops)
    except UsageError:
        if ctx.resilient_parsing:
            return args
        raise


def _options(command: Any, ctx: Any) -> Options:
    found: dict[str, int] = {}
    for parameter in command.get_params(ctx):
        values = 0 if getattr(parameter, "is_flag", False) or getattr(parameter, "count", False) else parameter.nargs
        found |= {name: values for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("-")}
    return found


def _unknown_command(group: Any, ctx: Any, args: list[str]) -> UsageError:
    from reconciler.cli.foreign_words import foreign_words

    words = [ctx.info_name, *args] if ctx.parent is not None else args
    met = foreign_words().command(words)
    message = f"No such command {args[0]!r}."
    if met is not None:
        phrase, entry = met
        return UsageError(message, hint=f"{entry.tool}'s {phrase}: {entry.answer}" if entry.tool else entry.answer)
    close = closest(args[0], [name for name, _ in group.summaries()])
    if close:
        message = f"{message} Did you mean {close[0]!r}?"
    return UsageError(message, hint=f"Try '{ctx.command_path} --help'.")


class PlainValues:
    """Converter of one parameter whose plain values need no conversion: the parser's own imports pydantic for each.

    A text stays a text, a default is already what its annotation says. Everything else goes to the parser's converter,
    whose messages stay. The parser asks for a converter by a call.
    """

    def __init__(self, parameter: Any) -> None:
        self._parameter = parameter
        self._convert = parameter.get_runtime_param

    def __call__(self) -> "PlainValues":
        """Return the converter."""
        return self

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value as the parameter's annotation says; the parser calls this with these names."""
        kind = self._parameter.type_descriptor
        many = param.multiple or param.nargs == -1
        if value is None:
            return () if many else None
        if kind.parameter_info.parser is None:
            if many and isinstance(value, (list, tuple)) and get_origin(kind.annotation) is list:
                (inner,) = get_args(kind.annotation)
                if all(_is_plain(item, inner, param) for item in value):
                    return list(value)
            elif not many and _is_plain(value, kind.annotation, param):
                return value
        return self._convert().coerce(value, param=param, ctx=ctx)


def _with_plain_values(parameters: list[Any]) -> list[Any]:
    """Return the parameters of a command, whose plain values are no longer converted."""
    for parameter in parameters:
        found = getattr(parameter, "get_runtime_param", None)
        if found is not None and not isinstance(found, PlainValues):
            parameter.get_runtime_param = PlainValues(parameter)
    return parameters


def _is_plain(value: Any, annotation: Any, parameter: Any) -> bool:
    """Tell whether a value already has the type that an annotation names, and the parameter's limits allow it."""
    if get_origin(annotation) is Literal:
        return isinstance(value, str) and value in get_args(annotation)
    if annotation in (int, float):
        least, most = getattr(parameter, "min", None), getattr(parameter, "max", None)
        within = (least is None or value >= least) and (most is None or value <= most) if _is_number(value) else False
        return type(value) is annotation and within
    return annotation is str and type(value) is str


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))
