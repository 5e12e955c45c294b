"""What of a scope the service is asked for, what is checked here, and what stays in scope whatever it is called."""

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.model.read_result import ConfirmRequest, ReadRequest
from reconciler.readers.read_filter import need
from reconciler.simulator import Simulator, transport
from tests.support.reading import GROUP, PROJECT, ROOM, reader, rooms


class Listened:
    """A simulator that remembers the queries of list calls."""

    def __init__(self, seed):
        self.simulator = Simulator(seed)
        self.queries = []

    def handle(self, request):
        if request.path.endswith("rooms"):
            self.queries.append(dict(request.arguments))
        return self.simulator.handle(request)

    def reader(self):
        return reader("http://localhost", transport=transport(self), project_id=PROJECT)


def mixed():
    typed = [{"room_name": f"shop {kind}", "room_type": kind} for kind in ("NORMAL", "TEMPLATE")]
    return Listened({"smart_live_rooms": [*typed, *rooms(3)], "interaction_rule_groups": [{"group_name": "group"}]})


def names(reading):
    return [one.name for one in reading.resources]


def test_one_exact_room_type_is_asked_of_the_service():
    service = mixed()
    reading = service.reader().read(ROOM, ReadRequest(scope_fields={"room_type": frozenset({"TEMPLATE"})}))
    assert names(reading) == ["shop TEMPLATE"]
    assert [query.get("room_type") for query in service.queries] == ["TEMPLATE"]
    assert reading.complete


def test_several_room_types_and_a_name_prefix_are_picked_out_here():
    service = mixed()
    wanted = ReadRequest(scope_fields={"room_type": frozenset({"NORMAL", "TEMPLATE"})}, name_prefix="shop ")
    assert names(service.reader().read(ROOM, wanted)) == ["shop NORMAL", "shop TEMPLATE"]
    assert all(set(query) == {"limit", "offset"} for query in service.queries)


def test_a_room_without_a_type_is_a_normal_one():
    service = Listened({"smart_live_rooms": rooms(1), "behaviours": {"defaults": "absent"}})
    wanted = ReadRequest(scope_fields={"room_type": frozenset({"NORMAL", "TEMP"})})
    assert names(service.reader().read(ROOM, wanted)) == ["room 000"]


def test_room_types_say_nothing_about_groups():
    made = mixed().reader()
    assert names(made.read(GROUP, ReadRequest(scope_fields={"room_type": frozenset({"NORMAL"})}))) == ["group"]


def test_an_object_that_is_known_stays_in_scope_under_any_name_and_type():
    service = mixed()
    other = next(one for one in service.reader().read(ROOM, ReadRequest()).resources if one.name == "shop TEMPLATE")
    wanted = ReadRequest(
        scope_fields={"room_type": frozenset({"NORMAL"})}, name_prefix="room", known=frozenset({other.id})
    )
    assert "shop TEMPLATE" in names(service.reader().read(ROOM, wanted))


def test_an_object_out_of_scope_is_not_found_by_a_second_look_either():
    made = mixed().reader()
    made.read(ROOM, ReadRequest(scope_fields={"room_type": frozenset({"NORMAL"})}))
    answer = made.confirm(ROOM, ConfirmRequest(creates=frozenset({"shop TEMPLATE", "shop NORMAL"})))
    assert [one.name for one in answer.found] == ["shop NORMAL"]


def test_a_name_too_long_for_the_search_is_searched_for_by_its_start():
    service = Listened({"smart_live_rooms": [*rooms(3), {"room_name": "x" * 200}]})
    made = service.reader()
    made.read(ROOM, ReadRequest())
    answer = made.confirm(ROOM, ConfirmRequest(creates=frozenset({"y" * 129, "😀" * 65})))
    assert (answer.found, answer.unsure) == ((), {})
    searched = {query["room_name"] for query in service.queries if "room_name" in query}
    assert searched == {"y" * 128, "😀" * 64}
    assert [one.name for one in made.find(ROOM, "x" * 200)] == ["x" * 200]


def test_a_name_too_long_to_be_searched_for_in_a_list_that_moves_is_left_unsure():
    churn = {"match": {"operation": "list"}, "cap": 10, "churn": {"rate": 1, "actions": ["swap"]}}
    groups = [{"group_name": f"group {n}"} for n in range(30)]
    service = Listened({"interaction_rule_groups": groups, "faults": [churn]})
    made = service.reader()
    known = frozenset(entry.id for entry in service.simulator.console("InteractionRuleGroup").objects.entries.values())
    assert made.read(GROUP, ReadRequest(known=known)).complete
    long = "😀" * 200
    answer = made.confirm(GROUP, ConfirmRequest(creates=frozenset({long, "new"})))
    assert list(answer.unsure) == [long]


def test_names_are_compared_composed_and_searched_for_exactly():
    composed, split = "Caf\u00e9", "Cafe\u0301"
    service = Listened({"smart_live_rooms": [{"room_name": split}, {"room_name": composed + " 2"}]})
    made = service.reader()
    reading = made.read(ROOM, ReadRequest(fields={composed: frozenset({"video_config"})}))
    assert names(reading) == [composed, composed + " 2"]
    assert made.usage.shows == 1
    assert reading.resources[0].spec["room_name"] == split


def test_a_name_with_odd_characters_is_looked_for_in_the_whole_list_too():
    service = Listened({"smart_live_rooms": [*rooms(3), {"room_name": "50% off! (today)"}]})
    assert [one.name for one in service.reader().find(ROOM, "50% off! (today)")] == ["50% off! (today)"]
    assert [query.get("room_name") for query in service.queries] == ["50% off! (today)", "today", None]


NAMES = st.sampled_from(["a", "b", "é", "e\u0301"])
FIELDS = st.frozensets(st.sampled_from(["room_type", "scene_scripts", "play_policy", "interaction_rules"]), max_size=2)
ROWS = st.dictionaries(
    st.sampled_from(["1", "2", "3"]),
    st.fixed_dictionaries(
        {"room_name": NAMES}, optional={"play_policy": st.just({}), "interaction_rules": st.just([])}
    ),
)


@given(rows=ROWS, fields=st.dictionaries(NAMES, FIELDS), pins=st.dictionaries(st.sampled_from(["1", "2"]), FIELDS))
@example(rows={"1": {"room_name": "a"}}, fields={"a": frozenset({"scene_scripts"})}, pins={})
@example(rows={"1": {"room_name": "a"}}, fields={}, pins={"1": frozenset({"play_policy"})})
@example(rows={"1": {"room_name": "a"}}, fields={"a": frozenset({"room_type"})}, pins={})
def test_the_rows_to_show_are_those_that_leave_a_field_open_that_is_asked_for(rows, fields, pins):
    rows = {key: {"room_id": key, **row} for key, row in rows.items()}
    asked = need(ROOM, ReadRequest(fields=fields, pins=pins), PROJECT)
    open_ = {key for key, row in rows.items() if asked.rows.hidden_of(row, asked.managed(row))}
    assert asked.to_show(rows) == open_
    assert {key for key, row in rows.items() if asked.needs_show(row)} == open_
    assert asked.covered(rows) == rows
