"""Tests of interaction rules in a project: documents, subjects, and results."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from reconciler.interaction_rules.prepared_rule import EvaluatedRule, prepare_rules
from reconciler.interaction_rules.rule_cases import CaseResult, RuleTest, run_case
from reconciler.interaction_rules.rule_test_reader import CaseReader
from reconciler.late_methods import dataclass
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import LoadedDocuments, load_documents
from reconciler.manifest.source_positions import DocumentLocator
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Diagnostic, Severity, has_errors
from reconciler.model.json_types import Json
from reconciler.model.resource import DeclaredResource
from reconciler.model.source_map import Position
from reconciler.project.config import Project
from reconciler.strings import did_you_mean

DEFAULT_FOLDER = "rule-tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedTest:
    """RuleTest document with the positions of its lines."""

    test: RuleTest
    locate: DocumentLocator


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedResult:
    """Result of one case with its position (the line of `- name:`), and the result of each subject."""

    result: CaseResult
    position: Position
    by_subject: tuple[CaseResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCoverage:
    """Number of events of all tests that a tag may match, and its position."""

    tag: str
    held: int
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCoverage:
    """Number of events of all tests that a rule may answer, the same for its tags, and its position."""

    address: str
    rule: str
    fired: int
    position: Position
    tags: tuple[TagCoverage, ...] = ()


def load_rule_tests(
    project: Project, environment: str, paths: Sequence[str], sets: Sequence[str]
) -> tuple[tuple[PlacedTest, ...], LoadedDocuments]:
    """Return the tests in files and their problems, as diagnostics of the documents."""
    tree = DiskTree(project.root)
    entries = tuple(paths) or tuple(project.file.tests)
    if not paths and entries == (DEFAULT_FOLDER,) and not (project.root / DEFAULT_FOLDER).exists():
        entries = ()
    loaded = load_documents(
        tree,
        entries=entries,
        values=(*project.file.values, *project.environments[environment].values),
        sets=sets,
        env_name=environment,
        positions=project.positions(
            ("values",), ("environments", environment, "values"), *(() if paths else [("tests",)])
        ),
    )
    tests: list[PlacedTest] = []
    problems = list(loaded.diagnostics)
    for value, locate in loaded.documents:
        test, found = _read(value, locate)
        problems += found
        if test is not None and not has_errors(found):
            tests.append(PlacedTest(test=test, locate=locate))
    return tuple(tests), replace(loaded, diagnostics=tuple(problems))


def _read(value: Json, locate: DocumentLocator) -> tuple[RuleTest | None, list[Diagnostic]]:
    if not isinstance(value, dict):
        return None, [_error("E_YAML_ROOT", "the document is not a mapping", locate.at(()), "write a RuleTest")]
    if value.get("kind") != "RuleTest":
        message = f"{value.get('kind')!r} is not a RuleTest"
        return None, [_error("E_TEST_KIND", message, locate.at(("kind",)), "write kind: RuleTest")]
    if value.get("apiVersion") != "metastudio/v1":
        place = locate.at(("apiVersion",))
        return None, [
            _error("E_TEST_VERSION", "apiVersion is not metastudio/v1", place, "write apiVersion: metastudio/v1")
        ]
    reader = CaseReader()
    test = reader.read(value)
    return test, [_error("E_TEST", one.message, locate.at(one.path), one.hint) for one in reader.problems]


def _error(code: str, message: str, position: Position, hint: str) -> Diagnostic:
    return Diagnostic(severity=Severity.ERROR, code=code, message=message, position=position, hint=hint)


def rules_of(resource: DeclaredResource) -> tuple[EvaluatedRule, ...]:
    """Return the rules that a resource declares."""
    rules = resource.spec.get("interaction_rules")
    return prepare_rules(rules if isinstance(rules, list) else ())


def missing_subjects(tests: Iterable[PlacedTest], manifest: DesiredState) -> Iterator[Diagnostic]:
    """Yield an error for each subject that no manifest declares."""
    known = [resource.address for resource in manifest.resources]
    for placed in tests:
        for number, subject in enumerate(placed.test.subjects):
            if subject not in known:
                hint = did_you_mean(subject, known, f"the manifests declare {', '.join(known) or 'nothing'}", quote="")
                place = placed.locate.at(("subject", number) if len(placed.test.subjects) > 1 else ("subject",))
                yield _error("E_TEST_SUBJECT", f"no manifest declares {subject}", place, hint)


def run_rule_tests(
    tests: Sequence[PlacedTest], manifest: DesiredState, *, run: str = "", part: str = "", stop_early: bool = False
) -> Iterator[PlacedResult]:
    """Yield the result of each case, in order; one a case, the worst of its subjects.

    `run` is a glob and `part` a part of a case's name; `stop_early` ends after the first that does not pass.
    """
    wanted = {subject for placed in tests for subject in placed.test.subjects}
    by_address = {one.address: rules_of(one) for one in manifest.resources if one.address in wanted}
    for placed in tests:
        for case in placed.test.cases:
            if (run and not fnmatchcase(case.name, run)) or part not in case.name:
                continue
            results = [
                run_case(case, by_address[subject], placed.test.semantics, subject) for subject in placed.test.subjects
            ]
            worst = min(results, key=lambda result: ("failed", "undecided", "passed").index(result.result))
            yield PlacedResult(
                result=_merged(results, worst),
                position=placed.locate.at((*case.path, "name")),
                by_subject=tuple(results),
            )
            if stop_early and worst.result != "passed":
                return


def _merged(results: Sequence[CaseResult], worst: CaseResult) -> CaseResult:
    if len(results) == 1:
        return worst
    message = "\n".join(f"{one.subject}: {one.message}" for one in results if one.result != "passed")
    depends = dict.fromkeys(name for one in results for name in one.depends_on)
    return replace(worst, message=message, depends_on=tuple(depends))


def rule_coverage(
    tests: Sequence[PlacedTest], results: Iterable[PlacedResult], manifest: DesiredState
) -> tuple[RuleCoverage, ...]:
    """Return for each rule of each subject how many events of the executed cases it may answer."""
    subjects = dict.fromkeys(subject for placed in tests for subject in placed.test.subjects)
    fired: Counter[tuple[str, str]] = Counter()
    held: Counter[tuple[str, int, int]] = Counter()
    for one in (one for placed in results for one in placed.by_subject):
        fired.update({(one.subject, name): count for name, count in one.fired.items()})
        held.update({(one.subject, *place): count for place, count in one.held.items()})
    rows = []
    for resource in manifest.resources:
        if resource.address in subjects:
            for rule in rules_of(resource):
                path = ("interaction_rules", rule.index)
                tags = tuple(
                    TagCoverage(
                        tag=f"{tag.name} {tag.match} {tag.value}",
                        held=held[resource.address, rule.index, place],
                        position=resource.at((*path, "hit_condition", "tags", place)),
                    )
                    for place, tag in enumerate(rule.tags)
                    if not rule.reserved
                )
                count = fired[resource.address, rule.name]
                position = resource.at((*path, "rule_name"))
                rows.append(
                    RuleCoverage(address=resource.address, rule=rule.name, fired=count, position=position, tags=tags)
                )
    return tuple(rows)
