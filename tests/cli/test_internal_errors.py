"""A mistake of ours never leaves a program that reads the report with an empty stream."""

import json
from xml.etree import ElementTree as ET

import pytest

from reconciler import plugins
from reconciler.cli.failure import internal_report
from reconciler.errors import UsageError
from reconciler.model.report import Options


@pytest.mark.parametrize("words", [["--format", "json"], ["--format=json"]])
@pytest.mark.parametrize("command", ["validate", "plan", "apply", "audit", "show"])
def test_an_internal_error_is_in_the_json_document(command: str, words: list[str]) -> None:
    told = internal_report(KeyError("x\x1b[0m"), [command, "-e", "demo", *words])
    assert told is not None
    document = json.loads(plugins.reporter(told[0])(told[1], Options()))
    assert [(each["severity"], each["code"]) for each in document["diagnostics"]] == [("error", "E_INTERNAL")]
    assert document.get("errored", not document.get("valid")) is True
    assert "KeyError" in document["diagnostics"][0]["summary"]


def test_other_formats_tell_it_too() -> None:
    told = internal_report(RecursionError(), ["plan", "--format", "junit"])
    assert told is not None
    assert len(ET.fromstring(plugins.reporter(told[0])(told[1], Options())).findall(".//error")) == 1


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (KeyError("x"), ["plan"]),
        (UsageError("x"), ["plan", "--format", "json"]),
        (KeyboardInterrupt(), ["--format", "json"]),
    ],
)
def test_what_people_read_and_what_is_no_mistake_of_ours_stays_on_stderr(
    error: BaseException, arguments: list[str]
) -> None:
    assert internal_report(error, arguments) is None
