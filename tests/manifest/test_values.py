"""Values for templates: merged in order, and every value declared knows where it came from."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import UsageError
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.files.overlay_tree import OverlayTree
from reconciler.manifest.loader import load
from reconciler.manifest.template_values import TemplateValues, WordValues, merge_values
from reconciler.manifest.yaml.document import Document
from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.model.desired_state import DesiredState
from reconciler.model.json_types import Json


def folder(root: Path, **files: str) -> DiskTree:
    for name, text in files.items():
        (root / f"{name}.yaml").write_text(text, encoding="utf-8")
    return DiskTree(root)


def test_later_files_win_key_by_key_and_set_wins_over_all(tmp_path: Path) -> None:
    tree = folder(tmp_path, one="a: {b: 1, c: [1, 2]}\nd: x\n", two="a: {c: [3], e: true}\nd: {f: 1}\n")
    values = merge_values(tree, ["one.yaml", "two.yaml"], ["a.b=5"])
    assert [each.code for each in values.problems] == ["W_VALUES_REPLACED"]
    assert values.data == {"a": {"b": 5, "c": [3], "e": True}, "d": {"f": 1}}
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
    assert merge_values(DiskTree(tmp_path), [], [word]).data == {"a": value}


@pytest.mark.parametrize("word", ["a", "=1", "a..b=1", "a=[", "a=x\n--- y"])
def test_a_malformed_set_is_a_usage_error(word: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        merge_values(DiskTree(tmp_path), [], [word])


def test_what_is_wrong_in_a_values_file_is_told_there(tmp_path: Path) -> None:
    tree = folder(tmp_path, one="a: 1\na: 2\n", two="- x\n", three="a: [\n", four='a: "\\x1f"\n')
    values = merge_values(tree, ["one.yaml", "two.yaml", "three.yaml", "four.yaml", "five.yaml"], [])
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
    manifest: DesiredState = load(
        tree, entries=["rooms"], values=["common.yaml", "production.yaml"], env_name="production"
    )
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


GREETING = "values.greeting (common.yaml:1:11)"
SHOP = "values.shop (common.yaml:2:7)"


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("{{ values.greeting }}", GREETING),
        ('"{{ values.greeting }}"', GREETING),
        ("'{{ values.greeting }}'", GREETING),
        ("Come and say {{ values.greeting }} to us", GREETING),
        ('"Say {{ values.greeting }} in {{ values.shop }}"', f"{GREETING}, {SHOP}"),
        ('"{{ values.greeting }} and {{ values.greeting }}"', GREETING),
        ('"It is \\"{{ values.greeting }}\\""  # {{ values.shop }}', GREETING),
        ("'It''s {{ values.greeting }}'  # {{ values.shop }}", GREETING),
        ("plain  # {{ values.shop }}", ""),
        ("say {{ values.greeting }}  # {{ values.shop }}", GREETING),
        (">\n    Say\n    {{ values.greeting }}\n", GREETING),
        ("|-\n    Say\n\n    {{ values.greeting }}\n  # {{ values.shop }}", GREETING),
        ("|\n    # {{ values.greeting }}", GREETING),
        ('"one\n    {{ values.greeting }}\n    two"', GREETING),
        ("one\n    {{ values.greeting }}\n    two", GREETING),
        ("plain in {{ env.name }}", "env.name (the environment)"),
        ("{{ values.greeting }} in {{ env.name }}", GREETING),
        ("{{ ('Say ' ~ values.greeting) | tojson }}", GREETING),
    ],
)
@pytest.mark.parametrize("last", [True, False])
def test_a_text_says_which_values_it_is_made_of_however_it_is_quoted(
    tmp_path: Path, written: str, used: str, last: bool
) -> None:
    other = "  priv_data: '{{ values.other }}'\n"
    described = f"  room_description: {written}\n"
    spec = other + described if last else described + other
    head = "apiVersion: metastudio/v1\nkind: SmartLiveRoom\nmetadata: {name: a}\nspec:\n"
    second = head.replace("name: a", "name: '{{ values.other }}'").replace("spec:", "spec: {}")
    (tmp_path / "a.yaml").write_text(f"{head}{spec}---\n{second}")
    tree = folder(tmp_path, common="greeting: hello\nshop: tea\nother: b\n")
    manifest = load(tree, entries=["a.yaml"], values=["common.yaml"], env_name="dev")
    assert manifest.valid, manifest.diagnostics
    line = 6 if last else 5
    assert manifest.resources[0].locate.origin(("spec", "room_description")) == (
        f"a.yaml:{line}:21{', from ' if used else ''}{used}"
    )


def test_an_item_of_a_list_says_its_own_values_alone(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "apiVersion: metastudio/v1\nkind: InteractionRuleGroup\nmetadata: {name: a}\nspec:\n  interaction_rules:\n"
        "    - rule_name: r\n      trigger:\n        reply_mode: SYSTEM_REPLY\n"
        "        reply_texts: ['Say {{ values.greeting }}', \"{{ values.shop }}\", none]\n"
    )
    tree = folder(tmp_path, common="greeting: hello\nshop: tea\n")
    locate = load(tree, entries=["a.yaml"], values=["common.yaml"]).resources[0].locate
    texts = ("spec", "interaction_rules", 0, "trigger", "reply_texts")
    assert [locate.origin((*texts, number)).partition(", from ")[2] for number in range(3)] == [GREETING, SHOP, ""]


def test_the_environment_of_the_process_is_never_a_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", "canary")
    (tmp_path / "a.yaml").write_text("{{ env | tojson }}: {{ values | tojson }}")
    manifest = load(DiskTree(tmp_path), entries=["a.yaml"], env_name="dev")
    assert manifest.rendered["a.yaml"] == '{"name": "dev"}: {}'


COMMON = "list: [{name: one, price: 10}, {name: two, price: 20}]\nword: hello\nmap: {x: 1}\nnothing: null\nempty: {}\n"


def set_values(root: Path, *words: str, over: str = "") -> TemplateValues:
    tree = folder(root, common=COMMON, over=over or "{}\n")
    return merge_values(tree, ["common.yaml", "over.yaml"], words)


def test_one_item_of_a_list_is_set(tmp_path: Path) -> None:
    values = set_values(tmp_path, "list[0].price=99", "list[1].name=zwei")
    assert values.problems == []
    assert values.data["list"] == [{"name": "one", "price": 99}, {"name": "zwei", "price": 20}]
    assert values.origin(("list", "0", "price")) == "--set list[0].price"
    assert values.origin(("word",)) == "common.yaml:2:7"


@pytest.mark.parametrize(
    ("word", "code", "where"),
    [
        ("list.0.price=99", "E_SET_TYPE", "common.yaml:1:7"),
        ("word.x=1", "E_SET_TYPE", "common.yaml:2:7"),
        ("word[0]=1", "E_SET_TYPE", "common.yaml:2:7"),
        ("map[0]=1", "E_SET_TYPE", "common.yaml:3:6"),
        ("map=text", "E_SET_TYPE", "common.yaml:3:6"),
        ("map=[1]", "E_SET_TYPE", "common.yaml:3:6"),
        ("map={x: [1]}", "E_SET_TYPE", "common.yaml:3:10"),
        ("list=text", "E_SET_TYPE", "common.yaml:1:7"),
        ("word={a: 1}", "E_SET_TYPE", "common.yaml:2:7"),
        ("list[2].price=1", "E_SET_UNKNOWN", "common.yaml:1:7"),
        ("list[0].prise=1", "E_SET_UNKNOWN", "common.yaml:1:7"),
        ("map.y=2", "E_SET_UNKNOWN", "common.yaml:3:6"),
        ("nosuch=1", "E_SET_UNKNOWN", "None"),
    ],
)
def test_a_set_that_fits_nothing_is_an_error_with_its_place(word: str, code: str, where: str, tmp_path: Path) -> None:
    values = set_values(tmp_path, word)
    assert [(each.code, str(each.position)) for each in values.problems] == [(code, where)]
    assert values.data["list"] == [{"name": "one", "price": 10}, {"name": "two", "price": 20}]


def test_a_misspelt_name_is_suggested(tmp_path: Path) -> None:
    assert [each.hint for each in set_values(tmp_path, "wrod=1").problems] == ["did you mean `word`?"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("#1", "#1"), ("a #b", "a #b"), ("'#1'", "#1"), ("5", 5), ("null", None), ("true", True), ("", None)],
)
def test_a_hash_is_text_on_the_command_line(text: str, value: object, tmp_path: Path) -> None:
    values = set_values(tmp_path, f"word={text}")
    assert (values.problems, values.data["word"]) == ([], value)


@pytest.mark.parametrize("word", ["nothing.a.b=1", "empty.a=1", "map={x: 2}", "list=[]", "new:=1", "map.y:=2"])
def test_what_has_no_shape_yet_takes_any_and_a_name_can_be_added(word: str, tmp_path: Path) -> None:
    assert set_values(tmp_path, word).problems == []


@pytest.mark.parametrize("word", ["=1", "a..b=1", "a[x]=1", "a[0=1", "[0]=1", "a[0]b=1", "a"])
def test_a_word_of_another_form_is_a_usage_error(word: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        set_values(tmp_path, word)


def test_a_value_that_takes_the_place_of_a_mapping_is_told_with_both_places(tmp_path: Path) -> None:
    values = set_values(tmp_path, over="map: text\nlist: {a: 1}\nword: null\n")
    told = [(each.code, str(each.position), str(each.related[0].position)) for each in values.problems]
    assert told == [
        ("W_VALUES_REPLACED", "over.yaml:1:6", "common.yaml:3:6"),
        ("W_VALUES_REPLACED", "over.yaml:2:7", "common.yaml:1:7"),
    ]


PARTS = st.recursive(
    st.sampled_from([1, None, "x", [], {}]) | st.lists(st.integers(0, 9), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
FILES = st.lists(st.tuples(st.dictionaries(st.sampled_from("abc"), PARTS, max_size=3), st.booleans()), max_size=4)
PATHS = st.lists(st.sampled_from([*"abc", "0"]), min_size=1, max_size=4).map(tuple)


def origins_of(files: dict[str, str], words: list[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """Return what set each value, as it is noted value by value while the files are merged."""
    found: dict[tuple[str, ...], str] = {}

    def note(file: str, document: Document, value: dict[str, Json], base: tuple[str, ...]) -> None:
        for key, part in value.items():
            if isinstance(part, dict):
                note(file, document, part, (*base, key))
            line, column = document.at((*base, key))
            found[*base, key] = f"{file}:{line}:{column}"

    for file, text in files.items():
        for document in parse_yaml(text, file).documents:
            if isinstance(document.value, dict):
                note(file, document, document.value, ())
    for word in words:
        found = {path: said for path, said in found.items() if path[: len(word)] != word}
        found[word] = f"--set {'.'.join(word)}"
    return found


@given(FILES, st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple), max_size=2), PATHS)
def test_what_set_a_value_is_found_as_if_it_were_noted_for_each(
    made: list[tuple[dict[str, Json], bool]], words: list[tuple[str, ...]], path: tuple[str, ...]
) -> None:
    files = {
        f"{number}.yaml": yaml.safe_dump(value, default_flow_style=flow) for number, (value, flow) in enumerate(made)
    }
    tree = OverlayTree(DiskTree(Path(__file__).parent), {file: text.encode() for file, text in files.items()})
    values = merge_values(tree, files, [f"{'.'.join(word)}:=1" for word in words])
    kept = [each.steps for each in values.sources if isinstance(each, WordValues)]
    noted = origins_of(files, kept)
    wanted = next((noted[path[:length]] for length in range(len(path), 0, -1) if path[:length] in noted), "")
    assert values.origin(path) == wanted
