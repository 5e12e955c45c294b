"""Everything that is wrong is told at once, where it is written, with what to do."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.manifest.validation import names
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Severity
from reconciler.model.options import ResourceScope

HEAD = "apiVersion: metastudio/v1\nkind: {kind}\nmetadata:\n  name: {name}\n"


def loaded(root: Path, text: str, scope: ResourceScope | None = None) -> DesiredState:
    (root / "a.yaml").write_text(text, encoding="utf-8")
    return load(DiskTree(root), entries=["a.yaml"], scope=scope)


def room(text: str = "", name: str = "room", metadata: str = "") -> str:
    return HEAD.format(kind="SmartLiveRoom", name=name) + metadata + "spec:\n" + (text or "  {}\n")


def group(text: str, name: str = "group") -> str:
    return HEAD.format(kind="InteractionRuleGroup", name=name) + "spec:\n  interaction_rules:\n" + text


def told(manifest: DesiredState) -> list[tuple[str, str]]:
    return [(each.code, str(each.position).removeprefix("a.yaml:")) for each in manifest.diagnostics]


TEN_MISTAKES = """\
apiVersion: metastudio/v2
kind: SmartLiveRoom
metadata:
  name: Evening show
  lables: {team: shop}
spec:
  room_typ: NORMAL
  view_mode: Vertical
  priv_data: 5
  cover_url: https://example.com/x.png
  live_event_callback_config:
    key: abcdef
  video_config:
    bitrate: "4000"
    width: 1080
    height: 99999
    is_subtitle_enable: yes
  interaction_rules:
    - event_type: 1
"""


def test_ten_mistakes_are_told_together(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, TEN_MISTAKES)
    assert [each for each in told(manifest) if each[0].startswith("E_")] == [
        ("E_FIELD_ENUM", "1:13"),
        ("E_FIELD_UNKNOWN", "5:3"),
        ("E_FIELD_UNKNOWN", "7:3"),
        ("E_FIELD_ENUM", "8:14"),
        ("E_FIELD_READONLY", "10:3"),
        ("E_SECRET_LITERAL", "12:10"),
        ("E_YAML_TYPE", "14:14"),
        ("E_FIELD_RANGE", "16:13"),
        ("E_YAML_TYPE", "17:25"),
        ("E_FIELD_REQUIRED", "19:7"),
    ]
    hints = {str(each.position): each.hint for each in manifest.diagnostics}
    assert hints["a.yaml:5:3"] == "did you mean `labels`?"
    assert hints["a.yaml:7:3"] == "did you mean `room_type`?"
    assert hints["a.yaml:8:14"] == "did you mean `VERTICAL`?"
    assert "without quotes" in hints["a.yaml:14:14"]
    assert "true and false" in hints["a.yaml:17:25"]
    assert "abcdef" not in str(manifest.diagnostics)


def test_excerpts_hold_the_line_of_each_problem(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, TEN_MISTAKES)
    lines = TEN_MISTAKES.replace("abcdef", "(sensitive value)").splitlines()
    assert {place.line: text for place, text in manifest.sources.items()} == {
        each.position.line: lines[each.position.line - 1] for each in manifest.diagnostics if each.position
    }


def test_what_the_envelope_lacks_is_told(tmp_path: Path) -> None:
    assert told(loaded(tmp_path, "a: 1\n")) == [
        ("E_FIELD_REQUIRED", "1:1"),
        ("E_FIELD_UNKNOWN", "1:1"),
    ] or ("E_FIELD_REQUIRED", "1:1") in told(loaded(tmp_path, "a: 1\n"))
    manifest = loaded(tmp_path, room().replace("SmartLiveRoom", "SmartLiveRom"))
    assert told(manifest) == [("E_KIND_UNKNOWN", "2:7")]
    assert "SmartLiveRoom" in manifest.diagnostics[0].hint


def test_the_name_stands_in_metadata_alone(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, room("  room_name: x\n"))
    assert told(manifest) == [("E_FIELD_UNKNOWN", "6:3")]
    assert "metadata.name" in manifest.diagnostics[0].hint


def test_null_clears_any_field_and_is_never_refused(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, room("  room_description:\n  video_config: ~\n  interaction_rules: null\n"))
    assert manifest.valid, manifest.diagnostics
    assert manifest.resources[0].spec == {"room_description": None, "video_config": None, "interaction_rules": None}


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("  video_config: {bitrate: 4000, width: 1080, height: 1920, subtitle_config: {opacity: 0.5}}\n", ""),
        (
            "  video_config: {bitrate: 4000, width: 1080, height: 1920, subtitle_config: {opacity: '0.5'}}\n",
            "E_YAML_TYPE",
        ),
        ("  video_config: {bitrate: 4000, width: 1080, height: 1920, subtitle_config: {opacity: 1}}\n", ""),
        (
            "  video_config: {bitrate: 4000, width: 1080, height: 1920, subtitle_config: {opacity: 1.5}}\n",
            "E_FIELD_RANGE",
        ),
        (
            "  video_config: {bitrate: 4000, width: 1080, height: 1920, subtitle_config: {opacity: .nan}}\n",
            "E_YAML_TYPE",
        ),
        ("  video_config: {bitrate: 04000, width: 1080, height: 1920}\n", "E_YAML_TYPE"),
        ("  video_config: {bitrate: 4e3, width: 1080, height: 1920}\n", "E_YAML_TYPE"),
        ("  video_config: {bitrate: 4000, width: 1080, height: 1920, frame_rate: 25}\n", ""),
    ],
)
def test_a_plain_scalar_gets_the_type_of_its_field(spec: str, code: str, tmp_path: Path) -> None:
    errors = [each.code for each in loaded(tmp_path, room(spec)).diagnostics if each.severity is Severity.ERROR]
    assert errors == ([code] if code else [])


def test_a_loop_tells_its_mistake_once(tmp_path: Path) -> None:
    text = "{% for n in range(5) %}\n---\n" + room("  room_typ: x\n", name="room {{ n }}") + "{% endfor %}\n"
    manifest = loaded(tmp_path, text)
    assert told(manifest) == [("E_FIELD_UNKNOWN", "8:3")]
    assert "4 more" in manifest.diagnostics[0].message


@pytest.mark.parametrize("name", ["", "'  '", '"a\\tb"', '"a\\nb"', '"a\\u2028b"', '"a\\u200bb"'])
def test_names_that_cannot_be_seen_are_refused(name: str, tmp_path: Path) -> None:
    assert not loaded(tmp_path, room(name=name)).valid


def test_escapes_are_fine_in_text_but_bidirectional_ones_never(tmp_path: Path) -> None:
    fine = room('  room_description: "a\\tb\\nc\\x85d\\u2028e\\u2029f"\n')
    assert loaded(tmp_path, fine).resources[0].spec["room_description"] == "a\tb\nc\x85d\u2028e\u2029f"
    for escape, code in (("\\u202e", "E_TEXT_BIDI"), ("\\x1b", "E_TEXT_CONTROL"), ("\\0", "E_TEXT_CONTROL")):
        assert code in [each.code for each in loaded(tmp_path, room(f'  room_description: "a{escape}b"\n')).diagnostics]


def test_metadata_reaches_the_resource(tmp_path: Path) -> None:
    metadata = (
        "  id: 26f06524-aaaa\n  aliases: [Old, 5]\n  labels: {team: shop, year: 2026}\n"
        "  lifecycle:\n    prevent_destroy: true\n    ignore_changes:\n"
        "      - {path: room_description, reason: by hand, expires: 2027-01-01}\n"
    )
    (resource,) = loaded(tmp_path, room(metadata=metadata)).resources
    assert (resource.id, resource.aliases, resource.labels) == (
        "26f06524-aaaa",
        ("Old", "5"),
        {"team": "shop", "year": "2026"},
    )
    (rule,) = resource.ignore_changes
    assert (resource.prevent_destroy, rule.path, rule.reason, rule.expires) == (
        True,
        "room_description",
        "by hand",
        "2027-01-01",
    )
    assert str(rule.position) == "a.yaml:11:9"


@given(st.text(" ab.-\t\n\u200b\u00ad\x7fйé茶", max_size=5))
def test_an_ordinary_name_has_neither_a_problem_nor_a_warning(name: str) -> None:
    found = (names.problem(name), list(names.name_warnings(name)))
    assert (found == (None, [])) or not names.is_ordinary(name)
    assert names.is_ordinary("Room 1 (test)")


def test_two_of_one_name_are_fine_when_all_have_ids_of_their_own(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, room(metadata="  id: one\n") + "---\n" + room(metadata="  id: two\n"))
    assert manifest.valid, manifest.diagnostics
    assert [each.address for each in manifest.resources] == ['SmartLiveRoom["room"]@one', 'SmartLiveRoom["room"]@two']
    manifest = loaded(tmp_path, room(metadata="  id: one\n") + "---\n" + room(metadata="  id: one\n"))
    assert told(manifest)[0][0] == "E_NAME_DUPLICATE"


def test_an_alias_that_is_somebody_else_is_refused_unless_ids_decide(tmp_path: Path) -> None:
    clash = room(metadata="  aliases: [other]\n") + "---\n" + room(name="other")
    assert told(loaded(tmp_path, clash)) == [("E_NAME_DUPLICATE", "5:13")]
    pinned = room(metadata="  aliases: [other]\n  id: a\n") + "---\n" + room(name="other", metadata="  id: b\n")
    assert loaded(tmp_path, pinned).valid


def test_a_manifest_outside_its_scope_is_an_error(tmp_path: Path) -> None:
    scope = ResourceScope(name_prefix="shop-", fields={"room_type": frozenset({"NORMAL"})})
    assert told(loaded(tmp_path, room("  room_type: TEMPLATE\n"), scope)) == [("E_SCOPE", "4:9"), ("E_SCOPE", "6:14")]
    assert loaded(tmp_path, room("  room_type: NORMAL\n", name="shop-1"), scope).valid


def test_temporary_rooms_are_refused(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, room("  room_type: TEMP\n"))
    assert not manifest.valid
    assert str(manifest.diagnostics[0].position) == "a.yaml:6:14"


def test_rule_names_are_names(tmp_path: Path) -> None:
    assert not loaded(tmp_path, group('    - rule_name: "a\\u200bb"\n')).valid
    assert not loaded(tmp_path, group("    - rule_name: a\n    - rule_name: a\n")).valid
    assert not loaded(tmp_path, group('    - rule_name: "caf\\u00e9"\n    - rule_name: "cafe\\u0301"\n')).valid
