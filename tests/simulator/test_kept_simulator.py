"""A simulator with a state file: what one process writes is what the next one answers, whatever runs meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.errors import ReconcilerError
from reconciler.simulator import KeptSimulator, Simulator, StateFile
from tests.support.service import GROUPS, ROOMS, Service

STATE = ".reconciler/simulator.json"
SEED = {"smart_live_rooms": [{"room_name": "A"}, {"room_name": "B", "room_id": "b"}]}


def kept(folder: Path, seed: dict | None = None) -> Service:
    return Service(KeptSimulator(Simulator(SEED if seed is None else seed), StateFile(folder, STATE)))


def test_a_write_is_what_another_process_reads(tmp_path: Path) -> None:
    one, other = kept(tmp_path), kept(tmp_path)
    assert one.rooms() == other.rooms()
    made = one.call("POST", ROOMS, {"room_name": "C"}).json()["room_id"]
    assert other.room(made) == one.room(made)
    other.call("PUT", f"{ROOMS}/{made}", {"room_name": "C", "room_description": "changed"})
    other.call("DELETE", f"{ROOMS}/b")
    assert one.room(made)["room_description"] == "changed"
    assert [room["room_name"] for room in one.rooms()] == ["C", "A"]
    assert kept(tmp_path).rooms() == one.rooms()


def test_a_process_that_only_reads_makes_no_file(tmp_path: Path) -> None:
    service = kept(tmp_path)
    service.rooms()
    assert service.call("DELETE", f"{ROOMS}/none").status == 400
    assert not (tmp_path / STATE).exists()


def test_clients_in_several_processes_lose_no_write_and_get_no_id_twice(tmp_path: Path) -> None:
    """Each thread has a simulator and a lock of its own, as a process has."""

    def written(number: int) -> list[str]:
        service = kept(tmp_path)
        rooms = [service.call("POST", ROOMS, {"room_name": f"{number} {turn}"}) for turn in range(5)]
        group = service.call("POST", GROUPS, {"group_name": f"{number}", "interaction_rules": [{"rule_name": "r"}]})
        return [*(room.json()["room_id"] for room in rooms), group.json()["group_id"]]

    with ThreadPoolExecutor(4) as pool:
        ids = [each for found in pool.map(written, range(4)) for each in found]
    assert len(set(ids)) == 24
    service = kept(tmp_path)
    assert service.call("GET", ROOMS, limit=100).json()["count"] == 22
    rules = [service.group(each)["interaction_rules"][0]["rule_id"] for each in ids if each not in _rooms(service)]
    assert len(set(rules)) == 4


def _rooms(service: Service) -> set[str]:
    return {room["room_id"] for room in service.rooms(limit=100)}


def test_the_console_gives_no_id_twice_either(tmp_path: Path) -> None:
    ids = set()
    for _ in range(3):
        with KeptSimulator(Simulator(SEED), StateFile(tmp_path, STATE)).editing() as simulator:
            console = simulator.console("SmartLiveRoom")
            entry = console.insert({"room_name": "same"})
            ids.add(entry.id)
            console.remove(entry)
    assert len(ids) == 3


def test_faults_of_the_seed_act_on_what_is_kept(tmp_path: Path) -> None:
    fault = {"match": {"operation": "list"}, "nth": 2, "edits": [{"action": "delete", "name": "A"}]}
    service = kept(tmp_path, {**SEED, "faults": [fault]})
    assert len(service.rooms()) == 2
    service.rooms()
    assert [room["room_name"] for room in kept(tmp_path).rooms()] == ["B"]


@pytest.mark.parametrize("path", ["state.json", ".reconciler/../x", "/tmp/x", ".reconciler/.x"])
def test_no_other_place_is_taken(tmp_path: Path, path: str) -> None:
    with pytest.raises(ReconcilerError) as refused:
        StateFile(tmp_path, path)
    assert refused.value.code == "E_PATH"


def test_the_file_is_for_its_user_alone_and_no_temporary_one_stays(tmp_path: Path) -> None:
    kept(tmp_path).call("POST", ROOMS, {"room_name": "C"})
    assert (tmp_path / STATE).stat().st_mode & 0o777 == 0o600
    assert {path.name for path in (tmp_path / ".reconciler").iterdir()} == {"simulator.json", ".gitignore"}
