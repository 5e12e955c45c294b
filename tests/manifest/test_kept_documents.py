"""A table of parts gives back the values it was made of, and what they share."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.kept_documents import PartTable, read_rows

VALUES = st.recursive(
    st.integers() | st.text(max_size=4) | st.booleans() | st.none() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=3)


def kept(values):
    """Return what is read of values, each a row of its own behind those of their parts."""
    table = PartTable(values)
    rows = [table.row(value) for value in values]
    return read_rows(json.loads(json.dumps([*table.rows, *rows])))[len(table.rows) :]


@given(st.lists(OBJECTS, min_size=1, max_size=4), OBJECTS)
def test_values_are_read_as_they_were(values, common):
    nested = {"deep": [{"common": common}, None, [common, 1]]}
    values = [*values, *({"common": common, "own": number} for number in range(2)), {"all": [nested, nested]}]
    before = copy.deepcopy(values)
    found = kept(values)
    assert repr(found) == repr(values) == repr(before)
    first, second, whole = found[-3:]
    deep = whole["all"][0]["deep"]
    assert first["common"] is second["common"] is deep[0]["common"] is deep[2][0]
    assert whole["all"][0] is whole["all"][1]


def test_what_nothing_else_has_is_written_where_it_stands():
    common = {"a": [1, 2]}
    values = [{"own": {"deep": [[], {}]}}, {"common": common}, {"common": [common]}]
    table = PartTable(values)
    assert table.row(values[0]) == [values[0], []]
    assert table.row(values[1]) == [{"common": None}, [["common", 0]]]
    assert table.row(values[2]) == [{"common": None}, [["common", 1]]]
    assert table.rows == [[common, []], [[None], [[0, 0]]]]


@pytest.mark.parametrize(
    "row",
    [
        *([[None], [[0, 1]]], [[None], [[0, -1]]], [[None], [[0, "0"]]], [[None], [[0, True]]], [[None], [[1, 0]]]),
        *([[1], [[0, 0]]], [{"a": None}, [["b", 0]]], [{"a": 1}, [["a", 0]]], [{"a": None}, [["a"]]]),
        *([{}], [{}, 1], 1, None, [None, [["a", 0]]], [{"a": None}, [[0, 0]]], [[None], [["a", 0]]]),
    ],
)
def test_a_row_of_another_shape_is_refused(row):
    with pytest.raises((ValueError, LookupError, TypeError)):
        read_rows([[{}, []], row])
