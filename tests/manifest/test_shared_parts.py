"""Equal parts of manifests are one object, which no plan and no apply changes."""

import shutil
from dataclasses import replace
from datetime import date

import pytest

from reconciler.apply.runner import apply
from reconciler.kinds.base.problem import warning
from reconciler.kinds.registry import all_kinds
from reconciler.manifest.document_cache import DocumentCache
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.project.config_file import load_project
from reconciler.project.declared_state import load_declared
from reconciler.project.environment_session import LiveAccess, open_environment
from reconciler.project.plan_environment import PlanRequest, apply_options, plan_opened
from tests.support.command_line import QUICKSTART

ROOM = """\
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata:
  name: {name}
spec:
  room_description: 12
  video_config:
    codec: H264
    bitrate: 3000
    width: 1080
    height: 1920
"""


@pytest.fixture
def folder(tmp_path):
    made = shutil.copytree(QUICKSTART, tmp_path / "quickstart")
    for name in ("One", "Two"):
        (made / f"rooms/{name}.yaml").write_text(ROOM.format(name=name))
    rules = (made / "rule-groups/questions.yaml").read_text()
    (made / "rule-groups/again.yaml").write_text(rules.replace("name: ", "name: again ", 1))
    return made


def seen(desired):
    return repr(
        [(one.address, one.spec, one.locate.document.value, one.labels, one.aliases) for one in desired.resources]
    )


def test_a_plan_and_an_apply_leave_the_values_as_they_were_read(folder):
    project = load_project(folder)
    request = PlanRequest(access=LiveAccess(variables={}, today=date(2026, 1, 1), cached=False))
    desired = load_declared(project, "demo", ())
    before = seen(desired)
    assert before == seen(load_declared(project, "demo", ()))
    with open_environment(project, "demo", request.access) as opened:
        ledger = opened.ledger()
        made = plan_opened(opened, desired, request, settings=apply_options(opened, request, local=ledger.local))
        assert len(made.pending) >= 4
        assert seen(desired) == before
        result = apply(
            made,
            desired,
            opened.reader,
            opened.writer("http", lambda line: None),
            ledger,
            scope=opened.scope,
            owner=opened.owner,
            run="1",
            settings=apply_options(opened, request, local=ledger.local),
            clock=request.access.clock.now,
            sleep=request.access.clock.sleep,
        )
    assert len(result.outcomes) == len(made.pending)
    assert seen(desired) == before


def test_parts_are_shared_whether_they_are_parsed_or_kept(folder):
    for _ in range(2):
        cache = DocumentCache(folder, pytest.fail)
        found = load(DiskTree(folder), entries=["rooms"], values=["values/demo.yaml"], env_name="demo", cache=cache)
        cache.finish()
        specs = {one.name: one.locate.document.value["spec"] for one in found.resources}
        assert specs["One"] == specs["Two"]
    parsed = load(DiskTree(folder), entries=["rooms"], values=["values/demo.yaml"], env_name="demo")
    specs = {one.name: one.locate.document.value["spec"] for one in parsed.resources}
    assert specs["One"] is specs["Two"]


@pytest.mark.parametrize(
    ("bitrate", "codec", "times"), [("3000", "H264", 1), ("3000", "'H264'", 1), ("4000", "H264", 2)]
)
def test_an_equal_spec_is_checked_once_and_its_problems_are_told_for_each(tmp_path, bitrate, codec, times):
    met = []

    def counting(spec):
        met.append(spec)
        return [warning(("video_config",), "W_TEST", "large")] if spec["video_config"]["bitrate"] == 5000 else []

    kinds = {"SmartLiveRoom": replace(all_kinds()["SmartLiveRoom"], checks=(counting,))}
    text = ROOM.replace("  room_description: 12\n", "")
    (tmp_path / "a.yaml").write_text(text.format(name="One"))
    (tmp_path / "b.yaml").write_text(text.format(name="Two").replace("3000", bitrate).replace("H264", codec))
    found = load(DiskTree(tmp_path), entries=["a.yaml", "b.yaml"], kinds=kinds)
    assert (found.diagnostics, len(met)) == ((), times)
    for name in ("a", "b"):
        file = tmp_path / f"{name}.yaml"
        file.write_text(file.read_text().replace("3000", "5000").replace("4000", "5000"))
    found = load(DiskTree(tmp_path), entries=["a.yaml", "b.yaml"], kinds=kinds)
    assert [(one.position.file, one.code) for one in found.diagnostics] == [("a.yaml", "W_TEST"), ("b.yaml", "W_TEST")]
