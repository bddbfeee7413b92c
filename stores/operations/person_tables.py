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

from stores.operations.closed_lists import FACT_KINDS, OPT_OUT_KINDS, REQUEST_KINDS
from stores.operations.columns import choice, contact, counter, filled, metadata, number, refers_at_commit, rule, text
from terms.reasons import Channel

opt_outs = Table(
    "opt_outs",
    metadata,
    counter("sequence"),
    text("opt_out_id"),
    contact(),
    choice("kind", OPT_OUT_KINDS),
    text("source"),
    choice("channel", Channel, null=True),
    text("sponsor_id", null=True),
    number("effective_at"),
    number("known_at"),
    UniqueConstraint("opt_out_id"),
    rule("known_once_effective", "effective_at <= known_at"),
    Index("opt_outs_of_contact", "contact_id"),
)

#: What a person or an operator did that a use is judged by, opt-outs aside; the sender counts a contact's rows again.
contact_facts = Table(
    "contact_facts",
    metadata,
    counter("sequence"),
    text("fact_id"),
    contact(),
    choice("kind", FACT_KINDS),
    text("source"),
    text("send_id", null=True),  # the message that it answers or is about
    number("occurred_at"),
    number("known_at"),
    UniqueConstraint("fact_id"),
    rule("known_once_occurred", "occurred_at <= known_at"),
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
    filled("why"),
    PrimaryKeyConstraint("partner_id", "form_version"),
)

#: What somebody asked of us that has a clock; `late_at` is the first instant at which it is late.
requests = Table(
    "requests",
    metadata,
    text("request_id"),
    choice("kind", REQUEST_KINDS),
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
    rule("late_after_receipt", "received_at < late_at"),
    rule("entered_once_received", "received_at <= entered_at"),
    rule("complaint_is_of_a_campaign", "(kind = 'complaint') = (campaign_id is not null)"),
    rule("complaint_is_of_nobody", "kind <> 'complaint' or contact_id is null"),
    Index("requests_by_clock", "late_at"),
    Index("requests_of_contact", "contact_id"),
)

request_answers = Table(
    "request_answers",
    metadata,
    text("request_id", refers_at_commit("requests.request_id")),
    number("answered_at"),
    text("answer"),
    number("entered_at"),
    text("entered_by"),
    PrimaryKeyConstraint("request_id"),
    rule("entered_once_answered", "answered_at <= entered_at"),
)
