"""The catalogue of what the tool does: one folder a situation, compared byte for byte with what was recorded.

`python -m pytest tests/golden --record-golden` writes what is told now; read the difference before you commit it.
"""

from pathlib import Path

import pytest

from tests.support.golden import TOLD, Case, cases, contents, differing

CASES = cases(Path(__file__).parent)


def test_the_table_of_contents_names_every_situation(request: pytest.FixtureRequest) -> None:
    readme = Path(__file__).parent / "README.md"
    if request.config.getoption("--record-golden"):
        readme.write_text(contents(CASES), encoding="utf-8")
    assert readme.read_text(encoding="utf-8") == contents(CASES)


def test_the_catalogue_has_at_least_forty_situations_each_with_a_title() -> None:
    titles = [case.said["title"] for case in CASES]
    assert len(CASES) >= 40
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_situation(case: Case, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    told = case.told()
    assert set(told) == set(TOLD)
    if request.config.getoption("--record-golden"):
        for name, text in told.items():
            (case.folder / name).write_text(text, encoding="utf-8")
        return
    wrong = differing(case, told)
    for name, text in wrong.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert not wrong, f"{case.folder.name}: {', '.join(wrong)}; what is told now is in {tmp_path}"
