"""Tables of what goes into a base: snapshots of configuration, vintages of open data, decisions about a smaller base.

A changed column needs a migration. Kinds of columns are in `stores.operations.columns`.
"""

from __future__ import annotations

from sqlalchemy import (
    PrimaryKeyConstraint,
    Table,
)

from stores.operations.columns import counter, metadata, number, text

#: A person's decision that the next base may be smaller than the policy lets it be; lapses with the base it names.
base_decisions = Table(
    "base_decisions",
    metadata,
    text("base_version"),  # serving when it was decided
    number("contacts_at_least"),
    number("decided_at"),
    text("decided_by"),
    text("why"),
    PrimaryKeyConstraint("base_version", "decided_at"),
)

snapshots = Table(
    "snapshots",
    metadata,
    text("kind"),  # dossiers | rules | sponsors | elections | ...
    text("sha256"),
    number("taken_at"),
    number("number"),  # 1, 2, ... within a kind; the highest is current
    PrimaryKeyConstraint("kind", "number"),
)

open_data_vintages = Table(
    "open_data_vintages",
    metadata,
    text("source_id"),
    text("vintage"),
    text("sha256"),
    text("file_name"),
    number("rows"),
    number("loaded_at"),
    PrimaryKeyConstraint("source_id", "vintage", "sha256"),
)

open_data_attempts = Table(
    "open_data_attempts",
    metadata,
    counter("attempt_id"),
    text("source_id"),
    number("at"),
    text("outcome"),  # loaded | unchanged | failed | absent
    text("message", null=True),
)
