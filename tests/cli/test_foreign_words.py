"""What users of Terraform, kubectl, kongctl and octoDNS type, and what is answered: the command to use, or the same."""

import re
import shlex
from functools import cache

import pytest

from reconciler.cli.argument_translation import MISREAD
from reconciler.cli.commands import COMMANDS
from reconciler.cli.foreign_words import foreign_words
from tests.support.command_line import project, reconciler, room

GUIDED = {
    # Terraform
    "fmt": "reconciler validate",
    "fmt -check": "reconciler validate",
    "state": "reconciler history",
    "state list": "reconciler",
    "state show SmartLiveRoom.One": "reconciler explain ADDRESS",
    "state mv a b": "metadata.aliases",
    "state rm a": "prune: none",
    "state pull": "reconciler history",
    "workspace": "-e",
    "workspace list": "reconciler.yaml",
    "workspace select prod": "reconciler plan -e ENV",
    "workspace new prod": "environments",
    "refresh": "reconciler plan",
    "import SmartLiveRoom.One 123": "reconciler apply --adopt",
    "output": "reconciler plan --format json",
    "output -json": "reconciler plan --format json",
    "console": "reconciler render",
    "graph": "reconciler plan",
    "force-unlock 123": "reconciler lock release",
    "taint SmartLiveRoom.One": "reconciler apply",
    "providers": "Python packages",
    "login": "HUAWEICLOUD_SDK_AK",
    "plan -lock=false": "--lock-timeout",
    "plan --lock=false": "--lock-timeout",
    "plan -lock-timeout=5m": "--lock-timeout",
    "apply -lock=false": "--lock-timeout",
    "plan -var-file=prod.tfvars": "values",
    "plan -var-file prod.tfvars": "values",
    "plan -replace=SmartLiveRoom.One": "reconciler apply",
    "plan -refresh-only": "reconciler accept",
    "apply --refresh-only": "reconciler audit",
    "plan -refresh=false": "--live",
    "plan --refresh=true": "--live",
    "plan -destroy": "reconciler destroy",
    "apply -destroy": "reconciler destroy",
    "apply -input=false": "--auto-approve",
    "plan -state=terraform.tfstate": "ledger",
    "init -upgrade": "reconciler version",
    "init -backend-config=x": "ledger",
    "plan -generate-config-out=x.tf": "reconciler export",
    "plan -compact-warnings": "-q",
    # kubectl
    "diff": "reconciler plan",
    "diff -f rooms/one.yaml": "reconciler plan",
    "delete room One": "reconciler destroy",
    "edit room One": "reconciler apply",
    "create -f rooms/one.yaml": "reconciler apply",
    "rollout undo": "reconciler history",
    "config use-context prod": "-e",
    "logs": "reconciler history",
    "plan -o json": "--format json",
    "plan -o yaml": "--format",
    "plan -ojson": "--format json",
    "plan -o=json": "--format json",
    "plan --output json": "--format",
    "plan --output=json": "--format",
    "apply -o json": "--format json",
    "apply -o yaml": "--format",
    "plan -n prod": "-e",
    "plan --context prod": "-e",
    "apply --dry-run=client": "reconciler plan",
    "apply --prune": "prune: owned",
    "apply --server-side": "reconciler validate",
    "plan --kubeconfig x": "HUAWEICLOUD_SDK_AK",
    # kongctl and octoDNS
    "sync": "reconciler apply",
    "sync --auto-approve": "reconciler apply",
    "dump": "reconciler export",
    "dump -o dump.yaml": "reconciler export",
    "plan --mode sync": "prune",
    "apply --plan plan.json": "reconciler apply FILE",
    "ping": "reconciler doctor",
    "list_smart_live_rooms": "reconciler get rooms",
    "ShowSmartLiveRoom": "reconciler describe",
    "CreateSmartLiveRoom": "reconciler apply",
    "octodns-sync --doit": "reconciler apply",
    "plan --doit": "reconciler apply --auto-approve",
    "apply --doit": "--auto-approve",
    "plan --config-file x.yaml": "-C DIR",
    "apply --force": "--allow-deletes N",
    # several tools and scripts
    "apply -y": "--auto-approve",
    "apply --yes": "--auto-approve",
    "apply --assume-yes": "--auto-approve",
    "apply --dry-run": "reconciler plan",
    "plan --dry-run": "reconciler plan",
    "plan --limit One": "--target",
    "lint": "reconciler validate",
    "deploy": "reconciler apply",
    "rollback": "revert the commit",
}
"""Invocations that are errors, and what the answer names."""

SAME = {
    "plan -var word=a": "plan --set word=a",
    "plan -var=word=a": "plan --set word=a",
    "plan --var word=a": "plan --set word=a",
    "plan -json": "plan --format json",
    "plan --json": "plan --format json",
    "validate -json": "validate --format json",
    "plan -target=One": "plan --target One",
    "plan -target One": "plan --target One",
    "plan -exclude=One": "plan --exclude One",
    "plan -detailed-exitcode": "plan --detailed-exitcode",
    "plan -no-color": "plan --no-color",
    "-no-color plan": "--no-color plan",
    "plan -parallelism=2": "plan --parallelism 2",
    "plan -e=demo": "plan -e demo",
    "plan -edemo": "plan -e demo",
    "plan -lteam=shop": "plan -l team=shop",
    "plan -l=team=shop": "plan -l team=shop",
    "plan --selector team=shop": "plan -l team=shop",
    "plan --filename rooms/one.yaml": "plan -f rooms/one.yaml",
    "apply -auto-approve": "apply --auto-approve",
    "apply -auto-approve -no-color -parallelism=1": "apply --auto-approve --no-color --parallelism 1",
    "-version": "--version",
    "version -json": "version --format json",
    "-help": "--help",
    "plan -help": "plan --help",
    "help plan": "plan --help",
    "version": "--version",
    "help": "--help",
}
"""Invocations that do the same as another one."""

FILES = {
    "rooms/one.yaml": room("One", "room_description: {{ values.word }}"),
    "rooms/two.yaml": room("Two").replace("{name: Two}", "{name: Two, labels: {team: shop}}"),
    "common.yaml": "word: from a file\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return project(tmp_path_factory.mktemp("project"), FILES, more="values: [common.yaml]\n")


def test_the_two_tables_have_sixty_invocations_and_more():
    assert len(GUIDED) >= 60
    assert len(SAME) >= 20


@pytest.mark.parametrize("invocation", GUIDED)
def test_a_word_of_another_tool_is_answered_with_what_does_that_here(folder, invocation):
    run = reconciler("-C", folder, *shlex.split(invocation))
    assert (run.code, run.out) == (1, "")
    assert GUIDED[invocation] in run.err
    assert "id you mean" not in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize("invocation", SAME)
def test_a_spelling_of_another_tool_does_the_same(folder, invocation):
    theirs = reconciler("-C", folder, *shlex.split(invocation))
    ours = reconciler("-C", folder, *shlex.split(SAME[invocation]))
    assert ours.code in {0, 2}, ours.err
    assert _without_ids(theirs) == _without_ids(ours)


def _without_ids(run):
    unequal = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{16}\b|\d{4}-\d\d-\d\dT[\d:.]+Z")
    return run.code, unequal.sub("*", run.out), unequal.sub("*", run.err)


def test_chdir_chooses_the_folder(folder):
    assert reconciler(f"-chdir={folder}", "validate") == reconciler("-C", folder, "validate")
    assert reconciler("validate", f"-chdir={folder}") == reconciler("-C", folder, "validate")


@pytest.mark.parametrize("option", [["-out=p.json"], ["-out", "p.json"], ["-o", "p.json"], ["-op.json"], ["-o=p.json"]])
def test_a_plan_is_kept_under_every_spelling_of_out(tmp_path, option):
    folder = project(tmp_path, FILES, more="values: [common.yaml]\n")
    run = reconciler("-C", folder, "plan", *option)
    assert run.code == 0, run.err
    assert (folder / "p.json").is_file()
    assert reconciler("-C", folder, "apply", "p.json").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "--set", "-json"],
        ["plan", "-e", "-lock=false"],
        ["plan", "--target", "-out"],
        ["plan", "-l", "-var"],
        ["validate", "--", "-json"],
    ],
)
def test_the_value_of_an_option_is_never_read_as_an_option(folder, arguments):
    run = reconciler("-C", folder, *arguments)
    assert run.code == 1
    assert arguments[-1].lstrip("-") in run.err + run.out
    assert "no such option" not in run.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "-targte=One"], "Did you mean --target?"),
        (["plan", "--no-colour"], "Did you mean --no-color?"),
        (["plan", "-x"], "no such option: -x"),
        (["plan", "-xyz"], "no such option: -xyz"),
        (["plan", "--zzzzzz"], "no such option: --zzzzzz"),
        (["vaildate"], "Did you mean 'validate'?"),
        (["history", "resolv"], "Did you mean 'resolve'?"),
        (["zzzzzz"], "Try 'reconciler --help'."),
    ],
)
def test_a_similar_word_is_suggested_and_no_other(folder, arguments, said):
    run = reconciler("-C", folder, *arguments)
    assert run.code == 1
    assert said in run.err
    assert ("id you mean" in run.err) == ("id you mean" in said)


def test_the_value_of_an_unknown_option_is_not_repeated(folder):
    for word in ("-password=abcdefgh", "-token=abcdefgh", "--sk=abcdefgh", "-qpassword=abcdefgh"):
        assert "abcdefgh" not in reconciler("-C", folder, "plan", word).err


def test_each_word_stands_once_in_the_table_and_a_command_of_reconciler_wins(folder):
    words = [word for entry in foreign_words().commands for word in entry.words]
    assert len(words) == len(set(words))
    for word in COMMANDS:
        assert "Usage: reconciler" in reconciler("-C", folder, word, "--help").out


def test_values_are_looked_up_for_the_options_that_the_table_names():
    assert {name for entry in foreign_words().options if entry.values for name in entry.names} == MISREAD


def test_each_tool_of_an_entry_is_described():
    table = foreign_words()
    assert {entry.tool for entry in (*table.commands, *table.options)} == {"", *table.tools}


def _answers():
    table = foreign_words()
    return sorted({entry.answer for entry in (*table.commands, *table.options)})


@cache
def _page(*command):
    return reconciler(*command, "--help")


@pytest.mark.parametrize("answer", _answers())
def test_each_command_and_option_of_an_answer_exists(answer):
    for quoted in re.findall("`(reconciler[^`]*|-[^`]*)`", answer):
        words = shlex.split(quoted)
        command = [word for word in words[1:3] if re.fullmatch("[a-z]+", word)] if words[0] == "reconciler" else []
        pages = [_page(*command)] if command else [_page(one) for one in COMMANDS]
        assert all(page.code == 0 for page in pages), quoted
        pages.append(_page())
        for option in [word for word in words if word.startswith("-")]:
            shown = "-v" if option == "-vv" else option
            assert any(re.search(rf"(?<![\w-]){shown}(?![\w-])", page.out) for page in pages), (quoted, option)
