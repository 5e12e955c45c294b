"""Golden folders: inputs of one situation as files, and what the tool tells of it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from reconciler.api.client import ReadClient
from reconciler.api.connection import Connection
from reconciler.diff.deletion_guards import find_violations
from reconciler.diff.full_spec import managed_fields
from reconciler.kinds.registry import kind_named
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.model.change import Action
from reconciler.model.desired_state import DesiredState
from reconciler.model.ledger_state import LedgerState, ObjectRecord, WriteIntent
from reconciler.model.options import GuardOverrides, PlanOptions, ResourceScope, Selection
from reconciler.model.plan import Plan
from reconciler.model.report import Report, ReportOptions
from reconciler.model.resource import address
from reconciler.planner import exit_code, make_plan
from reconciler.readers.http_reader import HttpReader
from reconciler.redaction import secret_digest
from reconciler.reports import json_report
from reconciler.reports.markdown import report as markdown
from reconciler.reports.text import report as text
from reconciler.simulator import Simulator, load_seed, transport

PROJECT = "0" * 32
OWNER = "golden/test"
KEY = b"golden"
TOLD = ("plan.json", "plan.txt", "plan.md", "exit")


@dataclass(frozen=True)
class Case:
    """One folder: `manifests/`, and beside it whatever the situation needs.

    `case.yaml` holds the title, `settings` of the plan, `allow` flags of an apply, what the `ledger` remembers, and
    `secrets` this run knows. `live.yaml` is the simulator's seed, `base/` the manifests of a base commit, `values.yaml`
    the templates' values.
    """

    folder: Path

    @property
    def said(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = yaml.safe_load((self.folder / "case.yaml").read_text(encoding="utf-8"))
        return found

    def manifest(self, entry: str = "manifests") -> DesiredState:
        values = ("values.yaml",) if (self.folder / "values.yaml").exists() else ()
        return load(DiskTree(self.folder), entries=(entry,), values=values, env_name="test", scope=self.scope)

    @property
    def scope(self) -> ResourceScope:
        said = self.said.get("settings", {}).get("scope", {})
        return ResourceScope(
            name_prefix=said.get("name_prefix", ""),
            fields={name: frozenset(inside) for name, inside in said.get("fields", {}).items()},
        )

    def settings(self) -> PlanOptions:
        said = dict(self.said.get("settings", {}))
        chosen = said.pop("selection", {})
        said.pop("scope", None)
        said["protect"] = tuple(said.get("protect", ()))
        return PlanOptions(
            environment="test",
            project_id=PROJECT,
            scope=self.scope,
            today=date.fromisoformat(said.pop("today", "2026-11-23")),
            selection=Selection(
                targets=tuple(chosen.get("targets", ())),
                excludes=tuple(chosen.get("excludes", ())),
                labels=chosen.get("labels", {}),
            ),
            **said,
        )

    def past(self) -> LedgerState:
        said = self.said.get("ledger")
        if said is None:
            return LedgerState()
        objects = [_remembered(entry) for entry in said.get("objects", ())]
        intents = tuple(
            WriteIntent(operation="op-1", action=Action.CREATE, kind=one["kind"], name=one["name"])
            for one in said.get("intents", ())
        )
        return LedgerState(
            present=True,
            owner=OWNER,
            objects={(one.kind, one.id): one for one in objects},
            intents=intents,
            sweeps=said.get("sweeps", {}),
            digest_key=KEY,
        )

    def plan(self, manifest: DesiredState) -> Plan:
        seed = next((self.folder / name for name in ("live.yaml", "live.json") if (self.folder / name).exists()), None)
        simulator = Simulator(load_seed(seed) if seed else {})
        connection = Connection(
            base_url="http://127.0.0.1", project_id=PROJECT, transport=transport(simulator), sleep=lambda seconds: None
        )
        base = self.manifest("base") if (self.folder / "base").exists() else None
        secrets = self.said.get("secrets", {})
        return make_plan(
            manifest,
            HttpReader(ReadClient(connection), parallelism=1),
            self.past(),
            self.settings(),
            base=base,
            base_name="main" if base else "",
            secret=secrets.get,
        )

    def told(self) -> dict[str, str]:
        """Return every report of the plan, and what the process would end with."""
        manifest = self.manifest()
        made = self.plan(manifest)
        report = Report(command="plan", plans=(made,), sources=manifest.sources)
        options = ReportOptions(tool_version="0")
        return {
            "plan.json": json_report.report(report, options),
            "plan.txt": text.report(report, options),
            "plan.md": markdown.report(report, options),
            "exit": f"{exit_code(made, detailed=True)}\n" + "".join(self._blocked(made)),
        }

    def _blocked(self, made: Plan) -> Iterable[str]:
        allow = self.said.get("allow", {})
        overrides = GuardOverrides(
            deletes=allow.get("deletes"),
            live=frozenset(allow.get("live", ())),
            empty=allow.get("empty", False),
            collapsed=allow.get("collapsed", False),
        )
        blocks = {f"apply: 5 {block.code} {block.allow}".rstrip() + "\n" for block in find_violations(made, overrides)}
        return sorted(blocks)


def _remembered(said: Mapping[str, Any]) -> ObjectRecord:
    kind = kind_named(said["kind"])
    digests = said.get("secrets", {})
    last = (
        managed_fields(kind, said["last"], digest=lambda name: secret_digest(KEY, digests.get(name, "")))
        if "last" in said
        else None
    )
    return ObjectRecord(
        kind=kind.name,
        id=said["id"],
        name=said["name"],
        address=said.get("address", address(kind.name, said["name"])),
        owner=said.get("owner", OWNER),
        last_applied=last,
        protected=said.get("protected", False),
    )


def cases(root: Path) -> list[Case]:
    """Return every folder of the catalogue."""
    return [Case(folder) for folder in sorted(root.iterdir()) if (folder / "case.yaml").exists()]


def differing(case: Case, told: Mapping[str, str]) -> dict[str, str]:
    """Return what is not as recorded; JSON is compared as such."""
    return {name: one for name, one in told.items() if _recorded(case, name) != _comparable(name, one)}


def _recorded(case: Case, name: str) -> Any:
    file = case.folder / name
    return _comparable(name, file.read_text(encoding="utf-8")) if file.exists() else None


def _comparable(name: str, text: str) -> Any:
    return json.loads(text) if name.endswith(".json") else text


def contents(catalogue: Iterable[Case]) -> str:
    """Return the catalogue's table of contents."""
    rows = [
        f"| [{case.folder.name}]({case.folder.name}/plan.md) | {case.said['title']} | {exit_of(case)} |"
        for case in catalogue
    ]
    return "\n".join([*_HEAD, *rows, ""])


_HEAD = (
    "# What the tool does, situation by situation",
    "",
    "Each folder holds manifests and a live side, and what is told of them: as JSON, text and Markdown, and the exit",
    "code of `plan --detailed-exitcode` (with what `apply` would be blocked by). Only the inputs are written by hand;",
    "`python -m pytest tests/golden --record-golden` writes the rest.",
    "",
    "| folder | situation | exit |",
    "|---|---|---|",
)


def exit_of(case: Case) -> str:
    """Return the recorded exit code."""
    file = case.folder / "exit"
    return file.read_text(encoding="utf-8").split("\n", 1)[0] if file.exists() else "?"
