"""A text crosses few files on its way from a manifest to its line of a plan."""

from tests.architecture.value_path import value_path

MOST = 8


def test_a_reply_text_crosses_few_files():
    crossed = value_path()
    assert {"diff/compare/walk.py", "semantics/equality.py", "redaction/by_field.py"} <= crossed.keys()
    assert len(crossed) <= MOST, crossed
