"""`help`: the page of a command, or the words of another tool with what does that here."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli import completion
from reconciler.cli.output import write_out
from reconciler.errors import UsageError
from reconciler.exit_codes import ExitCode
from reconciler.strings import did_you_mean

if TYPE_CHECKING:
    from reconciler.cli.foreign_words import ForeignWords


def show_help(
    context: typer.Context,
    *,
    topic: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TOPIC]...",
            autocompletion=completion.topics,
            help="A command, or terraform, kubectl, kongctl, octodns, sdk.",
        ),
    ] = None,
) -> int:
    """Print the page of a command, or what the words of another tool are here."""
    root = context.find_root()
    words = tuple(topic or ())
    page = _command_page(root, words)
    if page is None:
        from reconciler.cli.foreign_words import foreign_words

        page = _tool_page(foreign_words(), words[0]) if len(words) == 1 else ""
    if not page:
        raise _unknown(root, words)
    write_out(page)
    return ExitCode.FINE


def _command_page(root: Any, words: tuple[str, ...]) -> str | None:
    """Return the help of a command, given by its words; None where there is none."""
    context = root
    for word in words:
        command = getattr(context.command, "commands", {}).get(word)
        if command is None:
            return None
        context = command.context_class(command, info_name=word, parent=context, **command.context_settings)
    return str(context.get_help())


def _tool_page(table: "ForeignWords", name: str) -> str:
    """Return the table's part about one tool, or an empty text for an unknown one."""
    import textwrap

    tool = next((one for one in table.tools if one.casefold() == name.casefold()), "")
    if not tool:
        return ""
    indent = " " * 4
    parts = [textwrap.fill(table.tools[tool], 78, break_on_hyphens=False), ""]
    for words, answer in table.rows(tool):
        parts.append(textwrap.fill(words, 78, break_on_hyphens=False))
        parts.append(textwrap.fill(answer, 78, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False))
    return "\n".join(parts)


def _unknown(root: Any, words: tuple[str, ...]) -> UsageError:
    from reconciler.cli.foreign_words import foreign_words

    met = foreign_words().command(words)
    known = [name for name, _ in root.command.summaries()]
    hint = met[1].answer if met else did_you_mean(words[0], known, "`reconciler help` lists the commands")
    return UsageError(f"there is no help for {' '.join(words)!r}", hint=hint)
