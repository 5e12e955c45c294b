"""The place of a key or an item is that of its node, whether parts of the value are shared, merged or equal."""

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.manifest.yaml.block_reader import BlockReader
from reconciler.manifest.yaml.parser import parse_yaml

KEYS = st.text("abcde", min_size=1, max_size=3)
VALUES = st.recursive(
    st.integers(0, 9) | st.text("xyz", max_size=4) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
SHARED = st.recursive(
    st.sampled_from([{"a": 1}, [1, 2], {"b": [3]}, "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def nodes(node, path=()):
    """Yield each path with the places of its key and its value, as PyYAML's own nodes have them."""
    if isinstance(node, yaml.MappingNode):
        own = [(key.value, key, value) for key, value in node.value if key.value != "<<"]
        merged = [value for key, value in node.value if key.value == "<<"]
        sources = [
            one for value in merged for one in (value.value if isinstance(value, yaml.SequenceNode) else [value])
        ]
        known = {name for name, _, _ in own}
        for source in sources:
            for name, (key, value) in direct(source).items():
                if name not in known:
                    known.add(name)
                    own.append((name, key, value))
    else:
        own = [(number, item, item) for number, item in enumerate(node.value)]
    for name, key, value in own:
        yield (*path, name), key, value
        if not isinstance(value, yaml.ScalarNode):
            yield from nodes(value, (*path, name))


def direct(node):
    return {path[0]: (key, value) for path, key, value in nodes(node) if len(path) == 1}


def place(node):
    return node.start_mark.line + 1, node.start_mark.column + 1


def check(text, blocks=None):
    (document,) = parse_yaml(text, "a.yaml", blocks=blocks).documents
    for path, key, value in nodes(yaml.compose(text, Loader=yaml.CSafeLoader)):
        if isinstance(path[-1], str) or not has_alias(text):
            assert document.at(path, key=True) == place(key)
        assert document.at((*path, "nowhere", 0)) == document.at(path)
        assert document.at((*path, "nowhere"), key=True) == document.at(path)
        if not has_alias(text):
            assert document.at(path) == place(value)
    assert document.at(()) == document.at(("nowhere",)) == document.start


def has_alias(text):  # an alias has a place of its own, which PyYAML's nodes do not tell
    return "*" in text


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), st.booleans())
def test_a_place_is_that_of_the_node(value, flow):
    text = yaml.safe_dump(value, default_flow_style=flow, sort_keys=False)
    check(text)
    check(text, BlockReader())


@given(st.dictionaries(KEYS, SHARED, min_size=1, max_size=4))
@example({"a": {"b": {"a": 1}, "c": [{"a": 1}, {"a": 1}]}})
def test_equal_parts_have_places_of_their_own(value):
    check(yaml.safe_dump(yaml.safe_load(yaml.safe_dump(value)), sort_keys=False), BlockReader())


@given(st.dictionaries(KEYS, SHARED, min_size=1, max_size=3), st.dictionaries(KEYS, VALUES, max_size=2), st.booleans())
@example({"a": {"b": 1}}, {"a": 2, "c": 3}, True)
def test_what_aliases_and_merge_keys_bring_is_placed_where_it_is_written(base, own, listed):
    written = "".join(f"  {key}: {yaml.safe_dump(each, default_flow_style=True)}" for key, each in own.items())
    written = written.replace("...\n", "")
    source = yaml.safe_dump(base, default_flow_style=True, width=10**6).strip()
    text = (
        f"base: &base {source}\nmade:\n{written}  <<: {'[*base]' if listed else '*base'}\nagain: [*base, 1]\nlast: 1\n"
    )
    if len({*own, *base}) < 9:
        check(text)
    (document,) = parse_yaml(text, "a.yaml").documents
    assert document.at(("again", 0)) == (len(text.splitlines()) - 1, 9)
    assert document.at(("again", 1)) == (len(text.splitlines()) - 1, 16)
    assert document.at(("last",)) == (len(text.splitlines()), 7)
    for name in base:
        assert document.at(("again", 0, name)) == document.at(("base", name))
        if name not in own:
            assert document.at(("made", name)) == document.at(("base", name))
