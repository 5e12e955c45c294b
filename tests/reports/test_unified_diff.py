"""Diffs of edited files: `git apply` makes the new file of them, and large files take no square of their lines."""

import subprocess
from random import Random

import pytest

from reconciler.reports.unified_diff import unified_diff


def applied(folder, old: bytes, diff: str) -> bytes:
    (folder / "a.yaml").write_bytes(old)
    subprocess.run(["git", "apply", "--unidiff-zero", "-"], cwd=folder, input=diff.encode(), check=True)
    return (folder / "a.yaml").read_bytes()


@pytest.mark.parametrize("seed", range(25))
def test_git_applies_the_diff_of_random_edits(tmp_path, seed):
    random = Random(seed)
    lines = [random.choice(["same", "key: 1", "", f"own {number}"]) for number in range(random.randrange(60))]
    other = list(lines)
    for _ in range(random.randrange(1, 6)):
        at = random.randrange(len(other) + 1)
        put = [random.choice(["same", "new", ""]) for _ in range(random.randrange(4))]
        other[at : at + random.randrange(3)] = put
    if random.random() < 0.3:
        random.shuffle(other)
    old, new = ("\n".join(each).encode() + b"\n" * random.randrange(2) for each in (lines, other))
    if old == new:
        new += b"more\n"
    assert applied(tmp_path, old, unified_diff({"a.yaml": (old, new)})) == new


def test_only_changed_lines_are_shown_among_many_that_are_alike():
    documents = [f"---\nkind: Room\nname: {number}\nspec:\n  text: {{}}\n" for number in range(5_000)]
    old = "".join(each.format("old") for each in documents).encode()
    new = "".join(each.format("new") for each in documents).encode()
    changed = [line for line in unified_diff({"a.yaml": (old, new)}).splitlines() if line[:1] in "-+"]
    assert len(changed) == 2 + 2 * 5_000
