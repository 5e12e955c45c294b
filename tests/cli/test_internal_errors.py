"""A mistake of ours never leaves a program that reads the report with an empty stream."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from reconciler import plugins
from reconciler.cli.error_output import failed_report
from reconciler.model.report import ReportOptions
from tests.support.command_line import QUICKSTART, reconciler


@pytest.mark.parametrize("words", [["--format", "json"], ["--format=json"]])
@pytest.mark.parametrize("command", ["validate", "plan", "apply", "audit", "show"])
def test_an_internal_error_is_in_the_json_document(command: str, words: list[str]) -> None:
    told = failed_report(KeyError("x\x1b[0m"), [command, "-e", "demo", *words])
    assert told is not None
    document = json.loads(plugins.reporter(told[0])(told[1], ReportOptions()))
    assert [(each["severity"], each["code"]) for each in document["diagnostics"]] == [("error", "E_INTERNAL")]
    assert document.get("errored", not document.get("valid")) is True
    assert "KeyError" in document["diagnostics"][0]["summary"]


def test_other_formats_tell_it_too() -> None:
    told = failed_report(RecursionError(), ["plan", "--format", "junit"])
    assert told is not None
    assert len(ET.fromstring(plugins.reporter(told[0])(told[1], ReportOptions())).findall(".//error")) == 1


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (KeyError("x"), ["plan"]),
        (BrokenPipeError(), ["plan", "--format", "json"]),
        (KeyboardInterrupt(), ["--format", "json"]),
    ],
)
def test_what_people_read_and_what_nobody_waits_for_stays_on_stderr(error: BaseException, arguments: list[str]) -> None:
    assert failed_report(error, arguments) is None


def test_a_reporter_that_fails_leaves_a_whole_json_document(tmp_path: Path) -> None:
    plugin = tmp_path / "plugins"
    (plugin / "broken-1.dist-info").mkdir(parents=True)
    (plugin / "broken-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (plugin / "broken-1.dist-info/entry_points.txt").write_text("[reconciler.reporters]\nbroken = broken:report\n")
    (plugin / "broken.py").write_text("def report(report, options):\n    return {}['missing']\n")
    shutil.copytree(QUICKSTART, tmp_path / "project")
    words = ["-C", tmp_path / "project", "validate", "--format", "json", "--report", f"broken={tmp_path / 'out'}"]
    said = subprocess.run(
        [sys.executable, "-m", "reconciler", *words],
        env={**os.environ, "PYTHONPATH": str(plugin)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert said.returncode == 1
    document = json.loads(said.stdout)
    assert document["valid"] is False
    assert [each["code"] for each in document["diagnostics"]] == ["E_INTERNAL"]
    assert b"E_INTERNAL" in said.stderr


@pytest.mark.parametrize("command", ["validate", "plan"])
@pytest.mark.parametrize(
    ("content", "code"),
    [("manifests: [", "E_YAML_SYNTAX"), ("manifestz: [rooms]\n", "E_PROJECT"), ("- a\n- b\n", "E_PROJECT")],
)
def test_a_project_file_that_cannot_be_used_is_in_the_json_document(
    tmp_path: Path, command: str, content: str, code: str
) -> None:
    (tmp_path / "reconciler.yaml").write_text(content)
    run = reconciler("-C", tmp_path, command, "--format", "json")
    assert run.code == 1
    document = json.loads(run.out)
    assert all(each["code"].startswith(code) for each in document["diagnostics"])
    assert document.get("errored", not document.get("valid")) is True
    assert document["diagnostics"][0]["severity"] == "error"
    assert "reconciler.yaml" in run.err


TWO = "name: a\nmanifests: [rooms]\nenvironments:\n" + "".join(
    f"  {one}: {{endpoint: 'simulator:x'}}\n" for one in "ab"
)


@pytest.mark.parametrize("command", ["validate", "plan"])
@pytest.mark.parametrize(
    ("project", "words", "code"),
    [
        ("", (), "E_PROJECT_MISSING"),
        (TWO, ("-e", "c"), "E_ENV_UNKNOWN"),
        (TWO, ("--today", "x"), "E_USAGE"),
        (TWO, ("--no-such",), "E_USAGE"),
    ],
)
def test_every_error_is_in_the_json_document(
    tmp_path: Path, command: str, project: str, words: tuple[str, ...], code: str
) -> None:
    if project:
        (tmp_path / "reconciler.yaml").write_text(project)
    run = reconciler("-C", tmp_path, command, "--format", "json", *words)
    assert run.code == 1
    document = json.loads(run.out)
    assert [each["code"] for each in document["diagnostics"]] == [code]
    assert document.get("errored", not document.get("valid")) is True
    assert code in run.err
