"""The cache of checked documents changes no byte of what is read, whatever is edited or damaged between two runs."""

import json
import os
import random
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from reconciler.kinds.base.problem import warning
from reconciler.kinds.registry import all_kinds
from reconciler.manifest.document_cache import OURS, DocumentCache
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.manifest.template.renderer import render
from reconciler.manifest.template.worker_process import WorkerLimits
from reconciler.model.options import ResourceScope
from reconciler.model.resource import DeclaredResource

FILES = {
    "values/common.yaml": """\
shop: Tea house
width: 1080
shows: [{name: Dawn, text: At six}, {name: Evening, text: ''}]
""",
    "shared/rules.yaml.j2": "{% macro video(width) %}{width: {{ width }}, height: 1920, bitrate: 3000}{% endmacro %}\n",
    "shared/note.txt": "sold by {{ values.shop }}",
    "rooms/plain.yaml": """\
# a comment
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata:
  name: Plain
  aliases: [Old, 12]
  labels: {team: shop, wave: 7}
  lifecycle:
    ignore_changes: [{path: priv_data, reason: kept elsewhere}]
spec:
  room_description: 12345
  priv_data: 'a text'
  video_config: {width: 1080, height: 1920, bitrate: 3000}
---
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata: {name: Second}
spec: {room_description: 第二}
""",
    "rooms/shows.yaml": """\
{% from "shared/rules.yaml.j2" import video %}
{% for show in values.shows %}
---
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata: {name: "{{ values.shop }} {{ show.name }}"}
spec:
  room_description: {{ (show.text or "nothing") | tojson }}
  priv_data: {% include "shared/note.txt" %}

  video_config: {{ video(values.width) }}
{% endfor %}
""",
    "rooms/anchor.yaml": """\
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata: {name: Anchored}
spec:
  room_description: &text the same
  priv_data: *text
""",
}


def write(root: Path, files=FILES) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def paths(value, path=()):
    yield path
    for step, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(item, (*path, step))


def declared(resource: DeclaredResource):
    """Return all that a resource tells, its positions and origins included."""
    whole = resource.locate.document.value
    places = {
        path: (resource.locate.at(path), resource.locate.at(path, key=True), resource.locate.origin(path))
        for path in paths(whole)
    }
    plain = {path: resource.locate.plain(path) for path in paths(whole)}
    told = replace(resource, locate=None)
    return json.dumps(whole), json.dumps(resource.spec), told, places, plain, resource.locate.source.text


def read(root: Path, cache: DocumentCache | None = None, **more):
    options = {"entries": ("rooms",), "values": ("values/common.yaml",), "env_name": "demo", **more}
    found = load(DiskTree(root), cache=cache, **options)
    if cache is not None:
        cache.finish()
    return (
        [declared(one) for one in found.resources],
        found.diagnostics,
        dict(found.rendered),
        dict(found.sources),
        found.digest if found.valid else "",  # of what is invalid nothing is planned or kept
    )


def told_by(root: Path, version: str = "1") -> tuple[DocumentCache, list[str]]:
    lines: list[str] = []
    return DocumentCache(root, lines.append, version), lines


def entries(root: Path) -> list[Path]:
    return sorted((root / ".reconciler/cache").glob("*.json"))


@pytest.fixture
def root(tmp_path):
    write(tmp_path)
    return tmp_path


def test_a_second_run_reads_the_same_and_writes_nothing(root):
    plain = read(root)
    assert not plain[1]
    assert read(root, told_by(root)[0]) == plain
    kept = {path: path.stat().st_mtime_ns for path in entries(root)}
    assert len(kept) == 4  # the values, the template, its documents, and the plain file: anchors are read each time
    cache, lines = told_by(root)
    assert read(root, cache) == plain
    assert {path: path.stat().st_mtime_ns for path in entries(root)} == kept
    assert lines == []


def test_an_entry_is_json_and_holds_no_message(root):
    document = FILES["rooms/plain.yaml"].partition("---")[0]
    (root / "rooms/odd.yaml").write_text(
        document.replace("'a text'", "yes").replace("Plain", "Odd").replace("[Old, 12]", "[]")
    )
    warned = read(root, told_by(root)[0])
    assert [one.code for one in warned[1]] == ["W_YAML_BOOL"]
    assert all(set(json.loads(path.read_text())) == {"sha256", "entry"} for path in entries(root))
    assert len(entries(root)) == 4
    assert read(root, told_by(root)[0]) == warned


def test_what_is_believed_is_what_the_entry_says(root):
    read(root, told_by(root)[0])
    for path in entries(root):
        forge(path, "Second", "Forged")
    names = [resource[2].name for resource in read(root, told_by(root)[0])[0]]
    assert "Forged" in names  # the entries are used at all
    assert "Forged" not in [resource[2].name for resource in read(root)[0]]


def forge(path: Path, old: str, new: str) -> None:
    """Change an entry and its digest."""
    body = path.read_text().partition(',"entry":')[2][:-1].replace(old, new)
    path.write_text(f'{{"sha256":"{sha256(body.encode()).hexdigest()}","entry":{body}}}')


def test_where_a_value_was_set_is_what_the_entry_says_of_its_file(root):
    def origins(cache):
        resources = load(DiskTree(root), entries=["rooms"], values=["values/common.yaml"], cache=cache).resources
        cache.finish()
        return {one.name: one.locate.origin(("metadata", "name")) for one in resources}

    expected = origins(told_by(root)[0])
    assert expected["Tea house Dawn"].endswith(
        "from values.shop (values/common.yaml:1:7), values.shows.name (values/common.yaml:3:8)"
    )
    assert origins(told_by(root)[0]) == expected
    for path in entries(root):
        forge(path, '"values/common.yaml",0,', '"values/common.yaml",16,')
    forged = origins(told_by(root)[0])  # the file is not parsed again
    assert forged["Tea house Dawn"].endswith("from values.shop, values.shows.name (values/common.yaml:2:8)")


def test_a_problem_of_a_values_file_is_told_in_every_run(root):
    (root / "values/common.yaml").write_text(FILES["values/common.yaml"] + "sells: yes\n")
    for _ in range(3):
        assert read(root, told_by(root)[0]) == read(root)
        assert [one.code for one in read(root, told_by(root)[0])[1]] == ["W_YAML_BOOL"]
    (root / "values/common.yaml").unlink()
    for _ in range(2):
        assert [one.code for one in read(root, told_by(root)[0])[1]] == ["E_PATH_MISSING"]


DAMAGES = {
    "a changed letter": lambda path: path.write_bytes(path.read_bytes().replace(b'"key"', b'"kex"', 1)),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-7]),
    "empty": lambda path: path.write_bytes(b""),
    "no text": lambda path: path.write_bytes(b"\xff\x00" * 100),
    "another one's": lambda path: path.write_bytes(next(one for one in entries_beside(path)).read_bytes()),
    "written by a checkout": lambda path: path.chmod(0o644),
    "a link": lambda path: (path.rename(path.with_suffix(".kept")), path.symlink_to(path.with_suffix(".kept"))),
}


def entries_beside(path: Path):
    return (one for one in sorted(path.parent.glob("*.json")) if one != path)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_entry_is_dropped_and_told(root, damage):
    plain = read(root, told_by(root)[0])
    for path in entries(root)[1:]:
        damage(path)
    cache, lines = told_by(root)
    assert read(root, cache) == plain
    assert len(lines) == len(entries(root)) - 1
    assert all(line.startswith("W_CACHE_DROPPED: dropped .reconciler/cache/") for line in lines)
    assert all(path.lstat().st_mode & 0o7777 == OURS for path in entries(root))
    cache, lines = told_by(root)
    assert read(root, cache) == plain
    assert lines == []


SHAPES = [
    {},
    {"documents": [1], "template": {"places": [[1]], "texts": [""], "file": "a", "digest": "b"}, "asked": {}},
    {"documents": [["a", 1]], "template": 3, "asked": []},
    {"documents": {"value": 1}, "template": {"places": [], "texts": [1], "file": "a", "digest": "b"}, "asked": {}},
    {"documents": [[1, 2, 3, 4]], "template": {"places": [], "texts": ["%"], "file": "a", "digest": "b"}, "asked": {}},
    {"parts": [], "documents": [[[{"kind": "A", "metadata": {}}, []], [0, "1", 0]]]},
    {"parts": [], "documents": [[[{"kind": "A", "metadata": 1}, []], [0, 1, 0]]]},
    {"parts": [], "documents": [[[{"kind": "A", "metadata": {}}, [["kind", 0]]], [0, 1, 0]]]},
    {"parts": [], "documents": [[[{}, []], [0, 1, 0], "A", [{}, []]]]},
]


@pytest.mark.parametrize("shape", SHAPES)
def test_an_entry_of_another_shape_is_dropped_too(root, shape):
    read(root, told_by(root)[0])
    for path in entries(root):
        cache, _ = told_by(root)
        cache.add(path.stem, shape)
        cache.finish()
    cache, lines = told_by(root)
    assert read(root, cache) == read(root)
    assert len(lines) == 4


@pytest.mark.parametrize("what", ["a file", "a link"])
def test_without_a_folder_for_it_a_run_is_the_same(root, what):
    state = root / ".reconciler"
    state.write_text("") if what == "a file" else state.symlink_to(root / "elsewhere")
    cache, lines = told_by(root)
    assert read(root, cache) == read(root)
    assert lines == []
    assert not (root / "elsewhere").exists()


def test_values_of_the_command_line_and_untrusted_manifests_are_not_kept(root):
    for more in ({"sets": ("shop=secret-word",)}, {"untrusted": True}):
        assert read(root, told_by(root)[0], **more) == read(root, **more)
        assert not (root / ".reconciler").exists()


def test_which_templates_are_refused_depends_on_no_cache(root):
    endless = [f"rooms/a{number}.yaml" for number in range(3)]
    for name in endless:
        (root / name).write_text("{% for a in range(99999999) %}{% endfor %}\n")
    files, budget = [*endless, "shared/note.txt"], WorkerLimits(cpu=0.05)

    def context():
        return {"values": {"shop": "Cafe"}}

    answers = {}
    render(DiskTree(root), files[3:], context, budget, keep=lambda made, _: answers.update({made.file: made}))
    assert list(answers) == files[3:]
    assert render(DiskTree(root), files[3:], context, budget, known=answers)["shared/note.txt"].text == "sold by Cafe"
    plain = render(DiskTree(root), files, context, budget)
    cached = render(DiskTree(root), files, context, budget, known=answers)
    assert "took all there was" in plain["shared/note.txt"].problems[0].message
    assert [one.problems for one in cached.values()] == [one.problems for one in plain.values()]


def test_a_template_that_read_a_missing_file_is_rendered_again_once_it_is_there(root):
    text = '{% include "shared/late.txt" ignore missing %}\n' + FILES["rooms/plain.yaml"].replace("Plain", "Late", 1)
    (root / "rooms/late.yaml").write_text(text.replace("Second", "Later"))
    assert read(root, told_by(root)[0]) == read(root)
    (root / "shared/late.txt").write_text("# now it is\n")
    assert read(root, told_by(root)[0]) == read(root)


def strict(spec):
    """Warn of every description."""
    if "room_description" in spec:
        yield warning(("room_description",), "W_TEST", "a description")


def kinds_of(number: int):
    kinds = dict(all_kinds())
    if number:
        kinds["SmartLiveRoom"] = replace(kinds["SmartLiveRoom"], checks=(strict,))
    return kinds


def edited(dice: random.Random, root: Path) -> None:
    """Edit one file, as people and merges do; some edits make it invalid, some bring the first text back."""
    name = dice.choice(sorted(FILES))
    file = root / name
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    edits = [
        lambda: FILES[name],
        lambda: "\n" + text,
        lambda: text + "\n# at the end",
        lambda: text.replace("1080", dice.choice(["720", "none", "1080.5"])),
        lambda: text.replace("Second", dice.choice(["Plain", "Third", "no", '"quoted"'])),
        lambda: text.replace("shop", dice.choice(["shops", "store"])),
        lambda: text.replace("Tea house", dice.choice(["Cafe", "茶馆", "12", "{{ x }}"])),
        lambda: "\n".join(lines[:at] + lines[at + 1 :]),
        lambda: "\n".join([*lines[:at], lines[at] + " # note", *lines[at + 1 :]]),
        lambda: "\n".join([*lines[:at], lines[at], *lines[at:]]),
        lambda: text.replace("&text the same", "the same"),
        lambda: text.replace("'a text'", dice.choice(["plain", "!tag x", '"\\u4e00"', "yes"])),
        None,
    ]
    edit = dice.choice(edits)
    if edit is None:
        file.unlink(missing_ok=True)
    else:
        file.write_text(edit(), encoding="utf-8")


def check_law(root: Path, seed: object, steps: int) -> None:
    """Compare runs with the cache of all earlier ones, and without any, after each of some edits."""
    write(root)
    dice = random.Random(f"documents {seed}")
    version, kinds, scope = "1", 0, ResourceScope()
    used = 0
    for _ in range(steps):
        what = dice.random()
        if what < 0.1:
            version = dice.choice("123")
        elif what < 0.2:
            kinds = dice.choice([0, 1])
        elif what < 0.3:
            scope = dice.choice([ResourceScope(), ResourceScope(name_prefix="Tea"), ResourceScope(name_prefix="P")])
        else:
            edited(dice, root)
        more = {"kinds": kinds_of(kinds), "scope": scope, "only": dice.choice([(), (), ("rooms/plain.yaml",)])}
        cache, lines = told_by(root, version)
        before = set(entries(root))
        assert read(root, cache, **more) == read(root, **more)
        assert lines == []
        used += len(set(entries(root)) - before) < 3
    assert used > steps // 2


@pytest.mark.parametrize("seed", range(3))
def test_sixty_random_edits_are_read_the_same_with_and_without_the_cache(tmp_path, seed):
    check_law(tmp_path, seed, 20)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_random_edits_are_read_the_same_with_and_without_the_cache(tmp_path, seed):
    check_law(tmp_path, f"deep {seed}", 100)


def test_the_oldest_entries_without_use_are_removed(root):
    cache = DocumentCache(root, pytest.fail, most=2)
    for number in range(5):
        cache.add(f"{number:064}", {"documents": []})
        cache.finish()
        os.utime(root / f".reconciler/cache/{number:064}.json", (number, number))
    later = DocumentCache(root, pytest.fail, most=2)
    later.find({"x": f"{1:064}"}, lambda _, entry: dict(entry))
    later.add("f" * 64, {"documents": []})
    later.finish()
    assert [path.stem[-1] for path in entries(root)] == ["1", "3", "4", "f"]
