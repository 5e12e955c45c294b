"""Shell completion: environments, addresses, labels, formats and files, and silence where nothing can be read."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import project, reconciler, room

CONSOLE = Path(sys.executable).parent / "reconciler"
FILES = {
    "rooms/tea.yaml": room("'Tea house: \"evening\"'").replace("metadata: {", "metadata: {labels: {team: shop}, "),
    "rooms/one.yaml": room("One").replace("{name: One}", "{name: One, labels: {team: news, show: late}}"),
}


@pytest.fixture
def complete(tmp_path, monkeypatch):
    """Complete the last word of a command line, as bash asks for it."""
    folder = project(tmp_path / "shop", FILES, more='  prod: {endpoint: "simulator:live.yaml"}\n')

    def answer(line, folder=folder, shell="bash"):
        typed = f"reconciler -C {folder} {line}"
        number = len(shlex.split(typed)) - (0 if typed.endswith(" ") else 1)
        asked = {"COMP_WORDS": typed, "COMP_CWORD": str(number)}
        asked |= {"_RECONCILER_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": typed}
        for name, value in asked.items():
            monkeypatch.setenv(name, value)
        run = reconciler(variables=asked)
        assert (run.code, run.err) == (0, "")
        return run.out.strip("\n").splitlines()

    return answer


def test_commands_and_options_are_completed(complete):
    assert complete("pl") == ["plan"]
    assert complete("history re") == ["resolve"]
    assert "--detailed-exitcode" in complete("plan --de")


@pytest.mark.parametrize(
    "line", ["plan -e ", "plan --environment ", "apply -e ", "destroy -e ", "validate -e demo -e "]
)
def test_environments_are_completed(complete, line):
    assert complete(line) == ["demo", "prod"]
    assert complete(f"{line}p") == ["prod"]


@pytest.mark.parametrize("option", ["plan -e demo --target ", "plan --exclude ", "explain "])
def test_addresses_are_completed_as_one_word_of_bash(complete, option):
    found = complete(f"{option}Smart")
    assert [shlex.split(one) for one in found] == [
        ['SmartLiveRoom["One"]'],
        ['SmartLiveRoom["Tea house: \\"evening\\""]'],
    ]
    assert complete(f"{option}On") == ["One"]


def test_a_begun_address_goes_on(complete):
    begun = complete("plan --target Smart")[1]
    assert complete(f"plan --target {begun.partition('house')[0]}ho") == [begun]


def test_zsh_gets_the_address_itself(complete):
    assert any('SmartLiveRoom["One"]' in one.replace('""', '"') for one in complete("plan --target Smart", shell="zsh"))


def test_labels_formats_and_classes_are_completed(complete):
    assert complete("plan -l ") == ["show=late", "team=news", "team=shop"]
    assert complete("plan -l team=s") == ["team=shop"]
    assert complete("plan --format js") == ["json"]
    assert "markdown=" in complete("plan --report ")
    assert complete("plan --fail-on dr") == ["drift"]
    assert "drift,config" in complete("plan --fail-on drift,")
    assert complete("plan --depth f") == ["full"]
    assert complete("help terr") == ["terraform"]


@pytest.mark.parametrize("text", ["environments: [", "name: x\nenvironments: {demo: {endpoint: 5}}\n", "\0", None])
def test_a_project_that_cannot_be_read_completes_nothing_and_says_nothing(complete, tmp_path, text):
    broken = tmp_path / "broken"
    broken.mkdir()
    if text is not None:
        (broken / "reconciler.yaml").write_text(text)
    for line in ("plan -e ", "plan --target S", "plan -l ", "plan -lock=false --target S"):
        assert complete(line, folder=broken) == []


def test_variables_that_are_wrong_do_not_end_up_in_the_command_line(complete, monkeypatch):
    monkeypatch.setenv("RECONCILER_WRITR", "http")
    assert complete("plan -e p") == ["prod"]


def test_one_command_installs_it_and_bash_uses_it(tmp_path):
    folder = project(tmp_path / "shop", FILES)
    home = tmp_path / "home"
    home.mkdir()
    variables = {"HOME": str(home), "PATH": f"{CONSOLE.parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    script = (
        "reconciler --install-completion bash && source ~/.bashrc && "
        "COMP_WORDS=(reconciler plan --target Smart) COMP_CWORD=3 && _reconciler_completion reconciler && "
        "printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    run = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "completion installed" in run.stdout
    assert shlex.split(run.stdout.splitlines()[-1]) == ['SmartLiveRoom["Tea house: \\"evening\\""]']
    assert run.stderr == ""
