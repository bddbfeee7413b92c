"""Tables of what persons did or asked: opt-outs, facts, requests and their answers; forms switched off.

A changed column needs a migration. Kinds of columns are in `stores.operations.columns`.
"""

from __future__ import annotations

from sqlalchemy import (
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from stores.operations.columns import contact, counter, metadata, number, text

opt_outs = Table(
    "opt_outs",
    metadata,
    counter("sequence"),
    text("opt_out_id"),
    contact(),
    text("kind"),  # stop | objection | erasure | withdrawal
    text("source"),
    text("channel", null=True),
    text("sponsor_id", null=True),
    number("effective_at"),
    number("known_at"),
    UniqueConstraint("opt_out_id"),
    Index("opt_outs_of_contact", "contact_id"),
)

#: What a person or an operator did that a use is judged by, opt-outs aside; the sender counts a contact's rows again.
contact_facts = Table(
    "contact_facts",
    metadata,
    counter("sequence"),
    text("fact_id"),
    contact(),
    text("kind"),  # click | reply | form | access_request | access_answer | unknown_subscriber
    text("source"),
    text("send_id", null=True),  # the message that it answers or is about
    number("occurred_at"),
    number("known_at"),
    UniqueConstraint("fact_id"),
    Index("contact_facts_of_contact", "contact_id"),
)

#: Form versions that we switched off by command; the first stop of a version stands.
form_stops = Table(
    "form_stops",
    metadata,
    text("partner_id"),
    text("form_version"),
    number("stopped_at"),  # from this instant it counts and is known
    text("stopped_by"),
    text("why"),
    PrimaryKeyConstraint("partner_id", "form_version"),
)

#: What somebody asked of us that has a clock; `late_at` is the first instant at which it is late.
requests = Table(
    "requests",
    metadata,
    text("request_id"),
    text("kind"),  # withdrawal | objection | erasure | access | complaint
    contact(null=True),  # null: a complaint is about an ad
    text("campaign_id", null=True),
    number("received_at"),
    number("late_at"),
    text("source"),
    text("relayed_by", null=True),  # the sponsor who passed it on
    text("reason", null=True),
    number("entered_at"),
    text("entered_by"),
    PrimaryKeyConstraint("request_id"),
    Index("requests_by_clock", "late_at"),
    Index("requests_of_contact", "contact_id"),
)

request_answers = Table(
    "request_answers",
    metadata,
    text("request_id"),
    number("answered_at"),
    text("answer"),
    number("entered_at"),
    text("entered_by"),
    PrimaryKeyConstraint("request_id"),
)
