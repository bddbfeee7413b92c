"""The step that reads a file to its end and commits its evidence to each of its lines.

What a reader asks for is read by the reader; this step reads the rest. Records and rows belong to `judge_records`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from partners_ingest.arrival.unpacking import Container
from partners_ingest.intake import preflight
from partners_ingest.intake.delivery_case import DeliveryCase
from partners_ingest.intake.delivery_result import Stop, WholeFile
from partners_ingest.intake.steps.find_repeated import find_same_bytes
from partners_ingest.readers.delivered_lines import Content, DeliveredLines
from stores.all_stores import Stores
from stores.evidence.evidence_store import GrowingCommitments, LineCommitments
from terms import failpoint
from terms.reasons import FileReason

_POSITIONS = ["line_number", "byte_offset", "byte_length"]


@dataclass
class LineEvidence:
    """The lines of an opened delivery, and the files that commit to them.

    Attributes:
        stores: where the commitments go.
        case: the delivery.
        container: it came in.
        bench: where the lines are.
        lines: of the file, of which the first batch has been read.
        commitments: to the lines of several batches; begun where the first batch is not all.
    """

    stores: Stores
    case: DeliveryCase
    container: Container
    bench: duckdb.DuckDBPyConnection
    lines: DeliveredLines
    commitments: GrowingCommitments
    _whole: WholeFile | None = None

    def commit_to_lines(self) -> WholeFile:
        """Read the file to its end, commit to its lines, and return what all bytes show.

        It may be needed before the records are read or with the last of them: the first call does it, later ones return
        the same.

        Returns:
            the stop is FILE_EMPTY, GZIP_TRUNCATED, FORMAT_MISMATCH (a damaged table), DUPLICATE_BYTES or None.
        """
        if self._whole is None:
            self._whole = self._commit_once()
        return self._whole

    def _commit_once(self) -> WholeFile:
        content = self.lines.content()
        if content.is_damaged:
            damage = FileReason.FORMAT_MISMATCH if self.container.is_table else FileReason.GZIP_TRUNCATED
            return WholeFile(Stop(damage), None, None)
        if content.size == 0:
            return WholeFile(Stop(FileReason.FILE_EMPTY), content, None)
        if self.container.is_table:  # the lines are ours; what decides duplicates is what the partner sent
            content = replace(content, sha256=self.case.sha256)
        commitments = self._commitments_of(content)
        failpoint.reach("delivery.lines_committed")
        return WholeFile(find_same_bytes(self.stores, self.case, content.sha256), content, commitments)

    def _commitments_of(self, content: Content) -> LineCommitments | None:
        """Commit to the lines once: a delivery that is read again keeps the root that the journal has.

        Where its dossier now says another encoding, the lines are others, and so is their root. An archive or table
        where another format is declared has no lines to commit to.
        """
        case, evidence = self.case, self.stores.evidence
        kept = self._kept_commitments()
        if kept is not None or preflight.is_table_file(self.lines.head):
            return kept
        if self.commitments.is_begun:
            return self.commitments.finish(content.root)
        return evidence.commit_lines(self.bench, case.delivery_id, "lines", content.root, self.stores.vault)

    def _kept_commitments(self) -> LineCommitments | None:
        """Return the commitments of an earlier run where the lines are the same."""
        known = self.case.known
        if known is None or known.evidence_root is None or known.line_count is None:
            return None
        positions = "lines" if self.lines.is_whole else "line_positions"
        if not self.stores.evidence.has_committed(self.bench, self.case.delivery_id, positions):
            return None
        return LineCommitments(known.line_count, known.evidence_root)


def line_keeper(
    case: DeliveryCase, bench: duckdb.DuckDBPyConnection, commitments: GrowingCommitments
) -> Callable[[pa.Table], None]:
    """Return the function that commits to a batch of lines.

    Of a delivery that was committed to before it also keeps where each line is, in `line_positions` (line_number,
    byte_offset, byte_length), to be compared with the earlier commitments.

    Args:
        case: the delivery.
        bench: where `line_positions` is created.
        commitments: to which batches are appended.
    """
    if case.known is None or case.known.evidence_root is None:
        return commitments.append
    bench.execute("create table line_positions (line_number bigint, byte_offset bigint, byte_length bigint)")
    beside = bench.cursor()  # lines are read in a thread of their own

    def keep(lines: pa.Table) -> None:
        commitments.append(lines)
        beside.register("line_positions_batch", lines.select(_POSITIONS))
        beside.execute("insert into line_positions select * from line_positions_batch")
        beside.unregister("line_positions_batch")

    return keep
