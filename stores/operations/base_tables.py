"""Tables of what goes into a base: snapshots of configuration, vintages of open data, decisions about a smaller base.

A changed column needs a migration. Kinds of columns are in `stores.operations.columns`.
"""

from __future__ import annotations

from sqlalchemy import (
    PrimaryKeyConstraint,
    Table,
)

from stores.operations.closed_lists import OPEN_DATA_OUTCOMES
from stores.operations.columns import choice, count, counter, filled, metadata, number, sha256, text

#: A person's decision that the next base may be smaller than the policy lets it be; lapses with the base it names.
base_decisions = Table(
    "base_decisions",
    metadata,
    text("base_version"),  # serving when it was decided
    count("contacts_at_least"),
    number("decided_at"),
    text("decided_by"),
    filled("why"),
    PrimaryKeyConstraint("base_version", "decided_at"),
)

snapshots = Table(
    "snapshots",
    metadata,
    text("kind"),  # dossiers | rules | sponsors | elections | ...
    sha256("sha256"),
    number("taken_at"),
    count("number", least=1),  # 1, 2, ... within a kind; the highest is current
    PrimaryKeyConstraint("kind", "number"),
)

open_data_vintages = Table(
    "open_data_vintages",
    metadata,
    text("source_id"),
    text("vintage"),
    sha256("sha256"),
    text("file_name"),
    count("rows"),
    number("loaded_at"),
    PrimaryKeyConstraint("source_id", "vintage", "sha256"),
)

open_data_attempts = Table(
    "open_data_attempts",
    metadata,
    counter("attempt_id"),
    text("source_id"),
    number("at"),
    choice("outcome", OPEN_DATA_OUTCOMES),
    text("message", null=True),
)
