"""The lines of an invoice, as the campaign account needs them: dates, area, volumes, unit price, copy of the message.

What keeps an invoice back belongs to `sends.rules.invoice_rules`, numbering and tax to the accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sends.orders.sponsors import PayerKind
from sends.rules.invoice_rules import Addressee, InvoiceDetail, InvoiceStatement

_ADDRESSEES: Mapping[PayerKind, Addressee] = {
    PayerKind.MANDATAIRE: Addressee.MANDATAIRE,
    PayerKind.PARTY: Addressee.PARTY,
    PayerKind.COMPANY: Addressee.COMPANY,
    PayerKind.PERSON: Addressee.CANDIDATE,
}


@dataclass(frozen=True)
class Invoice:
    """What one plan costs; `messages` None = not told or none, so nothing can be invoiced from this page.

    Cents; only messages of which it is proved that the gateway took them are invoiced.
    """

    addressed_to: str
    addressed_to_kind: PayerKind
    first_at: datetime | None
    last_at: datetime | None
    area: str
    messages: int | None
    delivered: str
    unit_price_cents: int
    price_list: str
    message_copy: str

    @property
    def total_cents(self) -> int | None:
        """Return the price of what was handed over."""
        return None if self.messages is None else self.messages * self.unit_price_cents

    def statement(self) -> InvoiceStatement:
        """Return what the lines show, for the rules of invoices."""
        present = {
            InvoiceDetail.DATES: self.first_at is not None and self.last_at is not None,
            InvoiceDetail.AREA: bool(self.area),
            InvoiceDetail.VOLUMES: bool(self.messages),
            InvoiceDetail.UNIT_PRICE: self.unit_price_cents > 0,
            InvoiceDetail.MESSAGE_COPY: bool(self.message_copy),
        }
        there = frozenset(detail for detail, is_there in present.items() if is_there)
        return InvoiceStatement(_ADDRESSEES[self.addressed_to_kind], there)

    def missing(self) -> tuple[str, ...]:
        """Return which details are not there, in the words of the rules."""
        there = self.statement().details
        return tuple(detail.value for detail in InvoiceDetail if detail not in there)

    def to_json(self) -> dict[str, object]:
        """Return the lines as the command prints them."""
        return {
            "addressed_to": self.addressed_to,
            "dates": None if self.first_at is None else {"from": self.first_at, "to": self.last_at},
            "area": self.area,
            "messages": self.messages,
            "delivered": self.delivered,
            "unit_price_cents": self.unit_price_cents,
            "total_cents": self.total_cents,
            "price_list": self.price_list,
            "message_copy": self.message_copy,
            "missing": list(self.missing()),
        }
