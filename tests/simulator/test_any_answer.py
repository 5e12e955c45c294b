"""Whichever way the service answers an open question, a plan comes to the same changes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator.behaviours import BEHAVIOURS
from tests.support.command_line import QUICKSTART, reconciler

ANSWERS = [(behaviour.name, choice) for behaviour in BEHAVIOURS for choice in behaviour.choices[1:]]


def changes(project: Path) -> list[Any]:
    run = reconciler("-C", project, "plan", "-e", "demo", "--format", "json")
    assert run.code == 0, run.err
    plan = json.loads(run.out)
    assert plan["complete"]
    moved = [
        (one["address"], one["change"]["actions"], [field["path"] for field in one["fields"]])
        for one in plan["resource_changes"]
    ]
    return [*moved, [one["name"] for one in plan["unmanaged"]]]


@pytest.fixture(scope="module")
def expected() -> list[Any]:
    return changes(QUICKSTART)


@pytest.mark.parametrize(("name", "choice"), ANSWERS)
def test_a_plan_does_not_depend_on_what_nobody_knows(tmp_path, expected, name, choice):
    project = Path(shutil.copytree(QUICKSTART, tmp_path / "quickstart"))
    with (project / "live.yaml").open("a", encoding="utf-8") as live:
        live.write(f"\nbehaviours: {{{name}: {choice}}}\n")
    assert changes(project) == expected
