"""`compare`: differences between environments, and whether their manifests intend them."""

import json
from itertools import combinations
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import completion, flags
from reconciler.cli.command_context import session
from reconciler.cli.output import parse_output_flags, write_report
from reconciler.cli.request_builder import build_plan_request, project, select_environment
from reconciler.errors import ManifestError, UsageError
from reconciler.exit_codes import ExitCode
from reconciler.lookalikes import apart
from reconciler.model.change import NoValue, Value
from reconciler.model.report import Report, ReportTable

if TYPE_CHECKING:
    from reconciler.fleet.compare_environments import ComparedEnvironment, ComparisonRow, EnvironmentDifference
    from reconciler.project.config import Project
    from reconciler.project.plan_environment import PlanRequest

    Pairs = dict[tuple[str, str], tuple[EnvironmentDifference, ...]]


def compare(
    context: typer.Context,
    *,
    environments: Annotated[
        list[str],
        typer.Argument(
            metavar="ENV ENV...",
            autocompletion=completion.environments,
            help="Two or more; ENV=FILE takes a snapshot as its live side.",
        ),
    ],
    format_: flags.Format = "text",
    report: flags.Reports = None,
    declared: Annotated[bool, typer.Option("--declared", help="Compare the manifests; live is not read.")] = False,
    set_: flags.Sets = None,
    detailed: flags.Detailed = False,
    parallelism: flags.Parallelism = 8,
) -> int:
    """Tell what differs between environments."""
    from reconciler.fleet import compare_environments as comparing

    run = session(context)
    how = parse_output_flags(format_, report)
    if len(environments) < 2:
        raise UsageError(
            "comparing takes two environments or more",
            hint="write `reconciler compare staging production`; ENV=FILE takes a snapshot of one for a side",
        )
    _told_apart(environments)
    whole = project(run)
    sides = []
    for label, word in zip(_labels(environments), environments, strict=True):
        name, _, file = word.partition("=")
        ask = build_plan_request(run, sets=set_, live=file, parallelism=parallelism)
        sides.append(_side(whole, select_environment(whole, name), ask, label=label, live=not declared))
    pairs = {(one.name, other.name): comparing.compare(one, other) for one, other in combinations(sides, 2)}
    names = [side.name for side in sides]
    tables = [_counts(sides, pairs, declared), _differences(names, comparing.matrix(pairs), declared)]
    write_report(run, Report(command="compare", tables=tables), how)
    if any(side.incomplete for side in sides):
        return ExitCode.PARTIAL
    differs = any(_counted(found, declared) for found in pairs.values())
    return ExitCode.CHANGES if detailed and differs else ExitCode.FINE


def _told_apart(words: list[str]) -> None:
    """Refuse the same side twice; an environment and a snapshot of it are two sides."""
    twice = next((word for word in words if words.count(word) > 1), None)
    if twice is not None:
        raise UsageError(f"{twice!r} is given twice", hint="ENV=FILE takes a snapshot of it for the other side")


def _labels(words: list[str]) -> list[str]:
    """Label each side by its environment, and by the whole argument where an environment occurs more than once."""
    names = [word.partition("=")[0] for word in words]
    return [word if names.count(name) > 1 else name for word, name in zip(words, names, strict=True)]


def _side(whole: "Project", name: str, ask: "PlanRequest", *, label: str, live: bool) -> "ComparedEnvironment":
    from reconciler.fleet.compare_environments import ComparedEnvironment
    from reconciler.project.declared_state import load_declared
    from reconciler.project.environment_session import open_environment
    from reconciler.project.live_state import read_everything

    manifest = load_declared(whole, name, ask.sets)
    if not manifest.valid:
        raise ManifestError(f"the manifests of {name} are not valid", manifest.diagnostics)
    if not live:
        return ComparedEnvironment(name=label, live=None, declared=manifest.resources)
    with open_environment(whole, name, ask.access) as opened:
        found = read_everything(opened)
    missing = {one.kind.name: one.reading.incomplete for one in found if not one.reading.complete}
    resources = tuple(live for one in found for live in one.ours)
    return ComparedEnvironment(name=label, live=resources, declared=manifest.resources, incomplete=missing)


def _counted(found: "tuple[EnvironmentDifference, ...]", declared: bool) -> int:
    return sum(1 for one in found if declared or not one.expected)


def _counts(sides: "list[ComparedEnvironment]", pairs: "Pairs", declared: bool) -> ReportTable:
    """Count the relevant differences of each pair."""
    names = [side.name for side in sides]

    def cell(one: str, other: str) -> str:
        found = pairs.get((one, other)) or pairs.get((other, one)) or ()
        return "-" if one == other else str(_counted(found, declared))

    rows = [[one, *(cell(one, other) for other in names)] for one in names]
    seen = [f"{side.name}: {kind} incomplete: {why}" for side in sides for kind, why in side.incomplete.items()]
    title = "Differences of the manifests" if declared else "Unexpected differences"
    return {"title": title, "columns": ["", *names], "rows": rows, "note": "; ".join(seen)}


def _differences(names: list[str], rows: "tuple[ComparisonRow, ...]", declared: bool) -> ReportTable:
    """Print every difference in one line: the value in each environment."""
    told = [
        [
            *(() if declared else ("expected" if one.expected else "unexpected",)),
            one.address,
            one.path,
            *_cells(one, names),
        ]
        for one in rows
    ]
    head = ["Resource", "Field", *names] if declared else ["", "Resource", "Field", *names]
    note = "" if told else "Nothing differs."
    return {"title": "What differs", "columns": head, "rows": told, "note": note}


def _cells(row: "ComparisonRow", names: list[str]) -> list[str]:
    """Format a row's values; two that differ but look the same get escapes."""
    texts = [_text(row.values[name]) if name in row.values else "-" for name in names]
    told = ([apart(text, other)[0] for other in texts] for text in texts)
    return [next((each for each in found if each != text), text) for text, found in zip(texts, told, strict=True)]


def _text(value: Value) -> str:
    if isinstance(value, NoValue):
        return f"({value.value})"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
