"""Text for a terminal: Terraform's reading habits, our additions, and nothing that the data could do to a terminal."""

import re
from dataclasses import replace

import pytest

from reconciler.model.change import (
    Action,
    Attribution,
    GuardViolation,
    NoValue,
    SuppressedDifference,
    SuppressionReason,
)
from reconciler.model.diagnostic import Severity
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.plan import Plan
from reconciler.model.read_result import ApiUsage
from reconciler.model.report import ReportOptions
from reconciler.model.source_map import Position
from reconciler.reports.text.report import report
from reconciler.strings import display_width
from tests.support.report_values import (
    GROUP,
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


def told(*plans, **more):
    return report(report_of(*plans, **more), PLAIN)


def test_a_plan_ends_with_terraforms_sentence():
    assert "\nPlan: 1 to add, 1 to change, 1 to destroy.\n" in told(everything())


def test_no_changes_is_said_in_one_sentence():
    text = told(Plan(environment="demo", changes=(still(),)))
    assert text.endswith("No changes. The live side matches the manifests.\n")
    assert "# (1 unchanged resource hidden)" in text


def test_an_incomplete_plan_never_says_that_live_matches():
    text = told(Plan(environment="demo", complete=False))
    assert "matches" not in text
    assert "incomplete" in text


def test_the_legend_holds_only_what_occurs():
    text = told(Plan(environment="demo", changes=(create(),)))
    assert "  + create" in text
    assert "update in-place" not in text
    assert "destroy\n" not in text.split("Plan:")[0]


def test_each_action_has_its_line():
    text = told(everything())
    assert f'  # {GROUP}["Welcome"] will be updated in-place' in text
    assert f'  # {ROOM}["新品发布"] will be created' in text
    assert f'  # {GROUP}["Gone"] will be destroyed' in text
    assert "  # (because it is not in the manifests)" in text


def test_a_block_is_shown_with_the_flag_that_allows_it():
    text = told(everything())
    assert "! blocked by E_GUARD_DELETES: 1 of 3 groups" in text
    assert "to allow it at apply: --allow-deletes 1" in text
    assert "1 change is blocked" in text


def test_held_changes_are_named_with_their_reason():
    assert f'+ {ROOM}["H"]: a page was blank' in told(everything())


def test_attribution_marks_need_a_base():
    with_base = Plan(environment="demo", base="ledger", changes=(update("A", field()),))
    without = Plan(environment="demo", changes=(update("A", field(attribution=Attribution.UNATTRIBUTED)),))
    assert "[config]" in told(with_base)
    assert "[unattributed]" not in told(without)


def test_a_conflict_shows_what_both_moved_from():
    assert 'both changed from "middle"' in told(everything())


def test_suppressed_differences_of_a_users_rule_are_counted_and_all_of_them_with_details():
    assert "# (1 difference suppressed: 1 ignore_changes)" in told(everything())
    detailed = report(report_of(everything()), ReportOptions(budget=0, details=True))
    assert "# (2 differences suppressed: 1 server may override, 1 ignore_changes)" in detailed


@pytest.mark.parametrize("rule", SuppressionReason)
def test_only_a_users_rule_and_an_unknown_value_are_mentioned_without_details(rule):
    hidden = SuppressedDifference(path="room_description", rule=rule)
    plan = Plan(environment="demo", changes=(replace(still(), suppressed=(hidden,)),))
    expected = rule in {SuppressionReason.IGNORED, SuppressionReason.HIDDEN, SuppressionReason.SECRET}
    assert ("suppressed" in told(plan)) is expected
    assert f"suppressed: 1 {rule.value}" in report(report_of(plan), ReportOptions(details=True))


def test_a_report_begins_with_the_environment_and_where_it_is():
    plan = Plan(environment="prod", changes=(still(),))
    where = {"prod": "cn-north-4, project 2222…, ledger .reconciler/ledger.db"}
    assert told(plan, where=where).startswith(f"Environment: prod ({where['prod']})\n\n")
    assert told(plan).startswith("Environment: prod\n\n")
    assert "Environment:" not in told(plan, replace(plan, environment="test"), where=where)


def test_an_environment_cannot_forge_a_line():
    assert told(Plan(environment="a\nPlan: 9 to add"), where={"a\nPlan: 9 to add": "\x1b[2J"}).startswith(
        "Environment: a\\nPlan: 9 to add (\\x1b[2J)\n"
    )


def test_defaults_of_a_new_object_are_one_line_unless_asked_for():
    made = create(after={"room_name": "A", "video_config": {"width": 1080, "codec": "H264"}, "room_type": "NORMAL"})
    plan = Plan(environment="demo", changes=(replace(made, defaults=("video_config.codec", "room_type")),))
    assert "      # (2 defaults hidden; --show-defaults)\n" in told(plan)
    assert "codec" not in told(plan)
    shown = report(report_of(plan), ReportOptions(show_defaults=True))
    assert '+ video_config.codec = "H264"' in re.sub(" +", " ", shown)
    assert "hidden" not in shown


def test_a_default_that_the_manifest_states_is_listed():
    made = create(after={"room_name": "A", "room_type": "NORMAL"})
    assert 'room_type = "NORMAL"' in told(Plan(environment="demo", changes=(made,)))


def test_a_guard_that_stops_many_is_told_once_with_their_number_and_names():
    block = GuardViolation(code="E_GUARD_DELETES", message="12 of 20 owned objects", allow="--allow-deletes 12")
    deletes = tuple(replace(delete(f"Gone {number}"), blocks=(block,)) for number in range(12))
    text = told(Plan(environment="demo", changes=deletes))
    assert text.count("E_GUARD_DELETES") == text.count("12 of 20 owned objects") == text.count("--allow-deletes") == 1
    section = text[text.index("! E_GUARD_DELETES blocks 12 deletes: 12 of 20 owned objects") :]
    assert all(f'{GROUP}["Gone {number}"]' in section for number in range(12))
    assert text.count("will be destroyed (blocked, see below)") == 12
    assert "12 changes are blocked" in text


def test_long_texts_show_the_words_that_differ():
    old = "欢迎来到直播间，今天的价格是一百元，请大家多多关注我们的新品发布会，谢谢大家的支持，明天同一时间再见"
    text = told(Plan(environment="demo", changes=(update("A", field("text", old, old.replace("一百", "九十"))),)))
    assert "[-一百-]{+九十+}" in text


def test_a_removed_newline_can_be_seen():
    old = "first line of the text which is long\nsecond line of it"
    text = told(Plan(environment="demo", changes=(update("A", field("text", old, old.replace("\n", " "))),)))
    assert "[-\\n" in text


def test_data_cannot_look_like_a_word_mark():
    old = "x" * 60
    text = told(Plan(environment="demo", changes=(update("A", field("text", old, old + " {+fine+} [-gone-]")),)))
    assert text.count("{+") == 1
    assert text.count("[-") == 0


def test_paths_with_wide_characters_line_up():
    lines = told(everything()).splitlines()
    found = [line for line in lines if ("time_window" in line or "].enabled" in line) and " = " in line]
    assert len({display_width(line[: line.index(" = ")]) for line in found}) == 1


def test_values_that_are_not_there_have_words():
    changes = (update("A", field("group_id", "x", NoValue.UNKNOWN), field("scenes", NoValue.HIDDEN, [])),)
    text = told(Plan(environment="demo", changes=changes))
    assert "(known after apply)" in text
    assert "(unknown: not read)" in text


def test_colour_is_only_there_when_asked_for():
    assert "\x1b" not in told(everything())
    assert "\x1b[" in report(report_of(everything()), ReportOptions(color=True))


def test_colour_is_closed_on_every_line():
    for line in report(report_of(everything()), ReportOptions(color=True)).splitlines():
        codes = re.findall(r"\x1b\[([0-9;]+)m", line)
        assert len([code for code in codes if code == "0"]) * 2 == len(codes)


def test_text_without_colour_is_the_coloured_text_without_codes():
    colored = report(report_of(everything()), ReportOptions(color=True))
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == told(everything())


def test_a_diagnostic_begins_with_place_code_and_message():
    where = Position("rooms/a.yaml", 3, 5)
    one = problem("the key `x` is not known", position=where, hint="remove it")
    text = report(report_of(diagnostics=(one,), sources={where: "名字: x\n"}), PLAIN)
    assert text.splitlines()[:3] == [
        "rooms/a.yaml:3:5: E_FIELD_UNKNOWN: the key `x` is not known",
        "  3 | 名字: x",
        "    |       ^",
    ]
    assert "  hint: remove it" in text


def test_a_diagnostic_of_a_plan_is_told_once():
    one = problem("only once")
    assert told(Plan(environment="demo", diagnostics=(one,)), diagnostics=(one,)).count("only once") == 1


def test_a_validation_ends_with_a_verdict():
    fine = report(report_of(command="validate"), PLAIN)
    bad = report(report_of(command="validate", diagnostics=(problem(), problem("w", severity=Severity.WARNING))), PLAIN)
    assert fine == "Success! The manifests are valid.\n"
    assert bad.endswith("1 error, 1 warning.\n")


def test_an_apply_counts_what_happened():
    outcomes = (
        Outcome(status=OutcomeStatus.APPLIED, action=Action.CREATE, address="a", kind=ROOM, name="a", id="1"),
        Outcome(status=OutcomeStatus.APPLIED, action=Action.UPDATE, address="b", kind=ROOM, name="b"),
    )
    text = told(outcomes=outcomes, command="apply")
    assert "Apply complete! Resources: 1 added, 1 changed, 0 destroyed." in text


def test_an_apply_that_failed_says_what_became_of_the_rest():
    outcomes = (
        Outcome(status=OutcomeStatus.APPLIED, action=Action.DELETE, address="a", kind=ROOM, name="a"),
        Outcome(
            status=OutcomeStatus.FAILED,
            action=Action.UPDATE,
            address="b",
            kind=ROOM,
            name="b",
            code="E_API",
            reason="no",
        ),
        Outcome(status=OutcomeStatus.UNKNOWN, action=Action.CREATE, address="c", kind=ROOM, name="c"),
        Outcome(
            status=OutcomeStatus.SKIPPED, action=Action.CREATE, address="d", kind=ROOM, name="d", reason="b failed"
        ),
    )
    text = told(outcomes=outcomes, command="apply")
    assert "Apply incomplete. Resources: 0 added, 0 changed, 1 destroyed; 1 failed, 1 unknown, 1 skipped." in text
    assert "~ b: failed (E_API): no" in text


def test_environments_of_an_audit_stand_apart():
    text = told(Plan(environment="a", changes=(create(),)), Plan(environment="b"))
    assert text.index("=== a ===") < text.index("will be created") < text.index("=== b ===") < text.index("No changes.")


def test_what_reading_cost_stands_at_the_end():
    text = told(Plan(environment="a"), usage=ApiUsage(requests=3, pages=2, shows=1, retries=1, waited=1.25))
    assert text.endswith("3 requests (2 list, 1 show, 0 write), 1 retry, 1.2 s waited\n")


def test_unmanaged_objects_are_named_up_to_a_bound():
    assert f'#   {ROOM}["Console"] [id=r-9]' in told(everything())
    assert f'#   {ROOM}["Other"]: of project p2' in told(everything())


def test_tables_of_a_command_line_up():
    table = {"title": "Differences", "columns": ["字段", "a"], "rows": [["名", "x"], ["name", "y"]], "note": "2 rows"}
    text = told(tables=[table])
    assert text == "Differences\n字段  a\n名    x\nname  y\n2 rows\n"


def test_a_delete_shows_what_would_be_lost():
    text = told(Plan(environment="demo", changes=(delete(),)))
    assert '- interaction_rules[0].rule_name = "price"' in text


def test_a_delete_lists_what_was_declared_and_no_field_of_the_service():
    before = {
        "room_id": "r-1",
        "create_time": "2026-01-01T00:00:00Z",
        "room_name": "Old",
        "room_description": "Last year",
        "room_type": "NORMAL",
        "cover_url": "",
    }
    gone = replace(delete("Old"), kind=ROOM, before=before)
    text = told(Plan(environment="demo", changes=(gone,)))
    assert '- room_description = "Last year"' in text
    assert not any(name in text for name in ("room_id", "create_time", "cover_url", "room_type"))
    assert "(1 default hidden; --show-defaults)" in text


def test_a_delete_of_a_kind_that_is_not_installed_lists_all_that_was_read():
    gone = replace(delete("Old"), kind="Elsewhere", before={"made_up": 1})
    assert "- made_up = 1" in told(Plan(environment="demo", changes=(gone,)))
