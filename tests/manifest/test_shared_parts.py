"""Equal parts of manifests are one object, which no plan and no apply changes."""

import shutil
from datetime import date

import pytest

from reconciler.apply.runner import apply
from reconciler.manifest.document_cache import DocumentCache
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.project.config_file import load_project
from reconciler.project.environment_session import LiveAccess, open_environment
from reconciler.project.plan_environment import PlanRequest, apply_options, load_declared, plan_opened
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
