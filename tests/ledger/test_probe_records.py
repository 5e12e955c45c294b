"""Records of `doctor`: a profile for thirty days and one scope, and the objects that may be left over."""

import pytest

from reconciler.ledger.sql_ledger import open_ledger

DAY = 86_400.0


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def records(tmp_path, clock):
    ledger = open_ledger("sqlite:///ledger.db", root=tmp_path, clock=clock)
    yield ledger.probes("here/project/")
    ledger.close()


def test_a_profile_is_current_for_thirty_days(records, clock):
    assert records.profile() is None
    records.keep_profile({"child_stamp": "renewed"})
    clock.now += 30 * DAY
    assert records.profile().shows("child_stamp", "renewed")
    assert not records.profile().shows("child_stamp", "kept")
    clock.now += 1
    assert not records.profile().shows("child_stamp", "renewed")


def test_a_profile_of_the_future_is_not_used(records, clock):
    records.keep_profile({"child_stamp": "renewed"})
    clock.now -= DAY
    assert not records.profile().is_current


def test_scopes_have_profiles_of_their_own_and_a_dropped_one_is_gone(tmp_path, records, clock):
    records.keep_profile({"put": "merge"})
    ledger = open_ledger("sqlite:///ledger.db", root=tmp_path, clock=clock)
    assert ledger.probes("elsewhere/project/").profile() is None
    records.drop_profile()
    assert records.profile() is None
    ledger.close()


def test_a_create_without_an_answer_stays_open_until_it_cannot_arrive_any_more(records, clock):
    records.note("Kind", "name", "create")
    assert [one.settled for one in records.open_records()] == [False]
    clock.now += 301
    assert [one.settled for one in records.open_records()] == [True]
    records.note("Kind", "name", "delete")
    assert [one.settled for one in records.open_records()] == [True]
    records.close("Kind", "name")
    assert records.open_records() == ()


def test_what_was_learned_is_kept_once(records):
    records.learn([("order", "create_desc"), ("order", "create_desc")])
    records.learn([("order", "create_desc"), ("order", "shuffled")])
    assert records.learned() == (("order", "create_desc"), ("order", "shuffled"))
