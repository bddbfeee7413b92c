"""A row of a plan, as the ledger lets one in, for worlds that are made by hand. What such a world measures stands beside this."""

from __future__ import annotations

from stores.operations.plan_tables import plans

_SHA256 = "0" * 64


def plan_row(plan_id: str) -> dict[str, object]:
    """Return a plan of no order: nothing is priced, the window is the first seconds of 1970."""
    texts = {column.name: "bench" for column in plans.columns if column.type.python_type is str}
    numbers = {column.name: 0 for column in plans.columns if column.type.python_type is int}
    told = {"plan_id": plan_id, "campaign_id": plan_id, "kind": "selected", "channel": "sms", "profile": "strict"}
    told |= {"state": "planned", "order_sha256": _SHA256, "rule_set_sha256": _SHA256, "message_sha256": _SHA256}
    counted = {"round": 1, "parts_per_message": 1, "window_to": 2_000_000, "ends_at": 1_000_000}
    return {**texts, **numbers, **told, **counted}
