"""Edits at a place that a person chooses, where a value is put together and has no place of its own."""

from collections.abc import Iterator

from reconciler.errors import ManifestError, UsageError
from reconciler.late_patterns import late_pattern
from reconciler.manifest.accept import refused_difference
from reconciler.manifest.edit_writer import DocumentEditor, EditRefused
from reconciler.manifest.mixed_values import texts_for
from reconciler.manifest.source_view import SourceView, SourceViews
from reconciler.manifest.yaml.syntax_tree import ScalarNode, scalars_of
from reconciler.model.change import Change, FieldChange
from reconciler.model.resource import DeclaredResource
from reconciler.model.source_edit import AcceptedDifference, ProposedEdits, SourceEdit
from reconciler.model.source_map import DocumentPath, Position

_PLACE = late_pattern(r"(.+?):(\d+)(?::(\d+))?")


def parse_place(text: str) -> Position:
    """Parse `FILE:LINE` or `FILE:LINE:COLUMN`; column 0 stands for every one. Raises UsageError."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise UsageError(f"--at {text!r} is not FILE:LINE", hint="as in --at values/common.yaml:12")
    return Position(found[1].removeprefix("./"), int(found[2]), int(found[3] or 0))


def proposals_at(
    place: Position, change: Change, field: FieldChange, declared: DeclaredResource, views: SourceViews
) -> Iterator[ProposedEdits]:
    """Yield what may be written at a place, the most specific first: a part of the live text, or all of it."""
    for editor, path, node in _scalars(place, declared, views):
        for value in texts_for(node.value, field.after, field.before):
            try:
                edits = editor.set(path, value)
            except EditRefused:
                continue
            yield _proposal(change, field, edits, views)


def refused_at(change: Change, field: FieldChange, place: Position) -> ProposedEdits:
    """Return the refusal of a place at which no edit removes the difference."""
    message = f"no single value at {place.file}:{place.line} gives the live value"
    refusal = EditRefused("E_ACCEPT_PLACE", message, (place,), "name another place, or edit it by hand")
    return ProposedEdits(refused=(refused_difference(change.address, field, refusal),))


def _proposal(change: Change, field: FieldChange, edits: list[SourceEdit], views: SourceViews) -> ProposedEdits:
    position = views.texts.text(edits[0].file).position(edits[0].start)
    accepted = AcceptedDifference(
        address=change.address,
        path=field.path,
        declared=field.after,
        live=field.before,
        position=position,
        edits=tuple(edits),
    )
    return ProposedEdits(accepted=(accepted,))


def _scalars(
    place: Position, declared: DeclaredResource, views: SourceViews
) -> Iterator[tuple[DocumentEditor, DocumentPath, ScalarNode]]:
    """Yield the single values at a place: in the manifest's own text, or in a file that is read as it is."""
    own = views.of(declared.locate)
    try:
        documents = views.of_values(place.file)
    except ManifestError as problem:
        raise UsageError(f"--at {place.file}: {problem.message}", hint="paths start at the project file") from None
    for view in (*documents, *([own] if own is not None else [])):
        for path, node in scalars_of(view.root):
            if _is_at(view, node, place):
                yield DocumentEditor(view, typed=view is own), path, node


def _is_at(view: SourceView, node: ScalarNode, place: Position) -> bool:
    span = view.literal(node)
    if span is None or span.source.file != place.file:
        return False
    found = span.position
    return found.line == place.line and place.column in (0, found.column)
