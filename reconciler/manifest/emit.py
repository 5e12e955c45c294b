"""From live objects to manifests that people would write.

The law: what is emitted and read back is the same managed part, so that a plan right after an export has no changes.
What a manifest cannot hold is left out, and said.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.kinds.kind import Kind
from reconciler.manifest import gate, names
from reconciler.manifest.envelope import API_VERSION
from reconciler.manifest.portion import Portion
from reconciler.manifest.problem import warning
from reconciler.manifest.spelling import document
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.resource import Json, Live
from reconciler.strings import normalize_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """The text of each manifest, one a live object, and what was left out."""

    manifests: tuple[tuple[Live, str], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def emit(kind: Kind, live: Iterable[Live]) -> Emitted:
    """Write the manifests of live objects of one kind, in the order of their names.

    Defaults, computed and unknown fields are left out, secrets become references. Objects that share a name are pinned
    by id. Foreign objects, and those with something no manifest can hold, are left out with a diagnostic.
    """
    manifests: list[tuple[Live, str]] = []
    problems: list[Diagnostic] = []
    found = sorted(live, key=lambda each: (each.name, each.id))
    times = Counter(normalize_name(each.name) for each in found if not each.foreign)
    for each in found:
        refusal = each.foreign or _unnameable(each)
        portion = Portion(kind, each)
        spec = {} if refusal else portion.spec()
        refusal = refusal or portion.refusal
        problems += [_told(each, message) for message in portion.left_out]
        if refusal:
            problems.append(_left_out(each, refusal))
        else:
            manifests.append(
                (each, _text(kind, each, spec, portion.secrets, pinned=times[normalize_name(each.name)] > 1))
            )
    return Emitted(manifests=tuple(manifests), diagnostics=tuple(problems))


def _text(kind: Kind, live: Live, spec: Mapping[str, Json], secrets: Iterable[str], *, pinned: bool) -> str:
    metadata: dict[str, Json] = {"name": live.name}
    if pinned:
        metadata["id"] = live.id
    value = {"apiVersion": API_VERSION, "kind": kind.name, "metadata": metadata, "spec": dict(spec)}
    comments = ["Written by `reconciler export`. Fields at their documented default are left out."]
    comments += [f"The secret {name} is read from RECONCILER_SECRET_{name} when it is applied." for name in secrets]
    return document(comments, value)


def _unnameable(live: Live) -> str:
    found = names.problem(live.name) or gate.in_value(live.name)
    return found[1] if found else ""


def _left_out(live: Live, why: str) -> Diagnostic:
    return _told(live, f"it is left out: {why}")


def _told(live: Live, message: str) -> Diagnostic:
    told = warning("W_EXPORT_LEFT_OUT", message)
    return Diagnostic(severity=Severity.WARNING, code=told.code, message=message, address=live.address)
