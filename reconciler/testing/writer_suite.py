"""Conformance suite for writers: writes read back as declared, lose no data, and are never repeated.

    class TestMyWriter(WriterSuite):
        def writer(self, stage):
            return MyWriter(stage.url)

Each test gets its own stage, with the state and faults it needs. A test of the suite can be called by
hand too; the writer here is the one of the API:

    >>> from reconciler.writers.http_writer import HttpWriter
    >>> class TestHttpWriter(WriterSuite):
    ...     served = False
    ...
    ...     def writer(self, place):
    ...         return HttpWriter(place.client(), str)
    >>> TestHttpWriter().test_what_is_in_step_is_not_written()
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from reconciler.apply.runner import ApplyResult
from reconciler.interfaces import Writer
from reconciler.model.json_types import Json
from reconciler.model.outcome import OutcomeStatus
from reconciler.model.resource import DeclaredResource
from reconciler.testing.harness import TestService, declare, stage

GROUP, ROOM = "InteractionRuleGroup", "SmartLiveRoom"

LOST_ANSWER: dict[str, Json] = {"close": True, "commit": "after"}
LOST_REQUEST: dict[str, Json] = {"close": True, "commit": "before"}
REFUSED: dict[str, Json] = {"status": 400, "body": {"error_code": "MSS.00000003", "error_msg": "invalid parameter"}}


def rule(name: str, reply: str = "It is 99.", *, tags: Sequence[str] = ("price",), **more: Json) -> dict[str, Json]:
    """Return a rule that answers a keyword."""
    return {
        "rule_name": name,
        "event_type": 1,
        "hit_condition": {"priority": 1, "relation": "AND", "tags": [_tag(word) for word in tags]},
        "trigger": {"reply_mode": "SYSTEM_REPLY", "reply_texts": [reply]},
        **more,
    }


def _tag(word: str) -> dict[str, Json]:
    return {"tag": "content", "match": "REGEX", "value": word}


def group(name: str, *rules: Mapping[str, Json], aliases: tuple[str, ...] = ()) -> DeclaredResource:
    """Return a declared group with these rules."""
    return declare(GROUP, name, {"interaction_rules": list(rules)}, aliases=aliases)


def room(name: str, description: str = "", *rules: Mapping[str, Json], **more: Json) -> DeclaredResource:
    """Return a declared room, with copies of rules from a library."""
    spec = {"room_description": description, "interaction_rules": list(rules), **more}
    return declare(ROOM, name, spec)


STATES: tuple[tuple[DeclaredResource, ...], ...] = (
    (group("welcome", rule("price")),),
    (group("welcome", rule("price", "It is 89.")), group("empty")),
    (group("welcome", rule("price"), rule("size", tags=("size", "large")), rule("off", enabled=False)), group("empty")),
    (
        group("welcome", rule("price"), rule("off", enabled=False)),
        room("evening", "Every evening at eight.", {**rule("price"), "group_name": "welcome"}),
    ),
    (
        group("hello", rule("price"), rule("off", enabled=True), aliases=("welcome",)),
        room("evening", "欢迎来到直播间 🎉", {**rule("price"), "group_name": "hello"}, priv_data='{"team": "shop"}'),
    ),
    (room("evening", ""),),
    (),
)
"""States declared in sequence: created, changed, grown, referenced, renamed, emptied, removed."""

SHORT: tuple[tuple[DeclaredResource, ...], ...] = (
    (group("welcome", rule("price")),),
    (group("welcome", rule("price", "It is 89.")),),
    (),
)
"""Created, changed, removed."""

HOSTILE = (
    "$(touch pwned-marker); `id` && x",
    "--delete-all",
    "-rf",
    "'; DROP TABLE rooms; --",
    "a\\b\"c'd%0A<script>",
    "名前 名 🎤",
)
"""Names that must be stored unchanged and have no effect elsewhere."""


class WriterSuite:
    """Tests of a writer. `writer` creates the writer under test.

    Set `served` to false for a writer that takes its client from the stage: then no port is needed.
    """

    served = True

    def writer(self, place: TestService) -> Writer:
        """Return the writer under test for this stage."""
        raise NotImplementedError

    @contextmanager
    def stage(self, seed: Mapping[str, Json] | None = None) -> Iterator[TestService]:
        """Yield a test service; override it where a writer needs more."""
        with stage(seed, served=self.served) as place:
            yield place

    def applied(self, place: TestService, resources: Sequence[DeclaredResource]) -> ApplyResult:
        """Apply with a new writer, and close it."""
        writer = self.writer(place)
        try:
            return place.apply(resources, writer)
        finally:
            writer.close()

    def test_it_says_that_it_applies(self) -> None:
        """A writer that only prints is not covered by this suite."""
        with self.stage() as place:
            writer = self.writer(place)
            assert writer.applies
            writer.close()

    def test_after_each_state_of_a_sequence_nothing_is_left_to_do(self) -> None:
        """After apply and read-back, the next plan is empty; and the service never had two objects of a name."""
        with self.stage() as place:
            for state in STATES:
                applied = self.applied(place, state)
                _all_done(applied)
                assert place.plan(state).pending == ()
            assert place.simulator.model.duplicates == []

    def test_what_is_in_step_is_not_written(self) -> None:
        """A second apply writes nothing."""
        with self.stage() as place:
            self.applied(place, STATES[3])
            before = len(place.simulator.model.writes)
            assert self.applied(place, STATES[3]).outcomes == ()
            assert len(place.simulator.model.writes) == before

    def test_what_is_not_declared_survives(self) -> None:
        """Unmanaged and unknown fields are unchanged, at any depth."""
        live: dict[str, Json] = {
            "group_name": "welcome",
            "from_the_future": {"kept": [1, 2]},
            "interaction_rules": [
                {
                    **rule("price"),
                    "new_key": "kept",
                    "trigger": {"reply_mode": "SYSTEM_REPLY", "reply_texts": ["old"], "new_key": "kept"},
                }
            ],
        }
        lively = {"room_name": "evening", "room_type": "NORMAL", "priv_data": "kept", "from_the_future": "kept"}
        with self.stage({"interaction_rule_groups": [live], "smart_live_rooms": [lively]}) as place:
            applied = self.applied(place, (group("welcome", rule("price", "new")), room("evening", "new")))
            _all_done(applied)
            assert place.simulator.model.losses == []

    def test_a_lost_answer_is_no_second_create(self) -> None:
        """The write succeeded but its response was lost: the object is found by name, not created again."""
        self._survives(LOST_ANSWER)

    def test_a_lost_request_is_made_up_for(self) -> None:
        """The request never reached the service: it is sent again once that is certain."""
        self._survives(LOST_REQUEST)

    def _survives(self, fault: Mapping[str, Json]) -> None:
        for method in ("POST", "PUT", "DELETE"):
            faults: list[Json] = [{"match": {"method": method, "path": "/v1/*"}, "times": 1, **fault}]
            with self.stage({"faults": faults}) as place:
                for state in SHORT:
                    self.applied(place, state)
                    assert place.plan(state).pending == ()
                assert place.simulator.model.duplicates == []

    def test_a_refusal_is_no_success_and_the_others_go_on(self) -> None:
        """One object is refused: that is reported, and independent changes are applied."""
        faults: list[Json] = [{"match": {"method": "POST", "kind": GROUP}, "nth": [1], **REFUSED}]
        with self.stage({"faults": faults}) as place:
            applied = self.applied(place, (group("refused"), group("taken")))
            found = {outcome.name: outcome.status for outcome in applied.outcomes}
            assert sorted(found.values()) == [OutcomeStatus.APPLIED, OutcomeStatus.FAILED]
            assert len(place.simulator.model.created) == 1

    def test_hostile_names_arrive_as_they_are(self) -> None:
        """No shell, option parser or template interprets a name."""
        with self.stage() as place:
            resources = tuple(group(name, rule(name)) for name in HOSTILE)
            _all_done(self.applied(place, resources))
            assert sorted(write.name for write in place.simulator.model.created) == sorted(HOSTILE)
            assert not list(place.folder.glob("**/pwned-marker"))


def _all_done(applied: ApplyResult) -> None:
    undone = [outcome for outcome in applied.outcomes if outcome.status is not OutcomeStatus.APPLIED or outcome.code]
    assert undone == [], undone
    assert applied.error is None
