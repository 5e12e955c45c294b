"""A table of parts gives back the values it was made of, and what they share."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.kept_documents import PartTable, read_parts

VALUES = st.recursive(
    st.integers() | st.text(max_size=4) | st.booleans() | st.none() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=3)


@given(st.lists(OBJECTS, min_size=1, max_size=4), OBJECTS)
def test_values_are_read_as_they_were(values, common):
    values = [*values, *({"common": common, "own": number} for number in range(2)), [common, [common]]]
    table = PartTable()
    numbers = [table.number(value) for value in values]
    made = read_parts(json.loads(json.dumps(table.rows)))
    assert repr([made[number] for number in numbers]) == repr(values)
    first, second, both = (made[number] for number in numbers[-3:])
    assert first["common"] is second["common"] is both[0] is both[1][0]


def test_a_part_that_is_no_row_before_is_refused():
    for rows in ([[[1]], []], [[[-1]]], [[["0"]]], [[[]]], [[[0, 0]]], [1], [{"a": [True]}]):
        with pytest.raises((ValueError, LookupError)):
            read_parts(rows)
