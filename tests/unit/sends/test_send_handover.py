"""The decision at the instant of hand-over, and which numbers are invented."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sends.handover.decision import Action, Looked, decide, is_invented
from terms.reasons import Decision
from tests.unit.sends.test_send_calendar import PARIS, timing

GOOD = Looked(PARIS, Decision.ALLOW, (), is_opted_out=False, is_ours=True)
NOON = datetime.fromisoformat("2027-03-16T12:00:00+01:00")
EVENING = datetime.fromisoformat("2027-03-16T20:00:00+01:00")


def decided(looked, moment=NOON, window_to=EVENING, lifted=frozenset(), of=None):
    return decide(looked, moment, window_to, of or timing(), lifted)


def test_what_is_allowed_is_sent():
    assert decided(GOOD).action is Action.SEND


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"decision": Decision.REFUSE, "codes": ("CONSENT_EXPIRED",)}, ("CONSENT_EXPIRED",)),
        ({"decision": Decision.HOLD, "codes": ("AUDIT_OVERDUE",)}, ("AUDIT_OVERDUE",)),
        ({"is_opted_out": True}, ("SUPPRESSED",)),
        ({"is_ours": False}, ("EXCLUSIVITY",)),
    ],
)
def test_what_is_not_allowed_is_excluded_with_its_codes(change, codes):
    decision = decided(replace(GOOD, **change))
    assert (decision.action, decision.codes) == (Action.EXCLUDE, codes)


def test_a_closed_hour_waits_only_if_the_window_opens_again():
    early = datetime.fromisoformat("2027-03-16T07:00:00+01:00")
    assert decided(GOOD, early).action is Action.WAIT
    late = decided(GOOD, early, early + timedelta(minutes=50))
    assert (late.action, late.codes) == (Action.EXCLUDE, ("HOURS",))


def test_nothing_leaves_in_a_blackout_even_in_the_middle_of_a_window():
    eve = datetime.fromisoformat("2027-04-17T10:00:00+02:00")
    decision = decided(GOOD, eve, eve + timedelta(hours=8))
    assert (decision.action, decision.codes) == (Action.EXCLUDE, ("L49",))


def test_a_lifted_hold_of_the_calendar_lets_pass_and_a_refusal_cannot_be_lifted():
    friday = datetime.fromisoformat("2027-04-16T21:00:00+02:00")
    long = timing(validity=600)
    assert decided(GOOD, friday, friday + timedelta(minutes=30), of=long).action is Action.EXCLUDE
    lifted = frozenset({"VALIDITY_CROSSES_BLACKOUT", "L49"})
    assert decided(GOOD, friday, friday + timedelta(minutes=30), lifted, long).action is Action.SEND
    eve = friday + timedelta(hours=13)
    assert decided(GOOD, eve, eve + timedelta(minutes=30), lifted, long).action is Action.EXCLUDE


@pytest.mark.parametrize("prefix", ["63998", "701", "707", "71", "72", "841", "843", "845", "849", "870", "879"])
def test_invented_numbers_are_known(prefix):
    assert is_invented("+33" + prefix.ljust(9, "0"))


@pytest.mark.parametrize("prefix", ["63997", "708", "842", "844", "6", "73"])
def test_other_numbers_are_not(prefix):
    assert not is_invented("+33" + prefix.ljust(9, "0"))
