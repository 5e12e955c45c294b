"""Every path that a run takes × what can stand there: refused with a code, in time, and all else left as it was."""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import connect

import pytest

from reconciler.ledger.sql_ledger import open_ledger
from reconciler.model.run_history import RunRecord as RunRecord
from reconciler.readers.read_cache import ReadCache
from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import Run, project, reconciler, room
from tests.support.guarded import CANARY, foreign_database, listing, outside_of, sparse, within

SECONDS = 30.0
"""Far above what a refusal takes on a loaded machine, far below a hang."""

CLOSED = "http://127.0.0.1:9"
ENVIRONMENT = '  demo: {endpoint: "simulator:live.yaml"%s}\n'


@dataclass(frozen=True, slots=True)
class World:
    """A project, and a folder beside it that no run may touch."""

    project: Path
    outside: Path

    def environment(self, **keys: str) -> None:
        whole = ({} if "simulator" in keys else {"endpoint": "simulator:live.yaml"}) | keys
        text = ", ".join(f"{name}: {_quoted(value)}" for name, value in whole.items())
        self.write("reconciler.yaml", f"name: test\nmanifests: [rooms]\nenvironments:\n  demo: {{{text}}}\n")

    def write(self, name: str, text: str) -> Path:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *arguments: object) -> Run:
        with within(SECONDS):
            return reconciler("-C", self.project, *arguments)


def _quoted(value: str) -> str:
    return value if value.startswith(("[", "{")) else f'"{value}"'


@pytest.fixture
def world(tmp_path: Path) -> World:
    project(tmp_path / "project", {"rooms/one.yaml": room("One")})
    outside = outside_of(tmp_path)
    for name in (".git/config", ".env", ".secrets/token.yaml"):
        path = tmp_path / "project" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{CANARY}: [\n")
    return World(tmp_path / "project", outside)


Door = Callable[[World, str], Run]


def manifests(world: World, path: str) -> Run:
    world.write("reconciler.yaml", f'manifests: ["{path}"]\nenvironments:\n{ENVIRONMENT % ""}')
    return world.run("validate")


def values(world: World, path: str) -> Run:
    world.write("reconciler.yaml", f'manifests: [rooms]\nvalues: ["{path}"]\nenvironments:\n{ENVIRONMENT % ""}')
    return world.run("validate")


def values_of_an_environment(world: World, path: str) -> Run:
    world.environment(values=f'["{path}"]')
    return world.run("plan")


def seed(world: World, path: str) -> Run:
    world.environment(endpoint=f"simulator:{path}")
    return world.run("plan")


def seed_of_a_kept_simulator(world: World, path: str) -> Run:
    world.environment(simulator=f'{{seed: "{path}", state: .reconciler/simulator.json}}')
    return world.run("plan")


def seed_written_by_init(world: World, path: str) -> Run:
    world.environment(endpoint=f"simulator:{path}")
    return world.run("init", "--from-env", "demo", "new")


def include(world: World, path: str) -> Run:
    world.write("rooms/one.yaml", room("One", f'room_description: {{% include "{path}" %}}'))
    return world.run("render")


def include_untrusted(world: World, path: str) -> Run:
    world.write("rooms/one.yaml", room("One", f'room_description: {{% include "{path}" %}}'))
    return world.run("render", "--untrusted")


def imported(world: World, path: str) -> Run:
    world.write("rooms/one.yaml", f'{{% import "{path}" as m %}}' + room("One"))
    return world.run("validate")


def fleet_values(world: World, path: str) -> Run:
    world.write("fleet.csv", f'name,values\nrow,"{path}"\n')
    return world.run("audit", "-e", "demo", "--fleet", "fleet.csv")


def fleet_seed(world: World, path: str) -> Run:
    world.write("fleet.csv", f'name,endpoint\nrow,"simulator:{path}"\n')
    return world.run("audit", "-e", "demo", "--fleet", "fleet.csv")


READ = [
    manifests,
    values,
    values_of_an_environment,
    seed,
    seed_of_a_kept_simulator,
    seed_written_by_init,
    include,
    include_untrusted,
    imported,
    fleet_values,
    fleet_seed,
]


def symlink(world: World) -> str:
    (world.project / "link.yaml").symlink_to(world.outside / "secret.txt")
    return "link.yaml"


def symlink_inside(world: World) -> str:
    (world.project / "inner.yaml").symlink_to("live.yaml")
    return "inner.yaml"


def symlinked_folder(world: World) -> str:
    (world.project / "linked").symlink_to(world.outside / "folder")
    return "linked/secret.yaml"


def parent(world: World) -> str:
    return "../outside/folder/secret.yaml"


def parent_in_the_middle(world: World) -> str:
    return "rooms/../../outside/folder/secret.yaml"


def absolute(world: World) -> str:
    return str(world.outside / "folder/secret.yaml")


def dot_step(world: World) -> str:
    return ".git/config"


def dot_file(world: World) -> str:
    return ".env"


def dot_in_the_middle(world: World) -> str:
    return "rooms/../.secrets/token.yaml"


def dot_after_a_dot(world: World) -> str:
    return "./.secrets/token.yaml"


def own_state(world: World) -> str:
    world.write(".reconciler/x.yaml", f"{CANARY}: [\n")
    return ".reconciler/x.yaml"


def pipe(world: World) -> str:
    os.mkfifo(world.project / "pipe.yaml")
    return "pipe.yaml"


def device(world: World) -> str:
    return "/dev/zero"


def link_to_a_device(world: World) -> str:
    (world.project / "zero.yaml").symlink_to("/dev/zero")
    return "zero.yaml"


def oversize(world: World) -> str:
    sparse(world.project / "big.yaml")
    return "big.yaml"


def foreign(world: World) -> str:
    foreign_database(world.project / "app.yaml")
    return "app.yaml"


PLACED = [
    symlink,
    symlink_inside,
    symlinked_folder,
    parent,
    parent_in_the_middle,
    absolute,
    dot_step,
    dot_file,
    dot_in_the_middle,
    dot_after_a_dot,
    own_state,
    pipe,
    device,
    link_to_a_device,
    oversize,
    foreign,
]

REFUSED = re.compile(
    r"\bE_(PATH|PATH_HIDDEN|PATH_SYMLINK|PATH_TYPE|TPL_PATH|YAML_SIZE|FILE_SIZE|YAML_CHARACTER|YAML_ENCODING|FLEET"
    r"|PROJECT_VALUE|LEDGER_FOREIGN|LEDGER_DAMAGED|LEDGER_URL|SIMULATOR_STATE_FOREIGN|CACHE_FOREIGN|CACHE_DAMAGED|SNAPSHOT_DAMAGED|PLAN_FORMAT"
    r"|READ_FILE|WRITE|EXISTS|USAGE)\b"
)


KEY_PLACE = re.compile(r"\b(?:reconciler\.yaml|fleet\.csv|rooms/one\.yaml):[1-9][0-9]*")
"""Where the key, the row or the template stands that names a path."""


def check_refused(run: Run) -> None:
    assert run.code in (1, 3), run
    assert REFUSED.search(run.out + run.err), run
    assert CANARY not in run.out + run.err
    assert "E_INTERNAL" not in run.err


@pytest.mark.parametrize("placed", PLACED, ids=lambda each: each.__name__)
@pytest.mark.parametrize("door", READ, ids=lambda each: each.__name__)
def test_a_path_of_the_project_reads_regular_files_of_the_project_only(
    door: Door, placed: Callable[[World], str], world: World
) -> None:
    path = placed(world)
    before = listing(world.outside)
    run = door(world, path)
    check_refused(run)
    assert placed is foreign or KEY_PLACE.search(run.out + run.err), run
    assert listing(world.outside) == before


def cache(world: World, path: str) -> Run:
    world.environment(endpoint=CLOSED, project_id="p1", auth="none", cache=path)
    return world.run("plan")


def ledger_of_a_plan(world: World, path: str) -> Run:
    world.environment(ledger=f"sqlite:///{path}")
    return world.run("plan")


def ledger_of_an_apply(world: World, path: str) -> Run:
    world.environment(ledger=f"sqlite:///{path}")
    return world.run("apply", "--auto-approve")


def ledger_of_an_audit(world: World, path: str) -> Run:
    world.environment(ledger=f"sqlite:///{path}")
    return world.run("history")


def ledger_of_locks(world: World, path: str) -> Run:
    world.environment(ledger=f"sqlite:///{path}")
    return world.run("lock", "list")


def fleet_ledger(world: World, path: str) -> Run:
    world.write("fleet.csv", f'name,ledger\nrow,"sqlite:///{path}"\n')
    return world.run("audit", "-e", "demo", "--fleet", "fleet.csv")


def simulated(world: World, path: str, *arguments: str) -> Run:
    world.environment(simulator=f'{{seed: live.yaml, state: "{path}"}}')
    return world.run(*arguments)


def state_of_a_plan(world: World, path: str) -> Run:
    return simulated(world, path, "plan")


def state_of_an_edit(world: World, path: str) -> Run:
    return simulated(world, path, "simulate", "edit", "One", "room_description=x")


def state_of_a_reset(world: World, path: str) -> Run:
    return simulated(world, path, "simulate", "reset")


KEPT = [cache, ledger_of_a_plan, ledger_of_an_apply, ledger_of_an_audit, ledger_of_locks, fleet_ledger]
SIMULATED = [state_of_a_plan, state_of_an_edit, state_of_a_reset]


def in_state_folder(name: str, make: Callable[[World, Path], object]) -> Callable[[World], str]:
    def placed(world: World) -> str:
        (world.project / ".reconciler").mkdir(exist_ok=True)
        make(world, world.project / ".reconciler" / name)
        return f".reconciler/{name}"

    placed.__name__ = name
    return placed


def state_folder_is_a_link(world: World) -> str:
    (world.project / ".reconciler").symlink_to(world.outside)
    return ".reconciler/app.db"


def state_folder_is_a_file(world: World) -> str:
    (world.project / ".reconciler").write_text("a text of somebody\n")
    return ".reconciler/app.db"


def beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def a_journal_that_names_another(_world: World, path: Path) -> None:
    open_ledger(f"sqlite:///{path}").start(RunRecord(id="r", scope="s", owner="o", command="apply"))
    path.with_name(path.name + "-journal").write_bytes(b"\0" * 512 + bytes.fromhex("d9d505f920a163d7"))


STATE = [
    in_state_folder("linked.db", lambda world, path: path.symlink_to(world.outside / "app.db")),
    in_state_folder("dangling.db", lambda world, path: path.symlink_to(world.outside / "made.db")),
    in_state_folder("hard.db", lambda world, path: path.hardlink_to(foreign_database(world.project / "other.db"))),
    in_state_folder("pipe.db", lambda _world, path: os.mkfifo(path)),
    in_state_folder("folder.db", lambda _world, path: path.mkdir()),
    in_state_folder("foreign.db", lambda _world, path: foreign_database(path)),
    in_state_folder("oversize.db", lambda _world, path: sparse(path)),
    in_state_folder("text.db", lambda _world, path: path.write_text("a text of somebody\n" * 10)),
    in_state_folder("journal.db", a_journal_that_names_another),
    in_state_folder("deep/../../../outside/app.db", lambda _world, path: None),
    in_state_folder("x.db-journal", lambda _world, path: None),
    in_state_folder("linked-log.db", lambda world, path: beside(path, "-wal").symlink_to(world.outside / "made")),
    in_state_folder(
        "linked-journal.db", lambda world, path: beside(path, "-journal").symlink_to(world.outside / "app.db")
    ),
    in_state_folder("memory.db", lambda _world, path: os.mkfifo(beside(path, "-shm"))),
    in_state_folder("deep/state.db", lambda _world, path: path.parent.write_text("a text of somebody\n")),
    state_folder_is_a_link,
    state_folder_is_a_file,
    lambda _world: "reconciler.yaml",
    lambda _world: "state/ledger.db",
    lambda _world: "../outside/app.db",
    lambda _world: ".reconciler/../../outside/app.db",
    lambda _world: ".reconciler/.gitignore",
    lambda _world: ".git/config",
    lambda _world: ".reconciler",
    lambda _world: "/dev/zero",
    lambda world: str(world.outside / "app.db"),
    lambda world: str(world.outside / "made.db"),
    lambda world: f"file:{world.outside}/app.db?mode=rw&uri=true",
    lambda world: f"%2e%2e/{world.outside.name}/app.db",
]


BESIDE = {"linked-log.db", "linked-journal.db", "memory.db"}
"""What stands beside a database, and means nothing to another file."""


@pytest.mark.parametrize("placed", STATE, ids=lambda each: each.__name__)
@pytest.mark.parametrize("door", SIMULATED, ids=lambda each: each.__name__)
def test_the_state_of_a_simulator_is_a_file_of_ours_in_the_state_folder(
    door: Door, placed: Callable[[World], str], world: World
) -> None:
    if placed.__name__ not in BESIDE:
        test_a_database_of_a_project_is_a_file_of_ours_in_its_state_folder(door, placed, world)


@pytest.mark.parametrize("placed", STATE, ids=lambda each: each.__name__)
@pytest.mark.parametrize("door", KEPT, ids=lambda each: each.__name__)
def test_a_database_of_a_project_is_a_file_of_ours_in_its_state_folder(
    door: Door, placed: Callable[[World], str], world: World
) -> None:
    path = placed(world)
    world.write("fleet.csv", "")
    before, inside = listing(world.outside), listing(world.project)
    run = door(world, path)
    check_refused(run)
    assert KEY_PLACE.search(run.out + run.err), run
    assert listing(world.outside) == before
    assert changed(inside, listing(world.project)) <= {".", "reconciler.yaml", "fleet.csv"}


def changed(before: object, after: object) -> set[str]:
    """Return what is not as it was; the time of access inside the project does not count."""
    assert isinstance(before, dict)
    assert isinstance(after, dict)

    def facts(found: tuple[object, ...]) -> tuple[object, ...]:
        return (*found[:5], found[6])

    return {
        name
        for name in before.keys() | after.keys()
        if name not in before or name not in after or facts(before[name]) != facts(after[name])
    }


def operators_ledger_of_an_audit(world: World, path: str) -> Run:
    return world.run("audit", "--ledger", f"sqlite:///{path}", "--resume", "run")


def operators_ledger_of_history(world: World, path: str) -> Run:
    return world.run("history", "--ledger", f"sqlite:///{path}")


def operators_ledger_of_pruning(world: World, path: str) -> Run:
    return world.run("history", "prune", "--keep", "1", "--ledger", f"sqlite:///{path}")


def operators_pipe(world: World) -> str:
    os.mkfifo(world.project / "pipe")
    return "pipe"


NOT_OURS = [
    lambda world: str(world.outside / "app.db"),
    lambda world: str(world.outside / "secret.txt"),
    lambda _world: "reconciler.yaml",
    lambda _world: "/dev/zero",
    lambda _world: "rooms",
    lambda world: str(sparse(world.project / "big.db")),
    operators_pipe,
]


@pytest.mark.parametrize(
    "placed", NOT_OURS, ids=["database", "text", "project", "device", "folder", "oversize", "pipe"]
)
@pytest.mark.parametrize(
    "door",
    [operators_ledger_of_an_audit, operators_ledger_of_history, operators_ledger_of_pruning],
    ids=lambda each: each.__name__,
)
def test_a_ledger_the_operator_names_is_never_made_of_what_is_not_one(
    door: Door, placed: Callable[[World], str], world: World
) -> None:
    path = placed(world)
    before = listing(world.outside), listing(world.project)
    check_refused(door(world, path))
    assert not changed(before[0], listing(world.outside))
    assert not changed(before[1], listing(world.project))


SHOWN: list[Callable[[World, str], Run]] = [
    lambda world, path: world.run("show", path),
    lambda world, path: world.run("apply", path),
    lambda world, path: world.run("comment", path, "--dry-run"),
    lambda world, path: world.run("plan", "--live", path),
    lambda world, path: world.run("export", "--live", path, "-o", "new"),
    lambda world, path: world.run("compare", "demo", f"demo={path}"),
    lambda world, path: world.run("audit", "--fleet", path),
    lambda world, path: world.run("simulate", "--seed", path),
]
NAMED = ["show", "apply", "comment", "live", "export", "compare", "fleet", "seed"]


@pytest.mark.parametrize(
    "placed",
    [pipe, device, link_to_a_device, oversize, foreign, lambda _world: "rooms"],
    ids=["pipe", "device", "link", "oversize", "foreign", "folder"],
)
@pytest.mark.parametrize("door", SHOWN, ids=NAMED)
def test_a_file_the_operator_names_is_a_regular_one_of_bounded_size(
    door: Door, placed: Callable[[World], str], world: World
) -> None:
    path = placed(world)
    before = listing(world.outside)
    check_refused(door(world, path))
    assert listing(world.outside) == before


@pytest.mark.parametrize(
    "placed", [symlink, symlink_inside, link_to_a_device, lambda world: ""], ids=["symlink", "inside", "device", "pipe"]
)
def test_the_project_file_is_a_regular_file(placed: Callable[[World], str], world: World) -> None:
    name = placed(world)
    path = world.project / "reconciler.yaml"
    path.unlink()
    if name:
        (world.project / name).rename(path)
    else:
        os.mkfifo(path)
    before = listing(world.outside)
    for command in ("validate", "plan", "audit"):
        check_refused(world.run(command))
    assert listing(world.outside) == before


def test_a_file_above_the_cap_is_refused_before_it_is_read(world: World) -> None:
    """3 GB in a process that may have half of one."""
    (world.project / "reconciler.yaml").unlink()
    sparse(world.project / "reconciler.yaml")
    half = 512 << 20
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "-C", str(world.project), "validate"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (half, half)),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert (done.returncode, "E_YAML_SIZE" in done.stderr) == (1, True), done.stderr


LIVE = '{"smart_live_rooms": [{"room_id": "r1", "room_name": "One", "room_type": "NORMAL"}]}'
WRITTEN: dict[str, Callable[[World, str], Run]] = {
    "out": lambda world, path: world.run("plan", "--out", path),
    "report": lambda world, path: world.run("plan", "--report", f"markdown={path}"),
    "snapshot": lambda world, path: world.run("snapshot", "-o", path),
    "metrics": lambda world, path: world.run("audit", "--metrics", path),
}


@pytest.mark.parametrize("door", WRITTEN.values(), ids=WRITTEN)
def test_what_is_written_replaces_a_link_and_does_not_follow_it(door: Door, world: World) -> None:
    (world.project / "made.json").symlink_to(world.outside / "secret.txt")
    before = listing(world.outside)
    run = door(world, "made.json")
    assert "Traceback" not in run.err
    assert not (world.project / "made.json").is_symlink()
    assert (world.project / "made.json").stat().st_size
    assert listing(world.outside) == before


@pytest.mark.parametrize("door", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("placed", ["linked/made.json", "pipe.json", "rooms", "linked/../linked/made.json"])
def test_what_is_written_goes_through_no_linked_folder_and_waits_for_no_pipe(
    door: Door, placed: str, world: World
) -> None:
    (world.project / "linked").symlink_to(world.outside)
    os.mkfifo(world.project / "pipe.json")
    before = listing(world.outside), listing(world.project)
    check_refused(door(world, placed))
    assert not changed(before[0], listing(world.outside))
    assert not changed(before[1], listing(world.project)) - {"."}


FILLED = {
    "export": ("export", "-o", "new"),
    "force": ("export", "-o", "new", "--force"),
    "init": ("init", "new"),
    "from": ("init", "--from-env", "demo", "new"),
    "schema": ("schema", "-o", "new"),
}


@pytest.mark.parametrize("target", ["folder", "secret.txt", "made"])
@pytest.mark.parametrize("command", FILLED.values(), ids=FILLED)
def test_a_folder_that_is_filled_holds_no_link(command: tuple[str, ...], target: str, world: World) -> None:
    """A link in place of the folder, of each folder in it, and of its files."""
    world.write("live.yaml", LIVE)
    assert world.run(*command).code == 0
    new = world.project / "new"
    below = sorted(new.rglob("*"))
    files = [path for path in below if path.is_file()]
    for place in [new, *(path for path in below if path.is_dir()), files[0], files[-1]]:
        kept = place.rename(world.project / "kept")
        place.symlink_to(world.outside / target)
        before = listing(world.outside), listing(world.project)
        run = world.run(*command)
        check_refused(run)
        assert "E_PATH_SYMLINK" in run.err
        assert str(place.relative_to(world.project)) in run.err
        assert not changed(before[0], listing(world.outside))
        assert not changed(before[1], listing(world.project))
        place.unlink()
        kept.rename(place)


def test_a_log_is_added_to_no_link(world: World) -> None:
    (world.project / "log").symlink_to(world.outside / "secret.txt")
    (world.project / "linked").symlink_to(world.outside)
    os.mkfifo(world.project / "pipe")
    before = listing(world.outside)
    for name in ("log", "linked/log", "pipe", "rooms"):
        check_refused(world.run("simulate", "--log", name))
    assert listing(world.outside) == before


def test_a_pipe_that_nobody_writes_to_is_no_certificate(world: World) -> None:
    os.mkfifo(world.project / "pipe")
    world.environment(endpoint="https://127.0.0.1:9", project_id="p1", auth="none")
    for path in (world.project / "pipe", "/dev/zero", world.outside / "app.db"):
        with within(SECONDS):
            run = reconciler("-C", world.project, "plan", variables={"RECONCILER_CA_FILE": str(path)})
        assert run.code in (1, 3)
        assert "Traceback" not in run.err


# What is ours is still used, from before too.


def test_a_ledger_from_before_is_taken_over_and_marked(world: World) -> None:
    world.environment(ledger="sqlite:///.reconciler/ledger.db")
    assert world.run("apply", "--auto-approve").code == 0
    path = world.project / ".reconciler/ledger.db"
    with closing(connect(path)) as connection, connection:
        connection.execute("PRAGMA application_id = 0")
    assert world.run("history").code == 0
    assert mark(path) == 0, "reading changes nothing"
    assert world.run("apply", "--auto-approve").code == 0
    assert mark(path) == 0x7265636C
    assert world.run("audit").code == 2, "the simulator has forgotten, the ledger has not"


def mark(path: Path) -> int:
    with closing(connect(path)) as connection:
        return int(connection.execute("PRAGMA application_id").fetchone()[0])


@pytest.mark.parametrize(
    "more", ["CREATE TABLE theirs (a)", "CREATE VIEW theirs AS SELECT 1", "DROP TABLE reconciler_runs"]
)
def test_tables_of_ours_in_another_programs_database_do_not_make_it_ours(world: World, more: str) -> None:
    """What an earlier version added to a database that was there already."""
    world.environment(ledger="sqlite:///.reconciler/ledger.db")
    assert world.run("apply", "--auto-approve").code == 0
    with closing(connect(world.project / ".reconciler/ledger.db")) as connection, connection:
        connection.execute("PRAGMA application_id = 0")
        connection.execute(more)
    before = listing(world.project)
    run = world.run("apply", "--auto-approve")
    assert (run.code, "E_LEDGER_FOREIGN" in run.err) == (1, True), run.err
    assert not changed(before, listing(world.project))


def test_a_cache_and_a_ledger_are_not_taken_for_each_other(world: World) -> None:
    world.environment(ledger="sqlite:///.reconciler/ledger.db")
    assert world.run("apply", "--auto-approve").code == 0
    ReadCache(".reconciler/cache.db", root=world.project, scope="s").close()
    before = listing(world.project)
    check_refused(cache(world, ".reconciler/ledger.db"))
    check_refused(ledger_of_an_apply(world, ".reconciler/cache.db"))
    assert changed(before, listing(world.project)) <= {".", "reconciler.yaml"}


def test_a_ledger_with_a_second_name_is_not_written_to(world: World) -> None:
    world.environment(ledger="sqlite:///.reconciler/ledger.db")
    assert world.run("apply", "--auto-approve").code == 0
    (world.project / "copy.db").hardlink_to(world.project / ".reconciler/ledger.db")
    before = listing(world.project)
    run = world.run("apply", "--auto-approve")
    assert (run.code, "E_LEDGER_FOREIGN" in run.err) == (1, True)
    assert not changed(before, listing(world.project))


def test_an_operator_reads_through_links_and_keeps_a_ledger_anywhere(world: World) -> None:
    assert world.run("plan", "--out", "p.json").code == 0
    (world.outside / "link.json").symlink_to(world.project / "p.json")
    assert world.run("show", world.outside / "link.json").code == 0
    assert world.run("audit", "--ledger", f"sqlite:///{world.outside}/audits.db").code in (0, 2)
    assert (world.outside / "audits.db").is_file()


def test_a_cache_in_the_state_folder_is_made_and_used(world: World) -> None:
    with running(Simulator({})) as url:
        world.environment(endpoint=url, project_id="0" * 32, auth="none", cache=".reconciler/cache.db")
        assert world.run("plan").code == 0
        assert world.run("plan").code == 0
    assert mark(world.project / ".reconciler/cache.db") == 0x72656363
    assert (world.project / ".reconciler/.gitignore").read_text() == "*\n"
