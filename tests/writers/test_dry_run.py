"""A dry run shows each change as one line and touches neither the service nor the ledger."""

import json

from reconciler.interfaces import WriterContext
from reconciler.model.outcome import OutcomeStatus
from reconciler.testing.harness import OWNER, SCOPE, stage
from reconciler.testing.writer_suite import STATES
from reconciler.writers.dry_run_writer import DryRunWriter


def test_a_dry_run_shows_every_change_and_does_nothing() -> None:
    lines: list[str] = []
    writer = DryRunWriter.made(WriterContext(variables={}, secret=str, emit=lines.append, client=object))
    with stage(served=False) as place:
        applied = place.apply(STATES[3], writer)
        assert {outcome.status for outcome in applied.outcomes} == {OutcomeStatus.SKIPPED}
        assert {outcome.code for outcome in applied.outcomes} == {"N_EMITTED"}
        assert applied.exit_code == 0
        assert place.simulator.model.writes == []
        assert not place.ledger.load_state(SCOPE, OWNER).present
    shown = [json.loads(line) for line in lines]
    assert [(each["action"], each["kind"], each["name"]) for each in shown] == [
        ("create", "InteractionRuleGroup", "welcome"),
        ("create", "SmartLiveRoom", "evening"),
    ]
    assert all("\n" not in line for line in lines)
