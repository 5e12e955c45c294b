"""Measure, and print what was measured as Markdown tables; every figure is taken in this one run.

Each `bench_*.py` beside this file has a docstring that says what is compared, and a function `run()` that returns
rows. A comparison that cannot be made here is a row that says why. `python -m tests.bench read plan` runs only those;
`--scale 0.1` takes a tenth of the objects in `plan`, `memory` and `fleet`, for a run of minutes.

The ratios of a run of everything at full scale become this version's line of docs/benchmarks/history.jsonl; with
`--record`, those of a part too. `--compare REV` measures another revision and this tree, one right after the other.
"""

import argparse
import importlib
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import reconciler
from tests.bench import chart, compare, history
from tests.bench.results import ratios, table


def benchmarks() -> list[str]:
    """Return the names of all benchmarks."""
    return [path.stem.removeprefix("bench_") for path in sorted(Path(__file__).parent.glob("bench_*.py"))]


def measure(names: Sequence[str], *, quiet: bool = False) -> dict[str, float]:
    """Run benchmarks, print their tables, and return their ratios."""
    found = {}
    for name in names:
        module = importlib.import_module(f"tests.bench.bench_{name}")
        if not quiet:
            print(f"\n## {name}\n\n{(module.__doc__ or '').strip()}\n", flush=True)
        rows = module.run()
        found |= ratios(name, rows)
        if not quiet:
            print(table(rows), flush=True)
    return found


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").strip())
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(benchmarks())}")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the objects (default: 1)")
    parser.add_argument("--record", action="store_true", help="keep the ratios of a part in the history too")
    parser.add_argument("--compare", metavar="REV", help="measure a revision beside this tree")
    parser.add_argument("--json", action="store_true", help="print the ratios as one line of JSON, and nothing else")
    asked = parser.parse_args(arguments)
    if asked.record and asked.scale != 1.0:
        parser.error("--record keeps figures of full scale only: leave --scale out")
    names = asked.names or benchmarks()
    if unknown := sorted({*names} - {*benchmarks()}):
        parser.error(f"no benchmark {', '.join(unknown)}: there are {', '.join(benchmarks())}")
    os.environ["BENCH_SCALE"] = str(asked.scale)
    if asked.compare:
        with tempfile.TemporaryDirectory() as folder:
            other = compare.checked_out(asked.compare, Path(folder))
            print(table(compare.compare(asked.compare, other, names)))
        return
    found = measure(names, quiet=asked.json)
    if asked.json:
        print(json.dumps(found, ensure_ascii=False))
    elif asked.record or (not asked.names and asked.scale == 1.0):
        history.record(reconciler.__version__, found, on=history.machine(), commit=history.revision())
        chart.write()
        print(f"\n{history.HISTORY.relative_to(history.ROOT)} and {chart.CHART.relative_to(history.ROOT)} are written.")


if __name__ == "__main__":
    main(sys.argv[1:])
