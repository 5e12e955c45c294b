"""Any answer to any write: each run ends with outcomes, and runs after it converge; nothing twice, nothing lost.

A service that says it did what it did not is not here: that is told, and not sent again in a loop (W013, W021).
"""

from typing import Any

import pytest

from reconciler.testing.harness import TestService, stage
from reconciler.testing.writer_suite import group, room, rule
from reconciler.writers.http_writer import HttpWriter

SEED: dict[str, Any] = {
    "interaction_rule_groups": [
        {"group_name": "whole", "future": 1, "interaction_rules": [{**rule("a"), "future": 1}, rule("b")]},
        {"group_name": "by rule", "interaction_rules": [rule("a"), rule("b")]},
        {"group_name": "leaving", "interaction_rules": [rule("a")]},
    ],
    "smart_live_rooms": [
        {"room_name": "evening", "room_description": "old", "priv_data": "kept", "future": {"deep": 1}},
        {"room_name": "closing"},
    ],
}
BEFORE = (
    group("whole", rule("a"), rule("b")),
    group("by rule", rule("a"), rule("b")),
    group("leaving", rule("a")),
    room("evening", "old"),
    room("closing"),
)
AFTER = (
    group("whole", rule("a", "new"), rule("b")),
    group("by rule", rule("a", "new"), rule("b"), rule("c")),
    group("made", rule("a")),
    room("evening", "new"),
    room("fresh", "x", {**rule("a"), "group_name": "made"}),
)
SOME: dict[str, dict[str, Any]] = {
    "a redirect": {"status": 308, "headers": {"Location": "/v1/elsewhere"}},
    "done and nothing said": {"status": 204, "commit": "after"},
    "a page": {"body": "<html>", "headers": {"Content-Type": "text/html"}},
    "cut off": {"close_at": 5},
    "another id": {"body": {"room_id": "other", "group_id": "other"}},
}
MANY: dict[str, dict[str, Any]] = {
    "found elsewhere": {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}},
    "null": {"raw": "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull"},
    "a list": {"body": []},
    "a text": {"body": "hello"},
    **{f"{status}": {"status": status} for status in (401, 408, 413, 500, 503)},
    **{f"{status}, done": {"status": status, "commit": "after"} for status in (408, 500, 502, 504)},
    "refused": {"status": 403, "body": {"error_code": "MSS.0403", "error_msg": "no"}},
    "not there": {"status": 404, "body": {"error_code": "MSS.00000404", "error_msg": "no"}},
    "control characters": {"status": 422, "body": "\x00\x1b[2J"},
    "throttled": {"status": 429, "body": {"error_code": "APIGW.0308"}},
    "throttled for years": {"status": 429, "headers": {"Retry-After": "99999999"}},
    "throttled backwards": {"status": 429, "body": {"error_code": "APIGW.0308"}, "headers": {"Retry-After": "-5"}},
    "nothing at all": {"close_at": 0},
    "half a head": {"close_at": 100},
    "no HTTP": {"raw": "garbage\r\n\r\n"},
    "only go on": {"raw": "HTTP/1.1 100 Continue\r\n\r\n"},
    "huge": {"body": "x" * 3_000_000},
    "deep": {"body": "[" * 20_000},
    "no id": {"body": {"room_id": ["x"], "group_id": {}}},
    "an id that is a path": {"body": {"room_id": "../../x?y#z", "group_id": "../../x?y#z"}},
    "an endless id": {"body": {"room_id": "a" * 5000, "group_id": "a" * 5000}},
    "done later": {"status": 504, "late": 30},
    "done later and cut off": {"close": True, "late": 5},
}


def converges(fault: dict[str, Any], method: str, times: int) -> None:
    def writer(place: TestService) -> HttpWriter:
        return HttpWriter(place.client(), str)

    with stage({**SEED, "faults": [{"match": {"method": method, "path": "/v1/*"}, "times": times, **fault}]}) as place:
        assert place.apply(BEFORE, writer(place)).outcomes == ()
        for _ in range(6):
            applied = place.apply(AFTER, writer(place))
            assert applied.error is None
            if applied.exit_code == 0 and not place.plan(AFTER).pending:
                break
        else:
            raise AssertionError(applied)
        assert place.simulator.model.duplicates == []
        assert place.simulator.model.losses == []
        assert place.ledger.load_state("stage/project/", "stage").intents == ()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("name", SOME)
def test_after_some_answers_it_converges(name: str, method: str) -> None:
    converges(SOME[name], method, times=1)


@pytest.mark.deep
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("name", [*SOME, *MANY])
def test_after_every_answer_it_converges(name: str, method: str, times: int) -> None:
    converges((SOME | MANY)[name], method, times)
