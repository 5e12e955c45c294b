"""Laws of one sweep through a list that holds still, whatever its pages look like."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from reconciler.api.client import MOST_ON_THE_WAY, ListPage
from reconciler.api.pagination import LIMIT, sweep
from reconciler.errors import ApiError


class Still:
    """A list of `size` rows; a page holds at most `cap`, or everything that is left where the limit is ignored."""

    def __init__(self, size, *, cap=LIMIT, count="size", heedless=False, failing=frozenset()):
        self.size, self.cap, self.count, self.heedless, self.failing = size, cap, count, heedless, failing
        self.asked = []

    def __call__(self, offset, limit):
        self.asked.append((offset, limit))
        if len(self.asked) in self.failing:
            raise ApiError("refused")
        assert 1 <= limit <= LIMIT
        end = self.size if self.heedless else offset + min(limit, self.cap)
        rows = tuple({"id": str(number)} for number in range(offset, min(end, self.size)))
        return ListPage(rows=rows, count=self.size if self.count == "size" else self.count)


def swept(still, *, width=1, count_is_objects=True):
    return sweep(still, "id", spread=map, width=width, items="" if count_is_objects else "rules")


WIDTHS = st.integers(1, 12)


@given(size=st.integers(0, 700), cap=st.integers(1, 150), width=WIDTHS, counted=st.booleans())
def test_a_list_that_holds_still_is_whole_and_clean_in_at_most_two_requests_a_page(size, cap, width, counted):
    still = Still(size, cap=cap)
    found = swept(still, width=width, count_is_objects=counted)
    assert found.clean
    assert list(found.rows) == [str(number) for number in range(size)]
    pages = max(1, -(-size // min(cap, LIMIT)))
    assert len(still.asked) <= (pages + 1 if counted else 2 * pages + width)
    assert len(set(still.asked)) == len(still.asked)


@given(size=st.integers(1, 700), width=WIDTHS, claim=st.integers(0, 5000))
def test_a_wrong_count_is_never_clean_and_a_count_of_something_else_is_doubt_where_it_is_larger(size, width, claim):
    found = swept(Still(size, count=claim), width=width)
    assert found.clean is (claim == size)
    found = swept(Still(size, count=claim), width=width, count_is_objects=False)
    assert (found.clean, found.short_of_count, found.held_still) == (claim <= size, claim > size, True)
    assert len(found.rows) == size


@given(size=st.integers(0, 700), width=WIDTHS)
def test_without_a_count_everything_is_read_and_nothing_is_proven(size, width):
    found = swept(Still(size, count=None), width=width)
    assert (len(found.rows), found.clean) == (size, False)


@given(size=st.integers(0, 700), width=WIDTHS)
def test_a_service_that_ignores_the_limit_loses_nothing(size, width):
    found = swept(Still(size, heedless=True), width=width)
    assert len(found.rows) == size
    assert found.clean


@given(size=st.integers(101, 700), width=WIDTHS, nth=st.integers(1, 7))
def test_a_page_that_fails_ends_the_pass_and_the_others_are_kept(size, width, nth):
    still = Still(size, failing={nth})
    found = swept(still, width=width)
    if len(still.asked) >= nth:
        assert found.error is not None
        assert not found.clean
        assert len(found.rows) < size or nth > -(-size // LIMIT)


@given(size=st.integers(0, 300), width=WIDTHS)
def test_two_sweeps_of_one_list_are_the_same_and_of_two_lists_are_not(size, width):
    assert swept(Still(size), width=width).same_as(swept(Still(size), width=1))
    assert not swept(Still(size)).same_as(swept(Still(size + 1)))
    assert not swept(Still(size)).same_as(swept(Still(size, count=size + 1)))


class Short(Still):
    """One whose page at `at` brings only `brings` rows, once and for all, whatever limit is asked for there."""

    def __init__(self, size, at, brings):
        super().__init__(size)
        self.at, self.brings = at, brings

    def __call__(self, offset, limit):
        page = super().__call__(offset, limit)
        return ListPage(rows=page.rows[: self.brings], count=page.count) if offset == self.at else page


@given(size=st.integers(301, 700), brings=st.integers(1, 99), at=st.sampled_from([100, 200]), width=st.integers(4, 12))
def test_after_a_short_page_only_the_gap_is_asked_for(size, brings, at, width):
    short = Short(size, at, brings)
    found = swept(short, width=width)
    assert found.clean
    assert len(found.rows) == size
    beyond = [(offset, limit) for offset, limit in short.asked if at < offset < at + LIMIT]
    assert beyond == [(at + brings, LIMIT - brings)]


@given(size=st.integers(301, 900), length=st.sampled_from([1, 2, 5, 9]), width=WIDTHS, counted=st.booleans())
def test_of_large_pages_so_few_are_asked_for_at_once_as_may_be_on_the_way(size, length, width, counted):
    still, waves = Still(size), []

    def fetch(offset, limit):
        return replace(still(offset, limit), length=length * MOST_ON_THE_WAY // 5)

    def spread(ask, wave):
        waves.append(len(wave))
        return map(ask, wave)

    found = sweep(fetch, "id", spread=spread, width=width, items="" if counted else "rules")
    assert found.clean
    assert len(found.rows) == size
    assert max(waves) <= (max(1, 5 // length) if 5 // length < width else max(width, len(still.asked)))


def test_a_list_ends_on_a_short_page_whose_count_agrees_and_a_full_last_page_needs_an_empty_one_after_it():
    for size, offsets in [(150, [0, 100]), (200, [0, 100, 200]), (99, [0]), (100, [0, 100])]:
        still = Still(size)
        assert swept(still).clean
        assert [offset for offset, _ in still.asked] == offsets
