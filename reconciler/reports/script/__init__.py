"""The plan's calls as a shell script, to be read by a person and run by hand where that is wanted.

POSIX sh and curl. Data stands in single quotes it cannot leave, secrets and the token are variables that never become
an argument of a program, and a PUT first looks that it would erase nothing the plan did not read.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from reconciler.model.plan import Plan
from reconciler.model.report import Options, Report
from reconciler.reports.gate import comment
from reconciler.reports.script.body import variables, words
from reconciler.reports.script.calls import Call, calls_of
from reconciler.reports.wording import WILL, summary_line


def report(report: Report, options: Options) -> str:  # noqa: ARG001 - every reporter has this signature
    """Spell the calls of every plan of a report as one script."""
    lines = ["#!/bin/sh", *(line for plan in report.plans for line in _plan(plan))]
    return "\n".join(lines) + "\n"


def _plan(plan: Plan) -> Iterator[str]:
    calls = list(calls_of(plan)) if not plan.errored else []
    yield f"# reconciler: the calls of a plan for {comment(plan.environment)}"
    yield f"# {summary_line(plan)}"
    yield "# Read it before you run it: the lock, the journal and the checks are those of `reconciler apply` alone."
    yield from (f"# error, so nothing is called: {comment(one.code)}" for one in plan.diagnostics if plan.errored)
    yield from (f"# held back: {comment(one.address)}: {comment(one.reason)}" for one in plan.held)
    yield from (f"# blocked, left out: {comment(one.address)}" for one in plan.pending if one.blocks)
    yield ""
    yield _prelude()
    yield from _needed(calls)
    for call in calls:
        yield ""
        yield from _call(call)


def _needed(calls: list[Call]) -> Iterator[str]:
    needed = [(call, one) for call in calls for one in variables(call.body) if one.name.startswith("SECRET_")]
    for call, one in needed:
        yield f"# {one.name}: {comment(call.change.address)} {comment(one.told)}"
        yield f': "${{{one.name}:?is not set}}"'


def _call(call: Call) -> Iterator[str]:
    yield f"# {comment(call.change.address)} {WILL[call.change.action]}"
    yield from (f"# {comment(note)}" for note in call.change.notes)
    if call.keeps:
        yield f'keep "{call.path}" {" ".join(call.keeps)}'
    body = f" {words(call.body)}" if call.body is not None else ""
    plain = f'call {call.method} "{call.path}"{body}'
    if call.gives:
        yield f"{call.gives}=$({plain} | id_of {call.id_field})"
        yield f': "${{{call.gives}:?the answer held no id}}"'
    else:
        yield f"{plain} >/dev/null"


@cache
def _prelude() -> str:
    return (files(__name__) / "prelude.sh").read_text(encoding="utf-8")
