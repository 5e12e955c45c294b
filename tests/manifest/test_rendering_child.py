"""One child renders for several loads what a child of its own renders for each, and is started once."""

import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.template.renderer import RenderedTemplate, Rendering
from reconciler.manifest.template.rendering_child import RenderingChild
from reconciler.manifest.template.worker_process import WorkerLimits
from tests.support.command_line import PROJECT_ID, reconciler

FILES = {
    "plain.yaml": "name: {{ values.name }}\n",
    "macro.yaml": '{% from "shared.j2" import told %}\n{{ told(values.name) }}\nagain: {{ told("x") | indent(2) }}\n',
    "same.yaml": '{% import "shared.j2" as shared %}a: {{ shared.told(1) == values.name }}\n',
    "list.yaml": "{% for each in values.names %}\n- {{ each | tojson }}: {{ each | upper }}\n{% endfor %}\n",
    "missing.yaml": "name: {{ values.nme }}\n",
    "syntax.yaml": "name: {{ values.name\n",
    "counted.yaml": '{% import "shared.j2" as shared with context %}{% set _ = shared.count.__class__ %}\n',
    "gone.yaml": '{% include "gone.j2" %}\n',
    "kept.yaml": '{% from "shared.j2" import next %}n: {{ next() }}{{ next() }}\n',
    "slow.yaml": "{% for a in range(values.turns) %}{% for b in range(1000) %}{% endfor %}{% endfor %}a: 1\n",
}
SHARED = (
    "{% set count = namespace(n=0) %}{% macro next() %}{% set count.n = count.n + 1 %}{{ count.n }}{% endmacro %}"
    '{% macro told(name) %}told: "{{ name }} of {{ values.name }}"{% endmacro %}'
)
NAMES = ("Tea", "Pu'er", "茶馆", "", "a: b", "null", "x\ny", "12", "\ud800", "# no")
LIMITS = WorkerLimits(cpu=0.4, wall=20.0)

started: list[int] = []
os.register_at_fork(after_in_parent=lambda: started.append(os.getpid()))


def content(result: RenderedTemplate) -> tuple[Any, ...]:
    return (result.file, [text() for text in result.texts], result.places, result.digest, result.problems, result.uses)


def contents(root: Path, files: list[str], context: Mapping[str, Any], child: RenderingChild | None) -> list[Any]:
    texts = {name: (root / name).read_text() for name in files}
    made = Rendering(tree=DiskTree(root), context=lambda: context, budget=LIMITS, texts=texts, child=child)
    return [content(each) for each in made.each(files, {})]


def project(root: Path) -> None:
    for name, text in FILES.items():
        (root / name).write_text(text)
    (root / "shared.j2").write_text(SHARED)


def some_context(chance: random.Random) -> dict[str, Any]:
    names = [chance.choice(NAMES) for _ in range(chance.randint(0, 3))]
    return {"values": {"name": chance.choice(NAMES), "names": names, "turns": 3}, "env": {"name": "demo"}}


def assert_same_as_alone(root: Path, seed: int) -> None:
    chance = random.Random(seed)
    with RenderingChild(LIMITS) as child:
        for _ in range(3):
            files = chance.sample(sorted(FILES), chance.randint(1, 4))
            context = some_context(chance)
            if chance.random() < 0.3:
                (root / "shared.j2").write_text(SHARED + "{# changed #}" * chance.randint(0, 2))
            assert contents(root, files, context, child) == contents(root, files, context, None), (seed, files)


def test_a_load_gets_the_same_from_a_child_that_rendered_for_others(tmp_path: Path) -> None:
    project(tmp_path)
    for seed in range(12):
        assert_same_as_alone(tmp_path, seed)


@pytest.mark.deep
def test_hundreds_of_loads_get_the_same_from_a_child_that_rendered_for_others(tmp_path: Path) -> None:
    project(tmp_path)
    for seed in range(60):
        assert_same_as_alone(tmp_path, 1_000 + seed)


def test_it_is_started_once(tmp_path: Path) -> None:
    project(tmp_path)
    before = len(started)
    with RenderingChild(LIMITS) as child:
        first = contents(tmp_path, ["plain.yaml", "macro.yaml"], some_context(random.Random(1)), child)
        second = contents(tmp_path, ["macro.yaml"], some_context(random.Random(2)), child)
    assert len(started) == before + 1
    assert len(first) == 2
    assert len(second) == 1
    assert not child.is_reused


def test_what_fails_in_one_that_was_used_is_rendered_in_another(tmp_path: Path) -> None:
    project(tmp_path)
    context = {"values": {"name": "Tea", "names": [], "turns": 10**6}, "env": {"name": "demo"}}
    files = ["plain.yaml", "slow.yaml", "list.yaml"]
    alone = contents(tmp_path, files, context, None)
    assert [[each.code for each in problems] for *_, problems, _ in alone] == [[], ["E_TPL_LIMIT"], []]
    before = len(started)
    with RenderingChild(LIMITS) as child:
        contents(tmp_path, ["plain.yaml"], context, child)
        assert contents(tmp_path, files, context, child) == alone
    assert len(started) > before + 1


def test_a_context_that_cannot_be_sent_is_rendered_in_another(tmp_path: Path) -> None:
    project(tmp_path)
    strange: dict[str, Any] = {"values": {"name": object()}, "env": {"name": "demo"}}
    with RenderingChild(LIMITS) as child:
        contents(tmp_path, ["plain.yaml"], some_context(random.Random(1)), child)
        assert contents(tmp_path, ["plain.yaml"], strange, child) == contents(tmp_path, ["plain.yaml"], strange, None)


def test_all_environments_of_a_validation_share_one(tmp_path: Path) -> None:
    manifest = "apiVersion: metastudio/v1\nkind: SmartLiveRoom\nmetadata: {name: {{ values.name }}}\nspec: {}\n"
    (tmp_path / "rooms.yaml").write_text(manifest)
    names = ("one", "two", "three")
    for name in names:
        (tmp_path / f"{name}.values").write_text(f"name: Room {name}\n")
    environments = "".join(
        f"  {name}: {{endpoint: embedded, project_id: {PROJECT_ID}, values: [{name}.values]}}\n" for name in names
    )
    (tmp_path / "reconciler.yaml").write_text(f"manifests: [rooms.yaml]\nenvironments:\n{environments}")
    before = len(started)
    assert reconciler("-C", tmp_path, "validate", "--no-cache").code == 0
    assert len(started) == before + 1
