"""Changes the modules that judge, one place at a time, and asks the tests: `make mutants SEED=1 COUNT=200`.

Everything happens in copies of the project. First the tests run unchanged: one that fails ends it, and of each is kept
which lines it executes. Then a seeded sample of small mistakes (a comparison turned, a `not` dropped, `and` for `or`,
another number, an early return) is tried, each with tests that execute the changed line, those of the mirror folder
first, for at most BUDGET seconds. Seconds are processor time, so that other work on the machine changes no result. What
no test notices is printed as a line to read: it is a statement that is missing from the tests, or a change that makes
no difference (`tests/mutants/equivalent.py` says why).
"""

import argparse
import ast
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from signal import SIGKILL, SIGXCPU
from time import monotonic
from typing import Any

from tests.mutants.equivalent import equivalent_reason

ROOT = Path(__file__).parents[2]
MUTATED = (
    *("diff", "semantics", "apply/precheck.py", "apply/verify.py", "apply/unknown_outcome.py", "apply/recompare.py"),
    *("planfile/staleness.py", "api/retry.py", "api/rate_limit.py", "api/pagination.py", "api/allowed_hosts.py"),
    *("readers/confirm.py", "readers/kind_reader.py"),
)
"""What is changed: the modules whose judgement decides what is written."""

TESTS = tuple(f"tests/{folder}" for folder in ("semantics", "diff", "planfile", "api", "readers", "apply"))
"""The folders that mirror the packages of those modules: the tests of a module's own folder are asked first."""

BUDGET, FEWEST = 25.0, 3
"""Seconds of tests for one change, as they took unchanged and traced; and how many tests are asked in any case."""

LONGEST = 120
"""Seconds after which a change counts as noticed: the tests no longer end."""

PATIENCE = 90
"""Seconds that the tests of one file may take unchanged: those of a longer one are no help in half a minute."""

WALL = 900
"""Seconds on the clock after which a run that computes nothing is ended: its tests wait for each other."""

ENDED = (-SIGXCPU, -SIGKILL)
"""How a process ends that has used its processor time."""

NO_TESTS = 5
"""What pytest ends with where a file has no test for this run."""

_PAIRS = ((ast.Eq, ast.NotEq), (ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Is, ast.IsNot), (ast.In, ast.NotIn))
TURNED = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}


@dataclass(frozen=True)
class Mutant:
    """One change of one module: of which node, in which lines of which function, and what it is."""

    module: str
    node: int
    at: int
    line: int
    last: int
    function: str
    what: str

    def of(self, text: str) -> str:
        """Return the module of this text, changed."""
        tree = ast.parse(text)
        _change(next(node for number, node in enumerate(ast.walk(tree)) if number == self.node), self.at)
        return ast.unparse(tree)


def mutants() -> Iterator[Mutant]:
    """Return every change of every module that judges."""
    for name in MUTATED:
        place = ROOT / "reconciler" / name
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            tree = ast.parse(file.read_text())
            module = str(file.relative_to(ROOT / "reconciler"))
            aside = {id(part) for part in _guards(tree)}
            for number, node in enumerate(ast.walk(tree)):
                if id(node) in aside:
                    continue
                for at in range(len(node.ops) if isinstance(node, ast.Compare) else 1):
                    if isinstance(node, ast.stmt | ast.expr) and (what := _change(deepcopy(node), at)):
                        last = node.end_lineno or node.lineno
                        yield Mutant(module, number, at, node.lineno, last, _function(tree, node.lineno), what)


def _guards(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what keeps mistakes out and changes nothing that runs: decorators' `frozen` and `slots`, zip's `strict`."""
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", ()):
            yield from ast.walk(decorator)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "zip":
            yield from (keyword.value for keyword in node.keywords)


def _function(tree: ast.AST, line: int) -> str:
    """Return the name of the innermost function around a line; empty outside of functions."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return max(around, key=lambda node: node.lineno).name if around else ""


def _change(node: ast.AST, at: int) -> str:
    """Change one node in its place; say what was changed, or nothing where this kind of node is left alone."""
    before = ast.unparse(node) if isinstance(node, ast.expr) else ""
    if isinstance(node, ast.Compare):
        node.ops[at] = TURNED[type(node.ops[at])]()
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1
    elif isinstance(node, ast.FunctionDef) and len(node.body) > 1:
        node.body.insert(0, ast.Return(ast.Constant(None)))
        return f"{node.name} returns at once"
    else:
        return ""
    return f"{before} -> {ast.unparse(node)}"


Lines = Mapping[str, Mapping[str, Any]]


def chosen(mutant: Mutant, traced: Lines) -> list[str]:
    """Return tests that execute a changed line, those of the module's own folder and short ones first, in the budget.

    What runs once a process (a cache, a constant) is executed in the first test only: short tests of the module follow.
    A long test makes room for the short ones behind it.
    """
    mirror = f"tests/{mutant.module.split('/')[0]}/"
    place = range(mutant.line, mutant.last + 1)
    near = {test for test, found in traced.items() if mutant.module in found["lines"]}
    hits = {test for test in near if any(line in place for line in traced[test]["lines"][mutant.module])}
    order = sorted(near, key=lambda test: (test not in hits, not test.startswith(mirror), traced[test]["seconds"]))
    taken: list[str] = []
    left = BUDGET
    for test in order:
        seconds = traced[test]["seconds"]
        if seconds <= left or len(taken) < FEWEST:
            taken.append(test)
            left -= seconds
    return taken


def _pytest(copy: Path, *args: str, longest: int, **variables: str) -> "subprocess.CompletedProcess[str]":
    limit = ["sh", "-c", f'ulimit -t {longest}; exec "$@"', "sh"]
    call = [*limit, sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "tests.mutants.trace_plugin", *args]
    env = {**os.environ, "PYTHONPATH": str(copy), **variables}
    return subprocess.run(
        [*call, "-m", "not deep and not postgres and not browser"],
        cwd=copy,
        env=env,
        check=False,
        capture_output=True,
        text=True,
        timeout=WALL,
    )


def traced(copies: Sequence[Path], kept: Lines, keep: Callable[[Lines], object]) -> Lines:
    """Run the tests unchanged; return the seconds and the lines of each, or end the program where one fails.

    Of a file of tests that is as it was, what an earlier run kept is taken. One that takes longer than PATIENCE is left
    out.
    """
    watched = {mutant.module for mutant in mutants()}
    files = {
        str(one.relative_to(ROOT)): _digest(one) for name in TESTS for one in sorted((ROOT / name).rglob("test_*.py"))
    }
    found = {test: each for test, each in kept.items() if files.get(test.split("::")[0]) == each["of"]}
    known = {test.split("::")[0] for test in found}
    queue = SimpleQueue[Path]()
    for copy in copies:
        queue.put(copy)

    def run(file: str) -> None:
        copy = queue.get()
        trace = copy / f"{file.replace('/', '-')}.json"
        given = {"MUTANTS_TRACE": str(trace), "MUTANTS_WATCHED": ",".join(sorted(watched))}
        try:
            ended = _pytest(copy, file, longest=PATIENCE, **given)
        finally:
            queue.put(copy)
        if ended.returncode in ENDED:
            print(f"left out: {file} takes longer than {PATIENCE} s", flush=True)
            return
        if ended.returncode not in (0, NO_TESTS):
            sys.exit(f"the tests fail without any change:\n{ended.stdout[-3000:]}{ended.stderr[-1000:]}")
        print(f"unchanged: {file}: {ended.stdout.strip().splitlines()[-1]}", flush=True)
        found.update({test: {**each, "of": files[file]} for test, each in json.loads(trace.read_text()).items()})
        keep(dict(found))

    with ThreadPoolExecutor(len(copies)) as pool:
        list(pool.map(run, [file for file in files if file not in known]))
    return found


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _keep(file: Path, found: Lines) -> None:
    file.write_text(json.dumps(found))


def _kept(file: Path | None) -> dict[str, Any]:
    """Return what an earlier run kept of the same tests; nothing where there is none."""
    found: dict[str, Any] = json.loads(file.read_text()) if file is not None and file.exists() else {}
    return found


def _noticed(mutant: Mutant, copy: Path, tests: Sequence[str]) -> bool:
    """Ask the tests in a copy of the project that has the change; the copy is put right again."""
    file = copy / "reconciler" / mutant.module
    kept = file.read_text()
    wanted = copy / "chosen.json"
    wanted.write_text(json.dumps(tests))
    _write(file, mutant.of(kept))
    try:
        files = dict.fromkeys(test.split("::")[0] for test in tests)
        ended = _pytest(copy, "-x", *files, longest=LONGEST, MUTANTS_CHOSEN=str(wanted))
    except subprocess.TimeoutExpired:
        return True
    else:
        return ended.returncode != 0
    finally:
        _write(file, kept)


def _write(file: Path, text: str) -> None:
    """Write a module; compiled bytecode of the same second and size would be taken for its own."""
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
        compiled.unlink()
    file.write_text(text)


def main() -> None:
    """Try a sample, print what survived, and fail below the share that is asked for."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--count", type=int, default=200)
    ask.add_argument("--minutes", type=float, default=120, help="begin no further change after so long")
    ask.add_argument("--least", type=int, default=90, help="per cent that must be noticed of what makes a difference")
    ask.add_argument("--traced", type=Path, help="keep the lines that tests execute here; read them where it is there")
    ask.add_argument("--only", default="", help="only modules whose path in the package begins so: `diff/compare`")
    ask.add_argument("--jobs", type=int, default=2, help="copies of the project side by side")
    given = ask.parse_args()
    every = [mutant for mutant in mutants() if mutant.module.startswith(given.only)]
    sample = random.Random(given.seed).sample(every, min(given.count, len(every)))
    score, queue = Counter[str](), SimpleQueue[Path]()

    def judge(mutant: Mutant) -> None:
        if monotonic() > ends:
            return
        copy = queue.get()
        tests = chosen(mutant, lines)
        word, reason = ("noticed" if tests and _noticed(mutant, copy, tests) else "survived"), ""
        queue.put(copy)
        if word == "survived" and (reason := equivalent_reason(mutant.module, mutant.function, mutant.what)):
            word, reason = "equal", f"  ({reason})"
        score[word] += 1
        print(
            f"{word:8}  reconciler/{mutant.module}:{mutant.line} ({mutant.function}): {mutant.what}{reason}", flush=True
        )

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.jobs) as pool:
        copies = [Path(folder, str(number)) for number in range(given.jobs)]
        for copy in copies:
            shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", ".*_cache", "__pycache__"))
            Path(copy, ".venv").symlink_to(ROOT / ".venv")
            queue.put(copy)
        lines = traced(copies, _kept(given.traced), lambda found: given.traced and _keep(given.traced, found))
        ends = monotonic() + given.minutes * 60
        list(pool.map(judge, sample))
    judged = score["noticed"] + score["survived"]
    share = 100 * score["noticed"] / max(1, judged)
    print(
        f"seed {given.seed}: {score['noticed']} of {judged} noticed ({share:.0f} %), "
        f"{score['equal']} make no difference; {len(every)} changes are possible"
    )
    sys.exit(share < given.least)


if __name__ == "__main__":
    main()
