"""Conformance suite for kinds: a kind is declared, planned, written, read back, exported and deleted.

    class TestCoupon(KindSuite):
        kind = KIND
        specs = ({"audience": "ALL"}, {"audience": "MEMBERS", "member_level": 3}, {})

`specs` are states of one object, each applied after the one before it. `seed` holds the live objects that they refer
to, in the format of a simulator's seed: `{"interaction_rule_groups": [{"group_name": "Welcome"}]}`. The kind need not
be installed. The suite of a kind that is installed already:

    >>> from reconciler.kinds.registry import kind_named
    >>> class TestGroup(KindSuite):
    ...     kind = kind_named("InteractionRuleGroup")
    ...     specs = ({}, {"interaction_rules": [{"rule_name": "price", "event_type": 1, "trigger": {}}]})
    >>> TestGroup().test_identity_and_id_are_computed_fields()
    >>> TestGroup().test_what_is_live_is_exported_as_a_valid_manifest()
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from reconciler.kinds.base.field import FieldRole
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.manifest.export import export_manifests
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.model.change import Action
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Severity
from reconciler.model.json_types import Json
from reconciler.model.outcome import OutcomeStatus
from reconciler.model.read_result import ReadRequest
from reconciler.model.resource import DeclaredResource
from reconciler.testing.harness import TestService, declare, stage
from reconciler.writers.http_writer import HttpWriter

NAME = "first"
ODD_VALUES: tuple[Json, ...] = (None, True, -1, 0.5, "", "text", [], [None], ["text"], [{}], {}, {"name": []})
"""Values of every JSON type, for fields of any type."""


class KindSuite:
    """The tests. `kind` is the kind under test, `specs` at least two valid states of one object."""

    kind: ClassVar[Kind]
    specs: ClassVar[Sequence[Mapping[str, Json]]]
    seed: ClassVar[Mapping[str, Json]] = {}

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The installed kinds and the one under test."""
        return {**all_kinds(), self.kind.name: self.kind}

    @contextmanager
    def stage(self, seed: Mapping[str, Json] | None = None) -> Iterator[TestService]:
        """Give a simulated service that knows the kind and has the live objects of `seed`."""
        with stage({**self.seed, **(seed or {})}, served=False, kinds=self.kinds) as service:
            yield service

    def applied(self, service: TestService, spec: Mapping[str, Json]) -> tuple[DeclaredResource, ...]:
        """Apply one state; fail with the diagnostics of its plan where anything is not applied."""
        resources = (declare(self.kind.name, NAME, spec),)
        problems = [one for one in service.plan(resources).diagnostics if one.severity is Severity.ERROR]
        assert problems == [], problems
        writer = HttpWriter(service.client(), lambda name: f"the value of {name}")
        outcomes = service.apply(resources, writer).outcomes
        assert {outcome.status for outcome in outcomes} <= {OutcomeStatus.APPLIED}, outcomes
        return resources

    def loaded(self, text: str) -> DesiredState:
        """Return what a manifest declares, with its diagnostics."""
        with TemporaryDirectory(prefix="kind-") as folder:
            Path(folder, "one.yaml").write_text(text, encoding="utf-8")
            return load(DiskTree(Path(folder)), entries=("one.yaml",), kinds=self.kinds)

    def manifest(self, spec: Mapping[str, Json]) -> str:
        """Return a manifest of the kind; JSON is YAML."""
        document = {"apiVersion": "metastudio/v1", "kind": self.kind.name, "metadata": {"name": NAME}, "spec": spec}
        return json.dumps(document)

    def test_identity_and_id_are_computed_fields(self) -> None:
        """The name is the identity and in the list; no manifest may declare the id."""
        fields = self.kind.fields
        assert fields[self.kind.name_field].role is FieldRole.IDENTITY
        assert fields[self.kind.name_field].in_list
        assert fields[self.kind.id_field].in_list
        assert fields[self.kind.id_field].role is FieldRole.COMPUTED

    def test_every_spec_is_valid(self) -> None:
        """Each state passes the limits, conditions and checks of the kind; an unknown field is refused."""
        assert len(self.specs) > 1
        for spec in self.specs:
            found = self.loaded(self.manifest(spec))
            assert found.valid, found.diagnostics
            assert [resource.spec for resource in found.resources] == [spec]
        refused = self.loaded(self.manifest({"no_such_field": 1}))
        assert [one.code for one in refused.diagnostics] == ["E_FIELD_UNKNOWN"]

    def test_checks_accept_any_json(self) -> None:
        """A check yields problems and raises nothing, whatever the types are: they are checked elsewhere."""
        for name in self.kind.top_fields:
            for value in ODD_VALUES:
                list(self.kind.problems({name: value}))

    def test_each_state_is_written_read_back_and_deleted(self) -> None:
        """After each apply there is nothing left to do, and an undeclared object is deleted."""
        with self.stage() as service:
            for spec in self.specs:
                resources = self.applied(service, spec)
                assert service.plan(resources).pending == ()
            assert [change.action for change in service.plan(()).pending] == [Action.DELETE]
            service.apply((), HttpWriter(service.client(), lambda name: f"the value of {name}"))
            assert service.reader().read(self.kind, ReadRequest()).resources == ()

    def test_what_is_not_declared_survives(self) -> None:
        """An update keeps fields that the table does not know."""
        row: dict[str, Json] = {self.kind.name_field: NAME, "from_the_future": {"kept": [1, 2]}}
        with self.stage({self.kind.endpoints.items: [row]}) as service:
            for spec in self.specs:
                self.applied(service, spec)
            assert service.simulator.model.losses == []

    def test_what_is_live_is_exported_as_a_valid_manifest(self) -> None:
        """Export and load give back what was declared; kinds with secrets get new names for them."""
        secret = any(field.sensitive for field in self.kind.fields.values())
        for spec in self.specs:
            with self.stage() as service:
                self.applied(service, spec)
                live = service.reader().read(self.kind, ReadRequest(depth="full")).resources
                ((_, text),) = export_manifests(self.kind, live).manifests
                found = self.loaded(text)
                assert found.valid, found.diagnostics
                assert secret or service.plan(found.resources).pending == ()
