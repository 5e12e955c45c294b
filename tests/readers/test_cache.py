"""The read cache: fewer calls, the same plan, no secrets, and no trust in what proves nothing."""

import os
import sqlite3
import stat
import zlib
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.api.client import ReadClient
from reconciler.errors import ReconcilerError
from reconciler.model.read_result import ReadRequest
from reconciler.readers.http_reader import HttpReader
from reconciler.readers.read_cache import ReadCache
from reconciler.simulator import Simulator, transport
from tests.support.reading import GROUP, connection
from tests.support.shop import as_json, planned, rule, seed

GROUPS = 100
WANTED = ReadRequest(fields={f"group {n}": frozenset({"interaction_rules"}) for n in range(GROUPS)})


@pytest.fixture
def file(tmp_path):
    return tmp_path / "cache.db"


def service(**more):
    groups = [{"group_name": f"group {number}", "interaction_rules": [rule("price")]} for number in range(GROUPS)]
    made = Simulator({"interaction_rule_groups": groups, **more})
    made.clock.advance(3600)
    return made


def ask(file, sql):
    with closing(sqlite3.connect(file)) as other:
        return other.execute(sql).fetchall()


def reader_of(simulator, cache):
    return HttpReader(ReadClient(connection("http://localhost", transport=transport(simulator))), cache=cache)


def run(simulator, file, *, scope="one", **settings):
    """Read all groups with a cache file, as one run does; return what was found and what it cost."""
    cache = ReadCache(file, scope=scope, **settings)
    made = reader_of(simulator, cache)
    reading = made.read(GROUP, WANTED)
    cache.close()
    assert reading.complete
    return {one.name: one.spec["interaction_rules"] for one in reading.resources}, made.usage


def test_what_has_not_changed_is_not_shown_again_but_for_a_seventh_of_it(file):
    simulator = service()
    first, cost = run(simulator, file)
    assert (cost.shows, cost.cache_hits) == (GROUPS, 0)
    second, cost = run(simulator, file)
    assert second == first
    assert cost.shows + cost.cache_hits == GROUPS
    assert cost.shows <= GROUPS / 4


def test_after_seven_runs_every_object_has_been_read_anew(file):
    simulator = service()
    run(simulator, file)
    shown = sum(run(simulator, file)[1].shows for _ in range(7))
    assert shown == GROUPS


def test_an_edit_that_leaves_the_stamp_alone_is_seen_within_seven_runs(file):
    simulator = service(behaviours={"child_stamp": "kept"})
    run(simulator, file)
    console = simulator.console("InteractionRuleGroup")
    entry = console.objects.named("group 7")[0]
    console.objects.put(type(entry)(**{**_fields(entry), "body": {**entry.body, "interaction_rules": []}}))
    assert [] in [run(simulator, file)[0]["group 7"] for _ in range(7)]


def _fields(entry):
    return {name: getattr(entry, name) for name in entry.__dataclass_fields__}


def test_what_was_written_since_is_shown_again_at_once(file):
    simulator = service()
    run(simulator, file)
    console = simulator.console("InteractionRuleGroup")
    simulator.clock.advance(60)
    console.change(console.objects.named("group 7")[0], {"interaction_rules": [rule("new")]})
    found, _ = run(simulator, file)
    assert [one["rule_name"] for one in found["group 7"]] == ["new"]


def test_a_stamp_younger_than_two_seconds_proves_nothing(file):
    simulator = service()
    console = simulator.console("InteractionRuleGroup")
    console.change(console.objects.named("group 7")[0], {"interaction_rules": [rule("first")]})
    run(simulator, file)
    console.change(console.objects.named("group 7")[0], {"interaction_rules": [rule("same second")]})
    found, _ = run(simulator, file)
    assert [one["rule_name"] for one in found["group 7"]] == ["same second"]


def test_refresh_believes_nothing_and_renews_everything(file):
    simulator = service()
    run(simulator, file)
    _, cost = run(simulator, file, refresh=True)
    assert (cost.shows, cost.cache_hits) == (GROUPS, 0)
    assert run(simulator, file)[1].cache_hits > 0


def test_scopes_do_not_know_each_other(file):
    simulator = service()
    run(simulator, file, scope="one")
    assert run(simulator, file, scope="two")[1].cache_hits == 0


def test_objects_that_are_gone_are_forgotten(file):
    simulator = service()
    run(simulator, file)
    console = simulator.console("InteractionRuleGroup")
    console.remove(console.objects.named("group 7")[0])
    run(simulator, file)
    assert ask(file, "select count(*) from object") == [(GROUPS - 1,)]


def test_a_service_that_does_not_say_its_time_is_not_cached(file):
    simulator = service(faults=[{"headers": {"Date": None}}])
    run(simulator, file)
    assert run(simulator, file)[1].cache_hits == 0


@pytest.mark.parametrize("proven", [False, True])
def test_the_plan_is_the_same_with_a_warm_cache_and_no_secret_lies_in_the_file(file, proven):
    simulator = Simulator(seed())
    simulator.clock.advance(3600)
    plans, hits = [], []
    for _ in range(2):
        cache = ReadCache(file, scope="one", proven=proven)
        made = reader_of(simulator, cache)
        plans.append(planned(made))
        hits.append(made.usage.cache_hits)
        cache.close()
    whole = as_json(planned(reader_of(simulator, None)))
    assert as_json(plans[0]) == whole
    assert hits[1] > hits[0] == 0
    if proven:
        assert as_json(plans[1]) == whole
    else:
        said = plans[1].as_of_cache
        assert said == f"as of the cache, hits {hits[1]}, oldest 2026-01-01T01:00:00Z"
        assert not plans[1].complete
        rest = tuple(one for one in plans[1].diagnostics if one.code != "W_CACHED")
        assert as_json(replace(plans[1], complete=True, diagnostics=rest)) == whole
    bodies = ask(file, "select body from object")
    assert bodies
    assert not [body for (body,) in bodies if b"canary" in zlib.decompress(body)]
    assert b"canary" not in file.read_bytes()
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600


def test_an_empty_file_becomes_a_cache(file):
    file.write_bytes(b"")
    simulator = service()
    assert run(simulator, file)[1].cache_hits == 0
    assert run(simulator, file)[1].cache_hits > 0


@pytest.mark.parametrize("content", [b"not a database at all" * 300, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_cache_is_refused_and_left_as_it_is(file, content):
    file.write_bytes(content)
    with pytest.raises(ReconcilerError) as caught:
        ReadCache(file, scope="one")
    assert caught.value.code in ("E_CACHE_DAMAGED", "E_CACHE_FOREIGN")
    assert str(file) in caught.value.message
    assert file.read_bytes() == content
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_any_damaged_page_costs_calls_and_never_a_wrong_answer(file):
    simulator = service()
    truth, _ = run(simulator, file)
    whole = bytearray(file.read_bytes())
    for place in range(100, len(whole), len(whole) // 25):
        harmed = bytearray(whole)
        harmed[place : place + 8] = b"\xa5" * 8
        file.write_bytes(harmed)
        assert run(simulator, file)[0] == truth


def test_a_cache_of_another_version_is_put_aside(file):
    simulator = service()
    run(simulator, file)
    ask(file, "pragma user_version = 99")
    assert run(simulator, file)[1].cache_hits == 0


def test_a_place_where_nothing_can_be_written_costs_calls_only(tmp_path):
    (tmp_path / "file").write_text("")
    assert run(service(), tmp_path / "file" / "cache.db")[1].shows == GROUPS


def test_two_runs_at_once_share_a_file(file):
    simulator = service()
    first, second = (ReadCache(file, scope="one") for _ in range(2))
    assert reader_of(simulator, first).read(GROUP, WANTED).complete
    assert reader_of(simulator, second).read(GROUP, WANTED).complete
    first.close()
    second.close()


def test_age_is_judged_by_the_services_clock_and_not_by_ours(file):
    simulator = service()
    simulator.clock.advance(-3599)
    run(simulator, file)
    rows = ask(file, "select stamp from object")
    latest = simulator.clock() - timedelta(seconds=2)
    assert all(stamp <= f"{latest:%Y-%m-%dT%H:%M:%SZ}" for (stamp,) in rows)
