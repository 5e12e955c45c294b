"""What a command loads: start-up is held by the modules that are imported, not by a clock."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import PROJECT_ID, room

ROOT = Path(__file__).parents[2]
ANYWHERE = {"trio", "rich", "pygments", "click", "IPython", "distributed", "sqlalchemy"}
"""Packages that no command below needs, though the development environment has them all."""


RUN = """
import sys
from reconciler.cli import main
try:
    main()
finally:
    print(*(name for name, module in sys.modules.items() if module is not None), file=open(FOUND, "w"))
"""


def loaded(tmp_path: Path, *arguments: str) -> set[str]:
    """Return the modules that a command has loaded at its end."""
    found = tmp_path / "modules.txt"
    program = RUN.replace("FOUND", repr(str(found)))
    variables = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
    subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        check=False,
        timeout=120,
    )
    return set(found.read_text().split())


SEARCHED = {f"reconciler.redaction.{name}" for name in ("alphabet", "encodings", "spellings")}
"""What searches texts for secrets, which a run without any has no need of."""


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def command_modules(modules: set[str]) -> set[str]:
    return {name.rpartition(".")[2] for name in modules if name.startswith("reconciler.cli.commands.")}


def test_the_program_s_page_loads_no_parser(tmp_path):
    found = loaded(tmp_path, "--help")
    assert not packages(found) & (ANYWHERE | {"typer", "httpx", "jinja2", "deepdiff", "yaml", "pydantic", "asyncio"})
    assert not any(
        name.startswith(("reconciler.cli.commands", "reconciler.kinds", "reconciler.project")) for name in found
    )


def test_the_program_s_page_as_the_parser_makes_it_loads_no_command(tmp_path):
    found = loaded(tmp_path, "--no-color", "--help")
    assert "typer" in packages(found)
    assert not packages(found) & (ANYWHERE | {"httpx", "jinja2", "deepdiff", "yaml", "pydantic", "asyncio"})
    assert command_modules(found) == set()


@pytest.mark.parametrize("command", ["apply", "version"])
def test_a_command_loads_its_own_module_alone(tmp_path, command):
    found = loaded(tmp_path, command, "--no-such-option")
    assert command_modules(found) == {command}
    assert not packages(found) & (ANYWHERE | {"httpx", "deepdiff", "pydantic"})


def test_plain_values_of_the_command_line_load_no_validating_library(tmp_path):
    found = loaded(tmp_path, "-q", "--log-format", "json", "version")
    assert not packages(found) & (ANYWHERE | {"httpx", "deepdiff", "yaml", "jinja2", "pydantic"})
    assert "importlib.metadata" not in found
    assert not found & SEARCHED


def test_validate_loads_neither_a_client_nor_a_service(tmp_path):
    found = loaded(tmp_path, "-C", "examples/quickstart", "validate", "--no-cache")
    assert "jinja2" in packages(found)
    assert not packages(found) & (ANYWHERE | {"httpx", "httpcore", "deepdiff", "pydantic", "xml", "yaml"})
    assert not any(name.startswith(("reconciler.simulator", "reconciler.api.client")) for name in found)


def test_validate_of_an_unchanged_project_loads_neither_a_parser_nor_the_kinds(tmp_path):
    shutil.copytree(ROOT / "examples/quickstart", tmp_path / "shop", ignore=shutil.ignore_patterns(".reconciler"))
    whole = loaded(tmp_path, "-C", str(tmp_path / "shop"), "validate")
    assert "jinja2" in packages(whole)
    assert not packages(whole) & {"pydantic", "re2", "yaml"}  # what is for problems, and for more than plain texts
    needless = ("project.environment_session", "project.plan_environment", "writers", "semantics", "manifest.files.git")
    assert not any(name.startswith(tuple(f"reconciler.{part}" for part in needless)) for name in whole)
    found = loaded(tmp_path, "-C", str(tmp_path / "shop"), "validate")
    assert not packages(found) & (ANYWHERE | {"yaml", "pydantic", "pydantic_core", "jinja2", "httpx", "deepdiff"})
    assert not any(
        name.startswith(("reconciler.kinds", "reconciler.manifest.validation", "reconciler.interaction_rules"))
        for name in found
    )
    assert not {"reconciler.project.config", "reconciler.manifest.loader", "importlib.metadata", "secrets"} & found


def test_documents_without_a_problem_load_no_validating_library_however_many_there_are(tmp_path):
    (tmp_path / "rooms").mkdir()
    (tmp_path / "rooms/all.yaml").write_text("---\n".join(room(f"Room {number}") for number in range(120)))
    (tmp_path / "reconciler.yaml").write_text(
        f'manifests: [rooms]\nenvironments:\n  demo: {{endpoint: embedded, project_id: "{PROJECT_ID}"}}\n'
    )
    assert "pydantic" not in packages(loaded(tmp_path, "-C", str(tmp_path), "validate", "--no-cache"))
    with (tmp_path / "rooms/all.yaml").open("a") as file:
        file.write("---\n" + room("Last") + "  room_type: NONE\n")
    assert "pydantic" in packages(loaded(tmp_path, "-C", str(tmp_path), "validate", "--no-cache"))


def test_a_plan_loads_no_replay_without_a_recording(tmp_path):
    found = loaded(tmp_path, "-C", "examples/quickstart", "plan", "-e", "demo")
    assert "reconciler.simulator" in found
    assert not packages(found) & ANYWHERE
    assert not packages(found) & {"httpx", "httpcore", "h11"}
    assert not any(name.startswith(("reconciler.project.replay", "reconciler.fleet")) for name in found)


def test_a_problem_loads_what_words_it(tmp_path):
    shutil.copytree(ROOT / "examples/quickstart", tmp_path / "shop", ignore=shutil.ignore_patterns(".reconciler"))
    file = tmp_path / "shop/reconciler.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("prune: owned", "prune: all"), encoding="utf-8")
    assert "pydantic" in packages(loaded(tmp_path, "-C", str(tmp_path / "shop"), "validate"))


def test_a_plan_of_an_unchanged_project_loads_what_checks_nothing(tmp_path):
    shutil.copytree(ROOT / "examples/quickstart", tmp_path / "shop", ignore=shutil.ignore_patterns(".reconciler"))
    whole = loaded(tmp_path, "-C", str(tmp_path / "shop"), "plan", "-e", "demo")
    assert "jinja2" in packages(whole)
    assert not packages(whole) & {"yaml", "pydantic"}
    found = loaded(tmp_path, "-C", str(tmp_path / "shop"), "plan", "-e", "demo")
    assert "reconciler.simulator" in found
    assert not packages(found) & (ANYWHERE | {"jinja2", "yaml", "pydantic", "pydantic_core", "annotated_types"})
    assert not packages(found) & {"httpx", "httpcore", "h11", "ssl", "http", "email", "idna", "tempfile"}


@pytest.mark.parametrize("command", ["plan", "export"])
def test_a_real_endpoint_loads_no_simulator(tmp_path, command):
    (tmp_path / "rooms").mkdir()
    (tmp_path / "rooms/one.yaml").write_text(room("One"), encoding="utf-8")
    (tmp_path / "reconciler.yaml").write_text(
        "manifests: [rooms]\nenvironments:\n"
        f'  real: {{endpoint: "http://127.0.0.1:9", project_id: "{PROJECT_ID}", auth: none}}\n',
        encoding="utf-8",
    )
    where = ["-o", "live"] if command == "export" else []
    found = loaded(tmp_path, "-C", str(tmp_path), command, "-e", "real", *where)
    assert "httpcore" in packages(found)
    assert not packages(found) & (ANYWHERE | {"httpx", "http", "email", "idna", "yaml", "jinja2", "pydantic"})
    assert not any(name.startswith(("reconciler.simulator", "reconciler.cli.apply_run")) for name in found)
    assert not found & SEARCHED
