"""Cases of `accept` as data: a source, what somebody changed live, and the expected bytes or refusal."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from reconciler.manifest.document_cache import DocumentCache
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.project.accept_drift import AcceptRequest, AcceptResult, accept_environment
from reconciler.project.config_file import load_project
from reconciler.project.environment_session import LiveAccess
from reconciler.project.plan_environment import PlanRequest
from tests.support.command_line import PROJECT_ID

CORPUS = Path(__file__).parents[1] / "data/accept_corpus.yaml"
_HEADS = {
    "room": "apiVersion: metastudio/v1\nkind: SmartLiveRoom\nmetadata:\n  name: One\nspec:\n",
    "group": "apiVersion: metastudio/v1\nkind: InteractionRuleGroup\nmetadata:\n  name: One\nspec:\n",
}
_FOLDERS = {
    "SmartLiveRoom": ("smart_live_rooms", "room_name"),
    "InteractionRuleGroup": ("interaction_rule_groups", "group_name"),
}
MAIN = "rooms/a.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case; `files` are the sources by name, `expected` what they are afterwards."""

    name: str
    files: Mapping[str, bytes]
    live: Mapping[str, Mapping[str, Any]]
    expected: Mapping[str, bytes]
    refused: tuple[str, ...] = ()
    collateral: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    ask: Mapping[str, Any] = field(default_factory=dict)
    environments: str = ""


def cases() -> list[Case]:
    """Return every case of the corpus."""
    return [_case(each) for each in yaml.safe_load(CORPUS.read_text(encoding="utf-8"))]


def _case(raw: Mapping[str, Any]) -> Case:
    texts = dict(raw.get("files", {}))
    for kind, head in _HEADS.items():
        if kind in raw:
            texts[MAIN] = head + "".join(f"  {line}" if line.strip() else line for line in raw[kind].splitlines(True))
    if "values" in raw:
        texts["values/common.yaml"] = raw["values"]
    if "strip_end" in raw:
        texts[MAIN] = texts[MAIN].rstrip("\n")
    after = dict(texts)
    for change in raw.get("expect", ()):
        file = change.get("file", MAIN)
        assert after[file].count(change["old"]) == 1, (raw["name"], change)
        after[file] = after[file].replace(change["old"], change["new"])
    live = raw.get("live", {})
    by_address = live if any("[" in name and name.endswith('"]') for name in live) else {"": live}
    return Case(
        name=raw["name"],
        files={name: _bytes(text, raw) for name, text in texts.items()},
        live=by_address,
        expected={name: _bytes(text, raw) for name, text in after.items()},
        refused=tuple(raw.get("refused", ())),
        collateral=tuple(raw.get("collateral", ())),
        sets=tuple(raw.get("sets", ())),
        ask=raw.get("ask", {}),
        environments=raw.get("environments", ""),
    )


def _bytes(text: str, raw: Mapping[str, Any]) -> bytes:
    data = text.replace("\n", "\r\n") if raw.get("crlf") else text
    return (b"\xef\xbb\xbf" if raw.get("bom") else b"") + data.encode()


def write_project(folder: Path, case: Case) -> None:
    """Write the sources, and the live side: what is declared with the changes of the case."""
    for name, data in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    values = ["values/common.yaml"] if "values/common.yaml" in case.files else []
    more = "".join(f"  {line}\n" for line in case.environments.splitlines())
    text = f"name: test\nid: {PROJECT_ID}\nmanifests: [rooms]\nvalues: {values}\nenvironments:\n"
    demo = case.files.get("values/demo.yaml") and "values: [values/demo.yaml], "
    text += f'  demo: {{{demo or ""}endpoint: "simulator:live.yaml"}}\n{more}'
    (folder / "reconciler.yaml").write_text(text)
    own = [*values, *(["values/demo.yaml"] if demo else [])]
    state = load(DiskTree(folder), entries=["rooms"], values=own, sets=case.sets, env_name="demo")
    assert state.valid, (case.name, state.diagnostics)
    seed: dict[str, list[Any]] = {}
    for resource in state.resources:
        key, name = _FOLDERS[resource.kind]
        spec = json.loads(json.dumps(resource.spec))  # equal parts of what is declared are one object
        _unsecret(spec)
        for path, value in case.live.get(resource.address, case.live.get("", {})).items():
            edit(spec, path, value)
        if resource.kind == "SmartLiveRoom":
            spec = {"room_type": "NORMAL", **spec}
        seed.setdefault(key, []).append({name: resource.name, **spec})
    (folder / "live.yaml").write_text(json.dumps(seed, ensure_ascii=False))


def _unsecret(value: Any) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in list(items):
        if isinstance(each, dict) and set(each) == {"secret"}:
            value[name] = "live-secret-value"
        else:
            _unsecret(each)


def edit(spec: Any, path: str, value: Any) -> None:
    """Change a live object: `path` replaces (null removes), `+path` appends, `path[2]` is an item, `order` sorts."""
    if path.startswith("order "):
        items = _below(spec, _steps(path[6:]))
        items[:] = [items[index] for index in value]
        return
    if path.startswith("+"):
        _below(spec, _steps(path[1:])).append(value)
        return
    *above, last = _steps(path)
    for step in above:
        if isinstance(spec, dict) and spec.get(step) is None:
            spec[step] = {}
        spec = spec[step]
    if value is None:
        del spec[last]
    else:
        spec[last] = value


def _below(spec: Any, steps: list[Any]) -> Any:
    for step in steps:
        if isinstance(spec, dict) and step not in spec:
            spec[step] = []
        spec = spec[step]
    return spec


def _steps(path: str) -> list[Any]:
    return [int(found[1]) if found[1] else found[0] for found in re.finditer(r"\[(\d+)\]|[^.\[\]]+", path)]


def accepted(folder: Path, case: Case, *, documents: DocumentCache | None = None, writes: bool = True) -> AcceptResult:
    """Propose and prove, and write as the command does where nothing stands against it."""
    request = AcceptRequest(
        plan=PlanRequest(access=LiveAccess(variables={}, cached=False), sets=case.sets, documents=documents),
        address=case.ask.get("address", ""),
        field=case.ask.get("field", ""),
        only=case.ask.get("only", ""),
        also=frozenset(case.ask.get("also", ())),
        at=case.ask.get("at", ""),
    )
    result = accept_environment(load_project(folder), "demo", request)
    if writes and not result.blocked:
        for name, (_old, new) in result.files.items():
            (folder / name).write_bytes(new)
    return result


def accepted_twice_cached(folder: Path, case: Case) -> AcceptResult:
    """Accept with an empty cache, keep what it found, and accept again with that; nothing is written to sources."""
    told: list[str] = []
    for _ in range(2):
        documents = DocumentCache(folder, told.append)
        result = accepted(folder, case, documents=documents, writes=False)
        documents.finish()
    assert not told
    return result
