"""The lines of an invoice, as the campaign account needs them: dates, area, volumes, unit price, copy of the message.

An invoice that lacks a detail cannot be verified and is held (R-34). Numbering and tax belong to the accounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sends.sponsors import PayerKind, Sponsor


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

    def details(self) -> tuple[str, ...]:
        """Return which details of R-34 are there, in the words of the rules."""
        present = {
            "dates": self.first_at is not None and self.last_at is not None,
            "area": bool(self.area),
            "volumes": bool(self.messages),
            "unit_price": self.unit_price_cents > 0,
            "message_copy": bool(self.message_copy),
        }
        return tuple(name for name, is_there in present.items() if is_there)

    def missing(self) -> tuple[str, ...]:
        """Return which details are not there: with any, the invoice is held (INVOICE_UNVERIFIABLE)."""
        there = self.details()
        return tuple(name for name in ("dates", "area", "volumes", "unit_price", "message_copy") if name not in there)

    def is_to_mandataire(self, sponsor: Sponsor) -> bool:
        """Return whether a declared financial agent is addressed, where there is one (INVOICE_NOT_TO_MANDATAIRE)."""
        return sponsor.mandataire_declared_on is None or self.addressed_to_kind is PayerKind.MANDATAIRE

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
