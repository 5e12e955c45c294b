"""Who owns an object: an id and an environment, never the name of a folder; taken over only where it is asked for."""

import re
import subprocess
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine

from reconciler.ledger.sql_ledger import open_audits, open_ledger
from reconciler.model.ledger_state import LedgerState, ObjectRecord, ProjectIdentity
from reconciler.model.run_history import AuditRecord, RunRecord
from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import Run as CommandRun
from tests.support.command_line import reconciler, room

PROJECT = "0" * 32


class Place:
    """A simulated service, a ledger, and projects that use both."""

    def __init__(self, simulator: Simulator, address: str, ledger: str) -> None:
        self.simulator, self.address, self.ledger = simulator, address, ledger

    @property
    def shared_file(self) -> bool:
        return self.ledger.startswith("sqlite")

    def rooms(self) -> list[str]:
        entries = self.simulator.console("SmartLiveRoom", PROJECT).objects.entries.values()
        return sorted(entry.name for entry in entries)

    def project(
        self, folder: Path, *rooms: str, environment: str = "prod", prune: str = "owned", head: str = ""
    ) -> Path:
        """Write a project without a name, so that it is called as its folder is."""
        keys = f'endpoint: "{self.address}", project_id: "{PROJECT}", prune: {prune}'
        if not self.shared_file:
            keys += f', ledger: "{self.ledger}"'
        (folder / "m").mkdir(parents=True, exist_ok=True)
        for old in (folder / "m").iterdir():
            old.unlink()
        for name in rooms:
            (folder / f"m/{name}.yaml").write_text(room(name))
        text = f"{head}manifests: [m]\nenvironments:\n  {environment}: {{{keys}}}\n"
        (folder / "reconciler.yaml").write_text(text)
        return folder

    def run(self, folder: Path, *arguments: str) -> CommandRun:
        """Run a command as an operator who names the ledger's file, or allows the database's host."""
        server = self.ledger.rpartition("@")[2].partition("/")[0]
        place = {"RECONCILER_LEDGER": self.ledger} if self.shared_file else {"RECONCILER_ALLOWED_HOSTS": server}
        variables = {**place, "RECONCILER_DIGEST_KEY": "a key for digests, long enough"}
        return reconciler("-C", folder, *arguments, variables=variables)

    def apply(self, folder: Path, *arguments: str) -> CommandRun:
        return self.run(folder, "apply", *(arguments or ("--auto-approve",)))


@pytest.fixture
def place(url):
    simulator = Simulator({})
    with running(simulator) as address:
        yield Place(simulator, address, url)


def an_id() -> str:
    return f"id: {uuid4()}\n"


def test_two_repositories_in_folders_of_one_name_delete_nothing_of_each_other(place, tmp_path):
    one, two = (tmp_path / side / "project" for side in ("one", "two"))
    heads = an_id(), an_id()
    place.project(one, "a1", "a2", head=heads[0])
    place.project(two, "b1", "b2", head=heads[1])
    for _ in range(2):
        for folder in (one, two):
            run = place.apply(folder)
            assert run.code == 0, run.out + run.err
    assert place.rooms() == ["a1", "a2", "b1", "b2"]
    place.project(one, "a1", head=heads[0])
    gone = place.apply(one)
    assert gone.code == 0, gone.out + gone.err
    assert place.rooms() == ["a1", "b1", "b2"]


def test_where_a_name_is_not_enough_the_error_has_the_line_to_paste(place, tmp_path):
    place.project(tmp_path, "a", prune="owned")
    for command in (("validate",), ("plan",), ("apply", "--auto-approve")):
        refused = place.run(tmp_path, *command)
        assert refused.code == 1
        assert "E_PROJECT_ID" in refused.err + refused.out
    assert place.rooms() == []
    line = re.search(r"id: (\S+)", refused.err)
    assert line
    assert UUID(line[1]).version == 4
    place.project(tmp_path, "a", head=f"{line[0]}\n")
    assert place.apply(tmp_path).code == 0


def test_a_ledger_in_postgresql_needs_an_id_and_one_in_a_file_does_not(place, tmp_path):
    place.project(tmp_path, "a", prune="none")
    run = place.run(tmp_path, "plan")
    if place.ledger.startswith("postgresql"):
        assert (run.code, "E_PROJECT_ID" in run.err) == (1, True)
        audits = place.run(place.project(tmp_path / "other", "a", prune="none"), "history", "--ledger", place.ledger)
        assert (audits.code, "E_PROJECT_ID" in audits.err) == (1, True)
    else:
        assert run.code == 0, run.err


def legacy(place: Place, folder: Path, owner: str, *names: str) -> None:
    """Write a ledger's rows as earlier versions did, with the owner's name."""
    scope = f"{place.address.removeprefix('http://')}/{PROJECT}/"
    ledger = open_ledger(place.ledger, root=folder)
    by_name = {one.name: one.id for one in place.simulator.console("SmartLiveRoom", PROJECT).objects.entries.values()}
    things = [
        ObjectRecord(kind="SmartLiveRoom", id=by_name[one], name=one, address=f'SmartLiveRoom["{one}"]', owner=owner)
        for one in names
    ]
    ledger.record_owned(scope, "run", tuple(things), {})
    ledger.close()


def test_rows_of_before_are_taken_over_by_name_once_told_and_never_deleted_by_the_way(place, tmp_path):
    for name in ("kept", "dropped"):
        place.simulator.console("SmartLiveRoom", PROJECT).insert({"room_name": name, "room_description": "hello"})
    folder = place.project(tmp_path / "project", "kept", head=an_id())
    legacy(place, folder, "project/prod", "kept", "dropped")
    shown = place.run(folder, "plan")
    assert "2 objects are owned by project/prod, 1 of them to adopt here" in shown.out
    assert "1 to adopt" in shown.out
    asked = place.apply(folder, "--format", "text")
    assert asked.code == 1
    assert "E_NO_TERMINAL" in asked.err
    done = place.apply(folder)
    assert done.code == 0, done.out + done.err
    assert "1 adopted" in done.out
    assert place.rooms() == ["dropped", "kept"]
    again = place.run(folder, "plan")
    assert "to adopt" not in again.out
    assert "1 object is owned by project/prod" in again.out
    taken = place.run(folder, "history", "transfer", "--from", "project/prod")
    assert taken.code == 0, taken.err
    assert "1 object of project/prod now belongs to project/prod" in taken.err
    after = place.run(folder, "plan")
    assert "1 to destroy" in after.out
    assert "W_OWNED_ELSEWHERE" not in after.out


def test_an_object_renamed_in_the_console_is_recognised_by_the_id_in_a_row_of_before(place, tmp_path):
    console = place.simulator.console("SmartLiveRoom", PROJECT)
    entry = console.insert({"room_name": "show", "room_description": "hello"})
    folder = place.project(tmp_path / "project", "show", head=an_id())
    legacy(place, folder, "project/prod", "show")
    console.change(entry, {"room_name": "renamed in the console"})
    shown = place.run(folder, "plan")
    assert "0 to add, 1 to change, 0 to destroy, 1 to adopt" in shown.out


def test_a_renamed_environment_is_told_and_handed_over(place, tmp_path):
    head = "name: shop\n" + an_id()
    folder = place.project(tmp_path, "a", "b", environment="production", head=head)
    assert place.apply(folder).code == 0
    place.project(tmp_path, "a", environment="prod", head=head)
    shown = place.run(folder, "plan")
    assert "2 objects are owned by shop/production" in shown.out
    assert "reconciler history transfer --from shop/production -e prod" in shown.out
    taken = place.run(folder, "history", "transfer", "--from", "shop/production", "-e", "prod")
    assert (taken.code, taken.err.count("2 objects of shop/production now belong to shop/prod")) == (0, 1)
    after = place.run(folder, "plan")
    assert "1 to destroy." in after.out
    assert "owned by" not in after.out
    unknown = place.run(folder, "history", "transfer", "--from", "shop/nowhere")
    assert unknown.code == 1
    assert "E_OWNER_UNKNOWN" in unknown.err
    assert "shop/prod (2)" in unknown.err


def test_a_renamed_project_still_owns_what_its_id_owns(place, tmp_path):
    head = an_id()
    folder = place.project(tmp_path, "a", "b", head="name: shop\n" + head)
    assert place.apply(folder).code == 0
    place.project(tmp_path, "a", head="name: store\n" + head)
    shown = place.run(folder, "plan")
    assert "1 to destroy." in shown.out
    assert "to adopt" not in shown.out
    assert place.apply(folder).code == 0
    assert "store/prod" in place.run(folder, "history").out


def test_taking_ownership_is_asked_for_and_declined(place, tmp_path):
    for name, text in (("same", "hello"), ("other", "typed in the console")):
        place.simulator.console("SmartLiveRoom", PROJECT).insert({"room_name": name, "room_description": text})
    head = an_id()
    folder = place.project(tmp_path, "same", "other", head=head)
    assert "0 to add, 1 to change, 2 to adopt." in place.run(folder, "plan").out
    declined = place.apply(folder, "--auto-approve", "--no-adopt")
    assert declined.code == 0, declined.err
    assert "--no-adopt leaves out 2 objects that are not owned, 1 of them would be changed" in declined.out
    entries = place.simulator.console("SmartLiveRoom", PROJECT).objects.entries.values()
    assert {entry.body["room_description"] for entry in entries} == {"hello", "typed in the console"}
    place.project(tmp_path, "same", head=head)
    assert "1 to adopt" in place.run(folder, "plan").out
    agreed = place.apply(folder, "--adopt")
    assert agreed.code == 0, agreed.err
    assert "1 adopted" in agreed.out
    assert "to adopt" not in place.run(folder, "plan").out
    place.project(tmp_path, "new", head=head)
    assert place.apply(folder).code == 0
    assert place.rooms() == ["new", "other"]


def test_a_kept_plan_takes_no_ownership_that_it_did_not_show(place, tmp_path):
    console = place.simulator.console("SmartLiveRoom", PROJECT)
    folder = place.project(tmp_path, "new", head="name: shop\n" + an_id())
    assert place.run(folder, "plan", "--out", "p.json").code == 0
    console.insert({"room_name": "late", "room_description": "hello"})
    (folder / "m/late.yaml").write_text(room("late"))
    done = place.apply(folder, "p.json")
    assert done.code == 0, done.out + done.err
    assert "1 to adopt" in place.run(folder, "plan").out
    assert place.run(folder, "plan", "--out", "p.json").code == 0
    assert "1 adopted" in place.apply(folder, "p.json").out


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def repository(folder: Path) -> None:
    git(folder, "init", "-q")
    git(folder, "add", "reconciler.yaml")
    git(folder, "commit", "-q", "-m", f"begin {folder}")


def test_one_id_in_two_repositories_is_told_and_not_applied_until_it_is_confirmed(place, tmp_path):
    head = "name: shop\n" + an_id()
    one = place.project(tmp_path / "one", "a", head=head)
    repository(one)
    assert place.apply(one).code == 0
    two = place.project(tmp_path / "two", "b", head=head)
    repository(two)
    shown = place.run(two, "plan")
    assert "W_PROJECT_ID_SHARED" in shown.out
    refused = place.apply(two)
    assert refused.code == 1
    assert "E_PROJECT_ID_SHARED" in refused.err
    assert place.rooms() == ["a"]
    confirmed = place.run(two, "history", "transfer", "--from", "shop/prod")
    assert confirmed.code == 0, confirmed.err
    assert "W_PROJECT_ID_SHARED" not in place.run(two, "plan").out


def test_names_of_owners_are_kept_and_a_ledger_of_before_has_none(url, tmp_path):
    identity = ProjectIdentity(id=str(uuid4()), name="shop")
    owner = identity.owner("prod")
    assert (identity.name_of(owner), identity.former(owner)) == ("shop/prod", "shop/prod")
    assert identity.former("other/prod") == ""
    assert ProjectIdentity(name="shop").former("shop/prod") == ""
    ledger = open_ledger(url, root=tmp_path, identity=identity)
    assert ledger.load_state("s", owner) == LedgerState(owner=owner, former="shop/prod", adopts=True)
    assert ledger.names() == {}
    ledger.close()


def test_a_ledger_of_before_is_read_and_gets_the_table_of_owners_with_the_next_write(url, tmp_path):
    identity = ProjectIdentity(id=str(uuid4()), name="shop")
    run = RunRecord(id="r", scope="s", owner=identity.owner("prod"), command="apply")
    old = open_ledger(url, root=tmp_path)
    old.start(run)
    old.close()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE reconciler_owners")
    engine.dispose()
    ledger = open_ledger(url, root=tmp_path, identity=identity)
    assert ledger.load_state("s", run.owner).names == {}
    ledger.start(run)
    assert ledger.names() == {run.owner: "shop/prod"}
    assert ledger.load_state("s", run.owner).name_of(run.owner) == "shop/prod"
    ledger.close()


def test_what_differs_keeps_its_age_under_the_new_owner(url, tmp_path):
    ledger, audits = open_ledger(url, root=tmp_path), open_audits(url, root=tmp_path)
    differs = {('SmartLiveRoom["a"]', "room_description"): "drift"}
    audits.record("run 1", [AuditRecord(owner="project/prod", result="{}", differs=differs, looked=True)])
    (before,) = audits.drift("project/prod")
    ledger.transfer("", "project/prod", "5b0e/prod")
    assert audits.drift("project/prod") == ()
    (after,) = audits.drift("5b0e/prod")
    assert (after.first, after.since, after.open) == (before.first, before.since, True)
    audits.record("run 2", [AuditRecord(owner="5b0e/prod", result="{}", differs={}, looked=True)])
    assert [(one.open, one.flips) for one in audits.drift("5b0e/prod")] == [(False, before.flips + 1)]
    ledger.transfer("", "nobody/prod", "5b0e/prod")
    assert len(audits.drift("5b0e/prod")) == 1
