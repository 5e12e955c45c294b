"""From bytes to a JSON object: what is refused, and that the bytes are never quoted."""

import gzip
import json
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api.response_body import MAX_BYTES, BodyDecoder, decode
from reconciler.errors import ApiError

SCALARS = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    SCALARS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def refused(body):
    with pytest.raises(ApiError) as caught:
        decode(body)
    assert caught.value.code == "E_READ_SCHEMA"
    return caught.value.message


@given(st.dictionaries(TEXTS, VALUES), st.booleans())
def test_every_plain_object_comes_out_as_it_went_in(value, escaped):
    assert decode(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_give_an_object_or_our_own_refusal(body):
    with suppress(ApiError):
        assert isinstance(decode(body), dict)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"<html>canary</html>",
        b'{"a": 1',
        b'{"a": 1} {"b": 2}',
        b'{"a": 1, "a": 2}',
        b'{"deep": [{"a": 1, "a": 2}]}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\xff"}',
        '{"a": "é"}'.encode("latin-1"),
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b'{"a": "\\ud800"}',
        b'{"a": "\\udc00 alone"}',
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b"[" * 100_000,
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"{" * 1000 + b"}" * 1000,
        b"]",
    ],
)
def test_whatever_is_no_plain_object_is_refused_without_a_quote(body):
    assert "canary" not in refused(body)


def test_brackets_inside_texts_are_no_depth():
    text = "[{" * 1000 + '\\"' + "}]" * 10
    assert decode(json.dumps({"a": text, "b\\": ['"', "\\", "[["]}).encode()) == {"a": text, "b\\": ['"', "\\", "[["]}


def test_sixty_levels_are_fine_and_emoji_stay_whole():
    body = b'{"a":' * 60 + b'"\\ud83d\\ude00"' + b"}" * 60
    assert json.dumps(decode(body), ensure_ascii=False).count("😀") == 1


def test_a_hostile_depth_of_megabytes_is_refused():
    refused(b"[" * (16 << 20))


def unpacked(body, encoding, size=4096):
    inflater = BodyDecoder(encoding)
    for start in range(0, len(body), size):
        inflater.feed(body[start : start + size])
    return inflater.finish()


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_plain_gzip_and_deflate_are_unpacked_in_any_pieces(size):
    body = b'{"name": "x"}' * 50
    assert unpacked(body, "", size) == unpacked(body, "identity", size) == body
    assert unpacked(gzip.compress(body), "gzip", size) == body
    assert unpacked(zlib.compress(body), "deflate", size) == body


def test_nothing_sent_is_nothing_unpacked():
    assert unpacked(b"", "gzip") == b""


@pytest.mark.parametrize("cut", [1, 5, 12])
def test_a_packed_body_that_ends_early_or_is_damaged_is_refused(cut):
    body = gzip.compress(b"x" * 1000)
    with pytest.raises(ApiError):
        unpacked(body[:-cut], "gzip")
    with pytest.raises(ApiError):
        unpacked(b"\x00" + body[1:], "gzip")
    with pytest.raises(ApiError):
        unpacked(body + body, "gzip")


def test_a_bomb_is_refused_after_a_small_part_of_it():
    bomb = gzip.compress(b"\0" * (60 << 20))
    with pytest.raises(ApiError) as caught:
        unpacked(bomb, "gzip")
    assert "grows" in caught.value.message


def test_more_than_the_cap_is_refused_however_it_comes():
    inflater = BodyDecoder("")
    piece = b" " * (1 << 20)
    for _ in range(MAX_BYTES >> 20):
        inflater.feed(piece)
    with pytest.raises(ApiError):
        inflater.feed(piece)


def test_a_short_list_of_equal_rows_is_no_bomb():
    body = b'{"rows": [' + b"0," * 200_000 + b"0]}"
    assert unpacked(gzip.compress(body, mtime=0), "gzip") == body
