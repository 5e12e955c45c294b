"""What holds for every request, every fault and every seed, found by trying many."""

import json
import string
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import ManifestError
from reconciler.simulator import Request, Simulator, load_seed
from reconciler.simulator.faults.body_transforms import TRANSFORMS
from reconciler.simulator.faults.fault import KEYS
from tests.support.sdk import AK, SK
from tests.support.service import GROUPS, PROJECT, ROOMS, Service, service

LIGHT = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**40) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
field_names = st.sampled_from(
    [
        "room_name",
        "group_name",
        "interaction_rules",
        "rule_name",
        "trigger",
        "reply_audios",
        "audio_url",
        "view_mode",
        "video_config",
        "width",
        "scene_scripts",
        "script_name",
        "room_id",
        "project_id",
        "stream_keys",
        "enabled",
    ]
)
bodies = st.recursive(
    json_values,
    lambda inner: st.dictionaries(field_names, inner, max_size=5) | st.lists(inner, max_size=3),
    max_leaves=20,
)
paths = st.one_of(
    st.sampled_from([ROOMS, GROUPS, f"{GROUPS}-summary", f"{ROOMS}/known", f"{ROOMS}/known/confirm", f"{GROUPS}/known"])
    | st.sampled_from([f"{GROUPS}/known/rules", f"{GROUPS}/known/rules/known", "/v3/auth/tokens", "/v3/projects"]),
    st.text(alphabet=string.printable, max_size=20),
)
methods = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
SEED = {
    "smart_live_rooms": [{"room_name": "A", "room_id": "known"}],
    "interaction_rule_groups": [
        {"group_name": "G", "group_id": "known", "interaction_rules": [{"rule_name": "r", "rule_id": "known"}]}
    ],
}


@LIGHT
@given(
    methods,
    paths,
    st.text(alphabet=string.printable, max_size=30),
    st.binary(max_size=30) | bodies.map(json.dumps),
    st.data(),
)
def test_every_request_gets_an_answer(method, path, query, body, data):
    choices = data.draw(
        st.sampled_from([{}, {"numbers": "text", "sets": "reordered"}, {"put": "merge", "child_put": "keeps"}])
    )
    simulator = Simulator({**SEED, "behaviours": {**choices, "defaults": "everywhere", "secrets": "stars"}})
    content = body if isinstance(body, bytes) else body.encode()
    whole = path if path.startswith("/v3") else f"/v1/{PROJECT}{path}"
    request = Request(method=method, path=whole, query=query, headers=(("X-Auth-Token", query),), body=content)
    answer = simulator.handle(request)
    assert 200 <= answer.status < 500
    assert not answer.body or isinstance(answer.json(), dict)
    for kind in ("SmartLiveRoom", "InteractionRuleGroup"):
        items = {"SmartLiveRoom": ROOMS, "InteractionRuleGroup": GROUPS}[kind]
        assert Service(simulator).call("GET", items).status == 200


steps = st.lists(
    st.tuples(st.sampled_from(["create", "update", "delete"]), st.integers(0, 5), st.text(min_size=1, max_size=4)),
    max_size=12,
)


@LIGHT
@given(
    steps, st.sampled_from(["create_asc", "create_desc", "update_asc", "update_desc", "shuffled"]), st.integers(1, 4)
)
def test_after_any_writes_the_pages_together_hold_every_object_once(done, order, limit):
    api = service({"behaviours": {"order": order}})
    kept: dict[str, str] = {}
    for action, number, name in done:
        target = dict(enumerate(kept)).get(number)
        if action == "create":
            kept[api.call("POST", ROOMS, {"room_name": name}).json()["room_id"]] = name
        elif target and action == "update":
            api.call("PUT", f"{ROOMS}/{target}", {"room_name": name})
            kept[target] = name
        elif target:
            api.call("DELETE", f"{ROOMS}/{target}")
            del kept[target]
    rows = [row for offset in range(0, len(kept) + limit, limit) for row in api.rooms(offset=offset, limit=limit)]
    assert len(rows) == len(kept)
    assert {row["room_id"]: row["room_name"] for row in rows} == kept
    assert api.call("GET", ROOMS).json()["count"] == len(kept)


LIGHT_TRANSFORMS = [name for name in TRANSFORMS if name not in {"gzip_bomb", "nested"}]

faults = st.dictionaries(
    st.sampled_from(KEYS),
    json_values
    | st.dictionaries(
        st.sampled_from([*LIGHT_TRANSFORMS, "method", "operation", "rate", "actions"]), json_values, max_size=2
    ),
    max_size=5,
)


def small(fault: dict[str, Any]) -> bool:
    return not any(isinstance(value, (int, float)) and value > 10_000 for value in _numbers(fault))


def _numbers(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in _numbers(item)]
    return [number for item in value for number in _numbers(item)] if isinstance(value, list) else [value]


@LIGHT
@given(st.lists(faults.filter(small), max_size=3))
def test_every_fault_is_refused_when_read_or_can_strike_anything(given_faults):
    try:
        simulator = Simulator({**SEED, "faults": given_faults})
    except ManifestError:
        return
    api = Service(simulator)
    for method, path in (("GET", ROOMS), ("POST", ROOMS), ("GET", f"{ROOMS}/known"), ("DELETE", f"{GROUPS}/known")):
        assert api.call(method, path, {"room_name": "new"} if method == "POST" else None).status


@pytest.mark.parametrize("argument", [None, True, "x", "", -1, 2.5, [], [""], {"a": [1]}, {"": {}}, "\ud800"], ids=repr)
@pytest.mark.parametrize("name", LIGHT_TRANSFORMS)
def test_an_argument_of_a_transform_is_refused_when_read_or_can_be_used(name, argument):
    with suppress(ManifestError):
        assert Service(Simulator({**SEED, "faults": [{"transform": {name: argument}}]})).call("GET", ROOMS, None).status


@LIGHT
@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_seed_or_refused_with_a_reason(content):
    with suppress(ManifestError):
        Simulator(load_seed(content))


queries = st.dictionaries(st.sampled_from(["room_name", "limit", "offset", "x"]), st.text(max_size=8), max_size=3)


@LIGHT
@given(methods, st.text(max_size=10), queries, st.binary(max_size=20))
def test_whatever_the_sdks_signer_signs_is_let_through(method, name, query, body):
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.sdk_request import SdkRequest
    from huaweicloudsdkcore.signer.signer import Signer

    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    signed = SdkRequest(
        method=method,
        schema="http",
        host="127.0.0.1",
        resource_path=f"/v1/{PROJECT}/{quote(name, safe='')}",
        query_params=list(query.items()),
        header_params={"X-Sdk-Date": "20260102T030405Z", "Content-Type": "application/json"},
        body=body,
    )
    signed = Signer(BasicCredentials(AK, SK, PROJECT)).sign(signed)
    path, _, text = signed.uri.partition("?")
    simulator = Simulator({"credentials": {"ak": AK, "sk": SK}}, clock=lambda: now)
    from reconciler.simulator.gateway.authentication import AccessKey, check_signature

    request = Request(method=method, path=path, query=text, headers=tuple(signed.header_params.items()), body=body)
    check_signature(request, {AK: AccessKey(ak=AK, sk=SK)}, now)
    assert simulator.handle(request).status != 401
