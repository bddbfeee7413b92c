"""The records of a delivery, one batch of lines after the other, as the table `fields`; and what the batches add up to.

Which records a batch holds is the reader's business; what the cells mean, that of `fields`; what becomes of the rows,
that of `row_batches`.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from consent.feeds import Feed, KnownBad
from partners_ingest.fields import create_fields
from partners_ingest.preflight import count_unspoilt
from partners_ingest.records import Header, LinesEnd, Reader
from partners_ingest.text_lines import transcode_lines
from partners_ingest.workbench import Content, lay_lines
from terms.identifiers import digest


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

    def read(self, bench: duckdb.DuckDBPyConnection, end: LinesEnd, before: RecordSums) -> RecordSums:
        """Create `fields` of the lines that are laid, and return the sums with those before."""
        records = self.reader.read_records(bench, self.feed, self.header, end)
        create_fields(bench, records, self.feed)
        row = bench.execute(
            "select count(*), count(content_key), coalesce(sum((content_key >> 64)::hugeint), 0),"
            " coalesce(sum((content_key & 18446744073709551615::uhugeint)::hugeint), 0) from fields"
        ).fetchone()
        assert row is not None  # an aggregate always gives a row
        unspoilt = count_unspoilt(bench, records, self.bad) if self.bad else 0
        bench.execute("drop table lines")  # `fields` has what they say
        return RecordSums(
            *(before.records + row[0], before.sound + row[1], before.high + int(row[2]), before.low + int(row[3])),
            before.unspoilt + unspoilt,
        )


def lay_batches(bench: duckdb.DuckDBPyConnection, content: Content, again: Iterator[pa.Table]) -> Iterator[LinesEnd]:
    """Lay the lines of a delivery batch by batch, and tell of each what stands behind it.

    Args:
        bench: the workbench, with the first batch.
        content: what the pass over the bytes showed.
        again: all lines once more; not asked where the first batch is the whole.
    """
    if content.is_whole:
        yield LinesEnd.FILE
        return
    with ThreadPoolExecutor(1) as ahead:  # the next lines are found while these are worked on
        coming = ahead.submit(next, again)
        end = LinesEnd.BATCH
        while end is LinesEnd.BATCH:
            batch = coming.result()
            if batch.column("line_number")[-1].as_py() == content.lines:
                end = LinesEnd.FILE
            else:
                coming = ahead.submit(next, again)
            lay_lines(bench, batch)
            del batch
            transcode_lines(bench, content.encoding)
            yield end
