"""Texts compared by words."""

from reconciler.reports.word_diff import DiffSide, compare, only_blanks_differ


def test_of_a_long_run_without_blanks_only_what_differs_is_marked():
    for letters in (1, 60, 900, 5_000):
        old, new = "x" * letters + "a" + "y" * letters, "x" * letters + "b" + "y" * letters
        pieces = compare(old, new)
        assert "".join(one.text for one in pieces if one.side is not DiffSide.NEW) == old
        assert "".join(one.text for one in pieces if one.side is not DiffSide.OLD) == new
        if letters >= 60:
            assert [one.text for one in pieces if one.side is not DiffSide.SAME] == ["a", "b"]


def test_text_that_is_only_indented_otherwise_is_told_so():
    assert only_blanks_differ('{"a": [1, 2]}', '{\n  "a": [\n    1,\n    2\n  ]\n}')
    assert not only_blanks_differ('{"a": 1}', '{"a": 1}')
    assert not only_blanks_differ('{"a": 1}', '{\n "a": 2}')
