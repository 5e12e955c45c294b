"""The examples in the docstrings of the public modules are true, and each public module has one."""

import doctest
import importlib
import pkgutil
import shutil

import pytest

from reconciler import testing
from tests.support.command_line import ROOT

PUBLIC = (
    "reconciler.api_v1",
    "reconciler.interfaces",
    "reconciler.plugins",
    "reconciler.json_codec",
    "reconciler.timestamps",
    "reconciler.model.field_path",
    "reconciler.semantics.equality",
    *(f"reconciler.testing.{module.name}" for module in pkgutil.iter_modules(testing.__path__)),
)


@pytest.mark.parametrize("name", PUBLIC)
def test_the_examples_of_a_public_module_are_true(name, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0, f"{name} has no example"
    assert result.failed == 0
