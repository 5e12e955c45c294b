"""So many flat records for octoDNS, one per cent of them changed: its YAML provider on both sides."""

import shutil
import sys
from pathlib import Path

import yaml

_CONFIG = """\
providers:
  desired: {{class: octodns.provider.yaml.YamlProvider, directory: {0}/desired, default_ttl: 300, enforce_order: false}}
  live: {{class: octodns.provider.yaml.YamlProvider, directory: {0}/live, default_ttl: 300, enforce_order: false}}
zones:
  example.com.: {{sources: [desired], targets: [live]}}
"""


def octodns() -> str:
    """Return the program, or an empty text where it is not here."""
    beside = Path(sys.executable).parent / "octodns-sync"
    return str(beside) if beside.exists() else shutil.which("octodns-sync") or ""


def write(folder: Path, count: int) -> list[str]:
    """Write configuration and zones; return the command that plans."""
    for side, changed in (("desired", True), ("live", False)):
        (folder / side).mkdir(parents=True)
        with (folder / side / "example.com.yaml").open("w", encoding="utf-8") as stream:
            yaml.dump(_records(count, changed=changed), stream, Dumper=yaml.CSafeDumper)
    (folder / "config.yaml").write_text(_CONFIG.format(folder), encoding="utf-8")
    return [octodns(), "--config-file", str(folder / "config.yaml")]


def _records(count: int, *, changed: bool) -> dict[str, dict[str, object]]:
    return {
        f"room-{number:06d}": {
            "type": "TXT",
            "ttl": 300,
            "value": f"Courseware number {number} for the shop" + (" changed" if changed and number % 100 == 0 else ""),
        }
        for number in range(count)
    }
