"""Names that shift, swap or go round: applied where names are unique too, and each object stays what it is."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from reconciler.model.outcome import OutcomeStatus
from reconciler.testing.harness import TestService
from reconciler.testing.harness import stage as any_stage
from reconciler.testing.writer_suite import GROUP, ROOM, group, room, rule
from reconciler.writers.http_writer import HttpWriter

Made = Callable[[TestService], HttpWriter]
stage = partial(any_stage, served=False)


def live(place: TestService, kind: str) -> dict[str, str]:
    entries = place.simulator.world.collection(place.project_id, kind).entries.values()
    return {entry.id: entry.name for entry in entries}


@pytest.mark.parametrize("kind", [ROOM, GROUP])
@pytest.mark.parametrize("names", ["unique", "repeatable"])
@pytest.mark.parametrize(
    "renamed",
    [{"A": "B", "B": "A"}, {"A": "B", "B": "C", "C": "A"}, {"A": "B", "B": "C"}, {"B": "A", "A": "C"}],
    ids=str,
)
def test_names_that_change_places_are_applied(
    http_writer: Made, names: str, renamed: dict[str, str], kind: str
) -> None:
    def made(name: str) -> Any:
        return room(name, "text") if kind == ROOM else group(name, rule("a"))

    with stage({"behaviours": {"names": names}}) as place:
        place.apply(tuple(map(made, renamed)), http_writer(place))
        ids = {name: key for key, name in live(place, kind).items()}
        wish = tuple(replace(made(new), id=ids[old]) for old, new in renamed.items())
        applied = place.apply(wish, http_writer(place))
        found = live(place, kind)
        assert all(found[one.id] == one.name for one in wish), (found, applied.outcomes)
        assert applied.exit_code == 0
        assert place.plan(wish).pending == ()


def test_a_swap_that_is_refused_all_the_way_is_told_once(http_writer: Made) -> None:
    with stage({"behaviours": {"names": "unique"}}) as place:
        place.apply((room("A"), room("B")), http_writer(place))
        ids = {name: key for key, name in live(place, ROOM).items()}
        refusal = {"match": {"method": "PUT"}, "status": 400, "body": {"error_code": "X", "error_msg": "no renames"}}
        place.simulator.inject(place.faults(refusal))
        wish = (replace(room("B"), id=ids["A"]), replace(room("A"), id=ids["B"]))
        first, second = place.apply(wish, http_writer(place)).outcomes
        assert first.status is OutcomeStatus.FAILED
        assert "cannot step aside" in first.reason
        assert live(place, ROOM) == {ids["A"]: "A", ids["B"]: "B"}
        assert second.status in {OutcomeStatus.SKIPPED, OutcomeStatus.FAILED}
