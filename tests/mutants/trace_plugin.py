"""A pytest plugin for `make mutants`: which tests execute which lines, and running chosen tests in a chosen order.

`MUTANTS_TRACE=FILE` writes for each test that passes its seconds of processor time, ended children included, and the
lines that it executed of the modules in `MUTANTS_WATCHED` (by their paths in the package, between commas).
`MUTANTS_CHOSEN=FILE` runs only the tests listed there, in that order.
"""

import json
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

PACKAGE = str(Path(__file__).parents[2] / "reconciler") + os.sep


def processor_seconds() -> float:
    """Return what this process and its ended children have computed, in seconds."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


class Recorder:
    """Records the lines of the watched modules that each test executes."""

    def __init__(self, file: str, watched: frozenset[str]) -> None:
        self._file = Path(file)
        self._watched = {PACKAGE + module for module in watched}
        self._lines: defaultdict[str, set[int]] = defaultdict(set)
        self._found: dict[str, dict[str, Any]] = {}
        self._failed: set[str] = set()
        self._whole: dict[CodeType, frozenset[int]] = {}

    def _calls(self, frame: FrameType, event: str, arg: object) -> Any:
        del event, arg
        code = frame.f_code
        if code.co_filename not in self._watched:
            return None
        lines = self._lines[code.co_filename]
        if code not in self._whole:
            self._whole[code] = frozenset(line for *_, line in code.co_lines() if line is not None)
        lines.add(code.co_firstlineno)
        if self._whole[code] <= lines:
            return None

        def line(frame: FrameType, event: str, arg: object) -> Any:
            del event, arg
            lines.add(frame.f_lineno)
            return line

        return line

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Trace one test with its fixtures."""
        self._lines.clear()
        began = processor_seconds()
        threading.settrace(self._calls)
        sys.settrace(self._calls)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
            lines = {name.removeprefix(PACKAGE): sorted(found) for name, found in list(self._lines.items())}
            self._found[item.nodeid] = {"seconds": processor_seconds() - began, "lines": lines}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Leave out what is skipped or fails."""
        if report.outcome != "passed":
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write what was found."""
        found = {test: each for test, each in self._found.items() if test not in self._failed}
        self._file.write_text(json.dumps(found))


class Chooser:
    """Keeps the chosen tests, in their order."""

    def __init__(self, file: str) -> None:
        self._order = {test: number for number, test in enumerate(json.loads(Path(file).read_text()))}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Drop all other tests."""
        items[:] = sorted(
            (item for item in items if item.nodeid in self._order), key=lambda item: self._order[item.nodeid]
        )


def pytest_configure(config: pytest.Config) -> None:
    """Do what the environment says."""
    if os.environ.get("MUTANTS_TRACE"):
        watched = frozenset(os.environ["MUTANTS_WATCHED"].split(","))
        config.pluginmanager.register(Recorder(os.environ["MUTANTS_TRACE"], watched))
    if os.environ.get("MUTANTS_CHOSEN"):
        config.pluginmanager.register(Chooser(os.environ["MUTANTS_CHOSEN"]))
