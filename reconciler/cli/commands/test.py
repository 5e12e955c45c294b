"""`test`: runs the tests of interaction rules, without a live side and without an account."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated
from xml.etree import ElementTree as ET

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.files import write_file
from reconciler.cli.output import one_line, parse_output_flags, write_out, write_part, write_report
from reconciler.cli.request_builder import project, select_environment
from reconciler.errors import UsageError
from reconciler.exit_codes import ExitCode
from reconciler.model.diagnostic import Diagnostic, has_errors, sort_diagnostics
from reconciler.model.json_types import Json
from reconciler.model.report import Report
from reconciler.model.source_map import Position
from reconciler.strings import count

if TYPE_CHECKING:
    from reconciler.project.rule_tests import PlacedResult, RuleCoverage

FORMAT_VERSION = "1.0"
_DOTS = {"passed": ".", "failed": "F", "undecided": "?"}


def run_tests(
    context: typer.Context,
    *,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Test files or folders; by default those of `tests:`."),
    ] = None,
    environment: flags.Env = "",
    run: Annotated[str, typer.Option("--run", metavar="GLOB", help="Only cases whose name matches.")] = "",
    part: Annotated[str, typer.Option("-k", metavar="TEXT", help="Only cases whose name holds this.")] = "",
    stop_early: Annotated[bool, typer.Option("-x", help="Stop after the first case that does not pass.")] = False,
    coverage: Annotated[bool, typer.Option("--coverage", help="Show which rules no test reaches.")] = False,
    fail_under: Annotated[
        int, typer.Option("--fail-under", min=0, max=100, metavar="N", help="Fail below this percentage of rules.")
    ] = 0,
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
    report: Annotated[
        list[str] | None, typer.Option("--report", metavar="FORMAT=FILE", help="Write junit or json to a file as well.")
    ] = None,
    set_: flags.Sets = None,
) -> int:
    """Run the tests of interaction rules: what each event leads to, under every reading that a test does not assume."""
    from reconciler.project.declared_state import load_declared
    from reconciler.project.rule_tests import load_rule_tests, missing_subjects, rule_coverage, run_rule_tests

    session_ = session(context)
    files = _formats(format_, report)
    whole = project(session_)
    name = select_environment(whole, environment)
    manifest = load_declared(whole, name, tuple(set_ or ()))
    tests, documents = load_rule_tests(whole, name, paths or (), tuple(set_ or ()))
    problems = sort_diagnostics((*manifest.diagnostics, *documents.diagnostics, *missing_subjects(tests, manifest)))
    if has_errors(problems):
        sources = {**manifest.sources, **documents.excerpt(problems)}
        return _refused(session_, problems, sources, format_)
    moving = format_ == "text" and not session_.quiet and sys.stdout.isatty()
    results = []
    for result in run_rule_tests(tests, manifest, run=run, part=part, stop_early=stop_early):
        results.append(result)
        if moving:
            write_part(_DOTS[result.result.result])
    if moving and results:
        write_part("\n")
    covered = rule_coverage(tests, results, manifest)
    if not results:
        session_.say("No test was run." + (" No case has such a name." if run or part else ""))
    shape = _json(results, covered)
    for kind, file in files:
        write_file(session_.root, file, _junit(results) if kind == "junit" else _text_of(shape))
    if format_ == "json":
        write_out(session_.redactor.text(_text_of(shape)), human=False, parsed=True)
    else:
        write_out(
            session_.redactor.text(_text(results, covered, show_coverage=coverage or bool(fail_under), dots=not moving))
        )
    failed = any(result.result.result != "passed" for result in results)
    return ExitCode.ERROR if failed or not results or _percent(covered) < fail_under else ExitCode.FINE


def _formats(format_: str, report: Sequence[str] | None) -> list[tuple[str, str]]:
    if format_ not in {"text", "json"}:
        raise UsageError(f"--format {format_!r} is not a format of test", hint="use text or json")
    files = []
    for item in report or ():
        kind, equals, file = item.partition("=")
        if kind not in {"junit", "json"} or not equals or not file:
            raise UsageError(f"--report {item!r} is not junit=FILE or json=FILE", hint="write --report junit=tests.xml")
        files.append((kind, file))
    return files


def _refused(
    session_: CommandContext, problems: Sequence[Diagnostic], sources: Mapping[Position, str], format_: str
) -> int:
    if format_ == "json":
        shape = {**_json([], ()), "diagnostics": [_problem(one) for one in problems]}
        write_out(session_.redactor.text(_text_of(shape)), human=False, parsed=True)
    else:
        write_report(
            session_,
            Report(command="test", diagnostics=tuple(problems), sources=sources),
            parse_output_flags("text", None),
        )
    return ExitCode.ERROR


def _problem(one: Diagnostic) -> dict[str, Json]:
    place = one.position
    return {
        "code": one.code,
        "severity": str(one.severity),
        "message": one.message,
        "hint": one.hint,
        "file": place.file if place else "",
        "line": place.line if place else 0,
        "column": place.column if place else 0,
    }


def _json(results: Sequence["PlacedResult"], covered: Sequence["RuleCoverage"]) -> dict[str, Json]:
    return {
        "format_version": FORMAT_VERSION,
        "cases": [
            {
                "file": one.position.file,
                "line": one.position.line,
                "name": one.result.name,
                "result": one.result.result,
                "depends_on": list(one.result.depends_on),
                "message": one.result.message,
            }
            for one in results
        ],
        "summary": {name: sum(one.result.result == name for one in results) for name in _DOTS},
        "coverage": [{"address": one.address, "rule": one.rule, "fired": one.fired} for one in covered],
    }


def _text_of(shape: Json) -> str:
    return json.dumps(shape, ensure_ascii=False, indent=2)


def _text(
    results: Sequence["PlacedResult"], covered: Sequence["RuleCoverage"], *, show_coverage: bool, dots: bool
) -> str:
    lines = ["".join(_DOTS[one.result.result] for one in results)] if results and dots else []
    for one in results:
        if one.result.result != "passed":
            lines += ["", f"{one.result.result.upper()} {one_line(one.result.name)} ({one.position})"]
            lines += [f"  {one_line(line)}" for line in one.result.message.split("\n")]
            if one.result.result == "undecided":
                named = ", ".join(one.result.depends_on) or "continuations that cannot be followed"
                lines.append(f"  undecided: turns on {named}; assume a value, or expect what holds in every reading")
    if show_coverage:
        lines += ["", "Coverage", *_coverage_lines(covered)]
    counts = {name: sum(one.result.result == name for one in results) for name in _DOTS}
    said = [f"{count} {name}" for name, count in counts.items() if count or name == "passed"]
    return "\n".join([*lines, "", ", ".join(said) + "."])


def _coverage_lines(covered: Sequence["RuleCoverage"]) -> list[str]:
    width = max((len(one.rule) for one in covered), default=0)
    lines = []
    for address in dict.fromkeys(one.address for one in covered):
        lines.append(f"  {one_line(address)}")
        for one in covered:
            if one.address == address:
                mark = count(one.fired, "event") if one.fired else "never"
                lines.append(f"    {one_line(one.rule):<{width}}  {mark}  ({one.position})")
                lines += [f"      {one_line(tag.tag)}  {_held(tag.held)}  ({tag.position})" for tag in one.tags]
    tags = [tag for one in covered for tag in one.tags]
    held = sum(bool(tag.held) for tag in tags)
    return [
        *lines,
        f"  {_percent(covered)} % of {count(len(covered), 'rule')}; {held} of {count(len(tags), 'tag')} held",
    ]


def _held(number: int) -> str:
    return f"holds for {count(number, 'event')}" if number else "never holds"


def _percent(covered: Sequence["RuleCoverage"]) -> int:
    return 100 * sum(bool(one.fired) for one in covered) // len(covered) if covered else 100


def _junit(results: Sequence["PlacedResult"]) -> str:
    suite = ET.Element("testsuite", name="rule tests", tests=str(len(results)))
    suite.set("failures", str(sum(one.result.result != "passed" for one in results)))
    for one in results:
        case = ET.SubElement(suite, "testcase", classname=_xml(one.position.file), name=_xml(one.result.name))
        case.set("file", one.position.file)
        case.set("line", str(one.position.line))
        if one.result.result != "passed":
            failure = ET.SubElement(case, "failure", type=one.result.result)
            failure.set("message", _xml(one.result.message.split("\n")[0]))
            failure.text = _xml(one.result.message)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _xml(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)
