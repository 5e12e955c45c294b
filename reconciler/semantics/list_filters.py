"""Filters of a list: which values a parameter accepts, and whether a listed row matches one.

The documentation of a filter is all that is known of it; a row is judged only where it shows the filtered field.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from reconciler.errors import UsageError
from reconciler.kinds.base.kind import Kind, ListFilter
from reconciler.model.field_tree import child_at
from reconciler.model.json_types import Json
from reconciler.model.resource import LiveResource
from reconciler.semantics.compiled_field import compiled
from reconciler.semantics.equality import fold_name
from reconciler.strings import did_you_mean
from reconciler.timestamps import parse_rfc3339

UNUSABLE = "E_FILTER"
"""Code of a filter that does not exist, or that does not take a value."""


def filter_called(kind: Kind, name: str) -> ListFilter:
    """Return a filter of a kind by its parameter, with underscores or dashes. Raises UsageError (E_FILTER)."""
    parameter = name.removeprefix("--").replace("-", "_")
    known = {rule.parameter: rule for rule in kind.endpoints.filters}
    if parameter in known:
        return known[parameter]
    listed = ", ".join(known) or "none"
    hint = did_you_mean(parameter, known, f"filters of {kind.plural_word}: {listed}")
    raise UsageError(f"{kind.plural_word} have no filter {parameter!r}", code=UNUSABLE, hint=hint)


def value_to_send(rule: ListFilter, text: str) -> str:
    """Return a filter's value as the service spells it. Raises UsageError (E_FILTER) for one that it does not take."""
    if not text.strip():
        raise _refused(rule, text, "is empty", "leave the filter out to list everything")
    if rule.is_time:
        text = _time(rule, text)
    elif rule.values:
        words = text.split(",") if rule.match == "any of" else [text]
        text = ",".join(dict.fromkeys(_word(rule, word.strip()) for word in words))
    if rule.max_length and len(text) > rule.max_length:
        raise _refused(rule, text, f"has {len(text)} characters", f"at most {rule.max_length} are accepted")
    return text


def _word(rule: ListFilter, word: str) -> str:
    known = {each.casefold(): each for each in rule.values}
    known |= {alias.casefold(): sent for alias, sent in rule.aliases.items()}
    if word.casefold() in known:
        return known[word.casefold()]
    several = ", several joined by commas" if rule.match == "any of" else ""
    hint = did_you_mean(word, known.values(), f"one of {', '.join(rule.values)}{several}", quote="")
    raise _refused(rule, word, "is no value of it", hint)


def _time(rule: ListFilter, text: str) -> str:
    """Return a time in UTC with whole seconds, the only spelling of 20 characters."""
    moment = parse_rfc3339(text.strip())
    if moment is None or moment.microsecond:
        raise _refused(rule, text, "is no RFC 3339 time in whole seconds", "write it as 2021-01-10T08:43:17Z")
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _refused(rule: ListFilter, text: str, reason: str, hint: str) -> UsageError:
    return UsageError(f"{rule.option} {text!r} {reason}", code=UNUSABLE, hint=hint)


def row_matches(kind: Kind, rule: ListFilter, live: LiveResource, value: str, project_id: str) -> bool | None:
    """Tell whether a listed object matches a filter with a sent value; None where its row does not show that."""
    if rule.contradicts is not None:
        return False if not live.unusable and rule.contradicts(live.spec, value, project_id) else None
    found = list(_shown(kind, rule, live))
    if not found:
        return None
    wishes = value.split(",") if rule.match == "any of" else [value]
    return any(_holds(kind, rule, each, rule.spelled.get(wish, wish)) for each in found for wish in wishes)


def _shown(kind: Kind, rule: ListFilter, live: LiveResource) -> Iterator[Json]:
    """Yield the values of the filtered field that a row shows; none where it leaves the field open."""
    top = rule.field.partition(".")[0].removesuffix("[]")
    field = kind.top_fields.get(top)
    if field is None or top in live.hidden or not field.in_list:
        return
    if top in live.spec and live.spec[top] is not None:
        yield from _values(live.spec, rule.field)
    elif (node := child_at(compiled(kind), top)) is not None and node.documented:
        yield node.default
    elif rule.absent_is_empty:
        yield ""


def _values(body: Json, path: str) -> Iterator[Json]:
    """Yield every value at a path such as `model_infos[].asset_name`."""
    step, _, rest = path.partition(".")
    inner = body.get(step.removesuffix("[]")) if isinstance(body, Mapping) else None
    for each in inner if step.endswith("[]") and isinstance(inner, list) else [inner]:
        if rest:
            yield from _values(each, rest)
        else:
            yield "" if each is None else each


def _holds(kind: Kind, rule: ListFilter, value: Json, wish: str) -> bool:
    if not isinstance(value, str):
        return False
    if rule.is_time:
        return _in_time(parse_rfc3339(value), parse_rfc3339(wish), since=rule.match == "since")
    if rule.match == "fuzzy" or rule.field == kind.name_field:
        # the documentation of a name filter does not tell exact from fuzzy: only a name without the text contradicts
        return fold_name(wish) in fold_name(value)
    return value.casefold() == wish.casefold() if rule.match == "any case" else value == wish


def _in_time(moment: datetime | None, limit: datetime | None, *, since: bool) -> bool:
    if moment is None or limit is None:
        return False
    return moment >= limit if since else moment <= limit
