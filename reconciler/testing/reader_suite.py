"""Conformance suite for readers: they return all objects, report incomplete reads, and never treat absent as empty.

    class TestMyReader(ReaderSuite):
        def reader(self, place):
            return MyReader(place.url)

A test of the suite can be called by hand too; the reader here is the one of the API:

    >>> class TestHttpReader(ReaderSuite):
    ...     served = False
    ...
    ...     def reader(self, place):
    ...         return place.reader()
    >>> TestHttpReader().test_reading_writes_nothing()
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from reconciler.errors import ReconcilerError
from reconciler.interfaces import Reader
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds, kind_named
from reconciler.model.json_types import Json, as_list, as_object
from reconciler.model.read_result import ConfirmRequest, ReadRequest, ReadResult
from reconciler.model.resource import LiveResource
from reconciler.testing.harness import TestService, stage
from reconciler.testing.writer_suite import GROUP, ROOM, rule

SEED: Mapping[str, Json] = {
    "smart_live_rooms": [
        {"room_name": "evening", "room_description": "eight", "priv_data": "x", "play_policy": {"repeat_count": 2}},
        {"room_name": "twin"},
        {"room_name": "twin"},
        {"room_name": "名前", "from_the_future": {"kept": True}},
        {"room_name": "evening show"},
        {"room_name": "passing", "room_type": "TEMP"},
    ],
    "interaction_rule_groups": [
        {"group_name": f"group {number}", "interaction_rules": [rule("price")]} for number in range(120)
    ],
}
"""Similar and equal names, a room of the service's own, and more than one page."""


class ReaderSuite:
    """Tests of a reader. `reader` creates the reader under test.

    Set `served` to false for a reader that takes its client from the stage: then no port is needed.
    """

    served = True

    def reader(self, place: TestService) -> Reader:
        """Return the reader under test for this stage."""
        raise NotImplementedError

    @contextmanager
    def stage(self, seed: Mapping[str, Json] = SEED) -> Iterator[TestService]:
        """Yield a test service; override it where a reader needs more."""
        with stage(seed, served=self.served) as place:
            yield place

    def test_it_reads_everything_and_proves_it(self) -> None:
        """Every object of every kind is returned once, with its name and id, for any number of pages."""
        with self.stage() as place:
            reader = self.reader(place)
            for kind in all_kinds().values():
                reading = reader.read(kind, ReadRequest())
                assert reading.complete, reading.incomplete
                there = place.simulator.world.collection(place.project_id, kind.name).entries
                assert sorted(live.id for live in reading.resources) == sorted(there)
                assert {live.id: live.name for live in reading.resources} == {
                    key: entry.name for key, entry in there.items()
                }

    def test_what_it_did_not_see_is_hidden_never_empty(self) -> None:
        """A field is in the object, or named as unread; the requested fields are read."""
        with self.stage() as place:
            reader = self.reader(place)
            wanted = ReadRequest(fields={"evening": frozenset({"play_policy"})})
            rooms = _by_name(reader.read(kind_named(ROOM), wanted))
            assert "play_policy" not in rooms["evening"].hidden
            assert as_object(rooms["evening"].spec["play_policy"])["repeat_count"] == 2
            wanted = ReadRequest(fields={"group 7": frozenset({"interaction_rules"})})
            groups = _by_name(reader.read(kind_named(GROUP), wanted))
            assert _rule_names(groups["group 7"]) == ["price"]
            for live in groups.values():
                assert "interaction_rules" in live.hidden or "interaction_rules" in live.spec

    def test_unknown_fields_are_kept(self) -> None:
        """Undocumented fields of an object are kept."""
        with self.stage() as place:
            rooms = _by_name(self.reader(place).read(kind_named(ROOM), ReadRequest(depth="full")))
            assert rooms["名前"].spec["from_the_future"] == {"kept": True}

    def test_what_is_never_written_says_why(self) -> None:
        """A room that the service deletes by itself is returned with the reason."""
        with self.stage() as place:
            rooms = _by_name(self.reader(place).read(kind_named(ROOM), ReadRequest()))
            assert rooms["passing"].foreign
            assert not rooms["evening"].foreign

    def test_names_are_found_exactly(self) -> None:
        """All objects of exactly the name are found, none of a longer name or another case."""
        with self.stage() as place:
            reader, kind = self.reader(place), kind_named(ROOM)
            found = {name: len(reader.find(kind, name)) for name in ("evening", "Evening", "twin", "名前", "none")}
            assert found == {"evening": 1, "Evening": 0, "twin": 2, "名前": 1, "none": 0}

    def test_one_object_is_shown_whole_or_said_to_be_gone(self) -> None:
        """All fields of show are returned; None for an object that does not exist."""
        with self.stage() as place:
            reader, kind = self.reader(place), kind_named(ROOM)
            evening = _by_name(reader.read(kind, ReadRequest()))["evening"]
            live = reader.show(kind, evening.id)
            assert live is not None
            assert (live.name, live.shown) == ("evening", True)
            assert as_object(live.spec["play_policy"])["repeat_count"] == 2
            assert not live.hidden & {"play_policy", "scene_scripts", "room_description", "interaction_rules"}
            assert reader.show(kind, "00000000-0000-4000-8000-000000000000") is None

    def test_a_doubt_is_answered_by_looking_again(self) -> None:
        """A name that does exist is found, an id that is deleted is reported."""
        with self.stage() as place:
            reader, kind = self.reader(place), kind_named(ROOM)
            evening = _by_name(reader.read(kind, ReadRequest()))["evening"]
            gone = "00000000-0000-4000-8000-000000000000"
            answer = reader.confirm(
                kind, ConfirmRequest(creates=frozenset({"evening", "new"}), deletes=frozenset({evening.id, gone}))
            )
            assert {live.id for live in answer.found if live.name == "evening"} == {evening.id}
            assert "new" not in answer.unsure
            assert answer.gone == frozenset({gone})

    def test_a_list_that_breaks_off_is_incomplete(self) -> None:
        """A page that cannot be read makes the list incomplete, never complete."""
        broken: dict[str, Json] = {
            "match": {"operation": "list", "kind": GROUP},
            "status": 500,
            "body": {"error_code": "MSS.00000004"},
        }
        # nothing could be read: an error is accepted too
        with self.stage({**SEED, "faults": [broken]}) as place, suppress(ReconcilerError):
            reading = self.reader(place).read(kind_named(GROUP), ReadRequest())
            assert not reading.complete
            assert reading.code

    def test_reading_writes_nothing(self) -> None:
        """Only reads reach the service."""
        with self.stage() as place:
            reader = self.reader(place)
            for kind in all_kinds().values():
                _use(reader, kind)
            assert place.simulator.model.writes == []


def _use(reader: Reader, kind: Kind) -> None:
    reading = reader.read(kind, ReadRequest())
    reader.confirm(kind, ConfirmRequest(creates=frozenset({"new"})))
    reader.find(kind, "new")
    reader.show(kind, reading.resources[0].id)


def _rule_names(group: LiveResource) -> list[Json]:
    return [as_object(rule)["rule_name"] for rule in as_list(group.spec["interaction_rules"])]


def _by_name(reading: ReadResult) -> dict[str, LiveResource]:
    return {live.name: live for live in reading.resources}
