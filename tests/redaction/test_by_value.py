"""A known secret is redacted in every spelling that a peer may echo it in, and what is ours stays readable."""

import base64
import html
import json
import pickle
import quopri
import string
import time
import urllib.parse as url
from random import Random

import pytest

from reconciler.model.change import REDACTED
from reconciler.redaction import SecretRedactor
from reconciler.strings import abridge
from tests.support.leaks import ENCODINGS, leaks

SECRETS = {
    "long": "CANARY-0123456789",
    "five characters": "k9Zq!",
    "four characters": "abcd",
    "special characters": "pass wörd/ü\"\\x+y&z%41=3D'<é>",
    "what looks like an escape": 'a%41"b',
    "accent": "café",
    "cjk": "日本語鍵",
    "emoji": "😀smile-key",
}


def spellings(secret: str) -> dict[str, str]:
    raw = secret.encode()
    units = secret.encode("utf-16-be").hex()
    found = {
        "raw": secret,
        "json": json.dumps(secret),
        "json without ascii": json.dumps(secret, ensure_ascii=False),
        "json twice": json.dumps(json.dumps(secret)),
        "json three times": json.dumps(json.dumps(json.dumps(secret))),
        "json with escaped slashes": json.dumps(secret).replace("/", "\\/"),
        "json all escaped": "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)),
        "html": html.escape(secret),
        "html decimal": "".join(f"&#{ord(char)};" for char in secret),
        "html hexadecimal": "".join(f"&#x{ord(char):X};" for char in secret),
        "html numbers with zeros": "".join(f"&#x000{ord(char):x};" for char in secret),
        "html named": secret.encode("ascii", "xmlcharrefreplace").decode().replace("&#233;", "&eacute;"),
        "percent": url.quote(secret, safe=""),
        "percent in lower case": "".join(f"%{byte:02x}" for byte in raw),
        "percent everywhere": "".join(f"%{byte:02X}" for byte in raw),
        "percent here and there": "".join(
            url.quote(c, safe="") if at % 2 or c == "%" else c for at, c in enumerate(secret)
        ),
        "percent and raw in turns": "".join(
            "".join(f"%{byte:02x}" for byte in char.encode()) if at % 2 or char == "%" else char
            for at, char in enumerate(secret)
        ),
        "percent twice": url.quote(url.quote(secret, safe=""), safe=""),
        "form": url.quote_plus(secret),
        "quoted-printable": quopri.encodestring(raw).decode(),
        "quoted-printable everywhere": "".join(f"={byte:02X}" for byte in raw),
        "quoted-printable with soft breaks": "=\r\n".join(f"={byte:02X}" for byte in raw),
        "soft breaks alone": "=\n".join(secret),
        "python": ascii(secret),
        "python bytes": repr(raw),
        "hex escapes": "".join(f"\\x{byte:02x}" for byte in raw),
        "long escapes": "".join(f"\\U{ord(char):08x}" for char in secret),
        "octal": "".join(f"\\{byte:03o}" for byte in raw),
        "html in json": json.dumps(html.escape(secret)),
        "json in html": html.escape(json.dumps(secret)),
        "json in a url": url.quote(json.dumps(secret)),
        "json as go writes it": json.dumps(html.escape(json.dumps(secret))).replace("&", "\\u0026"),
        "hex": raw.hex(),
        "latin-1": raw.decode("latin-1"),
    }
    for before in (b"", b"x", b"xy", b"user:"):
        for after in (b"", b"1", b"12"):
            name = f"base64 {before!r} {after!r}"
            found[name] = base64.b64encode(before + raw + after).decode()
            found[f"url-safe {name}"] = base64.urlsafe_b64encode(before + raw + after).decode()
            found[f"{name} in a url"] = url.quote(found[name], safe="")
            wrapped = base64.encodebytes(b"q" * 50 + before + raw + after + b"z" * 60).decode()
            found[f"wrapped {name}"] = wrapped
            found[f"wrapped {name} in json"] = json.dumps(wrapped)
    return found


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_every_spelling_of_a_secret_is_replaced_and_what_stands_around_it_stays(secret):
    redactor = SecretRedactor([secret])
    for name, spelled in spellings(secret).items():
        told = redactor.text(f"before {spelled} after")
        assert REDACTED in told, name
        assert told.startswith("before "), name
        assert told.endswith(" after"), name
        if "base64" not in name:
            left = told.replace(REDACTED, "").removeprefix("before ").removesuffix(" after")
            assert len(left) <= 48, (name, told)


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_plain_data_is_redacted_in_keys_and_values_at_any_depth(secret):
    redactor = SecretRedactor([secret])
    spelled = list(spellings(secret).values())
    value = {"room_name": spelled, "rows": [{one: {"x": one}} for one in spelled]}
    told = json.dumps(redactor.value(value), ensure_ascii=False)
    assert redactor.text(told) == told


@pytest.mark.parametrize("secret", ["name", "room_name", "Smart", "SmartLiveRoom", "E_X", "a1b2", "update"])
def test_a_short_secret_leaves_names_of_fields_kinds_codes_and_fingerprints(secret):
    ours = {
        "type": "SmartLiveRoom",
        "room_name": 1,
        "code": "E_X",
        "path": "interaction_rules[0].trigger.reply_mode",
        "fingerprint": "a1b2" * 16,
        "actions": ["update"],
    }
    if len(secret) < 8:
        assert SecretRedactor([secret]).value(ours) == ours
    assert SecretRedactor([secret]).value(f"my {secret}") == f"my {REDACTED}"


def test_less_than_four_characters_are_redacted_where_they_stand_alone():
    redactor = SecretRedactor(["k9"])
    assert redactor.text('{"a": "k9", "b": "ak9z"}') == f'{{"a": "{REDACTED}", "b": "ak9z"}}'
    assert redactor.text("%6b%39;") == f"{REDACTED};"


def test_a_secret_learned_later_is_redacted_and_none_is_shown():
    redactor = SecretRedactor()
    assert redactor.text("token-0123456789") == "token-0123456789"
    redactor.add("token-0123456789")
    assert redactor.text("token-0123456789") == REDACTED
    assert "token" not in repr(redactor)


def test_a_secret_that_is_not_utf_8_is_redacted_as_bytes_and_as_replaced():
    raw = b"caf\xe9-long-password"
    secret = raw.decode("utf-8", "surrogateescape")
    redactor = SecretRedactor([secret])
    for text in (secret, raw.decode("latin-1"), raw.decode("utf-8", "replace"), base64.b64encode(raw).decode()):
        assert REDACTED in redactor.text(f"before {text} after")
    assert REDACTED in redactor.text(secret.encode("utf-8", "backslashreplace").decode())


def test_one_hit_copies_only_what_changes_and_no_hit_copies_nothing():
    redactor = SecretRedactor(["CANARY-0123456789"])
    value = {"a": ["x", 1, None, True, 2.5], "b": ("CANARY",)}
    assert redactor.value(value) is value
    assert redactor.value({**value, "c": "CANARY-0123456789"}) == {**value, "c": REDACTED}


def test_an_id_is_tainted_by_a_secret_and_not_by_four_hexadecimal_digits():
    redactor = SecretRedactor(["a1b2", "k9Zq1", "0123456789abcdef"])
    assert redactor.tainted(["k9Zq1"])
    assert redactor.tainted(["room-a1b2"])
    assert redactor.tainted(["00000123456789abcdef0000"])
    assert not redactor.tainted(["c0ffee00-a1b2-4000-8000-000000000000", "plain"])


def test_large_texts_are_redacted_in_time_that_grows_with_their_size():
    random = Random(1)
    alphabet = string.ascii_letters + string.digits + '/+%&"\\ é'
    redactor = SecretRedactor("".join(random.choices(alphabet, k=random.choice([5, 8, 20, 40]))) for _ in range(20))

    def seconds(rows: int) -> float:
        row = {"room_name": "直播间", "room_description": 'line\nline "q" 100% a=12&b=1 <b>', "url": "x?c=%41%20"}
        text = json.dumps([{**row, "id": f"{random.getrandbits(128):032x}"} for _ in range(rows)], indent=1)
        start = time.process_time()
        redactor.text(text)
        return time.process_time() - start

    seconds(100)
    assert seconds(8000) < 40 * max(seconds(800), 0.005)


def test_a_redactor_travels_without_its_secrets():
    sent = pickle.dumps(SecretRedactor(["CANARY-0123456789"]))
    assert b"CANARY" not in sent
    assert pickle.loads(sent).text("CANARY-0123456789") == "CANARY-0123456789"


@pytest.mark.parametrize("secret", [text for text in SECRETS.values() if len(text) >= 8])
@pytest.mark.parametrize(
    "encoding", [name for name in ENCODINGS if name not in ("quoted-printable broken", "html in base64")]
)
def test_what_is_left_of_a_secret_beside_the_middle_that_was_cut_out_is_redacted(encoding, secret):
    redactor, spelled = SecretRedactor([secret]), ENCODINGS[encoding](secret)
    for at in range(0, len(spelled), 3):
        head, tail = "x" * (1500 - at) + spelled, spelled + " " + "y" * (399 - len(spelled) + at)
        for text in (head + " " + "q" * 1000, "q " * 1000 + tail):
            shortened = abridge(text, 2000)
            assert leaks(redactor.text(shortened).encode(), [secret]) == [], (at, shortened)
            assert leaks(redactor.value([shortened])[0].encode(), [secret]) == [], at


def test_an_ellipsis_without_a_piece_of_a_secret_hides_nothing():
    redactor = SecretRedactor(["CANARY-0123456789"])
    for text in ("a … b", "wait... CANARY", "… CANARY-", "ends in 789 …", "…", "....", "CANARY-012 … 3456789 so far"):
        assert REDACTED not in redactor.text(text) or text.startswith("CANARY-012"), text


@pytest.mark.parametrize("secret", ["CANARY-0123456789", "pass w\u00f6rd/\u00fc+x=D'<\u00e9>"])
@pytest.mark.parametrize(
    "encoding",
    [name for name in ENCODINGS if not name.startswith(("split", "folded", "quoted-printable broken", "html in"))],
)
def test_a_secret_that_the_service_cut_at_the_end_of_its_message_is_redacted(encoding, secret):
    redactor, spelled = SecretRedactor([secret]), ENCODINGS[encoding](secret)
    for left in range(1, len(spelled)):
        told = redactor.cut_text(f"the service refuses {spelled[:left]}")
        assert leaks(told.encode(), [secret]) == [], told
        assert told.startswith("the service refuses ")


def test_less_than_eight_characters_at_the_end_and_the_address_of_a_secret_url_are_kept():
    secret = "https://hooks.example.com/T0123/abcdefgh?token=0123456789"
    redactor = SecretRedactor([secret, "CANARY-0123456789"])
    for text in ("not CANARY-", "https://hooks.example.com/T0123", "see https://hooks.example.com/", "an https://", ""):
        assert redactor.cut_text(text) == text
    assert redactor.cut_text("refused: CANARY-0") == f"refused: {REDACTED}"
    assert redactor.cut_text("refused: CANARY-0123 \n") == f"refused: {REDACTED} \n"
    assert redactor.cut_text("see https://hooks.example.com/T0123/abcd") == f"see {REDACTED}"
    assert redactor.cut_text("CANARY-0123 and more") == "CANARY-0123 and more"


def test_texts_that_are_looked_through_together_do_not_make_a_secret_together():
    value = ["CANARY-01", "23456789", "C", "A"]
    assert SecretRedactor(["CANARY-0123456789"]).value(value) is value


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("bzwcWk/K", "x=bzwcWk&#4=\r\n7;K after"),  # a soft line break inside an entity
        ('u1WFc=-"', "%75%31%57%46%63%25%32%35%33%44%2D%25%32%35%32%32"),  # three times, the last time every character
        ("otc=>WFnBg%q", "abc%25%75%30%30%36%46%74%63%3D%3E%57%46%6E%42%67%25%71\\n"),
        ('dw"pY', "abcdw\\x25u00\\u0035C\\x22pY after"),  # another escape written half by escapes
        ("N'é", "\\n%4e\n'é&b=1"),  # a short secret as a word, beside an escape
        ('O6"', "\\n%4F%36%22…"),
        (
            "T=wéTN",
            "&amp;%26%23%78%30%30%32%35%3B%35%26%23%78%33%34%3B%26%23%36%31%3B%77%26%23%78%65%39%3B%26%23%78%32%35%3B%35%34%4E",
        ),
    ],
)
def test_encodings_that_cross_each_other_hide_no_secret(secret, text):
    assert REDACTED in SecretRedactor([secret, "another-secret-01234"]).text(text)


def test_escapes_beside_characters_that_no_secret_has_beside_them_are_not_decoded():
    """What makes large texts cheap: one pair of characters in common is not enough to read on."""
    redactor = SecretRedactor(['abcdefgh"ijklmnop'])
    assert list(redactor._decoded(json.dumps(['see x"i, and h"z'] * 50))) == []
    assert list(redactor._decoded(json.dumps(['see fgh"ijk'] * 50))) != []
