"""`adopt`: live objects that no manifest declares become manifests, whose objects the next apply owns."""

import json
import shutil
import subprocess

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import QUICKSTART, project, reconciler, room
from tests.support.fake_hosts import TOKEN, Host, serving

AUTUMN = 'SmartLiveRoom["Autumn campaign 2025"]'
SEED = {
    "smart_live_rooms": [
        {"room_name": "One", "room_description": "hello"},
        {"room_name": "Two", "room_id": "0" * 31 + "2", "room_description": "second"},
        {"room_name": "Twin", "room_id": "0" * 31 + "3", "room_description": "left"},
        {"room_name": "Twin", "room_id": "0" * 31 + "4", "room_description": "right"},
        {"room_name": "Passing", "room_type": "TEMP"},
    ]
}


@pytest.fixture
def place(tmp_path):
    return project(tmp_path, {"rooms/one.yaml": room("One")}, seed=json.dumps(SEED))


def adopt(folder, *arguments):
    return reconciler("-C", folder, "adopt", "-e", "demo", *arguments)


def plan(folder):
    run = reconciler("-C", folder, "plan", "-e", "demo", "--format", "json")
    return json.loads(run.out)


def test_one_object_becomes_a_manifest_without_differences(tmp_path):
    folder = tmp_path / "q"
    shutil.copytree(QUICKSTART, folder)
    run = adopt(folder, AUTUMN, "-o", "rooms/adopted")
    assert run.code == 0, run.err
    (file,) = (folder / "rooms/adopted").rglob("*.yaml")
    assert "Autumn campaign 2025" in file.read_text()
    assert "Written by `reconciler adopt`" in file.read_text()
    assert "owner of 1 object" in run.err
    changes = {each["address"]: each["change"]["actions"] for each in plan(folder)["resource_changes"]}
    assert changes[AUTUMN] == ["no-op"]


def test_all_leaves_out_what_is_declared_or_temporary_and_pins_repeated_names(place):
    run = adopt(place, "--all", "-o", "rooms")
    assert run.code == 0, run.err
    texts = {path.name: path.read_text() for path in (place / "rooms").rglob("*.yaml")}
    assert len(texts) == 4
    assert sum("id: " in text for text in texts.values()) == 2
    assert not any("Passing" in text for text in texts.values())
    assert not [each for each in plan(place)["resource_changes"] if each["change"]["actions"] != ["no-op"]]


def test_a_pattern_chooses_names(place):
    assert adopt(place, "--all", "--name-pattern", "Tw[io]*", "-o", "rooms").code == 0
    assert len(list((place / "rooms").rglob("*.yaml"))) == 4
    assert "Nothing to adopt" in adopt(place, "--all", "--name-pattern", "Tx*", "-o", "rooms").err


def test_into_appends_in_the_style_of_the_file(place):
    file = place / "rooms/one.yaml"
    file.write_bytes(room("One", "room_description: 'hello'").replace("\n", "\r\n").encode())
    run = adopt(place, "Two", "--into", "rooms/one.yaml", "--force")
    assert run.code == 0, run.err
    assert (
        file.read_bytes()
        .decode()
        .endswith(
            "room_description: 'hello'\r\n---\r\napiVersion: metastudio/v1\r\nkind: SmartLiveRoom\r\n"
            "metadata: {name: Two}\r\nspec:\r\n  room_description: 'second'\r\n  view_mode: VERTICAL\r\n"
        )
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 1, "adopt --all"),
        (["Two"], 1, "--into FILE"),
        (["Nothing", "-o", "rooms"], 1, "no live object"),
        (["One", "-o", "rooms"], 0, "declared already"),
        (['SmartLiveRoom["Passing"]', "-o", "rooms"], 0, "never adopted"),
        (["Two", "-o", "elsewhere"], 0, "add it to `manifests:`"),
        (["Two", "--into", "rooms/one.yaml"], 1, "--force"),
        (["Two", "--into", "live.yaml", "--force"], 1, "cannot be appended to"),
    ],
)
def test_arguments(place, arguments, code, said):
    run = adopt(place, *arguments)
    assert run.code == code, run.err
    assert said in run.err


def with_two_environments(place):
    text = (place / "reconciler.yaml").read_text() + '  other: {endpoint: "simulator:live.yaml"}\n'
    (place / "reconciler.yaml").write_text(text)


def addresses(place, environment):
    run = reconciler("-C", place, "plan", "-e", environment, "--format", "json")
    return {each["address"] for each in json.loads(run.out)["resource_changes"]}


def test_another_environment_that_declares_it_too_is_told(place):
    with_two_environments(place)
    run = adopt(place, "Two", "-o", "rooms/adopted")
    assert run.code == 0
    assert "other (1 object)" in run.err
    assert "--only-here" in run.err
    assert 'SmartLiveRoom["Two"]' in addresses(place, "other")


def test_with_a_condition_it_is_of_this_environment_alone(place):
    with_two_environments(place)
    run = adopt(place, "Two", "-o", "rooms/adopted", "--only-here")
    assert run.code == 0, run.err
    assert "other" not in run.err
    assert 'SmartLiveRoom["Two"]' in addresses(place, "demo")
    assert 'SmartLiveRoom["Two"]' not in addresses(place, "other")
    assert adopt(place, "Two", "--into", "rooms/one.yaml", "--only-here").code == 1


def test_files_are_in_the_folder_that_is_named(place):
    assert adopt(place, "Two", "-o", "rooms/adopted").code == 0
    assert [path.parent for path in (place / "rooms/adopted").rglob("*.yaml")] == [place / "rooms/adopted"]


def test_adopted_objects_are_a_request_with_a_branch(place, tmp_path):
    origin = tmp_path.parent / f"{tmp_path.name}.git"
    git = ["git", "-c", "user.name=T", "-c", "user.email=t@example.invalid"]
    steps = (
        *(["init", "-q", "--bare", "-b", "main", str(origin)], ["init", "-q", "-b", "main"]),
        *(["add", "."], ["commit", "-q", "-m", "first"], ["remote", "add", "origin", str(origin)]),
        ["push", "-q", "origin", "main"],
    )
    for step in steps:
        subprocess.run([*git, *step], cwd=place, check=True)
    words = ("--branch", "reconciler/adopt-demo", "--open-request")
    with serving(Host()) as host:
        variables = {"GITHUB_REPOSITORY": "shop/rooms", "GITHUB_API_URL": host.url, "GITHUB_TOKEN": TOKEN}
        for said in ("created", "unchanged"):
            run = reconciler(
                *("-C", place, "adopt", "-e", "demo", "Two", "-o", "rooms/adopted", *words), variables=variables
            )
            assert run.code == 0, run.err
            assert f"pull request 1 {said}" in run.err
    assert not (place / "rooms/adopted").exists()
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "reconciler/adopt-demo"], cwd=origin, check=True, capture_output=True
    )
    assert b"rooms/adopted/two-" in listed.stdout
    assert "to adopt" in host.requests[0]["body"] or "Two" in host.requests[0]["body"]


def test_the_next_apply_owns_what_was_adopted(tmp_path):
    simulator = Simulator({})
    with running(simulator) as url:
        more = f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}", ledger: "sqlite:///.reconciler/ledger.db"}}\n'
        project(tmp_path, {"rooms/one.yaml": room("One")}, more=more)
        simulator.console("SmartLiveRoom", "0" * 32).insert({"room_name": "By hand", "room_description": "x"})
        assert reconciler("-C", tmp_path, "apply", "-e", "real", "--auto-approve").code == 0
        assert reconciler("-C", tmp_path, "adopt", "By hand", "-e", "real", "-o", "rooms").code == 0
        run = reconciler("-C", tmp_path, "plan", "-e", "real")
        assert "to adopt" in run.out
        assert reconciler("-C", tmp_path, "apply", "-e", "real", "--auto-approve").code == 0
        assert "to adopt" not in reconciler("-C", tmp_path, "plan", "-e", "real").out


HALL = "room_type: NORMAL, video_config: {width: 1080, height: 1920, bitrate: 3000}"
HALLS = (
    "{smart_live_rooms: ["
    f"{{room_name: East, room_description: 'say {{{{ x }}}}', {HALL}}},"
    f"{{room_name: West, room_description: one, {HALL}}},"
    f"{{room_name: South, room_description: one, {HALL.replace('3000', '4000')}}}]}}"
)


@pytest.fixture
def halls(tmp_path):
    """A project with a values file, and three live rooms that share values."""
    files = {"rooms/one.yaml": room("One"), "values/common.yaml": "# common\r\nshared: 1"}
    folder = project(tmp_path, files, seed=HALLS)
    text = (folder / "reconciler.yaml").read_text()
    (folder / "reconciler.yaml").write_text(
        text.replace("environments:", "values: [values/common.yaml]\nenvironments:")
    )
    return folder


def test_what_objects_share_is_one_entry_of_a_values_file(halls):
    run = adopt(halls, "--all", "-o", "rooms/halls", "--values", "values/common.yaml", "--force")
    assert run.code == 0, run.err
    values = (halls / "values/common.yaml").read_bytes().decode()
    assert values.startswith("# common\r\nshared: 1\r\nshared_2:\r\n")
    assert values.count("width: 1080") == 1
    texts = {path.name.partition("-")[0]: path.read_text() for path in (halls / "rooms/halls").iterdir()}
    reads = "video_config: {{ values.shared_2.video_config | tojson }}"
    assert reads in texts["east"]
    assert reads in texts["west"]
    assert "bitrate: 4000" in texts["south"]
    assert "room_description: {{ values.shared_2.room_description | tojson }}" in texts["south"]
    changes = {each["address"]: each["change"]["actions"] for each in plan(halls)["resource_changes"]}
    del changes['SmartLiveRoom["One"]']
    assert len(changes) == 3
    assert set(map(tuple, changes.values())) == {("no-op",)}


def test_another_environment_without_the_values_file_stops_it(halls):
    with_two_environments(halls)
    text = (halls / "reconciler.yaml").read_text()
    text = text.replace("values: [values/common.yaml]\n", "").replace(
        "demo: {", "demo: {values: [values/common.yaml], ", 1
    )
    (halls / "reconciler.yaml").write_text(text)
    words = ("--all", "-o", "rooms/halls", "--values", "values/common.yaml", "--force")
    before = (halls / "values/common.yaml").read_bytes()
    run = adopt(halls, *words)
    assert run.code == 1
    assert "E_ADOPT_INVALID: other would not be valid" in run.err
    assert (halls / "values/common.yaml").read_bytes() == before
    assert not (halls / "rooms/halls").exists()
    assert adopt(halls, *words, "--only-here").code == 0
    assert 'SmartLiveRoom["East"]' in addresses(halls, "demo")
    assert 'SmartLiveRoom["East"]' not in addresses(halls, "other")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "rooms/halls", "--values", "values/other.yaml", "--force"), "E_ADOPT_VALUES"),
        (("-o", "elsewhere", "--values", "values/common.yaml", "--force"), "add the folder"),
        (("--into", "rooms/one.yaml", "--values", "values/common.yaml"), "write new files with -o DIR"),
        (("-o", "rooms/halls", "--values", "values/common.yaml"), "--force"),
    ],
)
def test_a_values_file_that_cannot_be_written_stops_it(halls, words, said):
    run = adopt(halls, "--all", *words)
    assert run.code == 1
    assert said in run.err
    assert not (halls / "rooms/halls").exists()
