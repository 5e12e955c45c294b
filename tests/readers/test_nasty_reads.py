"""Every hostile answer of the catalogue (tests/data/nasty.yaml, http_read), from a served simulator or a socket."""

import json
import re
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import yaml

from reconciler.api.allowed_hosts import check_allowed
from reconciler.api.auth import PasswordAuth, TokenAuth
from reconciler.errors import ApiError, AuthError, RateLimitedError, TransportError
from reconciler.model.diagnostic import Severity
from reconciler.model.read_result import ConfirmRequest, ReadRequest
from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.raw_server import http, raw_server, says
from tests.support.reading import GROUP, PROJECT, ROOM, Patient, reader, rooms

ROOT = Path(__file__).parents[2]
TLS = ROOT / "tests" / "data" / "tls"
LIST = {"operation": "list", "kind": "SmartLiveRoom"}
EVERYTHING = ReadRequest()
NOTHING = b'{"count":0,"smart_live_rooms":[]}'
ASC, DESC = {"order": "create_asc"}, {"order": "create_desc"}


def simulator(*faults, count=25, cap=10, **seed):
    """25 rooms in pages of 10, as the catalogue has them, unless said otherwise."""
    capped = [{"match": LIST, "cap": cap}] if cap else []
    return Simulator({"smart_live_rooms": rooms(count), "faults": [*capped, *faults], **seed})


def names(reading):
    return {live.name for live in reading.resources}


def all_names(count=25):
    return {f"room {number:03}" for number in range(count)}


def ids_of(service):
    return {entry.name: entry.id for entry in service.console("SmartLiveRoom").objects.entries.values()}


def read(service, wanted=EVERYTHING, patient=None, **settings):
    with running(service) as url:
        made = reader(url, patient, **settings)
        return made.read(ROOM, wanted), made


def answered(body, **more):
    """Read rooms from a socket that gives this one answer to everything."""
    with raw_server(says(http(body, **more))) as raw:
        return reader(raw.url).read(ROOM, EVERYTHING)


def held_back(reading, *words):
    assert not reading.complete
    assert reading.code == "E_READ_INCOMPLETE"
    for word in words:
        assert word in reading.incomplete


def test_r001_an_object_deleted_between_pages_hides_nobody():
    event = {"match": LIST, "nth": 1, "edits": [{"action": "delete", "position": 3}]}
    reading, _ = read(simulator(event, behaviours=ASC))
    assert reading.complete
    assert names(reading) == all_names() - {"room 003"}


def test_r002_an_object_inserted_in_front_is_seen_as_a_repeat_and_swept_again():
    event = {"match": LIST, "nth": 1, "edits": [{"action": "insert", "body": {"room_name": "late"}}]}
    reading, made = read(simulator(event, behaviours=DESC))
    assert reading.complete
    assert names(reading) == all_names() | {"late"}
    assert made.usage.pages > 4


def test_r003_one_deleted_and_one_added_leave_the_count_alone_and_still_nobody_is_created_twice():
    events = [{"action": "delete", "position": 2}, {"action": "insert", "body": {"room_name": "late"}}]
    service = simulator({"match": LIST, "nth": 1, "edits": events}, behaviours=ASC)
    with running(service) as url:
        made = reader(url)
        reading = made.read(ROOM, EVERYTHING)
        missed = all_names() - {"room 002"} - names(reading)
        answer = made.confirm(ROOM, ConfirmRequest(creates=frozenset(missed | {"new"})))
    assert missed, "the page shift has hidden one"
    assert {live.name for live in answer.found} == missed
    assert not answer.unsure


def test_r004_ties_in_another_order_at_each_call_prove_nothing_unless_every_known_id_is_shown():
    stamp = {"create_time": "2025-12-01T00:00:00Z"}
    seed = {"smart_live_rooms": rooms(25, **stamp), "behaviours": {"ties": "shuffled"}}
    held_back(read(Simulator({**seed, "faults": [{"match": LIST, "cap": 10}]}))[0])
    service = Simulator({**seed, "faults": [{"match": LIST, "cap": 10}]})
    reading, _ = read(service, ReadRequest(known=frozenset(ids_of(service).values())))
    assert reading.complete
    assert names(reading) == all_names()


def test_r005_a_short_page_is_not_the_end_and_rows_that_never_come_are_missed():
    reading, _ = read(simulator({"match": LIST, "nth": 2, "short": 4}))
    assert names(reading) == all_names(), "what page two left out is asked for again"
    reading, _ = read(simulator({"match": LIST, "short": 4}, cap=0))
    held_back(reading, "count says 25, but 21 came")
    assert len(names(reading)) == 21


def test_r007_a_service_that_ignores_the_offset_is_found_out_in_a_few_requests():
    reading, made = read(simulator({"match": LIST, "ignore_offset": True}))
    held_back(reading, "the same page")
    assert made.usage.requests <= 100


def test_r008_a_count_below_what_came_proves_nothing():
    reading, made = read(simulator({"match": LIST, "transform": {"set": {"count": 3}}}))
    held_back(reading, "count says 3")
    assert made.usage.requests <= 20


def test_r009_a_list_without_a_count_cannot_be_checked():
    held_back(read(simulator({"match": LIST, "transform": {"drop": "count"}}))[0], "no count")


def test_r010_a_count_in_words_is_refused():
    held_back(read(simulator({"match": LIST, "transform": {"set": {"count": "25"}}}))[0], "E_READ_SCHEMA")


def test_r011_a_count_of_rules_is_no_witness_for_groups():
    rules = [{"rule_name": f"rule {n}", "event_type": 1} for n in range(47)]
    groups = [{"group_name": f"group {n}", "interaction_rules": rules} for n in range(3)]
    with running(Simulator({"interaction_rule_groups": groups, "behaviours": {"count": "children"}})) as url:
        reading = reader(url).read(GROUP, EVERYTHING)
    assert reading.complete
    assert len(reading.resources) == 3


def test_r013_an_error_body_under_http_200_is_no_list():
    held_back(answered(b'{"error_code":"MSS.1","error_msg":"x"}'), "E_READ_SCHEMA")


def test_r014_nothing_at_all_is_no_list():
    held_back(answered(b""), "empty")


def test_r015_a_login_page_is_no_list_and_never_quoted():
    page = b"<html><script>alert(1)</script>"
    reading = answered(page, headers="Content-Type: text/html\r\n")
    held_back(reading, "no JSON")
    assert "<" not in repr(reading)


def test_r017_an_empty_list_is_believed_only_after_a_show_of_each_known_object():
    service = simulator(count=0)
    known = frozenset(f"id-{n}" for n in range(40))
    reading, made = read(service, ReadRequest(known=known))
    assert reading.complete
    assert not reading.resources
    assert made.usage.shows == 40


def test_r017_objects_that_an_empty_list_hides_are_still_there():
    service = simulator({"match": LIST, "transform": {"set": {"count": 0, "smart_live_rooms": []}}}, count=4)
    reading, _ = read(service, ReadRequest(known=frozenset(ids_of(service).values())))
    assert names(reading) == all_names(4)


def test_r018_objects_of_another_project_are_foreign_and_a_list_of_nothing_else_is_the_wrong_project():
    one = {"match": LIST, "transform": {"set": {"smart_live_rooms[0].project_id": "f" * 32}}}
    reading, _ = read(simulator(one, count=3))
    assert sorted(bool(live.foreign) for live in reading.resources) == [False, False, True]
    assert reading.complete
    every = {"match": LIST, "transform": {"set": {"smart_live_rooms[*].project_id": "f" * 32}}}
    reading, _ = read(simulator(every, count=3))
    assert (reading.complete, reading.code) == (False, "E_READ_SCOPE")


def test_r019_templates_shared_by_others_and_temporary_rooms_are_never_ours_to_write():
    shared = {"room_name": "shared", "room_type": "TEMPLATE", "project_id": "f" * 32}
    seed = {"smart_live_rooms": [*rooms(2), shared, {"room_name": "passing", "room_type": "TEMP"}]}
    reading, made = read(Simulator(seed), ReadRequest(depth="full"))
    assert {live.name: bool(live.foreign) for live in reading.resources} == {
        "room 000": False,
        "room 001": False,
        "shared": True,
        "passing": True,
    }
    assert made.usage.shows == 2


def test_r022_a_retry_after_of_a_day_is_waited_for_one_minute_and_no_longer():
    patient = Patient()
    refusal = {"match": LIST, "status": 429, "headers": {"Retry-After": "86400"}, "body": {"error_code": "APIGW.0308"}}
    with running(simulator(refusal)) as url, pytest.raises(RateLimitedError) as caught:
        reader(url, patient).read(ROOM, EVERYTHING)
    assert caught.value.code == "E_THROTTLED"
    assert patient.waited <= 60


@pytest.mark.parametrize("text", ["Wed, 21 Oct 2015 07:28:00 GMT", "-5", "soon", ""])
def test_r023_a_retry_after_without_sense_means_our_own_backoff(text):
    patient = Patient()
    refusal = {"match": LIST, "nth": 1, "status": 429, "headers": {"Retry-After": text}}
    reading, made = read(simulator(refusal), patient=patient)
    assert reading.complete
    assert made.usage.retries == 1
    assert 0 < patient.waited < 2


def test_r025_a_refusal_in_mid_sweep_keeps_the_pages_that_came_and_nothing_more_is_said():
    refusal = {"match": LIST, "nth": [2, 3], "status": 401, "body": {"error_code": "APIGW.0301", "error_msg": "no"}}
    service = simulator(refusal)
    reading, _ = read(service, clock=service.clock)
    held_back(reading, "E_AUTH")
    assert len(reading.resources) == 10


def test_r025_a_token_that_expires_in_mid_sweep_is_renewed_once_and_the_sweep_goes_on():
    credentials = {"users": [{"name": "ci", "password": "canary-password"}]}
    expired = {"match": LIST, "nth": 2, "status": 401, "body": {"error_code": "APIGW.0307", "error_msg": "expired"}}
    service = simulator(expired, credentials=credentials)
    with running(service) as url:
        auth = PasswordAuth(
            user="ci", password="canary-password", domain="d", iam=check_allowed(url), project_id=PROJECT
        )
        reading = reader(url, auth=auth, clock=service.clock, allowed_hosts=(url,)).read(ROOM, EVERYTHING)
    assert reading.complete


def test_r026_a_clock_that_is_off_is_named_with_both_times():
    refusal = {"match": LIST, "status": 401, "body": {"error_code": "APIGW.0303", "error_msg": "incorrect time"}}
    service = simulator(refusal)

    def ahead():
        return service.clock() + timedelta(seconds=960)

    with running(service) as url, pytest.raises(AuthError) as caught:
        reader(url, clock=ahead).read(ROOM, EVERYTHING)
    assert caught.value.code == "E_CLOCK"
    assert f"{service.clock():%Y-%m-%dT%H:%M:%SZ}" in caught.value.message
    assert f"{ahead():%Y-%m-%dT%H:%M:%SZ}" in caught.value.message


def test_r027_a_redirect_is_an_error_and_nothing_follows_it():
    with raw_server(says(http(b"{}"))) as other:
        answer = http(b"", status="302 Found", headers=f"Location: {other.url}/\r\n")
        with raw_server(says(answer)) as raw, pytest.raises(ApiError) as caught:
            reader(raw.url, auth=TokenAuth("canary-token"), allowed_hosts=(raw.url,)).read(ROOM, EVERYTHING)
        assert caught.value.code == "E_REDIRECT"
        assert len(raw.received) == 1
        assert not other.received


@pytest.mark.parametrize("encoding", ["br", "zz", "gzip, gzip"])
def test_r029_an_encoding_nobody_asked_for_is_refused(encoding):
    held_back(answered(b"{}", headers=f"Content-Encoding: {encoding}\r\n"), "content encoding")


def test_r031_a_chunked_body_without_its_end_is_no_answer_though_its_start_is_json():
    body = b'{"count":0,"smart_live_rooms":[]}'
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body), body)
    with raw_server(says(answer)) as raw:
        held_back(reader(raw.url).read(ROOM, EVERYTHING), "lost or cut")


def test_r033_the_bytes_decide_and_not_the_header_about_them():
    service = Simulator(
        {
            "smart_live_rooms": [{"room_name": "欢迎光临"}],
            "faults": [{"transform": {"content_type": "text/plain; charset=iso-8859-1"}}],
        }
    )
    assert names(read(service)[0]) == {"欢迎光临"}


def test_r036_a_hundred_thousand_arrays_inside_each_other_are_refused_before_they_are_decoded():
    held_back(answered(b"[" * 100_000), "deep")
    held_back(answered(b"[" * 100_000 + b"]" * 100_000), "deep")


def test_r039_numbers_and_booleans_as_text_are_kept_and_mentioned():
    drift = {"match": LIST, "transform": {"set": {"smart_live_rooms[*].room_description": 5}}}
    reading, _ = read(simulator(drift, count=2))
    assert reading.complete
    assert [item.code for item in reading.diagnostics] == ["W_READ_TYPE"]
    assert reading.diagnostics[0].severity is Severity.WARNING


def test_r040_other_spellings_of_a_time_are_kept_as_they_came():
    odd = {"match": LIST, "transform": {"set": {"smart_live_rooms[0].update_time": "2021-01-10t24:00:00+08:00"}}}
    reading, _ = read(simulator(odd, count=1))
    assert reading.complete
    assert not reading.diagnostics
    assert reading.resources[0].stamp == "2021-01-10t24:00:00+08:00"


def test_r043_an_object_the_list_does_not_show_yet_is_found_by_the_id_that_is_known():
    service = simulator({"match": LIST, "list_lag": 2}, count=1)
    with running(service) as url:
        made = reader(url)
        made.read(ROOM, EVERYTHING)
        late = service.console("SmartLiveRoom").insert({"room_name": "late"})
        reading = made.read(ROOM, ReadRequest(known=frozenset({late.id})))
    assert "late" in names(reading)


def test_r044_an_object_that_is_listed_and_cannot_be_shown_is_listed_again_before_it_counts_as_gone():
    shows = {"match": {"operation": "show"}, "nth": 1, "status": 404, "body": {"error_code": "MSS.20010045"}}
    wanted = ReadRequest(fields={"room 000": frozenset({"video_config"})})
    reading, made = read(simulator(shows, count=2), wanted)
    assert names(reading) == all_names(2)
    assert made.usage.pages == 2
    reading, _ = read(simulator({**shows, "nth": [1, 2]}, count=2), wanted)
    assert reading.complete
    assert names(reading) == {"room 001"}


def test_r045_an_object_that_may_not_be_read_is_unknown_and_neither_deleted_nor_overwritten():
    denied = {"match": {"operation": "show"}, "status": 403, "body": {"error_code": "APIGW.0302", "error_msg": "no"}}
    service = simulator(denied, count=2)
    one = ids_of(service)["room 000"]
    with running(service) as url:
        made = reader(url)
        reading = made.read(ROOM, ReadRequest(fields={"room 000": frozenset({"video_config"})}))
        answer = made.confirm(ROOM, ConfirmRequest(deletes=frozenset({one})))
    assert [item.code for item in reading.diagnostics] == ["E_READ_DENIED"]
    unknown = next(live for live in reading.resources if live.name == "room 000")
    assert "room_description" in unknown.hidden
    assert set(unknown.spec) == {"room_id", "room_name"}
    assert list(answer.unsure) == [one]


def test_r047_proxies_and_netrc_of_the_environment_are_ignored(monkeypatch, tmp_path):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine localhost login wrong password wrong\n")
    with raw_server(says(http(b'{"count":0,"smart_live_rooms":[]}'))) as raw:
        assert reader(raw.url, auth=TokenAuth("the-token"), allowed_hosts=(raw.url,)).read(ROOM, EVERYTHING).complete
    assert b"x-auth-token: the-token" in raw.received[0].lower()
    assert b"basic" not in raw.received[0].lower()


def tls(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / f"{name}-with-key.pem")
    return context


@pytest.mark.parametrize(("name", "ca"), [("localhost", ""), ("other", "other.pem")], ids=["unknown", "other name"])
def test_r048_a_certificate_that_is_unknown_or_of_another_name_ends_it(name, ca):
    ca_file = str(TLS / ca) if ca else ""
    with raw_server(says(http(b"{}")), tls=tls(name)) as raw, pytest.raises(TransportError) as caught:
        reader(raw.url, allowed_hosts=(f"localhost:{raw.port}",), ca_file=ca_file).read(ROOM, EVERYTHING)
    assert caught.value.code == "E_TLS"
    assert caught.value.sent is False
    assert not raw.received


def test_r048_the_operator_may_name_another_authority():
    with raw_server(says(http(b'{"count":0,"smart_live_rooms":[]}')), tls=tls("localhost")) as raw:
        made = reader(raw.url, allowed_hosts=(f"localhost:{raw.port}",), ca_file=str(TLS / "localhost.pem"))
        assert made.read(ROOM, EVERYTHING).complete


LARGE_READ = r"""
import json, re, sys
from reconciler.model.read_result import ReadRequest
from tests.support.reading import ROOM, reader
url, count = sys.argv[1], int(sys.argv[2])
names = [f"room {number:03}" for number in range(count)]
reading = reader(url).read(ROOM, ReadRequest(fields={name: frozenset({"video_config"}) for name in names}))
kept = sum(len(json.dumps(one.spec)) for one in reading.resources)
mib = int(re.search(r'VmHWM:\s+(\d+)', open('/proc/self/status').read())[1]) / 1024  # ru_maxrss starts at the parent's
hidden = all("scene_scripts" in one.hidden and "scene_scripts" not in one.spec for one in reading.resources)
found = {"complete": reading.complete, "rooms": len(reading.resources), "kept": kept, "mib": mib, "hidden": hidden}
print(json.dumps(found))
"""


@pytest.mark.parametrize("count", [20, pytest.param(100, marks=pytest.mark.deep)])
def test_r049_shows_of_five_megabytes_are_taken_one_by_one_and_only_what_is_managed_is_kept(count):
    large = {"match": {"operation": "show"}, "transform": {"set": {"scene_scripts": [{"text": "x" * (5 << 20)}]}}}
    with running(simulator(large, count=count, cap=0)) as url:
        command = [sys.executable, "-c", LARGE_READ, url, str(count)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=250, cwd=ROOT, check=True)
    found = json.loads(done.stdout)
    print(found)
    assert (found["complete"], found["rooms"], found["hidden"]) == (True, count, True)
    assert found["kept"] < 100_000
    assert found["mib"] <= 400


def test_x029_a_list_that_ignores_limit_and_offset_is_not_taken_for_whole():
    rows = [{"room_id": f"{number:032}", "room_name": f"r{number}"} for number in range(5000)]
    answer = json.dumps({"count": 5000, "smart_live_rooms": rows}).encode()
    with raw_server(says(http(answer))) as raw:
        reading = reader(raw.url).read(ROOM, EVERYTHING)
    held_back(reading, "the same page")
    assert len(raw.received) < 10


def test_x030_thousands_of_interim_answers_are_read_over():
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" * 5000
    with raw_server(says(interim + http(NOTHING))) as raw:
        assert reader(raw.url).read(ROOM, EVERYTHING).complete


@pytest.mark.parametrize(
    "answer",
    [
        http(NOTHING, headers=f"X: {'a' * 1_000_000}\r\n"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 500\r\n\r\n" + NOTHING,
    ],
    ids=["x031", "x033"],
)
def test_x031_x033_a_header_of_a_megabyte_or_two_lengths_are_no_answer(answer):
    with raw_server(says(answer)) as raw:
        held_back(reader(raw.url).read(ROOM, EVERYTHING), "E_TRANSPORT")


def test_x032_a_retry_after_that_is_a_date_is_waited_for():
    patient, moment = Patient(), datetime(2026, 1, 1, tzinfo=UTC)
    until = format_datetime(moment + timedelta(seconds=6), usegmt=True)
    answers = iter([http(b"{}", status="429 Too Many Requests", headers=f"Retry-After: {until}\r\n")])

    def script(connection):
        connection.sendall(next(answers, http(NOTHING)))

    with raw_server(script) as raw:
        assert reader(raw.url, patient, clock=lambda: moment).read(ROOM, EVERYTHING).complete
    assert 6 <= patient.waited < 8  # until then, and what the rate limit adds once the service answers again


@pytest.mark.parametrize("odd", [5, "a b", "../x", "", None], ids=str)
def test_x025_one_row_without_a_usable_id_leaves_the_others_manageable(odd):
    rows = [{"room_id": "0" * 32, "room_name": "good"}, {"room_id": odd, "room_name": "odd"}]
    reading = answered(json.dumps({"count": 2, "smart_live_rooms": rows}).encode())
    assert {live.name: bool(live.foreign) for live in reading.resources} == {"good": False, "odd": True}


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + NOTHING,
        NOTHING + b"<!-- proxy -->",
        *(b'{"count":%s,"smart_live_rooms":[]}' % count for count in (b"-1", b"1.0", b"true", b'"[]"')),
    ],
    ids=["x026", "x027", "x028 negative", "x028 fraction", "x028 boolean", "x028 text"],
)
def test_x026_x027_x028_json_that_is_not_exactly_a_list_is_not_believed(body):
    reading = answered(body)
    assert not reading.complete
    assert reading.resources == ()


RULE = {"rule_id": "0" * 32, "rule_name": "price", "enabled": True, "event_type": 1, "trigger": {"time_window": 30}}


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ([RULE | {"rule_id": f"{number:032}"} for number in range(5000)], 5000),
        ([RULE | {"enabled": "true", "event_type": "1", "trigger": {"time_window": "30"}}], 1),
        ([None, "x", 5, RULE], 4),
    ],
    ids=["x034", "x035", "x036"],
)
def test_x034_x035_x036_odd_rules_of_a_group_are_read_as_they_are(rules, kept):
    given = {"match": {"kind": "InteractionRuleGroup"}, "transform": {"set": {"interaction_rules": rules}}}
    service = Simulator({"interaction_rule_groups": [{"group_name": "g"}], "faults": [given]})
    with running(service) as url:
        reading = reader(url).read(GROUP, ReadRequest(depth="full"))
    assert [len(live.spec["interaction_rules"]) for live in reading.resources] == [kept]


def test_every_entry_of_the_catalogue_has_its_test():
    catalogue = yaml.safe_load((Path(__file__).parent.parent / "data" / "nasty.yaml").read_text())
    wanted = {entry["id"] for entry in catalogue["entries"] if entry["kind"] in {"http_read", "url"}}
    tests = "".join(path.read_text() for path in Path(__file__).parent.parent.rglob("test_*.py"))
    names_of_tests = "".join(re.findall(r"def (test_(?:[rux]\d{3}_)+)", tests))
    there = {found.upper() for found in re.findall(r"[rux]\d{3}", names_of_tests)}
    assert wanted - there <= {"U020"}, "U020 is about where writers come from, not about reading"
