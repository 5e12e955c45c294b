"""Changes the modules that judge, one place at a time, and asks the fast tests: `make mutants SEED=1 COUNT=200`.

A seeded sample of small mistakes (a comparison turned, a `not` dropped, `and` for `or`, another number, an early
return) is tried in copies of the package, each with the tests that cover its module. What no test notices is printed
as a line to read: it is a statement that is missing from the tests, or a change that makes no difference.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from time import monotonic

ROOT = Path(__file__).parents[2]
APPLY = (
    "test_lagging_reads test_apply test_odd_answers test_unkept_values test_nasty_writes test_last_look "
    "test_agreement test_convergence"
)
COVERED = {
    "diff": ["tests/diff", "tests/pipeline/test_plan.py", "tests/apply/test_unkept_values.py"],
    "semantics": ["tests/semantics", "tests/diff"],
    "pipeline/before.py": [f"tests/apply/{name}.py" for name in APPLY.split()],
    "pipeline/verify.py": [f"tests/apply/{name}.py" for name in APPLY.split()],
    "api/retry.py": ["tests/api/test_trying.py", "tests/api/test_throttle.py"],
    "api/throttle.py": ["tests/api/test_throttle.py", "tests/api/test_trying.py"],
    "api/pages.py": ["tests/api/test_pages.py", "tests/readers/test_evidence.py"],
}
"""What is changed, and which tests are asked, the likeliest first."""

LONGEST = 240
"""Seconds after which a change counts as noticed: the tests no longer end."""

_PAIRS = ((ast.Eq, ast.NotEq), (ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Is, ast.IsNot), (ast.In, ast.NotIn))
TURNED = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}


@dataclass(frozen=True)
class Mutant:
    """One change of one module: of which node, and what it is."""

    module: str
    node: int
    at: int
    what: str
    tests: tuple[str, ...]

    def of(self, text: str) -> str:
        """Return the module of this text, changed."""
        tree = ast.parse(text)
        _change(next(node for number, node in enumerate(ast.walk(tree)) if number == self.node), self.at)
        return ast.unparse(tree)


def mutants() -> Iterator[Mutant]:
    """Return every change of every module that is covered."""
    for name, tests in COVERED.items():
        place = ROOT / "reconciler" / name
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            tree = ast.parse(file.read_text())
            module = str(file.relative_to(ROOT / "reconciler"))
            for number, node in enumerate(ast.walk(tree)):
                for at in range(len(node.ops) if isinstance(node, ast.Compare) else 1):
                    if isinstance(node, ast.stmt | ast.expr) and (what := _change(deepcopy(node), at)):
                        yield Mutant(module, number, at, f"{node.lineno}: {what}", tuple(tests))


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


def _noticed(mutant: Mutant, copy: Path) -> bool:
    """Ask the tests in a copy of the project that has the change; the copy is put right again."""
    file = copy / "reconciler" / mutant.module
    kept = file.read_text()
    file.write_text(mutant.of(kept))
    tests = [test for test in mutant.tests if (copy / test).exists()]
    call = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not deep and not postgres"]
    try:
        env = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        ended = subprocess.run([*call, *tests], cwd=copy, env=env, check=False, capture_output=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return True
    else:
        return ended.returncode != 0
    finally:
        file.write_text(kept)


def main() -> None:
    """Try a sample, print what survived, and fail below the share that is asked for."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--count", type=int, default=200)
    ask.add_argument("--minutes", type=float, default=120, help="begin no further change after so long")
    ask.add_argument("--least", type=int, default=0, help="per cent that must be noticed")
    given = ask.parse_args()
    every = list(mutants())
    sample = random.Random(given.seed).sample(every, min(given.count, len(every)))
    ends, score, copies = monotonic() + given.minutes * 60, Counter[str](), SimpleQueue[Path]()

    def judge(mutant: Mutant) -> None:
        if monotonic() > ends:
            return
        copy = copies.get()
        word = "noticed" if _noticed(mutant, copy) else "survived"
        copies.put(copy)
        score[word] += 1
        print(f"{word:8}  reconciler/{mutant.module}:{mutant.what}", flush=True)

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        for number in range(2):
            copy = Path(folder, str(number))
            shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", ".*_cache", "__pycache__"))
            copies.put(copy)
        list(pool.map(judge, sample))
    share = 100 * score["noticed"] / max(1, score.total())
    print(f"seed {given.seed}: {score['noticed']} of {score.total()} noticed ({share:.0f} %); {len(every)} possible")
    sys.exit(share < given.least)


if __name__ == "__main__":
    main()
