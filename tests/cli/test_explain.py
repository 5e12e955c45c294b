"""`explain` and `render`: where a value comes from, and what a template became."""

import json

import pytest

from tests.support.command_line import QUICKSTART, project, reconciler, room

MORNING = 'SmartLiveRoom["Tea house morning show"]'
QUESTIONS = 'InteractionRuleGroup["Tea house questions"]'


def explain(*arguments):
    run = reconciler("-C", QUICKSTART, "explain", "-e", "demo", "--format", "json", *arguments)
    assert run.code == 0, run.err
    (table,) = json.loads(run.out)["tables"]
    return {row[0]: row[1:] for row in table["rows"]}


def test_each_value_names_its_line_and_the_values_it_used():
    rows = explain(MORNING)
    value, origin, standing = rows["room_description"]
    assert value == '"Every morning at nine: green teas."'
    assert origin.startswith("rooms/shows.yaml:13:21")
    assert "values/common.yaml" in origin
    assert standing == "in step"


def test_a_hidden_difference_names_the_rule_that_hides_it():
    rows = explain(MORNING)
    assert rows["priv_data"][2].startswith("differs, hidden: ignore_changes")
    assert rows["video_config.codec"][1] == "default"


def test_a_field_is_named_as_plans_print_it_and_leads_into_a_macro():
    rows = explain(QUESTIONS, "interaction_rules[price of Pu'er].trigger")
    assert set(rows) >= {"interaction_rules[price of Pu'er].trigger.time_window"}
    assert all(path.startswith("interaction_rules[price of Pu'er].trigger") for path in rows)
    assert rows["interaction_rules[price of Pu'er].trigger.reply_texts[0]"][1].startswith("shared/rules.yaml.j2:")
    assert rows["interaction_rules[price of Pu'er].trigger.reply_texts[0]"][2].startswith("differs")
    assert rows["interaction_rules[price of Pu'er].trigger.reply_texts[1]"][2] == "in step"


def test_a_name_alone_is_an_address_where_it_is_the_only_one():
    assert explain("Tea house morning show") == explain(MORNING)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (['SmartLiveRoom["Tea house mornng show"]'], f"did you mean {MORNING}?"),
        ([MORNING, "room_descripton"], "room_descripton"),
    ],
)
def test_what_is_not_declared_is_told(arguments, said):
    run = reconciler("-C", QUICKSTART, "explain", "-e", "demo", *arguments)
    assert run.code == 1
    assert said in run.err


def test_a_secret_is_never_explained(tmp_path):
    spec = "live_event_callback_config: {auth_type: MSS_A, key: {secret: CALLBACK_KEY}}"
    project(tmp_path, {"rooms/one.yaml": room("One", spec)})
    variables = {"RECONCILER_SECRET_CALLBACK_KEY": "CANARYcanary0123456789"}
    run = reconciler("-C", tmp_path, "explain", "One", variables=variables)
    assert run.code == 0, run.err
    assert "(sensitive value)" in run.out
    assert "CANARY" not in run.out


def test_render_prints_manifests_after_their_templates():
    run = reconciler("-C", QUICKSTART, "render", "-e", "demo")
    assert run.code == 0, run.err
    assert "# Source: rooms/shows.yaml\n" in run.out
    assert "name: Tea house morning show" in run.out
    assert "{{" not in run.out
    one = reconciler("-C", QUICKSTART, "render", "-e", "demo", "rooms/shows.yaml")
    assert "# Source: rule-groups" not in one.out
    assert "{{" not in one.out
    missing = reconciler("-C", QUICKSTART, "render", "-e", "demo", "rooms/nothing.yaml")
    assert missing.code == 1
    assert "rooms/shows.yaml" in missing.err
