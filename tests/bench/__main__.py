"""Measure, and print what was measured as Markdown tables; every figure is taken in this one run.

Each `bench_*.py` beside this file has a docstring that says what is compared, and a function `run()` that returns
rows: dicts of column → value, all with the same columns. A comparison that cannot be made here is a row that says
why. `python -m tests.bench read plan` runs only those; `--scale 0.1` takes a tenth of the objects in `plan`, `memory`
and `fleet`, for a run of minutes.
"""

import argparse
import importlib
import os
from pathlib import Path

Rows = list[dict[str, object]]


def main(names: list[str]) -> None:
    """Run the benchmarks named, or all of them."""
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        name = path.stem.removeprefix("bench_")
        if not names or name in names:
            module = importlib.import_module(f"tests.bench.{path.stem}")
            print(f"\n## {name}\n\n{(module.__doc__ or '').strip()}\n", flush=True)
            print(table(module.run()), flush=True)


def table(rows: Rows) -> str:
    """Return the rows as a Markdown table."""
    if not rows:
        return "(nothing measured)"
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([str(row.get(column, "")) for column in columns] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").strip())
    arguments.add_argument("names", nargs="*", help="what to measure: all, unless some are named")
    arguments.add_argument("--scale", type=float, default=1.0, help="share of the objects (default: 1)")
    asked = arguments.parse_args()
    os.environ["BENCH_SCALE"] = str(asked.scale)
    main(asked.names)
