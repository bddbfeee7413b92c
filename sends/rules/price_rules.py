"""What the price of an order may not be beside the public list: a gift, or lower for one sponsor alone.

Pure; the list and what a message costs by it belong to `sends.orders.price`, invoices to `sends.rules.invoice_rules`.
"""

from __future__ import annotations

from sends.orders.order import AgreedPrice
from sends.rules.rulebook import OrderFinding, SendRules


def price_findings(agreed: AgreedPrice, list_unit_cents: int, rules: SendRules) -> tuple[OrderFinding, ...]:
    """Return what an order's price is beside the list's: a gift in kind, or below the usual price for one alone.

    Args:
        agreed: what the order says of its price.
        list_unit_cents: cents of the list for the same message.
        rules: effects and sentences.

    Sources: L52-8 of the electoral code (R-33), R-72. A price of zero is a gift and no low price; messages given away
    beside a low price are both.
    """
    unit_cents = agreed.unit_cents_of(list_unit_cents)
    found: tuple[OrderFinding, ...] = ()
    if unit_cents == 0 or agreed.free_messages > 0:
        found += rules.found("GIFT_IN_KIND", "price")
    if 0 < unit_cents < list_unit_cents and not agreed.discount_open_to_all:
        told = f"The list says {list_unit_cents} cents, the order {unit_cents}."
        found += rules.found("BELOW_USUAL_PRICE", "price", told)
    return found
