"""AK/SK signing: the published vectors, and the official SDK's own signer as a second opinion."""

import hashlib
import random
import string
from datetime import UTC, datetime

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from reconciler.api.allowed_hosts import Origin
from reconciler.api.auth import AkSkAuth
from reconciler.api.messages import ApiRequest
from reconciler.api.signing import canonical_request, encode_query
from reconciler.timestamps import format_compact

ACCESS_KEY = "TESTAKEXAMPLE0000001"
SECRET_KEY = "testskexample000000000000000000000000001"
PROJECT = "0123456789abcdef0123456789abcdef"
HOST = "metastudio.cn-north-4.myhuaweicloud.com"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
GROUPS = f"/v1/{PROJECT}/smart-live-interaction-rule-groups"
ROOMS = f"/v1/{PROJECT}/smart-live-rooms"
GROUP = "26f06524-4f75-4b3a-a853-b649a21aaf66"
BOTH = {"Content-Type": "application/json", "X-Project-Id": PROJECT}

VECTORS = {
    "A": (
        ("GET", ROOMS, [("limit", "100"), ("offset", "0")], b"", BOTH),
        "dbf6aff6b1ea7327cbff5c0f0fbd7dd0eb00ff0fdd3e218e207562d3c6de5a76",
    ),
    "B": (
        ("GET", GROUPS, [("limit", "100"), ("offset", "0"), ("group_name", "欢迎 a+b~/")], b"", BOTH),
        "fe5d4446c19163cf029fb18eed27baac68ea1631ce044f259aa774b99e5faa58",
    ),
    "C": (
        ("PUT", f"{GROUPS}/{GROUP}", [], b'{"group_name": "welcome"}', BOTH),
        "faa83166e493e18ac888723891697a4e3811c4142330c8536963d06f72cb4ddd",
    ),
    "D": (
        ("DELETE", f"{ROOMS}/{GROUP}", [], b"", {}),
        "d6b657308c43aa842d55ba1a49940bbf8d4c88df6e89eb99805262c2eef2ff76",
    ),
}


def never(call):
    raise AssertionError("AK/SK asks nobody")


def call_of(method, path, query, body, headers):
    origin = Origin(scheme="https", host=HOST, port=443)
    return ApiRequest(method=method, origin=origin, path=path, query=encode_query(query), headers=headers, body=body)


@pytest.mark.parametrize("case", VECTORS)
def test_published_vectors_come_out(case):
    parts, signature = VECTORS[case]
    headers = AkSkAuth(ACCESS_KEY, SECRET_KEY).headers(call_of(*parts), MOMENT, never)
    assert headers["X-Sdk-Date"] == "20260102T030405Z"
    assert headers["Authorization"].startswith(f"SDK-HMAC-SHA256 Access={ACCESS_KEY}, SignedHeaders=")
    assert headers["Authorization"].endswith(f"Signature={signature}")


def test_the_canonical_request_of_case_a_has_the_published_hash():
    headers = {"host": HOST, "x-sdk-date": format_compact(MOMENT), **BOTH}
    text = canonical_request("GET", ROOMS, "limit=100&offset=0", headers, b"")
    assert hashlib.sha256(text.encode()).hexdigest() == (
        "5e07608a24aea328c5884c5fbaa98edf4a46b3067f4f2539a838b3964c487885"
    )


def test_a_security_token_is_sent_and_signed():
    auth = AkSkAuth(ACCESS_KEY, SECRET_KEY, security_token="temporary-token")
    headers = auth.headers(call_of(*VECTORS["A"][0]), MOMENT, never)
    assert headers["X-Security-Token"] == "temporary-token"
    assert "x-security-token" in headers["Authorization"]


def test_each_moment_is_signed_anew():
    auth = AkSkAuth(ACCESS_KEY, SECRET_KEY)
    call = call_of(*VECTORS["A"][0])
    later = auth.headers(call, MOMENT.replace(second=6), never)
    assert later["Authorization"] != auth.headers(call, MOMENT, never)["Authorization"]


def some_text(dice, longest):
    letters = string.printable + "欢迎光临ÄÖÜ€😀~/+% &=?#*'()!$,:;@"
    return "".join(dice.choice(letters) for _ in range(dice.randint(0, longest)))


def some_query(dice):
    letters = string.ascii_lowercase + "_"
    names = {"".join(dice.choices(letters, k=dice.randint(1, 8))) for _ in range(dice.randint(0, 5))}
    return [(name, some_text(dice, 20)) for name in sorted(names)]


def as_the_sdk_signs(call, query):
    """Sign with the SDK exactly the headers that ours signs."""
    request = SdkRequest(
        method=call.method,
        schema="https",
        host=HOST,
        resource_path=call.path,
        query_params=list(query),
        header_params={"X-Sdk-Date": format_compact(MOMENT), **call.headers},
        body=call.body or "",
    )
    signed = Signer(BasicCredentials(ACCESS_KEY, SECRET_KEY, PROJECT)).sign(request)
    return signed.header_params["Authorization"], signed.uri


def test_five_hundred_random_requests_are_signed_as_the_sdk_signs_them():
    dice = random.Random(20261123)
    for _ in range(500):
        query = some_query(dice)
        method = dice.choice(["GET", "POST", "PUT", "DELETE"])
        body = some_text(dice, 200).encode() if method in {"POST", "PUT"} else b""
        path = dice.choice([ROOMS, GROUPS, f"{GROUPS}/{GROUP}/rules"])
        call = call_of(method, path, query, body, {"X-Project-Id": PROJECT, "Content-Type": "application/json"})
        theirs, uri = as_the_sdk_signs(call, query)
        assert AkSkAuth(ACCESS_KEY, SECRET_KEY).headers(call, MOMENT, never)["Authorization"] == theirs
        assert uri.partition("?")[2] == call.query
