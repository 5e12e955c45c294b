"""The place of a key or an item is the same whether it is walked to or looked up."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.yaml.parser import parse_yaml

KEYS = st.text("abcde", min_size=1, max_size=3)
VALUES = st.recursive(
    st.integers(0, 9) | st.text("xyz", max_size=4) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def paths(value):
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value))
    else:
        entries = []
    yield from ((step,) for step, _ in entries)
    yield from ((step, *rest) for step, inner in entries for rest in paths(inner))


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), st.booleans())
def test_a_place_walked_to_is_the_place_looked_up(value, flow):
    text = yaml.safe_dump(value, default_flow_style=flow, sort_keys=False)
    (walked,) = parse_yaml(text, "a.yaml").documents
    (looked_up,) = parse_yaml(text, "a.yaml").documents
    looked_up.start_index()
    for path in [*paths(walked.value), ("nowhere",), ("nowhere", 0)]:
        for key in (False, True):
            assert walked.at(path, key=key) == looked_up.at(path, key=key)
