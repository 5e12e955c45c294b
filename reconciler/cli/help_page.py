"""Help pages: the description, arguments, options in groups, commands with their whole summary, and examples.

Lines are wrapped and never cut. The groups go by the names of options, so that a new command is grouped without more.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from inspect import cleandoc
from textwrap import wrap
from typing import Any

from reconciler.cli.examples import EXAMPLES
from reconciler.late_patterns import late_pattern

GROUPS: Mapping[str, str] = {
    "Selection": """
        --environment --all-environments --label --target --exclude --file --with-dependencies --subject --run --only
        --also --at --limit --managed --unmanaged --owner -k
    """,
    "Filters": "--filter",
    "Values": """
        --set --live --base --depth --refresh --today --untrusted --no-cache --events --against --fleet --declared
        --seed --behaves-like --from-env
    """,
    "Output": """
        --format --report --out --output --detailed-exitcode --fail-on --fail-under --coverage --metrics --columns
        --sort-by --count --watch --show-defaults --show-text --anonymise --log --dry-run --check
    """,
    "Guards": """
        --auto-approve --adopt --expect --skip-stale --allow-deletes --allow-live --allow-empty --allow-collapsed
        --interactive --force --yes-write-to --keep
    """,
    "Connection": """
        --parallelism --writer --writer-timeout --lock-timeout --ledger --dask --resume --port --probe-writes
        --probe-rooms
    """,
}
"""Options of each group, in the order of the page; the others stand under Options.

An option that is made while the program runs names its group itself, by `help_group`.
"""

_WIDEST = 30
"""Columns of the names; a longer one stands on a line of its own."""

_OTHERS = "Options"
_BRACKETS = late_pattern(r"\{(.+)\}(?:\.{3})?|\[(\[.+\](?:\.{3})?)\](?:\.{3})?|(\[.+\.{3}\])\.{3}")
_TYPE = late_pattern(r" <[^>]*>(?=$| )")


def write_page(command: Any, context: Any, formatter: Any) -> None:
    """Write the whole page of a command or a group."""
    pieces = (_usage_piece(piece) for piece in command.collect_usage_pieces(context))
    formatter.write_usage(context.command_path, " ".join(pieces))
    _paragraphs(command, formatter)
    arguments, groups = _records(command, context)
    commands = command.summaries() if hasattr(command, "summaries") else []
    sections = {"Arguments": arguments, **groups, "Commands": commands}
    column = min(_WIDEST, max(len(first) for rows in sections.values() for first, _ in rows))
    for title, rows in sections.items():
        if rows:
            with formatter.section(title):
                _definitions(rows, column, formatter)
    _examples(context, formatter)
    if context.parent is not None:
        formatter.write_paragraph()
        formatter.write_text("Options of every command, such as -C, -q, -v and --no-color: reconciler --help")


def _usage_piece(piece: str) -> str:
    """Return an argument without the brackets that are added to those of its own: `[[PLAN]]`, `{ADDRESS}`."""
    found = _BRACKETS.fullmatch(piece)
    return next(filter(None, found.groups())) if found else piece


def _definitions(rows: list[tuple[str, str]], column: int, formatter: Any) -> None:
    """Write words with their texts in a second column; no name is broken at a hyphen."""
    start = formatter.current_indent + column + 2
    for first, second in rows:
        lines = wrap(second, formatter.width - start, break_on_hyphens=False, break_long_words=False) or [""]
        if len(first) > column:
            formatter.write(f"{'':>{formatter.current_indent}}{first}\n")
        else:
            head = f"{'':>{formatter.current_indent}}{first:<{column}}  {lines.pop(0)}"
            formatter.write(f"{head.rstrip()}\n")
        formatter.write("".join(f"{'':>{start}}{line}\n" for line in lines))


def summary(command: Any) -> str:
    """Return the first paragraph of a command's description, on one line."""
    return " ".join(_description(command)[:1])


def _description(command: Any) -> list[str]:
    """Return the paragraphs of the description, each on one line."""
    text = cleandoc(command.help or "").partition("\f")[0]
    return [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def _paragraphs(command: Any, formatter: Any) -> None:
    for paragraph in _description(command):
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(paragraph)


def _records(command: Any, context: Any) -> tuple[list[tuple[str, str]], dict[str, list[tuple[str, str]]]]:
    """Return the arguments, and the options by the titles of their groups, with their help texts."""
    arguments: list[tuple[str, str]] = []
    groups: dict[str, list[tuple[str, str]]] = {title: [] for title in (*GROUPS, _OTHERS)}
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None:
            continue
        if parameter.param_type_name == "argument":
            arguments.append((_TYPE.sub("", record[0]), record[1]))
        else:
            groups[getattr(parameter, "help_group", "") or _group(parameter.opts)].append(record)
    return arguments, groups


def _group(options: Iterable[str]) -> str:
    return next((title for title, names in GROUPS.items() if set(names.split()).intersection(options)), _OTHERS)


def _examples(context: Any, formatter: Any) -> None:
    lines = list(_example_lines(context))
    if lines:
        with formatter.section("Examples"):
            for line in lines:
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n" if line else "\n")


def _example_lines(context: Any) -> Iterator[str]:
    """Return the examples of a command: what each is for as a comment, then the command line."""
    path = context.command_path.partition(" ")[2]
    for number, (purpose, line) in enumerate(EXAMPLES.get(path, {}).items()):
        if number:
            yield ""
        yield f"# {purpose}"
        yield line
