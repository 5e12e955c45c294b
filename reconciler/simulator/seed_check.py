"""Validates a seed's settings: every problem with its path, and the closest name for an unknown one."""

from collections.abc import Collection, Mapping
from dataclasses import field

from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.model.source_map import DocumentPath
from reconciler.strings import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedProblem:
    """Problem at one path of a seed, with a hint."""

    path: DocumentPath
    message: str
    hint: str = ""


_MOST_PROBLEMS = 100
"""Most reported problems of a seed."""


@dataclass(slots=True)
class SeedChecker:
    """Collects problems while settings are parsed; every method returns a usable value for any input."""

    problems: list[SeedProblem] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether further problems are dropped."""
        return len(self.problems) >= _MOST_PROBLEMS

    def wrong(self, path: DocumentPath, message: str, hint: str = "") -> None:
        """Record a problem."""
        if self.is_full:
            return
        self.problems.append(SeedProblem(path=path, message=message, hint=hint))

    def mapping(self, value: Json, path: DocumentPath, known: Collection[str] | None = None) -> Mapping[str, Json]:
        """Return a mapping with known keys; null counts as an empty one."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong(path, f"{_spelled(path)} must be a mapping of keys to values")
            return {}
        for key in value:
            if known is not None and key not in known:
                self.unknown((*path, key), str(key), known)
        return {key: item for key, item in value.items() if known is None or key in known}

    def listed(self, value: Json, path: DocumentPath) -> list[Json]:
        """Return a list; null counts as an empty one."""
        if value is None or isinstance(value, list):
            return value or []
        self.wrong(path, f"{_spelled(path)} must be a list")
        return []

    def word(self, value: Json, path: DocumentPath, choices: Collection[str], default: str) -> str:
        """Return one of some names."""
        if value is None:
            return default
        if str(value).lower() in choices:
            return str(value).lower()
        self.unknown((*path, ""), str(value), choices)
        return default

    def number(self, value: Json, path: DocumentPath, default: float = 0.0, *, low: float = 0.0) -> float:
        """Return a number of at least `low`; YAML parses fractions as text."""
        if value is None:
            return default
        try:
            number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else low - 1
        except ValueError:
            number = low - 1
        if number >= low:
            return number
        self.wrong(path, f"{_spelled(path)} must be a number, {low:g} or more")
        return default

    def text(self, value: Json, path: DocumentPath, default: str = "") -> str:
        """Return a text; an integer is accepted."""
        if value is None:
            return default
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return str(value)
        self.wrong(path, f"{_spelled(path)} must be a text")
        return default

    def flag(self, value: Json, path: DocumentPath) -> bool:
        """Return true or false; null counts as false."""
        if value is not None and not isinstance(value, bool):
            self.wrong(path, f"{_spelled(path)} must be true or false")
        return value is True

    def unknown(self, path: DocumentPath, word: str, known: Collection[str]) -> None:
        """Record a name that does not exist in the parent of `path`."""
        if self.is_full:
            return
        hint = did_you_mean(word, known, f"known are {', '.join(known)}", quote="")
        self.wrong(path, f"{_spelled(path[:-1])} does not know {word!r}", hint)


def _spelled(path: DocumentPath) -> str:
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return steps.removeprefix(".") or "a seed"
