"""Values that need no conversion are not converted; all others are still refused or converted by the parser."""

import pytest

from reconciler.cli import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "--parallelism", "0"], "--parallelism"),
        (["plan", "--parallelism", "many"], "valid integer"),
        (["plan", "--depth", "deep"], "deep"),
        (["--log-format", "xml", "version"], "xml"),
    ],
)
def test_a_wrong_value_is_still_refused(capsys, arguments, message):
    assert main(arguments, {}) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["version"], ["--log-format", "json", "version"], ["-q", "version", "-v"]])
def test_a_plain_value_is_taken(capsys, arguments):
    assert main(arguments, {}) == 0
    assert capsys.readouterr().out.startswith("reconciler ")


def test_a_number_is_converted(capsys):
    assert main(["-C", "examples/quickstart", "plan", "-e", "demo", "--parallelism", "3"], {}) == 0
    assert "Plan:" in capsys.readouterr().out
