"""Conformance suite for reporters: the same text for the same report, with any content, and no side effects.

    class TestMyReport(ReporterSuite):
        reporter = staticmethod(report)

A test of the suite can be called by hand too:

    >>> class TestCounts(ReporterSuite):
    ...     reporter = staticmethod(lambda report, options: f"{len(report.plans)} plans")
    >>> TestCounts().test_no_character_of_the_data_can_act()
"""

import copy
from collections.abc import Callable
from typing import ClassVar

from reconciler.model.change import REDACTED, Action, Attribution, Change, FieldChange, FieldOp
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.plan import Plan
from reconciler.model.report import Report, ReportOptions
from reconciler.model.resource import address
from reconciler.model.source_map import Position

HOSTILE = (
    "plain",
    "<script>alert(1)</script>",
    "| a | b |\n|---|---|",
    "```\n::error file=x::boom\n```",
    "\x1b[31mred\x1b[0m \x07",
    "a\u202eb\u2066c\u200b",
    "line one\r\nline two\u2028three\x85four",
    "@everyone #1 [link](javascript:alert(1))",
    "=HYPERLINK(1)",
    "]]> --> */ \\ ' \" & %",
    "名前 🎤 " + "x" * 300,
)
"""Texts that must be escaped, in every position of a report."""

FORBIDDEN = "\x00\x07\x08\x1b\x7f\x85\u2028\u2029\u202e\u2066"
"""Characters that no report may contain: they move the cursor, end a line, or reverse the text."""


def report_of(text: str) -> Report:
    """Return a report with this text in every position that holds data."""
    change = Change(
        action=Action.UPDATE,
        address=address("SmartLiveRoom", text),
        kind="SmartLiveRoom",
        name=text,
        id="7",
        before={"room_description": text, "stream_keys": REDACTED},
        after={"room_description": f"{text} new", "stream_keys": REDACTED},
        fields=(
            FieldChange(
                path="room_description",
                op=FieldOp.REPLACE,
                before=text,
                after=f"{text} new",
                attribution=Attribution.DRIFT,
                reason=text,
                position=Position("rooms/evening.yaml", 3, 5),
            ),
        ),
        attribution=Attribution.DRIFT,
        position=Position("rooms/evening.yaml", 2),
        notes=(text,),
    )
    delete = Change(action=Action.DELETE, address=address("SmartLiveRoom", "gone"), kind="SmartLiveRoom", name="gone")
    outcome = Outcome(
        status=OutcomeStatus.FAILED,
        action=Action.UPDATE,
        address=change.address,
        kind=change.kind,
        name=text,
        reason=text,
    )
    problem = Diagnostic(
        severity=Severity.WARNING, code="W_TEXT", message=text, hint=text, position=Position("rooms/evening.yaml", 3, 5)
    )
    plan = Plan(environment="demo", changes=(change, delete), diagnostics=(problem,))
    return Report(command="plan", plans=(plan,), outcomes=(outcome,), diagnostics=(problem,))


class ReporterSuite:
    """Tests of a reporter. `reporter` is the function under test; wrap it in staticmethod."""

    reporter: ClassVar[Callable[[Report, ReportOptions], str]]

    def said(self, report: Report, **options: object) -> str:
        """Return the rendered report."""
        return type(self).reporter(report, ReportOptions(**options))  # type: ignore[arg-type]

    def test_an_empty_report_is_a_text(self) -> None:
        """An empty report is rendered too."""
        assert isinstance(self.said(Report(command="plan")), str)

    def test_the_same_report_gives_the_same_text(self) -> None:
        """The text depends on no clock, chance or hash order."""
        for text in HOSTILE:
            assert self.said(report_of(text)) == self.said(copy.deepcopy(report_of(text)))

    def test_it_changes_nothing(self) -> None:
        """A report can be rendered in several formats."""
        report = report_of("plain")
        before = copy.deepcopy(report)
        self.said(report)
        assert report == before

    def test_no_character_of_the_data_can_act(self) -> None:
        """Control characters, line separators and direction marks are escaped."""
        for text in HOSTILE:
            said = self.said(report_of(text))
            assert [character for character in FORBIDDEN if character in said] == []

    def test_it_can_be_written_in_any_encoding_of_unicode(self) -> None:
        """The text has no lone surrogates."""
        for text in HOSTILE:
            self.said(report_of(text)).encode("utf-8")
            self.said(report_of(text), width=40, budget=2000).encode("utf-16")
