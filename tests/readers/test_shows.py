"""Which objects are shown, and in what order: only for fields that a manifest declares and the list hides."""

from threading import Lock
from time import monotonic, sleep

import pytest

from reconciler.api.client import ReadClient
from reconciler.api.messages import CallObserver
from reconciler.model.desired_state import DesiredState
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import PlanOptions
from reconciler.planner import make_plan
from reconciler.readers.http_reader import HttpReader
from reconciler.readers.read_cache import ReadCache
from reconciler.simulator import Simulator, transport
from tests.support.planning import declared
from tests.support.reading import GROUP, PROJECT, ROOM, connection
from tests.support.service import GROUPS, ROOMS, Service

RULE = {"rule_name": "price", "event_type": 1, "trigger": {"reply_texts": ["a"]}}
OLD = {"create_time": "2026-01-01T00:00:00Z", "update_time": "2026-01-01T00:00:00Z"}


class Shows(CallObserver):
    """The objects that were shown, as (collection, id), in the order of their requests."""

    def __init__(self):
        self._lock = Lock()
        self.asked = []

    def before(self, call):
        collection, _, last = call.path.rpartition("/")
        if call.reading and collection.endswith((GROUPS, ROOMS)):
            with self._lock:
                self.asked.append((collection[collection.rindex("/") :], last))


def service(rooms, groups, **behaviours):
    seed = {
        "smart_live_rooms": [
            {"room_name": f"room {n}", "play_policy": {"repeat_count": 1}, **OLD} for n in range(rooms)
        ],
        "interaction_rule_groups": [
            {"group_name": f"group {n}", "interaction_rules": [RULE], **OLD} for n in range(groups)
        ],
        "project_id": PROJECT,
        "behaviours": behaviours,
    }
    return Service(Simulator(seed), project=PROJECT)


def planned(api, resources, *, cache=None, patient=None, **settings):
    """Plan, and return what was shown by name."""
    shows = Shows()
    link = connection("http://localhost", patient, transport=transport(api.simulator), observer=shows, **settings)
    reader = HttpReader(ReadClient(link), cache=cache, parallelism=settings.get("parallelism", 1))
    desired = DesiredState(resources=tuple(resources))
    plan = make_plan(desired, reader, LedgerState(), PlanOptions(environment="test", project_id=PROJECT))
    assert plan.complete
    names = {row["room_id"]: row["room_name"] for row in api.rooms(limit=100)}
    names |= {row["group_id"]: row["group_name"] for row in api.groups(limit=100)}
    return [names[one] for _, one in shows.asked]


@pytest.mark.parametrize(
    ("resources", "shown"),
    [
        ([declared(ROOM, "room 1", {"room_description": "x"})], []),
        ([declared(ROOM, "room 1", {"play_policy": {"repeat_count": 2}})], ["room 1"]),
        ([declared(GROUP, "group 2", {})], []),
        ([declared(GROUP, "group 2", {"interaction_rules": [RULE]})], ["group 2"]),
        (
            [
                declared(ROOM, "room 0", {"room_description": "x"}),
                declared(ROOM, "room 2", {"play_policy": {"repeat_count": 2}, "room_description": "x"}),
                declared(GROUP, "group 1", {}),
                declared(GROUP, "group 2", {"interaction_rules": []}),
            ],
            ["group 2", "room 2"],
        ),
    ],
)
def test_an_object_is_shown_only_for_declared_fields_that_the_list_hides(resources, shown):
    assert sorted(planned(service(3, 3), resources)) == shown


def test_no_group_is_shown_where_the_list_has_the_rules():
    resources = [declared(GROUP, f"group {number}", {"interaction_rules": [RULE]}) for number in range(3)]
    assert planned(service(0, 3, list_details="shown"), resources) == []


def test_changed_objects_are_shown_before_those_that_are_only_read_again(tmp_path):
    api = service(0, 12)
    api.simulator.clock.advance(10**8)
    resources = [declared(GROUP, f"group {number}", {"interaction_rules": [RULE]}) for number in range(12)]

    def cached():
        cache = ReadCache(tmp_path / "cache.db", scope="one", proven=True)
        try:
            return planned(api, resources, cache=cache)
        finally:
            cache.close()

    assert sorted(cached()) == sorted(f"group {number}" for number in range(12))
    changed = {"group 3", "group 8", "group 11"}
    for row in api.groups(limit=100):
        if row["group_name"] in changed:
            body = {"group_name": row["group_name"], "interaction_rules": [{**RULE, "rule_name": "size"}]}
            api.call("PUT", f"{GROUPS}/{row['group_id']}", body)
    shown = cached()
    assert (len(shown), set(shown[:3])) == (12, changed)


def test_shows_of_both_kinds_are_interleaved_at_the_rate_of_the_setting():
    api = service(40, 40)
    resources = [
        *(declared(ROOM, f"room {number}", {"play_policy": {"repeat_count": 1}}) for number in range(40)),
        *(declared(GROUP, f"group {number}", {"interaction_rules": [RULE]}) for number in range(40)),
    ]
    shown = planned(api, resources, parallelism=8, reads_per_second=200.0, monotonic=monotonic, sleep=sleep)
    assert len(shown) == len(set(shown)) == 80
    kinds = [name.split()[0] for name in shown]
    assert min(kinds[:60].count("room"), kinds[:60].count("group")) >= 10
