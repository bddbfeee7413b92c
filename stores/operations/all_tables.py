"""The whole schema of the operations database: importing this registers every table, for migrations, backups and checks.

The tables are in the `…_tables` modules beside this one.
"""

from __future__ import annotations

from stores.operations import (
    base_tables,
    delivery_tables,
    erasure_tables,
    log_tables,
    message_tables,
    person_tables,
    plan_tables,
)
from stores.operations.columns import metadata

__all__ = ["metadata"]

_SUBJECTS = (
    base_tables,
    delivery_tables,
    erasure_tables,
    log_tables,
    message_tables,
    person_tables,
    plan_tables,
)
