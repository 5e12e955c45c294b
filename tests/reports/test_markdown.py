"""Markdown for a comment: sections by who moved what, and a budget that cuts by meaning."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.change import Action, Attribution, FieldOp, GuardViolation
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.plan import DeferredChange, Plan
from reconciler.model.report import ReportOptions
from reconciler.reports.escaping import span
from reconciler.reports.markdown.report import marker, report
from reconciler.reports.object_content import leaves
from tests.support.report_values import (
    PLAIN,
    ROOM,
    create,
    delete,
    everything,
    field,
    problem,
    report_of,
    still,
    update,
)


def told(plan, **options):
    return report(report_of(plan), ReportOptions(**{"budget": 0, **options}))


def section(text, title):
    match = re.search(rf"(?ms)^#### {re.escape(title)}.*?\n(.*?)(?=^#### |\Z)", text)
    return match.group(1) if match else ""


def test_what_the_author_did_stands_apart_from_the_drift():
    text = told(everything())
    assert "time_window" in section(text, "This pull request")
    assert "enabled" not in section(text, "This pull request")
    assert "enabled" in section(text, "Drift")
    assert "time_window" not in section(text, "Drift")
    assert "group_description" in section(text, "Conflicts")


def test_what_was_merged_before_is_not_this_pull_requests_doing():
    mine, before = field("bitrate"), field("time_window", attribution=Attribution.PENDING)
    plan = Plan(environment="prod", base="main + ledger", changes=(update("A", mine), update("B", before)))
    text = told(plan)
    assert "bitrate" in section(text, "This pull request")
    assert "time_window" not in section(text, "This pull request")
    assert "time_window" in section(text, "Merged before, not applied yet")


def test_without_a_base_nothing_is_called_drift():
    plan = Plan(environment="demo", changes=(update("A", field(attribution=Attribution.UNATTRIBUTED)),))
    assert "Drift" not in told(plan)
    assert section(told(plan), "Changes")


def test_against_the_ledger_the_manifests_moved_not_a_pull_request():
    plan = Plan(environment="demo", base="ledger", changes=(update("A"),))
    assert section(told(plan), "The manifests")
    assert "pull request" not in told(plan)


def test_the_marker_is_the_first_line_and_does_not_change_with_the_plan():
    one, other = (report(report_of(Plan(environment="a-b", changes=c)), PLAIN) for c in ((), (create(),)))
    assert one.splitlines()[0] == other.splitlines()[0] == "<!-- reconciler a%2Db -->"


def test_the_marker_tells_environments_apart():
    assert marker(report_of(Plan(environment="a"))) != marker(report_of(Plan(environment="b")))


@given(st.lists(st.text(max_size=30), max_size=4))
def test_a_report_begins_with_a_short_marker_whatever_the_environments_are_called(names):
    made = report_of(*(Plan(environment=name) for name in names))
    text = report(made, PLAIN)
    assert re.fullmatch(r"<!-- reconciler [\w.,%-]{0,80} -->", marker(made))
    assert text.startswith(marker(made))


def test_long_texts_are_diffs_in_a_fence():
    old = "the first line of a long description\nthe second line of it"
    text = told(Plan(environment="demo", changes=(update("A", field("text", old, old.replace("second", "2nd"))),)))
    assert "```diff\n  the first line of a long description\n- the second line of it\n+ the 2nd line of it\n```" in text


def test_a_fence_is_longer_than_any_run_inside():
    old = "`````\nx" + "y" * 50
    text = told(Plan(environment="demo", changes=(update("A", field("text", old, old + "z")),)))
    assert "``````diff" in text


def test_no_budget_means_nothing_is_cut():
    changes = tuple(update(f"group {number}") for number in range(500))
    text = told(Plan(environment="demo", changes=changes))
    assert text.count("<details>") == 500
    assert "Cut to fit" not in text


def test_levels_leave_out_more_and_more():
    changes = (delete("Gone"), *(update(f"group {n}", field(before="x" * 200, after="y" * 200)) for n in range(200)))
    plan = Plan(environment="demo", changes=(*changes, *(still(f"s {n}") for n in range(100))))
    sizes = [len(told(plan, budget=budget).encode()) for budget in (0, 90_000, 60_000, 20_000, 8_000, 1_000)]
    assert sizes == sorted(sizes, reverse=True)
    for budget in (90_000, 60_000, 20_000, 8_000, 1_000):
        assert span('InteractionRuleGroup["Gone"]') in told(plan, budget=budget)
        assert "Cut to fit" in told(plan, budget=budget)


def test_what_was_cut_and_where_the_whole_is_stands_at_the_end():
    plan = Plan(environment="demo", changes=tuple(update(f"group {number}") for number in range(900)))
    text = told(plan, budget=20_000, whole="https://ci.example/run/1")
    assert re.search(
        r"_Cut to fit 20,000 bytes: .* The whole is in \[the full report\]\(https://ci.example/run/1\)\._", text
    )
    assert "`plan.html`" in told(plan, budget=20_000, whole="plan.html")


def test_only_a_plain_https_address_becomes_a_link():
    text = told(Plan(environment="demo"), whole="javascript:alert(1)")
    assert "](" not in text


def test_an_audit_leads_with_one_table():
    plans = [Plan(environment=f"e{n}", changes=(create(),) if n % 2 else ()) for n in range(6)]
    text = report(report_of(*plans, command="audit"), PLAIN)
    assert "6 environments, 3 in step, 3 not." in text
    assert text.count("| Environment |") == 1
    assert "`e1`" in text
    assert "`e2`" not in text


def test_an_audit_of_ten_thousand_fits():
    plans = [Plan(environment=f"environment-{n}", changes=(create(),)) for n in range(10_000)]
    for budget in (500, 65_000):
        text = report(report_of(*plans, command="audit"), ReportOptions(budget=budget))
        assert len(text.encode()) <= budget
        assert "10,000 environments" in text


def test_an_apply_names_what_is_not_done_first():
    outcomes = tuple(
        Outcome(status=status, action=Action.UPDATE, address=f"a{n}", kind=ROOM, name="a", reason="why")
        for n, status in enumerate((OutcomeStatus.APPLIED, OutcomeStatus.FAILED, OutcomeStatus.UNKNOWN))
    )
    text = report(report_of(Plan(environment="demo"), command="apply", outcomes=outcomes), PLAIN)
    assert "**Apply incomplete. Resources: 0 added, 1 changed, 0 destroyed; 1 failed, 1 unknown.**" in text
    assert text.index("- **failed** update `a1` `why`") < text.index("1 change done")


names = st.text(min_size=1, max_size=40) | st.sampled_from(["直播间" * 12, "价格 😀", "a`b", "x|y", "@admin", "```"])
values = st.text(max_size=300) | st.integers() | st.booleans() | st.none() | st.lists(st.text(max_size=20), max_size=4)
marks = st.sampled_from(list(Attribution))
fields = st.builds(
    field, path=names, before=values, after=values, attribution=marks, op=st.sampled_from(list(FieldOp)), reason=names
)
blocks = st.lists(st.builds(GuardViolation, code=st.just("E_GUARD"), message=names, allow=names), max_size=2).map(tuple)
changes = st.one_of(
    st.builds(lambda name, these, held: update(name, *these, blocks=held), names, st.lists(fields, max_size=5), blocks),
    st.builds(lambda name, value: create(name, after={"room_name": name, "text": value}), names, values),
    st.builds(lambda name, held: delete(name, blocks=held), names, blocks),
    st.builds(still, names),
)
held = st.builds(
    DeferredChange, action=st.just(Action.CREATE), address=names, kind=st.just(ROOM), name=names, reason=names
)
plans = st.builds(
    Plan,
    environment=names,
    base=st.sampled_from(["", "ledger", "3f2a91c"]),
    changes=st.lists(changes, max_size=25).map(tuple),
    held=st.lists(held, max_size=4).map(tuple),
    diagnostics=st.lists(st.builds(problem, names), max_size=4).map(tuple),
)


def keeps_its_word(plan, budget):
    text = told(plan, budget=budget)
    assert len(text.encode()) <= budget
    lines = text.split("\n")
    assert lines.count("<details>") == lines.count("</details>")
    assert fences_balance(text)
    deleted = [change for change in plan.changes if change.action is Action.DELETE]
    missing = [change for change in deleted if span(change.address) not in text]
    assert not missing or f"- To be destroyed: {len(deleted):,}\n" in text
    conflicts = [f for change in plan.changes for f in change.fields if f.attribution is Attribution.CONFLICT]
    assert not conflicts or "onflict" in text
    assert not any(change.blocks for change in plan.changes) or "Blocked" in text


def fences_balance(text):
    fence = ""
    for line in text.split("\n"):
        match = re.match(r"(`{3,})(diff|sh)?$", line)
        if fence:
            fence = "" if match and len(match[1]) >= len(fence) and not match[2] else fence
        elif match:
            fence = match[1]
    return not fence


@settings(max_examples=150, deadline=None)
@given(plans, st.integers(500, 65_536))
def test_no_plan_is_ever_over_its_budget(plan, budget):
    keeps_its_word(plan, budget)


@pytest.mark.deep
@settings(max_examples=10_000, deadline=None)
@given(plans, st.integers(500, 65_536))
def test_no_plan_is_ever_over_its_budget_in_many_cases(plan, budget):
    keeps_its_word(plan, budget)


@pytest.mark.parametrize("budget", [500, 1_000, 4_000, 30_000, 65_000])
def test_two_thousand_rules_in_chinese_fit(budget):
    rules = [{"rule_name": f"规则{n}", "text": "欢迎来到直播间，今天的价格是一百元。" * 3} for n in range(2_000)]
    groups = [
        update(f"第{n}组", *(field(f"r[{k}].t", "旧的文字" * 20, "新的文字" * 20) for k in range(20)))
        for n in range(50)
    ]
    gone = [delete(f"删除{n}") for n in range(40)]
    plan = Plan(environment="生产环境", changes=(create("新", after={"interaction_rules": rules}), *groups, *gone))
    assert sum(1 for _ in leaves({"interaction_rules": rules})) == 4_000
    keeps_its_word(plan, budget)


def test_a_hundred_thousand_creates_lead_with_the_sum_and_name_every_delete():
    plan = Plan(environment="demo", changes=(*(create(f"room {n}") for n in range(100_000)), delete("Gone")))
    text = told(plan, budget=500)
    assert "Plan: 100,000 to add, 0 to change, 1 to destroy." in text[:200]
    assert span('InteractionRuleGroup["Gone"]') in text
