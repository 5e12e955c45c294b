"""The cache knows a project file by its bytes, and changes nothing of what is read, refused or told."""

import json
import pickle
import random
from pathlib import Path

import pytest

from reconciler.errors import ManifestError
from reconciler.manifest.document_cache import DocumentCache
from reconciler.project.config import Environment, ProjectFile
from reconciler.project.config_file import load_project

TEXT = """\
# every key
name: 010
id: f244c57f-2ab6-4bc1-be0f-0665f24ae9af
manifests: [rooms, 12]
values: [values/common.yaml]
semantics: {tie: first}
environments:
  demo:
    simulator: {seed: live.yaml, state: .reconciler/sim.json}
    values: [values/demo.yaml]
    expires: 2027-01-01
  real.one:
    region: cn-north-4
    project_id: 0123456789abcdef0123456789abcdef
    auth: aksk
    credentials_prefix: SHOP_
    ledger: "sqlite:///.reconciler/ledger.db"
    prune: owned
    scope: {name_prefix: yes, fields: {room_type: [NORMAL, TEMPLATE]}}
    throttle: {reads: 2, writes: 0.5}
    protect: ["SmartLiveRoom/*"]
    assert: [{that: "resource.name", severity: error}]
    cache: .reconciler/reads.json
"""


def told_by(root: Path) -> tuple[DocumentCache, list[str]]:
    lines: list[str] = []
    return DocumentCache(root, lines.append), lines


def read(root: Path, cache: DocumentCache | None = None):
    """Return all that a load tells: the keys with their places, or the problems."""
    try:
        project = load_project(root, cache=cache)
    except ManifestError as error:
        return error.code, error.message, error.hint.partition("id: ")[0], error.diagnostics  # a new id each time
    finally:
        if cache is not None:
            cache.finish()
    ways = [("manifests",), ("values",), *(("environments", name, "values") for name in project.environments)]
    steps = [("environments", name, key) for name in project.environments for key in ("scope", "ledger", "no")]
    places = {step: project.position_of(*step) for step in [("name",), ("manifests", 1), *steps]}
    written = {name: one.written() for name, one in project.environments.items()}
    return project.file, written, project.positions(*ways), places


def entries(root: Path) -> list[Path]:
    return sorted((root / ".reconciler/cache").glob("*.json"))


@pytest.fixture
def root(tmp_path):
    (tmp_path / "reconciler.yaml").write_text(TEXT, encoding="utf-8")
    return tmp_path


def test_a_known_file_gives_the_same_project(root):
    plain = read(root)
    assert plain[0].environments["real.one"].throttle.reads == 2.0
    assert read(root, told_by(root)[0]) == plain
    (kept,) = entries(root)
    moment = kept.stat().st_mtime_ns
    cache, lines = told_by(root)
    assert read(root, cache) == plain
    assert ([kept], kept.stat().st_mtime_ns, lines) == (entries(root), moment, [])


def test_the_entry_is_what_is_believed(root):
    read(root, told_by(root)[0])
    (kept,) = entries(root)
    entry = json.loads(kept.read_text())["entry"]
    entry["keys"]["name"] = "forged"
    cache, _ = told_by(root)
    cache.add(kept.stem, {key: value for key, value in entry.items() if key != "key"})
    cache.finish()
    assert read(root, told_by(root)[0])[0].name == "forged"
    assert read(root)[0].name == "010"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes().replace(b"rooms", b"roams", 1)),
        lambda path: path.chmod(0o644),
        lambda path: path.write_bytes(b""),
    ],
    ids=["a changed letter", "written by a checkout", "empty"],
)
def test_a_damaged_entry_is_dropped_and_told(root, damage):
    plain = read(root, told_by(root)[0])
    damage(entries(root)[0])
    cache, lines = told_by(root)
    assert read(root, cache) == plain
    assert [line.partition(":")[0] for line in lines] == ["W_CACHE_DROPPED"]
    assert read(root, told_by(root)[0]) == plain


@pytest.mark.parametrize(
    "shape",
    [{}, {"value": {}, "marks": [], "keys": {"nmae": 1}}, {"value": {}, "marks": [0], "keys": {"environments": 1}}],
)
def test_an_entry_of_another_shape_is_dropped_too(root, shape):
    plain = read(root, told_by(root)[0])
    cache, _ = told_by(root)
    cache.add(entries(root)[0].stem, shape)
    cache.finish()
    cache, lines = told_by(root)
    assert read(root, cache) == plain
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("prune: owned", "prune: all"),
        ("id: f244c57f", "idd: f244c57f"),
        ("[values/demo.yaml]", "&files [values/demo.yaml]"),
        ("sqlite:///.reconciler/ledger.db", "postgresql://shop:pass@ledger.internal/shop"),
    ],
    ids=["a wrong value", "an unknown key", "an anchor", "an address with a password"],
)
def test_nothing_is_kept_of_a_problem_an_alias_or_a_password(root, old, new):
    text = TEXT.replace(old, new)
    more = "" if "&files" not in new else "  third: {endpoint: 'simulator:live.yaml', values: *files}\n"
    (root / "reconciler.yaml").write_text(text + more, encoding="utf-8")
    plain = read(root)
    assert read(root, told_by(root)[0]) == plain
    assert entries(root) == []


def edited(dice: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    edits = [
        lambda: TEXT,
        lambda: "\n" + text,
        lambda: "\n".join(lines[:at] + lines[at + 1 :]),
        lambda: "\n".join([*lines[:at], lines[at] + " # note", *lines[at + 1 :]]),
        lambda: text.replace("owned", dice.choice(["none", "all", "yes"])),
        lambda: text.replace("0.5", dice.choice(["'0.5'", "0", "many"])),
        lambda: text.replace("real.one", dice.choice(["real", "true", "no place"])),
        lambda: text.replace("room_type", dice.choice(["room_type", "owner"])),
        lambda: text.replace("cn-north-4", dice.choice(["cn-east-3", "north", "~"])),
    ]
    return dice.choice(edits)()


@pytest.mark.parametrize("seed", range(3))
def test_random_edits_are_read_the_same_with_and_without_the_cache(tmp_path, seed):
    dice, text, known = random.Random(f"project {seed}"), TEXT, 0
    for _ in range(40):
        text = edited(dice, text)
        (tmp_path / "reconciler.yaml").write_text(text, encoding="utf-8")
        before = entries(tmp_path)
        cache, lines = told_by(tmp_path)
        found = read(tmp_path, cache)
        assert found == read(tmp_path)
        assert lines == []
        known += entries(tmp_path) == before and isinstance(found[0], ProjectFile)
    assert known


def test_an_environment_made_by_a_call_tells_the_keys_beside_the_defaults():
    made = Environment(endpoint="simulator:live.yaml", prune="none", values=["a.yaml"])
    assert made.written() == {"endpoint": "simulator:live.yaml", "values": ["a.yaml"]}
    assert Environment.checked({"endpoint": "simulator:live.yaml", "prune": "none"}).written()["prune"] == "none"
    assert pickle.loads(pickle.dumps(made)) == made
