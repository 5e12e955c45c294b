"""JSON values: access to values of any shape, and what is empty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.change import NoValue
from reconciler.model.json_types import (
    as_list,
    as_object,
    child_of,
    is_blank,
    require_list,
    require_object,
    require_text,
)
from reconciler.semantics.equality import is_empty

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_empty_is_what_has_no_content_and_blank_is_empty_without_containers(value):
    assert is_empty(value) is (value is None or (isinstance(value, (str, list, dict)) and not value))
    assert is_blank(value) is (is_empty(value) and not isinstance(value, (list, dict)))


@given(VALUES)
def test_a_value_of_another_shape_has_no_fields_and_no_items(value):
    assert as_object(value) == (value if isinstance(value, dict) else {})
    assert as_list(value) == (value if isinstance(value, list) else [])


@given(VALUES)
@pytest.mark.parametrize(("require", "shape"), [(require_object, dict), (require_list, list), (require_text, str)])
def test_a_required_shape_is_returned_or_refused(require, shape, value):
    if isinstance(value, shape):
        assert require(value) is value
    else:
        with pytest.raises(ValueError, match="not a"):
            require(value)


@given(VALUES, st.text(max_size=2) | st.integers(0, 3))
def test_a_child_is_what_indexing_returns_or_a_lookup_error(value, step):
    is_there = (isinstance(value, dict) and isinstance(step, str) and step in value) or (
        isinstance(value, list) and isinstance(step, int) and step < len(value)
    )
    if is_there:
        assert child_of(value, step) is value[step]
    else:
        with pytest.raises(LookupError):
            child_of(value, step)


def test_a_missing_value_is_no_object():
    assert as_object(NoValue.ABSENT) == {}
    assert as_list(NoValue.HIDDEN) == []
