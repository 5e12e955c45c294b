"""A value that the service rewrites is told as not kept, with the day, and never as a move of the live side."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from reconciler.kinds.registry import kind_named
from reconciler.model.change import Attribution
from reconciler.testing.harness import PROJECT, TestService, declare
from reconciler.testing.harness import stage as any_stage
from reconciler.testing.writer_suite import GROUP, ROOM, group, room, rule
from reconciler.writers.http_writer import HttpWriter

Made = Callable[[TestService], HttpWriter]
stage = partial(any_stage, served=False)


def moderated(kind: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """A service that replaces what is written with something else, at once."""
    edit = {"action": "touch", "name": name, "body": body}
    return {"match": {"method": "PUT", "kind": kind}, "edits": [edit]}


def attributions(place: TestService, wish: tuple[Any, ...]) -> dict[str, Attribution]:
    return {field.path: field.attribution for change in place.plan(wish).pending for field in change.fields}


def test_the_next_plan_says_not_kept_and_the_day_instead_of_drift(http_writer: Made) -> None:
    fault = moderated(ROOM, "evening", {"room_description": "(removed)"})
    with stage({"smart_live_rooms": [{"room_name": "evening"}], "faults": [fault]}) as place:
        wish = (room("evening", "a bad word"),)
        assert place.apply(wish, http_writer(place)).exit_code == 3
        (change,) = place.plan(wish).pending
        assert change.attribution is Attribution.CONFIG
        assert change.reason == "not kept when applied on 2026-01-01"
        assert "room_description: not kept when applied on 2026-01-01" in change.notes
        assert place.plan(wish).summary().drift == 0
        place.apply(wish, http_writer(place))
        assert attributions(place, wish) == {"room_description": Attribution.CONFIG}


def test_beside_another_change_only_what_was_not_kept_is_told_so(http_writer: Made) -> None:
    fault = moderated(ROOM, "evening", {"room_description": "(removed)"})
    with stage({"smart_live_rooms": [{"room_name": "evening"}], "faults": [fault]}) as place:
        place.apply((room("evening", "a bad word", priv_data="one"),), http_writer(place))
        console = place.simulator.console(ROOM, PROJECT)
        console.change(next(iter(console.objects.entries.values())), {"priv_data": "theirs"})
        wish = (room("evening", "another bad word", priv_data="one"),)
        found = attributions(place, wish)
        assert found == {"room_description": Attribution.CONFIG, "priv_data": Attribution.DRIFT}
        (change,) = place.plan(wish).pending
        assert change.reason == "changed outside the manifests"


def test_what_moved_on_the_live_side_since_is_drift_or_conflict_again(http_writer: Made) -> None:
    fault = moderated(ROOM, "evening", {"room_description": "(removed)"})
    with stage({"smart_live_rooms": [{"room_name": "evening"}], "faults": [fault]}) as place:
        wish = (room("evening", "a bad word"),)
        place.apply(wish, http_writer(place))
        console = place.simulator.console(ROOM, PROJECT)
        console.change(next(iter(console.objects.entries.values())), {"room_description": "theirs"})
        assert attributions(place, wish) == {"room_description": Attribution.DRIFT}
        assert not any("not kept" in note for change in place.plan(wish).pending for note in change.notes)


@pytest.mark.parametrize("depth", ["rule", "room"])
def test_once_told_and_declared_every_further_apply_is_clean(http_writer: Made, depth: str) -> None:
    if depth == "room":
        fault, path = moderated(ROOM, "x", {"room_description": "(removed)"}), "room_description"
        seed: dict[str, Any] = {"smart_live_rooms": [{"room_name": "x", "room_description": "(removed)"}]}
        before, kind, spec = room("x", "a bad word"), ROOM, {"room_description": "a bad word", "priv_data": "new"}
    else:
        kept = rule("a", "(removed)")
        fault, path = moderated(GROUP, "x", {"interaction_rules": [kept]}), "interaction_rules[a].trigger.reply_texts"
        seed = {"interaction_rule_groups": [{"group_name": "x", "interaction_rules": [kept]}]}
        before, kind, spec = group("x", rule("a", "a bad word")), GROUP, {"interaction_rules": [rule("a", "bad")]}
    with stage({**seed, "faults": [fault, {**fault, "match": {"operation": "child_update"}}]}) as place:
        assert place.apply((before,), http_writer(place)).exit_code == 3
        assert set(attributions(place, (before,)).values()) == {Attribution.CONFIG}
        ignoring = declare(kind, "x", spec, ignore=[path])
        for _ in range(3):
            assert place.apply((ignoring,), http_writer(place)).exit_code == 0
        assert place.plan((ignoring,)).pending == ()


@pytest.mark.parametrize("kept", [("priv_data",), ("room_description",), ("priv_data", "room_description")])
def test_a_write_that_is_kept_in_part_at_an_unchanged_stamp_names_what_was_not_kept(
    http_writer: Made, kept: tuple[str, ...]
) -> None:
    old, new = {"room_description": "old", "priv_data": "old"}, {"room_description": "new", "priv_data": "new"}
    with stage({"smart_live_rooms": [{"room_name": "evening", **old}]}) as place:
        (entry,) = place.simulator.world.collection(PROJECT, ROOM).entries.values()
        stamps = {name: entry.body[name] for name in kind_named(ROOM).version_fields if name in entry.body}
        shows = {**stamps, **{name: (new if name in kept else old)[name] for name in old}}

        def point(name: str) -> None:
            if name == "intended":
                match = {"kind": ROOM, "method": "GET"}
                place.simulator.inject(
                    place.faults(
                        {"match": {**match, "operation": "show"}, "transform": {"set": shows}},
                        {"match": {"method": "PUT"}, "transform": {"set": {"room_id": None}}},
                    )
                )

        began = place.clock()
        wish = room("evening", "new", priv_data="new")
        (outcome,) = place.apply((wish,), http_writer(place), point=point).outcomes
        lost = tuple(name for name in ("room_description", "priv_data") if name not in kept)
        assert sorted(outcome.stuck) == sorted(lost)
        assert outcome.code == ("E_SERVER_REWROTE" if lost else "")
        assert place.clock() - began < 60
