"""After an apply nothing is left to do, whatever the service does to texts, lists, times and numbers; or it is said."""

import itertools
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.apply.recompare import differences
from reconciler.apply.runner import ApplyResult
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.model.outcome import OutcomeStatus
from reconciler.model.resource import DeclaredResource
from reconciler.testing.harness import TestService
from reconciler.testing.harness import stage as any_stage
from reconciler.testing.writer_suite import GROUP, ROOM, STATES, group, room, rule
from reconciler.writers.http_writer import HttpWriter

stage = partial(any_stage, served=False)
ROOT = Path(__file__).parents[2]

NORMALISERS: dict[str, dict[str, str]] = {
    "none": {},
    "trim": {"whitespace": "trimmed"},
    "lf": {"newlines": "lf"},
    "absent defaults": {"defaults": "absent"},
    "defaults everywhere": {"defaults": "everywhere"},
    "reorder": {"sets": "reordered"},
    "offsets": {"times": "offset"},
    "milliseconds": {"times": "millis"},
    "lower": {"times": "lower"},
    "text for numbers": {"numbers": "text"},
    "changing urls": {"signed_urls": "changing"},
    "merge": {"put": "merge"},
    "kept ids": {"child_ids": "kept", "child_stamp": "renewed"},
    "all": {
        "whitespace": "trimmed",
        "newlines": "lf",
        "defaults": "everywhere",
        "sets": "reordered",
        "times": "offset",
        "numbers": "text",
    },
}

WORDS = st.sampled_from(["", "plain", " spaced ", "two\r\nlines", "日本語", "🎤", "1", "true"])
TAGS = st.lists(st.sampled_from(["price", "size", "colour"]), min_size=1, max_size=3, unique=True)
RULES = st.builds(
    lambda name, reply, tags, more: rule(name, reply or "x", tags=tags, **more),
    st.sampled_from(["a", "b", "c", "d"]),
    WORDS,
    TAGS,
    st.fixed_dictionaries({}, optional={"enabled": st.booleans()}),
)
RULE_LISTS = st.lists(RULES, max_size=4, unique_by=lambda each: each["rule_name"])
GROUPS = st.builds(lambda name, rules: group(name, *rules), st.sampled_from(["g1", "g2", "g3"]), RULE_LISTS)
ROOMS = st.builds(
    lambda name, text, more: room(name, text, **more),
    st.sampled_from(["r1", "r2", "r3"]),
    WORDS,
    st.fixed_dictionaries(
        {},
        optional={
            "priv_data": WORDS,
            "play_policy": st.fixed_dictionaries({}, optional={"repeat_count": st.integers(-1, 3)}),
            "video_config": st.just({"width": 1080, "height": 1920, "bitrate": 3000}),
        },
    ),
)
WISHES = st.builds(
    lambda groups, rooms: (*groups, *rooms),
    st.lists(GROUPS, max_size=3, unique_by=lambda each: each.name),
    st.lists(ROOMS, max_size=3, unique_by=lambda each: each.name),
)


def writer(place: TestService) -> HttpWriter:
    return HttpWriter(place.client(), str)


def settled(place: TestService, wish: tuple[DeclaredResource, ...], applied: ApplyResult) -> None:
    """Nothing is left, or each field that is left was named once."""
    named = {(outcome.address, path) for outcome in applied.outcomes for path in outcome.stuck}
    after = place.plan(wish)
    left = [(change.address, field.path) for change in after.pending for field in differences(change)]
    assert sorted(left) == sorted(named), [outcome.reason for outcome in applied.outcomes]
    assert {outcome.status for outcome in applied.outcomes} <= {OutcomeStatus.APPLIED}, applied.outcomes
    for outcome in applied.outcomes:
        assert outcome.reason.count("ignore_changes:") == bool(outcome.stuck)


@pytest.mark.parametrize("normaliser", ["none", "absent defaults", "kept ids", "all"])
def test_a_second_plan_is_empty_after_every_state_of_a_sequence(normaliser: str) -> None:
    with stage({"behaviours": NORMALISERS[normaliser]}) as place:
        for state in STATES:
            settled(place, state, place.apply(state, writer(place)))
        assert place.simulator.model.duplicates == []


def examples() -> tuple[DeclaredResource, ...]:
    """Both kinds with everything they can hold."""
    manifest = load(DiskTree(ROOT), entries=["examples/kinds"])
    assert manifest.valid
    return manifest.resources


@pytest.mark.parametrize("normaliser", NORMALISERS)
def test_objects_with_everything_in_them_converge_when_made_and_when_changed(normaliser: str) -> None:
    with stage({"behaviours": NORMALISERS[normaliser]}) as place:
        made = examples()
        settled(place, made, place.apply(made, writer(place)))
        changed = tuple(replace(each, spec=edited(each.spec)) for each in made)
        applied = place.apply(changed, writer(place))
        assert len(applied.outcomes) == len(made)
        settled(place, changed, applied)
        assert place.simulator.model.losses == []


def edited(spec: Any) -> Any:
    """Change one text somewhere deep inside."""
    if "room_description" in spec or "scene_scripts" in spec:
        return {**spec, "room_description": "another text"}
    first, *others = spec["interaction_rules"]
    return {
        "interaction_rules": [
            {**first, "trigger": {**first["trigger"], "reply_texts": ["new", *first["trigger"]["reply_texts"][1:]]}},
            *others,
        ]
    }


def random_states(wishes: list[tuple[DeclaredResource, ...]], normaliser: str) -> None:
    with stage({"behaviours": NORMALISERS[normaliser]}) as place:
        for wish in wishes:
            settled(place, wish, place.apply(wish, writer(place)))


RANDOM: dict[str, Any] = {
    "wishes": st.lists(WISHES, min_size=1, max_size=2),
    "normaliser": st.sampled_from(list(NORMALISERS)),
}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(**RANDOM)
def test_a_second_plan_is_empty_for_random_states(wishes: list[tuple[DeclaredResource, ...]], normaliser: str) -> None:
    random_states(wishes, normaliser)


@pytest.mark.deep
@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
@given(**RANDOM)
def test_a_second_plan_is_empty_for_very_many_random_states(
    wishes: list[tuple[DeclaredResource, ...]], normaliser: str
) -> None:
    random_states(wishes, normaliser)


def test_a_field_the_service_derives_is_named_once_with_the_entry_to_paste() -> None:
    wish = (room("evening", "", view_mode="VERTICAL", video_config={"width": 1920, "height": 1080, "bitrate": 3000}),)
    with stage({"behaviours": {"view_mode": "derived"}}) as place:
        applied = place.apply(wish, writer(place))
        (outcome,) = applied.outcomes
        assert outcome.stuck == ("view_mode",)
        assert outcome.reason.count("view_mode") == 2
        assert 'ignore_changes: [{path: "view_mode", reason: the service does not keep it}]' in outcome.reason
        ignoring = tuple(
            DeclaredResource(
                **{
                    **{name: getattr(each, name) for name in DeclaredResource.__dataclass_fields__},
                    "ignore_changes": rules,
                }
            )
            for each, rules in ((wish[0], room_rules("view_mode")),)
        )
        assert place.apply(ignoring, writer(place)).exit_code == 0


def room_rules(path: str) -> Any:
    from reconciler.testing.harness import declare

    return declare(ROOM, "x", {}, ignore=(path,)).ignore_changes


UNKNOWN = {"from_the_future": {"kept": ["as it is", 1, None]}}


def with_unknown(number: int) -> dict[str, Any]:
    """A group with fields nobody knows at three depths."""
    inner = {**rule("price", f"reply {number}"), **UNKNOWN}
    inner["trigger"] = {**inner["trigger"], **UNKNOWN}
    inner["hit_condition"] = {**inner["hit_condition"], **UNKNOWN}
    return {"group_name": f"group {number}", "interaction_rules": [inner, {**rule("other"), **UNKNOWN}], **UNKNOWN}


def room_with_unknown(number: int) -> dict[str, Any]:
    policy = {"repeat_count": 1, **UNKNOWN}
    scene = {"script_name": "opening", "voice_config": {"voice_asset_id": "v1", **UNKNOWN}, **UNKNOWN}
    return {"room_name": f"room {number}", "play_policy": policy, "scene_scripts": [scene], **UNKNOWN}


def many_updates(updates: int, put_semantics: str) -> None:
    objects = 20
    seed = {
        "interaction_rule_groups": [with_unknown(number) for number in range(objects)],
        "smart_live_rooms": [room_with_unknown(number) for number in range(objects)],
        "behaviours": {"put": put_semantics},
    }
    with stage(seed) as place:
        before = {
            (kind, entry.name): unknown_of(entry.body) for kind in (GROUP, ROOM) for entry in entries(place, kind)
        }
        assert all(len(found) >= 4 for found in before.values())
        for turn in itertools.count(1):
            groups = [
                group(f"group {number}", rule("price", f"reply {turn}"), rule("other")) for number in range(objects)
            ]
            rooms = [room(f"room {number}", f"turn {turn}") for number in range(objects)]
            assert place.apply((*groups, *rooms), writer(place)).exit_code == 0
            if place.simulator.model.requests["update"] >= updates:
                break
        assert place.simulator.model.losses == []
        after = {(kind, entry.name): unknown_of(entry.body) for kind in (GROUP, ROOM) for entry in entries(place, kind)}
        assert after == before


def entries(place: TestService, kind: str) -> list[Any]:
    return list(place.simulator.world.collection(place.project_id, kind).entries.values())


def unknown_of(value: Any, path: str = "") -> dict[str, Any]:
    """Return the unknown values inside an object, by their places."""
    if isinstance(value, dict):
        found = {path: value["from_the_future"]} if "from_the_future" in value else {}
        return found | {k: v for name, part in value.items() for k, v in unknown_of(part, f"{path}.{name}").items()}
    if isinstance(value, list):
        return {k: v for at, part in enumerate(value) for k, v in unknown_of(part, f"{path}[{at}]").items()}
    return {}


@pytest.mark.parametrize("put_semantics", ["replace", "merge"])
def test_fields_nobody_knows_survive_updates_at_every_depth(put_semantics: str) -> None:
    many_updates(40, put_semantics)


@pytest.mark.deep
@pytest.mark.parametrize("put_semantics", ["replace", "merge"])
def test_fields_nobody_knows_survive_a_thousand_updates(put_semantics: str) -> None:
    many_updates(1000, put_semantics)
