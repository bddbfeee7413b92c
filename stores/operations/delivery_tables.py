"""Tables of partners' deliveries: files seen and fetched, the outcome of each, decisions of people about them.

A changed column needs a migration. Kinds of columns are in `stores.operations.columns`.
"""

from __future__ import annotations

from sqlalchemy import (
    PrimaryKeyConstraint,
    Table,
)

from stores.operations.columns import metadata, number, text

deliveries = Table(
    "deliveries",
    metadata,
    text("delivery_id"),
    text("partner_id"),
    text("feed_id", null=True),
    text("kind", null=True),  # optins | withdrawals
    text("mode", null=True),  # full | delta
    text("file_name"),
    text("sha256"),
    number("bytes"),
    text("container", null=True),  # none | gzip | zip | xlsx | parquet: how the delivered bytes unpack
    text("encoding", null=True),  # in which the text was read; null where no line was read
    text("encoding_rule", null=True),  # what decided it: mark | dossier | assumed | rows
    text("content_sha256", null=True),
    text("content_fingerprint", null=True),  # of the multiset of well-formed records
    text("duplicate_of", null=True),  # delivery that a duplicate repeats
    text("warnings_json"),  # codes of what a person should see although the outcome stands
    text("outcome"),  # accepted | held | refused | duplicate
    text("reason", null=True),
    number("data_rows", null=True),
    number("accepted_rows", null=True),
    number("quarantined_rows", null=True),
    number("reading"),  # current reading; 0 where none was made
    text("judged_with", null=True),  # hash of dossier and reader versions: a held file is judged again on change
    number("line_count", null=True),
    text("evidence_root", null=True),
    number("exported_at", null=True),
    number("arrived_at"),  # when the drop server got it: the row's `received_at`
    number("taken_in_at"),  # when we judged it
    PrimaryKeyConstraint("delivery_id"),
)

delivery_decisions = Table(
    "delivery_decisions",
    metadata,
    text("delivery_id"),
    text("kind"),  # release | refuse | reread
    number("decided_at"),
    text("decided_by"),
    text("why"),
    number("applied_at", null=True),  # null: the next refresh acts on it
    PrimaryKeyConstraint("delivery_id", "decided_at"),
)

#: Files that we fetched from a partner's server; one version of a file is fetched once.
fetched_files = Table(
    "fetched_files",
    metadata,
    text("partner_id"),
    text("remote_name"),
    number("remote_bytes"),
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
    number("bytes"),
    number("inode"),
    number("modified_ns"),
    number("changed_ns"),
    text("sha256"),
    PrimaryKeyConstraint("partner_id", "file_name"),
)
