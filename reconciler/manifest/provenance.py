"""Which values an expression uses: the paths below `values` it reads, through loops and assignments."""

from collections.abc import Iterator, Mapping

from jinja2 import nodes

Paths = frozenset[tuple[str, ...]]
_Scope = Mapping[str, Paths]
_ROOTS = ("values", "env")
_MOST = 8
"""More values than that explain nothing."""


def used(tree: nodes.Template) -> dict[int, tuple[str, ...]]:
    """Return, for each expression that is written out, the dotted paths it reads, by the node's id()."""
    found: dict[int, tuple[str, ...]] = {}
    _walk(tree, {root: frozenset({(root,)}) for root in _ROOTS}, found)
    return found


def _walk(node: nodes.Node, scope: _Scope, found: dict[int, tuple[str, ...]]) -> _Scope:
    """Look at a node and below; return the scope for what follows it."""
    if isinstance(node, nodes.Output):
        for written in node.nodes:
            paths = sorted(".".join(path) for path in _paths(written, scope))
            found[id(written)] = tuple(paths[:_MOST])
        return scope
    if isinstance(node, nodes.Assign):
        return {**scope, **{name: _paths(node.node, scope) for name in _targets(node.target)}}
    inner = scope
    if isinstance(node, nodes.For):
        inner = {**scope, **{name: _paths(node.iter, scope) for name in _targets(node.target)}}
    for child in node.iter_child_nodes():
        inner = _walk(child, inner, found)
    return inner if isinstance(node, nodes.If) else scope


def _targets(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Name):
        yield node.name
    for child in node.iter_child_nodes():
        yield from _targets(child)


def _paths(node: nodes.Node, scope: _Scope) -> Paths:
    """Return the paths an expression reads."""
    if isinstance(node, nodes.Name):
        return scope.get(node.name, frozenset())
    if isinstance(node, nodes.Getattr):
        return frozenset((*path, node.attr) for path in _paths(node.node, scope))
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        return frozenset((*path, str(node.arg.value)) for path in _paths(node.node, scope))
    return frozenset(path for child in node.iter_child_nodes() for path in _paths(child, scope))
