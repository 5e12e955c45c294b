"""Expressions of the project file: what they can say, what they cannot, and that none of them is expensive."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.template.assert_expression import LONGEST, ExpressionError, UnknownFieldError, expression

TODAY = date(2026, 11, 23)
ROOM = {
    "name": "One",
    "kind": "SmartLiveRoom",
    "room_state": "BLOCKED",
    "shared_config": {"expire_time": "2026-11-25T10:00:00Z", "allowed_project_ids": ["a", "b"]},
}


def holds(text):
    return expression(text).holds(ROOM, TODAY)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("resource.room_state != 'BLOCKED'", False),
        ("resource.room_state in ['BLOCKED', 'DISABLE']", True),
        ("resource.error_info is not defined", True),
        ("resource.error_info|default({}) == {}", True),
        ("days_until(resource.shared_config.expire_time) == 2", True),
        ("resource.shared_config.expire_time >= today", True),
        ("resource.shared_config.allowed_project_ids|length <= 1", False),
        ("resource.name.startswith('O') and resource.kind == 'SmartLiveRoom'", True),
        ("'b' in resource.shared_config.allowed_project_ids", True),
    ],
)
def test_an_expression_tells_of_an_object(text, answer):
    assert holds(text) is answer


@pytest.mark.parametrize("text", ["resource.rom_state == 1", "resource.error_info.error_code == 'X'", "nothing > 1"])
def test_a_field_the_object_has_not_makes_it_say_neither_yes_nor_no(text):
    with pytest.raises(UnknownFieldError):
        holds(text)


@pytest.mark.parametrize("text", ["resource. ==", "", "{{ 1 }}", "(" * 900 + "1" + ")" * 900, "x" * (LONGEST + 1)])
def test_what_is_no_expression_is_refused_before_any_object_is_seen(text):
    with pytest.raises(ExpressionError):
        expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "'x'.center(99999999)",
        "range(99999)",
        "'{0:>99999999}'.format(1)",
        "'a' * 99999999",
        "[1] * 99999999",
        "9 ** 99999 ** 9",
        "'%99999999d' % 1",
        "resource.name|center(99999999)",
        "resource.__class__.__mro__",
        "resource['__class__']",
        "resource|attr('__class__')",
        "resource.name.encode()",
        "days_until.func.__globals__",
        "resource.get('name').join(['a'])",
        "days_until('tomorrow')",
        "resource.name + 1",
    ],
)
def test_nothing_large_and_nothing_private_can_be_asked_for(text):
    with pytest.raises((ExpressionError, UnknownFieldError)):
        holds(text)


@given(st.text(alphabet="resource.name[]()'|=<>!+-*~%, 0129defaultgmnisd_", max_size=60))
def test_whatever_is_written_it_is_an_answer_or_an_error_of_ours(text):
    with suppress(ExpressionError, UnknownFieldError):
        assert holds(text) in (True, False)
