"""The rules of the structure: nothing new breaks one, and what was put right is taken out of the baseline."""

from pathlib import Path

import pytest

from tests.architecture.figures import SEAMS, SHALLOW, Module, Package
from tests.architecture.ratchet import BASELINE, CHECKS, HOMES, named_fields, offenders, read_baseline

PACKAGE = Package.read()


def test_the_baseline_has_every_check():
    assert list(read_baseline()) == list(CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_nothing_new_breaks_a_rule(check):
    assert sorted(offenders(check, PACKAGE) - read_baseline()[check]) == []


@pytest.mark.parametrize("check", CHECKS)
def test_the_baseline_lists_only_what_is_there(check):
    gone = sorted(read_baseline()[check] - offenders(check, PACKAGE))
    assert gone == [], f"take them out of {BASELINE.name}: python -m tests.architecture.ratchet"


def test_every_home_of_a_rule_exists():
    known = {"/".join(module.path.parts[1:]) for module in PACKAGE.modules}
    assert set().union(*HOMES.values()) - known == set()


def test_every_seam_is_a_shallow_module():
    lines = {module.path.as_posix(): module.lines for module in PACKAGE.modules}
    assert {path for path in SEAMS if lines.get(path, SHALLOW) >= SHALLOW} == set()


def package(path, text):
    return Package((Module(Path("reconciler", path), text),))


@pytest.mark.parametrize(
    ("check", "path", "text"),
    [
        ("banned names", "reports/one.py", "def told(): ...\n"),
        ("banned wording", "reports/one.py", '"""What nobody knows."""\n'),
        ("second implementations", "reports/one.py", "import json\njson.dumps({}, sort_keys=True)\n"),
        ("fields of a kind outside kinds", "reports/one.py", 'x = spec["play_policy"]\n'),
    ],
)
def test_an_offender_is_found(check, path, text):
    assert len(offenders(check, package(path, text))) == 1


def test_kinds_may_name_their_fields():
    assert list(named_fields(package("kinds/one.py", 'x = "play_policy"\n'))) == []
