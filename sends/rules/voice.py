"""Calls: what a recorded message must do, and from which number it may ring.

Its price belongs to `sends.orders.price`, its length to `sends.orders.recordings`; when calls may go out, to `sends.rules.calendar`.
"""

from __future__ import annotations

import phonenumbers

from sends.orders.order import VoiceMessage
from sends.rules.rulebook import OrderFinding, SendRules

#: R-03: the way to object is told at the beginning; so late at most, in seconds from the start (policy).
LATEST_OBJECTION_SECONDS = 10


def voice_findings(voice: VoiceMessage, rules: SendRules) -> tuple[OrderFinding, ...]:
    """Return what is wrong with a call: objecting is told too late (R-03), a mobile number as caller (R-58, R-59)."""
    found: tuple[OrderFinding, ...] = ()
    if voice.objection_at_seconds > LATEST_OBJECTION_SECONDS:
        words = f"It comes at {voice.objection_at_seconds:g} s."
        found += rules.found("VOICE_OBJECTION_LATE", "message.voice.objection_at_seconds", words)
    if _is_mobile(voice.caller_id):
        found += rules.found("CLI_FORBIDDEN", "message.voice.caller_id")
    return found


def _is_mobile(caller_id: str) -> bool:
    """Return whether a number is a mobile: all of 06 and 07, assigned or not, and what the plan of its country says."""
    try:
        number = phonenumbers.parse(caller_id, "FR")
    except phonenumbers.NumberParseException:
        return False
    if number.country_code == 33 and str(number.national_number)[0] in "67":
        return True
    return phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
