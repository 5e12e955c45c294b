"""Text of JSON documents: the bytes of the standard library's writer, but for the characters that are escaped."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.reports.escaping import document, one_document
from reconciler.strings import HIDDEN_BESIDE_C0

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="ascii")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii")), inner),
    max_leaves=20,
)


@given(value=values, indent=st.none() | st.integers(0, 4))
def test_the_text_is_that_of_the_standard_library(value, indent):
    plain = json.dumps(value, ensure_ascii=False, indent=indent)
    assert json.loads(one_document(value, indent)) == value
    if "\x7f" not in plain and "#" not in plain:
        assert one_document(value, indent) == plain


@pytest.mark.parametrize("value", [(), (1, ("a",)), {"a": {}, "b": []}, [], {}, True, -0.0, 1e100, 10**30, "规则"])
def test_every_kind_of_value_is_indented_as_by_the_standard_library(value):
    assert document(value) == json.dumps(value, ensure_ascii=False, indent=2) + "\n"


@given(value=st.text(st.sampled_from('a\x7f\x9f\u202e规#\\"\n')), indent=st.none() | st.integers(0, 2))
def test_no_text_is_written_with_an_invisible_character(value, indent):
    written = one_document({value: [value]}, indent)
    assert json.loads(written) == {value: [value]}
    assert not HIDDEN_BESIDE_C0.search(written)


def test_an_invisible_character_in_a_key_or_a_value_is_an_escape():
    assert document({"a\u202eb": ["\x1b"]}) == '{\n  "a\\u202eb": [\n    "\\u001b"\n  ]\n}\n'
