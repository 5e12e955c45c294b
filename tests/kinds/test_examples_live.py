"""The example of each kind goes the whole circle: validated, planned, applied over HTTP, in step, exported, in step."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import ROOT, Run, reconciler

SECRETS = {
    f"RECONCILER_SECRET_TEA_{name}": value
    for name, value in {
        "OUTPUT_URL": "rtmp://push.example.com/live/5e1f0c",
        "STREAM_KEY": "stream-key-0f9e8d7c",
        "CALLBACK_URL": "https://hooks.example.com/tea?token=aa11bb22",
        "CALLBACK_KEY": "hmac-key-99887766",
    }.items()
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    """A project of the examples, against a simulated service that is empty."""
    shutil.copytree(ROOT / "examples/kinds", tmp_path / "manifests")
    with running(Simulator({})) as address:
        (tmp_path / "reconciler.yaml").write_text(
            "name: tea\nmanifests: [manifests]\nenvironments:\n"
            f'  live: {{endpoint: "{address}", project_id: "{"0" * 32}", auth: none, ledger: "sqlite:///.reconciler/l.db"}}\n'
            f'  fresh: {{endpoint: "{address}", project_id: "{"0" * 32}", auth: none}}\n'
        )
        yield tmp_path


def run(shop: Path, *arguments: object) -> Run:
    return reconciler("-C", shop, *arguments, variables=SECRETS)


def test_the_examples_are_applied_and_then_in_step(shop: Path):
    planned = run(shop, "plan", "-e", "live", "--detailed-exitcode")
    assert planned.code == 2, planned.err
    assert "Plan: 3 to add, 0 to change. Deletes and drift are unknown: no ledger was read." in planned.out
    applied = run(shop, "apply", "-e", "live", "--auto-approve")
    assert applied.code == 0, applied.err
    assert "3 added, 0 changed, 0 destroyed" in applied.out
    quiet = run(shop, "plan", "-e", "live", "--detailed-exitcode")
    assert quiet.code == 0, quiet.out
    assert "No changes." in quiet.out
    for secret in SECRETS.values():
        assert secret not in planned.out + planned.err + applied.out + applied.err + quiet.out + quiet.err


def test_what_is_exported_of_the_examples_is_in_step(shop: Path):
    assert run(shop, "apply", "-e", "live", "--auto-approve").code == 0
    shutil.rmtree(shop / "manifests")
    exported = run(shop, "export", "-e", "fresh", "-o", "manifests")
    assert exported.code == 0, exported.err
    assert len(list((shop / "manifests").rglob("*.yaml"))) == 3
    quiet = run(shop, "plan", "-e", "fresh", "--detailed-exitcode")
    assert quiet.code == 0, quiet.out + quiet.err
    assert "No changes." in quiet.out
    for secret in SECRETS.values():
        assert all(secret not in file.read_text() for file in (shop / "manifests").rglob("*.yaml"))
