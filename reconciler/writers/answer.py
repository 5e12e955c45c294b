"""What the answer to a PUT shows to be lost, said at once: it is the whole object as the service has it now."""

from collections.abc import Iterator, Mapping

from reconciler.kinds.kind import Kind
from reconciler.model.resource import Json
from reconciler.semantics.compiled_field import CompiledField, compiled
from reconciler.semantics.defaults import is_default, is_empty

AT_MOST = 5
"""So many lost paths are named; the rest are counted."""


def lost(kind: Kind, sent: Mapping[str, Json], answer: Mapping[str, Json]) -> tuple[str, ...]:
    """Name the paths that were sent and are not in the answer; none where the answer is not the object."""
    if kind.id_field not in answer and kind.name_field not in answer:
        return ()
    paths = list(_missing(compiled(kind), sent, answer, ""))
    if not paths:
        return ()
    more = f" and {len(paths) - AT_MOST} more" if len(paths) > AT_MOST else ""
    return (f"the service did not take {', '.join(paths[:AT_MOST])}{more}",)


def _missing(node: CompiledField | None, sent: Json, answer: Json, path: str) -> Iterator[str]:
    if isinstance(sent, Mapping) and isinstance(answer, Mapping):
        for name, value in sent.items():
            child = node.children.get(name) if node else None
            where = f"{path}.{name}" if path else name
            if name in answer:
                yield from _missing(child, value, answer[name], where)
            elif _worth(child, value):
                yield where
    elif isinstance(sent, list) and isinstance(answer, list) and len(sent) == len(answer):
        item = node.item if node else None
        for index, (value, other) in enumerate(zip(sent, answer, strict=True)):
            yield from _missing(item, value, other, f"{path}[{index}]")


def _worth(node: CompiledField | None, value: Json) -> bool:
    """Tell whether its absence is a loss: empty values, defaults and secrets may simply not be spelled out."""
    if is_empty(value):
        return False
    return node is None or not (node.sensitive or is_default(node, value))
