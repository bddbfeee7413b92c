"""The published base as one send reads it: of a slice of the plan, in a database of its own, with the slice's numbers.

A base never changes, so what it holds of a slice is taken out of it once; where another was published meanwhile, the slice is
taken out of that one. What is judged from it belongs to `prefetch`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
from sqlalchemy import Connection, select

from consent.judgement.asking import READ_BY_CONTACT, fill_excerpt
from stores.all_stores import Stores
from stores.lake import reading_name
from stores.operations.delivery_tables import deliveries
from stores.warehouse.warehouse import read_manifest


@dataclass(frozen=True)
class _Slice:
    """Contacts that were taken out of the base, and their numbers (E.164)."""

    contact_ids: frozenset[str] = frozenset()
    numbers: Mapping[str, str] = field(default_factory=dict, repr=False)


class BaseSlice:
    """An excerpt of the base that is published, opened again when another one is.

    Tables of its own: those that the judgement reads by contact, and `contacts_of_slice` with the columns of `contacts`.

    Args:
        stores: the opened stores.
        latest: a connection to the operations database whose every statement sees the latest commit.
    """

    def __init__(self, stores: Stores, latest: Connection) -> None:
        self._stores, self._latest = stores, latest
        self._stamp: tuple[int, int] | None = None
        self._excerpt: duckdb.DuckDBPyConnection | None = None
        self._slice = _Slice()
        self.version = ""

    def follow(self) -> duckdb.DuckDBPyConnection:
        """Return the excerpt of the base that is published now; of another base than before it holds no contact yet."""
        stat = self._stores.warehouse.base_path.stat()
        stamp = (stat.st_ino, stat.st_mtime_ns)
        if self._excerpt is None or stamp != self._stamp:
            self.close()
            self._excerpt = self._stores.warehouse.open_excerpt(READ_BY_CONTACT)
            self._stamp, self.version = stamp, read_manifest(self._excerpt).version
        return self._excerpt

    def holds(self, contact_ids: Sequence[str]) -> bool:
        """Return whether all of these contacts were taken out of the base."""
        return self._slice.contact_ids.issuperset(contact_ids)

    def take_out(self, excerpt: duckdb.DuckDBPyConnection, contact_ids: Sequence[str]) -> None:
        """Take what the base holds of contacts, and their numbers out of the vault; what was taken before is let go.

        Args:
            excerpt: as `follow` returned it.
            contact_ids: the contacts; of nobody else anything is known afterwards.
        """
        ask_about(excerpt, contact_ids)
        excerpt.execute(
            "create or replace table contacts_of_slice as select * from contacts semi join asked using (contact_id)"
        )
        names = self._readings(fill_excerpt(excerpt, "asked"))
        numbers = self._stores.vault.numbers(names, contact_ids) if names else {}
        self._slice = _Slice(frozenset(contact_ids), numbers)

    def number(self, contact_id: str) -> str | None:
        """Return the number of a contact, from the reading of a delivery with an act of it; None = gone."""
        return self._slice.numbers.get(contact_id)

    def close(self) -> None:
        """Let the base go, and with it what was taken out."""
        if self._excerpt is not None:
            self._excerpt.close()
        self._excerpt, self._slice = None, _Slice()

    def _readings(self, delivery_ids: Sequence[str]) -> list[str]:
        query = select(deliveries.c.delivery_id, deliveries.c.reading)
        rows = self._latest.execute(query.where(deliveries.c.delivery_id.in_(delivery_ids)))
        return [reading_name(row.delivery_id, row.reading) for row in rows]


def ask_about(excerpt: duckdb.DuckDBPyConnection, contact_ids: Sequence[str]) -> None:
    """Create the temporary table `asked` (contact_id UUID) of some contacts."""
    excerpt.execute(
        "create or replace temp table asked as select unnest($ids::uuid[]) as contact_id", {"ids": list(contact_ids)}
    )
