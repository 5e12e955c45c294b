"""Redaction by field: its laws for every kind, and that nothing outside `redaction` decides it once more."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.registry import all_kinds
from reconciler.model.change import REDACTED
from reconciler.redaction import (
    follows_sensitive_key,
    redact,
    redact_fields,
    redact_from,
    redacted_presence,
    redaction_shape,
    sensitive_names,
)
from tests.support.command_line import ROOT
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


SOURCES = [path for path in (ROOT / "reconciler").rglob("*.py") if path.parent.name != "redaction"]


def test_nothing_outside_compares_a_value_with_the_mark_or_cuts_a_text_with_it():
    """Whether something is redacted, and how a line is cut, is decided in `redaction` alone."""
    compared = r"[=!]= *REDACTED|REDACTED *(?:[=!]=|(?:not )?in\b)|\+ *REDACTED"
    decided = re.compile(rf"(?:{compared}|def _(?:sensitive|redacted)\b)")
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in SOURCES}
    found = {f"{name}: {match[0]}" for name, text in texts.items() for match in decided.finditer(text)}
    assert found == set()


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.name)
def test_redacting_what_is_redacted_changes_nothing(kind):
    spec = dict.fromkeys(kind.root.children, "x")
    once = redact_fields(kind.root, spec)
    assert redact_fields(kind.root, once) == once
    names = sensitive_names(kind.root.children.values())
    assert {name for name, value in once.items() if value == REDACTED} == names


@pytest.mark.parametrize(
    ("value", "presence"),
    [(None, None), ("", None), ({}, None), ([], []), (["a", "", None], [REDACTED]), ("a", REDACTED), (0, REDACTED)],
)
def test_of_a_secret_only_its_presence_is_compared(value, presence):
    assert redacted_presence(value) == presence
    assert redacted_presence(redact(value)) == presence


def test_the_shape_of_what_is_redacted_is_told_apart_from_what_is_not():
    value = {"a": REDACTED, "b": [1, {"c": REDACTED}], "d": {"e": "x"}}
    assert redaction_shape(value) == {"a": True, "b": [False, {"c": True}]}
    assert redaction_shape({"a": ["x"]}) is False


def test_a_text_behind_the_key_of_a_sensitive_field_is_known_and_a_line_is_cut_before_it():
    text = 'name: x\n"password" : abc'
    assert follows_sensitive_key(text, text.index("abc"), {"password"})
    assert not follows_sensitive_key(text, text.index("x"), {"password"})
    assert redact_from("password: abc", 11) == f"password: {REDACTED}"
