"""Tables of the journal, of the access log, and of what was sealed.

A changed column needs a migration. Kinds of columns are in `stores.operations.columns`.
"""

from __future__ import annotations

from sqlalchemy import (
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from stores.operations.columns import counter, metadata, number, text
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
    number("subjects"),
    text("subjects_json", privacy=Privacy.PSEUDONYMOUS),  # contact ids, or delivery and line
)

journal = Table(
    "journal",
    metadata,
    counter("sequence"),
    number("at"),
    text("kind"),
    text("subject"),
    text("payload_json", privacy=Privacy.PSEUDONYMOUS),
    text("payload_sha256"),
)

#: The transparency log: which journal line is which leaf. Without its salt a leaf says nothing about its line.
log_leaves = Table(
    "log_leaves",
    metadata,
    number("position"),  # of the leaf, from 0, without gaps
    number("journal_sequence"),
    text("salt", null=True),  # hex; destroyed when the line is erased
    text("leaf_hash"),  # hex
    PrimaryKeyConstraint("position"),
    UniqueConstraint("journal_sequence"),
)

log_checkpoints = Table(
    "log_checkpoints",
    metadata,
    number("size"),  # leaves covered
    text("note"),  # signed note, as it was written out
    number("signed_at"),
    PrimaryKeyConstraint("size"),
)

#: Files of the stores as they were when they were sealed; who rewrites a sealed file seals it again, in a later batch.
sealed_files = Table(
    "sealed_files",
    metadata,
    text("path"),  # under the home
    number("bytes"),
    text("sha256"),
    number("batch"),
    PrimaryKeyConstraint("path", "batch"),
)

#: Batches of messages that were sealed together; their commitments lie in `log/messages/`.
sealed_messages = Table(
    "sealed_messages",
    metadata,
    text("plan_id"),
    number("batch"),  # 1, 2, ... within the plan
    number("messages"),
    text("root"),  # hex
    number("sealed_at"),
    PrimaryKeyConstraint("plan_id", "batch"),
)
