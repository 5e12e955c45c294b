"""One run of all probes: what an interrupted run left is removed, then the reads, then the writes, then the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from reconciler.api.client import ReadClient
from reconciler.api_probe.list_orders import OrderEvidence
from reconciler.api_probe.observations import Observations, ProbeAnswer
from reconciler.api_probe.probe_objects import Leftovers, ProbeObjects, remove_leftovers
from reconciler.api_probe.probe_target import ProbeTarget
from reconciler.api_probe.read_probes import ReadProbes
from reconciler.api_probe.request_log import RequestLog
from reconciler.api_probe.write_probes import ObjectProbes
from reconciler.errors import ReconcilerError
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """Answers, the problems on the way, what was left over, and by kind the rows and objects that were read."""

    answers: tuple[ProbeAnswer, ...]
    problems: tuple[ReconcilerError, ...] = ()
    leftovers: Leftovers = field(default_factory=Leftovers)
    rows: Mapping[str, Sequence[Mapping[str, Json]]] = field(default_factory=dict)


def run_probes(
    reader: ReadClient, log: RequestLog, objects: ProbeObjects, kinds: Mapping[str, Kind], writes: Sequence[Kind] = ()
) -> ProbeResult:
    """Run the read-only probes of all kinds, and the write probes of those in `writes`.

    `log` observes the connection of both clients. Raises ReconcilerError where the service cannot be asked; what was
    created is removed in any case.
    """
    seen, orders = Observations(), OrderEvidence()
    problems: list[ReconcilerError] = []
    leftovers = remove_leftovers(objects, kinds)
    reads = ReadProbes(client=reader, kinds=kinds, seen=seen, orders=orders, log=log)
    reads.run()
    try:
        for kind in writes:
            problems += _written(kind, objects, log, seen, orders)
    finally:
        problems += objects.remove_all(kinds)
    orders.decide(seen)
    rows = {
        name: [*reads.shown.get(name, ()), *(reads.listed[name].rows if name in reads.listed else ())] for name in kinds
    }
    problems = [*leftovers.errors, *reads.problems, *problems]
    return ProbeResult(answers=seen.conclusions(), problems=tuple(problems), leftovers=leftovers, rows=rows)


def _written(
    kind: Kind, objects: ProbeObjects, log: RequestLog, seen: Observations, orders: OrderEvidence
) -> list[ReconcilerError]:
    if kind.probe is None:
        return []
    target = ProbeTarget(kind=kind, bodies=kind.probe, objects=objects, seen=seen, orders=orders)
    probes = ObjectProbes(target=target, seen=seen, log=log)
    try:
        probes.run()
    except ReconcilerError as error:
        return [*probes.problems, error]
    return probes.problems
