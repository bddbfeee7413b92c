"""A text that is kept for good may hold no number, in whatever grouping; a day and an hour are no number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.errors import UsageError
from terms.free_text import refuse_number
from terms.settings import load_settings


@given(
    separator=st.sampled_from(["", " ", ".", "-", "/", " / ", "_", "\u00a0", "\u202f"]),
    prefix=st.sampled_from(["", "+33 (0)", "0033", "seen on 2026-11-24 by ", "24/11/2026: "]),
    after=st.sampled_from(["", ".", " 3", "/", "x"]),
)
def test_a_number_is_refused_in_every_grouping_and_not_repeated(separator, prefix, after):
    written = prefix + separator.join(["06", "39", "98", "00", "42"]) + after
    with pytest.raises(UsageError, match="^The reason holds something like a phone number") as raised:
        refuse_number(written, "The reason")
    assert "42" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    ["request of 24 November", "2026-11-24 10:05:00", "le 24/11/2026 à 10 h 05", "case 2026-118, page 3", "36111", ""],
)
def test_days_hours_and_short_numbers_pass(text):
    refuse_number(text, "The reason")


def test_who_acts_is_no_number():
    with pytest.raises(UsageError, match="FILIATION_ACTOR"):
        load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": "/x", "FILIATION_ACTOR": "06.39.98.00.42"})
