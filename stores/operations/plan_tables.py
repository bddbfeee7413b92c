"""Tables of plans: approvals, lifts, reservations, audiences that were counted, transparency notices.

A changed column needs a migration. Kinds of columns are in `stores.operations.columns`.
"""

from __future__ import annotations

from sqlalchemy import (
    Index,
    PrimaryKeyConstraint,
    Table,
)

from stores.operations.columns import contact, metadata, number, text

plans = Table(
    "plans",
    metadata,
    text("plan_id"),
    text("campaign_id"),
    text("order_json"),
    text("order_sha256"),
    text("kind"),  # selected | invitation
    text("election"),
    number("round"),
    text("sponsor_id"),
    text("channel"),
    text("profile"),
    text("gateway"),
    text("base_version"),
    text("rule_set_sha256"),
    text("state"),  # planned | approved | stopped | released
    text("findings_json"),
    text("excluded_json"),
    text("excluded_by_code_json"),
    number("contacts"),
    number("bureaux"),
    text("message_sha256"),
    number("parts_per_message"),
    number("unit_price_cents"),
    number("total_cents"),
    text("price_list"),
    number("window_from"),
    number("window_to"),
    number("starts_at"),
    number("ends_at"),
    text("planned_by"),
    number("planned_at"),
    number("is_paused"),
    PrimaryKeyConstraint("plan_id"),
)

#: A campaign has one living plan: a key, so that two planners at the same instant cannot both write one.
LIVING = plans.c.state.in_(("planned", "approved"))

living_plan = Index("living_plan_of_campaign", plans.c.campaign_id, unique=True, sqlite_where=LIVING)

plan_lifts = Table(
    "plan_lifts",
    metadata,
    text("plan_id"),
    text("code"),
    text("lifted_by"),
    text("why"),
    number("lifted_at"),
    PrimaryKeyConstraint("plan_id", "code"),
)

approvals = Table(
    "approvals",
    metadata,
    text("plan_id"),
    text("approved_by"),
    number("approved_at"),
    text("approved_sha256"),  # of what was approved: order, audience, message, rules
    PrimaryKeyConstraint("plan_id"),
)

bureau_reservations = Table(
    "bureau_reservations",
    metadata,
    text("election"),
    number("round"),
    text("bureau_code"),
    number("age"),  # years on polling day; -1 = birth date unknown, held by the holder of the whole bureau
    text("bureau_map"),
    text("sponsor_id"),
    text("plan_id"),
    number("expires_at"),
    PrimaryKeyConstraint("election", "round", "bureau_code", "age"),
)

contact_reservations = Table(
    "contact_reservations",
    metadata,
    text("election"),
    number("round"),
    contact(),
    text("sponsor_id"),
    text("plan_id"),
    number("expires_at"),
    PrimaryKeyConstraint("election", "round", "contact_id"),
)

#: What a plan held and when: kept for good, for the certificate, and so that what two plans of one sponsor both hold
#: stays held when one of them is released. A whole bureau runs from age -1 (birth date unknown) to the oldest.
bureau_holdings = Table(
    "bureau_holdings",
    metadata,
    text("plan_id"),
    text("election"),
    number("round"),
    text("sponsor_id"),
    text("bureau_code"),
    text("bureau_map"),
    number("age_from"),  # years on polling day, bounds included
    number("age_to"),
    number("held_from"),
    number("held_until"),
    PrimaryKeyConstraint("plan_id", "bureau_code"),
    Index("holdings_of_bureau", "election", "round", "bureau_code"),
)

#: Audiences about which a sponsor was told numbers, by a plan or a count: the next one must differ by nobody or by many.
told_audiences = Table(
    "told_audiences",
    metadata,
    text("sponsor_id"),
    text("audience_sha256"),
    text("audience_json"),  # criteria, map of bureaux, reserved part
    number("told_at"),
    PrimaryKeyConstraint("sponsor_id", "audience_sha256"),
)

#: Labels and notices of political advertising (TTPA articles 11 and 12), each change a version; kept seven years (R-44).
transparency_notices = Table(
    "transparency_notices",
    metadata,
    text("plan_id"),
    number("version"),  # 1, 2, ... of a plan
    text("notice_json"),
    text("notice_text"),
    text("sha256"),  # of the notice's JSON
    number("made_at"),
    number("kept_until"),
    PrimaryKeyConstraint("plan_id", "version"),
)
