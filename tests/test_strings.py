"""Texts: the closest known word, names as they are matched, columns on a terminal."""

import pytest

from reconciler.strings import (
    HIDDEN_BESIDE_C0,
    abridge,
    closest,
    count,
    did_you_mean,
    display_width,
    may_hide,
    normalize_name,
    pad,
    truncate,
)


def test_the_closest_word_is_found_whatever_its_letter_case():
    assert did_you_mean("SMARTLIVEROM", ["InteractionRuleGroup", "SmartLiveRoom"]) == "did you mean `SmartLiveRoom`?"
    assert did_you_mean("Rooms", iter(["rooms"]), quote="'") == "did you mean 'rooms'?"


def test_what_is_spelled_otherwise_gets_the_other_hint():
    assert did_you_mean("zebra", ["rooms"], "there are rooms") == "there are rooms"
    assert did_you_mean("rooms", []) == ""


def test_more_than_one_word_may_be_near_and_each_is_named_once():
    found = closest("room-1", ["ROOM-2", "room-2", "room-3", "group"], most=3)
    assert sorted(found) == ["ROOM-2", "room-3"]


def test_a_name_is_composed():
    assert normalize_name("Cafe\u0301") == "Caf\u00e9"
    assert normalize_name("plain") == "plain"


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("abc", 3),
        ("直播间", 6),
        ("e\u0301", 1),
        ("👩\u200d👩\u200d👧", 2),
        ("❤\ufe0f", 2),
        ("", 0),
    ],
)
def test_columns_are_those_of_a_terminal(text, width):
    assert display_width(text) == width


def test_padding_and_cutting_count_columns():
    assert pad("直播", 6) == "直播  "
    assert pad("直播间", 2) == "直播间"
    assert truncate("直播间", 6) == "直播间"
    assert truncate("直播间", 4) == "直…"
    assert display_width(truncate("直播间的房间", 5)) <= 5


def test_one_thing_has_no_plural_and_many_have_separators():
    assert count(1, "field") == "1 field"
    assert count(0, "entry", "entries") == "0 entries"
    assert count(12000, "field") == "12,000 fields"


def test_a_long_text_keeps_its_beginning_and_its_end():
    assert abridge("short", 5) == "short"
    text = abridge("the tag `" + "x" * 5_000_000 + "` is not allowed", 2_000)
    assert text.startswith("the tag `xx")
    assert text.endswith("xx` is not allowed")
    assert len(text) <= 2_000
    assert abridge(text, 2_000) == text


def test_every_invisible_character_beside_c0_may_hide():
    hidden = [one for one in map(chr, range(0x110000)) if HIDDEN_BESIDE_C0.match(one)]
    assert "\x7f" in hidden
    assert all(may_hide(f"plain {one} text") for one in hidden)
    assert not may_hide("".join(map(chr, range(0x7F))))
