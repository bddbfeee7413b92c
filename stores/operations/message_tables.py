"""Tables of messages: texts, states, events, replies, and reports of gateways and listeners.

A changed column needs a migration. Kinds of columns are in `stores.operations.columns`.
"""

from __future__ import annotations

from sqlalchemy import (
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from stores.operations.closed_lists import EVENT_SOURCES, MESSAGE_STATES, REPLY_MEANINGS, UNCLAIMED_STATES
from stores.operations.columns import (
    choice,
    contact,
    count,
    flag,
    metadata,
    number,
    refers_at_commit,
    refers_to,
    rule,
    sha256,
    text,
)

#: The table that every hand-over writes to several times: PostgreSQL reads its rules anew for each statement, so it has no
#: rule on hashes that other tables keep (decision 22).
messages = Table(
    "messages",
    metadata,
    text("send_id"),
    text("plan_id", refers_to("plans.plan_id")),
    contact(),
    count("position", least=1),  # order of sending within the plan
    text("bureau_code", null=True),
    choice("state", MESSAGE_STATES),
    number("state_at"),
    count("attempt"),  # claims so far
    text("run_id", null=True),
    text("planned_base_version"),
    text("judged_base_version", null=True),  # at hand-over
    text("judged_rule_set_sha256", null=True),
    text("codes_json"),  # of the judgement at hand-over; [] where it was allowed
    number("claimed_at", null=True),
    number("handed_over_at", null=True),
    text("gateway_message_id", null=True),
    text("message_sha256"),
    PrimaryKeyConstraint("send_id"),
    rule("claim_is_whole", "(attempt = 0) = (claimed_at is null) and (attempt = 0) = (run_id is null)"),
    rule("state_follows_a_claim", f"claimed_at is not null or state in {UNCLAIMED_STATES}"),
    rule("handed_over_after_a_claim", "handed_over_at is null or claimed_at is not null"),
    rule("judgement_is_whole", "(judged_base_version is null) = (judged_rule_set_sha256 is null)"),
    UniqueConstraint("plan_id", "position"),
    UniqueConstraint("plan_id", "contact_id"),
    Index("messages_of_contact", "contact_id"),  # a report or a reply names a phone
)

#: What people were shown, letter by letter, by its hash: the text stays although order and gateway change.
message_texts = Table(
    "message_texts",
    metadata,
    sha256("message_sha256"),
    text("handed_text"),  # as the gateway gets it
    text("shown_text"),  # as the phone shows it: with the STOP line that the gateway appends
    flag("gives_origin"),  # 1: it says where the number comes from
    number("planned_at"),
    PrimaryKeyConstraint("message_sha256"),
)

#: Yeses to invitations that were handed in as a delivery of our own; a file of them is made again until it is taken in.
agreement_exports = Table(
    "agreement_exports",
    metadata,
    text("fact_id", refers_at_commit("contact_facts.fact_id")),
    text("file_name"),
    number("exported_at"),
    PrimaryKeyConstraint("fact_id"),
)

message_events = Table(
    "message_events",
    metadata,
    text("event_id"),
    text("send_id", refers_at_commit("messages.send_id")),
    number("at"),
    number("known_at"),
    choice("state", MESSAGE_STATES),
    choice("source", EVENT_SOURCES),
    text("detail", null=True),
    PrimaryKeyConstraint("event_id"),
    Index("message_events_of_send", "send_id"),  # a trace, a seal and an erasure ask for those of some messages
)

replies = Table(
    "replies",
    metadata,
    text("reply_id"),
    text("gateway"),
    contact(null=True),
    number("at"),
    number("known_at"),
    choice("meaning", REPLY_MEANINGS),
    PrimaryKeyConstraint("reply_id"),
    Index("replies_of_contact", "contact_id"),
)

#: Ledgers that came from a backup: until a person answers for what the backup cannot know, sending asks the gateway.
restorations = Table(
    "restorations",
    metadata,
    number("restored_at"),
    number("backup_made_at"),
    text("restored_by"),
    number("cleared_at", null=True),
    text("cleared_by", null=True),
    text("why", null=True),
    PrimaryKeyConstraint("restored_at"),
    rule("answer_is_whole", "(cleared_at is null) = (cleared_by is null) and (cleared_at is null) = (why is null)"),
)

gateway_heartbeats = Table(
    "gateway_heartbeats",
    metadata,
    text("gateway"),
    number("seen_at"),
    PrimaryKeyConstraint("gateway"),
)
