"""Manifests, good and bad, that our validator and JSON Schema must agree on.

Each case is the YAML of a spec (or of a whole document) and a verdict: GOOD for both, BAD for both, OURS where only we
can tell, with the reason JSON Schema cannot. The code is that of our error.
"""

from dataclasses import dataclass

GOOD, BAD, OURS = "good", "bad", "ours"


@dataclass(frozen=True, slots=True)
class Case:
    """One document with its verdict; `why` says what JSON Schema cannot see."""

    name: str
    text: str
    verdict: str = GOOD
    code: str = ""
    why: str = ""


def _document(kind: str, spec: str, name: str = "name: x") -> str:
    body = "\n".join("  " + line for line in spec.strip("\n").split("\n"))
    return f"apiVersion: metastudio/v1\nkind: {kind}\nmetadata: {{{name}}}\nspec:\n{body}\n"


def _room(spec: str) -> str:
    return _document("SmartLiveRoom", spec)


def _group(spec: str) -> str:
    return _document("InteractionRuleGroup", spec)


def _rule(rest: str) -> str:
    return _group(f"interaction_rules:\n- rule_name: price\n  {rest}")


def _scene(rest: str) -> str:
    return _room(f"scene_scripts:\n- script_name: opening\n  shoot_scripts: []\n  {rest}")


CORPUS = [
    # good: whole documents
    Case("no spec", "apiVersion: metastudio/v1\nkind: SmartLiveRoom\nmetadata: {name: x}\n"),
    Case("a null spec", "apiVersion: metastudio/v1\nkind: SmartLiveRoom\nmetadata: {name: x}\nspec:\n"),
    Case("an empty spec", _room("{}")),
    Case("a Chinese name with emoji", _document("SmartLiveRoom", "{}", "name: 龙井专场 🍵")),
    Case("a name that looks like a number", _document("SmartLiveRoom", "{}", "name: 2027")),
    Case("a name that looks like a boolean", _document("SmartLiveRoom", "{}", "name: true")),
    Case("the longest name", _document("SmartLiveRoom", "{}", f"name: {'n' * 256}")),
    Case("an id", _document("SmartLiveRoom", "{}", "name: x, id: 26f06524-4f75-4b3a-a853-b649a21aaf66")),
    Case(
        "aliases and labels", _document("SmartLiveRoom", "{}", "name: x, aliases: [y], labels: {team: shop, floor: 3}")
    ),
    Case(
        "a lifecycle",
        _document(
            "SmartLiveRoom",
            "{}",
            "name: x, lifecycle: {prevent_destroy: true, ignore_changes: [{path: a.b, expires: 2027-01-01}]}",
        ),
    ),
    Case("an id of digits alone", _document("SmartLiveRoom", "{}", "name: x, id: 123")),
    # good: values
    Case("null clears", _room("room_description: ~\nvideo_config: null\nscene_scripts: null\nroom_type: null")),
    Case("texts typed as numbers and booleans", _room("room_description: 010\npriv_data: true")),
    Case("a text typed as yes", _room("room_description: 'yes'")),
    Case(
        "a choice of digits, quoted",
        _room("video_config: {bitrate: 1000, width: 1080, height: 1920, frame_rate: '25'}"),
    ),
    Case(
        "a choice of digits, plain", _room("video_config: {bitrate: 1000, width: 1080, height: 1920, frame_rate: 25}")
    ),
    Case(
        "a number with a point",
        _room("video_config: {bitrate: 1000, width: 1080, height: 1920, subtitle_config: {opacity: 0.5}}"),
    ),
    Case(
        "a whole number for a number",
        _room("video_config: {bitrate: 1000, width: 1080, height: 1920, subtitle_config: {opacity: 1}}"),
    ),
    Case("limits are inclusive", _room("play_policy: {repeat_count: -1, live_exit_config: {max_live_duration: 168}}")),
    Case(
        "secrets by name", _room("stream_keys: [{secret: STREAM_KEY}]\nlive_event_callback_config: {key: {secret: K}}")
    ),
    Case("an empty list", _room("interaction_rules: []\nstream_keys: []")),
    Case(
        "a template that is shared",
        _room("room_type: TEMPLATE\nshared_config: {shared_type: SHARED, shared_state: DRAFT}"),
    ),
    Case("a shared config cleared on a room", _room("shared_config: null")),
    Case(
        "a layer with everything",
        _scene("layer_config: [{layer_type: TEXT, position: {dx: 0, dy: 0, layer_index: 1}, text_config: {}}]"),
    ),
    Case(
        "a background picture",
        _scene("background_config: [{background_type: IMAGE, background_config: 'https://a/b'}]"),
    ),
    Case("a colour", _scene("background_config: [{background_type: COLOR, background_color_config: '#0aF19C'}]")),
    Case("a video background needs no address", _scene("background_config: [{background_type: VIDEO}]")),
    Case(
        "a reference by name", _room("interaction_rules: [{rule_name: a, group_name: welcome, enabled_scenes: [one]}]")
    ),
    Case("a platform account", _room("relation_live_platform_info: {platform_id: p, live_id: tea_house-1}")),
    Case("a rule with only a name", _rule("enabled: false")),
    Case("a robot", _rule("trigger: {reply_mode: INTELLIGENT_REPLY, robot_id: r1}")),
    Case("the long reply mode", _rule("trigger: {reply_mode: SYSTEM_REPLY_AND_CALLBACK}")),
    Case("five tags", _rule("hit_condition: {tags: [{value: a}, {value: b}, {value: 3}, {value: d}, {value: e}]}")),
    Case("no reply at all", _rule("trigger: {reply_texts: []}")),
    Case("an empty text where it may be empty", _rule("trigger: {reply_texts: ['']}")),
    Case("a preset script", _rule("event_type: 10\n  hit_condition: {tags: [{tag: content}]}")),
    Case("warnings only", _room("video_config: {bitrate: 50, width: 640, height: 480, codec: VP8}")),
    # bad: the envelope
    Case("no kind", "apiVersion: metastudio/v1\nmetadata: {name: x}\nspec: {}\n", BAD, "E_FIELD_REQUIRED"),
    Case("an unknown kind", _document("LiveRoom", "{}"), BAD, "E_KIND_UNKNOWN"),
    Case(
        "another version", "apiVersion: metastudio/v2\nkind: SmartLiveRoom\nmetadata: {name: x}\n", BAD, "E_FIELD_ENUM"
    ),
    Case("no metadata", "apiVersion: metastudio/v1\nkind: SmartLiveRoom\nspec: {}\n", BAD, "E_FIELD_REQUIRED"),
    Case("no name", _document("SmartLiveRoom", "{}", "labels: {a: b}"), BAD, "E_FIELD_REQUIRED"),
    Case("a name of another type", _document("SmartLiveRoom", "{}", "name: [x]"), BAD, "E_YAML_TYPE"),
    Case("an empty name", _document("SmartLiveRoom", "{}", "name: ''"), BAD, "E_FIELD_LENGTH"),
    Case("a name too long", _document("SmartLiveRoom", "{}", f"name: {'n' * 257}"), BAD, "E_FIELD_LENGTH"),
    Case("an id with a blank", _document("SmartLiveRoom", "{}", "name: x, id: a b"), BAD, "E_FIELD_PATTERN"),
    Case(
        "an unknown key of the metadata", _document("SmartLiveRoom", "{}", "name: x, label: {}"), BAD, "E_FIELD_UNKNOWN"
    ),
    Case("a fifth part", _room("{}") + "status: {}\n", BAD, "E_FIELD_UNKNOWN"),
    Case(
        "an ignore rule without a path",
        _document("SmartLiveRoom", "{}", "name: x, lifecycle: {ignore_changes: [{reason: r}]}"),
        BAD,
        "E_FIELD_REQUIRED",
    ),
    Case("a spec that is a list", _room("- a"), BAD, "E_YAML_TYPE"),
    # bad: the spec
    Case("an unknown field", _room("room_descripton: x"), BAD, "E_FIELD_UNKNOWN"),
    Case("an unknown field deep inside", _rule("trigger: {reply_mod: CALLBACK}"), BAD, "E_FIELD_UNKNOWN"),
    Case("the name inside the spec", _room("room_name: x"), BAD, "E_FIELD_UNKNOWN"),
    Case("a computed field", _room("room_state: ENABLE"), BAD, "E_FIELD_READONLY"),
    Case("a computed id of a rule", _rule("rule_id: r1"), BAD, "E_FIELD_READONLY"),
    Case("an observed field", _room("cover_url: https://a/b"), BAD, "E_FIELD_READONLY"),
    Case("a value outside its choices", _room("view_mode: PORTRAIT"), BAD, "E_FIELD_ENUM"),
    Case("a choice in lower case", _rule("trigger: {reply_order: random}"), BAD, "E_FIELD_ENUM"),
    Case(
        "a choice of digits that is none",
        _room("video_config: {bitrate: 1000, width: 1080, height: 1920, frame_rate: 60}"),
        BAD,
        "E_FIELD_ENUM",
    ),
    Case(
        "an event that is no choice of the list",
        _room("live_event_callback_config: {callback_event_type: [LIVE_PROGRESS]}"),
        BAD,
        "E_FIELD_ENUM",
    ),
    Case("a number too small", _rule("trigger: {time_window: -2}"), BAD, "E_FIELD_RANGE"),
    Case("a number too large", _rule("hit_condition: {priority: 1000}"), BAD, "E_FIELD_RANGE"),
    Case("a text too long", _room(f"room_description: {'d' * 1025}"), BAD, "E_FIELD_LENGTH"),
    Case("an empty text where it may not be", _rule("trigger: {layer_config: {layer_type: ''}}"), BAD, "E_FIELD_ENUM"),
    Case(
        "a text with a pattern",
        _scene("background_config: [{background_type: COLOR, background_color_config: red}]"),
        BAD,
        "E_FIELD_PATTERN",
    ),
    Case(
        "a boolean for a colour",
        _scene("background_config: [{background_type: COLOR, background_color_config: true}]"),
        BAD,
        "E_FIELD_PATTERN",
    ),
    Case("too many tags", _rule("hit_condition: {tags: [{}, {}, {}, {}, {}, {}]}"), BAD, "E_FIELD_LENGTH"),
    Case("too few tags", _rule("hit_condition: {tags: []}"), BAD, "E_FIELD_LENGTH"),
    Case("no scene at all", _room("scene_scripts: []"), BAD, "E_FIELD_LENGTH"),
    Case("a quoted integer", _rule("event_type: '1'"), BAD, "E_YAML_TYPE"),
    Case("a fraction for an integer", _rule("event_type: 1.5"), BAD, "E_YAML_TYPE"),
    Case("a boolean for an integer", _rule("event_type: true"), BAD, "E_YAML_TYPE"),
    Case("yes for a boolean", _rule("enabled: yes"), BAD, "E_YAML_TYPE"),
    Case("a number for a boolean", _rule("enabled: 1"), BAD, "E_YAML_TYPE"),
    Case("an object for a text", _room("room_description: {a: b}"), BAD, "E_YAML_TYPE"),
    Case("a text for an object", _room("video_config: hd"), BAD, "E_YAML_TYPE"),
    Case("an object for a list", _room("interaction_rules: {rule_name: a}"), BAD, "E_YAML_TYPE"),
    Case("a null item", _rule("trigger: {reply_texts: [~]}"), BAD, "E_YAML_TYPE"),
    Case("null for what is required", _group("interaction_rules: [{rule_name: ~}]"), BAD, "E_YAML_TYPE"),
    Case("a rule without a name", _group("interaction_rules: [{enabled: true}]"), BAD, "E_FIELD_REQUIRED"),
    Case("a scene without paragraphs", _room("scene_scripts: [{script_name: a}]"), BAD, "E_FIELD_REQUIRED"),
    Case(
        "a position without an index",
        _scene("layer_config: [{layer_type: TEXT, position: {dx: 0, dy: 0}}]"),
        BAD,
        "E_FIELD_REQUIRED",
    ),
    Case("a secret in clear", _room("stream_keys: [hunter2hunter2]"), BAD, "E_SECRET_LITERAL"),
    Case("a callback key in clear", _room("live_event_callback_config: {key: hunter2}"), BAD, "E_SECRET_LITERAL"),
    Case("a secret with more than a name", _room("stream_keys: [{secret: A, value: b}]"), BAD, "E_FIELD_UNKNOWN"),
    Case("a secret in lower case", _room("stream_keys: [{secret: stream}]"), BAD, "E_FIELD_PATTERN"),
    Case(
        "a robot reply without a robot", _rule("trigger: {reply_mode: INTELLIGENT_REPLY}"), BAD, "E_FIELD_REQUIRED_WHEN"
    ),
    Case(
        "a robot that is null",
        _rule("trigger: {reply_mode: INTELLIGENT_REPLY, robot_id: ~}"),
        BAD,
        "E_FIELD_REQUIRED_WHEN",
    ),
    Case(
        "a picture without an address",
        _scene("background_config: [{background_type: IMAGE}]"),
        BAD,
        "E_FIELD_REQUIRED_WHEN",
    ),
    Case("sharing of a plain room", _room("shared_config: {shared_type: PRIVATE}"), BAD, "E_FIELD_APPLIES_WHEN"),
    Case("sharing of a normal room", _room("room_type: NORMAL\nshared_config: {}"), BAD, "E_FIELD_APPLIES_WHEN"),
    Case("a TEMP room", _room("room_type: TEMP"), BAD, "E_ROOM_TEMP"),
    # bad, and only we can tell
    Case(
        "two rules of one name",
        _group("interaction_rules: [{rule_name: a}, {rule_name: a}]"),
        OURS,
        "E_RULE_DUPLICATE",
        "keys of items",
    ),
    Case(
        "an empty rule name",
        _group("interaction_rules: [{rule_name: ''}]"),
        OURS,
        "E_FIELD_REQUIRED",
        "the API allows it, pairing does not",
    ),
    Case(
        "a preset script with another tag",
        _rule("event_type: 10\n  hit_condition: {tags: [{tag: level}]}"),
        OURS,
        "E_RULE_TAG",
        "looks two objects up",
    ),
    Case(
        "a time in another spelling",
        _room("room_type: TEMPLATE\nshared_config: {shared_type: SHARED, expire_time: 20270110T084317Z}"),
        OURS,
        "E_FIELD_PATTERN",
        "the facts have no pattern for it",
    ),
    Case(
        "an integer in another spelling",
        _rule("event_type: 0x1"),
        OURS,
        "E_YAML_TYPE",
        "hexadecimal is an integer to an editor",
    ),
    Case("an integer with a point", _rule("event_type: 1.0"), OURS, "E_YAML_TYPE", "1.0 is an integer in JSON Schema"),
    Case(
        "a key written twice",
        _rule("enabled: true\n  enabled: false"),
        OURS,
        "E_YAML_DUPKEY",
        "gone before a schema looks",
    ),
    Case(
        "a blank name",
        _document("SmartLiveRoom", "{}", "name: '  '"),
        OURS,
        "E_FIELD_LENGTH",
        "blanks count as characters",
    ),
]
