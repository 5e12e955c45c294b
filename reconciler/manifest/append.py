"""Appends manifests to an existing file in its style: key order, quotes, flow or block, line ends."""

from collections.abc import Iterable

from reconciler.manifest.list_writer import styled_lines
from reconciler.manifest.source_text import SourceTexts
from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.manifest.yaml.syntax_tree import MappingNode, SyntaxNode, syntax_trees
from reconciler.model.json_types import Json, as_object
from reconciler.model.source_edit import SourceEdit


def appended(texts: SourceTexts, file: str, manifests: Iterable[str]) -> SourceEdit:
    """Return the edit that adds documents to the end of a file. Raises ManifestError where it cannot be read."""
    source = texts.text(file)
    siblings = _documents(source.text)
    line_end = source.line_break(0)
    parts: list[str] = []
    for text in manifests:
        value = parse_yaml(text, file).documents[0].value
        comments = [line for line in text.splitlines()[1:] if line.startswith("# The secret")]
        sibling = _sibling(siblings, value)
        body = styled_lines(value, sibling, typed=True) if sibling is not None else _plain_lines(text)
        parts += ["---", *comments, *body]
    before = source.text
    lead = "" if not before or before.endswith(("\n", "\r")) else line_end
    if not before.strip():
        parts = parts[1:]
    tail = line_end if not before or before.endswith(("\n", "\r")) else ""
    end = len(before)
    return SourceEdit(file, end, end, lead + line_end.join(parts) + tail)


def _plain_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def _documents(text: str) -> list[SyntaxNode]:
    """Return the documents of a file; none of a template, which is no YAML before it is rendered."""
    try:
        return [] if "{{" in text or "{%" in text else syntax_trees(text)
    except ValueError:
        return []


def _sibling(documents: Iterable[SyntaxNode], value: Json) -> MappingNode | None:
    """Return the last document of the same kind, else the last one."""
    known = [each for each in documents if isinstance(each, MappingNode) and each.entries]
    alike = [each for each in known if _kind(each) == as_object(value)["kind"]]
    return next(reversed(alike or known), None)


def _kind(document: MappingNode) -> str:
    entry = document.entry("kind")
    return str(getattr(entry[1], "value", "")) if entry else ""
