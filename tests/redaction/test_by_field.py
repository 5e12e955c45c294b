"""The law of redaction by field, for every kind: nothing sensitive is left, and it is idempotent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.registry import all_kinds
from reconciler.model.change import REDACTED
from reconciler.redaction.by_field import redact, redact_fields
from tests.support.random_specs import Maker

CLEAR = "clear text of a secret"


def with_secrets(field, value):
    """Return a value whose sensitive parts are a known clear text."""
    if field.sensitive:
        return [CLEAR] if isinstance(value, list) else CLEAR
    if isinstance(value, dict):
        known = field.children
        return {name: with_secrets(known[name], part) if name in known else part for name, part in value.items()}
    if isinstance(value, list) and field.item is not None:
        return [with_secrets(field.item, part) for part in value]
    return value


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.name)
@given(seed=st.integers(0, 10_000))
def test_no_sensitive_value_is_left_and_redacting_twice_is_redacting_once(kind, seed):
    row = with_secrets(kind.root, Maker(seed, share=0.8).raw(kind))
    once = redact_fields(kind.root, row)
    assert CLEAR not in json.dumps(once)
    assert redact_fields(kind.root, once) == once
    assert (once == row) == (CLEAR not in json.dumps(row))


@given(st.recursive(st.none() | st.text() | st.integers() | st.just({}), st.lists))
def test_what_is_null_or_empty_stays(value):
    once = redact(value)
    assert redact(once) == once
    if value is None or value in ("", [], {}):
        assert once == value
    elif not isinstance(value, list):
        assert once == REDACTED
