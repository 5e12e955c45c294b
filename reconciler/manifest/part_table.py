"""Values as a table of their distinct mappings and lists, in which what several of them hold is written once.

A row is a mapping or a list; in it, the place of another one has a list of that one's number. Rows hold only rows
before them, so that a table is read in one pass, and equal parts of values are one object again.
"""

from collections.abc import Mapping

from reconciler.model.json_types import Json, require_list


class PartTable:
    """Table of values that are not changed meanwhile."""

    def __init__(self) -> None:
        self.rows: list[Json] = []
        self._numbers: dict[int, int] = {}
        self._known: list[object] = []

    def number(self, value: Mapping[str, Json] | list[Json]) -> int:
        """Return the number of the row of a mapping or list, added with its parts where it is new."""
        found = self._numbers.get(id(value))
        if found is not None:
            return found
        row: Json
        if isinstance(value, Mapping):
            row = {key: [self.number(item)] if isinstance(item, (dict, list)) else item for key, item in value.items()}
        else:
            row = [[self.number(item)] if isinstance(item, (dict, list)) else item for item in value]
        self._numbers[id(value)] = number = len(self.rows)
        self._known.append(value)  # alive, so that no other value gets its identity
        self.rows.append(row)
        return number


def read_parts(rows: list[Json]) -> list[Json]:
    """Return the values of a table's rows, which become these. Raises ValueError or LookupError for another shape."""
    made: list[Json] = []
    for row in rows:
        if isinstance(row, dict):
            for key, item in row.items():
                if type(item) is list:
                    row[key] = _part(made, item)
        else:
            items = require_list(row)
            for index, item in enumerate(items):
                if type(item) is list:
                    items[index] = _part(made, item)
        made.append(row)
    return made


def _part(made: list[Json], reference: list[Json]) -> Json:
    (number,) = reference
    if type(number) is not int or number < 0:
        raise ValueError("a part is named by a number")
    return made[number]
