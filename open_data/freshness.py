"""Which vintage of each source was loaded, and when, for people who ask. Loading belongs to `open_data.load`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, func, select

from stores.operations import base_tables
from terms.clock import from_micros


def loaded_vintages(engine: Engine) -> Mapping[str, datetime]:
    """Return the instant of the newest load of every vintage, by `source@vintage`."""
    table = base_tables.open_data_vintages
    query = (
        select(table.c.source_id, table.c.vintage, func.max(table.c.loaded_at))
        .group_by(table.c.source_id, table.c.vintage)
        .order_by(table.c.source_id, table.c.vintage)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return {f"{row[0]}@{row[1]}": from_micros(int(row[2])) for row in rows}
