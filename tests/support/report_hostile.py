"""A report in which one text stands in every place that data can take, and the hostile texts of nasty.yaml."""

from pathlib import Path
from typing import Any

import yaml

from reconciler.model.change import (
    Action,
    Attribution,
    Change,
    FieldChange,
    FieldOp,
    GuardViolation,
    SuppressedDifference,
    SuppressionReason,
)
from reconciler.model.diagnostic import Diagnostic, RelatedPosition, Severity
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.plan import DeferredChange, Plan, UnmanagedResource
from reconciler.model.report import Report
from reconciler.model.resource import address
from reconciler.model.source_map import Position

ROOM = "SmartLiveRoom"
NASTY = Path(__file__).parents[1] / "data" / "nasty.yaml"


def nasty_texts() -> dict[str, str]:
    """Every text of kind report in nasty.yaml, and more of the same families, by a name."""
    entries = yaml.safe_load(NASTY.read_text(encoding="utf-8"))["entries"]
    found = {entry["id"]: entry["input"] for entry in entries if entry["kind"] == "report"}
    return {**found, **_MORE}


_MORE = {
    "mention": "@admin please approve, cc @org/team and a@b.example",
    "mention in code": "`@admin`",
    "merge request": "see !12 and GH-7 and org/repo#9",
    "closing words": "fixes #2, resolves GH-3",
    "bare link": "https://evil.test/?q=1 and www.evil.test",
    "workflow command": "::error file=a::owned",
    "workflow command on a line": "x\n  ::set-output name=a::b\n::stop-commands::t",
    "old workflow command": "x ##[add-mask]y ##vso[task.setvariable variable=a]b ##teamcity[x]",
    "right to left": "abc\u202edef\u2066ghi",
    "zero width": "a\u200bb\ufeffc\u2060d",
    "separators": "a\u2028b\u2029c\u0085d",
    "details": "</details></summary></table><h1>x</h1>",
    "comment end": "--> <script>alert(1)</script> <!--",
    "heading": "# heading\n## another\n- list\n> quote\n---",
    "table row": "|---|---|\n| a | b |",
    "escaped pipe": "a \\| b \\\\| c \\",
    "ticks": "```` ``` `` ` ~~~",
    "tildes": "~~~\n# x\n~~~",
    "math": "$`x`$ $$y$$",
    "quick action": "/close\n/approve",
    "reference link": "[x]: https://evil.test\n[x]",
    "autolink": "<https://evil.test>",
    "entity": "&lt;b&gt; &#60;i&#62;",
    "jinja": "{{ 7*7 }} {% raw %}",
    "csv": "=cmd|'/c calc'!A0",
    "xml": "]]> <![CDATA[ x ]]> &bogus; \x00\x08\x0b\ufffe\uffff",
    "lone surrogate": "a\ud800b",
    "shell": "'; touch owned; echo '$(touch owned)`touch owned`\\",
    "empty": "",
    "spaces": "   ",
    "tab": "a\tb",
    "carriage return": "good\rbad",
}

BENIGN = "plain words"


def hostile(text: str) -> Report:
    """A report of one plan with `text` wherever a name, a value, a path, a reason or a message can stand."""
    where = Position(f"rooms/{text}.yaml", 3, 5)
    plan = Plan(
        environment=text or "demo",
        base=text or "ledger",
        changes=(_updated(text, where), _created(text, where), _deleted(text)),
        unmanaged=(
            UnmanagedResource(address=address(ROOM, text), kind=ROOM, name=text, id=text),
            UnmanagedResource(address=address(ROOM, text), kind=ROOM, name=text, id=text, foreign=text or "foreign"),
        ),
        held=(DeferredChange(action=Action.CREATE, address=address(ROOM, text), kind=ROOM, name=text, reason=text),),
        diagnostics=(_problem(text, where),),
    )
    return Report(
        command="plan",
        plans=(plan,),
        sources={where: text},
        tables=[{"title": text, "columns": [text, "b"], "rows": [[text, text]], "note": text}],
    )


def hostile_apply(text: str) -> Report:
    """An apply with `text` in every place of its outcomes."""
    outcome: dict[str, Any] = {"action": Action.UPDATE, "address": address(ROOM, text), "kind": ROOM, "name": text}
    outcomes = (
        Outcome(status=OutcomeStatus.APPLIED, id=text, stuck=(text,), **outcome),
        Outcome(status=OutcomeStatus.FAILED, code="E_API", reason=text, **outcome),
    )
    return Report(command="apply", plans=(Plan(environment="demo"),), outcomes=outcomes)


def _problem(text: str, where: Position) -> Diagnostic:
    return Diagnostic(
        severity=Severity.ERROR,
        code="E_X",
        message=text,
        position=where,
        hint=text,
        address=address(ROOM, text),
        path=text,
        related=(RelatedPosition(message=text, position=where),),
    )


def _updated(text: str, where: Position) -> Change:
    long = text + "x" * 60
    mark = Attribution
    fields = (
        _field(text, text, where, mark.CONFIG),
        _field(long, long + "y", where, mark.DRIFT),
        _field(long + "y", long, where, mark.CONFLICT),
        _field([text, {text: text}], text, where, mark.UNATTRIBUTED),
    )
    return Change(
        action=Action.UPDATE,
        address=address(ROOM, text),
        kind=ROOM,
        name=text,
        id=text,
        previous_address=address(ROOM, text),
        fields=fields,
        suppressed=(SuppressedDifference(path=text, rule=SuppressionReason.IGNORED, detail=text),),
        reason=text,
        position=where,
        blocks=(GuardViolation(code="E_GUARD", message=text, allow=text),),
        notes=(text,),
    )


def _field(before: Any, after: Any, where: Position, attribution: Attribution) -> FieldChange:
    path = f"interaction_rules[{before if isinstance(before, str) else 'x'}].name"
    return FieldChange(
        path=path,
        op=FieldOp.REPLACE,
        before=before,
        after=after,
        base=before,
        attribution=attribution,
        reason=str(after),
        position=where,
    )


def _created(text: str, where: Position) -> Change:
    after = {"room_name": text, text or "x": [text, {"a": text}]}
    return Change(action=Action.CREATE, address=address(ROOM, text), kind=ROOM, name=text, after=after, position=where)


def _deleted(text: str) -> Change:
    return Change(
        action=Action.DELETE,
        address=address(ROOM, text),
        kind=ROOM,
        name=text,
        id=text,
        before={"room_name": text, text or "x": text},
        reason=text,
    )
