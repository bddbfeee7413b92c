"""What phones are shown: the text of the order, with the partner's name where the text asks for it, kept by its hash.

Checking a text belongs to `sends.rules.message`, its price to `sends.orders.price`. Only names of partners are filled in, never
a person's data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from sends.orders.price import Quote, quote_sms
from sends.rules.context import Context
from sends.rules.message import final_text, gives_origin
from stores.operations.database import VALUES_AT_ONCE, insert_once
from stores.operations.message_tables import message_texts
from terms.batches import batched
from terms.clock import to_micros
from terms.identifiers import digest

#: Where the text of an invitation names the partner that a number comes from (R-16).
SOURCE = "{source}"


@dataclass(frozen=True)
class Shown:
    """One text: `handed` as the gateway gets it, `shown` as the phone shows it."""

    message_sha256: str
    handed: str
    shown: str


def names_source(context: Context) -> bool:
    """Return whether the order's text names each number's own source."""
    return SOURCE in (context.order.message.text or "")


def text_for(context: Context, source: str | None) -> Shown:
    """Return the text for numbers of one source; None where the text names none, or for a call."""
    if source is None:
        return Shown(context.message_sha256, context.handed_text, context.final_text)
    handed = (context.order.message.text or "").replace(SOURCE, source)
    shown = final_text(handed, context.gateway)
    return Shown(digest(context.order.message.sender or "", shown), handed, shown)


def texts_for(context: Context, sources: Iterable[str]) -> dict[str | None, Shown]:
    """Return the texts of an order by source; one under None where the text names no source."""
    if not names_source(context):
        return {None: text_for(context, None)}
    return {source: text_for(context, source) for source in sorted(set(sources))}


def longest(context: Context, texts: Iterable[Shown]) -> Quote:
    """Return what a message of the order costs: the longest of its texts prices them all.

    Raises:
        UsageError: one is longer than the price list goes.
    """
    if not names_source(context):
        return context.quote
    quotes = [quote_sms(text.shown, context.prices, context.order.price) for text in texts]
    return max(quotes, key=lambda quote: quote.parts)


def keep_texts(work: Connection, texts: Iterable[Shown], now: datetime) -> None:
    """Keep texts for good, in the caller's transaction.

    Args:
        work: the caller's transaction.
        texts: the texts of a plan.
        now: the instant (aware) of planning.
    """
    rows = [
        {
            "message_sha256": text.message_sha256,
            "handed_text": text.handed,
            "shown_text": text.shown,
            "gives_origin": int(gives_origin(text.shown)),
            "planned_at": to_micros(now),
        }
        for text in texts
    ]
    for some in batched(rows, VALUES_AT_ONCE):
        insert_once(work, message_texts, some)


def find_texts(work: Connection, hashes: Iterable[str]) -> Mapping[str, Shown]:
    """Return the kept texts of these hashes."""
    wanted, found = sorted(set(hashes)), {}
    table = message_texts.c
    for some in batched(wanted, VALUES_AT_ONCE):
        query = select(table.message_sha256, table.handed_text, table.shown_text)
        for row in work.execute(query.where(table.message_sha256.in_(some))).tuples():
            found[row[0]] = Shown(*row)
    return found
