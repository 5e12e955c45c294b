"""What a benchmark returns: rows of cells by column, of which some are ratios that can be compared between versions."""

from typing import Any, Self

Row = dict[str, Any]
"""Column → cell. The first cell names the row, and is the same in every run of one benchmark at one scale."""


class Ratio(str):
    """A cell whose text is printed and whose number is kept: `Ratio(2.5, "{:.2f} × the floor")`."""

    __slots__ = ("number",)
    number: float

    def __new__(cls, number: float, text: str = "{:.2f}") -> Self:
        """Return the cell; `text` formats the number."""
        made = super().__new__(cls, text.format(number))
        made.number = number
        return made


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    if not rows:
        return "(nothing measured)"
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([str(row.get(column, "")) for column in columns] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def ratios(benchmark: str, rows: list[Row]) -> dict[str, float]:
    """Return the numbers of the ratios, by benchmark, row, and column where a row has several."""
    found = {}
    for row in rows:
        name = f"{benchmark}: {next(iter(row.values()))}"
        cells = {column: cell for column, cell in row.items() if isinstance(cell, Ratio)}
        for column, cell in cells.items():
            found[name if len(cells) == 1 else f"{name}, {column}"] = round(cell.number, 4)
    return found
