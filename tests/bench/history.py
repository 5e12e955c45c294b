"""The ratios of every release, kept in docs/benchmarks/history.jsonl: one line a release, with the machine.

A run of all benchmarks at full scale writes the line of the version at hand; so does a part of them with `--record`,
which leaves the other ratios of that version as they are when the machine is the same. docs/images/benchmarks.svg is
drawn from these lines: `python -m tests.bench.chart`.
"""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HISTORY = ROOT / "docs" / "benchmarks" / "history.jsonl"
WRITTEN = ("docs/benchmarks/history.jsonl", "docs/images/benchmarks.svg")
"""What a run writes into the repository, which does not make it another revision."""
Line = dict[str, Any]


def machine() -> dict[str, str | int]:
    """Return what a figure depends on: processor, cores, system and interpreter."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown"


def revision() -> str:
    """Return the commit at hand, marked where files differ that no run writes; empty outside a repository."""
    head = _git("rev-parse", "--short=12", "HEAD")
    others = _git("status", "--porcelain", "--", ".", *(f":!{path}" for path in WRITTEN))
    return f"{head}-dirty" if others else head


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def read(file: Path = HISTORY) -> list[Line]:
    """Return the lines, the oldest release first."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def record(
    version: str, measured: Mapping[str, float], *, on: Mapping[str, str | int], commit: str, file: Path = HISTORY
) -> None:
    """Write the line of a release: a new one at the end, or in place of the one it has."""
    lines = read(file)
    at = next((number for number, line in enumerate(lines) if line["version"] == version), len(lines))
    before = lines[at] if at < len(lines) else {}
    kept = before["ratios"] if before.get("machine") == dict(on) else {}
    lines[at : at + 1] = [
        {
            "version": version,
            "commit": commit,
            "date": datetime.now(UTC).date().isoformat(),
            "machine": dict(on),
            "ratios": dict(sorted({**kept, **measured}.items())),
        }
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
