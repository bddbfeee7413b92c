"""What a political SMS must say, and what the phone may show as its sender.

Its price belongs to `sends.orders.price`; whether the person agreed to get it is judged by the base.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from sends.gateways.settings import GatewaySettings
from sends.orders.elections import Election
from sends.orders.sponsors import Sponsor
from sends.rules.community_words import addressed_words
from sends.rules.rulebook import OrderFinding, SendRules

_STOP = re.compile(r"\bstop(?![a-z])\D{0,12}(\d{5})\b")
_ORIGIN = re.compile(r"\borigine\s*:?\s*https?://\S+")
_NOTICE = re.compile(r"\bavis\s*:?\s*https?://\S+")
_POLITICAL = re.compile(r"\b(pub(licite)?\.? (a caractere )?politique|annonce politique)\b")
_FREE_NUMBER = re.compile(r"(?<!\d)(?:\+33|0033|0)[ .-]?8[ .-]?0[ .-]?[0-5](?:[ .-]?\d){6}(?!\d)")
_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}")


#: What normal forms leave as they are: the typographic apostrophe, letters that are two.
_ONE_LETTER = str.maketrans({"\u2019": "'", "œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae"})


def final_text(text: str, gateway: GatewaySettings) -> str:
    """Return the text as the phone will show it: with the STOP line where the gateway appends one."""
    if gateway.appends_stop_line:
        return f"{text}\nSTOP {gateway.stop_short_code}"
    return text


def gives_origin(text: str) -> bool:
    """Return whether a text says where the number comes from: Origine: and a link (R-16, R-17)."""
    return _ORIGIN.search(_folded(text)) is not None


def text_findings(
    text: str, sponsor: Sponsor, gateway: GatewaySettings, election: Election, on: date, rules: SendRules
) -> tuple[OrderFinding, ...]:
    """Return what is wrong with a final text on a day: STOP, sponsor, origin, label, free number.

    Sources: R-16, R-17, R-32 (L50-1), R-42, R-55; label of rules page §4.2.

    Args:
        text: the text as the phone will show it.
        sponsor: the sponsor, by whose names the text may name it.
        gateway: the gateway, with its STOP short code.
        election: the election, with its campaign period.
        on: the day (Paris) of the first message.
        rules: effects and sentences.
    """
    folded = _folded(text)
    where = "message.text"
    found = _stop_findings(folded, gateway, rules)
    if not any(_folded(name) in folded for name in sponsor.names()):
        found += rules.found("NO_SPONSOR", where)
    if _ORIGIN.search(folded) is None:
        found += rules.found("NO_ORIGIN", where)
    if _POLITICAL.search(folded) is None or _NOTICE.search(folded) is None:
        found += rules.found("NO_TTPA_LABEL", where)
    if election.campaign_from <= on <= election.campaign_to and _FREE_NUMBER.search(folded):
        found += rules.found("FREE_NUMBER_L50_1", where)
    return found


def community_findings(text: str | None, where: str, rules: SendRules) -> tuple[OrderFinding, ...]:
    """Return COMMUNITY_ADDRESS where a text or landing page speaks to a community (R-67); None = there is no text.

    Args:
        text: a text or the text of a landing page; None = there is none.
        where: the field of the order.
        rules: effects and sentences.
    """
    words = addressed_words(_folded(text or ""))
    return rules.found("COMMUNITY_ADDRESS", where, f"Read: {', '.join(words)}.") if words else ()


def sender_findings(sender: str, gateway: GatewaySettings, rules: SendRules) -> tuple[OrderFinding, ...]:
    """Return what is wrong with a sender (R-55 to R-58): digits, form, generic or protected words.

    Args:
        sender: what the phone shows as the sender.
        gateway: the gateway, with its lists of senders.
        rules: effects and sentences.
    """
    where = "message.sender"
    if re.fullmatch(r"\+?\d+", sender):
        return _numeric_sender(sender, where, rules)
    if _SENDER.fullmatch(sender) is None:
        return rules.found("SENDER_FORMAT", where)
    name = sender.upper()
    if name in gateway.generic_senders:
        return rules.found("SENDER_GENERIC", where)
    if name in gateway.protected_senders and name not in gateway.sender_authorisations:
        return rules.found("SENDER_PROTECTED", where)
    return ()


def _stop_findings(folded: str, gateway: GatewaySettings, rules: SendRules) -> tuple[OrderFinding, ...]:
    codes = _STOP.findall(folded)
    found: tuple[OrderFinding, ...] = ()
    if any(code.startswith("38") for code in codes):
        found += rules.found("WRONG_SHORT_CODE", "message.text")
    works = gateway.stop_short_code_in_service and gateway.stop_short_code in codes
    if not works:
        found += rules.found("NO_STOP", "message.text", f"That of {gateway.name} is {gateway.stop_short_code}.")
    return found


def _numeric_sender(sender: str, where: str, rules: SendRules) -> tuple[OrderFinding, ...]:
    if re.fullmatch(r"36\d{3}", sender):
        return ()
    return rules.found("WRONG_SHORT_CODE" if re.fullmatch(r"38\d{3}", sender) else "SENDER_NUMERIC", where)


def _folded(text: str) -> str:
    """Return text without accents, case, typographic apostrophes and repeated spaces, for looking words up."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_ONE_LETTER))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(plain.casefold().split())
