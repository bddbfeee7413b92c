"""No small group can be read from a page, nor counted out from what stands beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sends.orders.audience_criteria import Years
from sends.plans.exclusivity import conflict_words
from sends.rules.small_counts import told_count, told_counts


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 700), max_size=8))
def test_what_is_hidden_is_no_small_group_together(counts):
    told = told_counts(counts)
    hidden = [counts[name] for name, number in told.items() if number is None]
    assert all(number is None or number >= 200 for number in told.values())
    assert list(told) == [name for name, number in counts.items() if number]
    assert not hidden or sum(hidden) >= 200 or len(hidden) == len(told)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"A": 1000, "B": 12}, {"A": None, "B": None}),
        ({"A": 1000, "B": 300, "C": 12}, {"A": 1000, "B": None, "C": None}),
        ({"A": 1000, "B": 150, "C": 120}, {"A": 1000, "B": None, "C": None}),
        ({"A": 1000, "B": 0}, {"A": 1000}),
    ],
)
def test_the_smallest_told_count_is_hidden_with_a_small_one(counts, told):
    assert told_counts(counts) == told


def test_nobody_is_told_as_nobody():
    assert [told_count(number) for number in (0, 1, 199, 200)] == [0, None, None, 200]


def test_a_conflict_tells_what_is_free_and_the_order_that_fits():
    words = conflict_words(("a", "b", "c"), frozenset({"b"}), (Years(60, None), Years(18, 29)))
    assert words.startswith("2 of 3 bureaux are free; not free: b.")
    assert "60 and over, 18 to 29" in words
    assert "`reserve: {age: {min: 60, max: null}}` fits" in words
    assert conflict_words(("a", "b"), frozenset({"b"}), ()).endswith("order the free bureaux only.")
