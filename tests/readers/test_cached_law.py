"""Law: a plan from a cache equals one without it where the profile is true, and else it is incomplete or found out.

A false profile can be told from a true one only by an object that is read again: within seven runs each of them is.
"""

import random

import pytest

from reconciler.api.client import ReadClient
from reconciler.model.desired_state import DesiredState
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import PlanOptions
from reconciler.planner import make_plan
from reconciler.readers.http_reader import HttpReader
from reconciler.readers.read_cache import ReadCache
from reconciler.simulator import Simulator, transport
from tests.support.editing import edit
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


def cached(service, file, *, proven):
    """Return a plan from the cache, and whether a read contradicted the profile."""
    cache = ReadCache(file, scope="one", proven=proven)
    try:
        return planned(service, cache), bool(cache.contradiction)
    finally:
        cache.close()


def follows_every_edit(number, file):
    dice = random.Random(number)
    api = service(
        child_stamp="renewed", put=dice.choice(["replace", "merge"]), child_put=dice.choice(["resets", "keeps"])
    )
    hits = 0
    for _ in range(6):
        made, contradicted = cached(api, file, proven=True)
        assert as_json(made) == as_json(planned(api))
        assert not contradicted
        edit(dice, api)
        hits += made.complete
    assert hits


@pytest.mark.parametrize("number", range(5))
def test_with_a_true_profile_a_cached_plan_equals_an_uncached_one(number, tmp_path):
    follows_every_edit(number, tmp_path / "cache.db")


@pytest.mark.deep
def test_with_a_true_profile_two_thousand_edit_sequences_agree(tmp_path):
    for number in range(2_000):
        follows_every_edit(f"deep {number}", tmp_path / f"{number}.db")


@pytest.mark.parametrize("number", range(3))
def test_without_a_profile_a_cached_plan_is_incomplete_or_equal(number, tmp_path):
    dice, api = random.Random(number), service(child_stamp="kept")
    for _ in range(8):
        made, _ = cached(api, tmp_path / "cache.db", proven=False)
        assert not made.complete or as_json(made) == as_json(planned(api))
        edit(dice, api)


@pytest.mark.parametrize("number", range(3))
def test_a_false_profile_is_found_out_within_seven_runs_after_an_edit(number, tmp_path):
    dice, api, file = random.Random(number), service(child_stamp="kept"), tmp_path / "cache.db"
    cached(api, file, proven=True)
    for _ in range(10):
        edit(dice, api)
    whole = as_json(planned(api))
    runs = [cached(api, file, proven=True) for _ in range(7)]
    assert any(contradicted for _, contradicted in runs)
    assert as_json(cached(api, file, proven=True)[0]) == whole
