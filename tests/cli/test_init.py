"""`init` from the shell: a repository that plans at once, and never over what is there."""

from tests.support.command_line import reconciler


def test_a_new_repository_is_valid_and_plans_at_once(tmp_path):
    made = reconciler("init", tmp_path / "rooms")
    assert (made.code, made.err) == (0, "")
    assert reconciler("-C", tmp_path / "rooms", "validate").code == 0
    planned = reconciler("-C", tmp_path / "rooms", "plan", "--detailed-exitcode")
    assert planned.code == 2, planned.err
    assert "Plan: 2 to add, 1 to change, 0 to destroy." in planned.out


def test_the_folder_is_read_after_chdir_and_nothing_is_written_over(tmp_path):
    assert reconciler("-C", tmp_path, "init", "rooms").code == 0
    mine = tmp_path / "rooms/reconciler.yaml"
    mine.write_text("manifests: [elsewhere]\n", encoding="utf-8")
    again = reconciler("-C", tmp_path, "init", "rooms")
    assert (again.code, again.out) == (1, "")
    assert "E_EXISTS" in again.err
    assert mine.read_text(encoding="utf-8") == "manifests: [elsewhere]\n"
