"""Tables of plans: approvals, lifts, reservations, audiences that were counted, transparency notices.

A changed column needs a migration. Kinds of columns are in `stores.operations.columns`.
"""

from __future__ import annotations

from sqlalchemy import (
    Index,
    PrimaryKeyConstraint,
    Table,
)

from stores.operations.closed_lists import LIVING_PLAN_STATES, PLAN_KINDS, PLAN_STATES
from stores.operations.columns import (
    choice,
    contact,
    count,
    filled,
    flag,
    metadata,
    number,
    refers_at_commit,
    refers_to,
    rule,
    sha256,
    text,
)
from terms.reasons import Channel, Profile

plans = Table(
    "plans",
    metadata,
    text("plan_id"),
    text("campaign_id"),
    text("order_json"),
    sha256("order_sha256"),
    choice("kind", PLAN_KINDS),
    text("election"),
    count("round", least=1),
    text("sponsor_id"),
    choice("channel", Channel),
    choice("profile", Profile),
    text("gateway"),
    text("base_version"),
    sha256("rule_set_sha256"),
    choice("state", PLAN_STATES),
    text("findings_json"),
    text("excluded_json"),
    text("excluded_by_code_json"),
    count("contacts"),
    count("bureaux"),
    sha256("message_sha256"),
    count("parts_per_message", least=1),
    count("unit_price_cents"),
    count("total_cents"),
    text("price_list"),
    number("window_from"),
    number("window_to"),
    number("starts_at"),
    number("ends_at"),
    text("planned_by"),
    number("planned_at"),
    flag("is_paused"),
    PrimaryKeyConstraint("plan_id"),
    rule("window_has_an_end", "window_from < window_to"),
    rule("starts_in_its_window", "window_from <= starts_at and starts_at <= ends_at"),
    rule("paused_once_approved", "is_paused = 0 or state <> 'planned'"),
)

#: A campaign has one living plan: a key, so that two planners at the same instant cannot both write one.
LIVING = plans.c.state.in_(LIVING_PLAN_STATES)

living_plan = Index("living_plan_of_campaign", plans.c.campaign_id, unique=True, sqlite_where=LIVING)

plan_lifts = Table(
    "plan_lifts",
    metadata,
    text("plan_id", refers_to("plans.plan_id")),
    text("code"),
    filled("lifted_by"),
    filled("why"),
    number("lifted_at"),
    PrimaryKeyConstraint("plan_id", "code"),
)

approvals = Table(
    "approvals",
    metadata,
    text("plan_id", refers_to("plans.plan_id")),
    filled("approved_by"),
    number("approved_at"),
    sha256("approved_sha256"),  # of what was approved: order, audience, message, rules
    PrimaryKeyConstraint("plan_id"),
)

bureau_reservations = Table(
    "bureau_reservations",
    metadata,
    text("election"),
    count("round", least=1),
    text("bureau_code"),
    count("age", least=-1),  # years on polling day; -1 = birth date unknown, held by the holder of the whole bureau
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
    count("round", least=1),
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
    text("plan_id", refers_at_commit("plans.plan_id")),
    text("election"),
    count("round", least=1),
    text("sponsor_id"),
    text("bureau_code"),
    text("bureau_map"),
    count("age_from", least=-1),  # years on polling day, bounds included
    number("age_to"),
    number("held_from"),
    number("held_until"),
    PrimaryKeyConstraint("plan_id", "bureau_code"),
    rule("ages_in_order", "age_from <= age_to"),
    Index("holdings_of_bureau", "election", "round", "bureau_code"),
)

#: Audiences about which a sponsor was told numbers, by a plan or a count: the next one must differ by nobody or by many.
told_audiences = Table(
    "told_audiences",
    metadata,
    text("sponsor_id"),
    sha256("audience_sha256"),
    text("audience_json"),  # criteria, map of bureaux, reserved part
    number("told_at"),
    PrimaryKeyConstraint("sponsor_id", "audience_sha256"),
)

#: Labels and notices of political advertising (TTPA articles 11 and 12), each change a version; kept seven years (R-44).
transparency_notices = Table(
    "transparency_notices",
    metadata,
    text("plan_id", refers_to("plans.plan_id")),
    count("version", least=1),  # 1, 2, ... of a plan
    text("notice_json"),
    text("notice_text"),
    sha256("sha256"),  # of the notice's JSON
    number("made_at"),
    number("kept_until"),
    PrimaryKeyConstraint("plan_id", "version"),
)
