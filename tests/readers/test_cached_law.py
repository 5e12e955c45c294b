"""Law: a plan from a cache equals one without it where the profile is true; with a false answer it says that it is
incomplete, or equals it too. A service may have changed since it was measured, so a false profile is the common case.
"""

import random
from datetime import UTC, datetime

import pytest

from reconciler.api.client import ReadClient
from reconciler.kinds.service_behaviours import BEHAVIOURS, CHOICES
from reconciler.model.desired_state import DesiredState
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import PlanOptions
from reconciler.model.service_profile import ServiceProfile
from reconciler.planner import make_plan
from reconciler.readers.http_reader import HttpReader
from reconciler.readers.read_cache import ReadCache
from reconciler.simulator import Simulator, transport
from tests.support.editing import change_rule, edit
from tests.support.planning import declared
from tests.support.reading import GROUP, PROJECT, ROOM, connection
from tests.support.service import Service
from tests.support.shop import as_json

RULE = {"rule_name": "price", "event_type": 1, "trigger": {"reply_mode": "SYSTEM_REPLY", "reply_texts": ["a"]}}
DECLARED = DesiredState(
    resources=(
        *(declared(GROUP, f"group {number}", {"interaction_rules": [RULE]}) for number in range(8)),
        *(declared(ROOM, f"room {number}", {"play_policy": {"repeat_count": 1}}) for number in range(2)),
    )
)


def service(**behaviours):
    groups = [{"group_name": f"group {number}", "interaction_rules": [RULE]} for number in range(8)]
    rooms = [{"room_name": f"room {number}"} for number in range(2)]
    seed = {"interaction_rule_groups": groups, "smart_live_rooms": rooms, "behaviours": behaviours}
    made = Service(Simulator({**seed, "project_id": PROJECT}), project=PROJECT)
    made.simulator.clock.advance(3600)
    return made


def planned(service, cache=None):
    reader = HttpReader(ReadClient(connection("http://localhost", transport=transport(service.simulator))), cache=cache)
    return make_plan(DECLARED, reader, LedgerState(), PlanOptions(environment="test", project_id=PROJECT))


def cached(service, file, profile):
    """Return a plan from the cache as a plan of the command line: a profile that a read contradicts is not used on."""
    cache = ReadCache(file, scope="one", proven=profile is not None and profile.renews_versions)
    try:
        made = planned(service, cache)
        if cache.proven and cache.contradiction:
            cache.distrust()
            made = planned(service, cache)
        return made, bool(cache.contradiction)
    finally:
        cache.close()


def profile(answers):
    return ServiceProfile(answers=answers, measured=datetime(2026, 1, 1, tzinfo=UTC))


def choices(dice):
    """Return behaviours of a service that do not keep a plan from being complete; a profile needs `renewed`."""
    names = ("put", "child_put", "child_ids", "order", "defaults", "whitespace", "sets", "times", "list_details")
    return {**{name: dice.choice(CHOICES[name].choices) for name in names}, "child_stamp": "renewed"}


def follows_every_edit(number, file):
    dice = random.Random(number)
    chosen = choices(dice)
    api = service(**chosen)
    complete = 0
    for _ in range(6):
        made, contradicted = cached(api, file, profile(chosen))
        assert as_json(made) == as_json(planned(api))
        assert not contradicted
        edit(dice, api)
        complete += made.complete
    assert complete


@pytest.mark.parametrize("number", range(40))
def test_with_a_true_profile_a_cached_plan_equals_an_uncached_one(number, tmp_path):
    follows_every_edit(number, tmp_path / "cache.db")


@pytest.mark.deep
@pytest.mark.parametrize("number", range(2_000))
def test_with_a_true_profile_two_thousand_edit_sequences_agree(number, tmp_path):
    follows_every_edit(f"deep {number}", tmp_path / "cache.db")


def is_incomplete_or_equal(number, name, file):
    """A service of other behaviours than the profile says, in one of them or in all that have another choice."""
    dice = random.Random(f"{number} {name}")
    chosen = choices(dice)
    said = {**{one.name: one.default for one in BEHAVIOURS}, **chosen}
    others = [one for one in CHOICES[name].choices if one != said[name]]
    api = service(**said | {name: dice.choice(others)})
    for _ in range(6):
        made, _ = cached(api, file, profile(said))
        assert not made.complete or as_json(made) == as_json(planned(api))
        edit(dice, api)


@pytest.mark.parametrize("name", [one.name for one in BEHAVIOURS])
def test_with_any_one_answer_false_a_cached_plan_is_incomplete_or_equal(name, tmp_path):
    is_incomplete_or_equal(0, name, tmp_path / "cache.db")


@pytest.mark.deep
@pytest.mark.parametrize("number", range(500))
def test_with_a_false_stamp_five_hundred_edit_sequences_are_incomplete_or_equal(number, tmp_path):
    is_incomplete_or_equal(f"deep {number}", "child_stamp", tmp_path / "cache.db")


@pytest.mark.parametrize("number", range(3))
def test_without_a_profile_a_cached_plan_is_incomplete_or_equal(number, tmp_path):
    dice, api = random.Random(number), service(child_stamp="kept")
    for _ in range(8):
        made, _ = cached(api, tmp_path / "cache.db", None)
        assert not made.complete or as_json(made) == as_json(planned(api))
        edit(dice, api)


@pytest.mark.parametrize("number", range(3))
def test_a_false_profile_is_found_out_by_the_next_plan_after_a_call_for_one_rule(number, tmp_path):
    dice, api, file = random.Random(number), service(child_stamp="kept"), tmp_path / "cache.db"
    renewed = profile({"child_stamp": "renewed"})
    cached(api, file, renewed)
    for row in dice.sample(api.groups(limit=100), 5):
        change_rule(dice, api, row)
    made, contradicted = cached(api, file, renewed)
    assert contradicted
    assert made.complete
    assert as_json(made) == as_json(planned(api))
