"""Metrics of an audit in Prometheus' text format, for the node exporter's textfile collector."""

from collections.abc import Iterator, Sequence

from reconciler.fleet.environment_result import EnvironmentResult
from reconciler.model.change import Attribution
from reconciler.model.diagnostic import Severity

_HELP = {
    "reconciler_environment_readable": "Whether the environment's live side could be read.",
    "reconciler_environment_complete": "Whether the read was proven complete.",
    "reconciler_changes": "Changes a plan would make, by action; no sample for what is not known without a ledger.",
    "reconciler_fields": "Fields that differ, by who moved them; no sample for what is not known without a ledger.",
    "reconciler_unmanaged": "Live objects that no manifest declares.",
    "reconciler_findings": "Rules of health that do not hold, by severity.",
    "reconciler_requests": "Requests the audit sent.",
    "reconciler_retries": "Requests the audit sent again.",
    "reconciler_duration_seconds": "Time the environment's audit took.",
    "reconciler_processor_seconds": "Processor time the environment's visit took.",
    "reconciler_audit_duration_seconds": "Time the whole audit took.",
    "reconciler_audit_timestamp_seconds": "When the audit ended, in seconds since 1970.",
}

_Sample = tuple[str, dict[str, str], float]


def textfile(results: Sequence[EnvironmentResult], *, now: float, seconds: float) -> str:
    """Return the metrics of an audit that ended `now` and took `seconds`: all gauges, with names as labels."""
    samples = [
        *(sample for one in results for sample in _samples(one)),
        ("reconciler_audit_duration_seconds", {}, round(seconds, 3)),
        ("reconciler_audit_timestamp_seconds", {}, round(now)),
    ]
    return "".join(f"{line}\n" for name in _HELP for line in _family(name, samples))


def _family(name: str, samples: Sequence[_Sample]) -> Iterator[str]:
    yield f"# HELP {name} {_HELP[name]}"
    yield f"# TYPE {name} gauge"
    for metric, labels, value in samples:
        if metric == name:
            spelled = ",".join(f'{key}="{escaped(text)}"' for key, text in labels.items())
            yield f"{name}{{{spelled}}} {value}" if labels else f"{name} {value}"


def escaped(text: str) -> str:
    """Escape a label's value for the format: backslash, quote and line feed."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _samples(one: EnvironmentResult) -> Iterator[_Sample]:
    place = {"environment": one.environment}
    yield "reconciler_environment_readable", place, int(one.readable)
    yield "reconciler_duration_seconds", place, round(one.seconds, 3)
    if one.worker:
        yield "reconciler_processor_seconds", place, round(one.processor, 6)
    if one.planned is None or one.plan is None:
        return
    counts = one.plan.summary()
    yield "reconciler_environment_complete", place, int(one.plan.complete)
    for action in ("add", "change", "destroy"):
        if one.plan.knows(action):
            yield "reconciler_changes", place | {"action": action}, getattr(counts, action)
    for cause in Attribution:
        if one.plan.knows(cause.value):
            yield "reconciler_fields", place | {"attribution": cause.value}, getattr(counts, cause.value)
    yield "reconciler_unmanaged", place, counts.unmanaged
    for severity in Severity:
        found = sum(1 for item in one.findings if item.severity is severity)
        yield "reconciler_findings", place | {"severity": severity.value}, found
    yield "reconciler_requests", place, one.planned.usage.requests
    yield "reconciler_retries", place, one.planned.usage.retries
