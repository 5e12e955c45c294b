"""Syntax trees: of one document as of all of a text; words that YAML reads as themselves."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.manifest.yaml.scalar_text import reads_back
from reconciler.manifest.yaml.syntax_tree import DocumentTrees, MappingNode, syntax_trees
from reconciler.manifest.yaml.writer import is_plain_word

BODIES = (
    "a: 1\nb: [x, {y: z}]\n",
    "- one # said\n- 'two'\n-\n  k: v\n",
    "a: &A {x: 1}\nb: *A\n",
    "text: |\n  one\n   ---\n\n  ...\nmore: >-\n  folded\n  text\n",
    '"quoted ---": "多 😀"\n',
    "# only: a comment\nlast: no end",
    "a: [1,\n  2]\n",
)
MARKERS = ("---\n", "--- # begins\n", "...\n---\n", "...\n# between\n---\n\n", "---\t\n", "...\n%YAML 1.2\n---\n")
DOCUMENTS = [*(marker + body for marker in MARKERS for body in BODIES), "--- {a: [1]}\n", "...\n# end\n"]


@given(
    st.sampled_from(BODIES),
    st.lists(st.sampled_from(DOCUMENTS), min_size=1, max_size=5),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.data(),
)
def test_the_tree_of_one_document_is_that_of_the_whole_text(first, documents, end, data):
    text = first
    for document in documents:
        text += ("" if text.endswith("\n") else "\n") + document
    text = text.replace("\n", end)
    roots = syntax_trees(text)
    trees = DocumentTrees(text)
    for root in data.draw(st.permutations(roots)):
        found = trees.at(root.line, root.column)
        assert found == root
        if isinstance(root, MappingNode) and isinstance(found, MappingNode):
            assert [found.entry(key.value) for key, _ in root.entries] == root.entries
    assert trees.at(len(text) + 1, 1) is None


def test_the_first_of_two_equal_keys_is_the_entry():
    (root,) = syntax_trees("a: 1\nb: 2\na: 3\n")
    assert isinstance(root, MappingNode)
    assert root.entry("a") == root.entries[0]
    assert root.entry("c") is None


@given(st.text("aeNoyfnul 01.,:#-_/+@()&*'\"", min_size=1, max_size=8), st.booleans())
def test_a_plain_word_reads_back_as_itself_in_every_place(word, flow):
    for token in (word, f"'{word}'", f'"{word}"'):
        text = f"{{k: {token}, z: 1}}" if flow else f"k: {token}\nz: 1\n"
        read = parse_yaml(text, "")
        parsed = not read.diagnostics and read.documents and read.documents[0].value == {"k": word, "z": 1}
        if is_plain_word(word):
            assert parsed
            assert yaml.safe_load(text) == {"k": word, "z": 1}
        if parsed:
            assert reads_back(token, word, flow=flow)
            assert not reads_back(token, f"{word}x", flow=flow)


@pytest.mark.parametrize("word", ["yes", "No", "null", "true", "a: b", "a #b", "a, b", "- a", "it's", "1", "a  b "])
def test_other_words_are_not_plain(word):
    assert not is_plain_word(word)
