"""What a sponsor may not be: without declaration, out of the second round, from outside the Union, a foreign payer.

Pure functions; the record of a sponsor and how it is read belong to `sends.orders.sponsors`.
"""

from __future__ import annotations

from datetime import date

from sends.orders.elections import Election
from sends.orders.sponsors import Payer, PayerKind, Sponsor
from sends.rules.rulebook import OrderFinding, SendRules
from terms.months import months_after

#: Member States of the Union (ISO 3166), since 1 February 2020.
EU_MEMBERS = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())

#: France, under every code that ISO 3166 has for a part of it: whoever is established there is French.
FRANCE = frozenset("FR GP MQ GF RE YT MF BL PM PF NC WF".split())

#: R-46: so long before the first round nobody from outside the Union may sponsor.
_THIRD_COUNTRY_MONTHS = 3


def sponsor_findings(
    sponsor: Sponsor, election: Election, round_number: int, on: date, rules: SendRules
) -> tuple[OrderFinding, ...]:
    """Return what is wrong with a sponsor on a day (Paris).

    Declaration (R-47), qualified for round 2 (R-26; not known yet = no finding), establishment and control in the three
    months before round 1 (R-46), a foreign legal person that pays (R-33: L52-8 of the electoral code).

    Args:
        sponsor: the sponsor.
        election: the election of the order.
        round_number: its round, 1 or 2.
        on: the day (Paris) of the first message.
        rules: effects and sentences.
    """
    found: tuple[OrderFinding, ...] = ()
    signed = sponsor.declaration_signed_on
    if signed is None or signed > on:
        found += rules.found("NO_DECLARATION", "sponsor.declaration_signed_on")
    if round_number == 2 and sponsor.qualified_for_round_2 is False:
        found += rules.found("SPONSOR_ELIMINATED", "sponsor.qualified_for_round_2")
    return found + _third_country(sponsor, election, on, rules) + _foreign_payer(sponsor.payer, rules)


def _third_country(sponsor: Sponsor, election: Election, on: date, rules: SendRules) -> tuple[OrderFinding, ...]:
    begins = months_after(election.rounds[min(election.rounds)].polling_on, -_THIRD_COUNTRY_MONTHS)
    if on < begins:
        return ()
    told = {"established_in": sponsor.established_in, "controlled_from": sponsor.controlled_from}
    outside = [f"{name}: {country}" for name, country in told.items() if country not in EU_MEMBERS | FRANCE]
    return rules.found("THIRD_COUNTRY_SPONSOR", "sponsor", f"{', '.join(outside)}, since {begins}.") if outside else ()


def _foreign_payer(payer: Payer, rules: SendRules) -> tuple[OrderFinding, ...]:
    is_foreign = payer.established_in not in FRANCE and payer.kind in (PayerKind.COMPANY, PayerKind.PARTY)
    return rules.found("FOREIGN_LEGAL_PERSON", "sponsor.payer") if is_foreign else ()
