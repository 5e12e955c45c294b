"""Every answer of `doctor` is what the simulator was seeded with, or `not_observed`; nothing of the probes is left."""

import random

import pytest

from reconciler.api_probe.observations import Observations
from reconciler.kinds.service_behaviours import BEHAVIOURS
from reconciler.simulator import Simulator
from tests.support.probing import BUSY_SEED, REQUIRED, SEED, probed, wrong

GROUP, ROOM = "InteractionRuleGroup", "SmartLiveRoom"


def check(seed, chosen, kinds):
    """Probe a simulator, and return the answers; the objects it held before are the same afterwards."""
    simulator = Simulator({**seed, "behaviours": chosen})
    before = objects(simulator)
    seen = probed(simulator, kinds)
    assert wrong(seen, chosen) == {}
    assert objects(simulator) == before
    return seen


def objects(simulator):
    return {
        (kind, entry.id): entry.revision
        for kind in (GROUP, ROOM)
        for entry in simulator.console(kind).objects.entries.values()
    }


@pytest.mark.parametrize(
    ("name", "choice"), [(one.name, choice) for one in BEHAVIOURS for choice in one.choices[1:] or one.choices]
)
def test_each_behaviour_alone_is_observed_as_seeded_or_not_at_all(name, choice):
    seen = check(SEED, {name: choice}, (GROUP, ROOM))
    assert [one for one in REQUIRED if seen[one] == "not_observed"] == []


def test_reads_alone_answer_what_lists_and_shows_decide():
    seen = check(SEED, {}, ())
    observed = {name: answer for name, answer in seen.items() if answer != "not_observed"}
    assert observed == {
        "list_details": "hidden",
        "count": "objects",
        "secrets": "clear",
        "show_missing": "404",
        "times": "kept",
    }


@pytest.mark.parametrize(("choice"), ["changing", "stable"])
def test_reads_see_signed_addresses_shared_templates_and_unknown_fields(choice):
    seen = check(BUSY_SEED, {"signed_urls": choice}, ())
    assert (seen["signed_urls"], seen["foreign"], seen["unknown_in_list"]) == (choice, "listed", "shown")


@pytest.mark.parametrize("choice", ["stable", "shuffled"])
def test_ties_that_change_between_two_reads_are_seen(choice):
    assert check(BUSY_SEED, {"ties": choice}, ())["ties"] == choice


def test_duplicates_that_were_there_before_do_not_prove_that_names_may_repeat():
    assert check(BUSY_SEED, {"names": "unique"}, ())["names"] == "not_observed"
    assert check(BUSY_SEED, {"names": "unique"}, (GROUP,))["names"] == "unique"


def test_two_votes_that_disagree_are_no_answer():
    seen = Observations()
    seen.vote("put", "merge")
    assert {one.behaviour: one.answer for one in seen.conclusions()}["put"] == "merge"
    seen.vote("put", "replace")
    assert {one.behaviour: one.answer for one in seen.conclusions()}["put"] == "not_observed"
    with pytest.raises(ValueError, match="no choice"):
        seen.vote("put", "append")


def combination(dice):
    chosen = {one.name: dice.choice(one.choices) for one in BEHAVIOURS if dice.random() < 0.7}
    return dice.choice([SEED, BUSY_SEED]), chosen, dice.choice([(), (GROUP,), (GROUP, ROOM)])


@pytest.mark.parametrize("number", range(6))
def test_random_combinations_are_never_answered_wrongly(number):
    check(*combination(random.Random(number)))


@pytest.mark.deep
@pytest.mark.parametrize("number", range(200))
def test_two_hundred_random_combinations_are_never_answered_wrongly(number):
    check(*combination(random.Random(f"deep {number}")))
