"""Runs `doctor` against an embedded simulator of given behaviours, and compares its answers with what was seeded."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reconciler.api.client import ReadClient, WriteClient
from reconciler.api.connection import Connection
from reconciler.api_probe.probe_objects import ProbeObjects
from reconciler.api_probe.probe_run import run_probes
from reconciler.api_probe.request_log import RequestLog
from reconciler.kinds.registry import all_kinds
from reconciler.kinds.service_behaviours import BEHAVIOURS
from reconciler.model.run_history import ProbeRecord
from reconciler.simulator import Simulator, transport
from tests.support.command_line import Run, project, reconciler

OWN = "0" * 32
"""The project of the embedded simulator."""

WRITES = ("--probe-writes", "--yes-write-to", OWN)

SEED = {
    "interaction_rule_groups": [
        {"group_name": f"group {number}", "interaction_rules": [{"rule_name": "a"}, {"rule_name": "b"}]}
        for number in range(5)
    ],
    "smart_live_rooms": [
        {"room_name": "A", "stream_keys": ["canary"], "live_event_callback_config": {"key": "canary"}},
    ],
}

BUSY_SEED = {
    "interaction_rule_groups": [
        {
            "group_name": f"group{number % 4}",
            "create_time": f"2026-01-0{1 + number % 3}T00:00:00Z",
            "update_time": f"2026-02-0{1 + number % 3}T00:00:00Z",
            "from_the_future": number,
            "interaction_rules": [
                {"rule_name": "a", "trigger": {"reply_audios": [{"audio_url": "https://media.example/a.mp3?x=1"}]}}
            ],
        }
        for number in range(12)
    ],
    "smart_live_rooms": [
        {"room_name": "shared", "room_type": "TEMPLATE", "project_id": "1" * 32},
        {"room_name": "A", "stream_keys": ["canary"], "output_urls": ["rtmp://canary"], "last_job_status": "WAITING"},
    ],
}
"""Ties, repeated names, unknown fields, addresses, a room on air, and a template of another project."""

REQUIRED = (
    *("put", "names", "child_put", "child_stamp", "child_ids", "show_missing", "delete_missing"),
    *("order", "count", "list_details", "secrets", "whitespace", "newlines"),
)
"""Behaviours that write probes observe against a simulator with five groups and a room with secrets."""

DEFAULTS = {behaviour.name: behaviour.default for behaviour in BEHAVIOURS}


def doctor(folder: Path, seed: Mapping[str, Any], *flags: str) -> Run:
    """Run `doctor --format json` on a new project whose simulator has this seed."""
    folder.mkdir(parents=True, exist_ok=True)
    return reconciler("-C", project(folder, {}, seed=json.dumps(seed)), "doctor", "--format", "json", *flags)


def answers(run: Run) -> dict[str, str]:
    """Return the answers of a run by behaviour."""
    assert run.code == 0, run.err
    return {row["behaviour"]: row["answer"] for row in json.loads(run.out)["answers"]}


def wrong(seen: Mapping[str, str], chosen: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return each answer that is neither what was seeded nor `not_observed`."""
    truth = {**DEFAULTS, **chosen}
    return {name: (answer, truth[name]) for name, answer in seen.items() if answer not in (truth[name], "not_observed")}


@dataclass(slots=True)
class Notebook:
    """A journal of probes in memory; every record is settled."""

    records: dict[tuple[str, str], str] = field(default_factory=dict)

    def note(self, kind: str, name: str, step: str) -> None:
        self.records[kind, name] = step

    def close(self, kind: str, name: str) -> None:
        del self.records[kind, name]

    def open_records(self) -> tuple[ProbeRecord, ...]:
        return tuple(
            ProbeRecord(kind=kind, name=name, step=step, settled=True) for (kind, name), step in self.records.items()
        )


def probed(simulator: Simulator, kinds: Sequence[str] = (), journal: Notebook | None = None) -> dict[str, str]:
    """Return the answers of the probes, with write probes of these kinds, without a ledger."""
    log = RequestLog()
    link = Connection(base_url="http://localhost", project_id=OWN, transport=transport(simulator), observer=log)
    with closing(ReadClient(link)) as reader, closing(WriteClient(replace(link, pace=link))) as writer:
        objects = ProbeObjects(writer=writer, reader=reader, journal=Notebook() if journal is None else journal)
        result = run_probes(reader, log, objects, all_kinds(), [all_kinds()[kind] for kind in kinds])
    return {one.behaviour: one.answer for one in result.answers}
