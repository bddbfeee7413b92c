"""Price: the dated public list, what a message costs by its parts in the real alphabet and a call by its seconds.

The price is the list's, the same for every sponsor; what an order may not say otherwise is judged by
`sends.rules.price_rules`. The lines of an invoice belong to `sends.reporting.invoice`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import smsutil

from configuration.documents import read_document
from configuration.field_types import Count, Day, Means, NotEmpty, Read, Text, Unfit, written
from sends.orders.order import AgreedPrice
from terms.errors import UsageError

_STEP = r"0*[1-9][0-9]*"


def _step(value: object) -> int:
    if not isinstance(value, str) or re.fullmatch(_STEP, value) is None:
        raise Unfit("is not a whole number of parts or seconds")
    return int(value)


Steps = Annotated[Mapping[Annotated[int, Read(_step, _STEP)], Count], NotEmpty()]


@written(title="Price list (config/prices/)")
@dataclass(frozen=True)
class PriceList:
    """One list: from when it is valid, cents per SMS by number of parts, cents per call by its length up to seconds."""

    price_list: Text
    valid_from: Day
    sms_unit_cents: Annotated[Steps, Means("cents per SMS by its number of parts")]
    voice_unit_cents: Annotated[Steps, Means("cents per call by its length up to so many seconds")]


@dataclass(frozen=True)
class Quote:
    """What a message costs in cents: the list's price, the order's, and what it rests on.

    `parts` of an SMS, 1 for a call; `seconds` of a call, None for an SMS. `costly_characters`: those that make the text
    longer than its letters (see `costly_characters`).
    """

    parts: int
    seconds: float | None
    list_unit_cents: int
    unit_price_cents: int
    price_list: str
    costly_characters: tuple[str, ...] = ()

    def total_cents(self, messages: int) -> int:
        """Return the price of so many messages in cents."""
        return self.unit_price_cents * messages


def read_price_list(folder: Path, on: date) -> PriceList:
    """Return the newest list that is valid on a day.

    Raises:
        UsageError: none is.
        DocumentInvalid: a field is wrong.
    """
    lists = [read_document(path, PriceList).record for path in sorted(folder.glob("*.yaml"))]
    valid = [item for item in lists if item.valid_from <= on]
    if not valid:
        raise UsageError(f"No price list is valid on {on}.", "Add one to config/prices/.")
    return max(valid, key=lambda item: item.valid_from)


def count_parts(text: str) -> int:
    """Return the number of SMS parts of the final text: GSM 03.38 (160/153) if it fits, else UCS-2 (70/67)."""
    return len(smsutil.split(text).parts)


def costly_characters(text: str) -> tuple[str, ...]:
    """Return the distinct characters of a text that cost extra, in order of first use.

    Those outside GSM 03.38, because of which the whole text is sent as UCS-2; where there are none, those of its
    extension (`€`, `[`), each of which counts twice.
    """
    used = tuple(dict.fromkeys(text))
    outside = tuple(letter for letter in used if not smsutil.is_valid_gsm(letter))
    return outside or tuple(letter for letter in used if letter in smsutil.GSM_EXT_CHARSET)


def quote_sms(final_text: str, prices: PriceList, agreed: AgreedPrice) -> Quote:
    """Price one message by its parts, the gateway's STOP line included.

    Args:
        final_text: the text as the phone will show it.
        prices: the public list.
        agreed: what the order says of its price.

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
    listed = prices.sms_unit_cents[parts]
    unit_cents = agreed.unit_cents_of(listed)
    return Quote(parts, None, listed, unit_cents, prices.price_list, costly_characters(final_text))


def quote_voice(seconds: float, prices: PriceList, agreed: AgreedPrice) -> Quote:
    """Price one call by the seconds that its recording plays: the first step of the list that is long enough.

    Args:
        seconds: length of the recording.
        prices: the public list.
        agreed: what the order says of its price.

    Raises:
        UsageError: the recording is longer than the list goes.
    """
    steps = [step for step in sorted(prices.voice_unit_cents) if seconds <= step]
    if not steps:
        most = max(prices.voice_unit_cents)
        raise UsageError(
            f"message.voice.audio plays {seconds:.1f} s; the price list {prices.price_list} goes to {most} s.",
            "Shorten the recording.",
        )
    listed = prices.voice_unit_cents[steps[0]]
    return Quote(1, seconds, listed, agreed.unit_cents_of(listed), prices.price_list)
