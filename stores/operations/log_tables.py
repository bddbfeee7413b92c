"""Tables of the journal, of the access log, of what persons signed, and of what was sealed.

A changed column needs a migration. Kinds of columns are in `stores.operations.columns`.
"""

from __future__ import annotations

from sqlalchemy import (
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from stores.operations.closed_lists import SIGNED_ACTS
from stores.operations.columns import choice, count, counter, filled, metadata, number, refers_to, sha256, text
from stores.operations.entry_kinds import Entry
from stores.schemas.column_classes import Privacy

access_log = Table(
    "access_log",
    metadata,
    counter("access_id"),
    number("at"),
    text("actor"),
    text("command"),
    text("reason"),
    text("case_id", null=True),
    count("subjects"),
    text("subjects_json", privacy=Privacy.PSEUDONYMOUS),  # contact ids, or delivery and line
)

journal = Table(
    "journal",
    metadata,
    counter("sequence"),
    number("at"),
    choice("kind", Entry),
    text("subject"),
    text("payload_json", privacy=Privacy.PSEUDONYMOUS),
    sha256("payload_sha256"),
)

#: What persons signed; the staff register is its lines about persons. Append only. What was signed is the text as it is here, byte for byte.
signatures = Table(
    "signatures",
    metadata,
    counter("number"),
    choice("act", SIGNED_ACTS),
    text("subject"),
    text("record_json", privacy=Privacy.PSEUDONYMOUS),
    sha256("record_sha256"),
    filled("person_id"),
    filled("key_fingerprint"),
    number("signed_at"),
    filled("signature"),
    Index("signatures_of_subject", "act", "subject"),
)

#: The transparency log: which journal line is which leaf. Without its salt a leaf says nothing about its line.
log_leaves = Table(
    "log_leaves",
    metadata,
    count("position"),  # of the leaf, from 0, without gaps
    number("journal_sequence", refers_to("journal.sequence")),
    sha256("salt", null=True),  # as long as a hash; destroyed when the line is erased
    sha256("leaf_hash"),
    PrimaryKeyConstraint("position"),
    UniqueConstraint("journal_sequence"),
)

log_checkpoints = Table(
    "log_checkpoints",
    metadata,
    count("size", least=1),  # leaves covered
    text("note"),  # signed note, as it was written out
    number("signed_at"),
    PrimaryKeyConstraint("size"),
)

#: Files of the stores as they were when they were sealed; who rewrites a sealed file seals it again, in a later batch.
sealed_files = Table(
    "sealed_files",
    metadata,
    text("path"),  # under the home
    count("bytes"),
    sha256("sha256"),
    count("batch", least=1),
    PrimaryKeyConstraint("path", "batch"),
)

#: Batches of messages that were sealed together; their commitments lie in `log/messages/`.
sealed_messages = Table(
    "sealed_messages",
    metadata,
    text("plan_id", refers_to("plans.plan_id")),
    count("batch", least=1),  # 1, 2, ... within the plan
    count("messages", least=1),
    sha256("root"),
    number("sealed_at"),
    PrimaryKeyConstraint("plan_id", "batch"),
)
