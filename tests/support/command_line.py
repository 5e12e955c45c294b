"""Runs the command line inside this process, as a shell would see it: code, stdout, stderr."""

import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.cli import main
from reconciler.model.process_clock import REAL_TIME, ProcessClock

ROOT = Path(__file__).parents[2]
"""The repository."""

QUICKSTART = ROOT / "examples/quickstart"
FLEET = ROOT / "examples/fleet"

PROJECT_ID = "3f0c2a9e-5b1d-4c67-8e21-7d9a0b4f6c15"
"""The id of projects that tests make."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the command line came to."""

    code: int
    out: str
    err: str


def reconciler(*arguments: object, variables: Mapping[str, str] | None = None, clock: ProcessClock = REAL_TIME) -> Run:
    """Run one command line with exactly these environment variables."""
    out, err = _Stream(), _Stream()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(one) for one in arguments], variables or {}, clock=clock)
    return Run(code, out.text(), err.text())


def without_place(report: str) -> str:
    """Return a report without the line that says where the environment is, which is in formats for people alone."""
    return "\n".join(line for line in report.splitlines() if not line.startswith("Environment: "))


class _Stream(io.TextIOWrapper):
    """A text stream over bytes, like the real ones."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="", write_through=True)

    def text(self) -> str:
        """Return what was written."""
        self.flush()
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined]


def project(folder: Path, manifests: Mapping[str, str], *, seed: str = "{}", more: str = "") -> Path:
    """Write a project with one environment `demo` on the embedded simulator, and return its folder."""
    demo = 'demo: {endpoint: "simulator:live.yaml"}'
    text = f"name: test\nid: {PROJECT_ID}\nmanifests: [rooms]\nenvironments:\n  {demo}\n"
    for name, content in {"reconciler.yaml": text + more, "live.yaml": seed, **manifests}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    (folder / "rooms").mkdir(exist_ok=True)
    return folder


def room(name: str, spec: str = "room_description: hello") -> str:
    """Return a manifest of one room."""
    return f"apiVersion: metastudio/v1\nkind: SmartLiveRoom\nmetadata: {{name: {name}}}\nspec:\n  {spec}\n"
