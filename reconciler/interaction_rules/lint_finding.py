"""Findings of lints, and look-ups in rules with possibly wrong types."""

from collections.abc import Iterator, Mapping
from typing import TypeGuard

from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Severity
from reconciler.model.json_types import Json
from reconciler.model.source_map import DocumentPath


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One finding: the lint's id, where in the spec, what it is, what to do, and the other place it is about.

    `path` starts at the resource's spec. For an absent key it is the rule's name.
    """

    path: DocumentPath
    id: str
    severity: Severity
    message: str
    hint: str = ""
    related: DocumentPath | None = None

    @property
    def code(self) -> str:
        """The diagnostic's code: `L_RULE_` and the id in upper case."""
        return "L_RULE_" + self.id.upper().replace("-", "_")


@dataclass(frozen=True, slots=True)
class LintedRule:
    """One rule of a list as declared, with its place and its parts; a part of a wrong type is empty."""

    index: int
    rule: Mapping[str, Json]

    @property
    def path(self) -> DocumentPath:
        """Path of the rule."""
        return ("interaction_rules", self.index)

    @property
    def name_path(self) -> DocumentPath:
        """Path of its name, for findings about absent keys."""
        return (*self.path, "rule_name")

    @property
    def name(self) -> str:
        """Name of the rule."""
        value = self.rule.get("rule_name")
        return value if isinstance(value, str) else f"#{self.index + 1}"

    @property
    def enabled(self) -> bool:
        """Whether it is looked at."""
        return self.rule.get("enabled") is not False

    @property
    def event_type(self) -> Json:
        """Its event type."""
        return self.rule.get("event_type")

    @property
    def condition(self) -> Mapping[str, Json]:
        """Its condition."""
        return as_mapping(self.rule.get("hit_condition"))

    @property
    def trigger(self) -> Mapping[str, Json]:
        """Its trigger."""
        return as_mapping(self.rule.get("trigger"))

    @property
    def relation(self) -> str:
        """AND, OR, RESERVED, or "" where it is absent."""
        value = self.condition.get("relation")
        return value.upper() if isinstance(value, str) else ""

    @property
    def priority(self) -> int:
        """Its priority; 500 where it is absent."""
        value = self.condition.get("priority")
        return value if is_integer(value) else 500

    @property
    def window(self) -> Json:
        """Its time window, as declared."""
        return self.trigger.get("time_window")

    def tags(self) -> Iterator[tuple[DocumentPath, Mapping[str, Json]]]:
        """Yield its tags with their places."""
        for number, tag in enumerate(as_list(self.condition.get("tags"))):
            if isinstance(tag, Mapping):
                yield (*self.path, "hit_condition", "tags", number), tag

    def texts(self) -> list[str]:
        """Return what it may say."""
        return [text for text in as_list(self.trigger.get("reply_texts")) if isinstance(text, str)]


def as_mapping(value: Json) -> Mapping[str, Json]:
    """Return an object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: Json) -> list[Json]:
    """Return a list, or an empty one."""
    return list(value) if isinstance(value, list) else []


def as_text(value: Json) -> str:
    """Return a text, or an empty one."""
    return value if isinstance(value, str) else ""


def is_integer(value: object) -> TypeGuard[int]:
    """Whether it is an integer, booleans left out."""
    return isinstance(value, int) and not isinstance(value, bool)


def error(
    path: DocumentPath, name: str, message: str, hint: str = "", related: DocumentPath | None = None
) -> LintFinding:
    """Return a finding that breaks a documented bound, cannot work, or is wrong in every reading."""
    return LintFinding(path, name, Severity.ERROR, message, hint, related)


def warning(
    path: DocumentPath, name: str, message: str, hint: str = "", related: DocumentPath | None = None
) -> LintFinding:
    """Return a finding that is unintended in at least one reading."""
    return LintFinding(path, name, Severity.WARNING, message, hint, related)


def info(
    path: DocumentPath, name: str, message: str, hint: str = "", related: DocumentPath | None = None
) -> LintFinding:
    """Return a finding that is worth knowing."""
    return LintFinding(path, name, Severity.NOTE, message, hint, related)
