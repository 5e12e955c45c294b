"""Live values written back into sources: each case of the corpus gives exactly the expected bytes, or the refusal."""

from dataclasses import replace

import pytest

from tests.support.accept_corpus import MAIN, Case, accepted, accepted_twice_cached, cases, write_project

CASES = cases()
ROOM = "apiVersion: metastudio/v1\nkind: SmartLiveRoom\nmetadata:\n  name: One\nspec:\n"


def test_the_corpus_is_large_enough():
    assert len(CASES) >= 120
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_an_edit_gives_exactly_the_expected_bytes(case, tmp_path):
    write_project(tmp_path, case)
    cached = accepted_twice_cached(tmp_path, case)
    result = accepted(tmp_path, case)
    assert (cached.proposal, cached.files, cached.collateral) == (result.proposal, result.files, result.collateral)
    assert result.plan is not None
    assert sorted({each.code for each in result.proposal.refused}) == sorted(case.refused), result.proposal.refused
    assert sorted({each.address for each in result.collateral}) == sorted(case.collateral)
    for name, data in case.expected.items():
        assert (tmp_path / name).read_bytes().decode() == data.decode(), name
    if not case.refused and not case.collateral:
        assert result.files or case.expected == case.files
        if not case.ask.get("field"):
            left = [field for change in accepted(tmp_path, case).plan.changes for field in change.fields]
            assert not left


@pytest.mark.parametrize(
    ("source", "live", "offered"),
    [
        ("At {{ values.shop }} today", "At Coffee today", True),
        ('{{ values.shop | upper | default("x") }}', "COFFEE", True),
        ("At {{ values.shop }} today", "Closed", False),
        ('{{ ("The " ~ values.shop ~ " house") | tojson }}', "Closed", False),
        ('{{ ("The " ~ values.shop ~ " house") | tojson }}', "The Coffee house", True),
    ],
)
def test_a_place_is_offered_where_one_can_work(tmp_path, source, live, offered):
    files = {MAIN: f"{ROOM}  room_description: {source}\n".encode(), "values/common.yaml": b"shop: Tea\n"}
    case = Case(name="", files=files, live={"": {"room_description": live}}, expected=files)
    write_project(tmp_path, case)
    (refused,) = accepted(tmp_path, case).proposal.refused
    assert refused.code == "E_ACCEPT_EXPRESSION"
    assert ("--at FILE:LINE" in refused.hint) is offered
    chosen = replace(case, ask={"address": "One", "field": "room_description", "at": "values/common.yaml:1"})
    assert bool(accepted(tmp_path, chosen).files) is offered


def test_one_edit_that_is_not_valid_refuses_no_other_of_many(tmp_path):
    head = ROOM.replace("One", "Room {}")
    texts = [head.format(number) + "  room_description: yes\n" for number in range(50)]
    texts[7] = texts[7].replace(": yes", ": {% if true %}a{% endif %}")
    files = {f"rooms/{number}.yaml": text.encode() for number, text in enumerate(texts)}
    case = Case(name="", files=files, live={"": {"room_description": "b{"}}, expected=files)
    write_project(tmp_path, case)
    result = accepted(tmp_path, case)
    assert [each.address for each in result.proposal.refused] == ['SmartLiveRoom["Room 7"]']
    assert len(result.files) == 49
