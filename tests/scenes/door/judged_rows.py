"""The rows of a small file as reader and rows make them, on a workbench: no home, no evidence, no base.

What becomes of a whole file is tried in `delivery_stores`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import create_engine

from consent.dossiers.dossiers import Dossier, read_dossier
from consent.dossiers.feeds import Feed
from consent.dossiers.known_words import known_words
from partners_ingest.erased.erased_records import Marks
from partners_ingest.readers.delivered_lines import DeliveredLines
from partners_ingest.readers.headers import fit_header
from partners_ingest.readers.registry import reader_for
from partners_ingest.rows.delivery_facts import DeliveryFacts
from partners_ingest.rows.record_batches import BatchReader
from partners_ingest.rows.row_batches import RowJudge
from stores.engine import connect
from stores.keys import Keys, derive_keys
from terms.environment import NumberRules
from terms.settings import load_settings
from tests.scenes.door.dossier_samples import PARTNER, write_dossier

EXPORTED = datetime(2026, 3, 9, 22, 59, 59, tzinfo=UTC)


@dataclass(frozen=True)
class JudgedRows:
    """A workbench with `keyed` of one file; `keys` are those that its hashes were made with."""

    judge: RowJudge
    bench: duckdb.DuckDBPyConnection
    keys: Keys

    def rows(self, columns: str, relation: str = "keyed cross join delivery") -> list[tuple[Any, ...]]:
        """Return columns of the rows, in the order of lines."""
        return self.bench.execute(f"select {columns} from {relation} order by line_number").fetchall()

    def given(self) -> list[int]:
        """Return the lines of accepted rows that say yes."""
        return [line for (line,) in self.rows("line_number", "(from keyed where len(reasons) = 0 and flag = 'given')")]


def sample_dossier(folder: Path, text: str) -> Dossier:
    """Write the dossier of the invented partner and read it."""
    write_dossier(folder, text)
    return read_dossier(folder / PARTNER)


@contextmanager
def judged(dossier: Dossier, feed_id: str, data: bytes | str) -> Iterator[JudgedRows]:
    """Judge the rows of one file of a feed.

    Args:
        dossier: of the partner.
        feed_id: of the feed.
        data: the unpacked bytes.
    """
    feed = next(feed for feed in dossier.feeds if feed.feed_id == feed_id)
    settings = load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": "/nowhere/home"})
    keys, bench, ledger = derive_keys(settings), connect(), create_engine("sqlite://")
    try:
        judge = RowJudge(
            bench,
            _facts(dossier, feed),
            NumberRules.FICTION,
            keys,
            ledger,
            Marks(keys.suppression, frozenset()),
            frozenset(),
        )
        judge.begin()
        lines = DeliveredLines(bench, io.BytesIO(data.encode() if isinstance(data, str) else data), feed)
        reader = reader_for(feed)
        assert reader is not None
        found = reader.read_header(bench, feed)
        header = (fit_header(found, feed) or found) if feed.header else found
        for _ in BatchReader(reader, feed, header, None).read(bench, lines):
            judge.judge()
        yield JudgedRows(judge, bench, keys)
    finally:
        ledger.dispose()
        bench.close()


def table_lines(*rows: list[str]) -> str:
    """Return the rows of a table as `partners_ingest.arrival.unpacking` hands them on."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _facts(dossier: Dossier, feed: Feed) -> DeliveryFacts:
    return DeliveryFacts(
        *("sent", dossier.partner_id, feed, EXPORTED, EXPORTED, date(2026, 11, 24)), words=known_words(dossier, feed)
    )
