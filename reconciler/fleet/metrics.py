"""Figures of an audit in Prometheus' text format, for a textfile collector."""

from collections.abc import Iterator, Sequence

from reconciler.fleet.audit import Visited

_HELP = {
    "reconciler_environment_readable": "Whether the environment's live side could be read.",
    "reconciler_environment_complete": "Whether the read was proven complete.",
    "reconciler_changes": "Changes a plan would make, by action.",
    "reconciler_fields": "Fields that differ, by who moved them.",
    "reconciler_unmanaged": "Live objects that no manifest declares.",
    "reconciler_findings": "Rules of health that do not hold, by severity.",
}


def textfile(results: Sequence[Visited]) -> str:
    """Return the figures of every environment; the same audit gives the same text."""
    samples = [sample for one in results for sample in _samples(one)]
    return "".join(f"{line}\n" for name in _HELP for line in _family(name, samples))


def _family(name: str, samples: Sequence[tuple[str, dict[str, str], int]]) -> Iterator[str]:
    yield f"# HELP {name} {_HELP[name]}"
    yield f"# TYPE {name} gauge"
    for metric, labels, value in samples:
        if metric == name:
            spelled = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            yield f"{name}{{{spelled}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _samples(one: Visited) -> Iterator[tuple[str, dict[str, str], int]]:
    place = {"environment": one.environment}
    plan = one.planned.plan if one.planned else None
    yield "reconciler_environment_readable", place, int(plan is not None)
    if plan is None:
        return
    counts = plan.summary()
    yield "reconciler_environment_complete", place, int(plan.complete)
    for action in ("add", "change", "destroy"):
        yield "reconciler_changes", place | {"action": action}, getattr(counts, action)
    for cause in ("config", "drift", "conflict", "already", "pending", "unattributed"):
        yield "reconciler_fields", place | {"attribution": cause}, getattr(counts, cause)
    yield "reconciler_unmanaged", place, counts.unmanaged
    for severity in ("error", "warning", "note"):
        found = sum(1 for item in one.findings if item.severity.value == severity)
        yield "reconciler_findings", place | {"severity": severity}, found
