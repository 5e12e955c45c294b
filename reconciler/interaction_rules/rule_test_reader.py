"""Reads RuleTest documents; every problem at its place (docs/how-to/rules.md)."""

from collections.abc import Mapping
from decimal import Decimal

from reconciler.interaction_rules.event import EVENT_TYPES, LATEST, LiveEvent, decode_content
from reconciler.interaction_rules.rule_cases import Expectation, RuleCase, RuleTest
from reconciler.interaction_rules.settings import Semantics
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import Json
from reconciler.model.source_map import DocumentPath

EXPECTED = ("rule", "rules", "reply", "suppressed")
_AT = late_pattern(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


@dataclass(frozen=True, slots=True)
class TestProblem:
    """Something wrong in a RuleTest document: where (from the document's root), what, and what to do."""

    __test__ = False
    path: DocumentPath
    message: str
    hint: str = ""


class CaseReader:
    """Reads a RuleTest document; collects every problem with its place instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[TestProblem] = []

    def read(self, document: Mapping[str, Json]) -> RuleTest:
        """Return the test; what is wrong is in `problems`, and the test must not be run then."""
        for key in document:
            if key not in {"apiVersion", "kind", "subject", "assume", "cases"}:
                self._add((key,), f"{key!r} is not a key of a RuleTest", "use subject, assume and cases")
        assumed = self._assume(document.get("assume"))
        subject = document.get("subject")
        subjects = [subject] if isinstance(subject, str) else subject
        if not isinstance(subjects, list) or not subjects or not all(isinstance(one, str) and one for one in subjects):
            self._add(
                ("subject",) if "subject" in document else (),
                "subject: an address, or a list of addresses",
                'write subject: SmartLiveRoom["NAME"]',
            )
            subjects = []
        cases = document.get("cases")
        if not isinstance(cases, list) or not cases:
            self._add(("cases",) if "cases" in document else (), "cases: a list of at least one case", "add a case")
            cases = []
        read = tuple(self._case(number, case) for number, case in enumerate(cases))
        seen: set[str] = set()
        for case in read:
            if case.name in seen:
                self._add((*case.path, "name"), f"the case name {case.name!r} is used twice", "rename one")
            seen.add(case.name)
        return RuleTest(subjects=tuple(str(one) for one in subjects), semantics=assumed, cases=read)

    def _add(self, path: DocumentPath, message: str, hint: str = "") -> None:
        self.problems.append(TestProblem(path, message, hint))

    def _assume(self, named: Json) -> Semantics:
        from reconciler.interaction_rules.settings import semantics_problems

        if named is None:
            return Semantics.assume({})
        if not isinstance(named, Mapping):
            self._add(("assume",), "assume: a mapping of settings", "write assume: {suppressed: consumes}")
            return Semantics.assume({})
        for name, message, hint in semantics_problems(named):
            self._add(("assume", name), message, hint)
        wrong = {name for name, _, _ in semantics_problems(named)}
        return Semantics.assume({name: str(value) for name, value in named.items() if name not in wrong})

    def _case(self, number: int, case: Json) -> RuleCase:
        path: DocumentPath = ("cases", number)
        if not isinstance(case, Mapping):
            self._add(path, "a case is a mapping with name, events and expect")
            return RuleCase(name=f"case {number + 1}", path=path, events=(), expected={})
        for key in case:
            if key not in {"name", "events", "expect", "scene"}:
                self._add((*path, key), f"{key!r} is not a key of a case", "use name, events, expect and scene")
        name, scene = case.get("name"), case.get("scene")
        if not isinstance(name, str) or not name:
            self._add((*path, "name") if "name" in case else path, "a case needs a name", "add name")
        rows = case.get("events")
        if not isinstance(rows, list) or not rows:
            self._add((*path, "events") if "events" in case else path, "a case needs at least one event", "add events")
            rows = []
        expected: dict[int, Expectation] = {}
        events = tuple(self._event(index, row, (*path, "events", index), expected) for index, row in enumerate(rows))
        if "expect" in case:
            if 0 in expected:
                self._add(
                    (*path, "expect"),
                    "expect of the case and of its first event are the same: write one",
                    "remove one of the two",
                )
            expected[0] = self._expectation(case["expect"], (*path, "expect"))
        if scene is not None and not isinstance(scene, str):
            self._add((*path, "scene"), "scene: a scene's name", "write it in quotes")
        if rows and not expected:
            self._add(path, "the case expects nothing of any event", "add expect")
        return RuleCase(
            name=str(name or f"case {number + 1}"),
            path=path,
            events=events,
            expected=expected if rows else {},
            scene=scene if isinstance(scene, str) else None,
        )

    def _event(self, index: int, row: Json, path: DocumentPath, expected: dict[int, Expectation]) -> LiveEvent:
        if not isinstance(row, Mapping):
            self._add(path, "an event is a mapping with `at` and one of " + ", ".join(EVENT_TYPES))
            return LiveEvent(index=index, timestamp=0, type=0)
        if "expect" in row:
            expected[index] = self._expectation(row["expect"], (*path, "expect"))
        shapes = [name for name in (*EVENT_TYPES, "type") if name in row]
        known = {"at", "user", "expect", "content", *EVENT_TYPES, "type"}
        for key in row:
            if key not in known:
                self._add(
                    (*path, key),
                    f"{key!r} is not a key of an event",
                    f"use at, user, expect and one of {', '.join(EVENT_TYPES)}",
                )
        if len(shapes) != 1:
            self._add(
                path,
                f"an event is exactly one of {', '.join(EVENT_TYPES)} or type, not {len(shapes)}",
                "write e.g. comment: TEXT",
            )
        kind, content = self._content(row, shapes[0] if shapes else "", path)
        return LiveEvent(index=index, timestamp=self._time(row, path), type=kind, content=content, batch=index)

    def _time(self, row: Mapping[str, Json], path: DocumentPath) -> int:
        found = _AT.fullmatch(str(row.get("at", "")))
        if not found:
            self._add(
                (*path, "at") if "at" in row else path,
                "at: a time since the start such as 0s, 500ms, 10s or 2m",
                "add at: 0s",
            )
            return 0
        at = Decimal(found[1]) * _UNITS[found[2]]
        if at > LATEST:
            self._add((*path, "at"), "at: a time after the year 2099", "write a time since the start, such as 2m")
            return 0
        return round(at)

    def _content(self, row: Mapping[str, Json], shape: str, path: DocumentPath) -> tuple[int, Mapping[str, Json]]:
        user = row.get("user")
        if user is not None and not isinstance(user, Mapping):
            self._add((*path, "user"), "user: a mapping such as {userId: u1, level: 17}")
            user = None
        content: dict[str, Json] = {"user": dict(user)} if isinstance(user, Mapping) else {}
        value = row.get(shape)
        if shape == "type":
            if not isinstance(value, int) or isinstance(value, bool):
                self._add((*path, "type"), "type: an event type, such as 1", "write type: 1")
                return 0, content
            if not 0 <= value <= 100:
                self._add((*path, "type"), "type: a number from 0 to 100", "write type: 1")
            decoded, undecoded = decode_content(row.get("content"))
            if undecoded:
                self._add((*path, "content"), "content: an object, or text that holds one as JSON")
            return value, {**content, **decoded}
        if "content" in row:
            self._add((*path, "content"), "content belongs to an event with `type`", "use comment: TEXT")
        if shape in {"comment", "script"}:
            if not isinstance(value, str):
                self._add((*path, shape), f"{shape}: a text")
                value = ""
            content["content"] = value
        elif shape == "gift":
            if not isinstance(value, Mapping):
                self._add((*path, shape), "gift: a mapping such as {giftName: rose, giftNum: 1, totalValue: 5}")
                value = {}
            content["gift"] = dict(value)
        elif shape and not (value is None or (isinstance(value, Mapping) and not value)):
            self._add((*path, shape), f"{shape}: takes nothing: write {shape}: {{}}")
        return EVENT_TYPES.get(shape, 0), content

    def _expectation(self, value: Json, path: DocumentPath) -> Expectation:
        if value == "nothing":
            return Expectation(nothing=True)
        if not isinstance(value, Mapping) or not value:
            self._add(path, "expect: `nothing`, or a mapping with any of rule, rules, reply, suppressed")
            return Expectation()
        for key in value:
            if key not in EXPECTED:
                self._add((*path, key), f"{key!r} is not expected of an event", f"use one of {', '.join(EXPECTED)}")
        rule, rules, reply = value.get("rule"), value.get("rules"), value.get("reply")
        if "rule" in value and "rules" in value:
            self._add((*path, "rules"), "rule and rules both: write one", "remove one of the two")
        if "rule" in value and not isinstance(rule, str):
            self._add((*path, "rule"), "rule: a rule's name")
        if "reply" in value and not isinstance(reply, str):
            self._add((*path, "reply"), "reply: a text")
        names = (rule,) if isinstance(rule, str) else self._names(rules, (*path, "rules")) if "rules" in value else None
        suppressed = value.get("suppressed")
        return Expectation(
            rules=names,
            reply=reply if isinstance(reply, str) else None,
            suppressed=self._names(suppressed, (*path, "suppressed")) if "suppressed" in value else None,
        )

    def _names(self, value: Json, path: DocumentPath) -> tuple[str, ...]:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self._add(path, f"{path[-1]}: a rule's name, or a list of names")
            return ()
        return tuple(str(name) for name in names)
