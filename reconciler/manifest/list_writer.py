"""Writes the edits of one list: items added, removed and moved, in the style of their siblings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.edit_writer import DocumentEditor, shape_refused
from reconciler.manifest.source_text import SourceFile, replaced
from reconciler.manifest.source_view import SourceSpan
from reconciler.manifest.yaml.scalar_text import ScalarStyle, inline, scalar_text
from reconciler.manifest.yaml.syntax_tree import MappingNode, ScalarNode, SequenceNode, SyntaxNode
from reconciler.manifest.yaml.writer import lines, quoted, scalar, text
from reconciler.model.json_types import Json, as_list
from reconciler.model.source_edit import SourceEdit
from reconciler.model.source_map import DocumentPath

_GAP = late_pattern(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*[ \t]*(?:[&!]\S*\s+)*")
_ITEM_END = late_pattern(r"[ \t]*(?:,[ \t]*)?(?:(?<=[ \t,])#[^\r\n]*)?")


@dataclass(frozen=True, slots=True, eq=False)
class NewItem:
    """Item that the list does not have yet."""

    value: Json


Wanted = Sequence[int | NewItem]
"""The list as it is wanted: the index of an item it has, or a new one."""


def list_edits(
    editor: DocumentEditor, path: DocumentPath, wanted: Wanted, others: list[SourceEdit]
) -> list[SourceEdit]:
    """Return the edits that give a list these items; those of `others` inside a moved item are taken out of the list.

    Raises EditRefused.
    """
    node = editor.node(path)
    new = [each.value for each in wanted if isinstance(each, NewItem)]
    if not isinstance(node, SequenceNode) or not node.items:
        return editor.set(path, new)
    if not wanted:
        span = editor.view.literal(node)
        if span is None:
            raise shape_refused("the list is put together by a template", *editor.places(node))
        if node.flow:
            return [SourceEdit(span.source.file, span.start, span.end, "[]")]
        return [_emptied(span)]
    kept = _staying(node, wanted)
    writer = _FlowItems(editor, node) if node.flow else _BlockItems(editor, node)
    return writer.edits(wanted, kept, others)


def _emptied(span: SourceSpan) -> SourceEdit:
    """Replace a block list by `[]` behind its key."""
    source = span.source
    start = source.text.rfind("-", 0, span.start)
    start = span.start if source.text[span.start : span.start + 1] == "-" else start
    before = source.text[:start].rstrip()
    if not before.endswith(":"):
        raise shape_refused("the list follows no key", span.position)
    return SourceEdit(source.file, len(before), span.end, " []")


def _staying(node: SequenceNode, wanted: Wanted) -> frozenset[int]:
    """Return the items that stay where they are; the others among the wanted ones move."""
    order = [each for each in wanted if isinstance(each, int)]
    if order == sorted(order):
        return frozenset(order)
    matcher = SequenceMatcher(None, range(len(node.items)), order, autojunk=False)
    return frozenset(index for block in matcher.get_matching_blocks() for index in range(block.a, block.a + block.size))


@dataclass(slots=True)
class _Items:
    """Items of a list with their places in the source."""

    editor: DocumentEditor
    node: SequenceNode

    def start(self, index: int) -> SourceSpan:
        return self._point(self.editor.view.start(self.node.items[index]))

    def end(self, index: int) -> SourceSpan:
        return self._point(self.editor.view.end(self.node.items[index]))

    def _point(self, found: SourceSpan | None) -> SourceSpan:
        if found is None:
            raise shape_refused("the list is put together by a template", *self.editor.places(self.node))
        return found

    def one_source(self) -> SourceFile:
        """Return the one file that has all items. Raises EditRefused."""
        source = self.start(0).source
        if any(each.source is not source for each in self._starts()):
            raise shape_refused("the items come from several files", self.start(0).position)
        head = self.editor.view.start(self.node)
        ahead = [] if head is None else [each for each in self._starts() if not each.follows(head)]
        if ahead:
            raise shape_refused("an item is written by a macro", *(each.position for each in ahead))
        return source

    def _starts(self) -> list[SourceSpan]:
        return [self.start(index) for index in range(len(self.node.items))]


class _BlockItems(_Items):
    """Items of a block list, each on lines of its own."""

    def edits(self, wanted: Wanted, kept: frozenset[int], others: list[SourceEdit]) -> list[SourceEdit]:
        source = self.one_source()
        found: list[SourceEdit] = []
        present = {each for each in wanted if isinstance(each, int)}
        gone = [self._chunk(source, index) for index in range(len(self.node.items)) if index not in present]
        last = -1
        for each in wanted:
            if isinstance(each, int) and each in kept:
                last = each
                continue
            if isinstance(each, int):
                start, end = self._chunk(source, each, comments=True)
                inside = [one for one in others if one.file == source.file and start <= one.start and one.end <= end]
                others[:] = [one for one in others if one not in inside]
                chunk = replaced(source.text[start:end], inside, shift=start).rstrip("\r\n")
                gone.append((start, end))
            else:
                chunk = self._new(source, each.value, max(last, 0))
            found.append(self._insertion(source, last, chunk))
        return _removed(source, gone, found)

    def _dash(self, source: SourceFile, index: int) -> int:
        start = self.start(index).start
        at = source.text.rfind("-", 0, start)
        while at >= 0 and not _GAP.fullmatch(source.text[at + 1 : start]):
            at = source.text.rfind("-", 0, at)
        if at < 0 or source.text[source.line_start(at) : at].strip(" "):
            raise shape_refused("the item shares its line with another one", self.start(index).position)
        return at

    def _chunk(self, source: SourceFile, index: int, *, comments: bool = False) -> tuple[int, int]:
        """Return the lines of an item, with the comment above it where it moves."""
        start = source.line_start(self._dash(source, index))
        if comments:
            floor = source.next_line(self.end(index - 1).start) if index else 0
            indent = source.text[start : self._dash(source, index)]
            above = source.line_start(start - 1) if start else start
            while start > floor and source.text.startswith(f"{indent}#", above):
                start, above = above, source.line_start(above - 1)
        return start, source.next_line(self.end(index).start)

    def _insertion(self, source: SourceFile, after: int, chunk: str) -> SourceEdit:
        if after < 0:
            at = source.line_start(self._dash(source, 0))
            return SourceEdit(source.file, at, at, chunk + source.line_break(at))
        end = self.end(after).start
        rest = source.text[end : source.line_end(end)]
        if not re.fullmatch(r"[ \t]*(?:#[^\r\n]*)?", rest):
            raise shape_refused("more follows on the line of the item", self.end(after).position)
        at = source.next_line(end)
        line_end = source.line_break(end)
        if at == len(source.text) and not source.text.endswith(("\n", "\r")):
            return SourceEdit(source.file, at, at, line_end + chunk)
        return SourceEdit(source.file, at, at, chunk + line_end)

    def _new(self, source: SourceFile, value: Json, sibling: int) -> str:
        dash = self._dash(source, sibling)
        start = self.start(sibling).start
        indent = source.text[source.line_start(dash) : dash]
        between = source.text[dash + 1 : start]
        gap = between if between and not between.strip(" ") else " "
        node = self.node.items[sibling]
        first, *rest = styled_lines(value, node, typed=self.editor.typed)
        margin = indent + " " * (1 + len(gap))
        line_end = source.line_break(start)
        return line_end.join([f"{indent}-{gap}{first}", *(f"{margin}{line}" if line else line for line in rest)])


def _removed(source: SourceFile, gone: Sequence[tuple[int, int]], inserted: list[SourceEdit]) -> list[SourceEdit]:
    """Return the insertions with the removal of lines; where the last line of a file goes, no line end is left over."""
    found: list[SourceEdit] = list(inserted)
    ranges: list[tuple[int, int]] = []
    for start, end in sorted(gone):
        if ranges and ranges[-1][1] == start:
            ranges[-1] = (ranges[-1][0], end)
        else:
            ranges.append((start, end))
    for start, end in ranges:
        first = start
        if end == len(source.text) and not source.text.endswith(("\n", "\r")):
            here = [number for number, each in enumerate(found) if each.start == start and each.text]
            if here:
                last = found[here[-1]]
                found[here[-1]] = replace(last, text=last.text.removesuffix(source.line_break(start)))
            else:
                first = len(source.text[:start].rstrip("\r\n"))
        found.append(SourceEdit(source.file, first, end, ""))
    return found


class _FlowItems(_Items):
    """Items of a flow list, `[a, b]`."""

    def edits(self, wanted: Wanted, kept: frozenset[int], others: list[SourceEdit]) -> list[SourceEdit]:
        source = self.one_source()
        order = [each for each in wanted if isinstance(each, int)]
        if not order or any(index not in kept for index in order):
            return self._rewritten(source, wanted, others)
        found: list[SourceEdit] = []
        count = len(self.node.items)
        gone = sorted(set(range(count)).difference(order))
        ahead = [index for index in gone if index < min(order, default=count)]
        for index in gone:
            if index in ahead:
                start, end = self.start(index).start, self.start(index + 1).start
                comma = source.text[self.end(index).start : end]
            else:
                start, end = self.end(index - 1).start, self.end(index).start
                comma = source.text[start : self.start(index).start]
            if not re.fullmatch(r"\s*,\s*", comma):
                start, end = self._own_lines(source, index)
            found.append(SourceEdit(source.file, start, end, ""))
        last = -1
        for each in wanted:
            if isinstance(each, int):
                last = each
            else:
                found.append(self._insertion(source, last, self._token(each.value, max(last, 0))))
        return found

    def _own_lines(self, source: SourceFile, index: int) -> tuple[int, int]:
        """Return the lines that an item has to itself, with its comma and the comment behind it.

        A comma in front of the bracket stays. Raises EditRefused where more is on these lines.
        """
        start, end = self.start(index).start, self.end(index).start
        first, last = source.line_start(start), source.next_line(end)
        ahead, behind = source.text[first:start], source.text[end : source.line_end(end)]
        if ahead.strip(" ") or not _ITEM_END.fullmatch(behind):
            raise shape_refused("a comment or a template tag is between the items", self.start(index).position)
        return first, last

    def _insertion(self, source: SourceFile, after: int, token: str) -> SourceEdit:
        if after < 0:
            at = self.start(0).start
            return SourceEdit(source.file, at, at, f"{token}, ")
        pairs = [(after, after + 1), (after - 1, after)]
        spaces = [
            source.text[self.end(left).start : self.start(right).start]
            for left, right in pairs
            if left >= 0 and right < len(self.node.items)
        ]
        between = next((each for each in spaces if re.fullmatch(r"\s*,\s*", each)), ", ")
        at = self.end(after).start
        return SourceEdit(source.file, at, at, f"{between}{token}")

    def _token(self, value: Json, sibling: int) -> str:
        node = self.node.items[sibling]
        if isinstance(node, ScalarNode) and not isinstance(value, (Mapping, list)):
            token = self.editor.view.literal(node)
            like = ScalarStyle(
                style=node.style, flow=True, text=token.text if token else node.value, typed=self.editor.typed
            )
            return scalar_text(value, like)
        return styled_inline(value, node)

    def _rewritten(self, source: SourceFile, wanted: Wanted, others: list[SourceEdit]) -> list[SourceEdit]:
        """Write the items anew between the first and the last one, each with its own text."""
        start, end = self.start(0).start, self.end(len(self.node.items) - 1).start
        if "#" in source.text[start:end] or "{%" in source.text[start:end]:
            raise shape_refused("the items are not only separated by commas", self.start(0).position)
        inside = [one for one in others if one.file == source.file and start <= one.start and one.end <= end]
        others[:] = [one for one in others if one not in inside]
        tokens = []
        for each in wanted:
            if isinstance(each, int):
                first, last = self.start(each).start, self.end(each).start
                mine = [one for one in inside if first <= one.start and one.end <= last]
                tokens.append(replaced(source.text[first:last], mine, shift=first))
            else:
                tokens.append(self._token(each.value, 0))
        between = source.text[self.end(0).start : self.start(1).start] if len(self.node.items) > 1 else ", "
        return [SourceEdit(source.file, start, end, between.join(tokens))]


def styled_inline(value: Json, like: SyntaxNode) -> str:
    """Return a value on one line, its keys in the order of a sibling and its texts quoted as there."""
    if isinstance(value, Mapping) and isinstance(like, MappingNode):
        parts = [f"{key}: {styled_inline(value[name], node)}" for name, key, node in _ordered(value, like)]
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, list) and isinstance(like, SequenceNode) and like.items:
        return "[" + ", ".join(styled_inline(each, like.items[0]) for each in value) + "]"
    if isinstance(value, (Mapping, list)) or not isinstance(like, ScalarNode):
        return inline(value)
    return _scalar_like(value, like, flow=True)


def styled_lines(value: Json, like: SyntaxNode, *, typed: bool) -> list[str]:
    """Return the lines of a value in the style of a sibling."""
    if isinstance(value, Mapping) and isinstance(like, MappingNode) and not like.flow and value:
        found: list[str] = []
        for name, key, node in _ordered(value, like):
            found += _entry_lines(key, value[name], node, typed=typed)
        return found
    if isinstance(value, list) and isinstance(like, SequenceNode) and not like.flow and value and like.items:
        found = []
        for each in value:
            first, *rest = styled_lines(each, like.items[0], typed=typed)
            found += [f"- {first}", *(f"  {line}" if line else line for line in rest)]
        return found
    if isinstance(value, (Mapping, list)) and value and type(like) is SyntaxNode:
        return list(lines(value))
    return [styled_inline(value, like)]


def _entry_lines(key: str, value: Json, node: SyntaxNode, *, typed: bool) -> list[str]:
    if isinstance(value, (Mapping, list)) and value:
        block = isinstance(node, (MappingNode, SequenceNode)) and not node.flow
        if block or (type(node) is SyntaxNode and any(isinstance(each, (Mapping, list)) for each in _parts(value))):
            return [f"{key}:", *(f"  {line}" if line else line for line in styled_lines(value, node, typed=typed))]
        return [f"{key}: {styled_inline(value, node)}"]
    if isinstance(node, ScalarNode) and not isinstance(value, (Mapping, list)):
        return [f"{key}: {_scalar_like(value, node, flow=False)}"]
    return [f"{key}: {inline(value)}"]


def _parts(value: Json) -> list[Json]:
    return list(value.values()) if isinstance(value, Mapping) else as_list(value)


def _scalar_like(value: Json, like: ScalarNode, *, flow: bool) -> str:
    style = like.style if like.style in ("'", '"') else ""
    if isinstance(value, str) and not style and scalar(value) != value and not like.value.isdigit():
        return quoted(value)
    return scalar_text(value, ScalarStyle(style=style if isinstance(value, str) else "", flow=flow, text=like.value))


def _ordered(value: Mapping[str, Json], like: MappingNode) -> list[tuple[str, str, SyntaxNode]]:
    """Return the names of a value in the order of a sibling, each as it is written, with the sibling's node."""
    known = {key.value: (key, node) for key, node in like.entries}
    nowhere = SyntaxNode(start=0, end=0, line=1, column=1)
    names = [name for name in known if name in value] + [name for name in value if name not in known]
    quotes = bool(known) and all(key.style == '"' for key, _ in known.values())
    return [
        (name, quoted(name) if quotes else text(name), known[name][1] if name in known else nowhere) for name in names
    ]
