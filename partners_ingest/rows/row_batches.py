"""The rows of a delivery, batch by batch: typed, judged, counted, and written to vault and lake before the next batch.

What a row means belongs to `opt_ins` and `withdrawals`, the shared last steps to `delivery_facts`, figures to `figures`. Of a
batch that is done only keys and counts stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
from sqlalchemy import Engine

from partners_ingest.erased.erased_records import Marks, erased_physical_lines, note_erased, returned_marks
from partners_ingest.rows import delivery_facts as rows
from partners_ingest.rows.delivery_facts import DeliveryFacts, RowCounts
from partners_ingest.rows.figures import count_batch, create_figure_tables
from partners_ingest.rows.heard_numbers import ALL_WITHDRAWALS_SQL, FURTHER_WITHDRAWALS_SQL, hear_numbers
from partners_ingest.rows.opt_ins import OPT_INS_SQL, WITHDRAWAL_SIGNALS_SQL, type_opt_ins
from partners_ingest.rows.phone_cells import read_uncommon_cells
from partners_ingest.rows.stated_words import create_word_macros
from partners_ingest.rows.withdrawals import WITHDRAWALS_SQL, type_withdrawals
from stores.files.growing_file import GrowingFile
from stores.keys import Keys
from stores.lake import Lake
from stores.schemas import delivered_rows, vault_tables
from stores.schemas.column_classes import Table
from stores.vault import Vault
from terms.environment import NumberRules

#: Rows that are passed on at a time to the writer of a file: with it the memory that they take twice is bounded.
_ROWS_PASSED = 50_000

#: Tables of the lake that a kind of feed fills, each with the query for its rows.
_LAKE_TABLES = {
    "optins": ((delivered_rows.OPT_INS, OPT_INS_SQL), (delivered_rows.WITHDRAWAL_SIGNALS, WITHDRAWAL_SIGNALS_SQL)),
    "withdrawals": (
        (delivered_rows.WITHDRAWALS, WITHDRAWALS_SQL),
        (delivered_rows.WITHDRAWAL_SIGNALS, FURTHER_WITHDRAWALS_SQL),
    ),
}


@dataclass
class RowJudge:
    """Judges the rows of a delivery batch by batch, and remembers what must outlive a batch."""

    bench: duckdb.DuckDBPyConnection
    facts: DeliveryFacts
    rules: NumberRules
    keys: Keys
    engine: Engine
    marks: Marks
    redacted: frozenset[int]  # lines that were redacted before
    counts: RowCounts = RowCounts()
    phones: tuple[int] | None = None  # phone cells of a record, as `typed` was made for
    erased: set[int] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    named: int = 0  # records of withdrawals that name somebody
    unread: int = 0  # those that say something of which nobody could be heard

    @property
    def is_partly_unread(self) -> bool:
        """Whether a file of withdrawals says something that was not heard, or names nobody at all."""
        return self.unread > 0 or (
            self.facts.feed.kind == "withdrawals" and self.counts.records > 0 and self.named == 0
        )

    def begin(self) -> None:
        """Create the tables that outlive a batch."""
        rows.create_delivery_tables(self.bench, self.facts)
        create_figure_tables(self.bench)

    def judge(self) -> None:
        """Make `keyed` of `fields`, and count it."""
        feed = self.facts.feed
        self._type()
        note_erased(self.bench, self.engine, self.marks, feed.kind, self.redacted)
        rows.judge_rows(self.bench, self.facts, self.keys)
        self.counts += rows.count_rows(self.bench)
        count_batch(self.bench, feed.kind)
        self.erased |= erased_physical_lines(self.bench)
        self.returned |= set(returned_marks(self.bench))
        if feed.kind == "withdrawals":
            self._hear()

    def _hear(self) -> None:
        """Add who is named beside the numbers by which rows were read."""
        heard = hear_numbers(self.bench, self.facts.feed, self.rules, self.keys, self.marks)
        self.named, self.unread = self.named + heard.named, self.unread + heard.unread
        self.erased |= heard.erased

    def _type(self) -> None:
        """Make the view `typed`; it is the same for every batch, but for the phones that it looks up."""
        feed = self.facts.feed
        width = self.bench.execute("select len(phones) from fields where phones is not null limit 1").fetchone()
        if width is not None and width == self.phones:
            read_uncommon_cells(self.bench, "row_values", self.rules)
        elif feed.kind == "optins":
            type_opt_ins(self.bench, feed, self.rules)
            create_word_macros(self.bench)
        else:
            type_withdrawals(self.bench, feed, self.rules)
        self.phones = width


class RowFiles:
    """The files of one reading: written at once where one batch is all, else batch by batch.

    Nothing of it is seen before `finish_vault` and `finish_lake`.
    """

    def __init__(
        self, bench: duckdb.DuckDBPyConnection, vault: Vault, lake: Lake, name: str, held_name: str, kind: str
    ) -> None:
        """Prepare the files.

        Args:
            bench: the workbench, where the table `delivery` exists (`RowJudge.begin`).
            vault: for the identities and addresses.
            lake: for everything else.
            name: of the reading.
            held_name: of what a held file of withdrawals tells, which counts although the file waits.
            kind: what the feed tells, `optins` or `withdrawals`.
        """
        self._bench, self._name, self._held_name, self._kind = bench, name, held_name, kind
        self._vault, self._lake = vault, lake
        self._shared = rows.shared_sql(bench)
        self._identities = vault.grow(vault_tables.IDENTITIES, name, self._shared)
        tables = (*_LAKE_TABLES[kind], (delivered_rows.QUARANTINE, rows.QUARANTINE_SQL))
        self._lake_files: list[tuple[Table, str, GrowingFile]] = [
            (table, select, lake.grow(table, name, self._shared)) for table, select in tables
        ]
        self._heard = lake.grow(delivered_rows.WITHDRAWAL_SIGNALS, held_name, self._shared)

    def append(self) -> None:
        """Pass the rows of a batch on that is not the last."""
        rows.keep_seen_records(self._bench)
        self._keep_addresses()
        self._identities.append(self._rows(vault_tables.IDENTITIES, rows.IDENTITIES_SQL))
        for table, select, file in self._lake_files:
            file.append(self._rows(table, select))
        if self._kind == "withdrawals":
            self._heard.append(self._rows(delivered_rows.WITHDRAWAL_SIGNALS, ALL_WITHDRAWALS_SQL))
        self._bench.execute("drop table keyed")  # or it would lie beside the next batch's

    def _rows(self, table: Table, select: str) -> pa.RecordBatchReader:
        """Return the rows of a batch, some at a time, without what all of them share."""
        shared = ", ".join(name for name in table.names() if name in self._shared)
        return self._bench.execute(f"select * exclude ({shared}) from ({select})").to_arrow_reader(_ROWS_PASSED)

    def finish_vault(self) -> None:
        """Write the rows of the last batch to the vault, and let its files appear."""
        self._keep_addresses()
        if self._identities.is_begun:
            self._identities.append(self._rows(vault_tables.IDENTITIES, rows.IDENTITIES_SQL))
            self._identities.finish()
        else:
            self._vault.write(self._bench, vault_tables.IDENTITIES, self._name, rows.IDENTITIES_SQL)
        if self._kind == "optins":
            self._vault.write(self._bench, vault_tables.ADDRESSES, self._name, rows.ADDRESSES_SQL)

    def finish_lake(self) -> None:
        """Write the rows of the last batch to the lake, and let its files appear."""
        for table, select, file in self._lake_files:
            if file.is_begun:
                file.append(self._rows(table, select))
                file.finish()
            else:
                self._lake.write(self._bench, table, self._name, select)

    def finish_heard(self) -> None:
        """Let appear whom a held file of withdrawals names, and nothing else of it."""
        if self._heard.is_begun:
            self._heard.append(self._rows(delivered_rows.WITHDRAWAL_SIGNALS, ALL_WITHDRAWALS_SQL))
            self._heard.finish()
        else:
            self._lake.write(self._bench, delivered_rows.WITHDRAWAL_SIGNALS, self._held_name, ALL_WITHDRAWALS_SQL)

    def abandon(self) -> None:
        """Forget what was appended and did not appear."""
        for file in (self._identities, self._heard, *(file for _, _, file in self._lake_files)):
            file.abandon()

    def _keep_addresses(self) -> None:
        if self._kind == "optins":
            self._bench.execute(f"create table if not exists batch_addresses as {rows.BATCH_ADDRESSES_SQL} limit 0")
            self._bench.execute(f"insert into batch_addresses {rows.BATCH_ADDRESSES_SQL}")
