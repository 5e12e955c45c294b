"""The house's own rules: what a reader of the repository may count on."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from reconciler.cli.commands import COMMANDS
from reconciler.kinds.registry import all_kinds

ROOT = Path(__file__).parents[2]
LONGEST = 400
"""Lines of one module; 100 to 250 is the aim."""


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, check=True)
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_every_file_of_the_package_holds_one_idea():
    long = {
        str(path.relative_to(ROOT)): lines for path in tracked("reconciler/*.py") if (lines := count(path)) > LONGEST
    }
    assert not long


def count(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def test_every_kind_has_an_example_that_is_one_file():
    names = {path.stem for path in (ROOT / "examples/kinds").rglob("*.yaml")}
    assert names == set(all_kinds())


def test_every_command_is_in_the_reference():
    text = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"\n## {name}\n" not in text] == []


@pytest.mark.parametrize(
    "forbidden",
    [
        r"/(root|home/\w+|work|tmp/team)/",
        r"https?://(?!pypi\.org/project)[\w.-]*(pypi|pythonhosted|index)[\w.-]*\.\w+",
        r"--index-url",
        r"--extra-index-url",
    ],
)
def test_the_repository_names_no_machine_path_and_no_package_index(forbidden):
    found = []
    for path in tracked():
        if path == Path(__file__) or path.suffix in {".png", ".db"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in re.finditer(forbidden, text)]
    assert not found


def test_every_schema_is_what_the_code_makes():
    from reconciler.cli.commands.schema import all_schemas

    kept = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "schemas").glob("*.json")}
    assert kept == all_schemas()


def test_the_architecture_page_shows_the_folders_there_are():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    tree = text[text.index("    reconciler/") :]
    folders = {
        path.name for path in (ROOT / "reconciler").iterdir() if path.is_dir() and (path / "__init__.py").exists()
    }
    shown = set(re.findall(r"^      (\w+)/", tree, flags=re.MULTILINE))
    assert folders == shown


WRITERS = {"reconciler/cli/output.py", "reconciler/cli/stderr_log.py", "reconciler/cli/process.py"}
STREAM_NAMES = {
    "sys": {"stdout", "stderr", "__stdout__", "__stderr__"},
    **{name: {"echo", "secho", "print", "Console"} for name in ("typer", "click", "rich", "rich.console")},
}
HARMLESS = {"isatty", "encoding", "flush", "fileno", "columns"}


def test_three_files_write_to_the_streams_and_no_other():
    found = {}
    for path in tracked("reconciler/*.py"):
        name = path.relative_to(ROOT).as_posix()
        if name not in WRITERS and (lines := stream_writes(path.read_text(encoding="utf-8"))):
            found[name] = lines
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "print(1)",
        "import sys\nsys.stderr.write('x')",
        "import sys as s\ns.stdout.buffer.write(b'x')",
        "from sys import stderr",
        "import sys\nwrite = sys.stdout",
        "import typer\ntyper.echo('x')",
        "import click\nclick.secho('x')",
        "import os\nos.write(2, b'x')",
        "from rich.console import Console\nConsole()",
        "import sys\nprint(1, file=sys.stderr)",
    ],
)
def test_a_write_to_a_stream_is_found_however_it_is_spelled(source):
    assert stream_writes(source)


def stream_writes(source):
    """Return the lines that write to stdout or stderr, or hand one of them on."""
    tree = ast.parse(source)
    above = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    return sorted({node.lineno for node in ast.walk(tree) if writes(node, above.get(id(node)))})


def writes(node, parent):
    if isinstance(node, ast.ImportFrom):
        names = {one.name for one in node.names}
        return bool(names & STREAM_NAMES.get(node.module, set()))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id == "print"
    if not isinstance(node, ast.Attribute):
        return False
    if node.attr in ("stdout", "stderr", "__stdout__", "__stderr__") and isinstance(node.value, ast.Name):
        harmless = isinstance(parent, ast.Attribute) and parent.attr in HARMLESS
        return node.value.id not in ("process", "done", "finished") and not harmless
    return node.attr in ("echo", "secho", "echo_via_pager") or (
        node.attr == "write" and isinstance(node.value, ast.Name) and node.value.id == "os" and to_a_stream(parent)
    )


def to_a_stream(call):
    """Tell whether a call of os.write names a number of a stream."""
    return isinstance(call, ast.Call) and isinstance(call.args[0], ast.Constant) and call.args[0].value in (1, 2)
