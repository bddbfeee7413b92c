"""When an order may go out, at the limits: the last 48 hours, by-elections, calls, and a window that is too short."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sends.rules.calendar import Place, Timing, moment_findings, planned_end, read_calendar, window_findings
from terms.reasons import Channel
from tests.scenes.sends.shipped_rules import CONFIG, PRES, STRICT, at, codes

CALENDAR = read_calendar(CONFIG / "calendar")


def timing(elections=(PRES,), channel=Channel.SMS, accused=False, rules=STRICT, validity=60):
    return Timing(CALENDAR, tuple(elections), rules, channel, timedelta(minutes=validity), accused)


PARIS = Place(frozenset({"metropole"}), True)
GUADELOUPE = Place(frozenset({"guadeloupe"}), True)


@pytest.mark.parametrize(
    ("moment", "place", "expected"),
    [
        ("2027-04-14T21:59:59+02:00", PARIS, []),
        ("2027-04-15T10:00:00+02:00", PARIS, ["L48_2_REVIEW"]),
        ("2027-04-16T20:59:00+02:00", PARIS, ["L48_2_REVIEW"]),
        ("2027-04-17T10:00:00+02:00", PARIS, ["L49"]),
        # Guadeloupe votes on Saturday: its 48 hours begin on Wednesday at 00:00 there
        ("2027-04-13T21:30:00-04:00", GUADELOUPE, []),
        ("2027-04-14T08:00:00-04:00", GUADELOUPE, ["L48_2_REVIEW"]),
        ("2027-04-16T08:00:00-04:00", GUADELOUPE, ["L49"]),
    ],
)
def test_a_new_accusation_in_the_last_48_hours_is_looked_at(moment, place, expected):
    assert codes(moment_findings(at(moment), place, timing(accused=True))) == expected
    assert codes(moment_findings(at(moment), place, timing())) == [code for code in expected if code == "L49"]


def by_election(*constituencies):
    one = {1: replace(PRES.rounds[1], polling_on=date(2027, 2, 7), saturday_polling_on=None)}
    one[1] = replace(one[1], blackout_ends_at=at("2027-02-07T20:00:00+01:00"))
    return replace(PRES, election_id="BYEL", constituencies=frozenset(constituencies), rounds=one)


@pytest.mark.parametrize(
    ("constituency", "departement", "expected"),
    [
        ("7515", "75", ["L49"]),
        ("7507", "75", []),
        (None, "75", ["L49"]),  # where in Paris is not known: it may be there
        (None, "93", []),
        (None, None, []),
    ],
)
def test_the_blackout_of_a_by_election_is_that_of_its_constituencies(constituency, departement, expected):
    place = Place(frozenset({"metropole"}), True, constituency, departement)
    found = moment_findings(at("2027-02-06T10:00:00+01:00"), place, timing([PRES, by_election("7515")]))
    assert codes(found) == expected


def test_calls_have_a_blackout_of_their_own_code_and_no_hours():
    voice = timing(channel=Channel.VOICE)
    assert codes(moment_findings(at("2027-04-17T10:00:00+02:00"), PARIS, voice)) == ["L49-3"]
    assert moment_findings(at("2027-03-14T07:00:00+01:00"), PARIS, voice) == ()


@pytest.mark.parametrize(
    ("start", "messages", "rate", "expected"),
    [
        ("2027-03-16T21:30:00+01:00", 360_000, 200, []),
        ("2027-03-16T21:30:00+01:00", 360_200, 200, ["WINDOW_TOO_SHORT"]),
        ("2027-03-16T08:00:00+01:00", 14 * 3600 * 10, 10, []),
        ("2027-03-16T08:00:00+01:00", 14 * 3600 * 10 + 10, 10, ["WINDOW_TOO_SHORT"]),
    ],
)
def test_volume_and_rate_fit_before_22_00_in_paris(start, messages, rate, expected):
    last = planned_end(at(start), messages, rate)
    assert codes(window_findings(at(start), last, last, STRICT)) == expected
