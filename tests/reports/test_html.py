"""The HTML page as a document: what it says, in words that need no script."""

import re
from html.parser import HTMLParser

from reconciler.model.plan import Plan
from reconciler.model.report import ReportOptions
from reconciler.model.source_map import Position
from reconciler.reports.html.change_groups import MOST, kept
from reconciler.reports.html.chart import chart_of
from reconciler.reports.html.report import report
from tests.support.report_samples import sample_audit, sample_plan
from tests.support.report_values import PLAIN, create, delete, everything, problem, report_of, still


class Words(HTMLParser):
    """The text of a page's body."""

    def __init__(self):
        super().__init__()
        self.parts, self.quiet = [], 0

    def handle_starttag(self, tag, attrs):
        self.quiet += tag in {"style", "script"}

    def handle_endtag(self, tag):
        self.quiet -= tag in {"style", "script"}

    def handle_data(self, data):
        if not self.quiet:
            self.parts.append(data)


def words(page):
    parser = Words()
    parser.feed(page)
    return re.sub(r"\s+", " ", "".join(parser.parts))


def test_the_page_says_what_the_plan_comes_to():
    text = words(report(report_of(everything()), PLAIN))
    assert "Plan: 1 to add, 1 to change, 1 to destroy." in text
    assert "Attributed against 3f2a91c." in text
    assert 'create of SmartLiveRoom["H"] is held back: a page was blank' in text
    assert "To allow it at apply: --allow-deletes 1" in text


def test_both_sides_of_a_change_stand_side_by_side_with_the_words_that_differ():
    page = report(sample_plan(), PLAIN)
    assert "<del>second shelf</del>" in page
    assert "<ins>first two shelves</ins>" in page


def test_a_create_shows_no_empty_live_side_and_a_delete_no_manifest():
    page = report(report_of(Plan(environment="demo", changes=(create(),))), PLAIN)
    assert ">Live<" not in page
    page = report(report_of(Plan(environment="demo", changes=(delete(),))), PLAIN)
    assert ">Manifest<" not in page


def test_nothing_to_do_is_said_and_there_is_nothing_to_filter():
    page = report(report_of(Plan(environment="demo", changes=(still(),))), PLAIN)
    assert "No changes. The live side matches the manifests." in words(page)
    assert 'class="filters"' not in page
    assert "1 unchanged resource" in words(page)


def test_a_validation_shows_each_problem_with_its_line_and_a_caret():
    where = Position("rooms/a.yaml", 3, 5)
    told = report_of(command="validate", diagnostics=(problem(position=where),), sources={where: "名字: x\n"})
    page = report(told, PLAIN)
    assert "1 error." in words(page)
    assert "<pre>3 | 名字: x\n  |       ^</pre>" in page


def test_every_environment_of_an_audit_that_differs_is_named():
    audit = sample_audit()
    text = words(report(audit, PLAIN))
    for plan in audit.plans:
        assert (plan.environment in text) == bool(plan.pending)
    assert "15 of 24 environments differ from the manifests." in text


def test_the_charts_bars_add_up_and_are_never_wider_than_the_whole():
    chart = chart_of(sample_audit(80).plans)
    totals = [int(row.total) for row in chart.rows]
    assert totals == sorted(totals, reverse=True)
    for row in chart.rows:
        assert all(one.start + one.width == next_.start for one, next_ in zip(row.bars, row.bars[1:], strict=False))
        assert row.bars[-1].start + row.bars[-1].width <= 1_000
    assert chart.rows[0].bars[-1].start + chart.rows[0].bars[-1].width == 1_000


def test_a_chart_of_one_environment_is_none():
    assert chart_of([everything()]).rows == ()


def test_the_same_report_is_the_same_page():
    assert report(sample_audit(), ReportOptions()) == report(sample_audit(), ReportOptions())


def test_a_page_holds_so_many_changes_and_always_what_is_grave():
    plans = [Plan(environment="a", changes=tuple(create(f"a{n}") for n in range(8)))]
    plans.append(Plan(environment="b", changes=(*(create(f"b{n}") for n in range(8)), delete("Gone"))))
    shown = [[one.name for one in changes] for changes in kept(plans, 10)]
    assert shown == [[f"a{n}" for n in range(8)], ["b0", "Gone"]]
    assert [len(one) for one in kept(plans, 100)] == [8, 9]
    assert [len(one) for one in kept(plans, 0)] == [0, 1]


def test_what_a_page_cannot_hold_is_said():
    plan = Plan(environment="a", changes=(*(create(f"a{n}", after={}) for n in range(MOST + 5)), delete("Gone")))
    page = report(report_of(plan), PLAIN)
    assert "6 more changes are too many for a page" in page
    assert page.count('class="change ') == MOST
    assert "Plan: 20,005 to add, 0 to change, 1 to destroy." in page


def test_the_page_names_nothing_outside_of_itself():
    page = report(sample_plan(), PLAIN)
    assert not re.search(r"https?://", page)
    assert "@import" not in page
    assert "url(" not in page
