"""JSON at every boundary: what is refused, one canonical text, and digests that files and ledgers keep."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.json_codec import (
    DepthError,
    canonical_json,
    digest,
    ledger_digest,
    loads_object,
    loads_strict,
    sorted_json,
)

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


def typed(value):
    """Return a value in which true, 1 and 1.0 differ, and the order of keys does not count."""
    if isinstance(value, dict):
        return frozenset((key, typed(part)) for key, part in value.items())
    if isinstance(value, list):
        return tuple(map(typed, value))
    return type(value), repr(value)


@given(VALUES)
def test_canonical_json_reads_back_as_the_same_value(value):
    assert typed(loads_strict(canonical_json(value))) == typed(value)
    assert typed(loads_strict(sorted_json(value))) == typed(value)


@given(VALUES)
def test_canonical_json_is_its_own_canonical_form(value):
    text = canonical_json(value)
    assert text.isascii()
    assert canonical_json(loads_strict(text)) == text


@given(VALUES, VALUES)
@example(True, 1)
@example(1, 1.0)
@example(1, "1")
@example({"a": 1, "b": 2}, {"b": 2, "a": 1})
@example([], {})
@example(0.0, -0.0)
def test_two_digests_are_equal_exactly_where_the_values_are(one, other):
    same = typed(one) == typed(other)
    assert (digest(one) == digest(other)) is same
    assert (ledger_digest(one) == ledger_digest(other)) is same


def test_digests_in_files_and_ledgers_never_change():
    value = {"b": ["é", 1, True, None], "a": {"x": 1.5}}
    assert canonical_json(value) == b'{"a":{"x":1.5},"b":["\\u00e9",1,true,null]}'
    assert digest(value) == "868439a66fa6a109b922c3de78d4679eee1107d64d8fcd6b34646139100dd1ac"
    assert ledger_digest(value) == "1354b6a57db87adf4ed6367b67a8120c84d844e192626af315d76497c7e8c7a1"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ('{"a": 1, "a": 2}', "a key is repeated"),
        ('[{"a": {"b": 1, "b": 1}}]', "a key is repeated"),
        ("NaN", "NaN is no JSON number"),
        ("[Infinity]", "Infinity is no JSON number"),
        ("[-Infinity]", "-Infinity is no JSON number"),
        ("1e999", "a number is too large"),
        ("9" * 5000, "digits"),
        ("{} {}", "Extra data"),
        ("'a'", "Expecting value"),
    ],
)
def test_what_is_no_strict_json_is_refused(text, reason):
    for data in (text, text.encode()):
        with pytest.raises(ValueError, match=reason):
            loads_strict(data)


BLANKS = st.text(" \t\r\n", max_size=2)
KEYS = st.sampled_from(['"a"', '"b"', '"\\u0061"', '"\\""', '""', '" : "', '"é"'])
LEAVES = KEYS | st.sampled_from(
    ["1", "-0", "1.5e3", "1e999", "NaN", "null", "true", '"\\":"', '":"', '"\\\\"', '"', "x"]
)


def written(parts, ends):
    return ends[0] + ",".join(f"{before}{part}{after}" for before, part, after in parts) + ends[1]


def members(inner):
    pair = st.tuples(KEYS, BLANKS, BLANKS, inner).map(lambda each: f"{each[0]}{each[1]}:{each[2]}{each[3]}")
    return st.lists(st.tuples(BLANKS, pair, BLANKS), max_size=4).map(lambda parts: written(parts, "{}"))


def items(inner):
    return st.lists(st.tuples(BLANKS, inner, BLANKS), max_size=3).map(lambda parts: written(parts, "[]"))


TEXTS = st.recursive(LEAVES, lambda inner: members(inner) | items(inner), max_leaves=10)


def with_every_key_looked_at(text):
    """Decode a text as `loads_strict` must: by the standard library, which shows each object's keys."""

    def unique(pairs):
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key is repeated")
        return dict(pairs)

    def refuse(constant):
        raise ValueError(f"{constant} is no JSON number")

    def finite(number):
        if number == "1e999":
            raise ValueError("a number is too large")
        return float(number)

    return json.loads(text, object_pairs_hook=unique, parse_constant=refuse, parse_float=finite)


def outcome(decode, text):
    """Return a decoded value with the order of its keys, or the error."""
    try:
        value = decode(text)
    except ValueError as error:
        return type(error), str(error)
    return typed(value), json.dumps(value)


@given(TEXTS)
@example('{"a": 1, "a": "\\":"}')
@example('{"a": "\\":", "a"\n:1}')
@example('{"a": {"a": 1}, "b": [{"a": 1, "a": 1}]}')
@example('{"a": 1, "a": 2, "b": x}')
@example('{"a": 1, "b": x, "a": 2}')
@example('{"a": 1, "\\u0061": ":"}')
@example('{"": ":", "":  ":"}')
@example('{"a\\\\": 1, "a\\\\": 2, "b": "{\\"c\\": 1}"}')
@example('{"a": 1, "b": "{\\"c\\": 1, \\"c\\": 2}"}')
def test_a_value_or_an_error_is_that_of_a_look_at_every_key(text):
    for data in (text, text.encode()):
        assert outcome(loads_strict, data) == outcome(with_every_key_looked_at, text)


@pytest.mark.parametrize("data", [b'"\xff"', b'"\xed\xa0\x80"', '{"a": 1}'.encode("utf-16")])
def test_bytes_are_strict_utf_8(data):
    with pytest.raises(UnicodeDecodeError):
        loads_strict(data)


def test_half_a_character_is_decoded_where_it_is_asked_for():
    assert loads_strict(b'"\xed\xa0\x80"', surrogates=True) == "\ud800"


@given(st.lists(st.sampled_from("[{"), min_size=1, max_size=40), st.integers(1, 40))
def test_the_limit_of_depth_is_exact_for_any_nesting(opening, most):
    closing = {"[": "]", "{": "}"}
    text = "".join('{"a":' if each == "{" else "[" for each in opening) + "1"
    text += "".join(closing[each] for each in reversed(opening))
    if len(opening) > most:
        with pytest.raises(DepthError):
            loads_strict(text, max_depth=most)
    else:
        assert loads_strict(text, max_depth=most) == json.loads(text)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
def test_text_of_any_depth_is_refused_without_recursion(text):
    with pytest.raises(DepthError):
        loads_strict(text)


def test_text_that_is_cut_inside_a_text_of_brackets_is_cut_and_not_too_deep():
    with pytest.raises(json.JSONDecodeError, match="Unterminated"):
        loads_strict('{"a": "' + "[" * 1000)


def test_an_object_is_asked_for():
    assert loads_object('{"a": 1}') == {"a": 1}
    for text in ("[]", "null", '"text"'):
        with pytest.raises(ValueError, match="not a JSON object"):
            loads_object(text)
