"""The wheel and the sdist: what is in them, and that a project can be begun with what they install."""

import os
import re
import shutil
import subprocess
import tarfile
import tomllib
import zipfile

import pytest

from reconciler import __version__
from tests.support.command_line import ROOT
from tests.support.installation import built, environment_with, new_python, run

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def of_the_repository(*folders):
    """Return the files that Git keeps in some folders, or will."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *folders]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30).stdout
    return {name for name in listed.split("\0") if name and (ROOT / name).is_file()}


def members(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_the_package_and_what_says_what_it_is(dist):
    held = members(dist["wheel"])
    inside = f"reconciler-{__version__}.dist-info"
    assert {name for name in held if not name.startswith(inside)} == of_the_repository("reconciler")
    assert "reconciler/py.typed" in held
    metadata = held[f"{inside}/METADATA"].decode()
    assert set(re.findall("^Provides-Extra: (.+)$", metadata, re.M)) == set(PROJECT["project"]["optional-dependencies"])
    assert "reconciler = reconciler.cli:process_main" in held[f"{inside}/entry_points.txt"].decode()
    assert f"{inside}/licenses/LICENSE" in held
    assert dist["wheel"].name == f"reconciler-{__version__}-py3-none-any.whl"


def test_a_wheel_made_from_the_sdist_is_the_same_wheel(dist, tmp_path):
    with tarfile.open(dist["sdist"]) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / f"reconciler-{__version__}"
    assert of_the_repository("reconciler", "schemas") <= {
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    }
    again = tmp_path / "again"
    again.mkdir()
    assert members(built(again, source=folder)["wheel"]) == members(dist["wheel"])


@pytest.mark.parametrize("form", ["wheel", "sdist"])
def test_what_is_installed_begins_a_project_and_plans_it(dist, installation, wheel_programs, tmp_path, form):
    sdist = tmp_path / "sdist"
    programs = wheel_programs if form == "wheel" else environment_with(dist["sdist"], installation, sdist)
    command = str(programs / "reconciler")
    assert run([command, "--version"], tmp_path).stdout.strip() == f"reconciler {__version__}"
    run([command, "init", "shop"], tmp_path)
    planned = run([command, "-C", "shop", "plan"], tmp_path)
    assert re.search(r"^Plan: \d+ to add", planned.stdout, re.M)
    shown = run([str(programs / "python"), "-I", "-c", "import reconciler; print(reconciler.__file__)"], tmp_path)
    assert shown.stdout.startswith(str(programs.parent))


@pytest.mark.deep
def test_the_commands_of_the_image_make_an_environment_that_runs(tmp_path):
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    stage = text.split("\nFROM ")[1 if text.startswith("#") else 0]
    source, made = tmp_path / "src", tmp_path / "opt/reconciler"
    source.mkdir()
    made.parent.mkdir()
    programs = new_python(tmp_path / "bin").parent
    (programs / "python").symlink_to("python3")
    for line in stage.splitlines():
        word, _, rest = line.partition(" ")
        if word == "COPY":
            *names, target = rest.split()
            for name in names:
                if (ROOT / name).is_dir():
                    shutil.copytree(ROOT / name, source / target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / name, source / target)
        elif word == "RUN":
            command = rest.replace("/opt/reconciler", str(made))
            run(["bash", "-euc", command], source, PATH=f"{programs}:{os.environ['PATH']}")
    program = made / "bin/reconciler"
    assert program.read_text().splitlines()[0].endswith(" -I")
    assert run([str(program), "--version"], tmp_path).stdout.strip() == f"reconciler {__version__}"
    installed = subprocess.run(
        [made / "bin/python", "-I", "-m", "pip", "--disable-pip-version-check", "list", "--local"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "reconciler" in installed.stdout
