"""Draws docs/images/benchmarks.svg from the history: a line for each ratio, from the oldest release to the newest.

`python -m tests.bench.chart` draws it again. The picture loads nothing, and follows a dark page.
"""

from html import escape
from pathlib import Path

from tests.bench.history import HISTORY, ROOT, Line, read

CHART = ROOT / "docs" / "images" / "benchmarks.svg"
NAME, WIDE, HIGH, EDGE = 640, 240, 26, 16
"""Points that a name and a curve are wide, a row is high, and the margin."""
LETTERS = 96
"""Characters of a name that fit."""
_STYLE = (
    "text{font:13px ui-sans-serif,system-ui,sans-serif;fill:#1f2328}.muted{fill:#59636e}"
    "polyline{fill:none;stroke:#0969da;stroke-width:1.5}circle{fill:#0969da}line{stroke:#d1d9e0}"
    "@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.muted{fill:#9198a1}polyline{stroke:#58a6ff}"
    "circle{fill:#58a6ff}line{stroke:#3d444d}}"
)


def drawing(lines: list[Line]) -> str:
    """Return the picture of a history; a ratio that the newest release lacks is left out."""
    names = list(lines[-1]["ratios"]) if lines else []
    high = EDGE * 2 + HIGH * (len(names) + 1)
    wide = EDGE * 2 + NAME + WIDE + 90
    versions = list(dict.fromkeys(line["version"] for line in lines[:1] + lines[-1:]))
    title = f"Ratios by release: {' to '.join(versions)}" if lines else "No release is measured"
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<text x="{EDGE}" y="{EDGE + 14}" class="muted">{escape(title)}; every curve starts at zero</text>',
        *(_row(name, lines, EDGE + HIGH * number) for number, name in enumerate(names, 1)),
        "</svg>",
    ]
    return "\n".join(body) + "\n"


def _row(name: str, lines: list[Line], top: float) -> str:
    found = [(number, line["ratios"][name]) for number, line in enumerate(lines) if name in line["ratios"]]
    most = max(value for _, value in found) or 1.0
    step = WIDE / max(1, len(lines) - 1)
    base, room = top + HIGH - 5, HIGH - 9
    places = [(EDGE + NAME + step * number, base - room * value / most) for number, value in found]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    short = name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
    return (
        f'<text x="{EDGE}" y="{base:.1f}">{escape(short)}<title>{escape(name)}</title></text>'
        f'<line x1="{EDGE + NAME}" y1="{base:.1f}" x2="{EDGE + NAME + WIDE}" y2="{base:.1f}"/>'
        f'<polyline points="{line}"/><circle cx="{places[-1][0]:.1f}" cy="{places[-1][1]:.1f}" r="3"/>'
        f'<text x="{EDGE + NAME + WIDE + 14}" y="{base:.1f}">{found[-1][1]:.2f}</text>'
    )


def write(chart: Path = CHART, history: Path = HISTORY) -> None:
    """Draw the picture again."""
    chart.write_text(drawing(read(history)), encoding="utf-8")


if __name__ == "__main__":
    write()
