"""Price: the dated public list, and what a message costs by its parts in the real alphabet.

Discounts and invoices do not exist here: the price is the list's, the same for every sponsor (R-33, R-72).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import smsutil

from sends.fields import read_document
from terms.errors import UsageError


@dataclass(frozen=True)
class PriceList:
    """One list: from when it is valid, and cents per SMS by number of parts."""

    price_list: str
    valid_from: date
    sms_unit_cents: Mapping[int, int]


@dataclass(frozen=True)
class Quote:
    """What a message costs: parts, cents per message, the list it rests on."""

    parts: int
    unit_price_cents: int
    price_list: str

    def total_cents(self, messages: int) -> int:
        """Return the price of so many messages in cents."""
        return self.unit_price_cents * messages


def read_price_list(folder: Path, on: date) -> PriceList:
    """Return the newest list that is valid on a day.

    Raises:
        UsageError: none is.
        FileInvalid: a field is wrong.
    """
    lists = [_read(path) for path in sorted(folder.glob("*.yaml"))]
    valid = [item for item in lists if item.valid_from <= on]
    if not valid:
        raise UsageError(f"No price list is valid on {on}.", "Add one to config/prices/.")
    return max(valid, key=lambda item: item.valid_from)


def count_parts(text: str) -> int:
    """Return the number of SMS parts of the final text: GSM 03.38 (160/153) if it fits, else UCS-2 (70/67)."""
    return len(smsutil.split(text).parts)


def quote_sms(final_text: str, prices: PriceList) -> Quote:
    """Price one message by its parts, the gateway's STOP line included.

    Raises:
        UsageError: the text is longer than the list goes.
    """
    parts = count_parts(final_text)
    if parts not in prices.sms_unit_cents:
        most = max(prices.sms_unit_cents)
        raise UsageError(
            f"message.text has {parts} parts; the price list {prices.price_list} goes to {most}.",
            "Shorten the text, or write it without characters outside the SMS alphabet.",
        )
    return Quote(parts, prices.sms_unit_cents[parts], prices.price_list)


def _read(path: Path) -> PriceList:
    top = read_document(path).top
    units = top.section("sms_unit_cents")
    prices = PriceList(
        price_list=top.text("price_list"),
        valid_from=top.day("valid_from"),
        sms_unit_cents={int(name): units.integer(name, 1) for name in units.names()},
    )
    top.finish()
    return prices
