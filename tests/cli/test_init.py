"""`init` from the shell: a repository that plans at once, and never over what is there."""

import json

import pytest

from tests.support.command_line import QUICKSTART, project, reconciler


def test_a_new_repository_is_valid_and_plans_at_once(tmp_path):
    made = reconciler("init", tmp_path / "rooms")
    assert (made.code, made.err) == (0, "")
    assert reconciler("-C", tmp_path / "rooms", "validate").code == 0
    planned = reconciler("-C", tmp_path / "rooms", "plan", "--detailed-exitcode")
    assert planned.code == 2, planned.err
    assert "Plan: 2 to add, 1 to change, 1 to adopt. Deletes and drift are unknown: no ledger was read." in planned.out


def test_the_folder_is_read_after_chdir_and_nothing_is_written_over(tmp_path):
    assert reconciler("-C", tmp_path, "init", "rooms").code == 0
    mine = tmp_path / "rooms/reconciler.yaml"
    mine.write_text("manifests: [elsewhere]\n", encoding="utf-8")
    again = reconciler("-C", tmp_path, "init", "rooms")
    assert (again.code, again.out) == (1, "")
    assert "E_EXISTS" in again.err
    assert mine.read_text(encoding="utf-8") == "manifests: [elsewhere]\n"


def test_a_repository_made_from_what_is_live_shows_no_changes(tmp_path):
    made = reconciler("-C", QUICKSTART, "init", "--from-env", "demo", tmp_path / "rooms")
    assert made.code == 0, made.err
    planned = reconciler("-C", tmp_path / "rooms", "plan", "--detailed-exitcode")
    assert planned.code == 0, planned.out + planned.err
    assert "No changes." in planned.out


def test_an_export_is_one_readable_file_a_resource_and_is_never_written_over(tmp_path):
    run = reconciler("-C", QUICKSTART, "export", "-e", "demo", "-o", tmp_path)
    assert run.code == 0, run.err
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.yaml"))
    assert [name.rpartition("-")[0] for name in names] == [
        "interaction-rule-groups/tea-house-questions",
        "interaction-rule-groups/tea-house-welcome",
        "smart-live-rooms/autumn-campaign-2025",
        "smart-live-rooms/tea-house-morning-show",
    ]
    assert reconciler("-C", QUICKSTART, "export", "-e", "demo", "-o", tmp_path).code == 0
    (tmp_path / names[0]).write_text("mine\n")
    refused = reconciler("-C", QUICKSTART, "export", "-e", "demo", "-o", tmp_path)
    assert refused.code == 1
    assert "E_EXISTS" in refused.err
    assert (tmp_path / names[0]).read_text() == "mine\n"
    assert reconciler("-C", QUICKSTART, "export", "-e", "demo", "-o", tmp_path, "--force").code == 0


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("欢迎 光临!", "smart-live-rooms/欢迎-光临-"),
        ("../../etc/passwd", "smart-live-rooms/etc-passwd-"),
        ("🎉", "smart-live-rooms/unnamed-"),
        ("x" * 256, f"smart-live-rooms/{'x' * 40}-"),
    ],
)
def test_an_exported_files_name_is_safe_and_readable(tmp_path, name, file):
    seed = json.dumps({"smart_live_rooms": [{"room_name": name, "room_type": "NORMAL"}]}, ensure_ascii=False)
    project(tmp_path / "p", {}, seed=seed)
    run = reconciler("-C", tmp_path / "p", "export", "-o", tmp_path / "out")
    assert run.code == 0, run.err
    (written,) = [str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert written.startswith(file)
    assert len(written) < 80
