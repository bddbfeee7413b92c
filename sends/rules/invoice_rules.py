"""What an invoice must say and to whom it goes, so that the campaign accounts can be checked.

Its amounts belong to `sends.orders.price`, its lines to `sends.reporting.invoice`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sends.orders.sponsors import Sponsor
from sends.rules.rulebook import OrderFinding, SendRules


class InvoiceDetail(StrEnum):
    """What the body that audits campaign accounts looks for in an invoice (R-34)."""

    DATES = "dates"
    AREA = "area"
    VOLUMES = "volumes"
    UNIT_PRICE = "unit_price"
    MESSAGE_COPY = "message_copy"


class Addressee(StrEnum):
    """To whom an invoice goes."""

    MANDATAIRE = "mandataire"
    CANDIDATE = "candidate"
    PARTY = "party"
    COMPANY = "company"


@dataclass(frozen=True)
class InvoiceStatement:
    """What an invoice shows before it goes out: its addressee and its details."""

    addressed_to: Addressee
    details: frozenset[InvoiceDetail]


def invoice_findings(
    invoice: InvoiceStatement, sponsor: Sponsor, on: date, rules: SendRules
) -> tuple[OrderFinding, ...]:
    """Return what keeps an invoice back on a day (Paris): a missing detail, a declared mandataire passed over (R-34).

    Args:
        invoice: what the invoice shows.
        sponsor: the sponsor, with the day on which its mandataire was declared.
        on: the day (Paris) of the invoice.
        rules: effects and sentences.
    """
    missing = sorted(set(InvoiceDetail) - invoice.details)
    found = rules.found("INVOICE_UNVERIFIABLE", "invoice", f"Missing: {', '.join(missing)}.") if missing else ()
    declared = sponsor.mandataire_declared_on
    if declared is not None and declared <= on and invoice.addressed_to is not Addressee.MANDATAIRE:
        found += rules.found("INVOICE_NOT_TO_MANDATAIRE", "invoice", f"It is addressed to the {invoice.addressed_to}.")
    return found
