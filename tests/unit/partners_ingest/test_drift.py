"""What is unusual about a delivery by its history: each check warns beyond its bound, and stays quiet below it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_ingest.intake.drift import BOUNDS, Drift, compare
from partners_ingest.rows.figures import Figure, Figures

USUAL = {
    ("rows", "data"): 1000,
    ("rows", "accepted"): 1000,
    ("rows", "quarantined"): 0,
    ("blank", "sex"): 100,
    ("unread", "birth_date"): 10,
    ("reason", "PHONE_MASKED"): 20,
    ("word", "sex:aaa"): 500,
    ("age", "under a day"): 800,
    ("age", "under a week"): 200,
    ("repeat", "ip"): 15,
}


def _figures(**changed: int) -> Figures:
    """Return the usual figures with some changed, named by kind, two underscores and subject (blanks of the subject as `_`)."""
    counted = dict(USUAL)
    for name, rows in changed.items():
        kind, _, subject = name.partition("__")
        counted[kind, subject.replace("_SPACE_", " ")] = rows
    return Figures({key: Figure(rows, (7, 9)) for key, rows in counted.items()})


def _unusual(now: Figures, *before: Figures) -> list[tuple[str, str]]:
    return [(drift.check, drift.subject) for drift in compare(now, before) if drift.is_unusual]


@pytest.mark.parametrize(
    ("changed", "unusual"),
    [
        ({}, []),
        ({"rows__data": 1499}, []),
        ({"rows__data": 1501}, [("volume", "")]),
        ({"rows__data": 499, "rows__accepted": 499}, [("volume", "")]),
        ({"blank__sex": 250}, []),
        ({"blank__sex": 251}, [("blanks", "sex")]),
        ({"blank__postcode": 151}, [("blanks", "postcode")]),
        ({"unread__birth_date": 60}, []),
        ({"unread__birth_date": 61}, [("unread", "birth_date")]),
        ({"reason__PHONE_LENGTH": 50}, []),
        ({"reason__PHONE_LENGTH": 51}, [("numbers", "phone")]),
        ({"reason__FLAG_UNKNOWN": 99}, []),
        ({"word__sex:bbb": 10}, []),
        ({"word__sex:bbb": 11}, [("words", "sex")]),
        ({"rows__quarantined": 101}, [("quarantined", "")]),
        ({"age__under_SPACE_a_SPACE_day": 0, "age__under_SPACE_a_SPACE_week": 1000}, [("consent_dates", "consented_at")]),
        ({"age__under_SPACE_a_SPACE_day": 560, "age__under_SPACE_a_SPACE_week": 440}, []),
        ({"repeat__ip": 65}, []),
        ({"repeat__ip": 66}, [("repeats", "ip")]),
        ({"repeat__street": 51}, [("repeats", "street")]),
    ],
)  # fmt: skip
def test_a_figure_is_unusual_beyond_its_bound(changed: Mapping[str, int], unusual: list[tuple[str, str]]) -> None:
    before = _figures()
    assert _unusual(_figures(**changed), before, before, before) == unusual


def test_a_feed_that_always_varies_is_given_room() -> None:
    varied = [_figures(rows__data=rows, rows__accepted=rows, blank__sex=0) for rows in (400, 1000, 1600, 2200)]
    assert _unusual(_figures(rows__data=3000, rows__accepted=3000, blank__sex=0), *varied) == []


def test_without_a_history_only_what_needs_none_is_compared() -> None:
    assert {drift.check for drift in compare(_figures(), [])} == {"quarantined", "repeats"}


def test_few_rows_on_one_address_are_a_household() -> None:
    small = {"rows__data": 40, "rows__accepted": 40}
    assert ("repeats", "ip") not in _unusual(_figures(**small, repeat__ip=19), _figures())
    assert ("repeats", "ip") in _unusual(_figures(**small, repeat__ip=20), _figures())


def test_shares_of_a_tiny_file_say_nothing() -> None:
    tiny = {"rows__quarantined": 10, "repeat__ip": 0}
    assert _unusual(_figures(rows__data=19, rows__accepted=9, **tiny), _figures()) == [("volume", "")]
    assert ("quarantined", "") in _unusual(_figures(rows__data=20, rows__accepted=10, **tiny), _figures())


def test_a_drift_says_where_to_look() -> None:
    (drift,) = [one for one in compare(_figures(**{"word__sex:bbb": 30}), [_figures()]) if one.check == "words"]
    assert drift == Drift("words", "sex", 3.0, 0.0, 3.0, 30, (7, 9))


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000))
def test_a_delivery_like_all_before_is_never_unusual_but_for_what_it_quarantines(
    rows: int, blank: int, masked: int
) -> None:
    same = _figures(rows__data=rows, rows__accepted=rows, blank__sex=min(blank, rows), reason__PHONE_MASKED=masked)
    assert [check for check, _ in _unusual(same, same, same) if check != "quarantined"] == []


def test_every_check_has_a_bound_and_a_dagster_check() -> None:
    from assets.partners import _DRIFTS

    assert set(_DRIFTS) == set(BOUNDS)
