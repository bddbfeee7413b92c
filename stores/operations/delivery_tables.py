"""Tables of partners' deliveries: files seen and fetched, the outcome of each, decisions of people about them.

A changed column needs a migration. Kinds of columns are in `stores.operations.columns`.
"""

from __future__ import annotations

from sqlalchemy import (
    PrimaryKeyConstraint,
    Table,
)

from stores.operations.closed_lists import CONTAINERS, DELIVERY_DECISIONS, ENCODING_RULES, FEED_KINDS, FEED_MODES
from stores.operations.columns import (
    choice,
    count,
    filled,
    metadata,
    number,
    refers_at_commit,
    refers_to,
    rule,
    sha256,
    text,
)
from terms.reasons import FileOutcome, FileReason

deliveries = Table(
    "deliveries",
    metadata,
    text("delivery_id"),
    text("partner_id"),
    text("feed_id", null=True),
    choice("kind", FEED_KINDS, null=True),
    choice("mode", FEED_MODES, null=True),
    text("file_name"),
    sha256("sha256"),
    count("bytes"),
    choice("container", CONTAINERS, null=True),  # how the delivered bytes unpack
    text("encoding", null=True),  # in which the text was read; null where no line was read
    choice("encoding_rule", ENCODING_RULES, null=True),  # what decided it
    sha256("content_sha256", null=True),
    sha256("content_fingerprint", null=True),  # of the multiset of well-formed records
    text("duplicate_of", refers_at_commit("deliveries.delivery_id"), null=True),  # delivery that a duplicate repeats
    text("warnings_json"),  # codes of what a person should see although the outcome stands
    choice("outcome", FileOutcome),
    choice("reason", FileReason, null=True),
    count("data_rows", null=True),
    count("accepted_rows", null=True),
    count("quarantined_rows", null=True),
    count("reading"),  # current reading; 0 where none was made
    text("judged_with", null=True),  # hash of dossier and reader versions: a held file is judged again on change
    count("line_count", null=True),
    sha256("evidence_root", null=True),
    number("exported_at", null=True),
    number("arrived_at"),  # when the drop server got it: the row's `received_at`
    number("taken_in_at"),  # when we judged it
    PrimaryKeyConstraint("delivery_id"),
    rule("accepted_was_read", "outcome <> 'accepted' or (reading >= 1 and reason is null)"),
    rule("rows_add_up", "data_rows = accepted_rows + quarantined_rows"),
    rule("lines_have_a_root", "(line_count is null) = (evidence_root is null)"),
    rule("repeats_another", "duplicate_of is null or (outcome = 'duplicate' and duplicate_of <> delivery_id)"),
)

delivery_decisions = Table(
    "delivery_decisions",
    metadata,
    text("delivery_id", refers_to("deliveries.delivery_id")),
    choice("kind", DELIVERY_DECISIONS),
    number("decided_at"),
    text("decided_by"),
    filled("why"),
    number("applied_at", null=True),  # null: the next refresh acts on it
    PrimaryKeyConstraint("delivery_id", "decided_at"),
    rule("refusal_is_applied", "kind <> 'refuse' or applied_at is not null"),
)

#: Files that we fetched from a partner's server; one version of a file is fetched once.
fetched_files = Table(
    "fetched_files",
    metadata,
    text("partner_id"),
    text("remote_name"),
    count("remote_bytes"),
    number("remote_modified_at"),  # seconds, as the server tells it
    text("file_name"),  # in the partner's landing folder
    number("fetched_at"),
    PrimaryKeyConstraint("partner_id", "remote_name", "remote_bytes", "remote_modified_at"),
)

#: What files of the landing folder hashed to, and how the file system showed them then.
seen_files = Table(
    "seen_files",
    metadata,
    text("partner_id"),
    text("file_name"),  # in the partner's landing folder
    count("bytes"),
    count("inode"),
    number("modified_ns"),
    number("changed_ns"),
    sha256("sha256"),
    PrimaryKeyConstraint("partner_id", "file_name"),
)
