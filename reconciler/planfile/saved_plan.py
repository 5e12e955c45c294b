"""Saved plans: the plan with an envelope of its scope, tool version, expiry and seal.

Apply never executes the file. It plans again from the sources and applies exactly the changes in both, compared by
address, action and fingerprints; a file that was edited, made for another project, environment or owner, used before or
expired is refused. With a key (RECONCILER_DIGEST_KEY) the seal is an HMAC, which requires the key; without one it is a
plain digest, which detects damage and not forgery.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from reconciler import json_codec
from reconciler.errors import PlanError
from reconciler.json_codec import canonical_json, loads_strict
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.model.change import Change
from reconciler.model.json_types import Json, as_object
from reconciler.model.plan import Plan
from reconciler.planfile.decode import decode
from reconciler.planfile.encode import encode
from reconciler.planfile.schema_check import schema_problems
from reconciler.redaction import keyed_digest, same_digest
from reconciler.timestamps import format_rfc3339, parse_rfc3339

LIFETIME = timedelta(hours=24)
"""Time in which a saved plan may be applied."""

LARGEST = 512 * 1024 * 1024
"""Most bytes of a file."""

MAX_DEPTH = 128
"""Levels of a plan file: those of an object, and of the plan around it."""

_KEY = "saved"
_START = b'{"saved":{"digest":"'
_KEYED = "hmac-sha256:"
_KEY_USE = b"reconciler saved plan\n"
"""Separates seals from other digests with the same key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Target of a plan: endpoint, project and app user (`scope`), environment, owner."""

    scope: str
    environment: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Decoded saved plan with the data of its envelope. `use` is spent by the first apply."""

    plan: Plan
    binding: Binding
    tool_version: str
    created: datetime
    expires: datetime
    use: str
    digest: str


def digest(plan: Plan, binding: Binding) -> str:
    """Return the digest that identifies a plan's changes and target (`--expect`); informational parts are left out."""
    changes = [identity(change) for change in plan.pending]
    adopting = sorted([change.address, change.id] for change in plan.adopting)
    content = {**asdict(binding), "changes": changes, **({"adopt": adopting} if adopting else {})}
    return "sha256:" + json_codec.digest(content)


def write(plan: Plan, *, binding: Binding, tool_version: str, now: datetime, use: str, key: bytes = b"") -> str:
    """Return the text of a saved plan; `use` is a random text of this file. Raises PlanError for untrusted plans.

    `key` makes the seal an HMAC.
    """
    if plan.untrusted:
        raise PlanError(
            "plans made with --untrusted are not saved, since they cannot be applied",
            code="E_PLAN_UNTRUSTED",
            hint="keep it with --format json to read it later",
        )
    envelope = {
        "created": format_rfc3339(now),
        "expires": format_rfc3339(now + LIFETIME),
        "environment": binding.environment,
        "owner": binding.owner,
        "plan_digest": digest(plan, binding),
        "scope": binding.scope,
        "tool_version": tool_version,
        "use": use,
    }
    body = encode(plan)
    whole = {_KEY: {"digest": _seal(envelope, body, key), **envelope}, **body}
    return json.dumps(whole, ensure_ascii=True, separators=(",", ":")) + "\n"


def read(data: bytes, *, key: bytes = b"") -> Saved:
    """Return a saved plan with a valid seal; raises PlanError, with a code for each reason.

    E_PLAN_FORMAT: not a saved plan, or of another format. E_PLAN_DIGEST: edited, damaged or sealed with another key.
    E_PLAN_KEY: sealed with a key where there is none now, or the other way round. E_PLAN_UNTRUSTED.
    """
    whole = _parsed(data)
    envelope = whole.get(_KEY)
    if not isinstance(envelope, dict):
        raise PlanError("this is a plan, but no saved one", code="E_PLAN_FORMAT", hint="save it with plan --out FILE")
    body = {name: value for name, value in whole.items() if name != _KEY}
    _check_seal(envelope, body, key)
    saved = _opened(envelope, _decoded(body))
    if saved.plan.untrusted:
        raise PlanError("plans made with --untrusted cannot be applied", code="E_PLAN_UNTRUSTED")
    return saved


def check(saved: Saved, binding: Binding, *, now: datetime, used: Callable[[str], bool]) -> None:
    """Raise PlanError unless a saved plan may be applied now and here.

    E_PLAN_SCOPE, E_PLAN_ENVIRONMENT, E_PLAN_OWNER: made for another place. E_PLAN_EXPIRED. E_PLAN_USED. `used` returns
    whether a use was spent before.
    """
    for name, code in _BOUND.items():
        made, here = getattr(saved.binding, name), getattr(binding, name)
        if made != here:
            hint = "apply it in the project and environment it was made for, or plan again"
            raise PlanError(f"the plan was made for the {name} {made!r}, not for {here!r}", code=code, hint=hint)
    if not saved.created <= now + timedelta(minutes=5) or now >= saved.expires:
        text = f"the plan counts from {format_rfc3339(saved.created)} until {format_rfc3339(saved.expires)}"
        raise PlanError(text, code="E_PLAN_EXPIRED", hint="plan again")
    if used(saved.use):
        raise PlanError("the plan was applied before; a plan is used once", code="E_PLAN_USED", hint="plan again")


_MARKS = {b"\xef\xbb\xbf": "UTF-8", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_BOUND = {"scope": "E_PLAN_SCOPE", "environment": "E_PLAN_ENVIRONMENT", "owner": "E_PLAN_OWNER"}


def read_plans(data: bytes, *, key: bytes = b"") -> tuple[Plan, ...]:
    """Return the plans of a JSON report or a saved plan, for display; raises PlanError.

    A seal is checked where possible: a keyed one only with its key.
    """
    whole = _parsed(data)
    envelope = whole.pop(_KEY, None)
    if isinstance(envelope, dict) and _is_keyed(envelope) <= bool(key):
        _check_seal(envelope, whole, key if _is_keyed(envelope) else b"")
    several = whole.get("plans")
    return tuple(map(_decoded, several)) if isinstance(several, list) else (_decoded(whole),)


def _parsed(data: bytes) -> dict[str, Json]:
    if len(data) > LARGEST:
        raise PlanError("the plan file is too large to be one", code="E_PLAN_FORMAT")
    if not data.strip():
        raise PlanError("the plan file is empty", code="E_PLAN_FORMAT", hint="save it again with plan --out FILE")
    mark = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "")
    if mark:
        message = f"the plan file is not plain UTF-8: it starts with the byte order mark of {mark}"
        hint = "save it with plan --out FILE; a shell's > may write another encoding"
        raise PlanError(message, code="E_PLAN_FORMAT", hint=hint)
    try:
        whole = loads_strict(data, max_depth=MAX_DEPTH)
    except json.JSONDecodeError as error:
        if _is_cut(data, error):
            what = f"the plan file is cut: it ends inside its JSON, after {len(data)} bytes"
            code = "E_PLAN_DIGEST" if data.startswith(_START) else "E_PLAN_FORMAT"
            raise PlanError(what, code=code, hint="copy the whole file, or plan again") from None
        if data.startswith(_START):
            raise PlanError("the saved plan is damaged", code="E_PLAN_DIGEST", hint="plan again") from None
        raise PlanError("this is no plan: a plan is plain JSON", code="E_PLAN_FORMAT") from None
    except ValueError:
        if data.startswith(_START):
            raise PlanError("the saved plan is damaged", code="E_PLAN_DIGEST", hint="plan again") from None
        raise PlanError("this is no plan: a plan is plain JSON", code="E_PLAN_FORMAT") from None
    if not isinstance(whole, dict):
        raise PlanError("this is no plan: a plan is one JSON object", code="E_PLAN_FORMAT")
    return whole


def _is_cut(data: bytes, error: json.JSONDecodeError) -> bool:
    """Tell whether JSON text is truncated: the decoder fails at the end, or in a text or a word that does not end."""
    rest = error.doc[error.pos :]
    if data.lstrip()[:1] != b"{":
        return False
    inside = error.msg.startswith("Unterminated") or (
        error.msg.startswith("Invalid \\u") and len(rest) < len("\\u0000")
    )
    return inside or not rest.strip() or _CUT_WORD.fullmatch(rest) is not None


_CUT_WORD = late_pattern(r"t|tr|tru|f|fa|fal|fals|n|nu|nul|-|\.|\.?[0-9]*[eE][+-]?")
"""How a literal or a number of JSON may begin without being one."""


def _decoded(body: Json) -> Plan:
    problem = next(schema_problems(body), "")
    if problem:
        raise PlanError(f"this is no plan: {problem}", code="E_PLAN_FORMAT", hint="plan again")
    try:
        return decode(as_object(body))
    except ValueError as error:
        raise PlanError(f"the plan cannot be read: {error}", code="E_PLAN_FORMAT", hint="plan again") from None


def _is_keyed(envelope: Mapping[str, Json]) -> bool:
    return str(envelope.get("digest")).startswith(_KEYED)


def _check_seal(envelope: Mapping[str, Json], body: Mapping[str, Json], key: bytes) -> None:
    if key and not _is_keyed(envelope):
        raise PlanError(
            "the plan was saved without RECONCILER_DIGEST_KEY, which is set here: anybody could have made it",
            code="E_PLAN_KEY",
            hint="set RECONCILER_DIGEST_KEY where the plan is made, and plan again",
        )
    if not key and _is_keyed(envelope):
        raise PlanError(
            "the plan was sealed with RECONCILER_DIGEST_KEY, which is not set here",
            code="E_PLAN_KEY",
            hint="set RECONCILER_DIGEST_KEY to the key it was made with",
        )
    sealed = {name: value for name, value in envelope.items() if name != "digest"}
    if not same_digest(str(envelope.get("digest")), _seal(sealed, body, key)):
        other = ", or its RECONCILER_DIGEST_KEY was another" if key else ""
        raise PlanError(
            f"the saved plan is not what was saved: its digest differs{other}", code="E_PLAN_DIGEST", hint="plan again"
        )


def _seal(envelope: Mapping[str, Json], body: Mapping[str, Json], key: bytes) -> str:
    content = {"envelope": envelope, "plan": body}
    if key:
        return _KEYED + keyed_digest(key, _KEY_USE + canonical_json(content))
    return "sha256:" + json_codec.digest(content)


def _opened(envelope: Mapping[str, Json], plan: Plan) -> Saved:
    texts = {name: _text(envelope, name) for name in _TEXTS}
    if texts["environment"] != plan.environment:
        raise PlanError("the envelope names another environment than the plan", code="E_PLAN_FORMAT", hint="plan again")
    return Saved(
        plan=plan,
        binding=Binding(scope=texts["scope"], environment=texts["environment"], owner=texts["owner"]),
        tool_version=texts["tool_version"],
        created=_moment("created", texts["created"]),
        expires=_moment("expires", texts["expires"]),
        use=texts["use"],
        digest=texts["digest"],
    )


_TEXTS = ("scope", "environment", "owner", "tool_version", "created", "expires", "use", "digest")
"""Text fields of an envelope. One of an earlier version has neither environment nor owner."""


def _text(envelope: Mapping[str, Json], name: str) -> str:
    value = envelope.get(name)
    if not isinstance(value, str):
        wrong = "is no text" if name in envelope else "is missing"
        raise PlanError(f"the envelope cannot be read: `{name}` {wrong}", code="E_PLAN_FORMAT", hint="plan again")
    return value


def _moment(name: str, text: str) -> datetime:
    moment = parse_rfc3339(text)
    if moment is None:
        message = f"the envelope cannot be read: `{name}` is no time"
        raise PlanError(message, code="E_PLAN_FORMAT", hint="plan again")
    return moment


def identity(change: Change) -> tuple[str, str, str, str, str]:
    """Return the identity of a planned change, for comparison with the displayed one."""
    action = change.action.value
    return (change.address, action, change.id, change.before_fingerprint, change.after_fingerprint)
