"""CONTRIBUTING.md works: its plugins pass the conformance suites, are found once installed, and its commands exist."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.command_line import ROOT
from tests.support.toy_plugin import install, run

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
FILES = {block.partition("\n")[0].removeprefix("# "): block for language, block in BLOCKS if language == "python"}
PROJECT = tomllib.loads(next(block for language, block in BLOCKS if language == "toml"))["project"]

SHOP = {
    "reconciler.yaml": """
name: shop
id: 3f0c2a9e-5b1d-4c67-8e21-7d9a0b4f6c15
manifests: [notices]
environments:
  demo: {endpoint: "simulator:live.yaml"}
""",
    "live.yaml": "notices:\n  - {notice_id: n-1, notice_name: opening, lines: [{line_name: top, content: Hello}]}\n",
    "notices/all.yaml": """
apiVersion: metastudio/v1
kind: Notice
metadata: {name: opening}
spec: {lines: [{line_name: top, content: Welcome}]}
---
apiVersion: metastudio/v1
kind: Notice
metadata: {name: closing}
spec: {audience: MEMBERS, member_level: 3, signing_key: {secret: SIGNING_KEY}}
""",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with notices, beside the installed plugins of CONTRIBUTING.md."""
    modules = {name: text for name, text in FILES.items() if not name.startswith("test_")}
    install(tmp_path / "plugin", PROJECT["name"], modules, PROJECT["entry-points"])
    for name, text in SHOP.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "shop"


def test_every_plugin_has_its_suite():
    assert {name for name in FILES if name.startswith("test_")} == {
        f"test_{name}" for name in FILES if name[:5] != "test_"
    }
    named = {entry.partition(":")[0] + ".py" for group in PROJECT["entry-points"].values() for entry in group.values()}
    assert named == {name for name in FILES if not name.startswith("test_")}


@pytest.mark.parametrize("name", sorted(name for name in FILES if name.startswith("test_")))
def test_a_plugin_passes_its_suite(name, tmp_path):
    for file, text in FILES.items():
        (tmp_path / file).write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path / name]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def test_the_blocks_are_formatted_as_the_code_is(tmp_path):
    for file, text in FILES.items():
        (tmp_path / file).write_text(text)
    ruff = Path(sys.executable).with_name("ruff")
    settings = ["--config", ROOT / "pyproject.toml"]
    subprocess.run([ruff, "format", "--check", "--quiet", *settings, tmp_path], check=True)
    subprocess.run([ruff, "check", "--quiet", "--ignore", "D,ARG,S101,I001,INP", *settings, tmp_path], check=True)


def test_the_kind_the_report_and_the_writer_are_found_once_installed(shop: Path):
    assert "Notice" in run(shop, "schema").stdout.split()
    planned = run(shop, "plan", "-e", "demo", "--format", "tally", "--detailed-exitcode")
    assert planned.returncode == 2, planned.stderr
    assert planned.stdout == 'demo: +1 ~1 -?\n  update Notice["opening"]\n  create Notice["closing"]\n'
    trail = shop / "trail.jsonl"
    key = "signing-key-31415926"
    applied = run(
        shop,
        *("apply", "-e", "demo", "--auto-approve", "--writer", "trail"),
        RECONCILER_WRITER_TRAIL=str(trail),
        RECONCILER_SECRET_SIGNING_KEY=key,
    )
    assert applied.returncode == 0, applied.stderr
    assert "1 added, 1 changed, 0 destroyed" in applied.stdout
    assert len(trail.read_text().splitlines()) == 2
    assert key not in trail.read_text() + applied.stdout + applied.stderr


def test_the_kind_takes_part_in_scopes_and_is_exported(shop: Path):
    exported = run(shop, "export", "-e", "demo", "-o", "out")
    assert exported.returncode == 0, exported.stderr
    assert ["content: Hello" in file.read_text() for file in (shop / "out").rglob("*.yaml")] == [True]
    text = SHOP["reconciler.yaml"].replace('live.yaml"}', 'live.yaml", scope: {fields: {audience: [ALL]}}}')
    (shop / "reconciler.yaml").write_text(text)
    validated = run(shop, "validate", "-e", "demo")
    assert validated.returncode == 1
    assert "E_SCOPE" in validated.stdout
    assert 'Notice["closing"]' in validated.stdout


def test_a_writer_without_its_setting_is_refused(shop: Path):
    refused = run(shop, "apply", "-e", "demo", "--auto-approve", "--writer", "trail")
    assert refused.returncode == 1
    assert "RECONCILER_WRITER_TRAIL" in refused.stderr


def test_every_command_exists():
    commands = [line for language, block in BLOCKS if language == "sh" for line in block.splitlines()]
    commands += re.findall(r"^\| `([^`]+)` \|", TEXT.partition("## Plugins")[0], flags=re.MULTILINE)
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert [line for line in commands if line.startswith("make ") and line.split()[1] not in targets] == []
    paths = [word for line in commands for word in line.split() if re.match(r"(tests/|README)", word)]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert "--record-golden" in (ROOT / "tests/conftest.py").read_text()


def test_every_link_leads_to_a_file():
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", TEXT):
        assert (ROOT / target).exists(), target
