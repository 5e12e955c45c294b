"""Values that a template puts together: why they have no place of their own, and whether a person can name one.

A place can be named where a values file has a text that the declared value contains, and the live value differs from
it in that text alone; where the value is that text, or the text in another case.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from reconciler.manifest.edit_writer import DocumentEditor, EditRefused, shape_refused
from reconciler.manifest.source_positions import ValueOrigins
from reconciler.manifest.source_view import SourceView, SourceViews
from reconciler.manifest.yaml.scalars import typed
from reconciler.manifest.yaml.syntax_tree import AliasStep, ScalarNode, SequenceNode, node_at, scalars_of
from reconciler.model.change import NoValue, Value
from reconciler.model.json_types import Json
from reconciler.model.source_map import DocumentPath, Position

_LISTED = 8
"""Most places that a refusal names."""


def mixed_refused(
    view: SourceView, node: ScalarNode, live: Value, values: ValueOrigins | None, views: SourceViews
) -> EditRefused:
    """Return the refusal of a value that a template puts together, with the places of its pieces."""
    pieces = [each for each in view.origins(node) if each.expression]
    if not pieces:
        places = DocumentEditor(view).places(node)
        return shape_refused("the text of the value is put together by template tags", *places)
    found: dict[Position, None] = {Position(each.file, each.line, each.column): None for each in pieces}
    texts: list[str] = []
    for name in (name for each in pieces for name in each.uses if name.startswith("values.")):
        path = tuple(name.split(".")[1:])
        decided = values.decided(path) if values else ""
        if isinstance(decided, str) and decided:
            return not_in_a_file(decided, *found)
        if isinstance(decided, Position):
            found[decided] = None
            texts += _texts_below(views.of_values(decided.file), path)
    said = f"`{_one_line(pieces[0].expression)}`" if len(pieces) == 1 else f"{len(pieces)} expressions"
    message = f"the value comes from {said}: a loop item, a filter or a concatenation"
    chosen = any(_may_be_written(text, node.value, live) for text in texts)
    hint = "choose the place with --at FILE:LINE, or edit it by hand" if chosen else "edit it by hand, then plan again"
    return EditRefused("E_ACCEPT_EXPRESSION", message, list(found)[:_LISTED], hint)


def not_in_a_file(decided: str, *places: Position) -> EditRefused:
    """Return the refusal of a value that `--set` passes, or that no values file has."""
    if decided:
        message = f"the value comes from {decided}"
        return EditRefused("E_ACCEPT_SET", message, places, "leave --set out, or change what passes it")
    message = "no values file sets the value"
    return EditRefused("E_ACCEPT_EXPRESSION", message, places, "set it in a values file, or edit it by hand")


def texts_for(token: str, declared: Value, live: Value) -> Iterator[Json]:
    """Yield what a text may become: the part of the live text where the declared one has it, or the whole."""
    if isinstance(live, NoValue):
        return
    yield from _parts(token, _text(declared), _text(live))
    yield live


def _parts(token: str, before: str | None, after: str | None) -> Iterator[str]:
    if before is None or after is None or not token:
        return
    for found in re.finditer(re.escape(token), before):
        head, tail = before[: found.start()], before[found.end() :]
        if len(after) >= len(head) + len(tail) and after.startswith(head) and after.endswith(tail):
            part = after[len(head) : len(after) - len(tail)]
            if part != after:
                yield part


def _may_be_written(token: str, declared: str, live: Value) -> bool:
    alike = "".join(token.split()).casefold() == "".join(declared.split()).casefold()
    return alike or next(_parts(token, declared, _text(live)), None) is not None


def _text(value: Value) -> str | None:
    if isinstance(value, str):
        return value
    return typed(value) if isinstance(value, (int, float)) else None


def _texts_below(documents: Sequence[SourceView], steps: Iterable[str]) -> Iterator[str]:
    """Yield the single values that values files have at a path and below it."""
    for view in documents:
        path: DocumentPath = ()
        for step in steps:
            above = node_at(view.root, path)
            listed = not isinstance(above, AliasStep) and isinstance(above[0], SequenceNode)
            path = (*path, int(step) if listed and step.isdigit() else step)
        found = node_at(view.root, path)
        if not isinstance(found, AliasStep) and found[1] == len(path):
            yield from (node.value for _, node in scalars_of(found[0]))


def _one_line(expression: str) -> str:
    text = " ".join(expression.split())
    return text if len(text) <= 60 else f"{text[:59]}…"
