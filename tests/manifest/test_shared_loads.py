"""Environments that share their loads: each gets what a load of its own gives, and a file is read once for all."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.manifest.shared_loads import SharedLoads
from reconciler.model.options import ResourceScope
from reconciler.model.source_map import Position
from tests.support.command_line import room

FILES = {
    "rooms/plain.yaml": (
        room("One"),
        room("One", "room_description: a #3"),
        room("One", "room_typ: NORMAL"),
        "",
        "a: [",
    ),
    "rooms/other.yaml": (room("Three"), room("{{ values.title }}"), room("{{ env.name }}"), room("One"), "# none"),
    "rooms/part.yaml.j2": (None, room("Four")),
    "values/a.yaml": ("title: A", "title: {inner: 1}", "title: [", "file: part.yaml.j2"),
    "values/b.yaml": ("title: B\nmore: 1", "# rooms/part.yaml.j2"),
}
"""What each file may hold; None is no file."""

SETS = ((), ("kind:=1",), ("title=C",), ("titel=C",), ("title[0]=C",))
VALUES = ((), ("values/a.yaml",), ("values/b.yaml",), ("values/a.yaml", "values/b.yaml"), ("values/none.yaml",))
ENTRIES = (("rooms",), ("rooms/plain.yaml",), ("rooms", "none"))
SCOPES = (ResourceScope(), ResourceScope(name_prefix="One"), ResourceScope(fields={"room_type": frozenset({"TEMP"})}))

environments = st.fixed_dictionaries(
    {
        "entries": st.sampled_from(ENTRIES),
        "values": st.sampled_from(VALUES),
        "sets": st.sampled_from(SETS),
        "env_name": st.sampled_from(("north", "south")),
        "scope": st.sampled_from(SCOPES),
        "untrusted": st.booleans(),
        "positions": st.sampled_from(({}, {"rooms": Position("reconciler.yaml", 3, 1)})),
    }
)


def seen(state):
    """Return everything of a load that a report or a plan can tell."""
    resources = [
        (one.kind, one.name, one.spec, one.labels, one.file, one.position, one.locate.origin(("spec",)))
        for one in state.resources
    ]
    return resources, state.diagnostics, state.rendered, state.sources, state.digest, state.untrusted


def write(folder, files):
    """Write files below a folder; None removes one."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(content)


@given(
    files=st.fixed_dictionaries({name: st.sampled_from(texts) for name, texts in FILES.items()}),
    asked=st.lists(environments, min_size=2, max_size=4),
)
def test_an_environment_gets_from_a_shared_load_what_its_own_gives(files, asked):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, files)
        shared = SharedLoads(folder)
        for each in asked:
            assert seen(shared.load(shared.files.view(), **each)) == seen(load(DiskTree(folder), **each))


PLAIN = {"rooms/one.yaml": room("One"), "rooms/two.yaml": room("Two")}


def loaded(shared, **given):
    """Load one environment of the shared loads."""
    given = {"entries": ("rooms",), "scope": ResourceScope(), "positions": {}, **given}
    return shared.load(shared.files.view(), **given)


def test_files_without_templates_are_checked_once_for_environments_of_other_values(tmp_path):
    write(tmp_path, PLAIN)
    shared = SharedLoads(tmp_path)
    north = loaded(shared, env_name="north", sets=("kind:=1",))
    south = loaded(shared, env_name="south", sets=("kind:=2",))
    assert south.resources is north.resources
    assert south.digest != north.digest


def test_a_template_is_rendered_for_each_environment(tmp_path):
    write(tmp_path, {**PLAIN, "rooms/two.yaml": room("'Two {{ env.name }}'")})
    shared = SharedLoads(tmp_path)
    names = [[one.name for one in loaded(shared, env_name=name).resources] for name in ("north", "south")]
    assert names == [["One", "Two north"], ["One", "Two south"]]


def test_all_environments_of_a_run_see_a_file_as_the_first_did(tmp_path):
    write(tmp_path, {**PLAIN, "rooms/two.yaml": room("'Two {{ env.name }}'")})
    shared = SharedLoads(tmp_path)
    loaded(shared, env_name="north")
    write(tmp_path, {"rooms/one.yaml": room("Other"), "rooms/three.yaml": room("Three")})
    assert [one.name for one in loaded(shared, env_name="south").resources] == ["One", "Two south"]


def test_an_environment_whose_scope_leaves_a_resource_out_is_told_although_another_shares_its_files(tmp_path):
    write(tmp_path, PLAIN)
    shared = SharedLoads(tmp_path)
    assert loaded(shared).valid
    assert not loaded(shared, scope=ResourceScope(name_prefix="One")).valid
