"""Subset sums: right, the same every time, and never beyond their bound."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.matching.combinations import combinations_of

amounts = st.lists(st.integers(1, 40), max_size=9)


@given(amounts, st.integers(1, 120), st.integers(2, 6))
def test_it_finds_what_trying_everything_finds(given_amounts: list[int], total: int, size_max: int) -> None:
    every = [
        places
        for size in range(2, size_max + 1)
        for places in itertools.combinations(range(len(given_amounts)), size)
        if sum(given_amounts[p] for p in places) == total
    ]
    search = combinations_of(given_amounts, total, size_max, 1_000_000)
    assert search.complete
    assert set(search.found) <= set(every)
    assert len(search.found) == min(len(every), 2)
    assert search.only == (every[0] if len(every) == 1 else None)


@given(amounts, st.integers(1, 120), st.integers(0, 50))
def test_it_never_tries_more_than_it_may(given_amounts: list[int], total: int, steps_max: int) -> None:
    search = combinations_of(given_amounts, total, 6, steps_max)
    assert search.steps <= steps_max
    assert all(sum(given_amounts[p] for p in places) == total for places in search.found)


@pytest.mark.parametrize(
    ("worst", "total"),
    [
        ([2] * 200, 201),  # no sum is odd, and every subset has to be tried to know
        ([2 * n for n in range(1, 200)], 1001),
        ([1] * 500, 6),  # as many solutions as there are ways to choose
        ([2**n for n in range(60)], 2**60 - 2),
        ([10**17 + n for n in range(64)], 3 * 10**17 + 1),
    ],
)
def test_the_worst_cases_stay_within_the_bound(worst: list[int], total: int) -> None:
    search = combinations_of(worst, total, 6, 20_000)
    assert search.steps <= 20_000
    assert search.only is None or search.complete


def test_a_search_that_was_cut_off_is_certain_of_nothing() -> None:
    whole = combinations_of([5, 4, 3, 2], 9, 4, 1000)
    cut = combinations_of([5, 4, 3, 2], 9, 4, whole.steps - 1)
    assert not cut.complete
    assert cut.only is None
