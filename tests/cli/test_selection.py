"""Parts of a plan from the shell: by target, by label, by exclusion; values set on the command line; another commit."""

import json
import subprocess

import pytest

from tests.support.command_line import project, reconciler, room


@pytest.fixture
def folder(tmp_path):
    labelled = room("Two").replace("{name: Two}", "{name: Two, labels: {team: shop}}")
    return project(tmp_path, {"rooms/one.yaml": room("One"), "rooms/two.yaml": labelled})


def names(run):
    return [one["name"] for one in json.loads(run.out)["resource_changes"]]


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["--target", 'SmartLiveRoom["One"]'], ["One"]),
        (["--target", 'SmartLiveRoom["One"]', "--target", 'SmartLiveRoom["Two"]'], ["One", "Two"]),
        (["--exclude", 'SmartLiveRoom["One"]'], ["Two"]),
        (["-l", "team=shop"], ["Two"]),
        (["-f", "rooms/one.yaml"], ["One"]),
        (["--file", "rooms"], ["One", "Two"]),
        (["-f", "./rooms/../rooms/two.yaml"], ["Two"]),
        (["-f", "rooms", "-l", "team=shop"], ["Two"]),
        (["--target", "One"], ["One"]),
        (["--target", "T*"], ["Two"]),
        (["--target", "*"], ["One", "Two"]),
        (["--target", 'SmartLiveRoom["*e"]'], ["One"]),
        (["--exclude", "One"], ["Two"]),
        (["--exclude", "O*"], ["Two"]),
    ],
)
def test_a_selection_is_planned_alone_and_says_that_it_is_a_part(folder, arguments, left):
    run = reconciler("-C", folder, "plan", "--format", "json", *arguments)
    assert run.code == 0, run.err
    assert names(run) == left
    assert json.loads(run.out)["complete"] is False
    assert "W_PARTIAL" in run.out
    assert reconciler("-C", folder, "plan", "--detailed-exitcode", *arguments).code == 2


def test_a_file_of_an_absolute_path_is_the_projects_own(folder):
    run = reconciler("-C", folder, "plan", "--format", "json", "-f", folder / "rooms/one.yaml")
    assert names(run) == ["One"]


@pytest.mark.parametrize(
    "command", [["plan", "-f"], ["apply", "--auto-approve", "-f"], ["validate"], ["validate", "-f"]]
)
@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("../other.yaml", "E_FILE_OUTSIDE"),
        ("/etc/hostname", "E_FILE_OUTSIDE"),
        ("rooms/none.yaml", "E_FILE_UNKNOWN"),
        ("live.yaml", "E_FILE_UNKNOWN"),
        ("-", "E_FILE_UNKNOWN"),
    ],
)
def test_a_file_outside_of_the_project_or_without_a_resource_is_an_error(folder, command, file, code):
    run = reconciler("-C", folder, *command, file)
    assert run.code == 1
    assert code in run.out + run.err
    assert "Traceback" not in run.err


def test_a_name_of_two_kinds_and_a_glob_over_two_kinds_are_ambiguous(folder):
    group = room("One", "group_description: hello").replace("SmartLiveRoom", "InteractionRuleGroup")
    (folder / "rooms/group.yaml").write_text(group.replace("  group_description: hello", "  interaction_rules: []"))
    for target in ("One", "O*"):
        run = reconciler("-C", folder, "plan", "--target", target)
        assert run.code == 1
        assert "E_TARGET_AMBIGUOUS" in run.out
        assert 'InteractionRuleGroup["' in run.out
        assert 'SmartLiveRoom["' in run.out
    only = reconciler("-C", folder, "plan", "--format", "json", "--target", 'SmartLiveRoom["O*"]')
    assert names(only) == ["One"]


def test_a_name_with_a_star_means_itself_and_not_a_glob(folder):
    (folder / "rooms/star.yaml").write_text(room('"T*"'))
    run = reconciler("-C", folder, "plan", "--format", "json", "--target", "T*")
    assert names(run) == ["T*"]


def test_validate_of_a_file_reports_its_problems_alone_and_reads_the_context(tmp_path):
    files = {
        "rooms/good.yaml": room("Good", "room_description: {{ values.word }}"),
        "rooms/bad.yaml": room("Bad", "room_typ: NORMAL"),
        "rooms/broken.yaml": "{% if %}",
        "rooms/copy.yaml": room("Copy"),
        "rooms/copy2.yaml": room("Copy"),
        "common.yaml": "word: from a file\n",
    }
    folder = project(tmp_path, files, more="values: [common.yaml]\n")
    assert reconciler("-C", folder, "validate").code == 1
    good = reconciler("-C", folder, "validate", "rooms/good.yaml")
    assert good.code == 0, good.out
    bad = reconciler("-C", folder, "validate", "rooms/bad.yaml", "rooms/good.yaml")
    assert bad.code == 1
    assert "E_FIELD_UNKNOWN" in bad.out
    assert "E_TPL" not in bad.out
    broken = reconciler("-C", folder, "validate", "-f", "rooms/broken.yaml")
    assert broken.code == 1
    assert "rooms/broken.yaml" in broken.out
    twice = reconciler("-C", folder, "validate", "rooms/copy2.yaml")
    assert twice.code == 1
    assert "rooms/copy.yaml" in twice.out
    (folder / "common.yaml").write_text("word: [\n")
    assert reconciler("-C", folder, "validate", "rooms/good.yaml").code == 1


def test_a_value_set_on_the_command_line_wins_over_the_files(tmp_path):
    text = room("One", "room_description: {{ values.word }}")
    files = {"rooms/one.yaml": text, "common.yaml": "word: from a file\n"}
    project(tmp_path, files, more='  other: {endpoint: "simulator:live.yaml", values: [common.yaml]}\n')
    assert "from a file" in reconciler("-C", tmp_path, "plan", "-e", "other").out
    assert "from the flag" in reconciler("-C", tmp_path, "plan", "-e", "other", "--set", "word=from the flag").out
    wrong = reconciler("-C", tmp_path, "plan", "-e", "other", "--set", "word")
    assert wrong.code == 1
    assert "word" in wrong.err


def git(folder, *arguments):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.test", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, timeout=30)


def test_another_commit_tells_this_branchs_changes_from_drift_and_leaves_the_work_tree_alone(tmp_path):
    seed = "smart_live_rooms: [{room_name: One, room_description: by hand, priv_data: old}]"
    spec = "room_description: hello\n  priv_data: old"
    folder = project(tmp_path / "deep/project", {"rooms/one.yaml": room("One", spec)}, seed=seed)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "base")
    (folder / "rooms/one.yaml").write_text(room("One", spec.replace("old", "new")))
    run = reconciler("-C", folder, "plan", "--base", "main", "--format", "json")
    assert run.code == 0, run.err
    (change,) = json.loads(run.out)["resource_changes"]
    assert {one["path"]: one["attribution"] for one in change["fields"]} == {
        "room_description": "drift",
        "priv_data": "config",
    }
    assert json.loads(run.out)["base"] == "main"
    told = reconciler("-C", folder, "plan", "--base", "main", "--format", "markdown").out
    assert "#### Drift: changed outside the manifests" in told
    assert "drift are unknown" not in told
    assert "Deletes are unknown: no ledger was read." in told
    assert "Against main alone, drift may be what was merged and not applied yet." in told
    assert reconciler("-C", folder, "plan", "--base", "main", "--fail-on", "drift").code == 2
    assert reconciler("-C", folder, "plan", "--base", "main", "--fail-on", "conflict").code == 0
    assert reconciler("-C", folder, "plan", "--fail-on", "drfit").code == 1
    missing = reconciler("-C", folder, "plan", "--base", "nowhere")
    assert missing.code == 1
    assert "nowhere" in missing.err


@pytest.mark.parametrize("before", ["README.md", "reconciler.yaml"])
def test_a_project_or_a_folder_that_the_base_does_not_have_is_new(tmp_path, before):
    """The pull request that adds the project, or its first manifest, is planned as any other."""
    folder = project(tmp_path, {"rooms/one.yaml": room("One"), "README.md": "words\n"})
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", before)
    git(tmp_path, "commit", "-q", "-m", "base")
    run = reconciler("-C", folder, "plan", "--base", "main", "--format", "json")
    assert run.code == 0, run.err
    (change,) = json.loads(run.out)["resource_changes"]
    assert change["change"]["actions"] == ["create"]
    assert {one["attribution"] for one in change["fields"]} <= {"config", None}


GROUP = (
    "apiVersion: metastudio/v1\nkind: InteractionRuleGroup\nmetadata: {name: G}\n"
    "spec: {interaction_rules: [{rule_name: price, event_type: 1, "
    "trigger: {reply_mode: SYSTEM_REPLY, reply_texts: [x]}}]}\n"
)
NEEDS = "interaction_rules: [{rule_name: price, group_name: G}]"


def test_a_target_is_never_applied_without_the_new_object_it_needs(tmp_path):
    project(tmp_path, {"rooms/group.yaml": GROUP, "rooms/room.yaml": room("R", NEEDS)})
    for command in (("plan",), ("apply", "--auto-approve")):
        refused = reconciler("-C", tmp_path, *command, "--target", 'SmartLiveRoom["R"]')
        assert refused.code == 1, refused.out
        assert 'E_TARGET_NEEDS: SmartLiveRoom["R"] needs InteractionRuleGroup["G"]' in refused.out
    done = reconciler(
        "-C", tmp_path, "apply", "--auto-approve", "--target", 'SmartLiveRoom["R"]', "--with-dependencies"
    )
    assert done.code == 0, done.out + done.err
    assert "2 added" in done.out


@pytest.mark.parametrize("arguments", [["-l", "team=nobody"], ["--target", "Tow"], ["--exclude", "Tow"]])
@pytest.mark.parametrize("command", [["plan"], ["apply", "--auto-approve"]])
def test_a_selection_that_matches_nothing_is_an_error_with_what_there_is(folder, command, arguments):
    run = reconciler("-C", folder, *command, *arguments)
    assert run.code == 1
    assert "No changes." not in run.out
    assert ("team=shop" if arguments[0] == "-l" else 'SmartLiveRoom["Two"]') in run.out


def test_one_label_with_two_values_is_an_error(folder):
    run = reconciler("-C", folder, "plan", "-l", "team=shop", "-l", "team=news")
    assert run.code == 1
    assert "'team' twice" in run.err


def test_validate_says_what_an_ignored_path_misspells(tmp_path):
    rules = "{name: One, lifecycle: {ignore_changes: [{path: room_descriptio, reason: x}]}}"
    folder = project(tmp_path, {"rooms/one.yaml": room("One").replace("{name: One}", rules)})
    run = reconciler("-C", folder, "validate", "--format", "json")
    (found,) = [one for one in json.loads(run.out)["diagnostics"] if one["code"] == "W_IGNORE_PATH"]
    assert "did you mean room_description?" in json.dumps(found)
    planned = reconciler("-C", folder, "plan", "--format", "json")
    assert [one["code"] for one in json.loads(planned.out)["diagnostics"]].count("W_IGNORE_PATH") == 1


NAMES = {
    "read": (["title=a"], ""),
    "two that are read": (["title=a", "shop.word=b"], ""),
    "added on purpose": (["zzz:=1"], ""),
    "alike": (["titel=1"], "did you mean `title`?"),
    "alike beside one that is read": (["title=a", "titel=1"], "did you mean `title`?"),
    "not alike": (["zzz=1"], "write zzz:=… to add it; the templates read title, shop"),
    "below one that is read": (["shop.name=1"], "--set shop.name: no values file has `shop.name`"),
}


@pytest.mark.parametrize(("words", "told"), NAMES.values(), ids=NAMES)
def test_a_name_that_nothing_reads_is_an_error_without_values_files_too(tmp_path, words, told):
    text = "room_description: {{ values.title | default(values.shop.word) | default('x') }}"
    folder = project(tmp_path, {"rooms/one.yaml": room("One", text)})
    run = reconciler("-C", folder, "validate", *(part for word in words for part in ("--set", word)))
    if told:
        assert run.code == 1
        assert "E_SET_UNKNOWN" in run.out
        assert told in run.out
    else:
        assert "E_SET_UNKNOWN" not in run.out + run.err


def test_a_template_that_uses_all_values_may_read_any_name(tmp_path):
    text = room("One", "room_description: {% for name, one in values.items() %}{{ name }}={{ one }}{% endfor %}")
    folder = project(tmp_path, {"rooms/one.yaml": text})
    run = reconciler("-C", folder, "plan", "--set", "any=1")
    assert run.code == 0, run.out
    assert '"any=1"' in run.out
