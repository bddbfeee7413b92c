"""The steps after the last row: does every line add up, is the feed's contract met, then the files are published.

The contract's bounds belong to `quality`, what is usual for a feed to `drift`, figures to `partners_ingest.rows.figures`.
"""

from __future__ import annotations

from partners_ingest.intake import delivery_records
from partners_ingest.intake.delivery_result import HeaderFound, RowsFound, Stop
from partners_ingest.intake.drift import HISTORY, compare
from partners_ingest.intake.quality import RELEASABLE, FeedCounts, QualityReport, judge_contract
from partners_ingest.intake.steps.open_container import OpenedDelivery
from partners_ingest.rows.delivery_facts import ControlTotals, control_totals
from partners_ingest.rows.figures import Figures, figures_sql, read_figures, sum_figures
from partners_ingest.rows.row_batches import RowFiles, RowJudge
from stores.lake import reading_name
from stores.schemas.delivered_rows import DELIVERY_FIGURES
from terms import failpoint
from terms.reasons import FileReason


def check_contract(opened: OpenedDelivery, header: HeaderFound, judge: RowJudge) -> RowsFound:
    """Judge what all rows add up to by the dossier's bounds and the feed's history.

    Args:
        opened: the delivery, whose lines are committed to.
        header: of the file, whose lines are no records.
        judge: that judged all rows.

    Returns:
        the stop is ROW_COUNT_LOW, ROW_COUNT_CHANGE or WITHDRAWALS_UNREAD, unless a person released the delivery, or None.

    Raises:
        FiliationError: a line or a record went missing between reading and judging.
    """
    content = opened.evidence.commit_to_lines().content
    assert content is not None, "rows are judged of a file that was read to its end"
    totals = control_totals(judge.counts, content.lines, header.header.lines)
    quality = _judge_quality(opened, totals, sum_figures(opened.bench, opened.feed.kind, opened.stores.keys))
    return RowsFound(
        stop=_hold(opened, quality, judge),
        totals=totals,
        quality=quality,
        returned=tuple(sorted(judge.returned)),
        erased=frozenset(judge.erased),
    )


def keep_figures(opened: OpenedDelivery) -> None:
    """Write the figures of a delivery to the lake, of a held one too: its report shows them. After `check_contract`."""
    opened.stores.lake.write(opened.bench, DELIVERY_FIGURES, opened.case.reading_name, figures_sql())


def publish_rows(files: RowFiles) -> None:
    """Let the files of this reading appear, first in the vault, then in the lake."""
    files.finish_vault()
    failpoint.reach("delivery.vault_written")
    files.finish_lake()
    failpoint.reach("delivery.lake_written")


def _hold(opened: OpenedDelivery, quality: QualityReport, judge: RowJudge) -> Stop | None:
    reason = quality.hold or (FileReason.WITHDRAWALS_UNREAD if judge.is_partly_unread else None)
    is_overruled = opened.case.is_released and reason in RELEASABLE
    return Stop(reason) if reason is not None and not is_overruled else None


def _judge_quality(opened: OpenedDelivery, totals: ControlTotals, figures: Figures) -> QualityReport:
    case, feed, stores = opened.case, opened.feed, opened.stores
    before = delivery_records.accepted_before(stores.engine, case.partner_id, feed.feed_id, case.delivery_id, HISTORY)
    names = [reading_name(earlier.delivery_id, earlier.reading) for earlier in before]
    counts = FeedCounts(
        records=totals.data_rows,
        records_before=before[0].data_rows if before else None,
        drifts=compare(figures, read_figures(stores.lake, names)),
    )
    return judge_contract(feed, counts)
