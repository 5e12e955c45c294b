"""Reading back what was written: a writer's word is not enough, and the service may not keep what it took."""

import json
from collections.abc import Sequence
from dataclasses import replace

from reconciler.errors import ReconcilerError
from reconciler.kinds.kind import Kind
from reconciler.model.change import Action, Change
from reconciler.model.outcome import Outcome, Status
from reconciler.model.resource import Live
from reconciler.pipeline.before import shown
from reconciler.pipeline.recheck import compare, differences
from reconciler.pipeline.site import Site
from reconciler.ports import Task

NO_STATE = ("", "")


def verify(site: Site, task: Task, outcome: Outcome) -> tuple[Outcome, tuple[str, str]]:
    """Return the outcome as reading back shows it, with the (live, desired) fingerprints of what did not stick."""
    try:
        if task.desired is None:
            return _deleted(site, task, outcome), NO_STATE
        return _written(site, task, outcome)
    except ReconcilerError as error:
        reason = f"it could not be read back: {error.message}"
        return replace(outcome, code="E_NOT_VERIFIED", reason=_joined(outcome.reason, reason)), NO_STATE


def gone(site: Site, kind: Kind, object_id: str) -> bool:
    """Tell whether an object is certainly not there; False where that cannot be told."""
    try:
        return shown(site, kind, object_id) is None
    except ReconcilerError:
        return False


def _deleted(site: Site, task: Task, outcome: Outcome) -> Outcome:
    if shown(site, task.kind, outcome.id) is None:
        return outcome
    return _not_applied(outcome, "it is still there")


def _written(site: Site, task: Task, outcome: Outcome) -> tuple[Outcome, tuple[str, str]]:
    live = _appeared(site, task.kind, outcome.id)
    if live is None:
        return _not_applied(outcome, "no object with its id can be seen"), NO_STATE
    if task.desired is None:
        return outcome, NO_STATE
    now = compare(site, task.desired, live, task.references)
    if now.action is Action.NONE:
        return outcome, NO_STATE
    if _untouched(task, live, now):
        return _not_applied(outcome, "the object is as it was before"), NO_STATE
    return _stuck(outcome, now), (now.before_fingerprint, now.after_fingerprint)


def _appeared(site: Site, kind: Kind, object_id: str) -> Live | None:
    """Show an object that may be so new that not every replica knows it."""
    for _, pause in zip(range(site.settle.looks - 1), site.settle.pauses(), strict=False):
        live = shown(site, kind, object_id)
        if live is not None:
            return live
        site.lease.check()
        site.hooks.sleep(pause)
    return shown(site, kind, object_id)


def _untouched(task: Task, live: Live, now: Change) -> bool:
    same_stamp = task.live is not None and live.stamp == task.live.stamp
    return same_stamp and now.before_fingerprint == task.change.before_fingerprint


def _stuck(outcome: Outcome, now: Change) -> Outcome:
    paths = tuple(dict.fromkeys(field.path for field in differences(now)))
    reason = f"the service did not keep {', '.join(paths)}; if that is well, declare it: {ignore_entry(paths)}"
    return replace(outcome, code="E_SERVER_REWROTE", reason=_joined(outcome.reason, reason), stuck=paths)


def ignore_entry(paths: Sequence[str]) -> str:
    """Spell the entry of `metadata.lifecycle` that makes plan and apply ignore these paths."""
    rules = ", ".join(f"{{path: {_quoted(path)}, reason: the service does not keep it}}" for path in paths)
    return f"ignore_changes: [{rules}]"


def _quoted(path: str) -> str:
    """Quote a path for YAML so that it reads back the same: names in it may hold quotes, and what no file may hold."""
    text = json.dumps(path, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in text)


def _not_applied(outcome: Outcome, reason: str) -> Outcome:
    said = f"the writer said it was done, but {reason}"
    return replace(outcome, status=Status.FAILED, code="E_NOT_APPLIED", reason=said)


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
