"""Times and dates as text: what is read is written back, and what is no time is none."""

from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.simulator.clock import http_date
from reconciler.timestamps import (
    date_of,
    format_compact,
    format_rfc3339,
    parse_date,
    parse_http_date,
    parse_iso8601,
    parse_rfc3339,
    seconds_of,
    utc,
)

MOMENT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=OFFSETS).map(
    lambda moment: moment.replace(microsecond=0)
)


@given(MOMENTS)
def test_a_time_that_is_written_reads_back_as_the_same_instant(moment):
    text = format_rfc3339(moment)
    assert text.endswith("Z")
    assert parse_rfc3339(text) == parse_iso8601(text) == moment
    assert format_rfc3339(moment.timestamp()) == text
    assert seconds_of(text) == moment.timestamp()
    assert parse_rfc3339(moment.isoformat()) == moment
    assert format_compact(moment) == text.replace("-", "").replace(":", "")


@given(st.dates())
def test_a_date_that_is_written_reads_back(day):
    assert parse_date(day.isoformat()) == day
    assert date_of(f"{day.isoformat()}T23:59:59Z") == date_of(day) == day


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_none(text):
    for parse in (parse_rfc3339, parse_iso8601):
        moment = parse(text)
        assert moment is None or moment.tzinfo is not None
    parse_date(text)
    parse_http_date(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T10:00:00Z", MOMENT),
        ("2026-11-23t12:00:00+02:00", MOMENT),
        ("2026-11-22T24:00:00-10:00", MOMENT),
        ("2026-11-23T09:59:60Z", MOMENT),
        ("2026-11-23T10:00:00.000Z", MOMENT),
        ("2026-11-23 10:00:00Z", None),
        ("2026-11-23T10:00:00", None),
        ("2026-02-30T10:00:00Z", None),
        ("2026-11-23T25:00:00Z", None),
        ("9999-12-31T24:00:00Z", None),
    ],
)
def test_what_rfc_3339_is(text, moment):
    assert parse_rfc3339(text) == moment


def test_iso_8601_without_a_zone_is_utc():
    assert parse_iso8601("2026-11-23T10:00:00") == parse_iso8601("2026-11-23 10:00") == MOMENT
    assert parse_iso8601(None) is None
    assert seconds_of("soon") is None


@pytest.mark.parametrize(
    "text", ["Mon, 23 Nov 2026 10:00:00 GMT", "Monday, 23-Nov-26 10:00:00 GMT", "Mon, 23 Nov 2026 12:00:00 +0200"]
)
def test_an_http_date_is_an_instant(text):
    assert parse_http_date(text) == MOMENT


TIMES = ["10:00:00", "23:59:59", "23:59:60", "24:00:00", "1:00:00"]
DAYS = [
    "23 Nov 2026",
    "29 Feb 2024",
    "29 Feb 2023",
    "01 Jan 9999",
    "3 Mar 2026",
    "03 Mar 26",
    "03 mar 2026",
    "00 Mar 2026",
]


@pytest.mark.parametrize(
    "text", [f"{name} {day} {time} GMT" for name in ("Mon,", "Xxx,", "Mon") for day in DAYS for time in TIMES]
)
def test_an_http_date_is_read_as_the_mail_package_reads_it(text):
    try:
        expected = parsedate_to_datetime(text)
    except ValueError:
        expected = None
    assert parse_http_date(text) == (expected and (expected if expected.tzinfo else expected.replace(tzinfo=UTC)))


@pytest.mark.parametrize("seconds", [0, 951_782_400, 1_764_000_000, 4_102_444_799])
def test_a_simulated_service_writes_a_date_as_the_mail_package_does(seconds):
    assert http_date(utc(seconds)) == format_datetime(utc(seconds), usegmt=True)
    assert parse_http_date(http_date(utc(seconds))) == utc(seconds)


def test_what_is_no_date_is_none():
    assert parse_date("2026-02-30") is None
    assert parse_http_date("120") is None
    with pytest.raises(ValueError, match="soon"):
        date_of("soon")


def test_seconds_are_counted_in_utc():
    assert utc(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert date_of(format_rfc3339(0)) == date(1970, 1, 1)
