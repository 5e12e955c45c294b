"""The guess test: 24 questions, each answered by one file whose name says so."""

import re
from pathlib import Path

import pytest
import yaml

from tests.architecture.figures import PACKAGE

CONTENT = yaml.safe_load(Path(__file__).with_name("where_is.yaml").read_text(encoding="utf-8"))
QUESTIONS = {one["where"]: one["file"] for one in CONTENT["questions"]}


def words(text):
    """Return the words of a text, cut to what singular, plural and verb forms share."""
    return {word[:4] for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 2}


def test_there_are_24_questions_about_24_files():
    assert len(QUESTIONS) == len(set(QUESTIONS.values())) == len(CONTENT["questions"]) == 24


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_answer_is_a_file_whose_name_says_so(question):
    path = Path(QUESTIONS[question])
    assert (PACKAGE / path).is_file()
    names = [path.stem, *path.parts[:-1]]
    known = set().union(*(words(name) | words(" ".join(CONTENT["synonyms"].get(name, ()))) for name in names))
    assert known & words(question), f"neither {path.stem} nor its folders share a word with: {question}"


def test_synonyms_are_of_names_that_answer_something():
    names = {name for file in QUESTIONS.values() for name in (Path(file).stem, *Path(file).parts[:-1])}
    assert set(CONTENT["synonyms"]) - names == set()
