"""Files come from the disk or from a commit, and nothing else is opened."""

import os
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from reconciler.errors import ManifestError, ReconcilerError, UsageError
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.files.git_tree import GitTree
from reconciler.manifest.files.project_tree import ProjectTree
from reconciler.manifest.loader import load

GROUP = "apiVersion: metastudio/v1\nkind: InteractionRuleGroup\nmetadata: {name: %s}\nspec: {}\n"


def git(folder: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    names = {f"GIT_{who}_{what}": "x@example.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**kept, **names}, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the project in a folder of its own, committed once."""
    root = tmp_path / "repository"
    project = root / "project"
    (project / "groups/deep").mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    (project / "groups/a.yaml").write_text(GROUP % "first")
    (project / "groups/deep/规则.yml").write_text(GROUP % "second")
    (project / "groups/notes.txt").write_text("no manifest")
    (project / "groups/.hidden.yaml").write_text("nor this")
    (project / "link.j2").symlink_to("/etc/hostname")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "one")
    return root


def refusal(tree: ProjectTree, path: str) -> str:
    with pytest.raises(ManifestError) as caught:
        tree.read(path)
    assert [each.code for each in caught.value.diagnostics] == [caught.value.code]
    return caught.value.code


@pytest.fixture(params=["disk", "git"])
def tree(request: pytest.FixtureRequest, repository: Path) -> ProjectTree:
    project = repository / "project"
    return DiskTree(project, size=1000) if request.param == "disk" else GitTree(project, "HEAD", size=1000)


def test_manifests_are_found_below_a_folder_sorted_and_without_hidden_ones(tree: ProjectTree) -> None:
    assert tree.manifests("groups") == ("groups/a.yaml", "groups/deep/规则.yml")
    assert tree.manifests("./groups//a.yaml") == ("groups/a.yaml",)


def test_what_leads_elsewhere_is_refused(tree: ProjectTree) -> None:
    for path in ("/etc/hostname", "../repository/x", "groups/../../x", "a\\b"):
        assert refusal(tree, path) == "E_PATH"
    assert refusal(tree, "link.j2") == "E_PATH_SYMLINK"
    assert refusal(tree, "nowhere/a.yaml") == "E_PATH_MISSING"
    assert refusal(tree, "groups/a.yaml/b") == "E_PATH_MISSING"
    assert refusal(tree, "groups") == "E_PATH_TYPE"


def test_a_commit_is_read_whatever_the_work_tree_holds(repository: Path) -> None:
    project = repository / "project"
    (project / "groups/a.yaml").write_text(GROUP % "changed")
    (project / "groups/new.yaml").write_text(GROUP % "new")
    before = git(repository, "status", "--porcelain")
    tree = GitTree(project, "HEAD")
    manifest = load(tree, entries=["groups"])
    assert [each.name for each in manifest.resources] == ["first", "second"]
    assert tree.commit == git(repository, "rev-parse", "HEAD")
    assert git(repository, "status", "--porcelain") == before


def test_the_same_bytes_have_the_same_digest_from_disk_and_commit(repository: Path) -> None:
    project = repository / "project"
    assert (
        load(DiskTree(project), entries=["groups"]).digest == load(GitTree(project, "HEAD"), entries=["groups"]).digest
    )


def test_a_tree_answers_the_same_whatever_happens_to_the_disk_meanwhile(tree: ProjectTree, repository: Path) -> None:
    files = tree.manifests("groups")
    read = {file: tree.read(file) for file in files}
    digests = tree.digests()
    for name in ("a.yaml", "later.yaml", "later.yaml.j2"):
        (repository / "project/groups" / name).write_text("later")
    assert (tree.manifests("groups"), tree.lookalikes("groups")) == (files, ())
    assert {file: tree.read(file) for file in files} == read
    assert tree.digests() == digests == {file: sha256(data).hexdigest() for file, data in read.items()}


def test_reading_a_commit_runs_no_hook(repository: Path) -> None:
    witness = repository / "ran"
    for name in ("post-checkout", "fsmonitor-watchman", "post-index-change"):
        hook = repository / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {witness}\n")
        hook.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(repository / ".git/hooks/fsmonitor-watchman"))
    load(GitTree(repository / "project", "HEAD"), entries=["groups"])
    assert not witness.exists()


def test_a_revision_that_is_none_is_told(repository: Path) -> None:
    for revision in ("nowhere", "--help", "HEAD:project", "^HEAD", "HEAD..HEAD", "HEAD\n"):
        with pytest.raises(UsageError, match="no revision"):
            GitTree(repository / "project", revision)


def test_outside_of_a_repository_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError):
        GitTree(tmp_path, "HEAD")


def test_pipes_and_devices_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    (tmp_path / "d").mkdir()
    os.mkfifo(tmp_path / "d/a.yaml")
    assert refusal(DiskTree(tmp_path), "a.yaml") == "E_PATH_TYPE"
    manifest = load(DiskTree(tmp_path), entries=["d"])
    assert [each.code for each in manifest.diagnostics] == ["E_PATH_TYPE"]


def test_a_file_above_the_cap_is_not_read(tree: ProjectTree, repository: Path) -> None:
    (repository / "project/groups/big.yaml").write_text("x" * 2000)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "big")
    fresh = (
        DiskTree(repository / "project", size=1000)
        if isinstance(tree, DiskTree)
        else GitTree(repository / "project", "HEAD", size=1000)
    )
    assert refusal(fresh, "groups/big.yaml") == "E_YAML_SIZE"


def test_one_bad_file_spoils_the_whole_manifest(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}.yaml").write_text(GROUP % f"group-{number}" if number != 5 else "a: [")
    manifest = load(DiskTree(tmp_path), entries=["."])
    assert not manifest.valid
    assert len(manifest.resources) == 9


def test_a_file_without_anything_in_it_is_an_error_but_a_template_may_render_to_nothing(tmp_path: Path) -> None:
    for text, codes in (
        ("", ["E_YAML_EMPTY"]),
        ("# only this\n---\n", ["E_YAML_EMPTY"]),
        ("{% if 0 %}x{% endif %}", []),
    ):
        (tmp_path / "a.yaml").write_text(text)
        assert [each.code for each in load(DiskTree(tmp_path), entries=["."]).diagnostics] == codes


def test_what_only_looks_like_a_manifest_is_found_on_disk_and_in_a_commit(repository: Path) -> None:
    (repository / "project/groups/deep/a.yaml.j2").write_text(GROUP % "third")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "two")
    trees: list[ProjectTree] = [DiskTree(repository / "project"), GitTree(repository / "project", "HEAD")]
    for tree in trees:
        assert tree.lookalikes("groups") == ("groups/deep/a.yaml.j2",)
        assert tree.lookalikes("groups/deep/a.yaml.j2") == ()
        assert tree.manifests("groups") == ("groups/a.yaml", "groups/deep/规则.yml")
