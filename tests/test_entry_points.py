"""Entry points are those that the standard library finds, of this package's groups."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from reconciler.entry_points import registered

GROUPS = ["reconciler.kinds", "reconciler.reporters", "reconciler.readers", "reconciler.writers"]


@pytest.mark.parametrize("group", [*GROUPS, "reconciler.none"])
def test_they_are_those_of_the_standard_library(group):
    assert {(each.name, each.value) for each in registered(group)} == {
        (each.name, each.value) for each in entry_points(group=group)
    }


def _plugin(folder, name, text):
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(text, encoding="utf-8")


def _asked(program, *folders):
    found = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": ":".join(map(str, folders))},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return found.stdout.split()


SHOW = """
import sys
from reconciler.entry_points import registered
print(*(f"{each.name}={each.value}" for each in registered("reconciler.readers")))
print("importlib.metadata" in sys.modules)
"""


def test_a_plugin_is_found_beside_the_own_ones_and_the_first_of_two_distributions_counts(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    _plugin(
        first, "acme_one", "# ours\n[console_scripts]\nx = y:z\n\n[reconciler.readers]\nfile = acme:Reader [extra]\n"
    )
    _plugin(second, "Acme.One", "[reconciler.readers]\nfile = older:Reader\n")
    *found, library = _asked(SHOW, first, second)
    assert "file=acme:Reader" in found
    assert "file=older:Reader" not in found
    assert "http=reconciler.readers.http_reader:HttpReader" in found
    assert library == "False"


def test_an_archive_on_the_path_is_read_by_the_standard_library(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "plugin.zip", "w") as archive:
        archive.writestr("acme-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
        archive.writestr("acme-1.0.dist-info/entry_points.txt", "[reconciler.readers]\nfile = acme:Reader\n")
    *found, library = _asked(SHOW, tmp_path / "plugin.zip")
    assert "file=acme:Reader" in found
    assert library == "True"


def test_an_entry_point_is_loaded():
    (http,) = (each for each in registered("reconciler.readers") if each.name == "http")
    from reconciler.readers.http_reader import HttpReader

    assert http.load() is HttpReader
