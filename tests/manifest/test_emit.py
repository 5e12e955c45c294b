"""What is live, as manifests that people would write: read back, nothing differs."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.kinds.base.kind import Kind
from reconciler.manifest.export import export_manifests
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.manifest.yaml.writer import document
from reconciler.model.change import Action
from reconciler.model.desired_state import DesiredState
from reconciler.model.resource import LiveResource
from tests.support.planning import GROUP, ROOM, World, live
from tests.support.random_specs import Maker

SPECIAL = [
    "😀",
    "x\x85y",
    "a\u2028b",
    "5",
    "007",
    "no",
    "1e3",
    "0x1F",
    "true",
    "null",
    "~",
    "",
    " ",
    " padded ",
    "a: b",
    "- x",
]
SPECIAL += [
    "# c",
    "x #y",
    "two\nlines",
    "two\nlines\n",
    "kept\n\n",
    "\n",
    "\nlead",
    " lead\nx",
    "trail \nx",
    "tab\tx",
    "\tx\ny",
]
SPECIAL += [
    "2024-01-01",
    "12:30",
    "{{ x }}",
    "{% if %}",
    "{# c #}",
    "'",
    '"',
    "\\",
    "a\r\nb",
    "é",
    "e\u0301",
    "👨\u200d👩",
    "=",
    "<<",
    "*a",
]


class Folder:
    """A folder that each case fills anew."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.count = 0

    def loaded(self, text: str) -> DesiredState:
        self.count += 1
        (self.root / "a.yaml").write_text(text, encoding="utf-8", newline="")
        return load(DiskTree(self.root), entries=["a.yaml"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("emitted"))


def text_of(kind: Kind, found: LiveResource) -> str:
    emitted = export_manifests(kind, [found])
    assert emitted.manifests, emitted.diagnostics
    return emitted.manifests[0][1]


def test_a_group_reads_as_somebody_would_have_written_it() -> None:
    rule = {
        "rule_name": "price",
        "rule_id": "r1",
        "enabled": True,
        "event_type": 1,
        "create_time": "2026-01-01T00:00:00Z",
    }
    rule |= {
        "hit_condition": {
            "priority": 500,
            "tags": [{"tag": "content", "match": "REGEX", "value": "价格|多少钱", "operation": "NONE"}],
        }
    }
    rule |= {"trigger": {"reply_texts": ["It is 99.\nThank you!\n", "no"], "reply_role": "STREAMER", "new_field": 1}}
    assert text_of(GROUP, live(GROUP, "Welcome", "g1", {"interaction_rules": [rule]})) == (
        "# Written by `reconciler export`. Fields at their documented default are left out.\n"
        "apiVersion: metastudio/v1\n"
        "kind: InteractionRuleGroup\n"
        "metadata:\n"
        "  name: Welcome\n"
        "spec:\n"
        "  interaction_rules:\n"
        "    - rule_name: price\n"
        "      event_type: 1\n"
        "      hit_condition:\n"
        "        tags:\n"
        "          - tag: content\n"
        "            match: REGEX\n"
        '            value: "价格|多少钱"\n'
        "      trigger:\n"
        "        reply_texts:\n"
        "          - |\n"
        "            It is 99.\n"
        "            Thank you!\n"
        '          - "no"\n'
    )


def test_a_secret_becomes_a_reference_never_its_value() -> None:
    found = live(
        ROOM,
        "room",
        "r1",
        {
            "live_event_callback_config": {"key": "canary-value", "auth_type": "MSS_A"},
            "output_urls": ["canary-1"],
            "stream_keys": ["canary-2"],
        },
    )
    text = text_of(ROOM, found)
    assert "canary" not in text
    spec = parse_yaml(text, "a.yaml").documents[0].value["spec"]
    names = [
        spec["live_event_callback_config"]["key"]["secret"],
        spec["output_urls"][0]["secret"],
        spec["stream_keys"][0]["secret"],
    ]
    assert len(set(names)) == 3
    assert all(f"RECONCILER_SECRET_{name}" in text for name in names)


def test_live_objects_that_share_a_name_are_pinned(folder: Folder) -> None:
    emitted = export_manifests(GROUP, [live(GROUP, "same", "g1"), live(GROUP, "same", "g2")])
    manifest = folder.loaded("---\n".join(text for _live, text in emitted.manifests))
    assert manifest.valid, manifest.diagnostics
    assert [each.id for each in manifest.resources] == ["g1", "g2"]


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (GROUP, live(GROUP, "x\x1by")),
        (GROUP, live(GROUP, "group", "g", {"interaction_rules": [{"rule_name": "a\x00b"}]})),
        (GROUP, live(GROUP, "group", "g", {"interaction_rules": [{"rule_name": "a"}, {"rule_name": "a"}]})),
        (ROOM, live(ROOM, "room", "r", foreign="of another project")),
        (ROOM, live(ROOM, "room", "r", {"room_type": "TEMP"})),
    ],
)
def test_what_no_manifest_can_hold_is_left_out_and_said(kind: Kind, found: LiveResource, folder: Folder) -> None:
    emitted = export_manifests(kind, [found])
    assert [each.code for each in emitted.diagnostics] == ["W_EXPORT_LEFT_OUT"]
    for _live, text in emitted.manifests:  # the object may stay, without the part that cannot be declared
        assert folder.loaded(text).valid


def test_a_value_newer_than_this_tool_is_left_out_alone(folder: Folder) -> None:
    text = text_of(ROOM, live(ROOM, "room", "r", {"view_mode": "HOLOGRAM", "room_description": "kept"}))
    assert folder.loaded(text).resources[0].spec == {"room_description": "kept"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.sampled_from(SPECIAL) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(SPECIAL) | st.text(max_size=8), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
@settings(max_examples=300, deadline=None)
def test_any_data_is_spelled_so_that_it_reads_back(value: Any) -> None:
    """Ours and another YAML reader agree; what no manifest may hold is not asked of it."""
    value = {"v": value}
    if unholdable(value):
        return
    text = document(["comment"], value)
    parsed = parse_yaml(text, "a.yaml")
    assert not parsed.diagnostics or {each.severity for each in parsed.diagnostics} == {"warning"}, (
        text,
        parsed.diagnostics,
    )
    assert parsed.documents[0].value == value, text
    assert yaml.load(text, yaml.CSafeLoader) == value, text
    assert "{{" not in text
    assert "{%" not in text


def unholdable(value: Any) -> bool:
    from unicodedata import normalize

    from reconciler.manifest.yaml.characters import forbidden_character

    if isinstance(value, str):
        return forbidden_character(value) is not None
    if isinstance(value, dict):
        keys = [normalize("NFC", key) for key in value]
        return list(value) != keys or "<<" in keys or any(unholdable(each) for each in (*value, *value.values()))
    return isinstance(value, list) and any(unholdable(each) for each in value)


@pytest.mark.parametrize("text", SPECIAL)
def test_every_special_text_survives_an_export(text: str, folder: Folder) -> None:
    rules = [{"rule_name": "r", "trigger": {"reply_texts": [text, text]}}]
    emitted = text_of(GROUP, live(GROUP, "group", "g", {"interaction_rules": rules}))
    manifest = folder.loaded(emitted)
    assert manifest.valid, manifest.diagnostics
    assert manifest.resources[0].spec["interaction_rules"][0]["trigger"]["reply_texts"] == [text, text]


def law(seed: int, folder: Folder) -> None:
    """Export a random live object, read it back and plan: there is no change."""
    maker = Maker(seed)
    kind = maker.random.choice((GROUP, ROOM))
    name = maker.random.choice([text for text in SPECIAL if text.strip() and text.isprintable()]) + str(seed)
    found = live(kind, name, "the-id", maker.raw(kind))
    emitted = export_manifests(kind, [found])
    if not emitted.manifests:
        assert emitted.diagnostics
        return
    manifest = folder.loaded(emitted.manifests[0][1])
    assert manifest.valid, (seed, manifest.diagnostics, emitted.manifests[0][1])
    plan = World(manifest.resources, [found]).plan()
    changed = [change for change in plan.changes if change.action is not Action.NONE]
    assert not changed, (seed, changed[0].fields, emitted.manifests[0][1])


def test_export_then_plan_has_no_changes(folder: Folder) -> None:
    for seed in range(150):
        law(seed, folder)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(10))
def test_export_then_plan_has_no_changes_for_two_thousand_live_states(part: int, folder: Folder) -> None:
    for seed in range(part * 200, part * 200 + 200):
        law(10_000 + seed, folder)
