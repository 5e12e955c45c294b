"""The public Python API: the names that are sealed, and what each function does with the quickstart."""

import dataclasses
import enum
import json
import re
import shutil
from typing import Any

import pytest

from reconciler import api_v1
from reconciler.errors import ManifestError, NotFoundError, PlanError, UsageError
from tests.support.command_line import QUICKSTART, ROOT, project, reconciler, room

SEALED = {
    "AcceptedDifference",
    "Action",
    "ApplyEvent",
    "ApplyPhase",
    "ApplyResult",
    "AppliedFilter",
    "Attribution",
    "Change",
    "DeclaredResource",
    "DeferredChange",
    "DesiredState",
    "Diagnostic",
    "FieldChange",
    "GuardOverrides",
    "GuardViolation",
    "IgnoreRule",
    "ListedObject",
    "ObjectChange",
    "ObjectDescription",
    "ObjectList",
    "Outcome",
    "OutcomeStatus",
    "Plan",
    "PlanSummary",
    "Position",
    "ProposedEdits",
    "ReconcilerError",
    "RefusedDifference",
    "RelatedPosition",
    "Selection",
    "Severity",
    "SourceEdit",
    "SuppressedDifference",
    "UnmanagedResource",
    "apply",
    "describe",
    "list_objects",
    "load",
    "plan",
    "propose_edits",
    "read_plan_file",
    "validate",
}
"""Removing or renaming one of these needs `api_v2`."""

EVENING = 'SmartLiveRoom["Tea house evening show"]'


@pytest.fixture
def quickstart(tmp_path):
    return shutil.copytree(QUICKSTART, tmp_path / "quickstart")


@pytest.fixture
def keep(tmp_path):
    """A project whose ledger is a file, so that a second apply knows what the first one did."""
    folder = shutil.copytree(QUICKSTART, tmp_path / "kept")
    text = (folder / "reconciler.yaml").read_text()
    ledger = '    endpoint: "simulator:live.yaml"\n    ledger: "sqlite:///.reconciler/l.db"\n'
    (folder / "reconciler.yaml").write_text(text.replace('    endpoint: "simulator:live.yaml"\n', ledger))
    return folder


def test_exactly_these_names_are_public():
    assert set(api_v1.__all__) == SEALED
    assert {name for name in SEALED if not hasattr(api_v1, name)} == set()


def test_every_public_type_is_frozen_and_documented():
    types = [value for name in SEALED if isinstance(value := getattr(api_v1, name), type)]
    frozen = [one for one in types if not issubclass(one, (Exception, enum.Enum))]
    assert all(one.__doc__ for one in types)
    assert [one.__name__ for one in frozen if not one.__dataclass_params__.frozen] == []


def test_every_public_function_is_documented_with_an_example():
    for name in ("apply", "load", "plan", "read_plan_file", "validate"):
        assert ">>>" in getattr(api_v1, name).__doc__, name


def test_load_gives_resources_with_positions(quickstart):
    desired = api_v1.load(quickstart, "demo")
    assert desired.valid
    assert {resource.kind for resource in desired.resources} == {"InteractionRuleGroup", "SmartLiveRoom"}
    assert all(resource.position.line for resource in desired.resources)


def test_load_takes_values(quickstart):
    changed = api_v1.load(quickstart, "demo", sets=("shop=Coffee house",))
    assert "Coffee house morning show" in [resource.name for resource in changed.resources]


def test_validate_gives_every_problem_at_its_position():
    found = api_v1.validate(ROOT / "examples/mistakes", "demo")
    assert {one.code for one in found} >= {"E_FIELD_UNKNOWN", "E_YAML_DUPKEY", "L_RULE_ROBOT_MISSING"}
    assert [one.position for one in found] == sorted(one.position for one in found)


def test_plan_is_that_of_the_command_line(quickstart):
    plan = api_v1.plan(quickstart, "demo", variables={})
    told = json.loads(reconciler("-C", quickstart, "plan", "-e", "demo", "--format", "json").out)
    assert [change.address for change in plan.changes] == [change["address"] for change in told["resource_changes"]]
    assert (plan.summary().add, plan.summary().change) == (1, 1)


def test_plan_of_invalid_manifests_holds_their_problems():
    plan = api_v1.plan(ROOT / "examples/mistakes", "demo", variables={})
    assert plan.errored
    assert not plan.complete
    assert plan.changes == ()


def test_plan_of_a_selection(quickstart):
    plan = api_v1.plan(quickstart, "demo", selection=api_v1.Selection(targets=(EVENING,)), variables={})
    assert [change.address for change in plan.pending] == [EVENING]
    assert not plan.complete


def test_plan_reads_a_snapshot(quickstart):
    assert reconciler("-C", quickstart, "snapshot", "-e", "demo", "-o", "live.json").code == 0
    plan = api_v1.plan(quickstart, "demo", live=quickstart / "live.json", variables={})
    assert [change.address for change in plan.pending if change.action is api_v1.Action.CREATE] == [EVENING]


def test_apply_carries_out_what_was_reviewed_and_records_it(keep):
    events: list[Any] = []
    reviewed = api_v1.plan(keep, "demo", variables={})
    result = api_v1.apply(keep, reviewed, variables={}, progress=events.append)
    assert [outcome.status for outcome in result.outcomes] == [api_v1.OutcomeStatus.APPLIED] * 2
    assert result.after is not None
    assert result.after.empty
    assert events[0].step is api_v1.ApplyPhase.LOCKED
    history = json.loads(reconciler("-C", keep, "history", "-e", "demo", "--format", "json").out)
    assert "2 applied" in json.dumps(history)


def test_apply_of_a_part_leaves_the_rest_alone(quickstart):
    reviewed = api_v1.plan(quickstart, "demo", selection=api_v1.Selection(targets=(EVENING,)), variables={})
    result = api_v1.apply(quickstart, reviewed, variables={})
    assert [outcome.address for outcome in result.outcomes] == [EVENING]


def test_apply_refuses_a_stale_plan_and_can_leave_out_what_is_stale(quickstart):
    reviewed = api_v1.plan(quickstart, "demo", variables={})
    live = quickstart / "live.yaml"
    live.write_text(live.read_text().replace("Pu'er is 88 yuan a tin.", "Pu'er is 89 yuan a tin."))
    with pytest.raises(PlanError) as stale:
        api_v1.apply(quickstart, reviewed, variables={})
    assert stale.value.code == "E_PLAN_STALE"
    result = api_v1.apply(quickstart, reviewed, variables={}, skip_stale=True)
    assert [outcome.address for outcome in result.outcomes] == [EVENING]


def test_apply_refuses_plans_of_untrusted_manifests(quickstart):
    reviewed = dataclasses.replace(api_v1.plan(quickstart, "demo", variables={}), untrusted=True)
    with pytest.raises(PlanError) as refused:
        api_v1.apply(quickstart, reviewed, variables={})
    assert refused.value.code == "E_PLAN_UNTRUSTED"


def test_apply_refuses_invalid_manifests(quickstart):
    reviewed = api_v1.plan(quickstart, "demo", variables={})
    (quickstart / "rooms/broken.yaml").write_text("kind: Nothing\n")
    with pytest.raises(ManifestError) as refused:
        api_v1.apply(quickstart, reviewed, variables={})
    assert refused.value.diagnostics


def test_apply_stops_when_asked(quickstart):
    reviewed = api_v1.plan(quickstart, "demo", variables={})
    result = api_v1.apply(quickstart, reviewed, variables={}, stop=lambda: True)
    assert {outcome.status for outcome in result.outcomes} == {api_v1.OutcomeStatus.SKIPPED}


def test_a_plan_file_is_read_and_applied(quickstart):
    assert reconciler("-C", quickstart, "plan", "-e", "demo", "--out", "plan.json").code == 0
    (reviewed,) = api_v1.read_plan_file(quickstart / "plan.json", variables={})
    assert [change.address for change in reviewed.pending if change.action is api_v1.Action.CREATE] == [EVENING]
    assert len(api_v1.apply(quickstart, reviewed, variables={}).outcomes) == 2


def test_an_edited_plan_file_is_refused(quickstart):
    assert reconciler("-C", quickstart, "plan", "-e", "demo", "--out", "plan.json").code == 0
    text = (quickstart / "plan.json").read_text()
    (quickstart / "plan.json").write_text(text.replace("96 yuan", "69 yuan"))
    with pytest.raises(PlanError) as refused:
        api_v1.read_plan_file(quickstart / "plan.json", variables={})
    assert refused.value.code == "E_PLAN_DIGEST"


@pytest.mark.parametrize("name", ["load", "validate", "plan"])
def test_an_unknown_environment_is_named(quickstart, name):
    with pytest.raises(UsageError, match="'dmo'") as refused:
        getattr(api_v1, name)(quickstart, "dmo")
    assert "demo" in refused.value.hint


def test_the_program_in_the_documents_runs(tmp_path, monkeypatch, capsys):
    text = (ROOT / "docs/how-to/python.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(block, names)
    assert capsys.readouterr().out.splitlines() == [f"{one.action} {one.address}" for one in names["plan"].pending]
    assert len(names["result"].outcomes) == len(names["plan"].pending) == 2


def test_objects_are_listed_as_the_command_line_lists_them(quickstart):
    listed = api_v1.list_objects(quickstart, "demo", "rooms", managed=True, variables={})
    run = reconciler("-C", quickstart, "get", "rooms", "-e", "demo", "--managed", "-o", "json")
    assert [one["id"] for one in json.loads(run.out)["objects"]] == [one.id for one in listed.objects]
    assert (listed.complete, listed.missing) == (True, ())
    with pytest.raises(UsageError) as refused:
        api_v1.list_objects(quickstart, "demo", "rooms", filters={"live_state": "RUNNING"}, variables={})
    assert refused.value.code == "E_FILTER"


def test_an_object_is_described_by_kind_and_name(quickstart):
    told = api_v1.describe(quickstart, "demo", "room", "Tea house morning show", variables={})
    assert told.object.values["video_config"]["bitrate"] == 3000
    with pytest.raises(NotFoundError):
        api_v1.describe(quickstart, "demo", "no such", variables={})


def test_edits_are_those_of_accept_and_nothing_is_written(tmp_path):
    seed = "{smart_live_rooms: [{room_name: One, room_description: world}]}"
    folder = project(tmp_path, {"rooms/one.yaml": room("One")}, seed=seed)
    text = (folder / "rooms/one.yaml").read_text()
    edits = api_v1.propose_edits(api_v1.plan(folder, "demo", variables={}))
    (edit,) = edits
    assert (edit.file, text[edit.start : edit.end], edit.text) == ("rooms/one.yaml", "hello", "world")
    (one,) = edits.accepted
    assert (one.path, one.declared, one.live) == ("room_description", "hello", "world")
    assert (folder / "rooms/one.yaml").read_text() == text
    with pytest.raises(UsageError):
        api_v1.propose_edits(api_v1.plan(folder, "demo", variables={}), only="everything")
