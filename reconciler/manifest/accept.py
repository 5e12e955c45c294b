"""Accepts live values into manifest sources: each chosen difference as edits of the file that a person edits.

A literal scalar is replaced in its style; a value that is exactly `{{ values.a.b }}` in the values file that sets it;
what is not declared becomes an entry, list items are added, removed and moved. Everything else is refused with the
places involved. The edits are a proposal: `project.accept_proof` renders and plans the edited files before they are
written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.errors import ManifestError
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.manifest.accepted_differences import Differences, ListTarget, ValueTarget
from reconciler.manifest.edit_writer import DocumentEditor, EditRefused, shape_refused
from reconciler.manifest.list_writer import list_edits
from reconciler.manifest.mixed_values import mixed_refused, not_in_a_file
from reconciler.manifest.source_positions import DocumentLocator, ValueOrigins
from reconciler.manifest.source_view import PureExpression, SourceViews
from reconciler.manifest.yaml.scalar_text import reads_back
from reconciler.manifest.yaml.syntax_tree import AliasStep, ScalarNode, SyntaxNode, node_at, nodes_on
from reconciler.model.change import Change, FieldChange, FieldOp
from reconciler.model.json_types import Json, as_object
from reconciler.model.resource import DeclaredResource, LiveResource
from reconciler.model.source_edit import AcceptedDifference, ProposedEdits, RefusedDifference, SourceEdit
from reconciler.model.source_map import DocumentPath, Position


@dataclass(frozen=True, slots=True)
class _EditTarget:
    """Where a target is edited: the editor of a document and the path in it; `through` is the expression passed."""

    editor: DocumentEditor
    path: DocumentPath
    through: PureExpression | None = None
    outer: SyntaxNode | None = None
    flow: bool = False


def propose(
    changes: Iterable[tuple[Change, Sequence[FieldChange]]],
    resources: Mapping[str, DeclaredResource],
    kinds: Mapping[str, Kind],
    views: SourceViews,
) -> ProposedEdits:
    """Return the edits for the chosen differences of each change, and what is refused."""
    accepted: list[AcceptedDifference] = []
    refused: list[RefusedDifference] = []
    for change, fields in changes:
        declared = resources[change.address]
        found = _Proposal(kinds[change.kind], declared, change, views)
        found.add(fields)
        accepted += found.accepted
        refused += found.refused
    return _without_conflicts(ProposedEdits(accepted=tuple(accepted), refused=tuple(refused)), views)


def refusal_reasons(
    changes: Iterable[tuple[Change, Sequence[FieldChange]]],
    resources: Mapping[str, DeclaredResource],
    kinds: Mapping[str, Kind],
    views: SourceViews,
) -> dict[tuple[str, str], str]:
    """Return why a live value would not be written, by address and path; the edits are not proven."""
    found: dict[tuple[str, str], str] = {}
    for change, fields in changes:
        for each in propose([(change, fields)], resources, kinds, views).refused:
            hint = f" ({each.hint})" if each.hint else ""
            found[each.address, each.path] = f"{each.message}{hint}"
    return found


class _Proposal:
    """Edits of one resource."""

    def __init__(self, kind: Kind, declared: DeclaredResource, change: Change, views: SourceViews) -> None:
        self.accepted: list[AcceptedDifference] = []
        self.refused: list[RefusedDifference] = []
        self._kind, self._declared, self._change, self._views = kind, declared, change, views
        self._view = views.of(declared.locate)

    def add(self, fields: Sequence[FieldChange]) -> None:
        """Collect edits and refusals."""
        change = self._change
        live = LiveResource(kind=change.kind, name=change.name, id=change.id, spec=as_object(change.before))
        differences = Differences(self._kind, self._declared.spec, live)
        targets = differences.targets(fields)
        for each, refusal in differences.refused:
            self._refuse([each], refusal)
        made: list[tuple[ValueTarget | ListTarget, list[SourceEdit], Position]] = []
        for target in targets:
            try:
                made.append(self._made(target, [edits for _, edits, _ in made]))
            except (EditRefused, ManifestError) as problem:
                refusal = problem if isinstance(problem, EditRefused) else EditRefused(problem.code, problem.message)
                self._refuse(target.fields, refusal)
        refused = {each.path for each in self.refused}
        for target, edits, position in made:
            shared = {each.path for each in target.fields}
            if edits and not shared & refused:  # a difference is accepted as a whole, or not at all
                self.accepted += [self._accept(each, edits, position) for each in target.fields]

    def _made(
        self, target: ValueTarget | ListTarget, before: list[list[SourceEdit]]
    ) -> tuple[ValueTarget | ListTarget, list[SourceEdit], Position]:
        if isinstance(target, ListTarget):
            place = self._place(target.path)
            others = [edit for edits in before for edit in edits]
            left = list(others)
            edits = list_edits(place.editor, place.path, target.wanted, left)
            taken = [edit for edit in others if edit not in left]
            for inside in before:
                inside[:] = [edit for edit in inside if edit not in taken] or (
                    edits if set(inside) & set(taken) else []
                )
        elif target.missing:
            place = self._place(target.path[:-1])
            edits = self._inserted(place, str(target.path[-1]), target.value, target)
        else:
            place = self._place(target.path, target.value)
            self._check_fits(place, target.value)
            edits = place.editor.set(place.path, target.value)
        if not edits:
            return target, [], self._declared.position
        return target, edits, self._views.texts.text(edits[0].file).position(edits[0].start)

    def _inserted(self, place: _EditTarget, name: str, value: Json, target: ValueTarget) -> list[SourceEdit]:
        if place.through is not None and not place.through.whole:
            raise shape_refused("a template writes the value as text", place.through.position)
        return place.editor.insert(place.path, name, value, target.order)

    def _place(self, path: DocumentPath, live: Json = None) -> _EditTarget:
        """Return where a path is edited: in the document, or in the values file that a pure expression reads."""
        view = self._view
        if view is None:
            message = "its template reads its own output, so that positions are not exact"
            raise EditRefused("E_ACCEPT_EXPRESSION", message, [self._declared.at(path)])
        whole = ("spec", *path)
        if not view.is_template:
            return _EditTarget(DocumentEditor(view), whole)
        above = list(nodes_on(view.root, whole))
        for depth, node in enumerate(above):
            pure = view.expression(node)
            if pure is not None:
                return self._in_values(pure, (*pure.path, *whole[depth:]), node, above[:depth])
        found = node_at(view.root, whole)
        if not isinstance(found, AliasStep) and isinstance(found[0], ScalarNode) and view.literal(found[0]) is None:
            raise mixed_refused(view, found[0], live, self._values(), self._views)
        return _EditTarget(DocumentEditor(view), whole)

    def _in_values(
        self, pure: PureExpression, path: DocumentPath, node: SyntaxNode, above: list[SyntaxNode]
    ) -> _EditTarget:
        values = self._values()
        decided = values.decided(tuple(map(str, path))) if values else ""
        if isinstance(decided, str):
            raise not_in_a_file(decided, pure.position)
        for document in reversed(self._views.of_values(decided.file)):
            found = node_at(document.root, path)
            if isinstance(found, AliasStep) or found[1] == len(path):
                flow = any(getattr(each, "flow", False) for each in above)
                return _EditTarget(DocumentEditor(document, typed=False), path, pure, node, flow)
        message = "the values file has no such entry"
        raise EditRefused("E_ACCEPT_EXPRESSION", message, [pure.position, decided], "edit it by hand")

    def _values(self) -> ValueOrigins | None:
        locate = self._declared.locate
        return locate.source.values if isinstance(locate, DocumentLocator) and locate.source else None

    def _check_fits(self, place: _EditTarget, value: Json) -> None:
        """Refuse a value that the quotes or the plain scalar around a pure expression cannot hold."""
        pure, node = place.through, place.outer
        if pure is None or pure.whole or not isinstance(node, ScalarNode):
            return
        word = value if isinstance(value, str) else "null" if value is None else str(value).lower()
        fits = not isinstance(value, (Mapping, list)) and reads_back(
            f"{node.style}{word}{node.style}", value if not node.style else word, flow=place.flow
        )
        if not fits:
            message = "the template cannot hold the live value where the expression is"
            raise EditRefused("E_ACCEPT_EXPRESSION", message, [pure.position], "write {{ … | tojson }} without quotes")

    def _accept(self, each: FieldChange, edits: Sequence[SourceEdit], position: Position) -> AcceptedDifference:
        return AcceptedDifference(
            address=self._change.address,
            path=each.path,
            declared=each.after,
            live=each.before,
            position=position,
            edits=tuple(edits),
        )

    def _refuse(self, fields: Iterable[FieldChange], refusal: EditRefused) -> None:
        known = {each.path for each in self.refused}
        for each in fields:
            if each.path not in known:
                self.refused.append(refused_difference(self._change.address, each, refusal))


def refused_difference(address: str, each: FieldChange, refusal: EditRefused) -> RefusedDifference:
    """Return the refusal of one difference; its own position stands in where the refusal has none."""
    places = refusal.places or ((each.position,) if each.position else ())
    moved = each.op is FieldOp.MOVE
    hidden = refusal.code == "E_ACCEPT_SIGNED_URL" and isinstance(each.before, str)
    return RefusedDifference(
        code=refusal.code,
        message=refusal.message,
        address=address,
        path=each.path,
        declared=each.after,
        live=f"{str(each.before).partition('?')[0]}?…" if hidden else each.before,
        positions=places,
        hint=refusal.hint or ("edit the order by hand" if moved else ""),
    )


def _without_conflicts(found: ProposedEdits, views: SourceViews) -> ProposedEdits:
    """Refuse differences that want different texts at one place."""
    bad = _overlapping(found.edits)
    if not bad:
        return found
    kept = tuple(each for each in found.accepted if not set(each.edits) & bad)
    message = "one place in the files has several live values: a loop, a macro or a value that is used twice"
    refused = [
        each.refused("E_ACCEPT_SHARED", message, "write the values out where they differ")
        for each in found.accepted
        if set(each.edits) & bad
    ]
    return _without_conflicts(replace(found, accepted=kept, refused=(*found.refused, *refused)), views)


def _overlapping(edits: Sequence[SourceEdit]) -> set[SourceEdit]:
    bad: set[SourceEdit] = set()
    last: SourceEdit | None = None
    for edit in edits:
        if last is not None and last.file == edit.file and edit.start < last.end:
            bad |= {last, edit}
        if last is None or last.file != edit.file or edit.end >= last.end:
            last = edit
    return bad
