"""Environments compared as values: by name, both ways round, ids apart, and what the manifests meant."""

from reconciler.fleet.compare_environments import NOT_THERE, THERE, ComparedEnvironment, compare, matrix
from reconciler.model.resource import DeclaredResource, LiveResource
from reconciler.model.source_map import NO_SOURCE

ROOM = "SmartLiveRoom"
GROUP = "InteractionRuleGroup"


def live(name, object_id, kind=ROOM, **spec):
    head = {ROOM: ("room_name", "room_id"), GROUP: ("group_name", "group_id")}[kind]
    return LiveResource(
        kind=kind, name=name, id=object_id, spec={head[0]: name, head[1]: object_id, **spec}, shown=True
    )


def declared(name, kind=ROOM, **spec):
    return DeclaredResource(kind=kind, name=name, spec=spec, locate=NO_SOURCE)


def side(name, *resources, says=()):
    return ComparedEnvironment(name=name, live=tuple(resources), declared=tuple(says))


def told(first, second):
    return [(one.address, one.path, one.first, one.second, one.expected) for one in compare(first, second)]


def test_ids_times_and_states_of_the_service_are_no_difference():
    one = side("a", live("R", "1", room_state="ENABLE", create_time="2026-01-01T00:00:00Z", room_description="x"))
    other = side("b", live("R", "2", room_state="BLOCKED", create_time="2026-02-02T00:00:00Z", room_description="x"))
    assert told(one, other) == []


def test_the_same_group_has_another_id_elsewhere():
    def shop(name, group, room, group_name="Hello"):
        rules = [{"group_id": group, "group_name": group_name, "rule_name": "greet"}]
        return side(name, live(group_name, group, GROUP), live("R", room, interaction_rules=rules))

    assert told(shop("a", "g1", "r1"), shop("b", "g2", "r2")) == []
    assert told(shop("a", "g1", "r1"), shop("b", "g2", "r2", "Bye")) != []


def test_a_field_that_only_one_side_has_is_found_from_either_side():
    one, other = side("a", live("R", "1", room_description="x")), side("b", live("R", "2"))
    (there,) = told(one, other)
    (back,) = told(other, one)
    assert there[:2] == back[:2] == ('SmartLiveRoom["R"]', "room_description")
    assert (there[2], there[3]) == (back[3], back[2])


def test_a_difference_is_expected_only_where_both_sides_are_what_their_own_manifests_say():
    says = [declared("R", room_description="north")], [declared("R", room_description="south")]
    north = side("a", live("R", "1", room_description="north"), says=says[0])
    south = side("b", live("R", "2", room_description="south"), says=says[1])
    edited = side("b", live("R", "2", room_description="by hand"), says=says[1])
    assert [one[4] for one in told(north, south)] == [True]
    assert [one[4] for one in told(north, edited)] == [False]
    alike = side("b", live("R", "2", room_description="north"), says=says[1])
    assert told(north, alike) == []


def test_an_object_that_one_side_has_alone_is_expected_where_only_its_manifests_declare_it():
    here = side("a", live("R", "1"), live("S", "3"), says=[declared("R"), declared("S")])
    there = side("b", live("R", "2"), says=[declared("R")])
    forgotten = side("b", live("R", "2"), says=[declared("R"), declared("S")])
    assert told(here, there) == [('SmartLiveRoom["S"]', "", THERE, NOT_THERE, True)]
    assert told(there, here) == [('SmartLiveRoom["S"]', "", NOT_THERE, THERE, True)]
    assert told(here, forgotten) == [('SmartLiveRoom["S"]', "", THERE, NOT_THERE, False)]


def test_two_empty_sides_are_alike_whatever_is_declared():
    assert told(side("a", says=[declared("R")]), side("b")) == []


def test_manifests_alone_are_compared_where_live_was_not_read():
    one = ComparedEnvironment(name="a", live=None, declared=(declared("R", room_description="x"),))
    other = ComparedEnvironment(name="b", live=None, declared=(declared("R", room_description="y"),))
    assert told(one, other) == [('SmartLiveRoom["R"]', "room_description", "x", "y", True)]


def test_many_environments_are_one_row_for_each_field_with_the_value_in_each():
    sides = [side(name, live("R", name, room_description=text)) for name, text in (("a", "x"), ("b", "y"), ("c", "x"))]
    pairs = {(one.name, other.name): compare(one, other) for one in sides for other in sides if one.name < other.name}
    (row,) = matrix(pairs)
    assert row.values == {"a": "x", "b": "y", "c": "x"}
    assert not row.expected
