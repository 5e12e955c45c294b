"""Where the API's answer is unknown the simulator gives either, as its seed says."""

import pytest

from reconciler.simulator import Simulator, load_seed
from reconciler.simulator.behaviours import BEHAVIOURS
from tests.support.command_line import ROOT
from tests.support.service import GROUPS, ROOMS, service

AUDIO = {"audio_url": "https://media.example/a.mp3?x=1", "audio_name": "a"}
GROUP = {
    "group_name": "G",
    "interaction_rules": [
        {
            "rule_name": "price",
            "event_type": 1,
            "hit_condition": {
                "relation": "AND",
                "tags": [{"tag": "content", "value": "a"}, {"tag": "content", "value": "b"}],
            },
            "trigger": {"time_window": 30, "reply_audios": [AUDIO]},
        }
    ],
}
SECRET = {"stream_keys": ["canary"], "live_event_callback_config": {"key": "canary"}}


def with_behaviour(name, choice, **seed):
    return service({"behaviours": {name: choice}, **seed})


def test_every_behaviour_has_at_least_two_answers_and_says_what_it_is_about():
    assert all(len(behaviour.choices) >= 2 and behaviour.doc for behaviour in BEHAVIOURS)
    assert len({behaviour.name for behaviour in BEHAVIOURS}) == len(BEHAVIOURS)


def test_the_defaults_are_the_harsher_answers():
    defaults = {behaviour.name: behaviour.default for behaviour in BEHAVIOURS}
    expected = {
        "list_details": "hidden",
        "put": "replace",
        "names": "repeatable",
        "count": "objects",
        "child_put": "resets",
        "signed_urls": "changing",
    }
    assert {name: defaults[name] for name in expected} == expected


def test_names_may_repeat_or_not():
    assert service({"smart_live_rooms": [{"room_name": "A"}]}).call("POST", ROOMS, {"room_name": "A"}).status == 200
    unique = with_behaviour("names", "unique", smart_live_rooms=[{"room_name": "A"}])
    assert unique.call("POST", ROOMS, {"room_name": "A"}).status == 400
    other = unique.call("POST", ROOMS, {"room_name": "B"}).json()["room_id"]
    assert unique.call("PUT", f"{ROOMS}/{other}", {"room_name": "A"}).status == 400
    assert unique.call("PUT", f"{ROOMS}/{other}", {"room_name": "B"}).status == 200


@pytest.mark.parametrize(("choice", "expected"), [("clear", "canary"), ("stars", "******"), ("empty", "")])
def test_secrets_come_back_clear_as_stars_or_empty(choice, expected):
    api = with_behaviour("secrets", choice, smart_live_rooms=[{"room_name": "A", **SECRET}])
    shown = api.room(api.rooms()[0]["room_id"])
    assert shown["stream_keys"] == [expected]
    assert shown["live_event_callback_config"]["key"] == expected


def test_signed_urls_differ_at_each_read_and_go_back_without_piling_up():
    api = service({"interaction_rule_groups": [GROUP]})
    group_id = api.groups()[0]["group_id"]

    def url(group):
        return group["interaction_rules"][0]["trigger"]["reply_audios"][0]["audio_url"]

    one, two = api.group(group_id), api.group(group_id)
    assert url(one) != url(two)
    assert url(one).partition("?")[0] == url(two).partition("?")[0]
    after = api.call("PUT", f"{GROUPS}/{group_id}", two).json()
    assert url(after).count("sim-signature") == 1
    stable = with_behaviour("signed_urls", "stable", interaction_rule_groups=[GROUP])
    assert url(stable.group(stable.groups()[0]["group_id"])) == AUDIO["audio_url"]


@pytest.mark.parametrize(("choice", "expected"), [("derived", "LANDSCAPE"), ("kept", "VERTICAL")])
def test_the_view_mode_is_derived_from_the_size_of_the_picture_or_kept(choice, expected):
    api = with_behaviour("view_mode", choice)
    body = {"room_name": "A", "view_mode": "VERTICAL", "video_config": {"width": 1920, "height": 1080}}
    room_id = api.call("POST", ROOMS, body).json()["room_id"]
    assert api.room(room_id)["view_mode"] == expected


@pytest.mark.parametrize(("choice", "status"), [("400", 400), ("404", 404)])
def test_deleting_what_is_not_there(choice, status):
    assert with_behaviour("delete_missing", choice).call("DELETE", f"{ROOMS}/none").status == status


@pytest.mark.parametrize(("choice", "status"), [("400", 400), ("404", 404)])
def test_showing_what_is_not_there(choice, status):
    assert with_behaviour("show_missing", choice).call("GET", f"{ROOMS}/none").status == status


def test_unknown_body_keys_are_kept_dropped_or_refused():
    body = {"room_name": "A", "new_field": {"deep": 1}, "video_config": {"also_new": 2}}
    for choice, expected in (("keep", ({"deep": 1}, 2)), ("drop", (None, None))):
        api = with_behaviour("unknown_keys", choice)
        shown = api.room(api.call("POST", ROOMS, body).json()["room_id"])
        assert (shown.get("new_field"), shown["video_config"].get("also_new")) == expected
    assert with_behaviour("unknown_keys", "refuse").call("POST", ROOMS, body).status == 400


def test_what_the_service_assigns_is_taken_from_no_body():
    api = service({"interaction_rule_groups": [GROUP]})
    group = api.group(api.groups()[0]["group_id"])
    body = {**group, "group_id": "mine", "create_time": "1999-01-01T00:00:00Z"}
    after = api.call("PUT", f"{GROUPS}/{group['group_id']}", body).json()
    assert (after["group_id"], after["create_time"]) == (group["group_id"], group["create_time"])


def test_a_room_on_air_can_be_refused_to_writers():
    seeded = [{"room_name": "A", "last_job_status": "PROCESSING"}]
    for choice, status in (("allowed", 200), ("refused", 400)):
        api = with_behaviour("on_air", choice, smart_live_rooms=seeded)
        assert api.call("DELETE", f"{ROOMS}/{api.rooms()[0]['room_id']}").status == status


def test_fields_the_service_may_override_can_be_ignored():
    api = with_behaviour("overridable", "ignored")
    room_id = api.call("POST", ROOMS, {"room_name": "A", "review_config": {"no_need_review": True}}).json()["room_id"]
    assert api.room(room_id)["review_config"] == {}


@pytest.mark.parametrize(("choice", "expected"), [("applied", "TEMPLATE"), ("ignored", "NORMAL"), ("refused", None)])
def test_the_type_of_a_room_may_be_changed_or_not(choice, expected):
    api = with_behaviour("doubtful_changes", choice, smart_live_rooms=[{"room_name": "A"}])
    path = f"{ROOMS}/{api.rooms()[0]['room_id']}"
    answer = api.call("PUT", path, {"room_name": "A", "room_type": "TEMPLATE"})
    assert (answer.status, answer.json().get("room_type")) == ((200, expected) if expected else (400, None))
    assert (
        api.call("PUT", path, {"room_name": "A", "room_type": answer.json().get("room_type", "NORMAL")}).status == 200
    )


@pytest.mark.parametrize(("choice", "value"), [("nulled", None), ("emptied", [])])
def test_the_list_can_say_null_or_nothing_for_what_it_leaves_out(choice, value):
    api = with_behaviour("list_details", choice, interaction_rule_groups=[GROUP])
    assert api.groups()[0]["interaction_rules"] == value


def test_a_per_rule_write_may_leave_the_groups_stamp_alone():
    for choice, renewed in (("kept", False), ("renewed", True)):
        api = with_behaviour("child_stamp", choice, interaction_rule_groups=[GROUP])
        before = api.groups()[0]
        api.call("POST", f"{GROUPS}/{before['group_id']}/rules", {"rule_name": "new", "event_type": 1})
        assert (api.groups()[0]["update_time"] != before["update_time"]) is renewed


NORMALISERS = [
    ("whitespace", "trimmed", {"room_description": "  a b \n"}, {"room_description": "a b"}),
    ("newlines", "lf", {"room_description": "a\r\nb"}, {"room_description": "a\nb"}),
    (
        "sets",
        "reordered",
        {"shared_config": {"allowed_project_ids": ["a", "b"]}},
        {"shared_config": {"allowed_project_ids": ["b", "a"]}},
    ),
    (
        "times",
        "offset",
        {"shared_config": {"expire_time": "2026-01-10T20:00:00Z"}},
        {"shared_config": {"expire_time": "2026-01-11T04:00:00+08:00"}},
    ),
    (
        "times",
        "millis",
        {"shared_config": {"expire_time": "2026-01-10T20:00:00Z"}},
        {"shared_config": {"expire_time": "2026-01-10T20:00:00.000Z"}},
    ),
    (
        "times",
        "lower",
        {"shared_config": {"expire_time": "2026-01-10T20:00:00Z"}},
        {"shared_config": {"expire_time": "2026-01-10t20:00:00z"}},
    ),
    ("numbers", "text", {"video_config": {"width": 1080}}, {"video_config": {"width": "1080"}}),
    ("defaults", "absent", {"live_event_callback_config": {}}, {"live_event_callback_config": {}, "room_type": None}),
    ("defaults", "everywhere", {}, {"interaction_config": {"play_type": "INSERT", "ignore_current_sentence": False}}),
]


@pytest.mark.parametrize(("name", "choice", "sent", "expected"), NORMALISERS)
def test_what_is_stored_can_come_back_in_another_shape(name, choice, sent, expected):
    api = with_behaviour(name, choice)
    room_id = api.call("POST", ROOMS, {"room_name": "A", **sent}).json()["room_id"]
    shown = api.room(room_id)
    for field, value in expected.items():
        found = shown.get(field)
        assert found == value or {**found, **value} == found


@pytest.mark.parametrize(("name", "choice"), [(row[0], row[1]) for row in NORMALISERS])
def test_what_came_back_can_be_sent_again_and_then_stays(name, choice):
    api = with_behaviour(name, choice)
    group_id = api.call("POST", GROUPS, GROUP).json()["group_id"]
    once = api.group(group_id)
    again = api.call("PUT", f"{GROUPS}/{group_id}", once)
    assert again.status == 200
    assert [rule["rule_name"] for rule in again.json()["interaction_rules"]] == ["price"]


def test_the_example_seed_names_every_behaviour_with_its_default_and_what_it_is_about():
    example = ROOT / "examples/simulator/seed.yaml"
    lines = example.read_text(encoding="utf-8").splitlines()
    for behaviour in BEHAVIOURS:
        others = ", ".join(behaviour.choices[1:])
        assert f"  {behaviour.name}: {behaviour.default} # or {others}: {behaviour.doc}" in lines
    api = Simulator(load_seed(example))
    assert {kind: len(api.console(kind).objects.entries) for kind in ("SmartLiveRoom", "InteractionRuleGroup")} == {
        "SmartLiveRoom": 1,
        "InteractionRuleGroup": 1,
    }
