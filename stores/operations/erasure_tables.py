"""Tables of erasures and purges: marks, erasures, redacted lines, rewritten files.

A changed column needs a migration. Kinds of columns are in `stores.operations.columns`.
"""

from __future__ import annotations

from sqlalchemy import (
    Index,
    PrimaryKeyConstraint,
    Table,
)

from stores.operations.columns import count, metadata, number, refers_to, rule, sha256, text
from stores.schemas.column_classes import Privacy

#: Marks of persons who were taken out: a hash of the number under a key of its own, and nothing else of them.
suppression_marks = Table(
    "suppression_marks",
    metadata,
    sha256("mark", privacy=Privacy.PSEUDONYMOUS),
    number("marked_at"),
    number("acts_from", null=True),  # acts from this instant on are let in; null: none, ever
    number("returned_at", null=True),  # when something was let in again; null: nothing of the person stands
    PrimaryKeyConstraint("mark"),
    rule("returned_by_an_open_one", "returned_at is null or acts_from is not null"),
)

#: Erasures begun and ended; what was found is written before anything is changed, so that a killed one can be told whole.
erasures = Table(
    "erasures",
    metadata,
    text("erasure_id"),
    text("mark", refers_to("suppression_marks.mark"), privacy=Privacy.PSEUDONYMOUS),
    text("case_id"),
    number("started_at"),
    text("started_by"),
    text("found_json"),
    number("finished_at", null=True),  # null: it was killed, and is to be run again
    number("acts_from", null=True),  # what its mark lets in once it has ended
    PrimaryKeyConstraint("erasure_id"),
    Index("erasures_of_mark", "mark"),
)

#: Accepted rows that an erasure removed from a reading: rows that came in = rows of the reading + these.
erased_rows = Table(
    "erased_rows",
    metadata,
    text("erasure_id", refers_to("erasures.erasure_id")),
    text("delivery_id"),
    count("reading", least=1),
    count("accepted_rows", least=1),
    PrimaryKeyConstraint("erasure_id", "delivery_id", "reading"),
)

#: Physical lines of evidence whose bytes are gone; their commitments stand.
redacted_lines = Table(
    "redacted_lines",
    metadata,
    text("delivery_id"),
    count("line_number", least=1),
    PrimaryKeyConstraint("delivery_id", "line_number"),
)

#: What the evidence of a delivery is since lines of it went; the newest says what it is now.
redactions = Table(
    "redactions",
    metadata,
    text("delivery_id"),
    count("number", least=1),  # 1, 2, ... within the delivery
    count("lines"),  # redacted by this one
    sha256("sha256"),  # of the delivered bytes as they are kept since
    number("redacted_at"),
    PrimaryKeyConstraint("delivery_id", "number"),
)

#: Sealed files that are being written again on purpose: announced before the first byte, gone once they are sealed again.
file_rewrites = Table(
    "file_rewrites",
    metadata,
    text("path"),  # under the home
    number("announced_at"),
    PrimaryKeyConstraint("path"),
)
