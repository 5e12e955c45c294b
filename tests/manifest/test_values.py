"""Values for templates: merged in order, and every value declared knows where it came from."""

from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.manifest import load
from reconciler.manifest.tree import DiskTree
from reconciler.manifest.values import merged
from reconciler.model.manifest import Manifest


def folder(root: Path, **files: str) -> DiskTree:
    for name, text in files.items():
        (root / f"{name}.yaml").write_text(text, encoding="utf-8")
    return DiskTree(root)


def test_later_files_win_key_by_key_and_set_wins_over_all(tmp_path: Path) -> None:
    tree = folder(tmp_path, one="a: {b: 1, c: [1, 2]}\nd: x\n", two="a: {c: [3], e: true}\nd: {f: 1}\n")
    values = merged(tree, ["one.yaml", "two.yaml"], ["a.b=5", "new.deep=no"])
    assert not values.problems
    assert values.data == {"a": {"b": 5, "c": [3], "e": True}, "d": {"f": 1}, "new": {"deep": "no"}}
    assert values.origin(("a", "b")) == "--set a.b"
    assert values.origin(("a", "c", "0")) == "two.yaml:1:8"
    assert values.origin(("d", "f")) == "two.yaml:2:8"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("a=1", 1),
        ("a=true", True),
        ("a=no", "no"),
        ("a=", None),
        ("a='1'", "1"),
        ("a=x=y", "x=y"),
        ("a=[1, b]", [1, "b"]),
    ],
)
def test_set_is_typed_as_yaml_is(word: str, value: object, tmp_path: Path) -> None:
    assert merged(DiskTree(tmp_path), [], [word]).data == {"a": value}


@pytest.mark.parametrize("word", ["a", "=1", "a..b=1", "a=[", "a=x\n--- y"])
def test_a_malformed_set_is_a_usage_error(word: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        merged(DiskTree(tmp_path), [], [word])


def test_what_is_wrong_in_a_values_file_is_told_there(tmp_path: Path) -> None:
    tree = folder(tmp_path, one="a: 1\na: 2\n", two="- x\n", three="a: [\n", four='a: "\\x1f"\n')
    values = merged(tree, ["one.yaml", "two.yaml", "three.yaml", "four.yaml", "five.yaml"], [])
    found = [(each.code, each.position.file if each.position else "") for each in values.problems]
    assert found == [
        ("E_YAML_DUPKEY", "one.yaml"),
        ("E_YAML_ROOT", "two.yaml"),
        ("E_YAML_SYNTAX", "three.yaml"),
        ("E_TEXT_CONTROL", "four.yaml"),
        ("E_PATH_MISSING", "five.yaml"),
    ]


ROOMS = """\
{% for room in values.rooms %}
{% set kept = room.title %}
---
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata:
  name: {{ room.name }}
spec:
  room_description: {{ kept }} in {{ env.name }}
  priv_data: {{ values.shop['data'] }}
  room_type: NORMAL
{% endfor %}
"""


def test_each_leaf_says_where_it_is_written_and_which_values_it_used(tmp_path: Path) -> None:
    (tmp_path / "rooms").mkdir()
    (tmp_path / "rooms/a.yaml").write_text(ROOMS)
    tree = folder(
        tmp_path, common="rooms: [{name: first, title: t}]\nshop: {data: base}\n", production="shop:\n  data: prod\n"
    )
    manifest: Manifest = load(tree, entries=["rooms"], values=["common.yaml", "production.yaml"], env_name="production")
    assert manifest.valid, manifest.diagnostics
    locate = manifest.resources[0].locate
    assert locate.origin(("metadata", "name")) == "rooms/a.yaml:7:9, from values.rooms.name (common.yaml:1:8)"
    described = locate.origin(("spec", "room_description"))
    assert described == "rooms/a.yaml:9:21, from values.rooms.title (common.yaml:1:8)"
    assert locate.origin(("spec", "priv_data")) == "rooms/a.yaml:10:14, from values.shop.data (production.yaml:2:9)"
    assert locate.origin(("spec", "room_type")) == "rooms/a.yaml:11:14"
    manifest = load(tree, entries=["rooms"], values=["common.yaml"], sets=["shop.data=mine"])
    assert (
        manifest.resources[0].locate.origin(("spec", "priv_data"))
        == "rooms/a.yaml:10:14, from values.shop.data (--set shop.data)"
    )


def test_the_environment_of_the_process_is_never_a_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", "canary")
    (tmp_path / "a.yaml").write_text("{{ env | tojson }}: {{ values | tojson }}")
    manifest = load(DiskTree(tmp_path), entries=["a.yaml"], env_name="dev")
    assert manifest.rendered["a.yaml"] == '{"name": "dev"}: {}'
