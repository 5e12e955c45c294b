"""Other packages' reporters and writers are found by name, like ours; a broken one is told with its name."""

import importlib

import pytest

from reconciler import plugins
from reconciler.errors import PluginError
from tests.support.command_line import project, reconciler, room

REPORTER = "def report(report, options):\n    return ' '.join(plan.environment for plan in report.plans)\n"
WRITER = (
    "from reconciler.interfaces import WriteResult\n"
    "class Writer:\n"
    "    applies = False\n"
    "    def __init__(self, setup):\n"
    "        self.setup = setup\n"
    "    @classmethod\n"
    "    def made(cls, setup):\n"
    "        return cls(setup)\n"
    "    def write(self, task):\n"
    "        self.setup.emit('would ' + task.change.action.value + ' ' + task.change.name)\n"
    "        return WriteResult()\n"
    "    def close(self):\n"
    "        self.setup.emit('closed')\n"
)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package with a reporter and three writers, as pip would, for the length of a test."""
    site = tmp_path / "site"
    info = site / "acme_plugins-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-plugins\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[reconciler.reporters]\nacme = acme_plugins:report\n"
        "[reconciler.writers]\nacme = acme_plugins:Writer\n"
        "acme-gone = acme_plugins:Gone\nacme-none = acme_plugins:report\n"
    )
    (site / "acme_plugins.py").write_text(REPORTER + WRITER)
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    return project(tmp_path / "project", {"rooms/one.yaml": room("One")})


def test_a_reporter_of_another_package_is_a_format(installed):
    assert "acme" in plugins.names("reporters")
    assert reconciler("-C", installed, "plan", "--format", "acme").out == "demo\n"


def test_a_writer_of_another_package_applies_and_is_closed(installed):
    run = reconciler("-C", installed, "apply", "-e", "demo", "--auto-approve", "--writer", "acme")
    assert run.code == 0, run.err
    assert "would create One\n" in run.out
    assert "closed\n" in run.out


@pytest.mark.parametrize(
    ("name", "said"),
    [("acme-gone", "cannot be loaded"), ("acme-none", "made(setup)"), ("acmee", "did you mean 'acme'?")],
)
def test_a_writer_that_cannot_be_had_is_told_by_its_name(installed, name, said):
    run = reconciler("-C", installed, "apply", "-e", "demo", "--auto-approve", "--writer", name)
    assert run.code == 1
    assert name in run.err
    assert said in run.err


def test_an_unknown_sort_of_name_lists_those_there_are():
    with pytest.raises(PluginError) as caught:
        plugins.reporter("zzz")
    assert "json" in caught.value.hint
