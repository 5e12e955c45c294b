"""Secrets: never seen, quiet unless a keyed digest says that they changed."""

from typing import Any

from reconciler.diff.full_spec import managed_fields
from reconciler.model.change import REDACTED, Action
from reconciler.planfile.encode import encode
from reconciler.redaction import secret_digest
from tests.support.planning import ROOM, World, declared, ledger, live, only, remembered

KEY = b"k" * 32
SPEC = {"stream_keys": [{"secret": "STREAM_KEY"}], "live_event_callback_config": {"key": {"secret": "CALLBACK"}}}
RAW = {"stream_keys": ["CANARY-one"], "live_event_callback_config": {"key": "CANARY-two", "extra": 1}}


def applied(value: str, spec: Any = SPEC) -> Any:
    return managed_fields(ROOM, spec, digest=lambda name: secret_digest(KEY, value))


def plan(spec: Any = SPEC, *, last: Any = None, secret: Any = None, raw: Any = RAW) -> Any:
    past = ledger(remembered(ROOM, "it", last=last), digest_key=KEY) if last is not None else ledger()
    return World([declared(ROOM, "it", spec)], [live(ROOM, "it", spec=raw)], past).plan(secret=secret)


def test_a_secret_is_quiet_where_nothing_is_known_of_it() -> None:
    change = only(plan())
    assert change.action is Action.NONE
    assert {one.rule.value for one in change.suppressed} == {"secret not comparable"}


def test_a_secret_whose_digest_is_the_same_is_no_difference_at_all() -> None:
    change = only(plan(last=applied("v"), secret=lambda name: "v"))
    assert (change.action, change.suppressed) == (Action.NONE, ())


def test_a_secret_whose_digest_differs_is_a_masked_change_of_the_manifests() -> None:
    change = only(plan(last=applied("old"), secret=lambda name: "new"))
    assert [(field.path, field.before, field.after, field.attribution.value) for field in change.fields] == [
        ("stream_keys", REDACTED, REDACTED, "config"),
        ("live_event_callback_config.key", REDACTED, REDACTED, "config"),
    ]


def test_without_its_value_a_secret_changed_where_its_name_did() -> None:
    assert only(plan(last=applied("v"))).action is Action.NONE
    renamed = {**SPEC, "stream_keys": [{"secret": "OTHER_KEY"}]}
    assert [field.path for field in only(plan(renamed, last=applied("v"))).fields] == ["stream_keys"]


def test_a_secret_declared_anew_is_a_change() -> None:
    change = only(plan(last={"room_type": "NORMAL"}))
    assert {field.path for field in change.fields} == {"stream_keys", "live_event_callback_config.key"}


def test_a_cleared_secret_is_a_change_while_there_is_one() -> None:
    assert [field.path for field in only(plan({"stream_keys": None})).fields] == ["stream_keys"]
    assert only(plan({"stream_keys": []}, raw={"stream_keys": []})).action is Action.NONE


def test_no_live_secret_is_in_any_part_of_a_plan() -> None:
    lives = [live(ROOM, "it", spec=RAW), live(ROOM, "unmanaged", spec=RAW), live(ROOM, "gone", spec=RAW)]
    world = World([declared(ROOM, "it", {"live_event_callback_config": None})], lives, ledger(remembered(ROOM, "gone")))
    for wanted in (world.plan(prune="owned"), plan(last=applied("CANARY-three"), secret=lambda name: "CANARY-four")):
        assert "CANARY" not in str(encode(wanted))
        assert "CANARY" not in repr(wanted)


def test_the_masks_stand_where_the_secrets_are() -> None:
    shown = encode(plan({**SPEC, "priv_data": "x"}))["resource_changes"][0]["change"]
    assert shown["before"]["stream_keys"] == [REDACTED]
    assert shown["before_sensitive"] == {"stream_keys": [True], "live_event_callback_config": {"key": True}}
    assert shown["after_sensitive"] == shown["before_sensitive"]


def test_fingerprints_do_not_depend_on_secrets() -> None:
    one, other = (only(plan({**SPEC, "priv_data": "x"}, raw={**RAW, "stream_keys": [key]})) for key in ("a", "b"))
    assert one.before_fingerprint == other.before_fingerprint
    assert one.after_fingerprint == other.after_fingerprint


def test_what_is_remembered_holds_names_and_digests_only() -> None:
    assert applied("v")["stream_keys"] == [{"secret": "STREAM_KEY", "digest": secret_digest(KEY, "v")}]
    assert managed_fields(ROOM, SPEC)["stream_keys"] == [{"secret": "STREAM_KEY"}]


def test_an_object_that_holds_a_secret_is_sensitive_as_a_whole() -> None:
    world = World([declared(ROOM, "it", SPEC | {"priv_data": "x"})], [live(ROOM, "it", spec={})], ledger())
    found = {field.path: field.sensitive for field in only(world.plan()).fields}
    assert found == {"priv_data": False, "stream_keys": True, "live_event_callback_config": True}


def test_an_object_without_a_secret_is_not_sensitive() -> None:
    spec = {"video_config": {"width": 1920}, "priv_data": "x"}
    fields = only(World([declared(ROOM, "it", spec)], [live(ROOM, "it", spec={})], ledger()).plan()).fields
    assert {field.sensitive for field in fields} == {False}
