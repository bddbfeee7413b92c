"""The closed lists of words that columns of the ledger hold, where their enum stands in a room above this one.

The enum is what code uses; `tests/unit/stores/test_closed_lists.py` compares each list with its enum, so that neither
changes without the other, and the comparison of models and migrations asks for a migration. Lists whose enum stands on
this floor (`terms.reasons`, `entry_kinds`) are taken from the enum and not repeated.
"""

from __future__ import annotations

#: `sends.ledger.states.State`
MESSAGE_STATES = (
    "PLANNED",
    "CLAIMED",
    "EXCLUDED",
    "REJECTED",
    "UNKNOWN",
    "ACCEPTED",
    "DELIVERED",
    "UNDELIVERED",
    "EXPIRED",
    "NO_RECEIPT",
    "CANCELLED",
)

#: States that a message can be in that was never claimed: waiting, called off, or told by a report that overtook us.
UNCLAIMED_STATES = ("PLANNED", "CANCELLED", "DELIVERED", "UNDELIVERED", "EXPIRED")

#: Who tells what became of a message: the arguments of `sends.ledger.changes.apply_changes`.
EVENT_SOURCES = ("sender", "report", "reconciliation", "control")

#: What becomes of a plan, in order; the first two are alive.
PLAN_STATES = ("planned", "approved", "stopped", "released")
LIVING_PLAN_STATES = PLAN_STATES[:2]

#: `sends.orders.order.Kind`
PLAN_KINDS = ("selected", "invitation")

#: `sends.ledger.replies.Meaning`
REPLY_MEANINGS = ("stop", "yes", "other")

#: `consent.acts.person_acts.SUPPRESSING`
OPT_OUT_KINDS = ("stop", "withdrawal", "objection", "erasure")

#: `consent.acts.person_acts.FactKind`
FACT_KINDS = ("click", "reply", "form", "access_request", "access_answer", "unknown_subscriber")

#: `consent.acts.person_acts.REQUESTS`, and a complaint about an ad
REQUEST_KINDS = ("withdrawal", "objection", "erasure", "access", "complaint")

#: `partners_ingest.intake.delivery_records.DecisionKind`
DELIVERY_DECISIONS = ("release", "refuse", "reread")

#: `partners_ingest.arrival.unpacking.Container`
CONTAINERS = ("none", "gzip", "zip", "xlsx", "parquet")

#: `partners_ingest.readers.encodings.EncodingRule`
ENCODING_RULES = ("mark", "dossier", "rows", "assumed")

#: `kind` and `mode` of a dossier's feed
FEED_KINDS = ("optins", "withdrawals")
FEED_MODES = ("full", "delta")

#: `open_data.load.Outcome`
OPEN_DATA_OUTCOMES = ("loaded", "unchanged", "failed", "absent")

#: `staff.acts.Act`, without `PLAN`, which is not signed
SIGNED_ACTS = (
    "approve",
    "reduce",
    "lift",
    "release",
    "allow_loss",
    "form_stop",
    "erase",
    "readmit",
    "purge",
    "standing_purge",
    "restored",
    "staff",
    "sign_staff",
    "sign_rules",
    "sign_retention",
    "sign_prices",
    "sign_dossiers",
    "break_glass",
)
