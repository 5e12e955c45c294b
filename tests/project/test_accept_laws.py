"""Law: after `accept` a plan shows exactly what was refused; bytes outside the edits, and other environments, stay."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.model.change import Attribution
from reconciler.project.accept_drift import AcceptRequest, AcceptResult, accept_environment
from reconciler.project.config_file import load_project
from reconciler.project.environment_session import LiveAccess
from reconciler.project.plan_environment import PlanRequest
from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import PROJECT_ID
from tests.support.random_projects import INCLUDED, ROOM_FIELDS, Writing, edited, group_spec, room_spec
from tests.support.sdk import AK, CREDENTIALS, SK, client, plain, sdk

ROOM, GROUP = "SmartLiveRoom", "InteractionRuleGroup"
VARIABLES = {"HUAWEICLOUD_SDK_AK": AK, "HUAWEICLOUD_SDK_SK": SK}


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[Simulator, str]]:
    simulator = Simulator({"credentials": CREDENTIALS}, clock=lambda: datetime.now(UTC))
    with running(simulator) as url:
        yield simulator, url


def write(folder: Path, seed: int, url: str) -> tuple[str, dict[str, Any]]:
    """Write a random project; return the kind of its object and what it declares.

    The environment `other` reads the same files: it declares the object as well, or one of its own that reads the same
    values. Of the values, the environment `here` has some in a file of its own.
    """
    random = Random(seed)
    kind = random.choice((ROOM, GROUP))
    spec = room_spec(random) if kind == ROOM else group_spec(random)
    templated = random.random() < 0.6
    writing = Writing(random, templated=templated)
    alone = templated and random.random() < 0.5
    text = writing.document(kind, "One", spec, condition='env.name == "here"' if alone else "")
    if templated:
        read = next((name for name, value in writing.values.items() if isinstance(value, str)), "none")
        text += '---\n{% if env.name == "other" %}\napiVersion: metastudio/v1\nkind: SmartLiveRoom\n'
        text += f"metadata: {{name: Two}}\nspec: {{priv_data: {{{{ values.{read} | tojson }}}}}}\n{{% endif %}}\n"
    if random.random() < 0.2:
        text = text.replace("\n", "\r\n")
    own = {name for name in writing.values if random.random() < 0.5}
    files = {
        "rooms/one.yaml": text,
        INCLUDED: writing.included,
        "values/common.yaml": values_text({"none": "0", **writing.values}),
        "values/here.yaml": values_text({"here": True, **{name: writing.values[name] for name in sorted(own)}}),
        "reconciler.yaml": (
            f"name: law\nid: {PROJECT_ID}\nmanifests: [rooms]\nvalues: [values/common.yaml]\nenvironments:\n"
            f'  here: {{endpoint: "{url}", project_id: "{seed:032x}", auth: aksk, values: [values/here.yaml]}}\n'
            f'  other: {{endpoint: "{url}", project_id: "{seed:032x}", auth: aksk}}\n'
        ),
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
    return kind, spec


def values_text(values: dict[str, Any]) -> str:
    return "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())


def change_through_the_sdk(url: str, project: str, kind: str, object_id: str, random: Random) -> None:
    """Read an object with the official SDK, change it, and write it back."""
    models, api = sdk(), client(url, project)
    if kind == ROOM:
        row = plain(api.show_smart_live_room(models.ShowSmartLiveRoomRequest(room_id=object_id)))
        kept = {name: value for name, value in edited(random, kind, row).items() if name in ("room_name", *ROOM_FIELDS)}
        api.update_smart_live_room(models.UpdateSmartLiveRoomRequest(room_id=object_id, body=kept))
        return
    row = plain(api.show_interaction_rule_group(models.ShowInteractionRuleGroupRequest(group_id=object_id)))
    body = {"group_name": row["group_name"], "interaction_rules": edited(random, kind, row)["interaction_rules"]}
    api.update_interaction_rule_group(models.UpdateInteractionRuleGroupRequest(group_id=object_id, body=body))


def run(folder: Path, url: str, also: frozenset[str] = frozenset()) -> AcceptResult:
    access = LiveAccess(variables={**VARIABLES, "RECONCILER_ALLOWED_HOSTS": url}, cached=False)
    request = AcceptRequest(plan=PlanRequest(access=access), also=also)
    return accept_environment(load_project(folder), "here", request)


def differences(result: AcceptResult) -> set[str]:
    assert result.plan is not None
    found = (field for change in result.plan.changes for field in change.fields)
    return {field.path for field in found if field.attribution is not Attribution.ALREADY}


def specs(folder: Path, environment: str = "other") -> dict[str, Any]:
    """Return what an environment declares, by address; its plan follows from it and from what is live."""
    own = ["values/here.yaml"] if environment == "here" else []
    values = ["values/common.yaml", *own]
    state = load(DiskTree(folder), entries=["rooms"], values=values, env_name=environment)
    assert state.valid, state.diagnostics
    return {one.address: json.loads(json.dumps(one.spec)) for one in state.resources}


def law(folder: Path, seed: int, service: tuple[Simulator, str]) -> tuple[int, int]:
    """Check the law for one random project; return the numbers of differences accepted and refused."""
    simulator, url = service
    kind, spec = write(folder, seed, url)
    assert specs(folder, "here") == {f'{kind}["One"]': spec}
    name = "room_name" if kind == ROOM else "group_name"
    entry = simulator.console(kind, f"{seed:032x}").insert({name: "One", **spec})
    change_through_the_sdk(url, f"{seed:032x}", kind, entry.id, Random(seed + 1))
    before, texts = specs(folder), {path: path.read_bytes() for path in folder.rglob("*.*")}
    result = run(folder, url)
    named = {each.address for each in result.collateral}
    assert all(each.environment == "other" for each in result.collateral), result.collateral
    if named:  # nothing is written without the leave to change them
        result = run(folder, url, also=frozenset(named))
        assert not result.collateral
    refused = {one.path for one in result.proposal.refused}
    for file, (old, new) in result.files.items():
        spans = sorted((edit for edit in result.proposal.edits if edit.file == file), key=lambda edit: edit.start)
        text, parts, behind = old.decode(), [], 0
        for edit in spans:
            parts += (text[behind : edit.start], edit.text)
            behind = edit.end
        assert "".join((*parts, text[behind:])).encode() == new
        (folder / file).write_bytes(new)
    untouched = {path: data for path, data in texts.items() if str(path.relative_to(folder)) not in result.files}
    assert all(path.read_bytes() == data for path, data in untouched.items())
    assert differences(run(folder, url)) == refused, (seed, result.proposal.refused)
    after = specs(folder)
    assert {address for address in before | after if before.get(address) != after.get(address)} == named
    return len(result.proposal.accepted), len(result.proposal.refused)


def check(folder: Path, seeds: range, service: tuple[Simulator, str]) -> None:
    counts = [law(folder / str(seed), seed, service) for seed in seeds]
    assert sum(accepted for accepted, _ in counts) > len(seeds) // 2


@pytest.mark.parametrize("first", range(1, 101, 10))
def test_after_accept_a_plan_shows_what_was_refused(tmp_path, service, first):
    check(tmp_path, range(first, first + 10), service)


@pytest.mark.deep
@pytest.mark.parametrize("first", range(1_000, 3_000, 100))
def test_after_accept_a_plan_shows_what_was_refused_in_many_projects(tmp_path, service, first):
    check(tmp_path, range(first, first + 100), service)
