"""Plan, last look, read-back and next plan give one judgement of every field, whatever the service does to values."""

from collections.abc import Mapping
from contextlib import ExitStack
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from reconciler.kinds.base.field import Field, FieldType
from reconciler.kinds.registry import kind_named
from reconciler.model.change import Action, Attribution, Change
from reconciler.model.outcome import OutcomeStatus
from reconciler.model.plan import Plan
from reconciler.testing.harness import TestService, declare
from reconciler.testing.harness import stage as any_stage
from reconciler.writers.http_writer import HttpWriter
from tests.support.random_specs import Maker

KINDS = {"SmartLiveRoom": ("room a", "room b"), "InteractionRuleGroup": ("group a", "group b")}
NAMES = [(kind, name) for kind, names in KINDS.items() for name in names]
NORMALISERS = {
    "list_details": ("hidden", "nulled", "emptied", "shown"),
    "put": ("replace", "merge"),
    "secrets": ("clear", "stars", "empty"),
    "signed_urls": ("changing", "stable"),
    "view_mode": ("derived", "kept"),
    "overridable": ("kept", "ignored"),
    "defaults": ("filled", "absent", "everywhere"),
    "whitespace": ("kept", "trimmed"),
    "newlines": ("kept", "lf"),
    "sets": ("kept", "reordered"),
    "times": ("kept", "offset", "millis", "lower"),
    "numbers": ("kept", "text"),
    "child_ids": ("reissued", "kept"),
    "child_put": ("keeps", "resets"),
}


class Agreement(RuleBasedStateMachine):
    """Manifests that change, a console that changes objects too, and applies in between."""

    @initialize(choices=st.fixed_dictionaries({name: st.sampled_from(each) for name, each in NORMALISERS.items()}))
    def start(self, choices: dict[str, str]) -> None:
        self.closing = ExitStack()
        seed = {"behaviours": {**choices, "validate": "name"}}
        self.place: TestService = self.closing.enter_context(any_stage(seed, served=False))
        self.wanted: dict[tuple[str, str], dict[str, Any]] = {}

    @rule(which=st.sampled_from(NAMES), seed=st.integers(0, 2**32), share=st.sampled_from([0.05, 0.3, 0.7]))
    def declare_anew(self, which: tuple[str, str], seed: int, share: float) -> None:
        self.wanted[which] = Maker(seed, share=share).declared(kind_named(which[0]))

    @rule(which=st.sampled_from(NAMES), seed=st.integers(0, 2**32))
    def declare_one_more_field(self, which: tuple[str, str], seed: int) -> None:
        """The rest stays as it is: what was applied before is remembered, and one field is new."""
        if which in self.wanted:
            kind = kind_named(which[0])
            more = Maker(seed, share=0.9).declared(kind)
            name = Random(seed).choice(sorted(more) or [""])
            self.wanted[which] = {**self.wanted[which], **({name: more[name]} if name else {})}

    @rule(which=st.sampled_from(NAMES), seed=st.integers(0, 2**32))
    def change_at_the_console(self, which: tuple[str, str], seed: int) -> None:
        kind = kind_named(which[0])
        console = self.place.simulator.console(which[0], self.place.project_id)
        entry = next((one for one in console.objects.entries.values() if one.name == which[1]), None)
        if entry is not None:
            dice = Random(seed)
            row = Maker(seed, null=0).declared(kind)
            names = dice.sample(sorted(row), min(2, len(row)))
            console.change(entry, {name: settled(kind.root.children[name], row[name]) for name in names})

    @rule()
    def apply_and_compare(self) -> None:
        resources = [declare(kind, name, spec) for (kind, name), spec in sorted(self.wanted.items())]
        made = self.plan(resources)
        applied = self.place.carry_out(made, resources, self.writer())
        after = by_address(self.plan(resources))
        for outcome in applied.outcomes:
            told = f"{outcome.code}: {outcome.reason}"
            left = after[outcome.address]
            assert outcome.status in (OutcomeStatus.APPLIED, OutcomeStatus.SKIPPED), told
            assert outcome.code in ("", "E_SERVER_REWROTE"), told
            assert (outcome.code == "E_SERVER_REWROTE") is (left.action is not Action.NONE), (told, left.fields)
            if outcome.status is OutcomeStatus.APPLIED:
                assert set(outcome.stuck) == differing(left), told
        written = {outcome.address for outcome in applied.outcomes}
        for address, change in by_address(made).items():
            assert (address in written) is (change.action is not Action.NONE)
            if address not in written:
                assert after[address].action is Action.NONE, after[address].fields

    def plan(self, resources: list[Any]) -> Plan:
        made = self.place.plan(resources)
        assert not made.held, made.held
        assert not made.errored, [one for one in made.diagnostics if one.severity == "error"]
        return made

    def writer(self) -> HttpWriter:
        return HttpWriter(self.place.client(), lambda name: f"the secret value of {name}")

    def teardown(self) -> None:
        if hasattr(self, "closing"):
            self.closing.close()


def by_address(made: Plan) -> Mapping[str, Change]:
    return {change.address: change for change in made.changes}


def differing(change: Change) -> set[str]:
    return {one.path for one in change.fields if one.attribution is not Attribution.ALREADY}


def settled(node: Field, value: Any) -> Any:
    """Return a declared value as the console would store it: a secret as a text of its own."""
    if node.sensitive and node.type is not FieldType.LIST and isinstance(value, dict):
        return "set at the console"
    if isinstance(value, dict):
        return {name: settled(node.children[name], part) for name, part in value.items()}
    if isinstance(value, list) and node.item is not None:
        return [settled(node.item, part) for part in value]
    return value


def explore(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Agreement,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_plan_last_look_read_back_and_next_plan_agree() -> None:
    explore(25, 8)


@pytest.mark.deep
def test_they_agree_many_times() -> None:
    explore(1_500, 20)
