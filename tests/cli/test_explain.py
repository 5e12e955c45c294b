"""`explain` and `render`: where a value comes from, and what a template became."""

import json

import pytest

from reconciler.kinds.base.field_description import description, find_field
from reconciler.kinds.registry import all_kinds
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


def test_values_that_mean_the_same_do_not_differ():
    standing = {path: row[2] for path, row in explain(MORNING).items()}
    assert standing["video_config.codec"] == "in step"  # live spells the default out
    assert not [told for told in standing.values() if told.startswith("differs") and "server default" in told]


def test_a_field_is_named_as_plans_print_it_and_leads_into_a_macro():
    rows = explain(QUESTIONS, "interaction_rules[price of Pu'er].trigger")
    assert set(rows) >= {"interaction_rules[price of Pu'er].trigger.time_window"}
    assert all(path.startswith("interaction_rules[price of Pu'er].trigger") for path in rows)
    assert rows["interaction_rules[price of Pu'er].trigger.time_window"][1].startswith("shared/rules.yaml.j2:")
    assert "values/demo.yaml" in rows["interaction_rules[price of Pu'er].trigger.reply_texts[0]"][1]
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


def test_what_differs_is_shown_with_its_live_value_and_no_place_is_cut(tmp_path):
    deep = "a-folder-with-a-long-name/and-another-one-in-it/and-a-third-one-that-is-long-too/values.yaml"
    seed = json.dumps({"smart_live_rooms": [{"room_name": "One", "room_description": "live text"}]})
    project(tmp_path, {"rooms/one.yaml": room("One", "room_description: {{ values.text }}")}, seed=seed)
    (tmp_path / deep).parent.mkdir(parents=True)
    (tmp_path / deep).write_text("# a comment\ntext: from git\n")
    file = tmp_path / "reconciler.yaml"
    file.write_text(file.read_text().replace("manifests:", f"values: [{deep}]\nmanifests:"))
    run = reconciler("-C", tmp_path, "explain", "One")
    assert run.code == 0, run.err
    (line,) = [line for line in run.out.splitlines() if line.startswith("room_description")]
    assert f"({deep}:2:7)" in line
    assert 'live: "live text"' in line
    whole = json.loads(reconciler("-C", tmp_path, "explain", "One", "--format", "json").out)
    field = next(one for one in whole["explained"]["fields"] if one["path"] == "room_description")
    assert (field["value"], field["live"]) == ('"from git"', '"live text"')
    assert field["standing"].startswith("differs")


def test_a_field_inside_a_keyed_item_has_the_live_value_of_that_item():
    rows = explain(QUESTIONS, "interaction_rules[price of Pu'er].trigger.reply_texts[0]")
    (row,) = rows.values()
    assert row[2].endswith("""; live: "Pu'er is 88 yuan a tin.\"""")


def test_what_is_not_live_yet_is_told_so():
    assert {row[2] for row in explain("Tea house evening show").values()} == {"not live yet"}


def of_kind(*arguments):
    run = reconciler("explain", *arguments, "--format", "json")
    assert run.code == 0, run.err
    return json.loads(run.out)["explained"]


def test_a_field_of_a_kind_is_explained_without_a_project(tmp_path):
    run = reconciler("-C", tmp_path, "explain", "SmartLiveRoom.video_config.frame_rate")
    assert (run.code, run.err) == (0, "")
    for said in (
        "KIND:        SmartLiveRoom\n",
        "FIELD:       video_config.frame_rate <string>\n",
        "DESCRIPTION:\n",
        "TYPE:        string\n",
        'LIMITS:      one of "24", "25", "30"\n',
        'DEFAULT:     "25"\n',
        "ROLE:        write_only_or_detail",
        "LIVE:        show only\n",
        "SOURCE:      VideoConfig.frame_rate; docs/api/fields.yaml",
    ):
        assert said in run.out


@pytest.mark.parametrize(
    "path",
    [
        "interaction_rules.item.trigger.time_window",
        "interaction_rules.trigger.time_window",
        "interaction_rules[].trigger.time_window",
        "interaction_rules[price].trigger.time_window",
        "spec.interaction_rules.item.trigger.time_window",
    ],
)
def test_a_path_into_a_list_may_be_written_in_every_usual_way(path):
    found = of_kind(f"InteractionRuleGroup.{path}")
    assert found["path"] == "interaction_rules.item.trigger.time_window"
    assert found["limits"] == {"minimum": -1, "maximum": 7200, "unit": "second"}
    assert of_kind("interactionrulegroup", path) == found == of_kind("rule-groups", path)


def test_every_field_of_every_kind_is_explained():
    """By its path with `.item`, from the table; an object lists what is in it."""
    for kind in all_kinds().values():
        for path, field in kind.fields.items():
            if path.endswith("[]"):
                continue
            found = description(find_field(kind, path.replace("[]", ".item")), kind)
            assert found["path"] == path.replace("[]", ".item")
            assert found["description"] == field.doc
            assert found["role"] == field.role.value
            assert field.source in found["source"]
            inside = field.item.children if field.item is not None else field.children
            assert [one["name"] for one in found["fields"]] == list(inside)


def test_a_kind_lists_its_fields_and_recursively_all_of_them():
    short = reconciler("explain", "InteractionRuleGroup").out
    assert "  interaction_rules <list of object>\n" in short
    assert "time_window" not in short
    whole = reconciler("explain", "InteractionRuleGroup", "--recursive").out
    assert "\n    trigger <object>\n      time_window <integer>\n" in whole
    names = {field.name for field in all_kinds()["InteractionRuleGroup"].fields.values()}
    assert all(f"{name} <" in whole for name in names if name)
    deep = of_kind("InteractionRuleGroup", "--recursive")
    assert "time_window" in json.dumps(deep)
    assert max(map(len, whole.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["SmartLiveRoom.video_config.widht"], "E_FIELD_UNKNOWN", "did you mean `width`?"),
        (["SmartLiveRoom.video_config.width.x"], "E_FIELD_UNKNOWN", "single value"),
        (["SmartLiveRoom", "nothing.like.it"], "E_FIELD_UNKNOWN", "room_description"),
        (["SmartLiveRom"], "E_USAGE", "did you mean `SmartLiveRoom`?"),
        (["SmartLiveRom.video_config", "--recursive"], "E_USAGE", "did you mean `SmartLiveRoom`?"),
        (["SmartLiveRoom.metadata.name"], "E_USAGE", "metadata is the same"),
    ],
)
def test_a_kind_or_field_that_is_not_there_is_told_with_the_one_that_was_meant(tmp_path, arguments, code, said):
    run = reconciler("-C", tmp_path, "explain", *arguments)
    assert (run.code, run.out) == (1, "")
    assert code in run.err
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
