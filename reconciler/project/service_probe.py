"""Measures what the service of an environment does: `doctor`."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import field, replace

from reconciler.api.client import ReadClient, WriteClient
from reconciler.api.connection import Connection
from reconciler.api_probe.observations import ProbeAnswer
from reconciler.api_probe.probe_objects import Leftovers, ProbeObjects
from reconciler.api_probe.probe_run import ProbeResult, run_probes
from reconciler.api_probe.request_log import RequestLog
from reconciler.errors import ReconcilerError
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.ledger.probe_records import ProbeRecords
from reconciler.model.service_profile import ServiceProfile
from reconciler.project.environment_session import EnvironmentSession
from reconciler.readers.unknown_fields import find_unknown_fields
from reconciler.strings import count


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceMeasurement:
    """Result of `doctor`: the answers, the number of requests, further facts as lines, and the problems on the way."""

    answers: tuple[ProbeAnswer, ...]
    requests: int
    facts: tuple[str, ...] = ()
    problems: tuple[ReconcilerError, ...] = ()
    leftovers: Leftovers = field(default_factory=Leftovers)


def probed_kinds(*, rooms: bool) -> tuple[Kind, ...]:
    """Return the kinds of which write probes create an object: with `rooms` those too that refer to others."""
    return tuple(kind for kind in all_kinds().values() if kind.probe is not None and (rooms or not kind.depends_on))


def measure_service(opened: EnvironmentSession, link: Connection, writes: tuple[Kind, ...]) -> ServiceMeasurement:
    """Run the read-only probes, and write probes of the kinds in `writes`; what is observed becomes the profile.

    Objects that an interrupted run left are removed first. The scope's lock is held where anything may be written.
    Raises ReconcilerError where the service cannot be asked.
    """
    log, ledger = RequestLog(), opened.ledger()
    records = ledger.probes(opened.scope)
    connection = replace(link, observer=log, pace=link)
    with closing(ReadClient(connection)) as reader, closing(WriteClient(connection)) as writer, ExitStack() as held:
        objects = ProbeObjects(writer=writer, reader=reader, journal=records)
        if writes or records.open_records():
            objects.check = held.enter_context(ledger.lock(opened.scope, opened.owner)).check
        result = run_probes(reader, log, objects, all_kinds(), writes)
        known = records.learned()
        replaced, unrecorded = _record_profile(records, result.answers, wrote=bool(writes))
        return ServiceMeasurement(
            answers=result.answers,
            requests=log.sent,
            facts=(
                *_facts(reader, log, result),
                *(f"seen by earlier runs: {name}: {seen}" for name, seen in known),
                *replaced,
            ),
            problems=(*result.problems, *unrecorded),
            leftovers=result.leftovers,
        )


def _record_profile(
    records: ProbeRecords, answers: tuple[ProbeAnswer, ...], *, wrote: bool
) -> tuple[list[str], list[ReconcilerError]]:
    """Record the answers as the profile; returns what contradicts an earlier one, as lines, and what failed.

    A run without writes replaces a current profile only where they disagree.
    """
    replaced: list[str] = []
    new = {one.behaviour: one.answer for one in answers if one.observed}
    try:
        old = records.profile()
        if old is not None:
            replaced = [
                f"the profile of {old.measured.date()} was dropped: {name} was {old.answers[name]}, now {new[name]}"
                for name in disagreements(old, new)
            ]
        if wrote or old is None or not old.is_current or replaced:
            records.keep_profile(new)
    except ReconcilerError as error:
        return replaced, [error]
    return replaced, []


def _facts(reader: ReadClient, log: RequestLog, result: ProbeResult) -> Iterator[str]:
    link = reader.connection
    secure = "TLS, certificate verified" if link.origin.scheme == "https" else "plain http on loopback"
    yield f"reached {link.origin} ({secure}; {'through a proxy' if link.proxy else 'no proxy'})"
    offset = reader.service_offset
    distance = "unknown, its responses carry no date" if offset is None else f"{offset:+.0f} s from the local one"
    yield f"clock of the service: {distance}"
    for (operation, status), number in sorted(log.statuses.items()):
        yield f"{operation}: HTTP {status} ({count(number, 'response')})"
    for (status, code), number in sorted(log.codes.items()):
        yield f"error code of HTTP {status}: {code or 'none'} ({count(number, 'response')})"
    for shape, number in sorted(log.error_shapes.items()):
        yield f"keys of error bodies: {shape} ({count(number, 'response')})"
    yield f"headers about rate limits: {', '.join(sorted(log.limit_headers)) or 'none'}"
    for calls, limiter in (("reads", reader.connection.reads), ("writes", reader.connection.writes)):
        if limiter.use.is_learnt:
            yield f"rate of {calls}: {limiter.use}"
    for name, kind in all_kinds().items():
        yield from (one.message for one in find_unknown_fields(kind, result.rows.get(name, ())))


def disagreements(profile: ServiceProfile, answers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the behaviours of a profile that were observed to be another choice now."""
    return tuple(
        name for name, answer in answers.items() if name in profile.answers and profile.answers[name] != answer
    )
