"""Problems in rendered text: the values used, and the calls of macros and includes."""

from collections.abc import Iterable
from dataclasses import field, replace

from reconciler.late_methods import dataclass
from reconciler.manifest.source_positions import VALUE
from reconciler.manifest.template.renderer import RenderedTemplate
from reconciler.manifest.template_values import TemplateValues
from reconciler.model.diagnostic import Diagnostic, RelatedPosition
from reconciler.model.source_map import Position


@dataclass(frozen=True, slots=True)
class RenderedPlaces:
    """Maps rendered text to templates and records the requested positions, from which problems are explained."""

    template: RenderedTemplate
    values: TemplateValues
    asked: dict[Position, list[tuple[int, int]]] = field(default_factory=dict)

    def at(self, line: int, column: int) -> Position:
        """Return the template position of a line and column of the rendered text."""
        position = self.template.lines.at(line, column)
        self.asked.setdefault(position, []).append((line, column))
        return position

    def explained(self, problems: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Add to each problem the values files and calls that it comes from; clears the recorded positions."""
        found = [self._explained(each) for each in problems]
        self.asked.clear()
        return found

    def _explained(self, problem: Diagnostic) -> Diagnostic:
        position = problem.position
        asked = self.asked.get(position, []) if position else []
        where = asked.pop(0) if len(asked) > 1 else next(iter(asked), None)
        where = where or (self.template.lines.met(position) if position else None)
        if where is None or position is None:
            return problem
        place, caller = self.template.lines.origin_at(*where), self.template.lines.caller(*where)
        uses = dict.fromkeys([*(place.uses if place else ()), *(caller.uses if caller else ())])
        related = [*problem.related, *value_places(self.values, uses)]
        if caller is None:
            return replace(problem, related=tuple(related))
        called = Position(caller.file, caller.line, caller.column)
        what = "text" if caller.is_statement and position.file != caller.file else "macro"
        stays = what == "text" or problem.code == "E_TPL_STRUCTURE"
        said = f"in the {what} at {position.file}:{position.line}, called from {called.file}:{called.line}"
        inside = RelatedPosition(message=f"inside this {what}", position=position)
        if stays:  # the position to correct: the text of an included file, or the expression
            called, inside = position, RelatedPosition(message="called here", position=called)
        message = f"{problem.message}, {said}"
        return replace(problem, message=message, position=called, related=(inside, *related))


def value_places(values: TemplateValues, uses: Iterable[str]) -> list[RelatedPosition]:
    """Return the positions in values files that set these dotted names."""
    found = [(name, values.position_of(tuple(name.split(".")[1:]))) for name in uses]
    return [RelatedPosition(message=f"{name} {VALUE}", position=place) for name, place in found if place]
