"""Law: whatever JSON a service answers, reading ends in a Reading or in an error of ours, and not too late."""

import json
import random
import string
from contextlib import suppress

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import ReconcilerError
from reconciler.kinds.registry import all_kinds
from reconciler.model.read_result import ConfirmRequest, ReadRequest
from tests.support.reading import GROUP, ROOM, reader

NAMES = sorted({name for kind in all_kinds().values() for name in kind.root.children})
STATUSES = [200] * 8 + [201, 204, 301, 400, 401, 403, 404, 429, 500, 503]
IDS = ["a", "b", "c", "d", "a", "b", "../x", "", "é", None, 5, [], {}]


def value(dice, depth=3):
    """Any JSON."""
    plain = [None, True, False, 0, -1, 7, 500, 1.5, "", "x", "欢迎", "\x1b[31m", "NORMAL"]
    shape = dice.randrange(4) if depth else 0
    if shape == 1:
        return [value(dice, depth - 1) for _ in range(dice.randrange(3))]
    if shape == 2:
        return {dice.choice(["a", "key", "", "欢"]): value(dice, depth - 1) for _ in range(dice.randrange(3))}
    return dice.choice(plain)


def row(dice, id_field):
    fields = dice.sample([*NAMES, "odd"], dice.randrange(6))
    named = {"room_name": dice.choice(["x", "y", None, 5]), "group_name": dice.choice(["x", "y"])}
    return {id_field: dice.choice(IDS), **named, **{name: value(dice) for name in fields}}


def page(dice):
    """Something like a page of both kinds and a show of both, with any part of it missing or odd."""
    body = {
        "count": dice.choice([0, 1, 3, 3, 4, 30, -1, "3", None, True]),
        "smart_live_rooms": [row(dice, "room_id") for _ in range(dice.randrange(5))],
        "interaction_rule_groups": [row(dice, "group_id") for _ in range(dice.randrange(5))],
        "room_id": dice.choice(IDS),
        "group_id": dice.choice(IDS),
        "error_code": value(dice),
    }
    chosen = dice.sample(sorted(body), dice.randrange(2, 6))
    return {name: value(dice) if dice.random() < 0.1 else body[name] for name in chosen}


@settings(max_examples=300)
@given(seed=st.integers(0, 2**32), depth=st.sampled_from(["list", "auto", "full"]))
def test_any_answers_end_in_a_reading_or_in_our_own_error(seed, depth):
    dice = random.Random(seed)
    answers = [(dice.choice(STATUSES), page(dice)) for _ in range(dice.randrange(1, 6))]
    calls = []

    def answer(request):
        calls.append(request)
        status, body = answers[len(calls) % len(answers)]
        return httpx.Response(status, content=json.dumps(body).encode())

    made = reader("http://localhost", transport=httpx.MockTransport(answer), parallelism=1)
    for kind in (ROOM, GROUP):
        wanted = ReadRequest(fields={"x": frozenset({"video_config"})}, known=frozenset({"a", "known"}), depth=depth)
        for step in (
            lambda kind=kind, wanted=wanted: made.read(kind, wanted),
            lambda kind=kind: made.find(kind, "x"),
            lambda kind=kind: made.show(kind, "a"),
            lambda kind=kind: made.confirm(
                kind, ConfirmRequest(creates=frozenset({"x", "y" * 300}), deletes=frozenset({"a"}))
            ),
        ):
            with suppress(ReconcilerError):
                step()
    assert len(calls) < 3000


@pytest.mark.parametrize(("claim", "most"), [(3, 30), (1000, 300), (None, 1000)])
def test_a_list_without_end_is_left_after_a_bounded_number_of_pages(claim, most):
    dice = random.Random(7)
    asked = []

    def endless(request):
        asked.append(request)
        if len(asked) > 500:
            return httpx.Response(401, json={"error_code": "APIGW.0301"})
        rows = [{"room_id": "".join(dice.choices(string.ascii_lowercase, k=20))} for _ in range(50)]
        return httpx.Response(200, json={"count": claim, "smart_live_rooms": rows})

    made = reader("http://localhost", transport=httpx.MockTransport(endless))
    reading = made.read(ROOM, ReadRequest())
    assert not reading.complete
    assert made.usage.requests < most
