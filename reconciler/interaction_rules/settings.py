"""The named readings of what the service does not document (docs/api/rules.md §5).

A setting has alternatives; the first is its default. `undefined` is accepted for each: then every decision that the
setting takes part in may go either way. Two alternatives cannot be computed from a recording and are refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field

from reconciler.errors import UsageError
from reconciler.late_methods import dataclass
from reconciler.strings import did_you_mean

UNDEFINED = "undefined"
"""Accepted for every setting: the result turns on it."""

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "dispatch": ("first", "all", "top-band"),
    "tie": (UNDEFINED, "declared-order", "reverse"),
    "suppressed": ("falls-through", "consumes"),
    "reserved": ("last-resort", "in-priority-order"),
    "window_scope": ("rule", "viewer", "room"),
    "window_start": ("last-fire", "fixed-slots", "last-match"),
    "window_edge": ("closed", "open"),
    "window_clock": ("event-time", "arrival", "reply-end"),
    "event_order": ("array", "timestamp"),
    "regex_mode": ("search", "full"),
    "regex_engine": ("portable", "java", "re2", "python"),
    "regex_case": ("sensitive", "insensitive"),
    "text_normalize": ("none", "trim", "nfkc"),
    "tag_path": ("leaf", "top-then-user-gift", "dotted-too"),
    "missing_key": ("no-match", "empty-string", "rule-error"),
    "math_on_text": ("no-match", "coerce"),
    "equal_on_number": ("canonical-text", "no-match", "numeric"),
    "absent_relation": ("and", "or", "never"),
    "empty_tags": (UNDEFINED, "always", "never"),
    "aggregate_span": (UNDEFINED, "whole-live", "time-window", "batch"),
    "aggregate_scope": ("room", "viewer"),
    "aggregate_reset": ("never", "on-fire"),
    "order_counter": ("per-rule", "per-room"),
    "reply_source": (UNDEFINED, "texts", "audios", "both"),
    "absent_order": ("order", "random"),
    "absent_window": (UNDEFINED, "every-time", "once"),
    "play_type_wins": ("rule", "room"),
    "library_order": ("one-pool", "per-library"),
}
"""Every setting with its alternatives, the default first (rules.md §5)."""

NOT_COMPUTABLE: Mapping[str, frozenset[str]] = {"window_clock": frozenset({"arrival", "reply-end"})}
"""Alternatives that a recording holds no data for: naming one is an error, and none is swapped in (rules.md §5.2)."""


@dataclass(frozen=True, slots=True)
class Semantics:
    """One reading of every setting, and which of them the user assumes.

    `values` has each setting of SETTINGS; `assumed` are those that were named. An assumed setting is never swapped.
    """

    values: Mapping[str, str]
    assumed: frozenset[str] = field(default=frozenset())

    @classmethod
    def assume(cls, named: Mapping[str, str]) -> "Semantics":
        """Return the defaults with `named` in place of theirs; raises UsageError (E_SEMANTICS) naming what is wrong."""
        if problem := next(semantics_problems(named), None):
            raise UsageError(problem[1], code="E_SEMANTICS", hint=problem[2])
        return cls({name: named.get(name, options[0]) for name, options in SETTINGS.items()}, frozenset(named))

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def alternatives(self, name: str) -> tuple[str, ...]:
        """Return what the setting may mean in this reading: its value, or each alternative where it is undefined."""
        value = self.values[name]
        return (value,) if value != UNDEFINED else defined_alternatives(name)

    def swapped(self, name: str, value: str) -> "Semantics":
        """Return this reading with one setting changed."""
        return Semantics({**self.values, name: value}, self.assumed)

    def swaps(self) -> Iterator[tuple[str, str]]:
        """Yield each (setting, alternative) that differs from this reading in a setting that is not assumed."""
        for name in SETTINGS:
            if name in self.assumed:
                continue
            for value in (*defined_alternatives(name), UNDEFINED):
                if value != self.values[name] and (value != UNDEFINED or len(defined_alternatives(name)) > 1):
                    yield name, value


def defined_alternatives(name: str) -> tuple[str, ...]:
    """Return the alternatives of a setting that can be computed."""
    refused = NOT_COMPUTABLE.get(name, frozenset())
    return tuple(value for value in SETTINGS[name] if value != UNDEFINED and value not in refused)


def semantics_problems(named: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """Yield (setting, message, hint) for each entry of a `semantics:` or `assume:` mapping that is not accepted."""
    for name, value in named.items():
        if name not in SETTINGS:
            known = did_you_mean(name, SETTINGS, f"use one of {', '.join(SETTINGS)}", quote="")
            yield name, f"{name!r} is not a setting of rule semantics", known
        elif value in NOT_COMPUTABLE.get(name, ()):
            reason = f"{name}: {value} cannot be computed from a recording"
            yield name, reason, f"use {' or '.join(defined_alternatives(name))}"
        elif value not in SETTINGS[name] and value != UNDEFINED:
            allowed = ", ".join((*defined_alternatives(name), UNDEFINED))
            yield name, f"{name}: {value!r} is not one of its alternatives", f"use one of {allowed}"
