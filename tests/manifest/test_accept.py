"""Live values written back into sources: each case of the corpus gives exactly the expected bytes, or the refusal."""

import pytest

from tests.support.accept_corpus import accepted, cases, write_project

CASES = cases()


def test_the_corpus_is_large_enough():
    assert len(CASES) >= 120
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_an_edit_gives_exactly_the_expected_bytes(case, tmp_path):
    write_project(tmp_path, case)
    result = accepted(tmp_path, case)
    assert result.plan is not None
    assert sorted({each.code for each in result.proposal.refused}) == sorted(case.refused), result.proposal.refused
    assert sorted({each.address for each in result.collateral}) == sorted(case.collateral)
    for name, data in case.expected.items():
        assert (tmp_path / name).read_bytes().decode() == data.decode(), name
    if not case.refused and not case.collateral:
        assert result.files or case.expected == case.files
        if not case.ask.get("field"):
            left = [field for change in accepted(tmp_path, case).plan.changes for field in change.fields]
            assert not left
