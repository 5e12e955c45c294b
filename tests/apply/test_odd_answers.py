"""Writers, services and clocks that answer oddly: the journal stays whole, and nothing is made twice."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import yaml

from reconciler.apply.verify import ignore_entry
from reconciler.interfaces import WriteRequest
from reconciler.ledger.sql_ledger import open_ledger
from reconciler.model.change import Action
from reconciler.model.field_path import ItemKey, parse, spell
from reconciler.model.ledger_state import WriteIntent
from reconciler.model.outcome import OutcomeStatus
from reconciler.testing.harness import OWNER, SCOPE, TestService, declare
from reconciler.testing.harness import stage as any_stage
from reconciler.testing.writer_suite import GROUP, ROOM, group, room, rule
from reconciler.timestamps import format_rfc3339
from reconciler.writers.http_writer import HttpWriter

stage = partial(any_stage, served=False)


class Odd:
    """A writer that does its work, and then says something else about it."""

    applies = True

    def __init__(self, place: TestService, said: Any) -> None:
        self._real = HttpWriter(place.client(), str)
        self._said = said

    def write(self, task: WriteRequest) -> Any:
        written = self._real.write(task)
        return self._said(written) if callable(self._said) else self._said

    def close(self) -> None:
        pass


def named(object_id: Any) -> Any:
    return lambda written: replace(written, id=object_id)


@pytest.mark.parametrize(
    "said",
    [None, {"id": "7"}, "done", named(7), named(None), named("a\0b"), named("\ud800"), named("two\nlines")],
    ids=["nothing", "a mapping", "a text", "a number", "no id", "NUL", "half a character", "two lines"],
)
def test_a_writer_that_says_nonsense_is_not_believed_and_what_it_made_is_found(said: Any) -> None:
    with stage() as place:
        wish = (room("evening"), room("morning"))
        applied = place.apply(wish, Odd(place, said))
        assert [outcome.status for outcome in applied.outcomes] == [OutcomeStatus.APPLIED] * 2, applied.outcomes
        assert place.simulator.model.duplicates == []
        assert len(place.simulator.model.created) == 2
        assert place.ledger.load_state(SCOPE, OWNER).intents == ()
        assert place.plan(wish).pending == ()


@pytest.mark.parametrize(
    "object_id", ["a\x00b", "\ud800", 7, None, ["7"], {"id": "7"}, "../../x?y#z", "a" * 5000, "a b", "%2e", ""]
)
def test_a_service_that_names_a_hostile_id_is_asked_again_by_name(object_id: Any) -> None:
    fault = {"match": {"method": "POST", "kind": ROOM}, "nth": [1], "commit": "after", "body": {"room_id": object_id}}
    with stage({"faults": [fault]}) as place:
        (outcome,) = place.apply((room("evening"),), HttpWriter(place.client(), str)).outcomes
        assert outcome.status is OutcomeStatus.APPLIED, outcome
        assert place.simulator.model.requests["create"] == 1
        assert place.plan((room("evening"),)).pending == ()
        assert place.apply((room("evening"),), HttpWriter(place.client(), str)).exit_code == 0


def test_an_update_whose_writer_says_nonsense_is_read_back() -> None:
    with stage({"smart_live_rooms": [{"room_name": "evening"}]}) as place:
        (outcome,) = place.apply((room("evening", "new"),), Odd(place, None)).outcomes
        assert (outcome.status, outcome.code) == (OutcomeStatus.APPLIED, ""), outcome
        assert place.simulator.model.requests["update"] == 1


HOSTILE = [
    'say "hi"',
    "back\\slash",
    "a: b, c] #",
    "line\u2028end",
    "\u202ereversed",
    "🎤",
    "tab\there",
    "{{ x }}",
    "'",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_the_entry_to_paste_is_yaml_that_names_the_same_path(name: str) -> None:
    path = spell(("interaction_rules", ItemKey((name,)), "trigger", "reply_texts"))
    entry = ignore_entry((path, "room_description"))
    assert entry.isprintable()
    read = yaml.safe_load(entry)["ignore_changes"]
    assert [rule["path"] for rule in read] == [path, "room_description"]
    assert parse(read[0]["path"]) == parse(path)


@pytest.mark.parametrize("name", HOSTILE)
def test_the_pasted_entry_makes_the_next_apply_quiet(name: str) -> None:
    """Moderation takes one reply of a rule with a hostile name away at every write."""
    kept = rule(name, "(removed)")
    edit = {"action": "touch", "name": "welcome", "body": {"interaction_rules": [kept]}}
    fault = {"match": {"method": "PUT", "kind": GROUP}, "edits": [edit]}
    rewriting = {"match": {"method": "PUT", "path": "*/rules/*"}, "edits": [edit]}
    seed = {
        "interaction_rule_groups": [{"group_name": "welcome", "interaction_rules": [kept]}],
        "faults": [fault, rewriting],
    }
    with stage(seed) as place:
        spec = {"interaction_rules": [rule(name, "a bad word")]}
        (outcome,) = place.apply((declare(GROUP, "welcome", spec),), HttpWriter(place.client(), str)).outcomes
        assert outcome.code == "E_SERVER_REWROTE", outcome
        entry = "ignore_changes:" + outcome.reason.partition("ignore_changes:")[2]
        paths = [one["path"] for one in yaml.safe_load(entry)["ignore_changes"]]
        ignoring = declare(GROUP, "welcome", spec, ignore=paths)
        assert place.apply((ignoring,), HttpWriter(place.client(), str)).exit_code == 0
        assert place.plan((ignoring,)).pending == ()


def test_what_moves_back_after_the_write_is_told_once_with_the_entry_to_paste() -> None:
    with stage({"smart_live_rooms": [{"room_name": "evening"}]}) as place:
        console = place.simulator.console(ROOM, place.project_id)

        def point(name: str) -> None:
            if name == "carried":
                console.change(next(iter(console.objects.entries.values())), {"room_description": "theirs"})

        applied = place.apply((room("evening", "ours"),), HttpWriter(place.client(), str), point=point)
        (outcome,) = applied.outcomes
        assert (outcome.code, outcome.stuck) == ("E_SERVER_REWROTE", ("room_description",))
        assert 'ignore_changes: [{path: "room_description"' in outcome.reason
        assert applied.exit_code == 3


def test_an_intent_from_a_clock_that_ran_ahead_is_waited_for_no_longer_than_the_window() -> None:
    with stage() as place:
        began = place.clock()
        ahead = WriteIntent(
            operation="op1",
            action=Action.CREATE,
            kind=GROUP,
            name="welcome",
            started=format_rfc3339(began + 86_400),
            owner=OWNER,
        )
        place.ledger.record_intent(SCOPE, "an earlier run", ahead)
        applied = place.apply((group("welcome"),), HttpWriter(place.client(), str))
        assert [outcome.status for outcome in applied.outcomes] == [OutcomeStatus.APPLIED], applied.outcomes
        assert 180 <= place.clock() - began < 600


def test_a_ledger_is_read_where_only_reading_is_allowed(tmp_path: Any) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(f"sqlite:///{path}")
    ledger.record_intent(SCOPE, "r", WriteIntent(operation="op1", action=Action.CREATE, kind=GROUP, name="welcome"))
    ledger.close()
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        assert len(open_ledger(f"sqlite:///{path}").load_state(SCOPE, OWNER).intents) == 1
    finally:
        tmp_path.chmod(0o700)
