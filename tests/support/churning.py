"""One read of a service that changes between the pages, and what a plan would have made of it."""

from dataclasses import dataclass, field

from reconciler.api.client import ReadClient
from reconciler.api.connection import Connection
from reconciler.kinds.registry import kind_named
from reconciler.model.read_result import ConfirmRequest, ReadRequest
from reconciler.readers.http_reader import HttpReader
from reconciler.simulator import Simulator, transport

PROJECT = "0" * 32
ROOM = kind_named("SmartLiveRoom")
ORDERS = ("create_desc", "create_asc", "update_desc", "shuffled")
OBJECTS, PAGE, UNDECLARED, NEW = 60, 10, 5, 3


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one schedule led to: names and ids a plan would have been wrong about, and whether it could say anything."""

    false_creates: set[str] = field(default_factory=set)
    false_deletes: set[str] = field(default_factory=set)
    missed_creates: set[str] = field(default_factory=set)
    inconclusive: bool = False
    requests: int = 0


def schedule(seed: int, *, order: str, rate: float, ledger: bool, parallelism: int = 1) -> Verdict:
    """Read 60 rooms in pages of 10 while the dice change them; 5 are no longer declared, 3 are new in the manifests."""
    simulator = _service(seed, order, rate)
    born = {entry.name: entry.id for entry in simulator.console("SmartLiveRoom").objects.entries.values()}
    names = sorted(born)
    dropped = set(names[:: OBJECTS // UNDECLARED])
    declared = {name for name in names if name not in dropped} | {f"new {n}" for n in range(NEW)}
    connection = Connection(base_url="http://127.0.0.1", project_id=PROJECT, transport=transport(simulator))
    reader = HttpReader(ReadClient(connection), parallelism=parallelism)
    known = frozenset(born.values()) if ledger else frozenset()
    fields = dict.fromkeys(declared, frozenset[str]())
    reading = reader.read(ROOM, ReadRequest(known=known, fields=fields))
    if not reading.complete:
        return Verdict(inconclusive=True, requests=reader.usage.requests)
    live = {one.id: one.name for one in reading.resources}
    doubt = ConfirmRequest(
        creates=frozenset(declared - set(live.values())),
        deletes=frozenset(key for key, name in live.items() if key in known and name not in declared),
    )
    answer = reader.confirm(ROOM, doubt)
    creates = doubt.creates - {one.name for one in answer.found} - answer.unsure.keys()
    deletes = doubt.deletes - answer.gone - answer.unsure.keys()
    left = {entry.id: entry.name for entry in simulator.console("SmartLiveRoom").objects.entries.values()}
    return Verdict(
        false_creates={name for name in creates if born.get(name) in left},
        false_deletes={key for key in deletes if key not in left or left[key] in declared},
        missed_creates={name for name in declared - creates - answer.unsure.keys() if name.startswith("new ")},
        inconclusive=bool(answer.unsure),
        requests=reader.usage.requests,
    )


def _service(seed: int, order: str, rate: float) -> Simulator:
    shuffled = order == "shuffled"
    listing = {"operation": "list", "kind": "SmartLiveRoom"}
    faults = [{"match": listing, "cap": PAGE}]
    if rate:
        faults.append({"match": listing, "churn": {"rate": rate}, "seed": seed})
    stamp = {"create_time": "2025-12-01T00:00:00Z", "update_time": "2025-12-01T00:00:00Z"}
    rooms = [{"room_name": f"room {n:02}", **(stamp if shuffled else {})} for n in range(OBJECTS)]
    behaviours = {"order": "create_desc", "ties": "shuffled"} if shuffled else {"order": order}
    return Simulator({"smart_live_rooms": rooms, "behaviours": behaviours, "faults": faults})
