"""The records of a delivery, batch by batch, as the table `fields`; and what the batches add up to.

Which records lines hold is the reader's business; what the cells mean, that of `fields`; what becomes of the rows,
that of `row_batches`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import duckdb

from consent.dossiers.feeds import Feed, KnownBad
from partners_ingest.readers.delivered_lines import DeliveredLines, drop_lines
from partners_ingest.readers.labels import plain_label
from partners_ingest.readers.records import Header, LinesEnd, Reader, Records
from partners_ingest.rows.fields import add_fields, create_fields, repair_fields
from terms.identifiers import digest

#: Records that are worked on at a time, at least. DuckDB shares a table among threads by groups of 122,880 rows: of four and
#: more, two threads have their part. Each batch costs the planning of some fifty queries, a larger one memory.
FEWEST_RECORDS = 500_000
#: Batches of lines that wait for so many records at most: long records take memory.
_MOST_LINE_BATCHES = 8


@dataclass(frozen=True)
class RecordSums:
    """Sums over the records read so far.

    `sound` are those whose structure is; `high` and `low` the sums of both halves of their content keys, `unspoilt` those
    of them that are not as a known bad export has them all.
    """

    records: int = 0
    sound: int = 0
    high: int = 0
    low: int = 0
    unspoilt: int = 0

    def __add__(self, other: RecordSums) -> RecordSums:
        """Return the sums of both."""
        return RecordSums(
            *(self.records + other.records, self.sound + other.sound, self.high + other.high, self.low + other.low),
            self.unspoilt + other.unspoilt,
        )

    @property
    def is_spoilt(self) -> bool:
        """Whether all sound records are as in a known bad export, where the header is one's."""
        return self.sound > 0 and self.unspoilt == 0

    def fingerprint(self, header: Header) -> str | None:
        """Return a hash of the multiset of sound records, whatever their order; None where there is none."""
        if not self.sound:
            return None
        return digest(*sorted(header.labels), *(str(part) for part in (self.sound, self.high, self.low)))


@dataclass(frozen=True)
class BatchReader:
    """What reading a delivery batch by batch needs."""

    reader: Reader
    feed: Feed
    header: Header
    bad: KnownBad | None  # the spoilt export that the header is known to belong to

    def read(self, bench: duckdb.DuckDBPyConnection, lines: DeliveredLines) -> Iterator[tuple[LinesEnd, RecordSums]]:
        """Create `fields` of a batch of records after the other, and tell what comes after each, with the sums so far.

        Where lines are long, several batches of them make one of records.
        """
        sums, waiting = RecordSums(), 0
        for end in lines.batches():
            unspoilt = self._read_lines(bench, end, waiting)
            sums, waiting = replace(sums, unspoilt=sums.unspoilt + unspoilt), waiting + 1
            if end is LinesEnd.FILE or waiting == _MOST_LINE_BATCHES or _count(bench) >= FEWEST_RECORDS:
                sums, waiting = sums + _sums(bench), 0
                repair_fields(bench)
                yield end, sums

    def _read_lines(self, bench: duckdb.DuckDBPyConnection, end: LinesEnd, waiting: int) -> int:
        """Put the records of the lines on the workbench into `fields`, and return how many are not as in a spoilt export."""
        records = self.reader.read_records(bench, self.feed, self.header, end)
        put = add_fields if waiting else create_fields
        put(bench, records, self.feed)
        unspoilt = _count_unspoilt(bench, records, self.bad) if self.bad else 0
        drop_lines(bench)  # `fields` has what they say
        return unspoilt


def _count(bench: duckdb.DuckDBPyConnection) -> int:
    row = bench.execute("select count(*) from fields").fetchone()
    assert row is not None  # an aggregate always gives a row
    return int(row[0])


def _sums(bench: duckdb.DuckDBPyConnection) -> RecordSums:
    row = bench.execute(
        "select count(*), count(content_key), coalesce(sum((content_key >> 64)::hugeint), 0),"
        " coalesce(sum((content_key & 18446744073709551615::uhugeint)::hugeint), 0) from fields"
    ).fetchone()
    assert row is not None  # an aggregate always gives a row
    return RecordSums(*map(int, row))


def _count_unspoilt(connection: duckdb.DuckDBPyConnection, records: Records, bad: KnownBad) -> int:
    """Return how many sound records are not as all of a spoilt export are: the e-mail lacks `@` and equals the given name
    (PrestaShop 1.7.6.0, feeds.md 1.2).
    """
    email = records.positions[plain_label(bad.email)]
    given_name = records.positions[plain_label(bad.given_name)]
    found = connection.execute(
        f"select count(*) from records where problem is null"
        f" and not (not contains(cells[{email}], '@') and cells[{email}] = cells[{given_name}])"
    ).fetchone()
    return int(found[0]) if found else 0
