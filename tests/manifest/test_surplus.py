"""Too much is refused without a parser only where a parser would find as much, or that the text is wrong."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.yaml.limits import LIMITS, YamlLimits, end_of_surplus
from reconciler.manifest.yaml.parser import parse_yaml

PIECES = [
    *"""
    k: k j.x: "k" 'k' "k": 'k': a b c 1 1.5 - -- --- ... : :: , [ ] { } | > |- >2 # #x & &a * *a ! !t ? % @ ` ~ null "
    ' \\" \\ "a:b" 'a#b' <<: é 日 :" :' "a"b a"b" k:x k:" {} [] [a] {a: b} -1 +1 .5 .. _x 0x1F =
    """.split(),  # noqa: SIM905 - read as words
    *(" ", "  ", "\n", "\r\n", "\r", "\n ", "\n  ", "\n- ", ": ", "k: 1\n", "- k: v\n", '"k":1,', " #", "\t"),
]
TEXTS = st.tuples(
    st.sampled_from(["", "[", "{", "k: 1\n", '["a",', '{"k":1,']), st.lists(st.sampled_from(PIECES), max_size=24)
).map(lambda parts: parts[0] + "".join(parts[1]))
UNCOUNTED = (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent)


@given(TEXTS)
def test_what_is_refused_unparsed_is_more_than_a_parser_counts_or_wrong(text: str) -> None:
    try:
        counted = sum(not isinstance(event, UNCOUNTED) for event in yaml.parse(text, Loader=yaml.CLoader))
    except yaml.YAMLError:
        return
    for most in range(12):
        assert end_of_surplus(text, YamlLimits(nodes=most)) is None or counted > most, most


KEYS = "".join(f"k{number}: 1\n" for number in range(LIMITS.nodes // 2 + 1))
JSON = "[" + "1,\n" * LIMITS.nodes + "1]\n"


def test_keys_and_json_beyond_the_budget_are_refused_unparsed_at_their_line() -> None:
    for text, line in (
        (KEYS, LIMITS.nodes // 2 + 1),
        ("# a\n\n" + KEYS, LIMITS.nodes // 2 + 3),
        (JSON, LIMITS.nodes + 1),
    ):
        assert end_of_surplus(text, LIMITS)
        problem = parse_yaml(text, "a.yaml").diagnostics[0]
        assert (problem.code, problem.position and problem.position.line) == ("E_YAML_SIZE", line)


def test_lines_without_events_are_not_counted() -> None:
    for text in (
        "#k: 1\n" * 300_000 + "a: 1\n",
        "a: |\n" + "  k: 1\n" * 149_000,
        'a: "' + "k: 1\n  " * 149_000 + '"\n',
    ):
        assert end_of_surplus(text, LIMITS) is None
        assert parse_yaml(text, "a.yaml").diagnostics == ()
