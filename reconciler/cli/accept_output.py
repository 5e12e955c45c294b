"""What `accept` prints: its JSON document, and a line for each refusal, collateral change and dirty file."""

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from reconciler.cli.branch_run import published_json
from reconciler.cli.output import one_line
from reconciler.errors import ReconcilerError
from reconciler.model.change import NoValue, Value
from reconciler.model.json_types import Json
from reconciler.model.source_edit import AcceptedDifference, RefusedDifference

if TYPE_CHECKING:
    from reconciler.project.accept_drift import AcceptResult
    from reconciler.project.accept_proof import Collateral
    from reconciler.project.edit_request import PublishedEdits

_NOT_GIT = "E_ACCEPT_NO_GIT"
_DIRTY = "E_ACCEPT_DIRTY"
_COLLATERAL = "E_ACCEPT_COLLATERAL"


def refusal_line(each: RefusedDifference) -> str:
    """Return one line: place, code, difference, reason, both values, the other places, and what to do."""
    place = f"{each.positions[0]}: " if each.positions else ""
    values = f"; declared {_word(each.declared)}, live {_word(each.live)}" if each.path else ""
    others = f"; see also {', '.join(map(str, each.positions[1:]))}" if each.positions[1:] else ""
    what = f"{each.address} {each.path}".strip()
    hint = f" ({each.hint})" if each.hint else ""
    return one_line(f"{place}{each.code}: {what}: {each.message}{values}{others}{hint}")


def collateral_lines(found: Iterable["Collateral"]) -> list[str]:
    """Return one line for each resource that would change as well."""
    places = ((f"{each.position}: " if each.position else "", each) for each in found)
    return [
        one_line(f"{place}{_COLLATERAL}: {_collateral_message(each)} ({_collateral_hint(each)})")
        for place, each in places
    ]


def _collateral_message(each: "Collateral") -> str:
    what = f"{each.address} {each.path}".strip() or "its manifests are not valid any longer"
    values = f": {_word(each.before)} becomes {_word(each.after)}" if each.position else ""
    return f"environment {each.environment}: the edits change {what} as well{values}"


def _collateral_hint(each: "Collateral") -> str:
    if not each.address:
        return "edit the files by hand"
    value = "or write `{{ values.NAME }}` there, with each environment's value in its values file, and accept again"
    return f"allow it with --also {shlex.quote(each.address)}; {value}"


def dirty_lines(dirty: Mapping[str, str]) -> list[str]:
    """Return one line for each file that is not edited as it is; the empty name is a folder outside git."""
    return [one_line(f"{_dirty_code(file)}: {_dirty_message(file, why)} ({_FORCE})") for file, why in dirty.items()]


_FORCE = "commit it first, or pass --force"


def _dirty_code(file: str) -> str:
    return _DIRTY if file else _NOT_GIT


def _dirty_message(file: str, why: str) -> str:
    return f"{file}: {why}" if file else f"{why}: what is overwritten could not be restored"


def question(each: AcceptedDifference) -> str:
    """Return the question for one difference."""
    values = f"{_word(each.declared)} -> {_word(each.live)}"
    return one_line(f"{each.position}: {each.address} {each.path}: {values}. Accept it?")


def _word(value: Value) -> str:
    """Format a value on one line."""
    return value.value if isinstance(value, NoValue) else json.dumps(value, ensure_ascii=False)


def _json(value: Value) -> Json:
    return None if isinstance(value, NoValue) else value


def accept_json(
    result: "AcceptResult",
    dirty: Mapping[str, str],
    diff: str,
    *,
    written: bool,
    published: "PublishedEdits | None" = None,
    conflict: ReconcilerError | None = None,
) -> dict[str, Json]:
    """Return the document of `--format json`; `conflict` is what stands against the branch."""
    proposal = result.proposal
    refusals = [_refusal(each) for each in proposal.refused]
    refusals += [
        _blocker(_COLLATERAL, _collateral_message(each), _collateral_hint(each))
        | {"environment": each.environment, "address": each.address, "path": each.path}
        | _value_of(each)
        for each in result.collateral
    ]
    refusals += [
        _blocker(_dirty_code(file), _dirty_message(file, why), _FORCE)
        | {"place": file, "places": [file] if file else []}
        for file, why in dirty.items()
    ]
    refusals += [_blocker(conflict.code, conflict.message, conflict.hint)] if conflict else []
    return {
        "format_version": "1.0",
        "environment": result.plan.environment if result.plan else "",
        "written": written,
        "edits": [_edit(each) for each in proposal.accepted],
        "refusals": refusals,
        "files": sorted(result.files),
        "diff": diff,
        **published_json(published),
    }


def _value_of(each: "Collateral") -> dict[str, Json]:
    """Return the place of one value, and what is declared there before and after the edits."""
    if each.position is None:
        return {}
    place = f"{each.position.file}:{each.position.line}"
    return {"place": place, "places": [place], "declared": each.before, "edited": each.after}


def _edit(each: AcceptedDifference) -> dict[str, Json]:
    place = each.position
    return {
        "code": "ACCEPTED",
        "address": each.address,
        "path": each.path,
        "place": f"{place.file}:{place.line}",
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "declared": _json(each.declared),
        "live": _json(each.live),
    }


def _refusal(each: RefusedDifference) -> dict[str, Json]:
    places = [f"{place.file}:{place.line}" for place in each.positions]
    found = _blocker(each.code, each.message, each.hint)
    found |= {"address": each.address, "path": each.path, "place": places[0] if places else "", "places": places}
    if each.positions:
        place = each.positions[0]
        found |= {"file": place.file, "line": place.line, "column": place.column}
    return found | {"declared": _json(each.declared), "live": _json(each.live)}


def _blocker(code: str, message: str, hint: str) -> dict[str, Json]:
    return {"code": code, "message": message, "hint": hint}
